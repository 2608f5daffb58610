//! An entry on the wire, in A's words and in C's.

use chrono::{DateTime, Utc};
use conductor_domain::{AuditEvent, AuditEventId, EnvironmentId, OrganizationId, RunId, UserId};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::AuditDecision;

/// An entry of the audit log.
#[derive(Serialize, ToSchema)]
#[schema(as = AuditEvent)]
pub(crate) struct AuditEventResponse {
    id: AuditEventId,
    organization_id: OrganizationId,
    #[schema(required = true)]
    environment_id: Option<EnvironmentId>,
    /// What happened, such as `agent.created`.
    event_type: String,
    /// More about it, without secrets.
    #[schema(value_type = Object)]
    event_data: Value,
    ts: DateTime<Utc>,
    /// By whom, such as `user:…`.
    subject: String,
    #[schema(required = true)]
    user_id: Option<UserId>,
    /// What was done, such as `tool.invoke`.
    action: String,
    /// To what, such as `tool:pdf/read`.
    target: String,
    decision: AuditDecision,
    /// The rule that decided.
    #[schema(required = true)]
    rule_id: Option<String>,
    #[schema(required = true)]
    denial_reason: Option<String>,
    #[schema(required = true)]
    resource_type: Option<String>,
    #[schema(required = true)]
    resource_id: Option<Uuid>,
    #[schema(required = true)]
    data_classification: Option<String>,
    #[schema(required = true)]
    ip_address: Option<String>,
    #[schema(required = true)]
    run_id: Option<RunId>,
    /// The circumstances of the decision.
    #[schema(value_type = Object)]
    context: Value,
    /// What it says of people, by account; it goes when they are erased.
    #[schema(value_type = Object)]
    personal: Value,
    /// Whether it said something of a person who was erased since.
    is_withheld: bool,
    /// Its place in the organisation's chain; `null` until it is sealed.
    #[schema(required = true)]
    seq: Option<i64>,
    /// The hash of the entry before it.
    #[schema(required = true)]
    prev_hash: Option<String>,
    /// SHA-256 of `prev_hash` and the entry as canonical JSON.
    #[schema(required = true)]
    hash: Option<String>,
    created_at: DateTime<Utc>,
}

impl From<AuditEvent> for AuditEventResponse {
    fn from(event: AuditEvent) -> Self {
        Self {
            decision: decision(&event),
            ip_address: event.address(),
            personal: said(event.personal.as_ref()),
            is_withheld: event.is_withheld(),
            id: event.id,
            organization_id: event.organization_id,
            environment_id: event.environment_id,
            event_type: event.event_type,
            event_data: event.event_data,
            ts: event.ts,
            subject: event.subject,
            user_id: event.user_id,
            action: event.action,
            target: event.target,
            rule_id: event.rule_id,
            denial_reason: event.denial_reason,
            resource_type: event.resource_type,
            resource_id: event.resource_id,
            data_classification: event.data_classification,
            run_id: event.run_id,
            context: event.context,
            seq: event.seq,
            prev_hash: event.prev_hash,
            hash: event.hash,
            created_at: event.ts,
        }
    }
}

/// The words without the salts.
fn said(personal: Option<&Value>) -> Value {
    let parts = personal.and_then(Value::as_object).into_iter().flatten();
    parts.map(|(user, part)| (user.clone(), part["says"].clone())).collect::<serde_json::Map<_, _>>().into()
}

fn decision(event: &AuditEvent) -> AuditDecision {
    if event.is_allowed() { AuditDecision::Allow } else { AuditDecision::Deny }
}

/// What was done with something, in four words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum AccessKind {
    Read,
    Write,
    Execute,
    Delete,
}

/// An access, or an attempt at one.
#[derive(Serialize, ToSchema)]
#[schema(as = AccessLog)]
pub(crate) struct AccessLogResponse {
    id: AuditEventId,
    /// The account; `null` where the subject is no person.
    #[schema(required = true)]
    user_id: Option<UserId>,
    #[schema(required = true)]
    resource_type: Option<String>,
    #[schema(required = true)]
    resource_id: Option<Uuid>,
    action: AccessKind,
    #[schema(required = true)]
    data_classification_accessed: Option<String>,
    timestamp: DateTime<Utc>,
    #[schema(required = true)]
    ip_address: Option<String>,
    was_granted: bool,
    #[schema(required = true)]
    denial_reason: Option<String>,
}

impl From<AuditEvent> for AccessLogResponse {
    fn from(event: AuditEvent) -> Self {
        Self {
            action: access_kind(&event.action),
            was_granted: event.is_allowed(),
            ip_address: event.address(),
            id: event.id,
            user_id: event.user_id,
            resource_type: event.resource_type,
            resource_id: event.resource_id,
            data_classification_accessed: event.data_classification,
            timestamp: event.ts,
            denial_reason: event.denial_reason,
        }
    }
}

fn access_kind(action: &str) -> AccessKind {
    let (noun, verb) = action.split_once('.').unwrap_or(("", action));
    match (noun, verb) {
        (_, "read" | "exported") => AccessKind::Read,
        (_, "delete" | "deleted" | "revoke" | "revoked") => AccessKind::Delete,
        ("run", _) | (_, "invoke" | "execute") => AccessKind::Execute,
        _ => AccessKind::Write,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_fit_into_four_words() {
        for (action, kind) in [
            ("agent.read", AccessKind::Read),
            ("agent.create", AccessKind::Write),
            ("membership.deleted", AccessKind::Delete),
            ("agent.delete", AccessKind::Delete),
            ("tool.invoke", AccessKind::Execute),
            ("agent.execute", AccessKind::Execute),
            ("run.chat", AccessKind::Execute),
            ("account.signed_in", AccessKind::Write),
        ] {
            assert_eq!(access_kind(action), kind, "{action}");
        }
    }
}
