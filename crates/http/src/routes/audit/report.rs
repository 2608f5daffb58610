//! Whether the chain holds, and who accessed what of which label.

use axum::{
    body::Body,
    extract::State,
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Utc};
use conductor_access::audit::{Checked, Fault};
use conductor_domain::{
    AuditCheckpoint, AuditEventId, AuditPiece, AuditTally, CheckpointKind, OrganizationId, UsageGrouping,
    UserId,
};
use conductor_governance::{AuditLog, ChainStatus, Compliance};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::export::download;
use crate::{Problem, caller::Auth, json::Json, path::Path, query::Query};

/// Whether to check the whole chain now.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ChainQuery {
    /// Checks every entry before answering.
    #[serde(default)]
    #[param(required = false)]
    verify: bool,
}

/// A signed statement of where the chain stands.
#[derive(Serialize, ToSchema)]
#[schema(as = AuditCheckpoint)]
struct CheckpointResponse {
    kind: CheckpointKind,
    seq: i64,
    hash: String,
    at: DateTime<Utc>,
    key_id: String,
    /// Ed25519, base64.
    signature: String,
}

impl From<AuditCheckpoint> for CheckpointResponse {
    fn from(checkpoint: AuditCheckpoint) -> Self {
        let AuditCheckpoint { kind, seq, hash, at, key_id, signature, .. } = checkpoint;
        Self { kind, seq, hash, at, key_id, signature }
    }
}

/// The first thing that is wrong with the chain.
#[derive(Serialize, ToSchema)]
#[schema(as = AuditFault)]
struct FaultResponse {
    /// The place of the entry.
    seq: i64,
    /// The entry, where there is one in that place.
    #[schema(required = true)]
    event_id: Option<AuditEventId>,
    /// What is wrong with it.
    detail: String,
}

/// What checking the whole chain found.
#[derive(Serialize, ToSchema)]
#[schema(as = AuditVerification)]
struct VerificationResponse {
    /// Whether everything was as it was sealed.
    ok: bool,
    /// When the check began.
    at: DateTime<Utc>,
    /// The first entry that was checked.
    from: i64,
    /// The last entry that was found good; less than `from` when there is none.
    to: i64,
    /// How many signed checkpoints agree.
    checkpoints: u64,
    #[schema(required = true)]
    fault: Option<FaultResponse>,
}

impl From<Checked> for VerificationResponse {
    fn from(Checked { report, at }: Checked) -> Self {
        let fault =
            report.fault.map(|Fault { seq, id, what }| FaultResponse { seq, event_id: id, detail: what });
        Self {
            ok: fault.is_none(),
            at,
            from: report.from,
            to: report.to,
            checkpoints: report.checkpoints,
            fault,
        }
    }
}

/// A key whose signatures count.
#[derive(Serialize, ToSchema)]
struct AuditKey {
    id: String,
    /// Ed25519, base64.
    public_key: String,
}

/// Where the organisation's chain stands.
#[derive(Serialize, ToSchema)]
#[schema(as = AuditChain)]
pub(crate) struct ChainResponse {
    organization_id: OrganizationId,
    /// The last sealed entry; 0 when nothing is sealed yet.
    sealed_to: i64,
    /// Its hash.
    #[schema(required = true)]
    head_hash: Option<String>,
    #[schema(required = true)]
    sealed_at: Option<DateTime<Utc>>,
    /// Entries that wait to be sealed.
    unsealed: u64,
    #[schema(required = true)]
    last_checkpoint: Option<CheckpointResponse>,
    /// The last check of the whole chain; `null` where there was none since the server started.
    #[schema(required = true)]
    verification: Option<VerificationResponse>,
    keys: Vec<AuditKey>,
}

impl ChainResponse {
    fn of(organization_id: OrganizationId, status: ChainStatus) -> Self {
        let head = status.chain.map(|chain| chain.head);
        Self {
            organization_id,
            sealed_to: head.as_ref().map_or(0, |head| head.seq),
            sealed_at: head.as_ref().map(|head| head.at),
            head_hash: head.map(|head| head.hash),
            unsealed: status.unsealed,
            last_checkpoint: status.last_checkpoint.map(Into::into),
            verification: status.verification.map(Into::into),
            keys: status.keys.into_iter().map(|(id, public_key)| AuditKey { id, public_key }).collect(),
        }
    }
}

/// Where the chain of the organisation's audit log stands, and whether it holds.
#[utoipa::path(
    get, path = "/api/v1/orgs/{org_id}/audit/chain", tag = "audit",
    params(("org_id" = OrganizationId, Path), ChainQuery),
    responses((status = 200, body = ChainResponse))
)]
pub(crate) async fn find_audit_chain(
    Auth(caller): Auth,
    State(log): State<AuditLog>,
    Path(organization): Path<OrganizationId>,
    Query(query): Query<ChainQuery>,
) -> Result<Json<ChainResponse>, Problem> {
    Ok(Json(ChainResponse::of(organization, log.chain(&caller, query.verify).await?)))
}

