//! Where the caller is signed in, and ending it.

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Utc};
use conductor_domain::{Session, SessionId};
use conductor_identity::Identity;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    AppState, Problem,
    answer::{NoContent, Secret},
    caller::Auth,
    cookies, host,
    json::Json,
    page::{PageParameters, PageResponse, Paging},
    path::Path,
};

/// A place where the caller is signed in.
#[derive(Serialize, ToSchema)]
#[schema(as = SignedInDevice)]
struct SessionListItem {
    id: SessionId,
    user_agent: Option<String>,
    ip_address: Option<String>,
    created_at: DateTime<Utc>,
    last_used_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    /// Whether this request belongs to it.
    is_current: bool,
}

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(logout))
        .routes(routes!(logout_v1))
        .routes(routes!(list_sessions))
        .routes(routes!(delete_session))
}

/// Signed out here; the provider that the session came from is left to be told by the browser.
#[derive(Serialize, ToSchema)]
struct SignedOutResponse {
    /// Where to send the browser, so that the session at the identity provider ends too.
    continue_at: String,
}

/// Where a provider sends people back to who signed out.
pub(crate) fn signed_out_uri(state: &AppState, headers: &HeaderMap) -> String {
    format!("{}/sign-in", host::base(state, headers))
}

/// Ends the caller's session.
#[utoipa::path(
    post, path = "/api/auth/logout", tag = "auth",
    responses(
        (status = 200, description = "Signed out here; the provider is next", body = SignedOutResponse),
        (status = 204, description = "Signed out")
    )
)]
async fn logout(
    Auth(caller): Auth,
    State(state): State<AppState>,
    asked: HeaderMap,
) -> Result<Response, Problem> {
    let next = state.identity.sign_out(&caller, &signed_out_uri(&state, &asked)).await?;
    let mut headers = HeaderMap::new();
    cookies::clear(&mut headers);
    Ok(match next {
        // It holds the provider's token: nothing on the way keeps it.
        Some(continue_at) => Secret((headers, Json(SignedOutResponse { continue_at }))).into_response(),
        None => (StatusCode::NO_CONTENT, headers).into_response(),
    })
}

/// Ends the caller's session.
#[utoipa::path(
    post, path = "/api/v1/auth/logout", tag = "auth",
    responses(
        (status = 200, description = "Signed out here; the provider is next", body = SignedOutResponse),
        (status = 204, description = "Signed out")
    )
)]
async fn logout_v1(caller: Auth, state: State<AppState>, asked: HeaderMap) -> Result<Response, Problem> {
    logout(caller, state, asked).await
}

/// Where the caller is signed in.
#[utoipa::path(
    get, path = "/api/auth/sessions", tag = "auth", params(PageParameters),
    responses((status = 200, body = PageResponse<SessionListItem>))
)]
async fn list_sessions(
    Auth(caller): Auth,
    State(identity): State<Identity>,
    paging: Paging,
) -> Result<PageResponse<SessionListItem>, Problem> {
    let page = identity.sessions(&caller, paging.request.clone()).await?;
    Ok(paging.answer(page, |session: Session| SessionListItem {
        is_current: caller.session_id == Some(session.id),
        id: session.id,
        user_agent: session.user_agent,
        ip_address: session.address,
        created_at: session.created_at,
        last_used_at: session.last_used_at,
        expires_at: session.expires_at,
    }))
}

/// Ends one of the caller's sessions.
#[utoipa::path(
    delete, path = "/api/auth/sessions/{session_id}", tag = "auth", params(("session_id" = SessionId, Path)),
    responses((status = 204, description = "Ended"))
)]
async fn delete_session(
    Auth(caller): Auth,
    State(identity): State<Identity>,
    Path(session): Path<SessionId>,
) -> Result<NoContent, Problem> {
    identity.end_session(&caller, session).await?;
    Ok(NoContent)
}
