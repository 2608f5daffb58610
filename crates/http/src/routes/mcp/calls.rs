//! A tool call from outside a conversation. It takes the one tool path, as a run of its own.

use axum::extract::State;
use conductor_domain::{ConnectorId, RunTrigger};
use conductor_runs::{Called, OneCall};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{AppState, Problem, answer::Created, caller::Auth, json::Json, routes::runs::RunResponse};

/// A tool to be called.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExecuteToolRequest {
    server_id: ConnectorId,
    /// The tool's name at its server.
    tool: String,
    #[serde(default)]
    #[schema(value_type = Object)]
    arguments: Map<String, Value>,
}

/// How a tool call stands: ended, waiting for a person, or still under way; `run.status` says which.
#[derive(Serialize, ToSchema)]
#[schema(as = ToolExecution)]
pub(crate) struct ToolExecutionResponse {
    run: RunResponse,
    /// Whether the tool did what it was asked; `null` before the end.
    #[schema(required = true)]
    ok: Option<bool>,
    /// MCP content blocks; `null` before the end.
    #[schema(required = true)]
    content: Option<Value>,
}

impl From<Called> for ToolExecutionResponse {
    fn from(Called { run, ok, content }: Called) -> Self {
        Self { run: run.into(), ok, content }
    }
}

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(execute_tool))
}

/// Calls a tool of a server, with every check of the tool path, and waits for its end or for a question to a person.
#[utoipa::path(
    post, path = "/api/mcp/execute/tool", tag = "mcp_servers", request_body = ExecuteToolRequest,
    responses((status = 201, body = ToolExecutionResponse))
)]
pub(crate) async fn execute_tool(
    Auth(caller): Auth,
    State(state): State<AppState>,
    Json(ExecuteToolRequest { server_id, tool, arguments }): Json<ExecuteToolRequest>,
) -> Result<Created<ToolExecutionResponse>, Problem> {
    let server = state.registry.slug(&caller, server_id).await?;
    let call = OneCall {
        tool: format!("{server}/{tool}"),
        arguments: Value::Object(arguments),
        trigger: RunTrigger::Api,
    };
    // The answer comes before the request's time is over; the run says how a longer call goes on.
    let patience = state.options.limits.request.mul_f32(0.75);
    let called = state.runs.call_once(&caller, call, patience).await?;
    Ok(Created { location: format!("/api/runs/{}", called.run.id), body: called.into() })
}
