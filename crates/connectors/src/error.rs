//! What can go wrong with a system outside, by what the caller can do about it.
//!
//! An answer that refuses or fails (HTTP 4xx and 5xx) is not here: it is an [`crate::HttpAnswer`] without `success`.

use std::time::Duration;

use conductor_domain::{ErrorKind, FieldError, Kind};
use serde::Serialize;

/// The result of this crate's calls.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A call that gave no answer. No variant holds a credential, an address' query or a body.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Correct the request; nothing was sent.
    #[error("{what}")]
    Invalid {
        /// A JSON pointer into the node's settings, such as `/auth/token`.
        field: String,
        /// What is wrong and what to do.
        what: String,
    },
    /// Choose another address, or ask the operator to open this one; nothing was sent to it.
    #[error("{what}")]
    Refused {
        /// What the guard of the client says.
        what: String,
        /// Whether the request may have taken effect: at the address that led on to the refused one.
        outcome_unknown: bool,
    },
    /// Enter another credential: the token server gives no token. Nothing was sent to the target.
    #[error("no access token: {reason}")]
    AuthFailed {
        /// What the token server did.
        reason: String,
        /// Whether it may do better later.
        retryable: bool,
        /// How long it asks to wait.
        retry_after: Option<Duration>,
    },
    /// Try later: no connection, or one that broke before the answer was complete.
    #[error("no answer: {reason}")]
    Unreachable {
        /// What failed.
        reason: String,
        /// Whether the request may have taken effect.
        outcome_unknown: bool,
        /// The lower error.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Try again, or allow more time.
    #[error("no complete answer within {} ms", after.as_millis())]
    TimedOut {
        /// The time it was waited for.
        after: Duration,
        /// Whether the request may have taken effect.
        outcome_unknown: bool,
    },
    /// Ask for less.
    #[error("the answer is larger than {limit_bytes} bytes")]
    TooLarge {
        /// The limit, after decompression.
        limit_bytes: usize,
        /// Whether the request may have taken effect.
        outcome_unknown: bool,
    },
    /// The caller cancelled; the connection is closed.
    #[error("the call was cancelled")]
    Cancelled {
        /// Whether the request may have taken effect.
        outcome_unknown: bool,
    },
}

/// A failure in the shape that runs, events and results show, whether the target answered it or never answered.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Failure {
    /// The HTTP status of an answer, such as `429`, or the code of an error, such as `connection_error`.
    pub code: String,
    /// What happened, for people.
    pub message: String,
    /// Whether the same request may succeed later. Says nothing on whether repeating it is safe.
    pub retryable: bool,
    /// How many seconds the target asks to wait.
    pub retry_after_seconds: Option<f64>,
}

impl Error {
    pub(crate) fn invalid(field: impl Into<String>, what: impl Into<String>) -> Self {
        Self::Invalid { field: field.into(), what: what.into() }
    }

    /// Whether asking again, unchanged, may help. It is safe only where `outcome_unknown` is false or the target honours
    /// the idempotency key.
    #[must_use]
    pub const fn retryable(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::TimedOut { .. } => true,
            Self::AuthFailed { retryable, .. } => *retryable,
            Self::Invalid { .. } | Self::Refused { .. } | Self::TooLarge { .. } | Self::Cancelled { .. } => {
                false
            }
        }
    }

    /// Whether the request may have taken effect although no answer came back. Never so for GET, HEAD and OPTIONS.
    ///
    /// Whoever keeps a ledger of effects marks such a call ambiguous and does not repeat it by itself.
    #[must_use]
    pub const fn outcome_unknown(&self) -> bool {
        match self {
            Self::Invalid { .. } | Self::AuthFailed { .. } => false,
            Self::Refused { outcome_unknown, .. }
            | Self::Unreachable { outcome_unknown, .. }
            | Self::TimedOut { outcome_unknown, .. }
            | Self::TooLarge { outcome_unknown, .. }
            | Self::Cancelled { outcome_unknown } => *outcome_unknown,
        }
    }

    /// How long the other side asked to wait.
    #[must_use]
    pub const fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::AuthFailed { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// The failure as results show it.
    #[must_use]
    pub fn failure(&self) -> Failure {
        Failure {
            code: self.code().to_owned(),
            message: self.to_string(),
            retryable: self.retryable(),
            retry_after_seconds: self.retry_after().map(|wait| wait.as_secs_f64()),
        }
    }
}

/// An error's whole chain in one line, since the outermost text alone ("error sending request") helps nobody.
pub(crate) fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text
}

impl Kind for Error {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Invalid { .. } => ErrorKind::Invalid,
            Self::Refused { .. } => ErrorKind::Forbidden,
            Self::Cancelled { .. } => ErrorKind::Conflict,
            Self::AuthFailed { .. }
            | Self::Unreachable { .. }
            | Self::TimedOut { .. }
            | Self::TooLarge { .. } => ErrorKind::Upstream,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Invalid { .. } => "invalid_request",
            Self::Refused { .. } => "egress_refused",
            Self::AuthFailed { .. } => "auth_failed",
            Self::Unreachable { .. } => "connection_error",
            Self::TimedOut { .. } => "timeout",
            Self::TooLarge { .. } => "response_too_large",
            Self::Cancelled { .. } => "cancelled",
        }
    }

    fn fields(&self) -> Vec<FieldError> {
        match self {
            Self::Invalid { field, what } => vec![FieldError::new(field, "invalid", what)],
            _ => Vec::new(),
        }
    }
}
