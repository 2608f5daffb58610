//! The first start: whether an account is needed, and making it.

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::Response,
};
use conductor_domain::Redacted;
use conductor_identity::SetUp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::session::{SessionResponse, answer};
use crate::{AppState, Problem, caller::From as Client, host, json::Json};

/// What the page shows first.
#[derive(Serialize, ToSchema)]
struct SetupStatusResponse {
    needs_setup: bool,
    registration_open: bool,
    /// Why signing in from here cannot work, where it cannot: browsers keep the session over HTTPS and loopback only.
    https_required_hint: Option<String>,
}

/// The first account.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SetupRequest {
    /// From the link that the server printed.
    token: String,
    email: String,
    /// At least 15 characters.
    password: String,
    name: String,
    /// The team that invited people will join.
    organization_name: String,
}

pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(find_setup_status)).routes(routes!(create_setup))
}

/// Whether the installation has an account yet.
#[utoipa::path(
    get, path = "/api/setup/status", tag = "setup", security(()),
    responses((status = 200, body = SetupStatusResponse))
)]
async fn find_setup_status(
    State(state): State<AppState>,
    headers: HeaderMap,
) -> Result<Json<SetupStatusResponse>, Problem> {
    Ok(Json(SetupStatusResponse {
        needs_setup: state.identity.needs_setup().await?,
        registration_open: state.identity.registration_open(),
        https_required_hint: https_hint(&headers),
    }))
}

/// Makes the administrator, the team and the administrator's personal organisation, by the link that the server
/// printed.
#[utoipa::path(
    post, path = "/api/setup", tag = "setup", security(()), request_body = SetupRequest,
    responses((status = 201, body = SessionResponse))
)]
async fn create_setup(
    State(state): State<AppState>,
    Client(client): Client,
    headers: HeaderMap,
    Json(body): Json<SetupRequest>,
) -> Result<Response, Problem> {
    let set_up = SetUp {
        token: Redacted::new(body.token),
        email: body.email,
        password: Redacted::new(body.password),
        name: body.name,
        organization_name: body.organization_name,
    };
    let session = state.identity.set_up(set_up, &client).await?;
    answer(StatusCode::CREATED, &headers, session)
}

/// Browsers drop the session's cookies over plain http unless the host is loopback.
fn https_hint(headers: &HeaderMap) -> Option<String> {
    let secure = headers.get("x-forwarded-proto").is_some_and(|value| value == "https");
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    (!secure && !host::is_loopback(host)).then(|| {
        "Browsers keep this session over HTTPS only. Put a proxy with TLS in front of the server, or open it on the \
         machine itself as http://localhost."
            .to_owned()
    })
}
