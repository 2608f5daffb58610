//! An entry in the form that is hashed: every column that says something, as RFC 8785 writes it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use conductor_domain::{AuditEvent, PSEUDONYMISED, canonical_json, sha256_hex};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use uuid::Uuid;

/// What the first entry of a chain follows.
pub const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// An entry, its members in the order of RFC 8785. With its hashes it is a line of an export, without them it is what
/// the hash is of.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    action: String,
    context: Box<RawValue>,
    data_classification: Option<String>,
    decision: String,
    denial_reason: Option<String>,
    environment_id: Option<Uuid>,
    event_data: Box<RawValue>,
    event_type: String,
    /// Its own hash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hash: Option<String>,
    /// The row.
    pub id: Uuid,
    ip_address: Option<String>,
    /// The tenant.
    pub organization_id: Uuid,
    /// What it says of people, which is no part of what is hashed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    personal: Option<Box<RawValue>>,
    /// The hashes of what it says, or said, of people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    personal_hash: Option<Box<RawValue>>,
    /// The hash of the entry before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prev_hash: Option<String>,
    resource_id: Option<Uuid>,
    resource_type: Option<String>,
    rule_id: Option<String>,
    run_id: Option<Uuid>,
    /// Its place in the chain.
    pub seq: Option<i64>,
    subject: String,
    target: String,
    ts: DateTime<Utc>,
    user_id: Option<Uuid>,
}

impl Entry {
    /// The hash of this entry in place `seq` behind an entry with the hash `previous`:
    /// SHA-256 over the previous hash (64 hexadecimal digits), then the canonical JSON of the entry without its hashes.
    #[must_use]
    pub fn hash_in(&mut self, seq: i64, previous: &str) -> String {
        let (hash, prev_hash, personal) = (self.hash.take(), self.prev_hash.take(), self.personal.take());
        let kept = self.seq.replace(seq);
        let mut text = previous.to_owned();
        // Nothing in an entry can fail to be written; were it so, the hash would be of nothing and never match.
        text.push_str(&serde_json::to_string(self).unwrap_or_default());
        (self.hash, self.prev_hash, self.personal, self.seq) = (hash, prev_hash, personal, kept);
        sha256_hex(text)
    }

    /// The person after whose `account.pseudonymised` entry a chain may withhold what it said of them.
    pub(crate) fn pseudonymises(&self) -> Option<Uuid> {
        self.resource_id.filter(|_| self.event_type == PSEUDONYMISED)
    }

    /// Of whom it says nothing any more.
    ///
    /// # Errors
    /// What is wrong, where what it says of people is not what was sealed.
    pub(crate) fn withheld(&self) -> Result<Vec<Uuid>, &'static str> {
        let Some(hashes) = &self.personal_hash else {
            return match self.personal {
                None => Ok(Vec::new()),
                Some(_) => Err("it says of people what was never sealed"),
            };
        };
        let unreadable = "what it says of people cannot be read";
        let hashes: BTreeMap<Uuid, String> = serde_json::from_str(hashes.get()).map_err(|_| unreadable)?;
        let parts: BTreeMap<Uuid, Box<RawValue>> = match &self.personal {
            Some(parts) => serde_json::from_str(parts.get()).map_err(|_| unreadable)?,
            None => BTreeMap::new(),
        };
        if parts.iter().any(|(user, part)| hashes.get(user) != Some(&sha256_hex(part.get()))) {
            return Err("what it says of a person does not match its hash");
        }
        Ok(hashes.into_keys().filter(|user| !parts.contains_key(user)).collect())
    }
}

impl From<AuditEvent> for Entry {
    fn from(event: AuditEvent) -> Self {
        let raw = |value| RawValue::from_string(canonical_json(&value)).unwrap_or_default();
        Self {
            action: event.action,
            context: raw(event.context),
            data_classification: event.data_classification,
            decision: event.decision,
            denial_reason: event.denial_reason,
            environment_id: event.environment_id.map(Into::into),
            event_data: raw(event.event_data),
            event_type: event.event_type,
            hash: event.hash,
            id: event.id.into(),
            ip_address: event.ip_address,
            organization_id: event.organization_id.into(),
            personal: event.personal.map(raw),
            personal_hash: event.personal_hash.map(raw),
            prev_hash: event.prev_hash,
            resource_id: event.resource_id,
            resource_type: event.resource_type,
            rule_id: event.rule_id,
            run_id: event.run_id.map(Into::into),
            seq: event.seq,
            subject: event.subject,
            target: event.target,
            ts: event.ts,
            user_id: event.user_id.map(Into::into),
        }
    }
}

#[cfg(test)]
mod tests {
    use conductor_domain::AuditEventId;
    use serde_json::{Value, json};

    use super::*;

    fn event() -> AuditEvent {
        AuditEvent {
            id: AuditEventId::from_uuid(Uuid::from_u128(7)),
            organization_id: Uuid::from_u128(1).into(),
            environment_id: None,
            event_type: "agent.created".to_owned(),
            subject: "user:ada".to_owned(),
            user_id: None,
            action: "agent.create".to_owned(),
            target: "agent:\u{e9}\n".to_owned(),
            decision: "allow".to_owned(),
            rule_id: None,
            resource_type: Some("agent".to_owned()),
            resource_id: Some(Uuid::from_u128(9)),
            data_classification: None,
            ip_address: None,
            denial_reason: None,
            run_id: None,
            event_data: json!({ "b": 1.0, "a": [true, null] }),
            context: json!({}),
            personal: None,
            personal_hash: None,
            ts: DateTime::from_timestamp_micros(1_800_000_000_123_456).unwrap(),
            seq: None,
            prev_hash: None,
            hash: None,
        }
    }

    #[test]
    fn the_hashed_text_is_canonical_json() {
        let mut entry = Entry::from(event());
        entry.seq = Some(3);
        let text = serde_json::to_string(&entry).unwrap();
        let value: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(text, canonical_json(&value));
        assert_eq!(entry.hash_in(3, GENESIS), sha256_hex(format!("{GENESIS}{text}")));
    }

    #[test]
    fn place_and_predecessor_are_part_of_the_hash() {
        let mut entry = Entry::from(event());
        let hash = entry.hash_in(3, GENESIS);
        assert_ne!(hash, entry.hash_in(4, GENESIS));
        assert_ne!(hash, entry.hash_in(3, &hash));
        entry.hash = Some(hash.clone());
        entry.prev_hash = Some(GENESIS.to_owned());
        assert_eq!(hash, entry.hash_in(3, GENESIS), "stored hashes take no part");
        let line = serde_json::to_string(&entry).unwrap();
        let mut read: Entry = serde_json::from_str(&line).unwrap();
        assert_eq!(hash, read.hash_in(3, GENESIS), "an exported line hashes alike");
    }
}
