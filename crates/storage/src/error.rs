//! What a caller of storage can do about a failure.

use conductor_domain::{ErrorKind, Kind};
use sea_orm::{DbErr, SqlErr};

/// A failure of storage.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No such row in reach.
    #[error("no such row")]
    NotFound,
    /// A row with this name exists already; `constraint` is what the database said was violated.
    #[error("the name is taken ({constraint})")]
    NameTaken {
        /// The columns or index that the database names.
        constraint: String,
    },
    /// A row that this one points at does not exist.
    #[error("a referenced row does not exist")]
    Dangling,
    /// The row changed since it was read.
    #[error("the row changed since it was read")]
    Stale,
    /// Another holder has taken the run's lease over.
    #[error("the lease on this run was lost")]
    Fenced,
    /// A cursor that this list did not give.
    #[error("the cursor does not belong to this list")]
    BadCursor,
    /// A row holds something this version cannot read.
    #[error("unreadable value in {column}")]
    Corrupt {
        /// `table.column`.
        column: &'static str,
        /// The reason.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The writer's queue is full.
    #[error("the writer's queue is full")]
    Overloaded,
    /// The store is shutting down.
    #[error("storage is closed")]
    Closed,
    /// The database cannot be opened as it must be.
    #[error("cannot open the database: {reason}")]
    Open {
        /// What is wrong and how to mend it.
        reason: String,
    },
    /// The entry of the audit log could not be written, and with it nothing of what it tells of.
    #[error("it cannot be recorded at the moment, so it is not done; try again")]
    Unrecorded(#[source] DbErr),
    /// The database failed.
    #[error("the database failed")]
    Database(#[source] DbErr),
}

/// The result of a storage call.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// Whether the database failed here or, in whatever guise, below `error`, and may not fail the next time.
    #[must_use]
    pub fn is_passing_below(error: &(dyn std::error::Error + 'static)) -> bool {
        std::iter::successors(Some(error), |error| error.source())
            .filter_map(|error| error.downcast_ref::<Self>())
            .any(|error| {
                matches!(error, Self::Database(_) | Self::Unrecorded(_) | Self::Overloaded | Self::Closed)
            })
    }

    /// Names an unreadable column.
    pub(crate) fn corrupt(
        column: &'static str,
    ) -> impl FnOnce(Box<dyn std::error::Error + Send + Sync>) -> Self {
        move |source| Self::Corrupt { column, source }
    }
}

impl From<DbErr> for Error {
    fn from(error: DbErr) -> Self {
        match error.sql_err() {
            Some(SqlErr::UniqueConstraintViolation(constraint)) => Self::NameTaken { constraint },
            Some(SqlErr::ForeignKeyConstraintViolation(_)) => Self::Dangling,
            _ => Self::Database(error),
        }
    }
}

impl Kind for Error {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotFound => ErrorKind::NotFound,
            Self::NameTaken { .. } | Self::Stale | Self::Fenced => ErrorKind::Conflict,
            Self::Dangling | Self::BadCursor => ErrorKind::Invalid,
            Self::Unrecorded(_) | Self::Overloaded | Self::Closed => ErrorKind::Unavailable,
            Self::Corrupt { .. } | Self::Open { .. } | Self::Database(_) => ErrorKind::Internal,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::NameTaken { .. } => "name_taken",
            Self::Stale => "version_conflict",
            Self::Fenced => "lease_lost",
            Self::Dangling => "validation_failed",
            Self::BadCursor => "invalid_cursor",
            Self::Unrecorded(_) => "audit_unavailable",
            Self::Overloaded => "overloaded",
            Self::Closed => "draining",
            Self::Corrupt { .. } | Self::Open { .. } | Self::Database(_) => "internal",
        }
    }
}
