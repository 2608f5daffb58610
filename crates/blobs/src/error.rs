//! What can go wrong when bytes are kept or fetched.

use std::{error::Error as StdError, io};

use conductor_domain::{ErrorKind, Kind};

use crate::Digest;

/// A failure, named after what the caller can do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// More bytes came, or are stored, than the caller takes.
    #[error("the file is larger than {max_bytes} bytes")]
    TooLarge {
        /// The limit.
        max_bytes: u64,
    },
    /// The sender stopped before the end; nothing is kept.
    #[error("the upload broke off")]
    Upload {
        /// Why.
        #[source]
        source: Box<dyn StdError + Send + Sync>,
    },
    /// Nothing is stored under the digest.
    #[error("no file is stored under {sha256}")]
    NotFound {
        /// What was asked for.
        sha256: Digest,
    },
    /// The stored bytes are not those that were put: the disk lost them or someone changed them.
    #[error("the file stored under {sha256} is damaged; restore it from a backup")]
    Damaged {
        /// What was asked for.
        sha256: Digest,
    },
    /// The text is no SHA-256 in hexadecimal.
    #[error("{text:?} is no SHA-256; write 64 hexadecimal digits")]
    Digest {
        /// The text.
        text: String,
    },
    /// The disk refused, for example because it is full.
    #[error("the file store cannot {attempted}")]
    Storage {
        /// What was tried.
        attempted: &'static str,
        /// Why.
        #[source]
        source: io::Error,
    },
}

impl Error {
    pub(crate) fn storage(attempted: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Storage { attempted, source }
    }
}

impl Kind for Error {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::TooLarge { .. } => ErrorKind::TooLarge,
            Self::Upload { .. } | Self::Digest { .. } => ErrorKind::Invalid,
            Self::NotFound { .. } => ErrorKind::NotFound,
            Self::Damaged { .. } => ErrorKind::Internal,
            Self::Storage { source, .. } => match source.kind() {
                io::ErrorKind::StorageFull
                | io::ErrorKind::QuotaExceeded
                | io::ErrorKind::ReadOnlyFilesystem => ErrorKind::Unavailable,
                _ => ErrorKind::Internal,
            },
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "file_too_large",
            Self::Upload { .. } => "upload_broken",
            Self::NotFound { .. } => "not_found",
            Self::Digest { .. } => "validation_failed",
            Self::Damaged { .. } => "internal",
            Self::Storage { .. } if self.kind() == ErrorKind::Unavailable => "storage_readonly",
            Self::Storage { .. } => "internal",
        }
    }
}
