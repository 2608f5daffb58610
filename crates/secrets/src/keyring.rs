//! Sealing and opening: a data key per secret, wrapped under the current key, opened under any that is at hand.

use chacha20poly1305::{
    Key, XChaCha20Poly1305, XNonce,
    aead::{Aead, KeyInit, Payload},
};
use conductor_domain::{OrganizationId, SecretId};
use rand::{TryRngCore, rngs::OsRng};
use secrecy::{ExposeSecret, SecretSlice, SecretString};
use zeroize::Zeroizing;

use crate::{Error, LocalKey, Sealed, sealed::NONCE};

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

/// The current key and the old ones that some rows may still be sealed under.
#[derive(Clone, Debug)]
pub struct Keyring {
    current: LocalKey,
    old: Vec<LocalKey>,
}

impl Keyring {
    /// A ring of one key.
    #[must_use]
    pub const fn new(current: LocalKey) -> Self {
        Self { current, old: Vec::new() }
    }

    /// The ring with one more key to open with, never to seal with.
    #[must_use]
    pub fn with_old(mut self, key: LocalKey) -> Self {
        self.old.push(key);
        self
    }

    /// The id of the key that new values are sealed under, for the `key_id` column.
    #[must_use]
    pub fn current_id(&self) -> String {
        self.current.id()
    }

    /// Whether the value is under an old key and wants `rewrap`.
    #[must_use]
    pub fn is_stale(&self, sealed: &Sealed) -> bool {
        sealed.raw_key_id() != self.current.raw_id()
    }

    /// Encrypts a value under a new data key, and that under the current key.
    ///
    /// # Errors
    /// `Random`, when the machine gives no random bytes.
    pub fn seal(&self, place: &Place, plaintext: &[u8]) -> Result<Sealed, Error> {
        let data_key = random::<32>()?;
        let nonce = random::<NONCE>()?;
        let body = encrypt(&data_key, &nonce, plaintext, &place.bytes(b"conductor secret 1", &[]))?;
        self.wrap(place, &data_key, &*nonce, &body)
    }

    /// Decrypts a value.
    ///
    /// # Errors
    /// `UnknownKey`, or `Tampered` when it was altered or belongs to another place.
    pub fn open(&self, place: &Place, sealed: &Sealed) -> Result<SecretSlice<u8>, Error> {
        let data_key = self.unwrap(place, sealed)?;
        let aad = place.bytes(b"conductor secret 1", &[]);
        Ok(decrypt(&data_key, sealed.body_nonce(), sealed.body(), &aad)?.to_vec().into())
    }

    /// Decrypts a value that is text.
    ///
    /// # Errors
    /// As `open`, and `NotText`.
    pub fn open_text(&self, place: &Place, sealed: &Sealed) -> Result<SecretString, Error> {
        let bytes = self.open(place, sealed)?;
        let text = std::str::from_utf8(bytes.expose_secret()).map_err(|_| Error::NotText)?;
        Ok(SecretString::from(text))
    }

    /// Moves a value under the current key. The value itself is not decrypted; the data key alone is wrapped anew.
    ///
    /// # Errors
    /// As `open`, and `Random`.
    pub fn rewrap(&self, place: &Place, sealed: &Sealed) -> Result<Sealed, Error> {
        let data_key = self.unwrap(place, sealed)?;
        self.wrap(place, &data_key, sealed.body_nonce(), sealed.body())
    }

    fn wrap(
        &self,
        place: &Place,
        data_key: &[u8; 32],
        body_nonce: &[u8],
        body: &[u8],
    ) -> Result<Sealed, Error> {
        let key_id = self.current.raw_id();
        let nonce = random::<NONCE>()?;
        let aad = place.bytes(b"conductor data key 1", &key_id);
        let wrapped = encrypt(self.current.expose(), &nonce, data_key, &aad)?;
        Ok(Sealed::assemble(key_id, &*nonce, &wrapped, body_nonce, body))
    }

    fn unwrap(&self, place: &Place, sealed: &Sealed) -> Result<Zeroizing<[u8; 32]>, Error> {
        let key_id = sealed.raw_key_id();
        let key = std::iter::once(&self.current)
            .chain(&self.old)
            .find(|key| key.raw_id() == key_id)
            .ok_or_else(|| Error::UnknownKey { key_id: sealed.key_id() })?;
        let aad = place.bytes(b"conductor data key 1", &key_id);
        let data_key = decrypt(key.expose(), sealed.wrap_nonce(), sealed.wrapped(), &aad)?;
        let exact: [u8; 32] = data_key.as_slice().try_into().map_err(|_| Error::Tampered)?;
        Ok(Zeroizing::new(exact))
    }
}

fn random<const N: usize>() -> Result<Zeroizing<[u8; N]>, Error> {
    let mut bytes = Zeroizing::new([0; N]);
    OsRng.try_fill_bytes(&mut *bytes).map_err(|source| Error::Random { source })?;
    Ok(bytes)
}

fn encrypt(key: &[u8; 32], nonce: &[u8; NONCE], msg: &[u8], aad: &[u8]) -> Result<Vec<u8>, Error> {
    // It fails only on messages of more than 256 GiB.
    XChaCha20Poly1305::new(&Key::from(*key))
        .encrypt(&XNonce::from(*nonce), Payload { msg, aad })
        .map_err(|_| Error::NotSealed)
}

fn decrypt(key: &[u8; 32], nonce: &[u8], msg: &[u8], aad: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
    let nonce: [u8; NONCE] = nonce.try_into().map_err(|_| Error::NotSealed)?;
    XChaCha20Poly1305::new(&Key::from(*key))
        .decrypt(&XNonce::from(nonce), Payload { msg, aad })
        .map(Zeroizing::new)
        .map_err(|_| Error::Tampered)
}
