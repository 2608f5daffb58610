//! The log as a file, streamed.

use axum::{
    body::Body,
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Utc};
use conductor_domain::{AuditFilter, Classification, OrganizationId, UserId};
use conductor_governance::{AuditLog, ExportFormat};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{AuditDecision, AuditQuery};
use crate::{AppState, Problem, caller::Auth, query::Query};

/// How an export is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Format {
    /// One JSON object a line. Without filters it can be checked by `conductor audit verify --export`.
    #[default]
    Jsonl,
    /// A table.
    Csv,
}

/// Which entries to export, and how.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ExportQuery {
    #[serde(default)]
    #[param(inline, required = false)]
    format: Format,
    /// By whom, such as `user:…`.
    subject: Option<String>,
    /// What was done, such as `tool.invoke` or `agent.*`.
    action: Option<String>,
    /// To what, such as `tool:pdf/read`.
    target: Option<String>,
    /// What was decided.
    #[param(inline)]
    decision: Option<AuditDecision>,
    /// What happened, such as `agent.created`.
    event_type: Option<String>,
    /// By which account.
    user_id: Option<UserId>,
    /// To which kind of thing, such as `agent`.
    resource_type: Option<String>,
    /// To which thing.
    resource_id: Option<Uuid>,
    /// Of which label.
    data_classification: Option<Classification>,
    /// Not before this moment.
    ts_from: Option<DateTime<Utc>>,
    /// Before this moment.
    ts_to: Option<DateTime<Utc>>,
}

impl From<ExportQuery> for AuditFilter {
    fn from(query: ExportQuery) -> Self {
        AuditQuery {
            subject: query.subject,
            action: query.action,
            target: query.target,
            decision: query.decision,
            event_type: query.event_type,
            user_id: query.user_id,
            resource_type: query.resource_type,
            resource_id: query.resource_id,
            data_classification: query.data_classification,
            ts_from: query.ts_from,
            ts_to: query.ts_to,
        }
        .into()
    }
}

/// The organisation's sealed entries in the order of their chain, as a file.
#[utoipa::path(
    get, path = "/api/v1/orgs/{org_id}/audit/export", tag = "audit",
    params(("org_id" = OrganizationId, Path), ExportQuery),
    responses((status = 200, description = "The file", content(
        (String = "application/x-ndjson"), (String = "text/csv"),
    )))
)]
pub(crate) async fn export_audit(
    Auth(caller): Auth,
    State(state): State<AppState>,
    State(log): State<AuditLog>,
    Query(query): Query<ExportQuery>,
) -> Result<Response, Problem> {
    let format = match query.format {
        Format::Jsonl => ExportFormat::Jsonl,
        Format::Csv => ExportFormat::Csv,
    };
    let pieces = log.export(&caller, query.into(), format).await?;
    let day = conductor_domain::Clock::now(&**state.identity.clock()).format("%Y-%m-%d");
    let (media_type, ending) = match format {
        ExportFormat::Jsonl => ("application/x-ndjson", "jsonl"),
        ExportFormat::Csv => ("text/csv; charset=utf-8", "csv"),
    };
    Ok(download(Body::from_stream(pieces), media_type, &format!("audit-{day}.{ending}")))
}

/// A file to be kept, and by nobody on the way.
pub(crate) fn download(body: Body, media_type: &'static str, name: &str) -> Response {
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(disposition) = HeaderValue::try_from(format!("attachment; filename=\"{name}\"")) {
        headers.insert(header::CONTENT_DISPOSITION, disposition);
    }
    response
}
