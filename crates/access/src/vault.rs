//! The credential vault: storage keeps envelopes and wrapped keys, `secrets` opens them, nobody else sees a key.
//!
//! Each tenant has a key of its own, wrapped under the master key in a row of its own. A deleted organisation has none,
//! so whatever it sealed stays shut, whoever has a copy of the rows. What is unwrapped is remembered by the process, but
//! the row is read each time: a key that was forgotten anywhere opens nothing here from that moment on.

mod rotation;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use chrono::TimeDelta;
use conductor_domain::{NewSecret, OrganizationId, Scope, Secret, SecretId, UserId, WrappedKey};
use conductor_secrets::{KeyPlace, Keyring, Place, Sealed, TenantKey};
use conductor_storage::{Error as StorageError, Store};
use secrecy::SecretString;
use tokio::sync::Notify;

use crate::{Error, Result};

pub use rotation::{RotationState, Rotator, Step};

/// Unwrapped keys that a process remembers; a key service is asked again for more.
const REMEMBERED: usize = 4_096;
/// How long a retired key is kept for values that were sealed just before it retired and are written just after.
const GRACE: TimeDelta = TimeDelta::seconds(60);
/// How often somebody else may be faster in making a tenant's first key, or in moving a secret between two reads.
const ATTEMPTS: u32 = 4;

/// Seals and opens the secrets of tenants.
#[derive(Debug)]
pub struct Vault {
    store: Store,
    keys: Keyring,
    remembered: Mutex<HashMap<String, Arc<TenantKey>>>,
    grace: TimeDelta,
    /// Told when a rotation began in this process.
    begun: Notify,
}

/// A new value for a secret that exists, sealed.
#[derive(Clone, Debug)]
pub struct Resealed {
    /// The version it is sealed as: the one after the stored one.
    pub version: i32,
    /// The envelope.
    pub ciphertext: Vec<u8>,
    /// The tenant key that it is under.
    pub key_id: String,
}

impl Vault {
    /// A vault whose tenants' keys these master keys wrap.
    #[must_use]
    pub fn new(store: Store, keys: Keyring) -> Self {
        Self { store, keys, remembered: Mutex::default(), grace: GRACE, begun: Notify::new() }
    }

    /// The vault with another time for which retired keys are kept: for values that were sealed just before a key
    /// retired and are written just after.
    #[must_use]
    pub fn with_grace(mut self, grace: TimeDelta) -> Self {
        self.grace = grace;
        self
    }

