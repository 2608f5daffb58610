//! Runs of workflows: started by id or by name, looked at, told that something happened.

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use conductor_domain::{
    Effect, PolicyId, ProblemView, RunId, RunStatus, RunTrigger, WorkflowId, decimal_of_nanos,
};
use conductor_governance::PolicyEdit;
use conductor_workflows::{
    Difference, Execution, Executions, Failure, Meant, NodeReport, Replay, Report, Resume, Trial,
    TrialDecision,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::wire::WorkflowPath;
use crate::{
    AppState, Problem,
    answer::Created,
    caller::Auth,
    json::{Json, MaybeJson},
    page::{PageParameters, PageResponse, Paging},
    path::Path,
    routes::{
        policies::UpdatePolicyRequest,
        runs::{RunResponse, StartedRunResponse},
    },
};

/// What a workflow is run with.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ExecuteWorkflowRequest {
    /// What it is given, by the names of its inputs.
    #[schema(value_type = Option<Object>)]
    inputs: Option<Map<String, Value>>,
    /// A version of its graph. Where absent, the published one, else the newest.
    version: Option<i32>,
    /// Whether it is a try-out: for whoever may change the workflow it runs the newest version where none is named.
    #[serde(default)]
    #[schema(required = false)]
    test: bool,
}

/// What a workflow is run with that is meant by its name.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ExecuteByNameRequest {
    /// What it is given, by the names of its inputs.
    #[schema(value_type = Option<Object>)]
    inputs: Option<Map<String, Value>>,
}

/// How an execution goes on from one that has ended.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ResumeExecutionRequest {
    /// The node that is done again with everything after it; where absent, the one that failed.
    node_id: Option<String>,
    /// The round or item of that node, outermost first, from 1; where absent, the newest.
    iteration: Option<Vec<i32>>,
    /// Inputs that are different; the others stay as they were.
    #[serde(default)]
    #[schema(required = false, value_type = Object)]
    inputs: Map<String, Value>,
    /// What is different about nodes, by their ids, in this execution alone: merge patches (RFC 7396) of how they are
    /// stored, such as `{"write": {"config": {"prompt": "…"}}}`.
    #[serde(default)]
    #[schema(required = false, value_type = Object)]
    nodes: Map<String, Value>,
    /// A version of the graph; where absent, the one that ran.
    version: Option<i32>,
    /// A draft of a policy to try it under: every call of a tool is decided by it and by the policies in force, and the
    /// stricter answer counts. A call that the execution before made is answered as it was then, and not made again.
    policy: Option<TryPolicyRequest>,
}

/// A draft of a policy that an execution is tried under.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TryPolicyRequest {
    /// The policy that it takes the place of, such as one that only watches or is switched off; beside the others where
    /// none is named.
    policy_id: Option<PolicyId>,
    /// What is different about it; where absent, it is tried as it is stored.
    draft: Option<UpdatePolicyRequest>,
}

/// What an execution was tried under, and what that decided.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkflowTrial)]
struct TrialResponse {
    /// The policy.
    policy_id: PolicyId,
    /// Its name.
    policy_name: String,
    /// The version that was stored when the draft was made of it.
    policy_version: i32,
    /// How many calls this execution made itself.
    decided: usize,
    /// How many were decided otherwise than in the execution before.
    different: usize,
    /// What was decided of them, in their order, at most 500.
    decisions: Vec<TrialDecisionResponse>,
}

/// What was decided of a call.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkflowTrialDecision)]
struct TrialDecisionResponse {
    #[serde(skip_serializing_if = "Option::is_none")]
    node_id: Option<String>,
    /// Its round or item.
    iteration: Vec<i32>,
    tool: String,
    /// What was decided at this place in the execution before; null where nothing was, or it is not to be seen.
    before: Option<Effect>,
    effect: Effect,
    /// The rule that decided.
    rule_id: Option<String>,
    /// Why, as one sentence.
    reason: Option<String>,
    /// Whether its answer was taken over from the execution before.
    from_journal: bool,
}

