//! Secrets as they lie in storage, and the provider keys that point at them.

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::{ApiKeyId, Scope, SecretId, UserId};

/// An encrypted value; its plain text exists only in the vault.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret {
    /// The row; part of what the ciphertext is bound to.
    pub id: SecretId,
    /// The tenant; part of what the ciphertext is bound to.
    pub scope: Scope,
    /// The name other rows point at, unique in the organisation.
    pub reference: String,
    /// Counts rotations; part of what the ciphertext is bound to.
    pub version: i32,
    /// The envelope.
    pub ciphertext: Vec<u8>,
    /// The key that wraps the envelope.
    pub key_id: String,
    /// `api_key`, `bearer`, `basic`, `oauth2`, `custom` and the like.
    pub kind: String,
    /// When it stops being usable.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was stored.
    pub created_at: DateTime<Utc>,
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Secret").field("id", &self.id).field("version", &self.version).finish_non_exhaustive()
    }
}

/// A secret to be stored, encrypted already.
#[derive(Clone)]
pub struct NewSecret {
    /// The id that the ciphertext is bound to.
    pub id: SecretId,
    /// The name, unique in the organisation.
    pub reference: String,
    /// The version that the ciphertext is bound to; 1 at first.
    pub version: i32,
    /// The envelope.
    pub ciphertext: Vec<u8>,
    /// The key that wraps the envelope.
    pub key_id: String,
    /// What it is.
    pub kind: String,
    /// Who entered it.
    pub created_by: Option<UserId>,
    /// When it stops being usable.
    pub expires_at: Option<DateTime<Utc>>,
}

impl std::fmt::Debug for NewSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewSecret")
            .field("id", &self.id)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

/// A provider key that a user entered; its value is the secret it points at.
#[derive(Clone, Debug, PartialEq)]
pub struct ApiKey {
    /// The row.
    pub id: ApiKeyId,
    /// The tenant.
    pub scope: Scope,
    /// Whose it is.
    pub user_id: UserId,
    /// What the user calls it.
    pub name: String,
    /// `anthropic`, `openai`, `azure` or `openai_compatible`.
    pub provider: String,
    /// The end of the value, for recognition.
    pub last_four: String,
    /// The secret.
    pub secret_ref: String,
    /// Where the provider is, unless it is the usual place.
    pub base_url: Option<String>,
    /// Model ids it serves, a JSON array; empty for those of the catalogue.
    pub models: Value,
    /// When a model call last used it.
    pub last_used_at: Option<DateTime<Utc>>,
    /// Whether it is used.
    pub is_active: bool,
    /// 1, and one more with each value that took the place of another.
    pub version: i32,
    /// When its present value took the place of another.
    pub rotated_at: Option<DateTime<Utc>>,
    /// When it was entered.
    pub created_at: DateTime<Utc>,
}

impl ApiKey {
    /// Since when it has its present value.
    #[must_use]
    pub fn valued_at(&self) -> DateTime<Utc> {
        self.rotated_at.unwrap_or(self.created_at)
    }
}

/// A provider key to be stored.
#[derive(Clone, Debug, PartialEq)]
pub struct NewApiKey {
    /// The row.
    pub id: ApiKeyId,
    /// Whose it is.
    pub user_id: UserId,
    /// What the user calls it.
    pub name: String,
    /// The provider.
    pub provider: String,
    /// A hash of the value, for recognition.
    pub key_hash: String,
    /// The end of the value.
    pub last_four: String,
    /// The secret.
    pub secret_ref: String,
    /// Where the provider is.
    pub base_url: Option<String>,
    /// Model ids, a JSON array.
    pub models: Value,
}
