//! Talking to a server: try it, confirm its command, read what it offers, ask how it is, start it again.

use std::sync::Arc;

use axum::extract::State;
use chrono::{DateTime, Utc};
use conductor_domain::{Caller, ConnectorId, Health, ProblemView, RunFilter, RunKind, Transport};
use conductor_registry::{Connected, NeedsConfirmation, Registry};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    tools::{McpPromptResponse, McpResourceResponse},
    view::{ConnectorResponse, ServerInfo, count, protocol_version, server_info},
};
use crate::{
    AppState, Problem,
    caller::Auth,
    json::Json,
    page::{PageParameters, PageResponse, Paging},
    path::Path,
    routes::{runs::RunResponse, tools::ToolResponse},
};

/// A command line that waits for an administrator.
#[derive(Serialize, ToSchema)]
struct CommandConfirmation {
    /// Program and arguments, exactly as they would run.
    command_line: Vec<String>,
    /// The names of its environment variables.
    env_names: Vec<String>,
    /// What to confirm; it covers the values of the environment too.
    hash: String,
}

impl From<NeedsConfirmation> for CommandConfirmation {
    fn from(NeedsConfirmation { command_line, env_names, hash }: NeedsConfirmation) -> Self {
        Self { command_line, env_names, hash }
    }
}

/// How a try to connect went.
#[derive(Serialize, ToSchema)]
#[schema(as = McpServerConnection)]
struct McpServerConnectionResponse {
    ok: bool,
    latency_ms: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    protocol_version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    server_info: Option<ServerInfo>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ProblemView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    needs_confirmation: Option<CommandConfirmation>,
}

impl From<Connected> for McpServerConnectionResponse {
    fn from(Connected { connector, latency_ms, error, needs_confirmation }: Connected) -> Self {
        let ok = error.is_none() && needs_confirmation.is_none();
        let said = Some(&connector.capabilities).filter(|_| ok);
        Self {
            ok,
            latency_ms,
            protocol_version: said.and_then(protocol_version),
            server_info: said.and_then(server_info),
            error,
            needs_confirmation: needs_confirmation.map(Into::into),
        }
    }
}

/// The command line that an administrator has seen.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ConfirmCommandRequest {
    /// `needs_confirmation.hash` of the try to connect.
    hash: String,
}

/// What a server offers.
#[derive(Serialize, ToSchema)]
#[schema(as = McpServerDiscovery)]
struct McpServerDiscoveryResponse {
    tools: Vec<ToolResponse>,
    resources: Vec<McpResourceResponse>,
    prompts: Vec<McpPromptResponse>,
    /// Names of tools that are new.
    added: Vec<String>,
    /// Names of tools whose definition is another than the approved one.
    changed: Vec<String>,
    /// Names of tools that are gone.
    removed: Vec<String>,
}

/// How a server is.
#[derive(Serialize, ToSchema)]
#[schema(as = McpServerHealth)]
pub(super) struct McpServerHealthResponse {
    status: Health,
    /// How it is reached.
    server_type: Transport,
    tools_count: u64,
    resources_count: u64,
    #[schema(required = true)]
    last_checked: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(connect_mcp_server))
        .routes(routes!(confirm_mcp_server_command))
        .routes(routes!(discover_mcp_server))
        .routes(routes!(find_mcp_server_health))
        .routes(routes!(restart_mcp_server))
        .routes(routes!(list_mcp_server_logs))
}

/// Tries a server and reads its tools. A server that fails is an answer too.
#[utoipa::path(
    post, path = "/api/mcp/servers/{server_id}/connect", tag = "mcp_servers",
    params(("server_id" = ConnectorId, Path)), responses((status = 200, body = McpServerConnectionResponse))
)]
async fn connect_mcp_server(
    Auth(caller): Auth,
    State(registry): State<Arc<Registry>>,
    Path(id): Path<ConnectorId>,
) -> Result<Json<McpServerConnectionResponse>, Problem> {
    Ok(Json(registry.connect(&caller, id).await?.into()))
}

