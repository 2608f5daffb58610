//! Roles, to be listed.

use axum::extract::State;
use chrono::{DateTime, Utc};
use conductor_domain::{Role, RoleId, RoleScope};
use conductor_identity::Identity;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    AppState, Problem,
    caller::Auth,
    page::{PageParameters, PageResponse, Paging},
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

pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list_roles))
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
