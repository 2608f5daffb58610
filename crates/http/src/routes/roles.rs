//! Roles: listed, and limited by each organisation for itself.

use axum::extract::State;
use chrono::{DateTime, Utc};
use conductor_domain::{Role, RoleId, RoleScope};
use conductor_identity::Identity;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    AppState, Problem,
    caller::Auth,
    json::{Json, nullable},
    page::{PageParameters, PageResponse, Paging},
    path::Path,
};

/// A role with its permissions.
#[derive(Serialize, ToSchema)]
#[schema(as = Role)]
struct RoleResponse {
    id: RoleId,
    role_name: String,
    description: String,
    scope: RoleScope,
    permissions: Vec<String>,
    can_create_agents: bool,
    can_share_agents: bool,
    can_access_restricted_data: bool,
    /// How many requests that start work whoever has it may make in a day here; of several roles the lowest counts.
    max_api_calls_per_day: Option<i32>,
    is_builtin: bool,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl From<Role> for RoleResponse {
    fn from(role: Role) -> Self {
        Self {
            id: role.id,
            role_name: role.name,
            description: role.description,
            scope: role.scope,
            permissions: role.permissions,
            can_create_agents: role.can_create_agents,
            can_share_agents: role.can_share_agents,
            can_access_restricted_data: role.can_access_restricted_data,
            max_api_calls_per_day: role.max_api_calls_per_day,
            is_builtin: role.is_builtin,
            created_at: role.created_at,
            updated_at: role.updated_at,
        }
    }
}

/// A change of what an organisation says of a role: a missing field stays, `null` clears.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct UpdateRoleRequest {
    /// How many requests that start work whoever has it may make in a day here; `null` for no limit.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<i32>)]
    max_api_calls_per_day: Option<Option<i32>>,
}

pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list_roles)).routes(routes!(update_role))
}

/// Says how many calls a day whoever has a role may make in the caller's organisation. It counts with the next call.
#[utoipa::path(
    method(put, patch), path = "/api/roles/{role_id}", tag = "roles",
    params(("role_id" = RoleId, Path)), request_body = UpdateRoleRequest,
    responses((status = 200, body = RoleResponse))
)]
async fn update_role(
    Auth(caller): Auth,
    State(identity): State<Identity>,
    Path(id): Path<RoleId>,
    Json(UpdateRoleRequest { max_api_calls_per_day }): Json<UpdateRoleRequest>,
) -> Result<Json<RoleResponse>, Problem> {
    Ok(Json(identity.limit_role(&caller, id, max_api_calls_per_day).await?.into()))
}

/// The built-in roles and those of the organisation.
#[utoipa::path(
    get, path = "/api/roles", tag = "roles", params(PageParameters),
    responses((status = 200, body = PageResponse<RoleResponse>))
)]
async fn list_roles(
    Auth(caller): Auth,
    State(identity): State<Identity>,
    paging: Paging,
) -> Result<PageResponse<RoleResponse>, Problem> {
    let page = identity.roles(&caller, paging.request.clone()).await?;
    Ok(paging.answer(page, Into::into))
}
