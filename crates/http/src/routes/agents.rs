//! Agents: the caller's own, those shared with it, the official ones. The same routes serve both prefixes.

mod access;
mod servers;
mod versions;
mod wire;

use std::sync::Arc;

use axum::extract::State;
use conductor_agents::{Agents, RunAgent, Turns};
use conductor_domain::{AgentFilter, AgentId, RunTrigger};
use conductor_runs::Runs;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

pub(crate) use self::wire::AgentResponse;
use self::wire::{AgentPath, AvailableToolResponse, CreateAgentRequest, UpdateAgentRequest};
use super::{runs::StartedRunResponse, twin};
use crate::{
    AppState, Problem,
    answer::{Created, NoContent},
    caller::Auth,
    etag::{IfMatch, Versioned},
    json::Json,
    page::{PageParameters, PageResponse, Paging},
    path::Path,
    query::Query,
};

/// Which agents are listed.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ListAgentsQuery {
    /// Part of the name, slug or description.
    q: Option<String>,
    /// A tag.
    tag: Option<String>,
    /// Only official ones, or only others.
    official: Option<bool>,
}

/// What an agent is tried with.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TestAgentRequest {
    input: String,
}

/// Every tool that there is for an agent, or for the caller.
#[derive(Serialize, ToSchema)]
struct AvailableToolsResponse {
    items: Vec<AvailableToolResponse>,
    /// Always `null`: tools come in one page.
    #[schema(required = true)]
    next_cursor: Option<String>,
}

pub(crate) fn router() -> OpenApiRouter<AppState> {
    twin::both(nested).routes(routes!(list_available_tools)).routes(routes!(find_agent_by_id))
}

fn nested() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_agents, create_agent))
        .routes(routes!(find_agent, update_agent, delete_agent))
        .routes(routes!(create_agent_test))
        .routes(routes!(list_agent_tools))
        .merge(versions::router())
        .merge(servers::router())
        .merge(access::router())
}

fn versioned(view: conductor_agents::AgentView) -> Versioned<Json<AgentResponse>> {
    Versioned { version: view.agent.current_version.into(), body: Json(view.into()) }
}

/// Agents that the caller may see, newest first.
#[utoipa::path(
    get, path = "/agents", tag = "agents", params(PageParameters, ListAgentsQuery),
    responses((status = 200, body = PageResponse<AgentResponse>))
)]
async fn list_agents(
    Auth(caller): Auth,
    State(agents): State<Agents>,
    Query(query): Query<ListAgentsQuery>,
    paging: Paging,
) -> Result<PageResponse<AgentResponse>, Problem> {
    let ListAgentsQuery { q, tag, official } = query;
    let page = agents.list(&caller, AgentFilter { q, tag, official }, paging.request.clone()).await?;
    Ok(paging.answer(page, Into::into))
}

/// Makes an agent that belongs to the caller.
#[utoipa::path(
    post, path = "/agents", tag = "agents", request_body = CreateAgentRequest,
    responses((status = 201, body = AgentResponse))
)]
async fn create_agent(
    Auth(caller): Auth,
    State(agents): State<Agents>,
    Json(body): Json<CreateAgentRequest>,
) -> Result<Versioned<Created<AgentResponse>>, Problem> {
    let view = agents.create(&caller, body.into()).await?;
    let (version, location) = (view.agent.current_version.into(), format!("/api/agents/{}", view.agent.id));
    Ok(Versioned { version, body: Created { location, body: view.into() } })
}

/// One agent.
#[utoipa::path(
    get, path = "/agents/{agent_id}", tag = "agents", params(("agent_id" = AgentId, Path)),
    responses((status = 200, body = AgentResponse))
)]
async fn find_agent(
    Auth(caller): Auth,
    State(agents): State<Agents>,
    Path(path): Path<AgentPath>,
) -> Result<Versioned<Json<AgentResponse>>, Problem> {
    Ok(versioned(agents.find(&caller, path.agent_id).await?))
}

