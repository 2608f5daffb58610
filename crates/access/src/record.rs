//! What was asked, as the audit log keeps it: enough to ask another policy the same, without arguments and secrets.

use std::net::IpAddr;

use conductor_domain::{
    AgentId, Caller, Classification, EnvironmentId, NewAuditEvent, OrganizationId, RecordedDecision, Scope,
    Visibility,
};
use conductor_rbac::{AccessLevel, Action, Levels, Request, Resource};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{Facts, Judge};

/// A question that was put to the decision point.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Asked {
    subject: String,
    roles: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    token_scopes: Option<Vec<String>>,
    clearance: Classification,
    organization_id: OrganizationId,
    environment_id: EnvironmentId,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    agents: Vec<AgentId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    address: Option<IpAddr>,
    target: String,
    visibility: Visibility,
    classification: Classification,
    official: bool,
    read_only: bool,
    asks: bool,
    #[serde(default)]
    outbound: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    requires: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    labels: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    context: Vec<Classification>,
    owner: bool,
    same_organization: bool,
    same_environment: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    granted: Vec<AccessLevel>,
    #[serde(default, skip_serializing_if = "no_attributes")]
    attributes: Value,
}

fn no_attributes(attributes: &Value) -> bool {
    attributes.as_object().is_none_or(serde_json::Map::is_empty)
}

impl Asked {
    fn new(caller: &Caller, facts: &Facts, labels: Vec<String>, granted: Levels) -> Self {
        Self {
            subject: caller.principal.subject(),
            roles: caller.roles.clone(),
            token_scopes: caller.token_scopes.clone(),
            clearance: caller.clearance,
            organization_id: caller.scope.organization_id,
            environment_id: caller.scope.environment_id,
            agents: facts.agents.clone(),
            address: caller.address,
            target: facts.target.clone(),
            visibility: facts.visibility,
            classification: facts.classification,
            official: facts.official,
            read_only: facts.read_only,
            asks: facts.asks,
            outbound: facts.outbound,
            requires: facts.requires.clone(),
            labels,
            context: facts.context.clone(),
            owner: facts.owner.is_some() && facts.owner == caller.user_id(),
            same_organization: facts.scope.organization_id == caller.scope.organization_id,
            same_environment: facts.scope == caller.scope,
            granted: granted.iter().collect(),
            attributes: caller.attributes.clone(),
        }
    }

    /// The question as it was recorded, with what was known of the person who asked.
    pub(crate) fn recorded(recorded: &RecordedDecision) -> Option<Self> {
        let mut asked = Self::deserialize(&recorded.asked).ok()?;
        if let Some(attributes) = recorded.of_person.get("attributes") {
            asked.attributes = attributes.clone();
        }
        let address = recorded.of_person.get("ip_address").and_then(Value::as_str);
        asked.address = asked.address.or_else(|| address?.parse().ok());
        Some(asked)
    }

    /// The question, to be put again.
    pub(crate) fn request<'a>(&'a self, action: Action, arguments: Option<&'a Value>) -> Request<'a> {
        Request {
            subject: self.subject.as_str().into(),
            roles: &self.roles,
            token_scopes: self.token_scopes.as_deref(),
            clearance: self.clearance,
            scope: Scope { organization_id: self.organization_id, environment_id: self.environment_id },
            agents: &self.agents,
            action,
            resource: Resource {
                target: self.target.as_str().into(),
                visibility: self.visibility,
                classification: self.classification,
                official: self.official,
                read_only: self.read_only,
                asks: self.asks,
                outbound: self.outbound,
                requires: &self.requires,
                labels: self.labels.as_slice().into(),
            },
            owner: self.owner,
            same_organization: self.same_organization,
            same_environment: self.same_environment,
            grant: self.granted.iter().copied().collect(),
            attributes: Some(&self.attributes),
            arguments,
            context_labels: &self.context,
            environment_type: None,
            address: self.address,
            now: None,
        }
    }
}

impl Judge {
    /// Adds to an entry what was asked.
    #[must_use]
    pub fn asked(&self, mut entry: NewAuditEvent, caller: &Caller, facts: &Facts) -> NewAuditEvent {
        let mut asked =
            Asked::new(caller, facts, self.labels(facts).into_owned(), self.levels(caller, facts));
        if let Some(user) = caller.user_id() {
            // What is said of a person lies apart, where it can be erased; the entry has the address already.
            asked.address = None;
            let attributes = std::mem::take(&mut asked.attributes);
            if !no_attributes(&attributes) {
                entry = entry.says_of(user, "attributes", attributes);
            }
        }
        entry.context = json!({ "asked": asked });
        entry
    }
}
