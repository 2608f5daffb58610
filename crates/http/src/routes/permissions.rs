//! Who may do what with which row: asking, granting, taking back, and wishes for more.

mod campaigns;
mod requests;
mod who;
mod wire;

use axum::extract::State;
use conductor_domain::{AccessLevel, Decision, Effect, ResourceRef, SharedKind, UserId};
use conductor_governance::{Action, Grants, level_action};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use self::wire::{CheckPermissionRequest, CheckPermissionResponse, CreateGrantRequest, RevokeGrantRequest};
pub(crate) use self::wire::{CreateShareRequest, GrantResponse, GrantsResponse, ReplaceGrantsRequest};
use crate::{
    AppState, Problem,
    answer::{Created, NoContent},
    caller::Auth,
    json::Json,
    page::{PageParameters, PageResponse, Paging},
    path::Path,
    query::Query,
};

/// Which grants are listed.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ListGrantsQuery {
    /// Those on a row of this kind, with `resource_id`; every grant of the organisation when absent.
    #[param(inline)]
    resource_type: Option<SharedKind>,
    /// The row.
    resource_id: Option<Uuid>,
}

pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(check_permission))
        .routes(routes!(create_grant))
        .routes(routes!(revoke_grant))
        .routes(routes!(list_grants))
        .routes(routes!(list_my_grants))
        .routes(routes!(list_user_grants))
        .merge(who::router())
        .merge(requests::router())
        .merge(campaigns::router())
}

/// Whether the caller may do something, and why. Nothing is done.
#[utoipa::path(
    post, path = "/api/permissions/check", tag = "permissions", request_body = CheckPermissionRequest,
    responses((status = 200, body = CheckPermissionResponse))
)]
async fn check_permission(
    Auth(caller): Auth,
    State(grants): State<Grants>,
    Json(body): Json<CheckPermissionRequest>,
) -> Result<Json<CheckPermissionResponse>, Problem> {
    let CheckPermissionRequest { resource_type, resource_id, access_level, permission } = body;
    let (Some(kind), Some(id)) = (resource_type, resource_id) else {
        let permission = match (resource_type, resource_id, access_level, permission) {
            (None, None, None, Some(permission)) => permission,
            (None, None, ..) => {
                return Err(missing("/permission", "Name a permission, or a row and a level."));
            }
            (None, ..) => return Err(missing("/resource_type", "Name the kind of the row.")),
            _ => return Err(missing("/resource_id", "Name the row.")),
        };
        let allowed = grants.permits(&caller, &permission).await?;
        let verb = if allowed { "include" } else { "leave out" };
        let reason = format!("your roles {verb} {permission}");
        let rule_id = if allowed { "roles" } else { "roles/missing" }.to_owned();
        return Ok(Json(CheckPermissionResponse { allowed, needs_approval: false, rule_id, reason }));
    };
    let action = wanted(kind, access_level, permission.as_deref())?;
    let decision = grants.check(&caller, ResourceRef { kind, id }, action).await?;
    Ok(Json(decision.map_or_else(unseen, answered)))
}

/// The action that a question names, by level or by word.
fn wanted(kind: SharedKind, level: Option<AccessLevel>, permission: Option<&str>) -> Result<Action, Problem> {
    match (level, permission) {
        (Some(level), None) => level_action(kind, level).ok_or_else(|| {
            let detail = format!("There is no level {level} on a {kind}.");
            Problem::field("/access_level", "level_unknown", detail)
        }),
        (None, Some(word)) => {
            let action = Action::from_word(word).filter(|action| action.kind().as_str() == kind.as_str());
            action.ok_or_else(|| {
                let detail = format!("There is no action {word:?} on a {kind}.");
                Problem::field("/permission", "action_unknown", detail)
            })
        }
        _ => Err(missing("/access_level", "Name either a level or a permission.")),
    }
}

fn missing(pointer: &str, detail: &str) -> Problem {
    Problem::field(pointer, "required", detail)
}

