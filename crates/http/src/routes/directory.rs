//! How an organisation's directory is switched on: by administrators, on the page. The directory itself comes in by
//! `/scim/v2`.

use axum::{extract::State, http::HeaderMap};
use chrono::{DateTime, Utc};
use conductor_domain::{DirectoryGroupId, GroupRole, OrganizationId, OrganizationRole, ServiceAccountId};
use conductor_identity::{DirectoryChange, DirectoryState, MappedGroup};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    AppState, Problem,
    caller::Auth,
    host,
    json::Json,
    page::{PageParameters, PageResponse, Paging},
    path::Path,
    routes::scim,
};

/// How an organisation is provisioned.
#[derive(Serialize, ToSchema)]
#[schema(as = Directory)]
struct DirectoryResponse {
    /// Whether a directory may come in.
    enabled: bool,
    /// What to enter at the directory as the address of the SCIM endpoint.
    endpoint: String,
    /// The account that the directory's tokens are issued to; `null` until it was switched on once.
    service_account_id: Option<ServiceAccountId>,
    /// What the directory's groups bring.
    role_mappings: Vec<GroupRole>,
    /// What identity providers of the platform map for this organisation, which holds for the directory too.
    inherited_role_mappings: Vec<GroupRole>,
    /// People that it brought.
    users: u64,
    /// Groups that it brought.
    groups: u64,
    /// When it was last changed here.
    updated_at: Option<DateTime<Utc>>,
}

impl DirectoryResponse {
    fn of(state: DirectoryState, endpoint: String) -> Self {
        let directory = state.directory;
        Self {
            enabled: directory.as_ref().is_some_and(|directory| directory.enabled),
            endpoint,
            service_account_id: directory.as_ref().map(|directory| directory.service_account_id),
            updated_at: directory.as_ref().map(|directory| directory.updated_at),
            role_mappings: directory.map(|directory| directory.role_mappings).unwrap_or_default(),
            inherited_role_mappings: state.inherited,
            users: state.users,
            groups: state.groups,
        }
    }
}

/// A change of how an organisation is provisioned: missing fields stay.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct UpdateDirectoryRequest {
    enabled: Option<bool>,
    role_mappings: Option<Vec<GroupRole>>,
}

/// A group that the directory brought.
#[derive(Serialize, ToSchema)]
#[schema(as = DirectoryGroup)]
struct DirectoryGroupResponse {
    id: DirectoryGroupId,
    name: String,
    /// The directory's own id of it.
    external_id: Option<String>,
    members: usize,
    /// The role that it brings; none where nobody mapped it.
    role: Option<OrganizationRole>,
    updated_at: DateTime<Utc>,
}

impl From<MappedGroup> for DirectoryGroupResponse {
    fn from(MappedGroup { group, members, role }: MappedGroup) -> Self {
        Self {
            id: group.id,
            name: group.display_name,
            external_id: group.external_id,
            members,
            role,
            updated_at: group.updated_at,
        }
    }
}

pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(find_directory, update_directory))
        .routes(routes!(list_directory_groups))
}

/// How the organisation is provisioned.
#[utoipa::path(
    get, path = "/api/v1/orgs/{org_id}/directory", tag = "directory",
    params(("org_id" = OrganizationId, Path)), responses((status = 200, body = DirectoryResponse))
)]
async fn find_directory(
    Auth(caller): Auth,
    State(state): State<AppState>,
    headers: HeaderMap,
    Path(_org): Path<OrganizationId>,
) -> Result<Json<DirectoryResponse>, Problem> {
    let directory = state.identity.directory(&caller).await?;
    Ok(Json(DirectoryResponse::of(directory, endpoint(&state, &headers))))
}

/// Switches provisioning on or off, or says what groups bring. Switched off, its tokens stop at once.
#[utoipa::path(
    patch, path = "/api/v1/orgs/{org_id}/directory", tag = "directory",
    params(("org_id" = OrganizationId, Path)),
    request_body = UpdateDirectoryRequest, responses((status = 200, body = DirectoryResponse))
)]
async fn update_directory(
    Auth(caller): Auth,
    State(state): State<AppState>,
    headers: HeaderMap,
    Path(_org): Path<OrganizationId>,
    Json(body): Json<UpdateDirectoryRequest>,
) -> Result<Json<DirectoryResponse>, Problem> {
    let change = DirectoryChange { enabled: body.enabled, role_mappings: body.role_mappings };
    let directory = state.identity.update_directory(&caller, change).await?;
    Ok(Json(DirectoryResponse::of(directory, endpoint(&state, &headers))))
}

/// The groups that the directory brought, with what they bring.
#[utoipa::path(
    get, path = "/api/v1/orgs/{org_id}/directory/groups", tag = "directory",
    params(("org_id" = OrganizationId, Path), PageParameters),
    responses((status = 200, body = PageResponse<DirectoryGroupResponse>))
)]
async fn list_directory_groups(
    Auth(caller): Auth,
    State(state): State<AppState>,
    Path(_org): Path<OrganizationId>,
    paging: Paging,
) -> Result<PageResponse<DirectoryGroupResponse>, Problem> {
    let page = state.identity.directory_groups(&caller, paging.request.clone()).await?;
    Ok(paging.answer(page, Into::into))
}

fn endpoint(state: &AppState, headers: &HeaderMap) -> String {
    format!("{}{}", host::base(state, headers), scim::ROOT)
}
