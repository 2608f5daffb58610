//! The port to the master key: what encrypts the keys of tenants, wherever it lives.

use std::fmt;

use async_trait::async_trait;
use conductor_domain::OrganizationId;
use zeroize::Zeroizing;

use crate::{
    Error, LocalKey,
    cipher::{decrypt, encrypt, random},
    key::hex,
    sealed::{NONCE, WRAPPED},
};

/// Which tenant key is wrapped. A wrapped key unwraps only as the key of its own tenant and under its own name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyPlace {
    /// The tenant.
    pub organization_id: OrganizationId,
    /// The tenant key.
    pub key_id: [u8; 8],
}

impl KeyPlace {
    /// The key's name, as columns hold it: 16 hexadecimal digits.
    #[must_use]
    pub fn key_name(&self) -> String {
        hex(self.key_id)
    }
}

/// A master key. It wraps and unwraps the keys of tenants and never sees a secret.
#[async_trait]
pub trait KeyEncryption: fmt::Debug + Send + Sync {
    /// The name by which wrapped keys refer to it: 16 hexadecimal digits that tell nothing about it.
    fn id(&self) -> String;

    /// What it is, for people: `local` or `aws_kms`.
    fn kind(&self) -> &'static str;

    /// Wraps a tenant's key.
    ///
    /// # Errors
    /// `Random`, or `Kms` when the key service does not answer or refuses.
    async fn wrap(&self, place: &KeyPlace, key: &[u8; 32]) -> Result<Vec<u8>, Error>;

    /// Unwraps a tenant's key.
    ///
    /// # Errors
    /// `Tampered` when it was altered or belongs to another place; `Kms`.
    async fn unwrap(&self, place: &KeyPlace, wrapped: &[u8]) -> Result<Zeroizing<[u8; 32]>, Error>;
}

/// Says how the rest is to be read.
const FORMAT: u8 = 1;

impl LocalKey {
    fn bound_to(&self, place: &KeyPlace) -> Vec<u8> {
        let tenant = place.organization_id.as_uuid();
        [b"conductor tenant key 1", &self.raw_id()[..], tenant.as_bytes(), &place.key_id].concat()
    }
}

#[async_trait]
impl KeyEncryption for LocalKey {
    fn id(&self) -> String {
        Self::id(self)
    }

    fn kind(&self) -> &'static str {
        "local"
    }

    async fn wrap(&self, place: &KeyPlace, key: &[u8; 32]) -> Result<Vec<u8>, Error> {
        let nonce = random::<NONCE>()?;
        let wrapped = encrypt(self.expose(), &nonce, key, &self.bound_to(place))?;
        Ok([&[FORMAT], &nonce[..], &wrapped].concat())
    }

    async fn unwrap(&self, place: &KeyPlace, wrapped: &[u8]) -> Result<Zeroizing<[u8; 32]>, Error> {
        let rest = wrapped.strip_prefix(&[FORMAT]).filter(|rest| rest.len() == NONCE + WRAPPED);
        let (nonce, wrapped) = rest.ok_or(Error::NotSealed)?.split_at(NONCE);
        let key = decrypt(self.expose(), nonce, wrapped, &self.bound_to(place))?;
        let exact: [u8; 32] = key.as_slice().try_into().map_err(|_| Error::Tampered)?;
        Ok(Zeroizing::new(exact))
    }
}
