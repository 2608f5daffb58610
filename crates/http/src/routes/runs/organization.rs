//! Runs of an organisation in platform A's words: four states, and its names of fields.

use axum::extract::State;
use chrono::{DateTime, Utc};
use conductor_domain::{
    AgentId, ConversationId, EnvironmentId, OrganizationId, Run, RunFilter, RunId, RunKind, RunStatus,
    StepId, ToolId, decimal_of_nanos,
};
use conductor_runs::{Runs, Step};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    AppState, Problem,
    answer::Created,
    caller::Auth,
    json::Json,
    page::{PageParameters, PageResponse, Paging},
    path::Path,
    query::Query,
    routes::mcp::calls::{ExecuteToolRequest, ToolExecutionResponse, execute_tool},
};

/// Where a run stands, in four words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum OrganizationRunStatus {
    /// Accepted, not started.
    Pending,
    /// Under way, or waiting for a person.
    Running,
    /// Ended well.
    Succeeded,
    /// Ended in any other way; `error_text` says which.
    Failed,
}

impl From<RunStatus> for OrganizationRunStatus {
    fn from(status: RunStatus) -> Self {
        match status {
            RunStatus::Pending => Self::Pending,
            RunStatus::Running | RunStatus::Waiting => Self::Running,
            RunStatus::Succeeded => Self::Succeeded,
            RunStatus::Failed
            | RunStatus::Cancelled
            | RunStatus::TimedOut
            | RunStatus::Denied
            | RunStatus::Interrupted => Self::Failed,
        }
    }
}

/// A run of an organisation.
#[derive(Serialize, ToSchema)]
#[schema(as = OrganizationRun)]
struct OrganizationRunResponse {
    id: RunId,
    organization_id: OrganizationId,
    environment_id: EnvironmentId,
    kind: RunKind,
    status: OrganizationRunStatus,
    agent_id: Option<AgentId>,
    tool_id: Option<ToolId>,
    model_name: Option<String>,
    input_json: Option<Value>,
    output_json: Option<Value>,
    error_text: Option<String>,
    input_tokens: i64,
    output_tokens: i64,
    /// A decimal, such as `0.0042`.
    cost: String,
    currency: String,
    started_at: Option<DateTime<Utc>>,
    ended_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
}

impl From<Run> for OrganizationRunResponse {
    fn from(run: Run) -> Self {
        let unsaid = || matches!(run.status, RunStatus::Cancelled).then(|| "cancelled".to_owned());
        Self {
            id: run.id,
            organization_id: run.scope.organization_id,
            environment_id: run.scope.environment_id,
            kind: run.kind,
            status: run.status.into(),
            agent_id: run.agent_id,
            tool_id: run.tool_id,
            error_text: run.error_text.clone().or_else(unsaid),
            model_name: run.model_name,
            input_json: run.input,
            output_json: run.output,
            input_tokens: run.input_tokens,
            output_tokens: run.output_tokens,
            cost: decimal_of_nanos(run.cost_nanos),
            currency: run.currency,
            started_at: run.started_at,
            ended_at: run.ended_at,
            created_at: run.created_at,
        }
    }
}

/// One step of an organisation's run.
#[derive(Serialize, ToSchema)]
#[schema(as = OrganizationRunStep)]
struct OrganizationRunStepResponse {
    id: StepId,
    run_id: RunId,
    /// `model`, `tool`, `retrieval`, `node`, or the kind of a run that was started.
    step_type: &'static str,
    /// What was called.
    message: String,
    #[schema(value_type = Object)]
    details: Value,
    timestamp: DateTime<Utc>,
}

impl OrganizationRunStepResponse {
    fn of(run_id: RunId, step: Step) -> Self {
        let details = json!({
            "status": OrganizationRunStatus::from(step.status),
            "child_run_id": step.child_run_id,
            "ended_at": step.ended_at,
            "duration_ms": step.duration_ms,
            "error": step.error,
        });
        Self {
            id: step.id,
            run_id,
            step_type: step.kind,
            message: step.name,
            details,
            timestamp: step.started_at,
        }
    }
}

