//! Runs by their own name: how one stands, what it did, and its events as they happen.

mod organization;
pub(crate) mod stream;

use axum::{
    extract::State,
    http::HeaderMap,
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Utc};
use conductor_domain::{
    AgentId, Classification, ConnectorId, ConversationId, MessageId, ProblemView, Run, RunEvent, RunId,
    RunKind, RunStatus, RunTrigger, StepId, WorkflowId, decimal_of_nanos,
};
use conductor_runs::{Runs, Step, problem_of};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    AppState, Problem,
    caller::Auth,
    json::Json,
    page::{PageParameters, PageResponse, Paging},
    path::Path,
    query::Query,
};

/// A run: a turn, an agent on its own, a tool call.
#[derive(Serialize, ToSchema)]
#[schema(as = Run)]
pub(crate) struct RunResponse {
    id: RunId,
    kind: RunKind,
    status: RunStatus,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent_run_id: Option<RunId>,
    root_run_id: RunId,
    /// The run that this one tries again.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_of: Option<RunId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    agent_id: Option<AgentId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    workflow_id: Option<WorkflowId>,
    /// The version of the workflow's graph.
    #[serde(skip_serializing_if = "Option::is_none")]
    workflow_version: Option<i32>,
    /// The node of a workflow that started it.
    #[serde(skip_serializing_if = "Option::is_none")]
    node_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    connector_id: Option<ConnectorId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    conversation_id: Option<ConversationId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message_id: Option<MessageId>,
    trigger: RunTrigger,
    #[serde(skip_serializing_if = "Option::is_none")]
    input: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ProblemView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    model_name: Option<String>,
    /// Tokens read so far; for runs of workflows and for their calls, by everything below them too.
    input_tokens: i64,
    /// Tokens written, counted alike.
    output_tokens: i64,
    /// What they cost: a decimal, such as `0.0042`. What was spent in another currency than the first is not in it.
    cost: String,
    currency: String,
    attempts: i32,
    /// How sensitive what it was given and gave is. Whoever is not cleared for it reads `•••` in their place.
    data_classification: Classification,
    /// The `seq` of the last event so far.
    last_seq: i64,
    /// Whether it begins only once no run of its workflow before it is open.
    in_line: bool,
    queued_at: DateTime<Utc>,
    #[serde(skip_serializing_if = "Option::is_none")]
    started_at: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_at: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    duration_ms: Option<i64>,
    created_at: DateTime<Utc>,
}

impl From<Run> for RunResponse {
    fn from(run: Run) -> Self {
        Self {
            error: problem_of(&run),
            id: run.id,
            kind: run.kind,
            status: run.status,
            parent_run_id: run.parent_run_id,
            root_run_id: run.root_run_id,
            retry_of: run.retry_of,
            agent_id: run.agent_id,
            workflow_id: run.workflow_id,
            workflow_version: run.workflow_version,
            node_id: run.node_id,
            connector_id: run.connector_id,
            conversation_id: run.conversation_id,
            message_id: run.message_id,
            trigger: run.trigger,
            tool_name: run.tool_name,
            input: run.input,
            output: run.output,
            model_name: run.model_name,
            input_tokens: run.input_tokens,
            output_tokens: run.output_tokens,
            cost: decimal_of_nanos(run.cost_nanos),
            currency: run.currency,
            attempts: run.attempts,
            data_classification: run.data_classification,
            last_seq: run.last_seq,
            in_line: run.in_line,
            queued_at: run.queued_at,
            started_at: run.started_at,
            ended_at: run.ended_at,
            duration_ms: run.duration_ms,
            created_at: run.created_at,
        }
    }
}

/// A run that was started; its events follow at `/api/runs/{id}/events`.
#[derive(Serialize, ToSchema)]
pub(crate) struct StartedRunResponse {
    pub(crate) run: RunResponse,
}

/// One step of a run: a call of a model or a tool, or a run that it started.
#[derive(Serialize, ToSchema)]
#[schema(as = RunStep)]
struct RunStepResponse {
    id: StepId,
    run_id: RunId,
    /// `model`, `tool`, `retrieval` or `node`; for other runs that were started, their kind.
    kind: &'static str,
    name: String,
    status: RunStatus,
    /// The run that did it, where it has one of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    child_run_id: Option<RunId>,
    started_at: DateTime<Utc>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_at: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    duration_ms: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ProblemView>,
}

impl RunStepResponse {
    fn of(run_id: RunId, step: Step) -> Self {
        let Step { id, kind, name, status, child_run_id, started_at, ended_at, duration_ms, error } = step;
        Self { id, run_id, kind, name, status, child_run_id, started_at, ended_at, duration_ms, error }
    }
}

/// From where on.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct EventsQuery {
    /// The `seq` of the last event that the client has; `Last-Event-ID` is stronger.
    #[param(minimum = 0, default = 0)]
    after: Option<u32>,
}

pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(find_run))
        .routes(routes!(list_run_events))
        .routes(routes!(list_run_steps))
        .merge(organization::router())
}

/// A run.
#[utoipa::path(
    get, path = "/api/runs/{run_id}", tag = "runs", params(("run_id" = RunId, Path)),
    responses((status = 200, body = RunResponse))
)]
async fn find_run(
    Auth(caller): Auth,
    State(runs): State<Runs>,
    Path(id): Path<RunId>,
) -> Result<Json<RunResponse>, Problem> {
    Ok(Json(runs.find(&caller, id).await?.into()))
}

/// A run's events: as a stream that ends after the last one, or with `Accept: application/json` as a page.
///
/// The stream resumes after `Last-Event-ID` or `?after=`. Whoever has the last event of a finished run gets 204.
#[utoipa::path(
    get, path = "/api/runs/{run_id}/events", tag = "runs",
    params(
        ("run_id" = RunId, Path), EventsQuery, PageParameters,
        ("Last-Event-ID" = Option<i64>, Header, description = "The `id:` of the last event that the client has"),
    ),
    responses(
        (status = 200, content((RunEvent = "text/event-stream"), (PageResponse<RunEvent> = "application/json"))),
        (status = 204, description = "The run has finished, and the client has all its events"),
    )
)]
async fn list_run_events(
    Auth(caller): Auth,
    State(state): State<AppState>,
    Path(id): Path<RunId>,
    Query(EventsQuery { after }): Query<EventsQuery>,
    paging: Paging,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let after = after.map(i64::from);
    if stream::wants_json(&headers) {
        return Ok(stream::page(&state.runs, &caller, id, after, &paging).await?.into_response());
    }
    let after = stream::last_event_id(&headers)?.or(after);
    stream::follow_run(&state, caller, id, after.unwrap_or_default()).await
}

/// What a run did so far, oldest first.
#[utoipa::path(
    get, path = "/api/runs/{run_id}/steps", tag = "runs", params(("run_id" = RunId, Path), PageParameters),
    responses((status = 200, body = PageResponse<RunStepResponse>))
)]
async fn list_run_steps(
    Auth(caller): Auth,
    State(runs): State<Runs>,
    Path(id): Path<RunId>,
    paging: Paging,
) -> Result<PageResponse<RunStepResponse>, Problem> {
    let page = runs.steps(&caller, id, paging.request.clone()).await?;
    Ok(paging.answer(page, |step| RunStepResponse::of(id, step)))
}
