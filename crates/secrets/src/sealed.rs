//! The bytes of a sealed secret, as a database keeps them.

use std::fmt;

use crate::{Error, key::hex};

/// One sealed secret: format, key id, wrapped data key, ciphertext. Safe to store and to log the size of.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed(Vec<u8>);

/// The data key is wrapped under a master key itself, as the first version did.
pub(crate) const DIRECT: u8 = 1;
/// The data key is wrapped under the key of the tenant.
pub(crate) const TENANT: u8 = 2;
pub(crate) const NONCE: usize = 24;
pub(crate) const TAG: usize = 16;
pub(crate) const WRAPPED: usize = 32 + TAG;
const KEY_ID: usize = 1;
const WRAP_NONCE: usize = KEY_ID + 8;
const WRAP: usize = WRAP_NONCE + NONCE;
const BODY_NONCE: usize = WRAP + WRAPPED;
const BODY: usize = BODY_NONCE + NONCE;

impl Sealed {
    /// Takes the bytes of a row.
    ///
    /// # Errors
    /// `NotSealed`, when they are too short or of a format that this version does not know.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, Error> {
        if bytes.len() < BODY + TAG || ![DIRECT, TENANT].contains(&bytes[0]) {
            return Err(Error::NotSealed);
        }
        Ok(Self(bytes))
    }

    pub(crate) fn assemble(
        format: u8,
        key_id: [u8; 8],
        wrap_nonce: &[u8],
        wrapped: &[u8],
        body_nonce: &[u8],
        body: &[u8],
    ) -> Self {
        Self([&[format], &key_id[..], wrap_nonce, wrapped, body_nonce, body].concat())
    }

    /// The bytes to store.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The bytes to store, taken out.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    /// The id of the key that it is sealed under.
    #[must_use]
    pub fn key_id(&self) -> String {
        hex(self.raw_key_id())
    }

    /// Whether a master key itself wraps its data key, as the first version did.
    #[must_use]
    pub fn is_direct(&self) -> bool {
        self.format() == DIRECT
    }

    pub(crate) fn format(&self) -> u8 {
        self.0[0]
    }

    pub(crate) fn raw_key_id(&self) -> [u8; 8] {
        let mut id = [0; 8];
        id.copy_from_slice(&self.0[KEY_ID..WRAP_NONCE]);
        id
    }

    pub(crate) fn wrap_nonce(&self) -> &[u8] {
        &self.0[WRAP_NONCE..WRAP]
    }

    pub(crate) fn wrapped(&self) -> &[u8] {
        &self.0[WRAP..BODY_NONCE]
    }

    pub(crate) fn body_nonce(&self) -> &[u8] {
        &self.0[BODY_NONCE..BODY]
    }

    pub(crate) fn body(&self) -> &[u8] {
        &self.0[BODY..]
    }
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealed({} bytes under {})", self.0.len(), self.key_id())
    }
}
