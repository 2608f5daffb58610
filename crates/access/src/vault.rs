//! The credential vault: storage keeps envelopes, `secrets` opens them, nobody else sees the key.

use conductor_domain::{NewSecret, Scope, SecretId, UserId};
use conductor_secrets::{Keyring, Place, Sealed};
use conductor_storage::Store;
use secrecy::SecretString;

use crate::{Error, Result};

/// Seals and opens the secrets of tenants.
#[derive(Debug)]
pub struct Vault {
    store: Store,
    keys: Keyring,
}

impl Vault {
    /// A vault whose envelopes these keys wrap.
    #[must_use]
    pub fn new(store: Store, keys: Keyring) -> Self {
        Self { store, keys }
    }

    /// Seals a value for its row; the caller writes the row in the transaction of whatever points at it.
    ///
    /// # Errors
    /// `Secret` when the value cannot be sealed.
    pub fn seal(
        &self,
        scope: Scope,
        reference: &str,
        kind: &str,
        value: &str,
        by: Option<UserId>,
    ) -> Result<NewSecret> {
        let id = SecretId::generate(&**self.store.clock());
        let place = Place { organization_id: scope.organization_id, secret_id: id, version: 1 };
        let sealed = self.keys.seal(&place, value.as_bytes()).map_err(|_| unreadable(reference))?;
        Ok(NewSecret {
            id,
            reference: reference.to_owned(),
            version: 1,
            key_id: sealed.key_id(),
            ciphertext: sealed.into_bytes(),
            kind: kind.to_owned(),
            created_by: by,
            expires_at: None,
        })
    }

    /// Opens a secret of a tenant.
    ///
    /// # Errors
    /// `Secret` when there is none of this name, or it was moved or changed.
    pub async fn open(&self, scope: Scope, reference: &str) -> Result<SecretString> {
        let row = self.store.scoped(scope).secrets().find(reference).await?;
        let row = row.ok_or_else(|| unreadable(reference))?;
        let version = u32::try_from(row.version).map_err(|_| unreadable(reference))?;
        let place = Place { organization_id: scope.organization_id, secret_id: row.id, version };
        let sealed = Sealed::from_bytes(row.ciphertext).map_err(|_| unreadable(reference))?;
        self.keys.open_text(&place, &sealed).map_err(|error| {
            tracing::error!(error = &error as &dyn std::error::Error, "a secret cannot be opened");
            unreadable(reference)
        })
    }
}

fn unreadable(reference: &str) -> Error {
    Error::Secret { reference: reference.to_owned() }
}