/// Changes an agent; the result is its next version.
#[utoipa::path(
    method(put, patch), path = "/agents/{agent_id}", tag = "agents",
    params(
        ("agent_id" = AgentId, Path),
        ("If-Match" = Option<String>, Header, description = "The version that was read, as `ETag` gave it"),
    ),
    request_body = UpdateAgentRequest, responses((status = 200, body = AgentResponse))
)]
async fn update_agent(
    Auth(caller): Auth,
    State(agents): State<Agents>,
    Path(path): Path<AgentPath>,
    if_match: IfMatch,
    Json(body): Json<UpdateAgentRequest>,
) -> Result<Versioned<Json<AgentResponse>>, Problem> {
    Ok(versioned(agents.update(&caller, path.agent_id, if_match.number(), body.into()).await?))
}

/// Deletes an agent. Conversations keep what it said.
#[utoipa::path(
    delete, path = "/agents/{agent_id}", tag = "agents",
    params(
        ("agent_id" = AgentId, Path),
        ("If-Match" = Option<String>, Header, description = "The version that was read, as `ETag` gave it"),
    ),
    responses((status = 204, description = "Deleted"))
)]
async fn delete_agent(
    Auth(caller): Auth,
    State(agents): State<Agents>,
    Path(path): Path<AgentPath>,
    if_match: IfMatch,
) -> Result<NoContent, Problem> {
    agents.delete(&caller, path.agent_id, if_match.number()).await?;
    Ok(NoContent)
}

/// Runs an agent once, outside of any conversation.
#[utoipa::path(
    post, path = "/agents/{agent_id}/test", tag = "agents", params(("agent_id" = AgentId, Path)),
    request_body = TestAgentRequest, responses((status = 201, body = StartedRunResponse))
)]
async fn create_agent_test(
    Auth(caller): Auth,
    State(turns): State<Arc<Turns>>,
    Path(path): Path<AgentPath>,
    Json(body): Json<TestAgentRequest>,
) -> Result<Created<StartedRunResponse>, Problem> {
    let request = RunAgent { agent_id: path.agent_id, input: body.input, trigger: RunTrigger::Test };
    let run = turns.run_agent(&caller, request).await?;
    Ok(Created { location: format!("/api/runs/{}", run.id), body: StartedRunResponse { run: run.into() } })
}

/// Tools that an agent can call for the caller.
#[utoipa::path(
    get, path = "/agents/{agent_id}/available-tools", tag = "agents", params(("agent_id" = AgentId, Path)),
    responses((status = 200, body = AvailableToolsResponse))
)]
async fn list_agent_tools(
    Auth(caller): Auth,
    State(agents): State<Agents>,
    State(runs): State<Runs>,
    Path(path): Path<AgentPath>,
) -> Result<Json<AvailableToolsResponse>, Problem> {
    let agent = agents.find(&caller, path.agent_id).await?.agent;
    let tools = runs.tool_path().tools(&caller, Some(&agent)).await;
    Ok(Json(AvailableToolsResponse { items: tools.into_iter().map(Into::into).collect(), next_cursor: None }))
}

/// Every tool that the caller may see.
#[utoipa::path(
    get, path = "/agents/available-tools", tag = "agents", responses((status = 200, body = AvailableToolsResponse))
)]
async fn list_available_tools(
    Auth(caller): Auth,
    State(runs): State<Runs>,
) -> Result<Json<AvailableToolsResponse>, Problem> {
    let tools = runs.tool_path().tools(&caller, None).await;
    Ok(Json(AvailableToolsResponse { items: tools.into_iter().map(Into::into).collect(), next_cursor: None }))
}

/// One agent, by its short address.
#[utoipa::path(
    get, path = "/agents/{agent_id}", tag = "agents", params(("agent_id" = AgentId, Path)),
    responses((status = 200, body = AgentResponse))
)]
async fn find_agent_by_id(
    auth: Auth,
    agents: State<Agents>,
    path: Path<AgentPath>,
) -> Result<Versioned<Json<AgentResponse>>, Problem> {
    find_agent(auth, agents, path).await
}
