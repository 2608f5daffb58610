//! Executions: runs under their name of the chat product, with its words for how one stands.

use std::sync::Arc;

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use conductor_agents::{RunAgent, Turns};
use conductor_domain::{AgentId, FieldError, RunEvent, RunId, RunStatus, RunTrigger, WorkflowId};
use conductor_runs::Runs;
use conductor_workflows::{Execution, Executions, Meant};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, value::RawValue};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    AppState, Problem,
    answer::Created,
    caller::Auth,
    json::Json,
    page::{PageParameters, PageResponse, Paging},
    path::Path,
    routes::runs::{RunResponse, StartedRunResponse, stream},
};

/// How an execution stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ExecutionStatus {
    /// Accepted, under way, or waiting for a person.
    Running,
    /// Ended well.
    Success,
    /// Failed, was refused, or was cut.
    Error,
    /// Stopped by its time limit.
    Timeout,
    /// Stopped by someone.
    Cancelled,
}

impl From<RunStatus> for ExecutionStatus {
    fn from(status: RunStatus) -> Self {
        match status {
            RunStatus::Pending | RunStatus::Running | RunStatus::Waiting => Self::Running,
            RunStatus::Succeeded => Self::Success,
            RunStatus::Failed | RunStatus::Denied | RunStatus::Interrupted => Self::Error,
            RunStatus::TimedOut => Self::Timeout,
            RunStatus::Cancelled => Self::Cancelled,
        }
    }
}

/// An execution.
#[derive(Serialize, ToSchema)]
#[schema(as = Execution)]
struct ExecutionResponse {
    id: RunId,
    status: ExecutionStatus,
    run: RunResponse,
}

/// An agent to be run by itself.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ExecuteAgentRequest {
    agent_id: AgentId,
    /// What it is given.
    input: String,
}

/// A workflow to be run, by its id or by its name.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ExecuteWorkflowRequest {
    workflow_id: Option<WorkflowId>,
    /// The name by which it is run, where it has no id here.
    workflow: Option<String>,
    /// What it is given, by the names of its inputs.
    #[schema(value_type = Option<Object>)]
    inputs: Option<Map<String, Value>>,
    /// A version of its graph; the newest where absent.
    version: Option<i32>,
}

pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(execute_agent))
        .routes(routes!(execute_any_workflow))
        .routes(routes!(find_execution_status))
        .routes(routes!(list_execution_logs))
        .routes(routes!(cancel_execution))
}

/// Runs an agent by itself, without a conversation.
#[utoipa::path(
    post, path = "/api/execute/agent", tag = "execution", request_body = ExecuteAgentRequest,
    responses((status = 201, body = StartedRunResponse))
)]
async fn execute_agent(
    Auth(caller): Auth,
    State(turns): State<Arc<Turns>>,
    Json(ExecuteAgentRequest { agent_id, input }): Json<ExecuteAgentRequest>,
) -> Result<Created<StartedRunResponse>, Problem> {
    let run = turns.run_agent(&caller, RunAgent { agent_id, input, trigger: RunTrigger::Api }).await?;
    Ok(Created { location: format!("/api/runs/{}", run.id), body: StartedRunResponse { run: run.into() } })
}

/// Runs a workflow.
#[utoipa::path(
    post, path = "/api/execute/workflow", tag = "execution", request_body = ExecuteWorkflowRequest,
    responses((status = 201, body = StartedRunResponse))
)]
async fn execute_any_workflow(
    Auth(caller): Auth,
    State(executions): State<Executions>,
    Json(body): Json<ExecuteWorkflowRequest>,
) -> Result<Created<StartedRunResponse>, Problem> {
    let ExecuteWorkflowRequest { workflow_id, workflow, inputs, version } = body;
    let meant = match (workflow_id, workflow) {
        (Some(id), None) => Meant::Id(id),
        (None, Some(name)) => Meant::Name(name),
        _ => {
            let fault = FieldError::new(
                "/workflow_id",
                "required",
                "name the workflow by workflow_id or by workflow",
            );
            return Err(conductor_workflows::Error::Invalid { faults: vec![fault] }.into());
        }
    };
    let execution = Execution { inputs: inputs.map(Value::Object), version, ..Execution::default() };
    let run = executions.start(&caller, meant, execution).await?;
    Ok(Created { location: format!("/api/runs/{}", run.id), body: StartedRunResponse { run: run.into() } })
}

/// How an execution stands.
#[utoipa::path(
    get, path = "/api/execute/{execution_id}/status", tag = "execution", params(("execution_id" = RunId, Path)),
    responses((status = 200, body = ExecutionResponse))
)]
async fn find_execution_status(
    Auth(caller): Auth,
    State(runs): State<Runs>,
    Path(id): Path<RunId>,
) -> Result<Json<ExecutionResponse>, Problem> {
    let run = runs.find(&caller, id).await?;
    Ok(Json(ExecutionResponse { id, status: run.status.into(), run: run.into() }))
}

/// The events of an execution, oldest first.
#[utoipa::path(
    get, path = "/api/execute/{execution_id}/logs", tag = "execution",
    params(("execution_id" = RunId, Path), PageParameters),
    responses((status = 200, body = PageResponse<RunEvent>))
)]
async fn list_execution_logs(
    Auth(caller): Auth,
    State(runs): State<Runs>,
    Path(id): Path<RunId>,
    paging: Paging,
) -> Result<PageResponse<Box<RawValue>>, Problem> {
    stream::page(&runs, &caller, id, None, &paging).await
}

/// Asks an execution to stop; its events say when it has.
#[utoipa::path(
    post, path = "/api/execute/{execution_id}/cancel", tag = "execution", params(("execution_id" = RunId, Path)),
    responses((status = 202, body = RunResponse))
)]
async fn cancel_execution(
    Auth(caller): Auth,
    State(runs): State<Runs>,
    Path(id): Path<RunId>,
) -> Result<Response, Problem> {
    let run: RunResponse = runs.cancel(&caller, id).await?.into();
    Ok((StatusCode::ACCEPTED, Json(run)).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_has_a_word() {
        let words: Vec<_> =
            RunStatus::ALL.iter().map(|status| (*status, ExecutionStatus::from(*status))).collect();
        for (status, word) in words {
            assert_eq!(word == ExecutionStatus::Running, !status.is_final(), "{status}");
            assert_eq!(word == ExecutionStatus::Success, status == RunStatus::Succeeded, "{status}");
        }
    }
}
