//! Sealing and opening: a data key per secret, wrapped under the key of its tenant.

use std::fmt;

use conductor_domain::{OrganizationId, SecretId};
use secrecy::{ExposeSecret, SecretSlice, SecretString};
use zeroize::Zeroizing;

use crate::{
    Error, KeyPlace, Sealed,
    cipher::{decrypt, encrypt, random},
    key::hex,
    sealed::{DIRECT, NONCE, TENANT},
};

/// Where a secret belongs. A sealed value opens only at its own place: a row copied to another tenant, secret or
/// version stays shut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The tenant.
    pub organization_id: OrganizationId,
    /// The secret.
    pub secret_id: SecretId,
    /// 1, 2, 3 … with each new value, so that an old value cannot be put back unseen.
    pub version: u32,
}

impl Place {
    /// What is authenticated beside the ciphertext; every field has a fixed width, so no two places look alike.
    fn bytes(&self, purpose: &[u8], key_id: &[u8]) -> Vec<u8> {
        let (tenant, secret) = (self.organization_id.as_uuid(), self.secret_id.as_uuid());
        [purpose, key_id, tenant.as_bytes(), secret.as_bytes(), &self.version.to_be_bytes()].concat()
    }
}

/// The key of one tenant, unwrapped. Who forgets its wrapped form can never open the tenant's secrets again.
pub struct TenantKey {
    place: KeyPlace,
    bytes: Zeroizing<[u8; 32]>,
}

impl TenantKey {
    /// Draws a key for a tenant.
    ///
    /// # Errors
    /// `Random`, when the machine gives no random bytes.
    pub fn draw(organization_id: OrganizationId) -> Result<Self, Error> {
        let place = KeyPlace { organization_id, key_id: *random::<8>()? };
        Ok(Self { place, bytes: random::<32>()? })
    }

    pub(crate) const fn unwrapped(place: KeyPlace, bytes: Zeroizing<[u8; 32]>) -> Self {
        Self { place, bytes }
    }

    /// Whose it is and what it is called.
    #[must_use]
    pub const fn place(&self) -> &KeyPlace {
        &self.place
    }

    pub(crate) fn expose(&self) -> &[u8; 32] {
        &self.bytes
    }

    /// Encrypts a value under a new data key, and that under this key.
    ///
    /// # Errors
    /// `Random`; `Tampered` for a place of another tenant.
    pub fn seal(&self, place: &Place, plaintext: &[u8]) -> Result<Sealed, Error> {
        let data_key = random::<32>()?;
        let nonce = random::<NONCE>()?;
        let body = encrypt(&data_key, &nonce, plaintext, &place.bytes(BODY, &[]))?;
        self.wrap(place, &data_key, &*nonce, &body)
    }

    /// Decrypts a value.
    ///
    /// # Errors
    /// `UnknownKey` when it is under another key; `Tampered` when it was altered or belongs to another place.
    pub fn open(&self, place: &Place, sealed: &Sealed) -> Result<SecretSlice<u8>, Error> {
        open_body(place, sealed, &*self.data_key(place, sealed)?)
    }

    /// Decrypts a value that is text.
    ///
    /// # Errors
    /// As `open`, and `NotText`.
    pub fn open_text(&self, place: &Place, sealed: &Sealed) -> Result<SecretString, Error> {
        text(&self.open(place, sealed)?)
    }

    /// Moves a value from another key of the tenant under this one. The value itself is not decrypted; the data key
    /// alone is wrapped anew.
    ///
    /// # Errors
    /// As `open` of the other key, and `Random`.
    pub fn adopt(&self, place: &Place, sealed: &Sealed, from: &Self) -> Result<Sealed, Error> {
        self.adopt_data_key(place, sealed, &*from.data_key(place, sealed)?)
    }

    pub(crate) fn adopt_data_key(
        &self,
        place: &Place,
        sealed: &Sealed,
        data_key: &[u8; 32],
    ) -> Result<Sealed, Error> {
        // A header is only as good as the body behind it: what does not open is not carried on as if it did.
        open_body(place, sealed, data_key)?;
        self.wrap(place, data_key, sealed.body_nonce(), sealed.body())
    }

    fn wrap(
        &self,
        place: &Place,
        data_key: &[u8; 32],
        body_nonce: &[u8],
        body: &[u8],
    ) -> Result<Sealed, Error> {
        if place.organization_id != self.place.organization_id {
            return Err(Error::Tampered);
        }
        let nonce = random::<NONCE>()?;
        let aad = place.bytes(UNDER_TENANT, &self.place.key_id);
        let wrapped = encrypt(&self.bytes, &nonce, data_key, &aad)?;
        Ok(Sealed::assemble(TENANT, self.place.key_id, &*nonce, &wrapped, body_nonce, body))
    }

    fn data_key(&self, place: &Place, sealed: &Sealed) -> Result<Zeroizing<[u8; 32]>, Error> {
        if sealed.format() != TENANT || sealed.raw_key_id() != self.place.key_id {
            return Err(Error::UnknownKey { key_id: sealed.key_id() });
        }
        unwrap_data_key(place, sealed, &self.bytes, UNDER_TENANT)
    }
}

impl fmt::Debug for TenantKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TenantKey").field("id", &hex(self.place.key_id)).finish_non_exhaustive()
    }
}

const BODY: &[u8] = b"conductor secret 1";
/// The data key of a value that was sealed before there were keys of tenants.
const UNDER_MASTER: &[u8] = b"conductor data key 1";
const UNDER_TENANT: &[u8] = b"conductor data key 2";

/// The data key of a value that the master key itself wraps, as the first version did.
pub(crate) fn data_key_under_master(
    place: &Place,
    sealed: &Sealed,
    master: &[u8; 32],
) -> Result<Zeroizing<[u8; 32]>, Error> {
    if sealed.format() != DIRECT {
        return Err(Error::UnknownKey { key_id: sealed.key_id() });
    }
    unwrap_data_key(place, sealed, master, UNDER_MASTER)
}

fn unwrap_data_key(
    place: &Place,
    sealed: &Sealed,
    key: &[u8; 32],
    purpose: &[u8],
) -> Result<Zeroizing<[u8; 32]>, Error> {
    let aad = place.bytes(purpose, &sealed.raw_key_id());
    let data_key = decrypt(key, sealed.wrap_nonce(), sealed.wrapped(), &aad)?;
    let exact: [u8; 32] = data_key.as_slice().try_into().map_err(|_| Error::Tampered)?;
    Ok(Zeroizing::new(exact))
}

pub(crate) fn open_body(
    place: &Place,
    sealed: &Sealed,
    data_key: &[u8; 32],
) -> Result<SecretSlice<u8>, Error> {
    Ok(decrypt(data_key, sealed.body_nonce(), sealed.body(), &place.bytes(BODY, &[]))?.to_vec().into())
}

pub(crate) fn text(bytes: &SecretSlice<u8>) -> Result<SecretString, Error> {
    let text = std::str::from_utf8(bytes.expose_secret()).map_err(|_| Error::NotText)?;
    Ok(SecretString::from(text))
}
