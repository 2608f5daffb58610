//! What a caller can do about a failure of agents and turns.

use conductor_domain::{ErrorKind, FieldError, Kind, LimitPolicy};

/// A failure of this crate.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The caller may not see it, or it does not exist.
    #[error("no such {what}")]
    Hidden {
        /// The noun.
        what: &'static str,
    },
    /// What a run needs was deleted, or its owner lost the right to it, since it was accepted.
    #[error("the {what} that this needs is no longer available")]
    Gone {
        /// The noun.
        what: &'static str,
    },
    /// A message without words and files.
    #[error("write something, or attach a file")]
    Empty,
    /// The message before is still being answered.
    #[error("the message before this one is still being answered; wait for it or stop it")]
    Busy,
    /// Only an answer can be given again.
    #[error("only an answer can be regenerated")]
    NotAnAnswer,
    /// Only one's own message can be said differently.
    #[error("only your own message can be edited and sent again")]
    NotAQuestion,
    /// A file that is named as a picture is none.
    #[error("{name:?} is not a PNG, JPEG, GIF or WebP picture; attach it as a document")]
    NotAnImage {
        /// The file's name.
        name: String,
    },
    /// Fields that cannot be.
    #[error("{} field(s) are not valid", faults.len())]
    Invalid {
        /// What to change, for each.
        faults: Vec<FieldError>,
    },
    /// Another agent of the scope has this name or slug.
    #[error("another agent has the {field} {value:?}; choose another one")]
    NameTaken {
        /// `name` or `slug`.
        field: &'static str,
        /// What is taken.
        value: String,
    },
    /// The agent changed since it was read.
    #[error("the agent changed since it was read; read it again and repeat the change")]
    Stale,
    /// Conductor's own agents are changed by an administrator, or cloned.
    #[error("official agents cannot be changed here; clone it and change the copy")]
    Official,
    /// The decision point refused or failed.
    #[error(transparent)]
    Access(#[from] conductor_access::Error),
    /// Storage failed.
    #[error("storage failed")]
    Storage(#[from] conductor_storage::Error),
}

/// The result of a call of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Kind for Error {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Hidden { .. } => ErrorKind::NotFound,
            Self::Gone { .. } | Self::Busy | Self::Stale | Self::NameTaken { .. } => ErrorKind::Conflict,
            Self::Empty
            | Self::NotAnAnswer
            | Self::NotAQuestion
            | Self::NotAnImage { .. }
            | Self::Invalid { .. } => ErrorKind::Invalid,
            Self::Official => ErrorKind::Forbidden,
            Self::Access(error) => error.kind(),
            Self::Storage(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Hidden { .. } => "not_found",
            Self::Gone { .. } => "gone",
            Self::Busy => "turn_running",
            Self::Stale => "version_conflict",
            Self::NameTaken { .. } => "name_taken",
            Self::Empty | Self::NotAnAnswer | Self::NotAQuestion | Self::Invalid { .. } => {
                "validation_failed"
            }
            Self::NotAnImage { .. } => "not_an_image",
            Self::Official => "official_agent",
            Self::Access(error) => error.code(),
            Self::Storage(error) => error.code(),
        }
    }

    fn limit(&self) -> Option<LimitPolicy> {
        match self {
            Self::Access(error) => error.limit(),
            _ => None,
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
            Self::NameTaken { field, .. } => {
                vec![FieldError::new(format!("/{field}"), "name_taken", self.to_string())]
            }
            _ => Vec::new(),
        }
    }
}
