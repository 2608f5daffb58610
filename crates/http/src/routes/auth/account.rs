//! Who am I, and what I change about myself.

use axum::extract::State;
use conductor_domain::{AgentId, OrganizationId, OrganizationRole, Redacted};
use conductor_identity::{Identity, Me, MyOrganization, OrganizationDraft, ProfileChange};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    AppState, Problem,
    answer::Created,
    caller::Auth,
    json::{Json, nullable},
    page::{PageParameters, PageResponse, Paging},
    routes::{environments::EnvironmentResponse, orgs::OrganizationResponse, users::UserResponse},
};

/// Who the caller is, and where.
#[derive(Serialize, ToSchema)]
#[schema(as = Me)]
struct MeResponse {
    user: UserResponse,
    organization: OrganizationResponse,
    environment: EnvironmentResponse,
    role_in_organization: OrganizationRole,
    /// Words such as `agent.create`.
    permissions: Vec<String>,
    /// Whether the organisation asks for a second factor that the caller has not: until there is one, nothing but the
    /// caller's own account is open.
    lacks_mfa: bool,
    /// Limits that apply to the caller.
    #[schema(value_type = Object)]
    limits: Map<String, Value>,
}

impl From<Me> for MeResponse {
    fn from(me: Me) -> Self {
        Self {
            user: me.user.into(),
            organization: me.organization.into(),
            environment: me.environment.into(),
            role_in_organization: me.role,
            permissions: me.permissions,
            lacks_mfa: me.lacks_mfa,
            limits: Map::new(),
        }
    }
}

/// An organisation as one of its members sees it.
#[derive(Serialize, ToSchema)]
#[schema(as = MyOrganization)]
struct MyOrganizationResponse {
    #[serde(flatten)]
    organization: OrganizationResponse,
    role: OrganizationRole,
    /// Whether requests that name no organisation act in it.
    is_active_organization: bool,
    environments: Vec<EnvironmentResponse>,
}

impl From<MyOrganization> for MyOrganizationResponse {
    fn from(mine: MyOrganization) -> Self {
        Self {
            organization: mine.organization.into(),
            role: mine.role,
            is_active_organization: mine.is_active,
            environments: mine.environments.into_iter().map(Into::into).collect(),
        }
    }
}

/// A change of one's own account: missing fields stay, `null` clears.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct UpdateProfileRequest {
    name: Option<String>,
    first_name: Option<String>,
    last_name: Option<String>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>)]
    avatar_url: Option<Option<String>>,
    /// Settings not named stay, `null` removes one.
    #[schema(value_type = Option<Object>)]
    preferences: Option<Map<String, Value>>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>)]
    custom_instructions: Option<Option<String>>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<AgentId>)]
    default_agent_id: Option<Option<AgentId>>,
    /// The present password, to set another.
    current_password: Option<String>,
    /// At least 15 characters; every other session ends.
    new_password: Option<String>,
}

/// Either the organisation to make the active one, or the name of one to found.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct JoinRequest {
    organization_id: Option<OrganizationId>,
    name: Option<String>,
}

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(find_me))
        .routes(routes!(find_me_v1, update_me_v1))
        .routes(routes!(update_profile))
        .routes(routes!(list_my_organizations, create_my_organization))
}

/// Who the caller is, and where.
#[utoipa::path(get, path = "/api/auth/me", tag = "auth", responses((status = 200, body = MeResponse)))]
async fn find_me(Auth(caller): Auth, State(identity): State<Identity>) -> Result<Json<MeResponse>, Problem> {
    Ok(Json(identity.me(&caller).await?.into()))
}

/// Who the caller is, and where.
#[utoipa::path(get, path = "/api/v1/auth/me", tag = "auth", responses((status = 200, body = MeResponse)))]
async fn find_me_v1(caller: Auth, state: State<Identity>) -> Result<Json<MeResponse>, Problem> {
    find_me(caller, state).await
}

/// Changes the caller's own account.
#[utoipa::path(
    put, path = "/api/auth/profile", tag = "auth", request_body = UpdateProfileRequest,
    responses((status = 200, body = UserResponse))
)]
async fn update_profile(
    Auth(caller): Auth,
    State(identity): State<Identity>,
    Json(body): Json<UpdateProfileRequest>,
) -> Result<Json<UserResponse>, Problem> {
    let change = ProfileChange {
        name: body.name,
        first_name: body.first_name,
        last_name: body.last_name,
        avatar_url: body.avatar_url,
        preferences: body.preferences,
        custom_instructions: body.custom_instructions,
        default_agent_id: body.default_agent_id,
        current_password: body.current_password.map(Redacted::new),
        new_password: body.new_password.map(Redacted::new),
    };
    Ok(Json(identity.update_profile(&caller, change).await?.into()))
}

/// Changes the caller's own account.
#[utoipa::path(
    method(put, patch), path = "/api/v1/auth/me", tag = "auth", request_body = UpdateProfileRequest,
    responses((status = 200, body = UserResponse))
)]
async fn update_me_v1(
    caller: Auth,
    state: State<Identity>,
    body: Json<UpdateProfileRequest>,
) -> Result<Json<UserResponse>, Problem> {
    update_profile(caller, state, body).await
}

/// The caller's organisations, with their environments.
#[utoipa::path(
    get, path = "/api/v1/auth/me/orgs", tag = "auth", params(PageParameters),
    responses((status = 200, body = PageResponse<MyOrganizationResponse>))
)]
async fn list_my_organizations(
    Auth(caller): Auth,
    State(identity): State<Identity>,
    paging: Paging,
) -> Result<PageResponse<MyOrganizationResponse>, Problem> {
    let page = identity.my_organizations(&caller, paging.request.clone()).await?;
    Ok(paging.answer(page, Into::into))
}

/// Makes an organisation the active one; with a name, founds it first.
#[utoipa::path(
    post, path = "/api/v1/auth/me/orgs", tag = "auth", request_body = JoinRequest,
    responses((status = 201, body = MyOrganizationResponse))
)]
async fn create_my_organization(
    Auth(caller): Auth,
    State(identity): State<Identity>,
    Json(body): Json<JoinRequest>,
) -> Result<Created<MyOrganizationResponse>, Problem> {
    let id = match body.organization_id {
        Some(id) => id,
        None => {
            let draft = OrganizationDraft { name: body.name.unwrap_or_default(), ..Default::default() };
            identity.create_organization(&caller, draft).await?.id
        }
    };
    let mine = identity.switch_organization(&caller, id).await?;
    Ok(Created { location: format!("/api/v1/orgs/{id}"), body: mine.into() })
}
