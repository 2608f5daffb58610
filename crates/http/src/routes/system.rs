//! How the server is: health, readiness, metrics, the pages of error codes, the frame of artifacts.

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{AppState, Problem, json::Json, path::Path, static_page};

/// How the server is.
#[derive(Serialize, ToSchema)]
struct HealthResponse {
    /// `ok`, or `degraded` when the database does not answer.
    status: &'static str,
    version: &'static str,
    started_at: DateTime<Utc>,
    database: DatabaseHealth,
    search: SearchHealth,
}

/// How the database is.
#[derive(Serialize, ToSchema)]
struct DatabaseHealth {
    /// `sqlite` or `postgres`.
    kind: &'static str,
    /// `ok` or `unreachable`.
    status: &'static str,
}

/// How search is.
#[derive(Serialize, ToSchema)]
struct SearchHealth {
    /// Which embeddings are in use.
    embeddings: &'static str,
}

/// Whether the server takes requests.
#[derive(Serialize, ToSchema)]
struct ReadyResponse {
    /// `ready`.
    status: &'static str,
}

pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(find_health))
        .routes(routes!(find_readiness))
        .routes(routes!(find_metrics))
        .routes(routes!(find_error_page))
        .routes(routes!(static_page::artifact_frame))
}

/// How the server is.
#[utoipa::path(get, path = "/health", tag = "system", security(()), responses((status = 200, body = HealthResponse)))]
async fn find_health(State(state): State<AppState>) -> Json<HealthResponse> {
    let answers = state.identity.ping().await.is_ok();
    Json(HealthResponse {
        status: if answers { "ok" } else { "degraded" },
        version: state.options.version,
        started_at: state.started_at,
        database: DatabaseHealth {
            kind: state.identity.database(),
            status: if answers { "ok" } else { "unreachable" },
        },
        search: SearchHealth { embeddings: "off" },
    })
}

/// Whether the server takes requests.
#[utoipa::path(get, path = "/ready", tag = "system", security(()), responses((status = 200, body = ReadyResponse)))]
async fn find_readiness(State(state): State<AppState>) -> Result<Json<ReadyResponse>, Problem> {
    let status = state.readiness.as_str();
    let code = if status == "draining" { "draining" } else { "starting" };
    if status != "ready" || state.identity.ping().await.is_err() {
        let detail = "The server does not take requests now. Try again in a moment, or another node.";
        return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, code, detail));
    }
    Ok(Json(ReadyResponse { status }))
}

/// The metrics, as Prometheus reads them.
#[utoipa::path(
    get, path = "/metrics", tag = "system", security(()),
    responses((status = 200, description = "Metrics", body = String, content_type = "text/plain"))
)]
async fn find_metrics(State(state): State<AppState>) -> Response {
    let kind = [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
    (kind, (state.metrics)()).into_response()
}

/// What an error code means and what to do about it.
#[utoipa::path(
    get, path = "/docs/errors/{code}", tag = "system", security(()),
    params(("code" = String, Path, description = "The code of a problem")),
    responses((status = 200, description = "The page", body = String, content_type = "text/markdown"))
)]
async fn find_error_page(
    State(state): State<AppState>,
    Path(code): Path<String>,
) -> Result<Response, Problem> {
    let page = (state.page.error_page)(&code).ok_or_else(Problem::not_found)?;
    Ok(([(header::CONTENT_TYPE, "text/markdown; charset=utf-8")], page).into_response())
}
