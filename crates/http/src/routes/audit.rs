//! The audit log: lists in A's words and in C's, one entry, exports, the chain, and who accessed what.

mod export;
mod forward;
mod report;
mod wire;

pub(crate) use self::export::download;

use axum::extract::State;
use chrono::{DateTime, Utc};
use conductor_domain::{AuditEventId, AuditFilter, Classification, OrganizationId, UserId};
use conductor_governance::AuditLog;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use crate::{
    AppState, Problem,
    caller::Auth,
    json::Json,
    page::{PageParameters, PageResponse, Paging},
    path::Path,
    query::Query,
};
use wire::{AccessLogResponse, AuditEventResponse};

/// What was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AuditDecision {
    /// It went on.
    Allow,
    /// It was refused.
    Deny,
}

/// Which entries to give. A text that ends in `*` names all that begin so.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct AuditQuery {
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

impl From<AuditQuery> for AuditFilter {
    fn from(query: AuditQuery) -> Self {
        Self {
            subject: query.subject,
            action: query.action,
            target: query.target,
            event_type: query.event_type,
            allowed: query.decision.map(|decision| decision == AuditDecision::Allow),
            user_id: query.user_id,
            resource_type: query.resource_type,
            resource_id: query.resource_id,
            data_classification: query.data_classification,
            from: query.ts_from,
            to: query.ts_to,
        }
    }
}

/// Which accesses to give.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct AccessLogQuery {
    /// By which account.
    user_id: Option<UserId>,
    /// To which kind of thing.
    resource_type: Option<String>,
    /// To which thing.
    resource_id: Option<Uuid>,
    /// Of which label.
    data_classification: Option<Classification>,
    /// Only what was granted, or only what was refused.
    was_granted: Option<bool>,
    /// Not before this moment.
    from: Option<DateTime<Utc>>,
    /// Before this moment.
    to: Option<DateTime<Utc>>,
}

impl From<AccessLogQuery> for AuditFilter {
    fn from(query: AccessLogQuery) -> Self {
        Self {
            user_id: query.user_id,
            resource_type: query.resource_type,
            resource_id: query.resource_id,
            data_classification: query.data_classification,
            allowed: query.was_granted,
            from: query.from,
            to: query.to,
            ..Self::default()
        }
    }
}

pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_audit_events))
        .routes(routes!(export::export_audit))
        .routes(routes!(
            forward::find_audit_forward,
            forward::replace_audit_forward,
            forward::delete_audit_forward
        ))
        .routes(routes!(report::find_audit_chain))
        .routes(routes!(report::find_compliance))
        .routes(routes!(find_audit_event))
        .routes(routes!(list_platform_audit))
        .routes(routes!(list_access_logs))
}

/// The organisation's audit log, the newest entry first. For its administrators.
#[utoipa::path(
    get, path = "/api/v1/orgs/{org_id}/audit", tag = "audit",
    params(("org_id" = OrganizationId, Path), AuditQuery, PageParameters),
    responses((status = 200, body = PageResponse<AuditEventResponse>))
)]
async fn list_audit_events(
    Auth(caller): Auth,
    State(log): State<AuditLog>,
    Query(query): Query<AuditQuery>,
    paging: Paging,
) -> Result<PageResponse<AuditEventResponse>, Problem> {
    let page = log.page(&caller, &query.into(), paging.request.clone()).await?;
    Ok(paging.answer(page, Into::into))
}

/// One entry of the audit log.
#[utoipa::path(
    get, path = "/api/v1/orgs/{org_id}/audit/{event_id}", tag = "audit",
    params(("org_id" = OrganizationId, Path), ("event_id" = AuditEventId, Path)),
    responses((status = 200, body = AuditEventResponse))
)]
async fn find_audit_event(
    Auth(caller): Auth,
    State(log): State<AuditLog>,
    Path((_org, id)): Path<(OrganizationId, AuditEventId)>,
) -> Result<Json<AuditEventResponse>, Problem> {
    Ok(Json(log.find(&caller, id).await?.into()))
}

/// What the whole platform did in the last 24 hours, the newest entry first. For administrators of the platform.
#[utoipa::path(
    get, path = "/api/v1/audit", tag = "audit", params(PageParameters),
    responses((status = 200, body = PageResponse<AuditEventResponse>))
)]
async fn list_platform_audit(
    Auth(caller): Auth,
    State(log): State<AuditLog>,
    paging: Paging,
) -> Result<PageResponse<AuditEventResponse>, Problem> {
    let page = log.platform(&caller, paging.request.clone()).await?;
    Ok(paging.answer(page, Into::into))
}

/// The same log as a trail of accesses, the newest first.
#[utoipa::path(
    get, path = "/api/audit/access-logs", tag = "audit", params(AccessLogQuery, PageParameters),
    responses((status = 200, body = PageResponse<AccessLogResponse>))
)]
async fn list_access_logs(
    Auth(caller): Auth,
    State(log): State<AuditLog>,
    Query(query): Query<AccessLogQuery>,
    paging: Paging,
) -> Result<PageResponse<AccessLogResponse>, Problem> {
    let page = log.page(&caller, &query.into(), paging.request.clone()).await?;
    Ok(paging.answer(page, Into::into))
}
