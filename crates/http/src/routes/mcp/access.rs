//! Who has access to a server: its grants, under the names that servers have for them.

use axum::extract::State;
use chrono::{DateTime, Utc};
use conductor_domain::{
    AccessLevel, ConnectorId, GrantSubject, ResourceRef, SharedKind, SubjectKind, UserId,
};
use conductor_governance::{GrantDraft, Grants};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    AppState, Problem,
    answer::{Created, NoContent},
    caller::Auth,
    json::Json,
    page::{PageParameters, PageResponse, Paging},
    path::Path,
    routes::permissions::GrantResponse,
};

/// Access of a person to a server.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct GrantServerRequest {
    user_id: UserId,
    access_level: AccessLevel,
    /// When it ends by itself.
    expires_at: Option<DateTime<Utc>>,
}

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_mcp_server_permissions))
        .routes(routes!(grant_mcp_server_access))
        .routes(routes!(revoke_mcp_server_access))
}

fn server(id: ConnectorId) -> ResourceRef {
    ResourceRef { kind: SharedKind::Connector, id: id.as_uuid() }
}

fn person(user: UserId) -> GrantSubject {
    GrantSubject { kind: SubjectKind::User, id: user.as_uuid() }
}

/// Who has access to a server, for those who may grant it.
#[utoipa::path(
    get, path = "/api/mcp/servers/{server_id}/permissions", tag = "mcp_servers",
    params(("server_id" = ConnectorId, Path), PageParameters),
    responses((status = 200, body = PageResponse<GrantResponse>))
)]
async fn list_mcp_server_permissions(
    Auth(caller): Auth,
    State(grants): State<Grants>,
    Path(id): Path<ConnectorId>,
    paging: Paging,
) -> Result<PageResponse<GrantResponse>, Problem> {
    let page = grants.on(&caller, server(id), paging.request.clone()).await?;
    Ok(paging.answer(page, Into::into))
}

/// Gives a person access to a server.
#[utoipa::path(
    post, path = "/api/mcp/servers/{server_id}/grant-access", tag = "mcp_servers",
    params(("server_id" = ConnectorId, Path)), request_body = GrantServerRequest,
    responses((status = 201, body = GrantResponse))
)]
async fn grant_mcp_server_access(
    Auth(caller): Auth,
    State(grants): State<Grants>,
    Path(id): Path<ConnectorId>,
    Json(body): Json<GrantServerRequest>,
) -> Result<Created<GrantResponse>, Problem> {
    let GrantServerRequest { user_id, access_level, expires_at } = body;
    let draft = GrantDraft { subject: person(user_id), level: access_level, expires_at };
    let view = grants.grant(&caller, server(id), draft).await?;
    Ok(Created { location: format!("/api/mcp/servers/{id}/permissions"), body: view.into() })
}

/// Takes a person's access to a server away.
#[utoipa::path(
    delete, path = "/api/mcp/servers/{server_id}/revoke-access/{user_id}", tag = "mcp_servers",
    params(("server_id" = ConnectorId, Path), ("user_id" = UserId, Path)),
    responses((status = 204, description = "Taken away"))
)]
async fn revoke_mcp_server_access(
    Auth(caller): Auth,
    State(grants): State<Grants>,
    Path((id, user)): Path<(ConnectorId, UserId)>,
) -> Result<NoContent, Problem> {
    grants.revoke_of(&caller, server(id), person(user)).await?;
    Ok(NoContent)
}
