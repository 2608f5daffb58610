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
    answer::NoContent,
    caller::Auth,
    cookies,
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

/// Ends the caller's session.
#[utoipa::path(post, path = "/api/auth/logout", tag = "auth", responses((status = 204, description = "Signed out")))]
async fn logout(Auth(caller): Auth, State(identity): State<Identity>) -> Result<Response, Problem> {
    identity.sign_out(&caller).await?;
    let mut headers = HeaderMap::new();
    cookies::clear(&mut headers);
    Ok((StatusCode::NO_CONTENT, headers).into_response())
}

/// Ends the caller's session.
#[utoipa::path(
    post, path = "/api/v1/auth/logout", tag = "auth", responses((status = 204, description = "Signed out"))
)]
async fn logout_v1(caller: Auth, state: State<Identity>) -> Result<Response, Problem> {
    logout(caller, state).await
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
