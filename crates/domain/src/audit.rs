//! What an entry of the audit log says.

use std::{collections::BTreeMap, net::IpAddr};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::{
    AuditEventId, Caller, Classification, Decision, EnvironmentId, OrganizationId, RunId, UserId,
    classification::words,
};

/// What an entry says of people beyond the ids of their accounts, by account. It lies beside the entry, which holds only
/// its hash: whoever is erased takes it along, and the chain still verifies.
pub type Personal = BTreeMap<UserId, Map<String, Value>>;

/// What happened, in the entry after which a chain may withhold what it said of an erased person.
pub const PSEUDONYMISED: &str = "account.pseudonymised";

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
    /// What is personal of it, beside the address of a person who did it.
    pub personal: Personal,
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
            personal: Personal::new(),
        }
    }

    /// Names the resource.
    #[must_use]
    pub fn on(mut self, resource_type: &str, resource_id: impl Into<Uuid>) -> Self {
        self.resource_type = Some(resource_type.to_owned());
        self.resource_id = Some(resource_id.into());
        self
    }

    /// Says something of a person that goes when the person is erased.
    #[must_use]
    pub fn says_of(mut self, user: UserId, name: &str, value: Value) -> Self {
        self.personal.entry(user).or_default().insert(name.to_owned(), value);
        self
    }

    /// Names the label of what was touched.
    #[must_use]
    pub fn labelled(mut self, classification: Classification) -> Self {
        self.data_classification = Some(classification);
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
    /// What else was known of the person who asked; empty where nothing was, or the person was erased.
    pub of_person: Map<String, Value>,
    /// The arguments, where it was a tool call.
    pub arguments: Option<Value>,
}

/// An entry as it is stored, in the words of its row: its hash is of exactly these.
#[derive(Clone, Debug, PartialEq)]
pub struct AuditEvent {
    /// The row.
    pub id: AuditEventId,
    /// The tenant.
    pub organization_id: OrganizationId,
    /// The stage inside the tenant.
    pub environment_id: Option<EnvironmentId>,
    /// Such as `agent.created` or `access.denied`.
    pub event_type: String,
    /// Such as `user:…`.
    pub subject: String,
    /// The account, where the subject is a person.
    pub user_id: Option<UserId>,
    /// Such as `tool.invoke`.
    pub action: String,
    /// Such as `tool:pdf/read`.
    pub target: String,
    /// `allow` or `deny`.
    pub decision: String,
    /// The rule that decided.
    pub rule_id: Option<String>,
    /// Such as `agent`.
    pub resource_type: Option<String>,
    /// The resource.
    pub resource_id: Option<Uuid>,
    /// The label of what was touched.
    pub data_classification: Option<String>,
    /// Where the request came from, where no person made it; a person's address is among `personal`.
    pub ip_address: Option<String>,
    /// Why it was denied.
    pub denial_reason: Option<String>,
    /// The run it belongs to.
    pub run_id: Option<RunId>,
    /// More, without secrets.
    pub event_data: Value,
    /// The circumstances of the decision.
    pub context: Value,
    /// By account, what it says of people with a salt; without those who were erased.
    pub personal: Option<Value>,
    /// By account, the hash of what it says, or said, of people.
    pub personal_hash: Option<Value>,
    /// When it happened.
    pub ts: DateTime<Utc>,
    /// Its place in the organisation's chain; `None` until it is sealed.
    pub seq: Option<i64>,
    /// The hash of the entry before it.
    pub prev_hash: Option<String>,
    /// Its own hash.
    pub hash: Option<String>,
}

impl AuditEvent {
    /// Whether what it tells of was allowed.
    #[must_use]
    pub fn is_allowed(&self) -> bool {
        self.decision == "allow"
    }

    /// What it says of the person who did it; empty where nothing, or the person was erased.
    #[must_use]
    pub fn of_person(&self) -> Map<String, Value> {
        said_of(self.personal.as_ref(), self.user_id)
    }

    /// Where the request came from, as far as that is still known.
    #[must_use]
    pub fn address(&self) -> Option<String> {
        let of_person = || Some(self.of_person().get("ip_address")?.as_str()?.to_owned());
        self.ip_address.clone().or_else(of_person)
    }

    /// Whether it said something of a person who was erased since.
    #[must_use]
    pub fn is_withheld(&self) -> bool {
        let present = self.personal.as_ref().and_then(Value::as_object).map_or(0, Map::len);
        self.personal_hash.as_ref().and_then(Value::as_object).map_or(0, Map::len) > present
    }
}

