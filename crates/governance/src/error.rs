//! What a caller can do about a failure of governing.

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
    /// Fields that cannot be.
    #[error("{} field(s) are not valid", faults.len())]
    Invalid {
        /// What to change, for each.
        faults: Vec<FieldError>,
    },
    /// The row changed since it was read.
    #[error("a newer version was stored since this one was read; read it again and repeat the change")]
    Stale,
    /// Another row has this name.
    #[error("this {what} is taken")]
    Taken {
        /// What is taken.
        what: &'static str,
    },
    /// A policy that every organisation starts with is not changed, only switched.
    #[error(
        "this policy comes with Conductor: it can be switched off, but not changed; write one of your own beside it"
    )]
    BuiltIn,
    /// The change would take the right to undo it from its author.
    #[error("after this change you could not change policies any more; nothing was stored")]
    LockedOut,
    /// A rule of granting that no role and no policy lifts.
    #[error("{reason}")]
    Refused {
        /// The stable code: `grant_to_self`, `grant_beyond_own`, `own_request` or `own_grant`.
        code: &'static str,
        /// Why, as a sentence.
        reason: &'static str,
    },
    /// The same wish is open already.
    #[error("you have asked for this already; whoever may grant it has been told")]
    RequestOpen,
    /// Too many wishes wait for an answer.
    #[error("{open} of your requests wait for an answer; wait for some of them first")]
    TooManyOpen {
        /// How many.
        open: u64,
    },
    /// The caller has what it asks for.
    #[error("you have this access already")]
    AlreadyGranted,
    /// Somebody answered before.
    #[error("this was answered before")]
    AlreadyDecided,
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
            Self::Invalid { .. } => ErrorKind::Invalid,
            Self::Refused { .. } => ErrorKind::Forbidden,
            Self::Stale
            | Self::Taken { .. }
            | Self::BuiltIn
            | Self::LockedOut
            | Self::RequestOpen
            | Self::TooManyOpen { .. }
            | Self::AlreadyGranted
            | Self::AlreadyDecided => ErrorKind::Conflict,
            Self::Access(error) => error.kind(),
            Self::Storage(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Hidden { .. } => "not_found",
            Self::Invalid { .. } => "validation_failed",
            Self::Stale => "version_conflict",
            Self::Taken { .. } => "name_taken",
            Self::BuiltIn => "policy_built_in",
            Self::LockedOut => "policy_locks_out",
            Self::Refused { code, .. } => code,
            Self::RequestOpen => "request_open",
            Self::TooManyOpen { .. } => "too_many_open",
            Self::AlreadyGranted => "already_granted",
            Self::AlreadyDecided => "already_decided",
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
            _ => Vec::new(),
        }
    }
}