impl From<Trial> for TrialResponse {
    fn from(trial: Trial) -> Self {
        let Trial { policy, decided, different, decisions } = trial;
        Self {
            policy_id: policy.id,
            policy_name: policy.name,
            policy_version: policy.version,
            decided,
            different,
            decisions: decisions.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<TrialDecision> for TrialDecisionResponse {
    fn from(decision: TrialDecision) -> Self {
        let TrialDecision { node_id, iteration, tool, before, effect, rule, reason, known } = decision;
        Self { node_id, iteration, tool, before, effect, rule_id: rule, reason, from_journal: known }
    }
}

/// An execution that was gone through once more.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkflowReplay)]
struct ReplayResponse {
    execution_id: RunId,
    /// Whether everything came out as it did then.
    identical: bool,
    /// How many endings of nodes were worked out again.
    nodes: u64,
    /// Where something else came out.
    differences: Vec<DifferenceResponse>,
    /// What the workflow gives, worked out again; null where the execution did not come to its end.
    outputs: Option<Value>,
}

/// Something that came out differently.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkflowReplayDifference)]
struct DifferenceResponse {
    /// The node; none for what the workflow itself gives.
    #[serde(skip_serializing_if = "Option::is_none")]
    node_id: Option<String>,
    /// Its round or item.
    iteration: Vec<i32>,
    /// `output`, `port` or `edges`.
    what: &'static str,
    recorded: Value,
    replayed: Value,
}

impl From<Difference> for DifferenceResponse {
    fn from(difference: Difference) -> Self {
        let Difference { node_id, iteration, what, recorded, replayed } = difference;
        Self { node_id, iteration, what, recorded, replayed }
    }
}

/// Something that happened.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TellExecutionRequest {
    /// The name that a waiting node listens for.
    name: String,
    /// What it carries; the output of the node that waited.
    #[serde(default)]
    #[schema(required = false)]
    data: Value,
}

/// How an execution stands.
#[derive(Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = WorkflowExecutionStatus)]
enum StatusWord {
    /// Accepted, not begun.
    Pending,
    /// Under way.
    Running,
    /// It waits for a person, a moment or an event.
    Waiting,
    /// Ended well.
    Completed,
    /// Ended with an error.
    Failed,
    /// Stopped by someone.
    Cancelled,
}

impl From<RunStatus> for StatusWord {
    fn from(status: RunStatus) -> Self {
        match status {
            RunStatus::Pending => Self::Pending,
            RunStatus::Running => Self::Running,
            RunStatus::Waiting => Self::Waiting,
            RunStatus::Succeeded => Self::Completed,
            RunStatus::Cancelled => Self::Cancelled,
            RunStatus::Failed | RunStatus::TimedOut | RunStatus::Denied | RunStatus::Interrupted => {
                Self::Failed
            }
        }
    }
}

/// How a node of an execution stands.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkflowStep)]
struct StepResponse {
    id: String,
    /// `running`, `waiting`, `completed`, `failed` or `skipped`.
    status: &'static str,
    /// How often it was begun, rounds and repetitions included.
    attempts: i32,
    /// What it gave last.
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<Value>,
    /// Why it failed last, also where the workflow went on from that.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ProblemView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    duration_ms: Option<i64>,
    /// Tokens read by its attempts so far and by everything below them, failed ones included.
    input_tokens: i64,
    /// Tokens written by them.
    output_tokens: i64,
    /// What they cost, in the currency of the run: a decimal, such as `0.0042`.
    cost: String,
}

impl From<NodeReport> for StepResponse {
    fn from(node: NodeReport) -> Self {
        let NodeReport { node_id: id, status, attempts, output, error, duration_ms, spent } = node;
        let (input_tokens, output_tokens) = (spent.input_tokens, spent.output_tokens);
        let cost = decimal_of_nanos(spent.cost_nanos);
        Self { id, status, attempts, output, error, duration_ms, input_tokens, output_tokens, cost }
    }
}

/// Why an execution failed, whatever failed.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkflowError)]
struct ErrorResponse {
    /// The node; none where the workflow itself could not go on.
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<String>,
    /// What the node's call went to: a server by its name, a system such as `slack`, or `transient_<node>` for an address or
    /// a server that only the node describes; none where no call failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    connector: Option<String>,
    /// A stable code; a page of that name stands under `docs/errors/`.
    code: String,
    message: String,
    /// Whether the same again may help.
    retryable: bool,
    /// What is known of the attempt: `attempt`, `duration_ms`, and of its call `tool`, `sent` (how often), `connector_id`,
    /// `host`, `effect` (the ledger's word) and `status_code`, where there are such.
    #[schema(value_type = Object)]
    details: Map<String, Value>,
}

impl From<Failure> for ErrorResponse {
    fn from(failure: Failure) -> Self {
        let Failure { source, connector, problem, details } = failure;
        let ProblemView { code, detail: message, retryable, .. } = problem;
        Self { source, connector, code, message, retryable, details }
    }
}

/// A workflow's execution.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkflowExecution)]
struct ExecutionResponse {
    /// Whether it has ended well.
    success: bool,
    execution_id: RunId,
    workflow_id: Option<WorkflowId>,
    /// The version of the graph that runs.
    workflow_version: Option<i32>,
    status: StatusWord,
    /// What it gave; null before its end.
    outputs: Option<Value>,
    /// Its nodes, in the order in which they first began.
    steps: Vec<StepResponse>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ErrorResponse>,
    /// The draft of a policy that it is tried under, and what that decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    trial: Option<TrialResponse>,
    run: RunResponse,
}

impl From<Report> for ExecutionResponse {
    fn from(report: Report) -> Self {
        let Report { run, nodes, failure, trial } = report;
        Self {
            success: run.status == RunStatus::Succeeded,
            execution_id: run.id,
            workflow_id: run.workflow_id,
            workflow_version: run.workflow_version,
            status: run.status.into(),
            outputs: run.output.clone(),
            steps: nodes.into_iter().map(Into::into).collect(),
            error: failure.map(Into::into),
            trial: trial.map(Into::into),
            run: run.into(),
        }
    }
}

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(execute_workflow))
        .routes(routes!(execute_workflow_by_name))
        .routes(routes!(list_workflow_executions))
        .routes(routes!(find_workflow_execution))
        .routes(routes!(tell_workflow_execution))
        .routes(routes!(resume_workflow_execution))
        .routes(routes!(replay_workflow_execution))
}

