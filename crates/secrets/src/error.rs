//! What can go wrong with keys, secret files and sealed values.

use std::{io, path::PathBuf};

use conductor_domain::{ErrorKind, Kind};

/// A failure, named after what the operator or caller can do. No variant holds secret bytes.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The key or secret could be guessed.
    #[error(
        "the secret is too weak: {why}; generate one, for example with `head -c 32 /dev/urandom | base64`"
    )]
    Weak {
        /// What is weak about it.
        why: String,
    },
    /// Other accounts of the machine may read the file.
    #[error("{} may be read by others (mode {mode:04o}); run `chmod 600` on it", path.display())]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The file or text does not hold a secret in base64.
    #[error("{what} does not hold base64 text; write the secret as one line of base64")]
    NotBase64 {
        /// The file's path, or the name of the setting.
        what: String,
    },
    /// The file cannot be read or written.
    #[error("{} cannot be {attempted}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// `read` or `created`.
        attempted: &'static str,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The value was sealed under a key that is not at hand.
    #[error("the secret was sealed under key {key_id}, which is not configured; add it as an old key")]
    UnknownKey {
        /// The id of the key that is needed.
        key_id: String,
    },
    /// The value was altered, or belongs to another tenant, secret or version.
    #[error("the sealed secret does not open: it was altered or belongs elsewhere")]
    Tampered,
    /// The bytes are no sealed value.
    #[error("these bytes are no sealed secret")]
    NotSealed,
    /// The secret is no text.
    #[error("the secret is not text")]
    NotText,
    /// The key service does not answer, refuses, or answers something else than a key.
    #[error("the key service {why}")]
    Kms {
        /// What it did, in words that hold no key.
        why: String,
        /// The transport's fault, where it was one.
        #[source]
        source: Option<Box<dyn std::error::Error + Send + Sync>>,
    },
    /// The machine gives no random bytes.
    #[error("the machine gives no random bytes")]
    Random {
        /// Why.
        #[source]
        source: rand::rand_core::OsError,
    },
}

impl Kind for Error {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Weak { .. } | Self::Exposed { .. } | Self::NotBase64 { .. } | Self::NotText => {
                ErrorKind::Invalid
            }
            Self::UnknownKey { .. } | Self::Kms { .. } => ErrorKind::Unavailable,
            Self::File { .. } | Self::Tampered | Self::NotSealed | Self::Random { .. } => ErrorKind::Internal,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Weak { .. } => "secret_weak",
            Self::Exposed { .. } => "secret_exposed",
            Self::NotBase64 { .. } | Self::NotText => "secret_invalid",
            Self::UnknownKey { .. } => "key_missing",
            Self::Kms { .. } => "key_service_unavailable",
            Self::File { .. } | Self::Tampered | Self::NotSealed | Self::Random { .. } => "internal",
        }
    }
}
