//! Signatures that prove later who said something: Ed25519, from a seed in a secret file.

use std::{fmt, path::Path};

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use base64::{Engine, prelude::BASE64_STANDARD};
use secrecy::ExposeSecret;

use crate::{Error, file};

/// A key pair that signs.
pub struct Signer {
    pair: Ed25519KeyPair,
    public: PublicKey,
}

/// What everybody may know of a key pair, and needs to check its signatures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublicKey([u8; 32]);

impl Signer {
    /// The key pair of the seed that a secret file holds.
    ///
    /// # Errors
    /// As `load`; `Weak` when the seed is guessable or has not 32 bytes.
    pub fn from_file(path: &Path) -> Result<Self, Error> {
        Self::from_seed(file::load(path)?.expose_secret())
    }

    /// The key pair of a secret file, whose seed is drawn where there is no such file.
    ///
    /// # Errors
    /// As `load_or_create`.
    pub fn load_or_create(path: &Path) -> Result<Self, Error> {
        Self::from_seed(file::load_or_create(path, 32)?.expose_secret())
    }

    fn from_seed(seed: &[u8]) -> Result<Self, Error> {
        let weak = || Error::Weak { why: format!("it has {} bytes and must have exactly 32", seed.len()) };
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| weak())?;
        let public = pair.public_key().as_ref().try_into().map_err(|_| weak())?;
        Ok(Self { pair, public: PublicKey(public) })
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        self.public
    }

    /// A signature over these bytes, in base64.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> String {
        BASE64_STANDARD.encode(self.pair.sign(message).as_ref())
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer").field("key", &self.public.id()).finish_non_exhaustive()
    }
}

impl PublicKey {
    /// Reads a key as `to_base64` writes it.
    ///
    /// # Errors
    /// `NotBase64` when it is no key; `what` names where it stands, for the error.
    pub fn from_base64(text: &str, what: &str) -> Result<Self, Error> {
        let bytes = BASE64_STANDARD.decode(text.trim()).ok();
        let bytes = bytes.and_then(|bytes| bytes.try_into().ok());
        bytes.map(Self).ok_or_else(|| Error::NotBase64 { what: what.to_owned() })
    }

    /// The key as one line of text.
    #[must_use]
    pub fn to_base64(&self) -> String {
        BASE64_STANDARD.encode(self.0)
    }

    /// The name by which signatures refer to the key: 16 hexadecimal digits.
    #[must_use]
    pub fn id(&self) -> String {
        let mut hash = conductor_domain::sha256_hex(self.0);
        hash.truncate(16);
        hash
    }

    /// Whether the key pair signed exactly these bytes.
    #[must_use]
    pub fn verifies(&self, message: &[u8], signature: &str) -> bool {
        let Ok(signature) = BASE64_STANDARD.decode(signature) else { return false };
        UnparsedPublicKey::new(&ED25519, self.0).verify(message, &signature).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8032, section 7.1, test 2.
    const SEED: [u8; 32] = [
        0x4c, 0xcd, 0x08, 0x9b, 0x28, 0xff, 0x96, 0xda, 0x9d, 0xb6, 0xc3, 0x46, 0xec, 0x11, 0x4e, 0x0f, 0x5b,
        0x8a, 0x31, 0x9f, 0x35, 0xab, 0xa6, 0x24, 0xda, 0x8c, 0xf6, 0xed, 0x4f, 0xb8, 0xa6, 0xfb,
    ];

    #[test]
    fn a_signature_is_of_its_bytes_and_key_alone() {
        let signer = Signer::from_seed(&SEED).unwrap();
        let signature = signer.sign(&[0x72]);
        assert_eq!(
            signature,
            "kqAJqfDUyrhyDoILX2QlQKKye1QWUD+Ps3YiI+vbadoIWsHkPhWZbkWPNhPQ8R2MOHsurrQwKu6wDSkWErsMAA=="
        );
        assert!(signer.public().verifies(&[0x72], &signature));
        assert!(!signer.public().verifies(&[0x73], &signature));
        assert!(!signer.public().verifies(&[0x72], "AAAA"));
        let mut other = SEED;
        other[0] ^= 1;
        assert!(!Signer::from_seed(&other).unwrap().public().verifies(&[0x72], &signature));
    }

    #[test]
    fn a_public_key_reads_back() {
        let public = Signer::from_seed(&SEED).unwrap().public();
        assert_eq!(PublicKey::from_base64(&format!("{}\n", public.to_base64()), "here").unwrap(), public);
        assert_eq!(public.id().len(), 16);
        assert!(PublicKey::from_base64("AAAA", "here").is_err());
    }
}
