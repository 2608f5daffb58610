//! Erasing people: one's own account, or anybody's as an administrator of the platform.

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Utc};
use conductor_domain::{Erasure, ErasureId, ErasureStatus, Redacted, UserId};
use conductor_identity::{EraseRequest, Identity, Proof};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    AppState, Problem,
    caller::Auth,
    json::Json,
    page::{PageParameters, PageResponse, Paging},
    path::Path,
};

/// What shows that the caller asks for it, and who takes over.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct EraseBody {
    /// The caller's own password; only whoever has none, and signed in less than ten minutes ago, leaves it out.
    password: Option<String>,
    /// A code of the caller's own second factor, or a recovery code, where there is one.
    code: Option<String>,
    /// Who becomes an owner where the person was the last one, and takes over what others use; a member of the person's
    /// organisations. An organisation's oldest other owner takes over where this is left out.
    successor_id: Option<UserId>,
}

/// The erasure of a person.
#[derive(Serialize, ToSchema)]
#[schema(as = Erasure)]
struct ErasureResponse {
    id: ErasureId,
    /// The pseudonym: the id of the account that was.
    user_id: UserId,
    /// Who asked for it.
    requested_by_id: UserId,
    /// `finished` once nothing of the person is left.
    status: ErasureStatus,
    /// How many rows were removed or emptied until now.
    removed: i64,
    created_at: DateTime<Utc>,
    #[schema(required = true)]
    finished_at: Option<DateTime<Utc>>,
}

impl From<Erasure> for ErasureResponse {
    fn from(erasure: Erasure) -> Self {
        let Erasure { id, user_id, requested_by_id, status, removed, created_at, finished_at, .. } = erasure;
        Self { id, user_id, requested_by_id, status, removed, created_at, finished_at }
    }
}

pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(erase_user)).routes(routes!(erase_me)).routes(routes!(list_erasures))
}

/// Erases a person for good: the account ends at once, what they left is removed within moments, and what has to stay
/// names a pseudonym. For administrators of the platform. Asking again gives the erasure that was begun.
#[utoipa::path(
    post, path = "/api/users/{user_id}/erase", tag = "users", params(("user_id" = UserId, Path)),
    request_body = EraseBody, responses((status = 202, body = ErasureResponse))
)]
async fn erase_user(
    Auth(caller): Auth,
    State(identity): State<Identity>,
    Path(user): Path<UserId>,
    Json(body): Json<EraseBody>,
) -> Result<Response, Problem> {
    Ok(begun(identity.erase(&caller, request(user, body)).await?))
}

/// Erases the caller's own account for good, and everything that they left.
#[utoipa::path(
    post, path = "/api/auth/erase", tag = "auth", request_body = EraseBody,
    responses((status = 202, body = ErasureResponse))
)]
async fn erase_me(
    Auth(caller): Auth,
    State(identity): State<Identity>,
    Json(body): Json<EraseBody>,
) -> Result<Response, Problem> {
    let user = identity.account(&caller).await?.id;
    Ok(begun(identity.erase(&caller, request(user, body)).await?))
}

/// Erasures, the newest first. For administrators of the platform.
#[utoipa::path(
    get, path = "/api/users/erasures", tag = "users", params(PageParameters),
    responses((status = 200, body = PageResponse<ErasureResponse>))
)]
async fn list_erasures(
    Auth(caller): Auth,
    State(identity): State<Identity>,
    paging: Paging,
) -> Result<PageResponse<ErasureResponse>, Problem> {
    let page = identity.erasures(&caller, paging.request.clone()).await?;
    Ok(paging.answer(page, Into::into))
}

fn request(user: UserId, body: EraseBody) -> EraseRequest {
    let EraseBody { password, code, successor_id: successor } = body;
    let proof = Proof { password: password.map(Redacted::new), code: code.map(Redacted::new) };
    EraseRequest { user, successor, proof }
}

fn begun(erasure: Erasure) -> Response {
    (StatusCode::ACCEPTED, Json(ErasureResponse::from(erasure))).into_response()
}
