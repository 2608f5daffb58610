//! The wrapped keys of tenants, and the rotation that replaces them all while everything stays readable.

use chrono::{DateTime, Utc};

use crate::{KeyRotationId, OrganizationId, UserId, classification::words};

/// The key of one tenant, as it lies in storage: wrapped under a master key that is not there.
#[derive(Clone, PartialEq, Eq)]
pub struct WrappedKey {
    /// Its name, 16 hexadecimal digits; sealed secrets name it.
    pub key_id: String,
    /// The tenant; the key unwraps as no other tenant's.
    pub organization_id: OrganizationId,
    /// What the master key made of it.
    pub wrapped: Vec<u8>,
    /// Which master key that was.
    pub master_key_id: String,
    /// When it was drawn.
    pub created_at: DateTime<Utc>,
    /// Since when nothing new is sealed under it; `None` for the tenant's current one.
    pub retired_at: Option<DateTime<Utc>>,
}

impl std::fmt::Debug for WrappedKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WrappedKey")
            .field("key_id", &self.key_id)
            .field("master_key_id", &self.master_key_id)
            .finish_non_exhaustive()
    }
}

/// How a rotation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RotationStatus {
    /// Some process works on it, or will when one is there.
    Running,
    /// Nothing is under an older key any more, except what could not be opened.
    Finished,
    /// The master key changed once more before it ended, and another one took its place.
    Superseded,
}

words!(RotationStatus { Running = "running", Finished = "finished", Superseded = "superseded" });

/// The replacement of every tenant's key by one under the current master key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRotation {
    /// The rotation.
    pub id: KeyRotationId,
    /// The master key that everything goes under.
    pub master_key_id: String,
    /// How it stands.
    pub status: RotationStatus,
    /// Who asked for it; `None` for an operator's shell.
    pub started_by: Option<UserId>,
    /// When it began; keys drawn before are replaced.
    pub started_at: DateTime<Utc>,
    /// When it ended.
    pub finished_at: Option<DateTime<Utc>>,
    /// Secrets that could not be opened and stay where they are.
    pub failed: i64,
}

/// What there is to rotate, counted now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeyCensus {
    /// Secrets of every tenant.
    pub secrets: u64,
    /// Those under their tenant's current key, where that is as the count was asked for.
    pub secrets_current: u64,
    /// Tenants' current keys.
    pub keys: u64,
    /// Those that are as the count was asked for.
    pub keys_current: u64,
    /// Keys that nothing new is sealed under and that are not removed yet.
    pub keys_retired: u64,
}
