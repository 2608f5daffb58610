//! What an entry of the audit log says.

use std::net::IpAddr;

use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

use crate::{AuditEventId, Caller, Classification, Decision, RunId, UserId};

/// An entry to be written, in the transaction of the action it tells of.
#[derive(Clone, Debug, PartialEq)]
pub struct NewAuditEvent {
    /// Such as `agent.created` or `run.denied`.
    pub event_type: String,
    /// Such as `user:…`.
    pub subject: String,
    /// The account, where the subject is a person.
    pub user_id: Option<UserId>,
    /// Such as `tool.invoke`.
    pub action: String,
    /// Such as `tool:pdf/read`.
    pub target: String,
    /// Whether it was allowed.
    pub allowed: bool,
    /// The rule that decided.
    pub rule_id: Option<String>,
    /// Such as `agent`.
    pub resource_type: Option<String>,
    /// The resource.
    pub resource_id: Option<Uuid>,
    /// The label of what was touched.
    pub data_classification: Option<Classification>,
    /// Where the request came from.
    pub address: Option<IpAddr>,
    /// Why it was denied.
    pub denial_reason: Option<String>,
    /// The run it belongs to.
    pub run_id: Option<RunId>,
    /// More, without secrets.
    pub data: Value,
    /// What the decision point was asked, so that another policy can be asked the same later.
    pub context: Value,
}

impl NewAuditEvent {
    /// An entry for something a caller did.
    #[must_use]
    pub fn by(caller: &Caller, event_type: &str, action: &str, target: String) -> Self {
        Self {
            event_type: event_type.to_owned(),
            subject: caller.principal.subject(),
            user_id: caller.user_id(),
            action: action.to_owned(),
            target,
            allowed: true,
            rule_id: None,
            resource_type: None,
            resource_id: None,
            data_classification: None,
            address: caller.address,
            denial_reason: None,
            run_id: None,
            data: Value::Object(serde_json::Map::new()),
            context: Value::Object(serde_json::Map::new()),
        }
    }

    /// Names the resource.
    #[must_use]
    pub fn on(mut self, resource_type: &str, resource_id: impl Into<Uuid>) -> Self {
        self.resource_type = Some(resource_type.to_owned());
        self.resource_id = Some(resource_id.into());
        self
    }

    /// Takes over what a decision said.
    #[must_use]
    pub fn decided(mut self, decision: &Decision) -> Self {
        self.allowed = decision.is_allowed();
        self.rule_id = Some(decision.rule.clone());
        if !self.allowed {
            self.denial_reason = decision.trace.last().map(|step| step.says.clone());
        }
        self
    }
}

/// A decision that was recorded with what had been asked, to be asked again of other rules.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordedDecision {
    /// The entry of the audit log.
    pub id: AuditEventId,
    /// When it was asked.
    pub at: DateTime<Utc>,
    /// By whom.
    pub subject: String,
    /// For what.
    pub action: String,
    /// On what.
    pub target: String,
    /// What else was known, as the decision point wrote it.
    pub asked: Value,
    /// The arguments, where it was a tool call.
    pub arguments: Option<Value>,
}
