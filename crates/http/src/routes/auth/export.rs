//! One's own data as a file.

use axum::{body::Body, extract::State, response::Response};
use conductor_domain::Redacted;
use conductor_identity::{Identity, Proof};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{AppState, Problem, caller::Auth, json::Json, routes::audit::download};

/// What shows that the caller asks for it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ExportAccountRequest {
    /// The caller's own password; only whoever has none, and signed in less than ten minutes ago, leaves it out.
    password: Option<String>,
    /// A code of the caller's own second factor, or a recovery code, where there is one.
    code: Option<String>,
}

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(export_account))
}

/// Everything that is the caller's own, as lines of JSON: first whose it is, then a row a line with its table, at last
/// that it is complete. At most five times a day.
#[utoipa::path(
    post, path = "/api/auth/export", tag = "auth", request_body = ExportAccountRequest,
    responses((status = 200, description = "The file", body = String, content_type = "application/x-ndjson"))
)]
async fn export_account(
    Auth(caller): Auth,
    State(identity): State<Identity>,
    Json(ExportAccountRequest { password, code }): Json<ExportAccountRequest>,
) -> Result<Response, Problem> {
    let proof = Proof { password: password.map(Redacted::new), code: code.map(Redacted::new) };
    let lines = identity.export(&caller, proof).await?;
    let day = conductor_domain::Clock::now(&**identity.clock()).format("%Y-%m-%d");
    Ok(download(Body::from_stream(lines), "application/x-ndjson", &format!("my-data-{day}.jsonl")))
}
