//! Accounts, as the platform's administrators manage them.

use axum::extract::State;
use chrono::{DateTime, Utc};
use conductor_domain::{AgentId, Classification, PlatformRole, User, UserId};
use conductor_identity::{AccountChange, Identity};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    AppState, Problem,
    caller::Auth,
    json::Json,
    page::{PageParameters, PageResponse, Paging},
    path::Path,
};

/// A person's account.
#[derive(Serialize, ToSchema)]
#[schema(as = User)]
pub(crate) struct UserResponse {
    id: UserId,
    email: String,
    name: String,
    first_name: String,
    last_name: String,
    avatar_url: Option<String>,
    role: PlatformRole,
    data_clearance_level: Classification,
    /// What administrators say of the person; policies ask about it.
    #[schema(value_type = Object)]
    attributes: Value,
    /// Settings of the page.
    #[schema(value_type = Object)]
    preferences: Value,
    custom_instructions: Option<String>,
    default_agent_id: Option<AgentId>,
    is_active: bool,
    is_verified: bool,
    /// Whether signing in asks for a second factor.
    mfa_enabled: bool,
    last_login: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
}

impl From<User> for UserResponse {
    fn from(user: User) -> Self {
        Self {
            id: user.id,
            email: user.email,
            name: user.name,
            first_name: user.first_name,
            last_name: user.last_name,
            avatar_url: user.avatar_url,
            role: user.role,
            data_clearance_level: user.clearance,
            attributes: user.attributes,
            preferences: user.preferences,
            custom_instructions: user.custom_instructions,
            default_agent_id: user.default_agent_id,
            is_active: user.is_active,
            is_verified: user.is_verified,
            mfa_enabled: user.mfa_enabled,
            last_login: user.last_login,
            created_at: user.created_at,
        }
    }
}

/// Another role on the platform.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SetRoleRequest {
    role: PlatformRole,
}

/// A change of someone's account.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct UpdateUserRequest {
    /// Whether the person may sign in; switching it off ends every session at once.
    is_active: Option<bool>,
    data_clearance_level: Option<Classification>,
    /// All of the person's attributes: lower-case names with texts, numbers, `true` or `false`.
    #[schema(value_type = Option<Object>)]
    attributes: Option<serde_json::Map<String, Value>>,
}

pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_users))
        .routes(routes!(update_user_role))
        .routes(routes!(update_user))
}

/// Every account. For administrators of the platform.
#[utoipa::path(
    get, path = "/api/users", tag = "users", params(PageParameters),
    responses((status = 200, body = PageResponse<UserResponse>))
)]
async fn list_users(
    Auth(caller): Auth,
    State(identity): State<Identity>,
    paging: Paging,
) -> Result<PageResponse<UserResponse>, Problem> {
    let page = identity.users(&caller, paging.request.clone()).await?;
    Ok(paging.answer(page, Into::into))
}

/// Sets someone's role on the platform. For administrators of the platform.
#[utoipa::path(
    put, path = "/api/users/{user_id}/role", tag = "users", params(("user_id" = UserId, Path)),
    request_body = SetRoleRequest, responses((status = 200, body = UserResponse))
)]
async fn update_user_role(
    Auth(caller): Auth,
    State(identity): State<Identity>,
    Path(user): Path<UserId>,
    Json(body): Json<SetRoleRequest>,
) -> Result<Json<UserResponse>, Problem> {
    let change = AccountChange { role: Some(body.role), ..Default::default() };
    Ok(Json(identity.update_user(&caller, user, change).await?.into()))
}

/// Changes someone's account. For administrators of the platform.
#[utoipa::path(
    patch, path = "/api/users/{user_id}", tag = "users", params(("user_id" = UserId, Path)),
    request_body = UpdateUserRequest, responses((status = 200, body = UserResponse))
)]
async fn update_user(
    Auth(caller): Auth,
    State(identity): State<Identity>,
    Path(user): Path<UserId>,
    Json(body): Json<UpdateUserRequest>,
) -> Result<Json<UserResponse>, Problem> {
    let UpdateUserRequest { is_active, data_clearance_level: clearance, attributes } = body;
    let change = AccountChange { role: None, is_active, clearance, attributes };
    Ok(Json(identity.update_user(&caller, user, change).await?.into()))
}
