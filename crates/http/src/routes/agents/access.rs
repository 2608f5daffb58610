//! Who has access to an agent: its grants, under the names that agents have for them.

use axum::extract::State;
use conductor_domain::{AgentId, GrantId, ResourceRef, SharedKind};
use conductor_governance::Grants;
use serde::Deserialize;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::wire::AgentPath;
use crate::{
    AppState, Problem,
    answer::{Created, NoContent},
    caller::Auth,
    json::Json,
    page::{PageParameters, PageResponse, Paging},
    path::Path,
    routes::permissions::{CreateShareRequest, GrantResponse, GrantsResponse, ReplaceGrantsRequest},
};

/// The agent and the share that a path names.
#[derive(Deserialize)]
struct SharePath {
    agent_id: AgentId,
    share_id: GrantId,
}

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_agent_shares))
        .routes(routes!(create_agent_share))
        .routes(routes!(delete_agent_share))
        .routes(routes!(replace_agent_permissions))
}

fn agent(id: AgentId) -> ResourceRef {
    ResourceRef { kind: SharedKind::Agent, id: id.as_uuid() }
}

/// Who has access to an agent, for those who may share it.
#[utoipa::path(
    get, path = "/agents/{agent_id}/shares", tag = "agents", params(("agent_id" = AgentId, Path), PageParameters),
    responses((status = 200, body = PageResponse<GrantResponse>))
)]
async fn list_agent_shares(
    Auth(caller): Auth,
    State(grants): State<Grants>,
    Path(path): Path<AgentPath>,
    paging: Paging,
) -> Result<PageResponse<GrantResponse>, Problem> {
    let page = grants.on(&caller, agent(path.agent_id), paging.request.clone()).await?;
    Ok(paging.answer(page, Into::into))
}

/// Shares an agent with a person.
#[utoipa::path(
    post, path = "/agents/{agent_id}/share", tag = "agents", params(("agent_id" = AgentId, Path)),
    request_body = CreateShareRequest, responses((status = 201, body = GrantResponse))
)]
async fn create_agent_share(
    Auth(caller): Auth,
    State(grants): State<Grants>,
    Path(path): Path<AgentPath>,
    Json(body): Json<CreateShareRequest>,
) -> Result<Created<GrantResponse>, Problem> {
    let view = grants.grant(&caller, agent(path.agent_id), body.into()).await?;
    Ok(Created { location: format!("/api/agents/{}/shares", path.agent_id), body: view.into() })
}

/// Takes a share of an agent back.
#[utoipa::path(
    delete, path = "/agents/{agent_id}/share/{share_id}", tag = "agents",
    params(("agent_id" = AgentId, Path), ("share_id" = GrantId, Path)),
    responses((status = 204, description = "Taken back"))
)]
async fn delete_agent_share(
    Auth(caller): Auth,
    State(grants): State<Grants>,
    Path(path): Path<SharePath>,
) -> Result<NoContent, Problem> {
    grants.revoke_on(&caller, agent(path.agent_id), path.share_id).await?;
    Ok(NoContent)
}

/// Makes these the only grants on an agent.
#[utoipa::path(
    put, path = "/agents/{agent_id}/permissions", tag = "agents", params(("agent_id" = AgentId, Path)),
    request_body = ReplaceGrantsRequest, responses((status = 200, body = GrantsResponse))
)]
async fn replace_agent_permissions(
    Auth(caller): Auth,
    State(grants): State<Grants>,
    Path(path): Path<AgentPath>,
    Json(body): Json<ReplaceGrantsRequest>,
) -> Result<Json<GrantsResponse>, Problem> {
    let drafts = body.grants.into_iter().map(Into::into).collect();
    let views = grants.replace(&caller, agent(path.agent_id), drafts).await?;
    Ok(Json(GrantsResponse { items: views.into_iter().map(Into::into).collect(), next_cursor: None }))
}