/// The same for a row that is not seen and for one that is not there.
fn unseen() -> CheckPermissionResponse {
    CheckPermissionResponse {
        allowed: false,
        needs_approval: false,
        rule_id: "visibility/hidden".to_owned(),
        reason: "there is nothing here that you can see".to_owned(),
    }
}

fn answered(decision: Decision) -> CheckPermissionResponse {
    CheckPermissionResponse {
        allowed: decision.effect != Effect::Deny,
        needs_approval: decision.effect == Effect::Approve,
        reason: decision.trace.last().map(|step| step.says.clone()).unwrap_or_default(),
        rule_id: decision.rule,
    }
}

/// Grants a row to somebody.
#[utoipa::path(
    post, path = "/api/permissions/grant", tag = "permissions", request_body = CreateGrantRequest,
    responses((status = 201, body = GrantResponse))
)]
async fn create_grant(
    Auth(caller): Auth,
    State(grants): State<Grants>,
    Json(body): Json<CreateGrantRequest>,
) -> Result<Created<GrantResponse>, Problem> {
    let (resource, draft) = body.parts();
    let view = grants.grant(&caller, resource, draft).await?;
    let location =
        format!("/api/permissions/grants?resource_type={}&resource_id={}", resource.kind, resource.id);
    Ok(Created { location, body: view.into() })
}

/// Takes a grant back, and what was given under it.
#[utoipa::path(
    post, path = "/api/permissions/revoke", tag = "permissions", request_body = RevokeGrantRequest,
    responses((status = 204, description = "Taken back"))
)]
async fn revoke_grant(
    Auth(caller): Auth,
    State(grants): State<Grants>,
    Json(RevokeGrantRequest { grant_id }): Json<RevokeGrantRequest>,
) -> Result<NoContent, Problem> {
    grants.revoke(&caller, grant_id).await?;
    Ok(NoContent)
}

/// Grants on one row, for those who may grant on it; without a row every grant of the organisation, for its
/// administrators.
#[utoipa::path(
    get, path = "/api/permissions/grants", tag = "permissions", params(ListGrantsQuery, PageParameters),
    responses((status = 200, body = PageResponse<GrantResponse>))
)]
async fn list_grants(
    Auth(caller): Auth,
    State(grants): State<Grants>,
    Query(ListGrantsQuery { resource_type, resource_id }): Query<ListGrantsQuery>,
    paging: Paging,
) -> Result<PageResponse<GrantResponse>, Problem> {
    let page = match (resource_type, resource_id) {
        (Some(kind), Some(id)) => {
            grants.on(&caller, ResourceRef { kind, id }, paging.request.clone()).await?
        }
        (None, None) => grants.all(&caller, paging.request.clone()).await?,
        (Some(_), None) => return Err(missing("?resource_id", "Name the row.")),
        (None, Some(_)) => return Err(missing("?resource_type", "Name the kind of the row.")),
    };
    Ok(paging.answer(page, Into::into))
}

/// What the caller was granted, by name, by role or as a member.
#[utoipa::path(
    get, path = "/api/permissions/my", tag = "permissions", params(PageParameters),
    responses((status = 200, body = PageResponse<GrantResponse>))
)]
async fn list_my_grants(
    Auth(caller): Auth,
    State(grants): State<Grants>,
    paging: Paging,
) -> Result<PageResponse<GrantResponse>, Problem> {
    let page = grants.mine(&caller, paging.request.clone()).await?;
    Ok(paging.answer(page, Into::into))
}

/// What a person was granted by name. For administrators of the organisation, and the person.
#[utoipa::path(
    get, path = "/api/permissions/users/{user_id}", tag = "permissions",
    params(("user_id" = UserId, Path), PageParameters),
    responses((status = 200, body = PageResponse<GrantResponse>))
)]
async fn list_user_grants(
    Auth(caller): Auth,
    State(grants): State<Grants>,
    Path(user): Path<UserId>,
    paging: Paging,
) -> Result<PageResponse<GrantResponse>, Problem> {
    let page = grants.of_user(&caller, user, paging.request.clone()).await?;
    Ok(paging.answer(page, Into::into))
}