    /// Seals a value for its row; the caller writes the row in the transaction of whatever points at it.
    ///
    /// # Errors
    /// `Keys` when the master key is out of reach; `Secret` when the value cannot be sealed.
    pub async fn seal(
        &self,
        scope: Scope,
        reference: &str,
        kind: &str,
        value: &str,
        by: Option<UserId>,
    ) -> Result<NewSecret> {
        let id = SecretId::generate(&**self.store.clock());
        let sealed = self.seal_at(scope, id, 1, reference, value).await?;
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

    /// Seals another value for a secret that exists; the caller replaces the row's.
    ///
    /// # Errors
    /// As `seal`; `Secret` also when there is none of this name, `Secrets` when that cannot be read.
    pub async fn reseal(&self, scope: Scope, reference: &str, value: &str) -> Result<Resealed> {
        let row = self.store.scoped(scope).secrets().find(reference).await.map_err(Error::Secrets)?;
        let row = row.ok_or_else(|| unreadable(reference))?;
        let version = row.version.checked_add(1).ok_or_else(|| unreadable(reference))?;
        let sealed = self.seal_at(scope, row.id, version, reference, value).await?;
        Ok(Resealed { version, key_id: sealed.key_id(), ciphertext: sealed.into_bytes() })
    }

    async fn seal_at(
        &self,
        scope: Scope,
        id: SecretId,
        version: i32,
        reference: &str,
        value: &str,
    ) -> Result<Sealed> {
        let place = place(scope.organization_id, id, version).ok_or_else(|| unreadable(reference))?;
        let key = self.sealing_key(scope).await?;
        key.seal(&place, value.as_bytes()).map_err(|_| unreadable(reference))
    }

    /// Opens a secret of a tenant.
    ///
    /// # Errors
    /// `Keys` when the master key is out of reach; `Secret` when there is none of this name, or it was moved or
    /// changed, or its tenant's key is gone; `Secrets` when it cannot be read.
    pub async fn open(&self, scope: Scope, reference: &str) -> Result<SecretString> {
        let mut before: Option<Secret> = None;
        for _ in 0..ATTEMPTS {
            let row = self.store.scoped(scope).secrets().find(reference).await.map_err(Error::Secrets)?;
            let row = row.ok_or_else(|| unreadable(reference))?;
            if let Some(opened) = self.open_row(scope, &row).await? {
                return Ok(opened);
            }
            // Its key is gone: a rotation may have moved it since it was read. Else it stays shut.
            if before.is_some_and(|before| before.key_id == row.key_id) {
                break;
            }
            before = Some(row);
        }
        tracing::error!(organization.id = %scope.organization_id, "a secret's key is gone");
        Err(unreadable(reference))
    }

    async fn open_row(&self, scope: Scope, row: &Secret) -> Result<Option<SecretString>> {
        let shut = |error: &conductor_secrets::Error| {
            tracing::error!(error = error as &dyn std::error::Error, "a secret cannot be opened");
            unreadable(&row.reference)
        };
        let place = place(scope.organization_id, row.id, row.version);
        let place = place.ok_or_else(|| unreadable(&row.reference))?;
        let sealed = Sealed::from_bytes(row.ciphertext.clone()).map_err(|error| shut(&error))?;
        if sealed.is_direct() {
            let opened = self.keys.open_direct_text(&place, &sealed);
            return opened.map(Some).map_err(|error| shut(&error));
        }
        // What the envelope says counts, and not the column beside it.
        let Some(key) = self.store.scoped(scope).tenant_keys().find(&sealed.key_id()).await? else {
            return Ok(None);
        };
        let key = self.unwrapped(&key).await?;
        key.open_text(&place, &sealed).map(Some).map_err(|error| shut(&error))
    }

    /// The key that a tenant's new values are sealed under, drawn where it has none.
    async fn sealing_key(&self, scope: Scope) -> Result<Arc<TenantKey>> {
        for _ in 0..ATTEMPTS {
            if let Some(active) = self.store.scoped(scope).tenant_keys().active().await? {
                return self.unwrapped(&active).await;
            }
            let (drawn, row) = self.draw(scope.organization_id).await?;
            let rows = self.store.scoped(scope);
            let written = rows
                .write(move |tx| {
                    Box::pin(async move {
                        // Nobody seals for an organisation that is gone.
                        tx.organization().get().await?;
                        tx.tenant_keys().replace(None, row).await
                    })
                })
                .await;
            match written {
                Ok(()) => return Ok(self.remember(drawn)),
                Err(StorageError::NameTaken { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(StorageError::Stale.into())
    }

    async fn draw(&self, organization_id: OrganizationId) -> Result<(TenantKey, WrappedKey)> {
        let drawn = TenantKey::draw(organization_id).map_err(Error::Keys)?;
        let row = WrappedKey {
            key_id: drawn.place().key_name(),
            organization_id,
            wrapped: self.keys.wrap(&drawn).await.map_err(Error::Keys)?,
            master_key_id: self.keys.current_id(),
            created_at: self.store.clock().now(),
            retired_at: None,
        };
        Ok((drawn, row))
    }

    async fn unwrapped(&self, row: &WrappedKey) -> Result<Arc<TenantKey>> {
        let known = self.remembered.lock().unwrap_or_else(PoisonError::into_inner).get(&row.key_id).cloned();
        if let Some(known) = known.filter(|key| key.place().organization_id == row.organization_id) {
            return Ok(known);
        }
        let key_id = u64::from_str_radix(&row.key_id, 16).map(u64::to_be_bytes).map_err(|_| lost(row))?;
        let place = KeyPlace { organization_id: row.organization_id, key_id };
        let key = self.keys.unwrap(&place, &row.master_key_id, &row.wrapped).await;
        let key = key.map_err(|error| {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                organization.id = %row.organization_id,
                "a tenant's key cannot be unwrapped"
            );
            match error {
                conductor_secrets::Error::Tampered | conductor_secrets::Error::NotSealed => lost(row),
                error => Error::Keys(error),
            }
        })?;
        Ok(self.remember(key))
    }

    fn remember(&self, key: TenantKey) -> Arc<TenantKey> {
        let (name, key) = (key.place().key_name(), Arc::new(key));
        let mut remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        if remembered.len() >= REMEMBERED {
            remembered.clear();
        }
        remembered.insert(name, Arc::clone(&key));
        key
    }
}

fn place(organization_id: OrganizationId, secret_id: SecretId, version: i32) -> Option<Place> {
    let version = u32::try_from(version).ok()?;
    Some(Place { organization_id, secret_id, version })
}

fn lost(row: &WrappedKey) -> Error {
    unreadable(&format!("tenant_key:{}", row.key_id))
}

fn unreadable(reference: &str) -> Error {
    Error::Secret { reference: reference.to_owned() }
}