/// Runs a workflow. Its events follow at `/api/runs/{id}/events`.
#[utoipa::path(
    post, path = "/api/workflows/{workflow_id}/execute", tag = "workflows",
    params(("workflow_id" = WorkflowId, Path)), request_body = Option<ExecuteWorkflowRequest>,
    responses((status = 201, body = StartedRunResponse))
)]
async fn execute_workflow(
    Auth(caller): Auth,
    State(executions): State<Executions>,
    Path(path): Path<WorkflowPath>,
    MaybeJson(body): MaybeJson<ExecuteWorkflowRequest>,
) -> Result<Created<StartedRunResponse>, Problem> {
    let ExecuteWorkflowRequest { inputs, version, test } = body;
    let trigger = Some(if test { RunTrigger::Test } else { RunTrigger::Api });
    let execution = Execution { inputs: inputs.map(Value::Object), version, trigger, ..Execution::default() };
    let run = executions.start(&caller, Meant::Id(path.workflow_id), execution).await?;
    Ok(Created { location: format!("/api/runs/{}", run.id), body: StartedRunResponse { run: run.into() } })
}

/// Runs a workflow by its name, and waits a while for its end. One that takes longer, or waits, goes on.
#[utoipa::path(
    post, path = "/api/workflows/execute/{name}", tag = "workflows",
    params(("name" = String, Path, description = "The name by which the workflow is run")),
    request_body = Option<ExecuteByNameRequest>, responses((status = 200, body = ExecutionResponse))
)]
async fn execute_workflow_by_name(
    Auth(caller): Auth,
    State(state): State<AppState>,
    Path(name): Path<String>,
    MaybeJson(body): MaybeJson<ExecuteByNameRequest>,
) -> Result<Json<ExecutionResponse>, Problem> {
    let inputs = body.inputs.map(Value::Object);
    let execution = Execution { inputs, trigger: Some(RunTrigger::Api), ..Execution::default() };
    let run = state.executions.start(&caller, Meant::Name(name), execution).await?;
    let patience = state.options.limits.request.mul_f32(0.75);
    Ok(Json(state.executions.settled(&caller, &state.runs, run.id, patience).await?.into()))
}

