//! What signing in answers, whichever way it was done: tokens for clients, cookies for browsers.

use axum::{
    http::{HeaderMap, Method, StatusCode},
    response::{IntoResponse, Response},
};
use conductor_identity::SignedIn;
use serde::Serialize;
use utoipa::ToSchema;

use super::{environments::EnvironmentResponse, orgs::OrganizationResponse, users::UserResponse};
use crate::{Problem, answer::Secret, cookies, csrf, json::Json};

/// A session that was opened or refreshed. Requests with `X-Conductor-CSRF: 1` get cookies instead of tokens.
#[derive(Serialize, ToSchema)]
#[schema(as = Session)]
pub(crate) struct SessionResponse {
    #[serde(skip_serializing_if = "Option::is_none")]
    access_token: Option<String>,
    /// Works once, at `/api/auth/refresh`.
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    /// `Bearer`.
    token_type: &'static str,
    /// Seconds that the access token lives.
    expires_in: u64,
    user: UserResponse,
    organization: OrganizationResponse,
    environment: EnvironmentResponse,
}

/// Answers with tokens, or with cookies to a page of our own that asks for them.
pub(crate) fn answer(
    status: StatusCode,
    headers: &HeaderMap,
    session: SignedIn,
) -> Result<Response, Problem> {
    let browser = wants_cookies(headers)?;
    let mut response_headers = HeaderMap::new();
    if browser {
        cookies::set(&mut response_headers, &session);
    }
    let token = |token: String| (!browser).then_some(token);
    let body = SessionResponse {
        access_token: token(session.access_token.into_inner()),
        refresh_token: token(session.refresh_token.into_inner()),
        token_type: "Bearer",
        expires_in: session.expires_in.as_secs(),
        user: session.user.into(),
        organization: session.organization.into(),
        environment: session.environment.into(),
    };
    Ok(Secret((status, response_headers, Json(body))).into_response())
}

/// Whether the request comes from our own page and asks for cookies. A foreign page that asks is refused.
pub(crate) fn wants_cookies(headers: &HeaderMap) -> Result<bool, Problem> {
    if !csrf::marked(headers) {
        return Ok(false);
    }
    csrf::check(&Method::POST, headers).map(|()| true)
}