/// Which runs.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct OrganizationRunsQuery {
    /// Runs of this agent.
    agent_id: Option<AgentId>,
    /// Turns of this conversation.
    conversation_id: Option<ConversationId>,
    /// Runs that this run started.
    parent_run_id: Option<RunId>,
    /// Runs of this kind.
    kind: Option<RunKind>,
}

/// The part of the path that is not the organisation, which the caller's scope holds already.
#[derive(Deserialize)]
struct RunPath {
    run_id: RunId,
}

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_organization_runs))
        .routes(routes!(execute_organization_tool))
        .routes(routes!(find_organization_run))
        .routes(routes!(list_organization_run_steps))
}

/// Runs of an organisation, newest first: the caller's own, and everybody's for administrators.
#[utoipa::path(
    get, path = "/api/v1/orgs/{org_id}/runs", tag = "runs",
    params(("org_id" = OrganizationId, Path), OrganizationRunsQuery, PageParameters),
    responses((status = 200, body = PageResponse<OrganizationRunResponse>))
)]
async fn list_organization_runs(
    Auth(caller): Auth,
    State(runs): State<Runs>,
    Query(query): Query<OrganizationRunsQuery>,
    paging: Paging,
) -> Result<PageResponse<OrganizationRunResponse>, Problem> {
    let OrganizationRunsQuery { agent_id, conversation_id, parent_run_id, kind } = query;
    let filter = RunFilter { agent_id, conversation_id, parent_run_id, kind, ..RunFilter::default() };
    let page = runs.page(&caller, filter, paging.request.clone()).await?;
    Ok(paging.answer(page, Into::into))
}

/// Calls a tool of a server in an organisation, as `POST /api/mcp/execute/tool` does in the active one.
#[utoipa::path(
    post, path = "/api/v1/orgs/{org_id}/runs/execute", tag = "runs",
    params(("org_id" = OrganizationId, Path)), request_body = ExecuteToolRequest,
    responses((status = 201, body = ToolExecutionResponse))
)]
async fn execute_organization_tool(
    caller: Auth,
    state: State<AppState>,
    body: Json<ExecuteToolRequest>,
) -> Result<Created<ToolExecutionResponse>, Problem> {
    execute_tool(caller, state, body).await
}

/// One run of an organisation.
#[utoipa::path(
    get, path = "/api/v1/orgs/{org_id}/runs/{run_id}", tag = "runs",
    params(("org_id" = OrganizationId, Path), ("run_id" = RunId, Path)),
    responses((status = 200, body = OrganizationRunResponse))
)]
async fn find_organization_run(
    Auth(caller): Auth,
    State(runs): State<Runs>,
    Path(RunPath { run_id: id }): Path<RunPath>,
) -> Result<Json<OrganizationRunResponse>, Problem> {
    Ok(Json(runs.find(&caller, id).await?.into()))
}

/// What a run of an organisation did so far, oldest first.
#[utoipa::path(
    get, path = "/api/v1/orgs/{org_id}/runs/{run_id}/steps", tag = "runs",
    params(("org_id" = OrganizationId, Path), ("run_id" = RunId, Path), PageParameters),
    responses((status = 200, body = PageResponse<OrganizationRunStepResponse>))
)]
async fn list_organization_run_steps(
    Auth(caller): Auth,
    State(runs): State<Runs>,
    Path(RunPath { run_id: id }): Path<RunPath>,
    paging: Paging,
) -> Result<PageResponse<OrganizationRunStepResponse>, Problem> {
    let page = runs.steps(&caller, id, paging.request.clone()).await?;
    Ok(paging.answer(page, |step| OrganizationRunStepResponse::of(id, step)))
}
