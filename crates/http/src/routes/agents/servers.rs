//! Which MCP servers an agent may use.

use axum::extract::State;
use conductor_agents::{Agents, ServerPatch};
use conductor_domain::{AgentId, ConnectorId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::wire::{AgentPath, AgentServerRequest, AgentServerResponse};
use crate::{
    AppState, Problem,
    answer::{Created, NoContent},
    caller::Auth,
    json::{Json, nullable},
    path::Path,
};

/// The agent and the server that a path names.
#[derive(Deserialize)]
struct ServerPath {
    agent_id: AgentId,
    server_id: ConnectorId,
}

/// Which part of a server an agent may use.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct UpdateAgentServerRequest {
    /// Tools by name; `null` allows all.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<Vec<String>>)]
    allowed_tools: Option<Option<Vec<String>>>,
}

/// The servers of an agent.
#[derive(Serialize, ToSchema)]
struct AgentServersResponse {
    items: Vec<AgentServerResponse>,
    /// Always `null`: servers come in one page.
    #[schema(required = true)]
    next_cursor: Option<String>,
}

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_agent_servers, create_agent_server))
        .routes(routes!(update_agent_server, delete_agent_server))
}

/// The MCP servers that an agent may use.
#[utoipa::path(
    get, path = "/agents/{agent_id}/mcp-servers", tag = "agents", params(("agent_id" = AgentId, Path)),
    responses((status = 200, body = AgentServersResponse))
)]
async fn list_agent_servers(
    Auth(caller): Auth,
    State(agents): State<Agents>,
    Path(path): Path<AgentPath>,
) -> Result<Json<AgentServersResponse>, Problem> {
    let servers = agents.servers(&caller, path.agent_id).await?;
    Ok(Json(AgentServersResponse { items: servers.into_iter().map(Into::into).collect(), next_cursor: None }))
}

/// Lets an agent use an MCP server.
#[utoipa::path(
    post, path = "/agents/{agent_id}/mcp-servers", tag = "agents", params(("agent_id" = AgentId, Path)),
    request_body = AgentServerRequest, responses((status = 201, body = AgentServerResponse))
)]
async fn create_agent_server(
    Auth(caller): Auth,
    State(agents): State<Agents>,
    Path(path): Path<AgentPath>,
    Json(body): Json<AgentServerRequest>,
) -> Result<Created<AgentServerResponse>, Problem> {
    let server = agents.put_server(&caller, path.agent_id, body.into()).await?;
    Ok(Created { location: format!("/api/agents/{}/mcp-servers", path.agent_id), body: server.into() })
}

/// Changes which part of an MCP server an agent may use.
#[utoipa::path(
    method(put, patch), path = "/agents/{agent_id}/mcp-servers/{server_id}", tag = "agents",
    params(("agent_id" = AgentId, Path), ("server_id" = ConnectorId, Path)),
    request_body = UpdateAgentServerRequest, responses((status = 200, body = AgentServerResponse))
)]
async fn update_agent_server(
    Auth(caller): Auth,
    State(agents): State<Agents>,
    Path(path): Path<ServerPath>,
    Json(body): Json<UpdateAgentServerRequest>,
) -> Result<Json<AgentServerResponse>, Problem> {
    let servers = agents.servers(&caller, path.agent_id).await?;
    let there = servers.into_iter().find(|server| server.connector.connector_id == path.server_id);
    let there = there.ok_or_else(Problem::not_found)?;
    let Some(allowed_tools) = body.allowed_tools else { return Ok(Json(there.into())) };
    let patch = ServerPatch { connector_id: path.server_id, allowed_tools };
    Ok(Json(agents.put_server(&caller, path.agent_id, patch).await?.into()))
}

/// Takes an MCP server from an agent.
#[utoipa::path(
    delete, path = "/agents/{agent_id}/mcp-servers/{server_id}", tag = "agents",
    params(("agent_id" = AgentId, Path), ("server_id" = ConnectorId, Path)),
    responses((status = 204, description = "Disconnected"))
)]
async fn delete_agent_server(
    Auth(caller): Auth,
    State(agents): State<Agents>,
    Path(path): Path<ServerPath>,
) -> Result<NoContent, Problem> {
    agents.remove_server(&caller, path.agent_id, path.server_id).await?;
    Ok(NoContent)
}
