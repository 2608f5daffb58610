//! Why a program gave no result, in words that its author can act on.

use std::{sync::Arc, time::Duration};

use conductor_domain::{ErrorKind, Kind};

/// The result of this crate's calls.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a program gave no result.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Programs are not run here, because nothing would confine them or their language is missing.
    #[error("programs are switched off: {reason}")]
    Off {
        /// Why, and what an operator can do.
        reason: String,
    },
    /// The program was stopped because its time was up.
    #[error("the program was stopped after {limit:?} of {measure}, the most that it may take")]
    TimedOut {
        /// The limit that it reached.
        limit: Duration,
        /// What was measured: `time` or `processor time`.
        measure: &'static str,
    },
    /// The program wanted more memory than it may have.
    #[error("the program needs more than the {limit_bytes} bytes of memory that it may use")]
    OutOfMemory {
        /// The limit in bytes.
        limit_bytes: u64,
    },
    /// The program printed, or assigned, more than is taken from it.
    #[error("the program's output is larger than {limit_bytes} bytes")]
    TooMuchOutput {
        /// The limit in bytes.
        limit_bytes: u64,
    },
    /// The program itself failed.
    #[error("the program failed{}: {message}", line.map(|line| format!(" in line {line}")).unwrap_or_default())]
    Failed {
        /// The kind of the failure and its message, as the language says it.
        message: String,
        /// The line of the program, from 1, where known.
        line: Option<u32>,
        /// The way there, as the language prints it.
        traceback: Option<String>,
    },
    /// The program asks for a package that no operator approved.
    #[error(
        "the package {package:?} is not approved for programs; approved are: {}",
        if approved.is_empty() { "none".to_owned() } else { approved.join(", ") }
    )]
    PackageNotAllowed {
        /// The package.
        package: String,
        /// The packages that may be asked for.
        approved: Vec<String>,
    },
    /// The caller cancelled.
    #[error("the program was cancelled")]
    Cancelled,
    /// The process could not be started or talked to.
    #[error("the program's process could not be {doing}")]
    Io {
        /// What failed: `started`, `read` and so on.
        doing: &'static str,
        /// Why.
        #[source]
        source: Arc<std::io::Error>,
    },
}

impl Error {
    pub(crate) fn io(doing: &'static str) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self::Io { doing, source: Arc::new(source) }
    }

    pub(crate) fn off(reason: impl Into<String>) -> Self {
        Self::Off { reason: reason.into() }
    }

    pub(crate) fn failed(message: impl Into<String>) -> Self {
        Self::Failed { message: message.into(), line: None, traceback: None }
    }
}

impl Kind for Error {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Off { .. } => ErrorKind::Unavailable,
            Self::OutOfMemory { .. } | Self::TooMuchOutput { .. } => ErrorKind::TooLarge,
            // Not a limit that passes with time: the same program reaches it again.
            Self::TimedOut { .. } | Self::Failed { .. } | Self::PackageNotAllowed { .. } => {
                ErrorKind::Invalid
            }
            Self::Cancelled => ErrorKind::Conflict,
            Self::Io { .. } => ErrorKind::Internal,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Off { .. } => "sandbox_off",
            Self::TimedOut { .. } => "program_timed_out",
            Self::OutOfMemory { .. } => "program_out_of_memory",
            Self::TooMuchOutput { .. } => "program_output_too_large",
            Self::Failed { .. } => "program_failed",
            Self::PackageNotAllowed { .. } => "package_not_approved",
            Self::Cancelled => "cancelled",
            Self::Io { .. } => "internal",
        }
    }
}
