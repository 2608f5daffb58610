//! The master keys at hand: one that wraps, and all that may have wrapped before.

use std::sync::Arc;

use secrecy::{SecretSlice, SecretString};

use crate::{
    Error, KeyEncryption, KeyPlace, LocalKey, Place, Sealed, TenantKey,
    tenant::{data_key_under_master, open_body, text},
};

/// The current master key and the old ones that some tenants' keys may still be wrapped under.
#[derive(Clone, Debug)]
pub struct Keyring {
    current: Arc<dyn KeyEncryption>,
    old: Vec<Arc<dyn KeyEncryption>>,
    /// For values that the first version sealed under a master key itself.
    local: Vec<LocalKey>,
}

impl Keyring {
    /// A ring of one key that lives in a file or in configuration.
    #[must_use]
    pub fn new(current: LocalKey) -> Self {
        Self { current: Arc::new(current.clone()), old: Vec::new(), local: vec![current] }
    }

    /// A ring of one key that lives elsewhere.
    #[must_use]
    pub const fn under(current: Arc<dyn KeyEncryption>) -> Self {
        Self { current, old: Vec::new(), local: Vec::new() }
    }

    /// The ring with one more key to unwrap with, never to wrap with.
    #[must_use]
    pub fn with_old(mut self, key: LocalKey) -> Self {
        self.old.push(Arc::new(key.clone()));
        self.local.push(key);
        self
    }

    /// The same for a key that lives elsewhere.
    #[must_use]
    pub fn with_old_elsewhere(mut self, key: Arc<dyn KeyEncryption>) -> Self {
        self.old.push(key);
        self
    }

    /// The name of the key that wraps.
    #[must_use]
    pub fn current_id(&self) -> String {
        self.current.id()
    }

    /// What the key that wraps is: `local` or `aws_kms`.
    #[must_use]
    pub fn current_kind(&self) -> &'static str {
        self.current.kind()
    }

    /// Wraps a tenant's key under the current master key.
    ///
    /// # Errors
    /// As the key's own `wrap`.
    pub async fn wrap(&self, key: &TenantKey) -> Result<Vec<u8>, Error> {
        self.current.wrap(key.place(), key.expose()).await
    }

    /// Unwraps a tenant's key with the master key that wrapped it.
    ///
    /// # Errors
    /// `UnknownKey` when that one is not at hand; else as the key's own `unwrap`.
    pub async fn unwrap(
        &self,
        place: &KeyPlace,
        master_id: &str,
        wrapped: &[u8],
    ) -> Result<TenantKey, Error> {
        let mut all = std::iter::once(&self.current).chain(&self.old);
        let master = all.find(|key| key.id() == master_id);
        let master = master.ok_or_else(|| Error::UnknownKey { key_id: master_id.to_owned() })?;
        Ok(TenantKey::unwrapped(*place, master.unwrap(place, wrapped).await?))
    }

    /// Decrypts a text that the first version sealed, under a master key itself.
    ///
    /// # Errors
    /// `UnknownKey`; `Tampered` when it was altered or belongs to another place; `NotText`.
    pub fn open_direct_text(&self, place: &Place, sealed: &Sealed) -> Result<SecretString, Error> {
        text(&self.open_direct(place, sealed)?)
    }

    /// Decrypts a value that the first version sealed, under a master key itself.
    ///
    /// # Errors
    /// `UnknownKey`, or `Tampered` when it was altered or belongs to another place.
    pub fn open_direct(&self, place: &Place, sealed: &Sealed) -> Result<SecretSlice<u8>, Error> {
        let data_key = data_key_under_master(place, sealed, self.local(sealed)?.expose())?;
        open_body(place, sealed, &data_key)
    }

    /// Moves a value that the first version sealed under the key of its tenant.
    ///
    /// # Errors
    /// As `open_direct`, and `Random`.
    pub fn adopt_direct(&self, place: &Place, sealed: &Sealed, key: &TenantKey) -> Result<Sealed, Error> {
        let data_key = data_key_under_master(place, sealed, self.local(sealed)?.expose())?;
        key.adopt_data_key(place, sealed, &data_key)
    }

    fn local(&self, sealed: &Sealed) -> Result<&LocalKey, Error> {
        let found = self.local.iter().find(|key| key.raw_id() == sealed.raw_key_id());
        found.ok_or_else(|| Error::UnknownKey { key_id: sealed.key_id() })
    }
}
