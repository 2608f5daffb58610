//! Wishes for access, and their answers.

use axum::extract::State;
use chrono::{DateTime, Utc};
use conductor_domain::{AccessLevel, AccessRequestId, AccessRequestStatus, ResourceRef, SharedKind};
use conductor_governance::{Grants, RequestDraft};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::wire::AccessRequestResponse;
use crate::{
    AppState, Problem,
    answer::{Created, NoContent},
    caller::Auth,
    json::{Json, nullable},
    page::{PageParameters, PageResponse, Paging},
    path::Path,
    query::Query,
};

/// Which wishes.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ListAccessRequestsQuery {
    /// The caller's own instead of those that it may answer.
    #[serde(default)]
    mine: bool,
    /// Those that stand here; all when absent.
    #[param(inline)]
    status: Option<AccessRequestStatus>,
}

/// A wish for access.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CreateAccessRequest {
    resource_type: SharedKind,
    resource_id: Uuid,
    access_level: AccessLevel,
    /// Why it is needed; whoever answers reads it.
    reason: String,
    /// For how long, in hours; for good where it is missing.
    hours: Option<i32>,
}

/// Yes.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ApproveAccessRequest {
    /// When the access ends, `null` for never; as long as was asked where it is missing.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<DateTime<Utc>>)]
    expires_at: Option<Option<DateTime<Utc>>>,
    /// Words beside it.
    comment: Option<String>,
}

/// No.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct DenyAccessRequest {
    /// Why not; the one who asked reads it.
    reason: String,
}

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(create_access_request))
        .routes(routes!(list_access_requests))
        .routes(routes!(withdraw_access_request))
        .routes(routes!(approve_access_request))
        .routes(routes!(deny_access_request))
}

/// Asks for access to a row that one sees or knows by its address. Whoever may grant it is told.
#[utoipa::path(
    post, path = "/api/permissions/request", tag = "permissions", request_body = CreateAccessRequest,
    responses((status = 201, body = AccessRequestResponse))
)]
async fn create_access_request(
    Auth(caller): Auth,
    State(grants): State<Grants>,
    Json(body): Json<CreateAccessRequest>,
) -> Result<Created<AccessRequestResponse>, Problem> {
    let CreateAccessRequest { resource_type, resource_id, access_level, reason, hours } = body;
    let resource = ResourceRef { kind: resource_type, id: resource_id };
    let view = grants.request(&caller, RequestDraft { resource, level: access_level, reason, hours }).await?;
    Ok(Created { location: "/api/permissions/requests?mine=true".to_owned(), body: view.into() })
}

/// Wishes that the caller may answer, or its own, the newest first.
#[utoipa::path(
    get, path = "/api/permissions/requests", tag = "permissions", params(ListAccessRequestsQuery, PageParameters),
    responses((status = 200, body = PageResponse<AccessRequestResponse>))
)]
async fn list_access_requests(
    Auth(caller): Auth,
    State(grants): State<Grants>,
    Query(ListAccessRequestsQuery { mine, status }): Query<ListAccessRequestsQuery>,
    paging: Paging,
) -> Result<PageResponse<AccessRequestResponse>, Problem> {
    let page = grants.requests(&caller, mine, status, paging.request.clone()).await?;
    Ok(paging.answer(page, Into::into))
}

/// Takes one's own wish back, as long as nobody has answered it.
#[utoipa::path(
    delete, path = "/api/permissions/requests/{request_id}", tag = "permissions",
    params(("request_id" = AccessRequestId, Path)),
    responses((status = 204, description = "It is withdrawn, or was before"))
)]
async fn withdraw_access_request(
    Auth(caller): Auth,
    State(grants): State<Grants>,
    Path(id): Path<AccessRequestId>,
) -> Result<NoContent, Problem> {
    grants.withdraw(&caller, id).await?;
    Ok(NoContent)
}

/// Grants what was asked for. Nobody grants their own wish.
#[utoipa::path(
    put, path = "/api/permissions/requests/{request_id}/approve", tag = "permissions",
    params(("request_id" = AccessRequestId, Path)), request_body = ApproveAccessRequest,
    responses((status = 200, body = AccessRequestResponse))
)]
async fn approve_access_request(
    Auth(caller): Auth,
    State(grants): State<Grants>,
    Path(id): Path<AccessRequestId>,
    Json(ApproveAccessRequest { expires_at, comment }): Json<ApproveAccessRequest>,
) -> Result<Json<AccessRequestResponse>, Problem> {
    Ok(Json(grants.approve(&caller, id, expires_at, comment).await?.into()))
}

/// Refuses what was asked for.
#[utoipa::path(
    put, path = "/api/permissions/requests/{request_id}/deny", tag = "permissions",
    params(("request_id" = AccessRequestId, Path)), request_body = DenyAccessRequest,
    responses((status = 200, body = AccessRequestResponse))
)]
async fn deny_access_request(
    Auth(caller): Auth,
    State(grants): State<Grants>,
    Path(id): Path<AccessRequestId>,
    Json(DenyAccessRequest { reason }): Json<DenyAccessRequest>,
) -> Result<Json<AccessRequestResponse>, Problem> {
    Ok(Json(grants.deny(&caller, id, &reason).await?.into()))
}