/// What a row says of one person.
#[must_use]
pub fn said_of(personal: Option<&Value>, user: Option<UserId>) -> Map<String, Value> {
    let part = user.and_then(|user| personal?.get(user.to_string()));
    part.and_then(|part| part["says"].as_object()).cloned().unwrap_or_default()
}

/// Which entries to list. A text that ends in `*` names all that begin so.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AuditFilter {
    /// By whom.
    pub subject: Option<String>,
    /// What was done.
    pub action: Option<String>,
    /// To what.
    pub target: Option<String>,
    /// What happened.
    pub event_type: Option<String>,
    /// Only what was allowed, or only what was denied.
    pub allowed: Option<bool>,
    /// By which account.
    pub user_id: Option<UserId>,
    /// To which kind of thing.
    pub resource_type: Option<String>,
    /// To which thing.
    pub resource_id: Option<Uuid>,
    /// Of which label.
    pub data_classification: Option<Classification>,
    /// Not before this moment.
    pub from: Option<DateTime<Utc>>,
    /// Before this moment.
    pub to: Option<DateTime<Utc>>,
}

/// What a checkpoint stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum CheckpointKind {
    /// The chain reaches to here.
    Head,
    /// Everything up to here was removed because it was old enough; the chain begins after it.
    Retention,
}

/// How whoever takes an audit log over knows that it comes from us.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ForwardCredential {
    /// A secret that is sent along.
    Bearer,
    /// A signature over each request, as Standard Webhooks describes it.
    Hmac,
}

words!(ForwardCredential { Bearer = "bearer", Hmac = "hmac" });

/// Where an organisation's audit log is sent on to, and how far it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditForward {
    /// The address.
    pub endpoint: String,
    /// How requests are proven.
    pub credential: ForwardCredential,
    /// The vault's name of the secret.
    pub secret_ref: String,
    /// Whether anything is sent.
    pub enabled: bool,
    /// The last entry that was taken over, by its place in the chain.
    pub sent_seq: i64,
    /// When that was.
    pub sent_at: Option<DateTime<Utc>>,
    /// What went wrong the last time, where it did.
    pub error: Option<String>,
    /// How often in a row.
    pub failures: i32,
    /// When it is tried again.
    pub next_at: DateTime<Utc>,
}

words!(CheckpointKind { Head = "head", Retention = "retention" });

/// A signed statement of where a chain stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditCheckpoint {
    /// Whose chain.
    pub organization_id: OrganizationId,
    /// What it stands for.
    pub kind: CheckpointKind,
    /// The entry it names.
    pub seq: i64,
    /// That entry's hash.
    pub hash: String,
    /// When it was signed, to the microsecond.
    pub at: DateTime<Utc>,
    /// Which key signed it.
    pub key_id: String,
    /// The Ed25519 signature over the other fields, base64.
    pub signature: String,
}

/// Where an organisation's chain stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditChain {
    /// The last sealed entry.
    pub head: AuditCheckpoint,
    /// The last entry that a stored checkpoint names; 0 where there is none yet.
    pub checkpoint_seq: i64,
    /// When that checkpoint was made.
    pub checkpoint_at: Option<DateTime<Utc>>,
}

/// Where an entry goes in its chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditSeal {
    /// The entry.
    pub id: AuditEventId,
    /// 1, 2, 3 … without gaps.
    pub seq: i64,
    /// The hash of the entry before it.
    pub prev_hash: String,
    /// Its own hash.
    pub hash: String,
}

/// Who accessed what of which label, counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditTally {
    /// By whom.
    pub subject: String,
    /// The account, where the subject is a person.
    pub user_id: Option<UserId>,
    /// The account's address and name, where it still exists.
    pub person: Option<(String, String)>,
    /// To which kind of thing.
    pub resource_type: Option<String>,
    /// What was done.
    pub action: String,
    /// Of which label.
    pub data_classification: Option<String>,
    /// How many different things.
    pub resources: i64,
    /// How often it was allowed.
    pub allowed: i64,
    /// How often it was denied.
    pub denied: i64,
    /// The first time.
    pub first_at: DateTime<Utc>,
    /// The last time.
    pub last_at: DateTime<Utc>,
}

/// How often things of one label were accessed in one piece of time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditPiece {
    /// When the piece of time begins.
    pub at: DateTime<Utc>,
    /// Of which label.
    pub data_classification: Option<String>,
    /// How often it was allowed.
    pub allowed: i64,
    /// How often it was denied.
    pub denied: i64,
}
