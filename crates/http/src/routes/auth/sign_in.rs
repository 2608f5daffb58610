//! From a password, a link or a refresh token to a session.

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
    response::Response,
};
use conductor_domain::Redacted;
use conductor_identity::{AcceptInvite, Credentials, Error, Identity, Registration};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    AppState, Problem,
    caller::From as Client,
    cookies,
    json::{Json, MaybeJson},
    routes::session::{SessionResponse, answer, wants_cookies},
};

/// What someone signs in with.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct LoginRequest {
    email: String,
    password: String,
    /// For accounts with a second factor: a code of the app or a recovery code. Others may leave it out.
    otp: Option<String>,
}

/// A refresh token; browsers send theirs as a cookie and no body.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RefreshRequest {
    refresh_token: Option<String>,
}

/// An account of one's own.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RegisterRequest {
    email: String,
    /// At least 15 characters.
    password: String,
    first_name: String,
    last_name: String,
    name: Option<String>,
}

/// An invited person's password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AcceptInviteRequest {
    /// From the link.
    token: String,
    /// At least 15 characters.
    password: String,
    name: Option<String>,
}

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(login))
        .routes(routes!(login_v1))
        .routes(routes!(refresh))
        .routes(routes!(register))
        .routes(routes!(accept_invite))
}

/// Signs in by email and password.
#[utoipa::path(
    post, path = "/api/auth/login", tag = "auth", security(()), request_body = LoginRequest,
    responses((status = 200, body = SessionResponse))
)]
async fn login(
    State(identity): State<Identity>,
    Client(client): Client,
    headers: HeaderMap,
    Json(body): Json<LoginRequest>,
) -> Result<Response, Problem> {
    wants_cookies(&headers)?;
    let credentials = Credentials {
        email: body.email,
        password: Redacted::new(body.password),
        otp: body.otp.filter(|code| !code.trim().is_empty()).map(Redacted::new),
    };
    let session = identity.sign_in(&credentials, &client).await?;
    answer(StatusCode::OK, &headers, session)
}

/// Signs in by email and password.
#[utoipa::path(
    post, path = "/api/v1/auth/login", tag = "auth", security(()), request_body = LoginRequest,
    responses((status = 200, body = SessionResponse))
)]
async fn login_v1(
    state: State<Identity>,
    client: Client,
    headers: HeaderMap,
    body: Json<LoginRequest>,
) -> Result<Response, Problem> {
    login(state, client, headers, body).await
}

/// Exchanges a refresh token for a fresh session. Each works once; showing a used one ends the session.
#[utoipa::path(
    post, path = "/api/auth/refresh", tag = "auth", security(()), request_body = Option<RefreshRequest>,
    responses((status = 200, body = SessionResponse))
)]
async fn refresh(
    State(identity): State<Identity>,
    headers: HeaderMap,
    MaybeJson(body): MaybeJson<RefreshRequest>,
) -> Result<Response, Problem> {
    let token = match (body.refresh_token, cookies::refresh_token(&headers)) {
        (Some(_), Some(_)) => return Err(Error::TwoCredentials.into()),
        (Some(token), None) => Redacted::new(token),
        // A browser sends the cookie whoever asks it to: only our own page may.
        (None, Some(cookie)) if wants_cookies(&headers)? => cookie,
        (None, _) => return Err(Error::TokenMissing.into()),
    };
    let session = identity.refresh(&token).await?;
    answer(StatusCode::OK, &headers, session)
}

/// Makes an account of one's own, where the operator allows it.
#[utoipa::path(
    post, path = "/api/v1/auth/register", tag = "auth", security(()), request_body = RegisterRequest,
    responses((status = 201, body = SessionResponse))
)]
async fn register(
    State(identity): State<Identity>,
    Client(client): Client,
    headers: HeaderMap,
    Json(body): Json<RegisterRequest>,
) -> Result<Response, Problem> {
    wants_cookies(&headers)?;
    let registration = Registration {
        email: body.email,
        password: Redacted::new(body.password),
        first_name: body.first_name,
        last_name: body.last_name,
        name: body.name.unwrap_or_default(),
    };
    let session = identity.register(registration, &client).await?;
    answer(StatusCode::CREATED, &headers, session)
}

/// Sets the password of an invited person and signs the person in.
#[utoipa::path(
    post, path = "/api/auth/invite/accept", tag = "auth", security(()), request_body = AcceptInviteRequest,
    responses((status = 200, body = SessionResponse))
)]
async fn accept_invite(
    State(identity): State<Identity>,
    Client(client): Client,
    headers: HeaderMap,
    Json(body): Json<AcceptInviteRequest>,
) -> Result<Response, Problem> {
    wants_cookies(&headers)?;
    let accept = AcceptInvite {
        token: Redacted::new(body.token),
        password: Redacted::new(body.password),
        name: body.name,
    };
    let session = identity.accept_invite(accept, &client).await?;
    answer(StatusCode::OK, &headers, session)
}