/// Which time to report on, and how.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ComplianceQuery {
    /// From this moment on; 30 days before `to` where it is not given.
    from: Option<DateTime<Utc>>,
    /// Before this moment; now where it is not given.
    to: Option<DateTime<Utc>>,
    /// `json`, or `csv` for a file.
    #[serde(default)]
    #[param(inline, required = false)]
    format: ReportFormat,
}

/// How a report is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ReportFormat {
    /// An answer of the API.
    #[default]
    Json,
    /// A table.
    Csv,
}

/// How often one subject did one thing with things of one kind and label.
#[derive(Serialize, ToSchema)]
struct ComplianceRow {
    /// By whom, such as `user:…`.
    subject: String,
    #[schema(required = true)]
    user_id: Option<UserId>,
    #[schema(required = true)]
    email: Option<String>,
    #[schema(required = true)]
    name: Option<String>,
    action: String,
    #[schema(required = true)]
    resource_type: Option<String>,
    /// `null` where what was touched has no label.
    #[schema(required = true)]
    data_classification: Option<String>,
    /// How many different things.
    resources: i64,
    /// How often it was allowed.
    allowed: i64,
    /// How often it was refused.
    denied: i64,
    first_at: DateTime<Utc>,
    last_at: DateTime<Utc>,
}

impl From<AuditTally> for ComplianceRow {
    fn from(tally: AuditTally) -> Self {
        let (email, name) = tally.person.unzip();
        Self {
            subject: tally.subject,
            user_id: tally.user_id,
            email,
            name,
            action: tally.action,
            resource_type: tally.resource_type,
            data_classification: tally.data_classification,
            resources: tally.resources,
            allowed: tally.allowed,
            denied: tally.denied,
            first_at: tally.first_at,
            last_at: tally.last_at,
        }
    }
}

/// How often things of one label were accessed in one piece of time.
#[derive(Serialize, ToSchema)]
struct CompliancePiece {
    /// When it begins.
    start: DateTime<Utc>,
    /// `null` where what was touched has no label.
    #[schema(required = true)]
    data_classification: Option<String>,
    /// How often it was allowed.
    allowed: i64,
    /// How often it was refused.
    denied: i64,
}

impl From<AuditPiece> for CompliancePiece {
    fn from(piece: AuditPiece) -> Self {
        let AuditPiece { at, data_classification, allowed, denied } = piece;
        Self { start: at, data_classification, allowed, denied }
    }
}

/// Who accessed what of which label.
#[derive(Serialize, ToSchema)]
#[schema(as = ComplianceReport)]
pub(crate) struct ComplianceResponse {
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    /// Those with the most entries first.
    items: Vec<ComplianceRow>,
    /// Whether there is more than is listed: ask for a shorter time.
    cut: bool,
    /// How long pieces of time are: days, or months where the time is longer than three of them.
    grouping: UsageGrouping,
    /// All of the time by its pieces and by label, the oldest first; a piece without entries is left out.
    over_time: Vec<CompliancePiece>,
}

impl From<Compliance> for ComplianceResponse {
    fn from(report: Compliance) -> Self {
        let Compliance { from, to, tallies, cut, grouping, pieces } = report;
        let items = tallies.into_iter().map(Into::into).collect();
        let over_time = pieces.into_iter().map(Into::into).collect();
        Self { from, to, items, cut, grouping, over_time }
    }
}

/// Who accessed what of which label between two moments, counted.
#[utoipa::path(
    get, path = "/api/v1/orgs/{org_id}/audit/compliance", tag = "audit",
    params(("org_id" = OrganizationId, Path), ComplianceQuery),
    responses((
        status = 200,
        description = "The counts, or the file",
        content((ComplianceResponse = "application/json"), (String = "text/csv"))
    ))
)]
pub(crate) async fn find_compliance(
    Auth(caller): Auth,
    State(log): State<AuditLog>,
    Query(query): Query<ComplianceQuery>,
) -> Result<Response, Problem> {
    let report = log.compliance(&caller, query.from, query.to).await?;
    if query.format == ReportFormat::Json {
        return Ok(Json(ComplianceResponse::from(report)).into_response());
    }
    let table = log.compliance_table(&caller, &report).await?;
    let name = format!("compliance-{}-{}.csv", report.from.format("%Y-%m-%d"), report.to.format("%Y-%m-%d"));
    Ok(download(Body::from(table), "text/csv; charset=utf-8", &name))
}
