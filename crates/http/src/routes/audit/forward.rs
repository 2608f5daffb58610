//! Where the organisation's audit log is sent on to.

use axum::extract::State;
use chrono::{DateTime, Utc};
use conductor_domain::{ForwardCredential, OrganizationId, Redacted};
use conductor_governance::{ForwardDraft, ForwardState, Forwards};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Problem, answer::NoContent, caller::Auth, json::Json};

/// Where the log is sent on to. Its secret is in the vault and never shown.
#[derive(Serialize, ToSchema)]
#[schema(as = AuditForward)]
pub(crate) struct ForwardResponse {
    endpoint: String,
    credential: ForwardCredential,
    enabled: bool,
    /// The last entry that was taken over there, by its place in the chain.
    sent_seq: i64,
    sent_at: Option<DateTime<Utc>>,
    /// Sealed entries that wait to be sent.
    waiting: i64,
    /// What went wrong the last time, where it did.
    error: Option<String>,
    /// How often in a row.
    failures: i32,
    /// When it is tried again, after a failure.
    next_at: Option<DateTime<Utc>>,
}

impl From<ForwardState> for ForwardResponse {
    fn from(ForwardState { forward, waiting }: ForwardState) -> Self {
        Self {
            endpoint: forward.endpoint,
            credential: forward.credential,
            enabled: forward.enabled,
            sent_seq: forward.sent_seq,
            sent_at: forward.sent_at,
            waiting,
            next_at: forward.error.is_some().then_some(forward.next_at),
            error: forward.error,
            failures: forward.failures,
        }
    }
}

/// How the sending stands.
#[derive(Serialize, ToSchema)]
#[schema(as = AuditForwardState)]
pub(crate) struct StateResponse {
    /// `null` where nothing is set.
    forward: Option<ForwardResponse>,
}

/// Where the log is to be sent on to.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ReplaceAuditForwardRequest)]
pub(crate) struct ForwardRequest {
    /// An address that starts with `https://`. Entries come by POST, one JSON object a line, in the order of the chain,
    /// each at least once.
    endpoint: String,
    /// `bearer` sends the secret along; `hmac` signs as Standard Webhooks does, with the secret as the key.
    credential: ForwardCredential,
    /// The stored one where it is missing.
    secret: Option<String>,
    enabled: bool,
    /// Whether a new one begins with the oldest entry that there is, and not with the next one.
    #[serde(default)]
    from_beginning: bool,
}

/// Where the log is sent on to, and how far it came.
#[utoipa::path(
    get, path = "/api/v1/orgs/{org_id}/audit/forward", tag = "audit",
    params(("org_id" = OrganizationId, Path)), responses((status = 200, body = StateResponse))
)]
pub(crate) async fn find_audit_forward(
    Auth(caller): Auth,
    State(forwards): State<Forwards>,
) -> Result<Json<StateResponse>, Problem> {
    let forward = forwards.find(&caller).await?.map(Into::into);
    Ok(Json(StateResponse { forward }))
}

/// Sends the log on from now on; how far it came stays.
#[utoipa::path(
    put, path = "/api/v1/orgs/{org_id}/audit/forward", tag = "audit",
    params(("org_id" = OrganizationId, Path)), request_body = ForwardRequest,
    responses((status = 200, body = ForwardResponse))
)]
pub(crate) async fn replace_audit_forward(
    Auth(caller): Auth,
    State(forwards): State<Forwards>,
    Json(body): Json<ForwardRequest>,
) -> Result<Json<ForwardResponse>, Problem> {
    let ForwardRequest { endpoint, credential, secret, enabled, from_beginning } = body;
    let secret = secret.filter(|secret| !secret.is_empty()).map(Redacted::new);
    let draft = ForwardDraft { endpoint, credential, secret, enabled, from_beginning };
    Ok(Json(forwards.set(&caller, draft).await?.into()))
}

/// Sends nothing any more, and forgets the secret.
#[utoipa::path(
    delete, path = "/api/v1/orgs/{org_id}/audit/forward", tag = "audit",
    params(("org_id" = OrganizationId, Path)), responses((status = 204, description = "Deleted"))
)]
pub(crate) async fn delete_audit_forward(
    Auth(caller): Auth,
    State(forwards): State<Forwards>,
) -> Result<NoContent, Problem> {
    forwards.remove(&caller).await?;
    Ok(NoContent)
}