/// Runs of a workflow that the caller may see, newest first.
#[utoipa::path(
    get, path = "/api/workflows/{workflow_id}/executions", tag = "workflows",
    params(("workflow_id" = WorkflowId, Path), PageParameters),
    responses((status = 200, body = PageResponse<RunResponse>))
)]
async fn list_workflow_executions(
    Auth(caller): Auth,
    State(state): State<AppState>,
    Path(path): Path<WorkflowPath>,
    paging: Paging,
) -> Result<PageResponse<RunResponse>, Problem> {
    let page = state.executions.page(&caller, &state.runs, path.workflow_id, paging.request.clone()).await?;
    Ok(paging.answer(page, Into::into))
}

/// A workflow's execution, node by node.
#[utoipa::path(
    get, path = "/api/workflows/executions/{execution_id}", tag = "workflows",
    params(("execution_id" = RunId, Path)), responses((status = 200, body = ExecutionResponse))
)]
async fn find_workflow_execution(
    Auth(caller): Auth,
    State(state): State<AppState>,
    Path(id): Path<RunId>,
) -> Result<Json<ExecutionResponse>, Problem> {
    Ok(Json(state.executions.report(&caller, &state.runs, id).await?.into()))
}

/// Tells an execution that something has happened which a node of it waits for, or will.
#[utoipa::path(
    post, path = "/api/workflows/executions/{execution_id}/events", tag = "workflows",
    params(("execution_id" = RunId, Path)), request_body = TellExecutionRequest,
    responses((status = 202, body = RunResponse))
)]
async fn tell_workflow_execution(
    Auth(caller): Auth,
    State(state): State<AppState>,
    Path(id): Path<RunId>,
    Json(TellExecutionRequest { name, data }): Json<TellExecutionRequest>,
) -> Result<Response, Problem> {
    let run: RunResponse = state.executions.tell(&caller, &state.runs, id, name, data).await?.into();
    Ok((StatusCode::ACCEPTED, Json(run)).into_response())
}

/// Goes on from an execution that has ended, as one of its own: what stands of it is taken over, and the rest is done again.
#[utoipa::path(
    post, path = "/api/workflows/executions/{execution_id}/resume", tag = "workflows",
    params(("execution_id" = RunId, Path)), request_body = Option<ResumeExecutionRequest>,
    responses((status = 201, body = StartedRunResponse))
)]
async fn resume_workflow_execution(
    Auth(caller): Auth,
    State(state): State<AppState>,
    Path(id): Path<RunId>,
    MaybeJson(body): MaybeJson<ResumeExecutionRequest>,
) -> Result<Created<StartedRunResponse>, Problem> {
    let ResumeExecutionRequest { node_id, iteration, inputs, nodes, version, policy } = body;
    let policy = match policy {
        Some(TryPolicyRequest { policy_id: None, draft: None }) => {
            let detail = "Name a policy, or write what the draft says.";
            return Err(Problem::field("/policy", "required", detail));
        }
        Some(TryPolicyRequest { policy_id, draft }) => {
            let edit = draft.map_or_else(PolicyEdit::default, Into::into);
            Some(state.policies.draft(&caller, policy_id, edit).await?)
        }
        None => None,
    };
    let resume = Resume { node_id, iteration, inputs, nodes, version, policy };
    let run = state.executions.resume(&caller, &state.runs, id, resume).await?;
    Ok(Created { location: format!("/api/runs/{}", run.id), body: StartedRunResponse { run: run.into() } })
}

/// Goes through an execution that has ended once more, with what its calls and people said then: nothing is called, and
/// nothing changes.
#[utoipa::path(
    post, path = "/api/workflows/executions/{execution_id}/replay", tag = "workflows",
    params(("execution_id" = RunId, Path)), responses((status = 200, body = ReplayResponse))
)]
async fn replay_workflow_execution(
    Auth(caller): Auth,
    State(state): State<AppState>,
    Path(id): Path<RunId>,
) -> Result<Json<ReplayResponse>, Problem> {
    let Replay { nodes, differences, outputs } = state.executions.replay(&caller, &state.runs, id).await?;
    Ok(Json(ReplayResponse {
        execution_id: id,
        identical: differences.is_empty(),
        nodes,
        differences: differences.into_iter().map(Into::into).collect(),
        outputs,
    }))
}
