//! The same servers under the organisation that the path names.

use std::sync::Arc;

use axum::extract::State;
use conductor_domain::{ConnectorId, OrganizationId};
use conductor_registry::Registry;
use serde::Deserialize;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    actions::{McpServerHealthResponse, health},
    patch::{CreateMcpServerRequest, UpdateMcpServerRequest},
    servers,
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
};

/// The part of the path that is not the organisation, which the caller's scope holds already.
#[derive(Deserialize)]
struct ServerPath {
    server_id: ConnectorId,
}

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_organization_mcp_servers, create_organization_mcp_server))
        .routes(routes!(
            find_organization_mcp_server,
            update_organization_mcp_server,
            delete_organization_mcp_server
        ))
        .routes(routes!(check_organization_mcp_server))
}

/// The organisation's servers that the caller may see, newest first.
#[utoipa::path(
    get, path = "/api/v1/orgs/{org_id}/mcp/servers", tag = "mcp_servers",
    params(("org_id" = OrganizationId, Path), PageParameters),
    responses((status = 200, body = PageResponse<ConnectorResponse>))
)]
async fn list_organization_mcp_servers(
    auth: Auth,
    registry: State<Arc<Registry>>,
    paging: Paging,
) -> Result<PageResponse<ConnectorResponse>, Problem> {
    servers::list_mcp_servers(auth, registry, paging).await
}

/// Registers a server in the organisation. Nothing is started or called yet.
#[utoipa::path(
    post, path = "/api/v1/orgs/{org_id}/mcp/servers", tag = "mcp_servers", params(("org_id" = OrganizationId, Path)),
    request_body = CreateMcpServerRequest, responses((status = 201, body = ConnectorResponse))
)]
async fn create_organization_mcp_server(
    auth: Auth,
    registry: State<Arc<Registry>>,
    body: Json<CreateMcpServerRequest>,
) -> Result<Created<ConnectorResponse>, Problem> {
    servers::create_mcp_server(auth, registry, body).await
}

/// One server of the organisation.
#[utoipa::path(
    get, path = "/api/v1/orgs/{org_id}/mcp/servers/{server_id}", tag = "mcp_servers",
    params(("org_id" = OrganizationId, Path), ("server_id" = ConnectorId, Path)),
    responses((status = 200, body = ConnectorResponse))
)]
async fn find_organization_mcp_server(
    Auth(caller): Auth,
    State(registry): State<Arc<Registry>>,
    Path(ServerPath { server_id: id }): Path<ServerPath>,
) -> Result<Versioned<Json<ConnectorResponse>>, Problem> {
    servers::find(&registry, &caller, id).await
}

/// Changes a server of the organisation. Its sessions end, and a changed command line has to be confirmed again.
#[utoipa::path(
    method(put, patch), path = "/api/v1/orgs/{org_id}/mcp/servers/{server_id}", tag = "mcp_servers",
    params(("org_id" = OrganizationId, Path), ("server_id" = ConnectorId, Path)),
    request_body = UpdateMcpServerRequest, responses((status = 200, body = ConnectorResponse))
)]
async fn update_organization_mcp_server(
    Auth(caller): Auth,
    State(registry): State<Arc<Registry>>,
    Path(ServerPath { server_id: id }): Path<ServerPath>,
    if_match: IfMatch,
    Json(body): Json<UpdateMcpServerRequest>,
) -> Result<Versioned<Json<ConnectorResponse>>, Problem> {
    servers::update(&registry, &caller, id, if_match, body).await
}

/// Removes a server of the organisation with its tools and secrets, and from the agents that used it.
#[utoipa::path(
    delete, path = "/api/v1/orgs/{org_id}/mcp/servers/{server_id}", tag = "mcp_servers",
    params(("org_id" = OrganizationId, Path), ("server_id" = ConnectorId, Path)),
    responses((status = 204, description = "Removed"))
)]
async fn delete_organization_mcp_server(
    Auth(caller): Auth,
    State(registry): State<Arc<Registry>>,
    Path(ServerPath { server_id: id }): Path<ServerPath>,
) -> Result<NoContent, Problem> {
    registry.delete(&caller, id).await?;
    Ok(NoContent)
}

/// Asks a server of the organisation how it is, now.
#[utoipa::path(
    post, path = "/api/v1/orgs/{org_id}/mcp/servers/{server_id}/health-check", tag = "mcp_servers",
    params(("org_id" = OrganizationId, Path), ("server_id" = ConnectorId, Path)),
    responses((status = 200, body = McpServerHealthResponse))
)]
async fn check_organization_mcp_server(
    Auth(caller): Auth,
    State(registry): State<Arc<Registry>>,
    Path(ServerPath { server_id: id }): Path<ServerPath>,
) -> Result<Json<McpServerHealthResponse>, Problem> {
    health(&registry, &caller, id).await
}
