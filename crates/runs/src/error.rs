//! Why a run, or a call of it, cannot go on.

use conductor_domain::{ErrorKind, FieldError, Kind, LimitPolicy};

/// A failure of the engine, as a door or a service sees it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No such run, task or tool in reach.
    #[error("no such {what}")]
    NotFound {
        /// The noun.
        what: &'static str,
    },
    /// The question was answered before.
    #[error("this question has already been answered")]
    AlreadyDecided,
    /// The answer is not one of those that may be given.
    #[error("{decision:?} is not one of the answers: {allowed}")]
    UnknownDecision {
        /// The answer as it came.
        decision: String,
        /// What may be answered.
        allowed: String,
    },
    /// The answer needs words.
    #[error("say why: this answer needs a comment")]
    CommentRequired,
    /// The question is for others.
    #[error("this question is for others: {roles}")]
    OthersDecide {
        /// The roles and persons that may answer.
        roles: String,
    },
    /// The run has ended.
    #[error("the run has already ended")]
    Ended,
    /// A tool source failed to list its tools.
    #[error("the tools of {source_name} cannot be listed")]
    Source {
        /// Which source.
        source_name: &'static str,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The decision point refused or failed.
    #[error(transparent)]
    Access(#[from] conductor_access::Error),
    /// Storage failed.
    #[error("storage failed")]
    Storage(#[from] conductor_storage::Error),
    /// The service that advances this kind of run failed.
    #[error("the run could not be advanced")]
    Advance(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// The result of a call of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// Whether the lease of the run went to another holder, so that this one must stop without a word.
    #[must_use]
    pub fn is_fenced(&self) -> bool {
        matches!(self, Self::Storage(conductor_storage::Error::Fenced))
    }

    /// Whether the database failed, under this crate or one that it called, and may not fail the next time.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        conductor_storage::Error::is_passing_below(self)
    }
}

impl Kind for Error {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotFound { .. } => ErrorKind::NotFound,
            Self::AlreadyDecided | Self::Ended => ErrorKind::Conflict,
            Self::UnknownDecision { .. } | Self::CommentRequired => ErrorKind::Invalid,
            Self::OthersDecide { .. } => ErrorKind::Forbidden,
            Self::Source { .. } => ErrorKind::Upstream,
            Self::Access(error) => error.kind(),
            Self::Storage(error) => error.kind(),
            Self::Advance(_) => ErrorKind::Internal,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotFound { .. } => "not_found",
            Self::AlreadyDecided => "already_decided",
            Self::Ended => "run_ended",
            Self::UnknownDecision { .. } => "unknown_decision",
            Self::CommentRequired => "validation_failed",
            Self::OthersDecide { .. } => "others_decide",
            Self::Source { .. } => "mcp_unreachable",
            Self::Access(error) => error.code(),
            Self::Storage(error) => error.code(),
            Self::Advance(_) => "internal",
        }
    }

    fn fields(&self) -> Vec<FieldError> {
        match self {
            Self::CommentRequired => vec![FieldError::new("/comment", "required", self.to_string())],
            _ => Vec::new(),
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
}
