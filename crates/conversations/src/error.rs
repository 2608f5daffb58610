//! What a caller can do about a failure of conversations and what is in them.

use conductor_domain::{ErrorKind, FieldError, Kind};

/// A failure of this crate.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The caller may not see it, or it does not exist.
    #[error("no such {what}")]
    Hidden {
        /// The noun.
        what: &'static str,
    },
    /// Conversations and files belong to people; this credential is a machine's.
    #[error("conversations and files belong to people; sign in as one")]
    NotAPerson,
    /// Fields that cannot be.
    #[error("{} field(s) are not valid", faults.len())]
    Invalid {
        /// What to change, for each.
        faults: Vec<FieldError>,
    },
    /// A run is still writing it.
    #[error("this is still being written; wait for it or stop it")]
    Running,
    /// The row changed since it was read.
    #[error("a newer version was stored since this one was read; read it again and repeat the change")]
    Stale,
    /// The newest version holds the same already.
    #[error("the newest version holds the same; nothing was stored")]
    Unchanged,
    /// The upload holds nothing.
    #[error("the file is empty")]
    EmptyFile,
    /// The row is there, but its bytes are not.
    #[error("the bytes of this file cannot be read")]
    Unreadable(#[source] conductor_blobs::Error),
    /// The bytes could not be taken in.
    #[error(transparent)]
    Upload(conductor_blobs::Error),
    /// The decision point refused or failed.
    #[error(transparent)]
    Access(#[from] conductor_access::Error),
    /// Storage failed.
    #[error(transparent)]
    Storage(#[from] conductor_storage::Error),
}

/// The result of a call of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// One field that cannot be.
    pub(crate) fn field(pointer: &str, code: &'static str, detail: impl Into<String>) -> Self {
        Self::Invalid { faults: vec![FieldError::new(pointer, code, detail)] }
    }
}

impl Kind for Error {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Hidden { .. } => ErrorKind::NotFound,
            Self::NotAPerson => ErrorKind::Forbidden,
            Self::Invalid { .. } | Self::EmptyFile => ErrorKind::Invalid,
            Self::Running | Self::Stale | Self::Unchanged => ErrorKind::Conflict,
            Self::Unreadable(_) => ErrorKind::Internal,
            Self::Upload(error) => error.kind(),
            Self::Access(error) => error.kind(),
            Self::Storage(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Hidden { .. } => "not_found",
            Self::NotAPerson => "not_a_person",
            Self::Invalid { .. } => "validation_failed",
            Self::Running => "turn_running",
            Self::Stale => "version_conflict",
            Self::Unchanged => "artifact_unchanged",
            Self::EmptyFile => "file_empty",
            Self::Unreadable(_) => "internal",
            Self::Upload(error) => error.code(),
            Self::Access(error) => error.code(),
            Self::Storage(error) => error.code(),
        }
    }

    fn rule_id(&self) -> Option<String> {
        match self {
            Self::Access(error) => error.rule_id(),
            _ => None,
        }
    }

    fn fields(&self) -> Vec<FieldError> {
        match self {
            Self::Invalid { faults } => faults.clone(),
            _ => Vec::new(),
        }
    }
}
