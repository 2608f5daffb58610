//! The key that encrypts keys, kept outside the database.

use std::{fmt, path::Path};

use secrecy::ExposeSecret;
use zeroize::Zeroizing;

use crate::{Error, check_bytes, file};

/// A key-encryption key of 32 bytes from a file or from configuration.
#[derive(Clone)]
pub struct LocalKey {
    bytes: Zeroizing<[u8; 32]>,
    id: [u8; 8],
}

impl LocalKey {
    /// Reads the key that a file of mode 0600 holds as one line of base64.
    ///
    /// # Errors
    /// As `load`; `Weak` when the key is guessable or has not 32 bytes.
    pub fn from_file(path: &Path) -> Result<Self, Error> {
        Self::from_bytes(file::load(path)?.expose_secret())
    }

    /// Reads the key from a file, drawing one and creating the file where there is none.
    ///
    /// # Errors
    /// As `load_or_create`.
    pub fn load_or_create(path: &Path) -> Result<Self, Error> {
        Self::from_bytes(file::load_or_create(path, 32)?.expose_secret())
    }

    /// Reads the key from configured base64; `setting` names where it stands, for the error.
    ///
    /// # Errors
    /// `NotBase64`, or `Weak`.
    pub fn from_base64(text: &str, setting: &str) -> Result<Self, Error> {
        Self::from_bytes(&file::decode(text).ok_or_else(|| Error::NotBase64 { what: setting.to_owned() })?)
    }

    /// Draws a key into a new file of mode 0600; never replaces one.
    ///
    /// # Errors
    /// `File` (also when the file exists already), or `Random`.
    pub fn generate_file(path: &Path) -> Result<Self, Error> {
        file::create(path, 32)?;
        Self::from_file(path)
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        check_bytes(bytes)?;
        let exact: [u8; 32] = bytes.try_into().map_err(|_| Error::Weak {
            why: format!("it has {} bytes and must have exactly 32", bytes.len()),
        })?;
        let bytes = Zeroizing::new(exact);
        // A hash under its own name: it tells keys apart and nothing about them.
        let mut named = Zeroizing::new(b"conductor key id 1".to_vec());
        named.extend_from_slice(&*bytes);
        let hash = conductor_domain::sha256_hex(&*named);
        let mut id = [0; 8];
        for (byte, hex) in id.iter_mut().zip(hash.as_bytes().chunks_exact(2)) {
            *byte = hex.iter().fold(0, |high, digit| (high << 4) | nibble(*digit));
        }
        Ok(Self { bytes, id })
    }

    /// The name by which sealed values refer to the key: 16 hexadecimal digits.
    #[must_use]
    pub fn id(&self) -> String {
        hex(self.id)
    }

    pub(crate) const fn raw_id(&self) -> [u8; 8] {
        self.id
    }

    pub(crate) fn expose(&self) -> &[u8; 32] {
        &self.bytes
    }
}

impl fmt::Debug for LocalKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalKey").field("id", &self.id()).finish_non_exhaustive()
    }
}

fn nibble(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        _ => digit.wrapping_sub(b'a').wrapping_add(10),
    }
}

pub(crate) fn hex(id: [u8; 8]) -> String {
    format!("{:016x}", u64::from_be_bytes(id))
}
