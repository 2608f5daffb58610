//! Registering servers, finding them, changing and removing them.

use std::sync::Arc;

use axum::extract::State;
use conductor_domain::{Caller, ConnectorFilter, ConnectorId, Origin};
use conductor_registry::Registry;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    patch::{CreateMcpServerRequest, UpdateMcpServerRequest},
    view::ConnectorResponse,
};
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

/// What to look for.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct McpServerSearchQuery {
    /// Words in name and description.
    q: Option<String>,
}

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_mcp_servers, create_mcp_server))
        .routes(routes!(list_official_mcp_servers))
        .routes(routes!(list_community_mcp_servers))
        .routes(routes!(search_mcp_servers))
        .routes(routes!(find_mcp_server, update_mcp_server, delete_mcp_server))
}

/// The servers that the caller may see, newest first.
#[utoipa::path(
    get, path = "/api/mcp/servers", tag = "mcp_servers", params(PageParameters),
    responses((status = 200, body = PageResponse<ConnectorResponse>))
)]
pub(super) async fn list_mcp_servers(
    Auth(caller): Auth,
    State(registry): State<Arc<Registry>>,
    paging: Paging,
) -> Result<PageResponse<ConnectorResponse>, Problem> {
    list(&registry, &caller, ConnectorFilter::default(), &paging).await
}

/// The platform's own servers.
#[utoipa::path(
    get, path = "/api/mcp/servers/official", tag = "mcp_servers", params(PageParameters),
    responses((status = 200, body = PageResponse<ConnectorResponse>))
)]
async fn list_official_mcp_servers(
    Auth(caller): Auth,
    State(registry): State<Arc<Registry>>,
    paging: Paging,
) -> Result<PageResponse<ConnectorResponse>, Problem> {
    let filter = ConnectorFilter { origin: Some(Origin::Official), ..ConnectorFilter::default() };
    list(&registry, &caller, filter, &paging).await
}

/// Servers that people share.
#[utoipa::path(
    get, path = "/api/mcp/servers/community", tag = "mcp_servers", params(PageParameters),
    responses((status = 200, body = PageResponse<ConnectorResponse>))
)]
async fn list_community_mcp_servers(
    Auth(caller): Auth,
    State(registry): State<Arc<Registry>>,
    paging: Paging,
) -> Result<PageResponse<ConnectorResponse>, Problem> {
    let filter = ConnectorFilter { origin: Some(Origin::Community), ..ConnectorFilter::default() };
    list(&registry, &caller, filter, &paging).await
}

/// Servers by words in their names and descriptions.
#[utoipa::path(
    get, path = "/api/mcp/servers/search", tag = "mcp_servers", params(McpServerSearchQuery, PageParameters),
    responses((status = 200, body = PageResponse<ConnectorResponse>))
)]
async fn search_mcp_servers(
    Auth(caller): Auth,
    State(registry): State<Arc<Registry>>,
    Query(McpServerSearchQuery { q }): Query<McpServerSearchQuery>,
    paging: Paging,
) -> Result<PageResponse<ConnectorResponse>, Problem> {
    let q = q.filter(|q| !q.trim().is_empty());
    list(&registry, &caller, ConnectorFilter { q, ..ConnectorFilter::default() }, &paging).await
}

/// Registers a server. Nothing is started or called yet.
#[utoipa::path(
    post, path = "/api/mcp/servers", tag = "mcp_servers", request_body = CreateMcpServerRequest,
    responses((status = 201, body = ConnectorResponse))
)]
pub(super) async fn create_mcp_server(
    Auth(caller): Auth,
    State(registry): State<Arc<Registry>>,
    Json(body): Json<CreateMcpServerRequest>,
) -> Result<Created<ConnectorResponse>, Problem> {
    let connector = registry.register(&caller, body.into_draft()?).await?;
    let location = format!("/api/mcp/servers/{}", connector.id);
    Ok(Created { location, body: registry.view_of(&caller, connector).await?.into() })
}

/// One server.
#[utoipa::path(
    get, path = "/api/mcp/servers/{server_id}", tag = "mcp_servers", params(("server_id" = ConnectorId, Path)),
    responses((status = 200, body = ConnectorResponse))
)]
async fn find_mcp_server(
    Auth(caller): Auth,
    State(registry): State<Arc<Registry>>,
    Path(id): Path<ConnectorId>,
) -> Result<Versioned<Json<ConnectorResponse>>, Problem> {
    find(&registry, &caller, id).await
}

/// Changes a server. Its sessions end, and a changed command line has to be confirmed again.
#[utoipa::path(
    put, path = "/api/mcp/servers/{server_id}", tag = "mcp_servers", params(("server_id" = ConnectorId, Path)),
    request_body = UpdateMcpServerRequest, responses((status = 200, body = ConnectorResponse))
)]
async fn update_mcp_server(
    Auth(caller): Auth,
    State(registry): State<Arc<Registry>>,
    Path(id): Path<ConnectorId>,
    if_match: IfMatch,
    Json(body): Json<UpdateMcpServerRequest>,
) -> Result<Versioned<Json<ConnectorResponse>>, Problem> {
    update(&registry, &caller, id, if_match, body).await
}

/// Removes a server with its tools and secrets, and from the agents that used it.
#[utoipa::path(
    delete, path = "/api/mcp/servers/{server_id}", tag = "mcp_servers", params(("server_id" = ConnectorId, Path)),
    responses((status = 204, description = "Removed"))
)]
async fn delete_mcp_server(
    Auth(caller): Auth,
    State(registry): State<Arc<Registry>>,
    Path(id): Path<ConnectorId>,
) -> Result<NoContent, Problem> {
    registry.delete(&caller, id).await?;
    Ok(NoContent)
}

async fn list(
    registry: &Registry,
    caller: &Caller,
    filter: ConnectorFilter,
    paging: &Paging,
) -> Result<PageResponse<ConnectorResponse>, Problem> {
    let page = registry.views(caller, filter, paging.request.clone()).await?;
    Ok(paging.answer(page, Into::into))
}

pub(super) async fn find(
    registry: &Registry,
    caller: &Caller,
    id: ConnectorId,
) -> Result<Versioned<Json<ConnectorResponse>>, Problem> {
    let view = registry.view(caller, id).await?;
    Ok(Versioned { version: view.connector.version.into(), body: Json(view.into()) })
}

/// A change holds against the state that it was made from, so that none is lost.
pub(super) async fn update(
    registry: &Registry,
    caller: &Caller,
    id: ConnectorId,
    IfMatch(version): IfMatch,
    body: UpdateMcpServerRequest,
) -> Result<Versioned<Json<ConnectorResponse>>, Problem> {
    let before = registry.find(caller, id).await?;
    let version = version.map_or(before.version, |version| i32::try_from(version).unwrap_or_default());
    let connector = registry.update(caller, id, Some(version), body.apply(before.spec)?).await?;
    let view = registry.view_of(caller, connector).await?;
    Ok(Versioned { version: view.connector.version.into(), body: Json(view.into()) })
}