/// Confirms the exact command line of a local process; for administrators.
#[utoipa::path(
    post, path = "/api/mcp/servers/{server_id}/confirm-command", tag = "mcp_servers",
    params(("server_id" = ConnectorId, Path)), request_body = ConfirmCommandRequest,
    responses((status = 200, body = ConnectorResponse))
)]
async fn confirm_mcp_server_command(
    Auth(caller): Auth,
    State(registry): State<Arc<Registry>>,
    Path(id): Path<ConnectorId>,
    Json(ConfirmCommandRequest { hash }): Json<ConfirmCommandRequest>,
) -> Result<Json<ConnectorResponse>, Problem> {
    let connector = registry.confirm_command(&caller, id, &hash).await?;
    Ok(Json(registry.view_of(&caller, connector).await?.into()))
}

/// Reads what a server offers and brings its tools in line.
#[utoipa::path(
    post, path = "/api/mcp/servers/{server_id}/discover", tag = "mcp_servers",
    params(("server_id" = ConnectorId, Path)), responses((status = 200, body = McpServerDiscoveryResponse))
)]
async fn discover_mcp_server(
    Auth(caller): Auth,
    State(registry): State<Arc<Registry>>,
    Path(id): Path<ConnectorId>,
) -> Result<Json<McpServerDiscoveryResponse>, Problem> {
    let discovered = registry.discover(&caller, id).await?;
    let tools = registry.all_tools(&caller, id).await?;
    let prompt = |prompt| McpPromptResponse::of(&discovered.connector, prompt);
    Ok(Json(McpServerDiscoveryResponse {
        tools: tools.into_iter().filter(|tool| tool.present).map(Into::into).collect(),
        resources: discovered.resources.into_iter().map(Into::into).collect(),
        prompts: discovered.prompts.into_iter().map(prompt).collect(),
        added: discovered.sync.added,
        changed: discovered.sync.changed,
        removed: discovered.sync.removed,
    }))
}

/// Asks a server how it is, now.
#[utoipa::path(
    get, path = "/api/mcp/servers/{server_id}/health", tag = "mcp_servers",
    params(("server_id" = ConnectorId, Path)), responses((status = 200, body = McpServerHealthResponse))
)]
async fn find_mcp_server_health(
    Auth(caller): Auth,
    State(registry): State<Arc<Registry>>,
    Path(id): Path<ConnectorId>,
) -> Result<Json<McpServerHealthResponse>, Problem> {
    health(&registry, &caller, id).await
}

/// Ends a server's sessions and processes and starts it again.
#[utoipa::path(
    post, path = "/api/mcp/servers/{server_id}/restart", tag = "mcp_servers",
    params(("server_id" = ConnectorId, Path)), responses((status = 200, body = ConnectorResponse))
)]
async fn restart_mcp_server(
    Auth(caller): Auth,
    State(registry): State<Arc<Registry>>,
    Path(id): Path<ConnectorId>,
) -> Result<Json<ConnectorResponse>, Problem> {
    let connector = registry.restart(&caller, id).await?;
    Ok(Json(registry.view_of(&caller, connector).await?.into()))
}

/// The calls that were made on a server, newest first.
#[utoipa::path(
    get, path = "/api/mcp/servers/{server_id}/logs", tag = "mcp_servers",
    params(("server_id" = ConnectorId, Path), PageParameters),
    responses((status = 200, body = PageResponse<RunResponse>))
)]
async fn list_mcp_server_logs(
    Auth(caller): Auth,
    State(state): State<AppState>,
    Path(id): Path<ConnectorId>,
    paging: Paging,
) -> Result<PageResponse<RunResponse>, Problem> {
    let server = state.registry.find(&caller, id).await?;
    let filter =
        RunFilter { connector_id: Some(server.id), kind: Some(RunKind::Tool), ..RunFilter::default() };
    let page = state.runs.page(&caller, filter, paging.request.clone()).await?;
    Ok(paging.answer(page, Into::into))
}

pub(super) async fn health(
    registry: &Registry,
    caller: &Caller,
    id: ConnectorId,
) -> Result<Json<McpServerHealthResponse>, Problem> {
    let connector = registry.health(caller, id).await?;
    Ok(Json(McpServerHealthResponse {
        status: connector.health,
        server_type: connector.spec.transport,
        tools_count: count(&connector.capabilities, "tools"),
        resources_count: count(&connector.capabilities, "resources"),
        last_checked: connector.last_health_check,
        error: connector.health_message,
    }))
}
