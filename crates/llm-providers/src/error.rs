//! The one shape of failure, whatever the vendor: variants say what the caller can do.

use std::time::Duration;

use conductor_domain::{ErrorKind, Kind};

/// This crate's result.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What lies beneath an error.
pub type Source = Box<dyn std::error::Error + Send + Sync>;

/// Why a model did not answer. `message` is the provider's own, with the key taken out of it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Enter another key.
    #[error("{provider} refused the API key: {message}")]
    BadKey {
        /// Who refused.
        provider: String,
        /// What it said.
        message: String,
    },
    /// The key is right and may not do this: ask the provider, or choose another model.
    #[error("{provider} does not allow this with the configured key: {message}")]
    NotAllowed {
        /// Who refused.
        provider: String,
        /// What it said.
        message: String,
    },
    /// Wait.
    #[error("{provider} limits how often it is asked: {message}")]
    RateLimited {
        /// Who limits.
        provider: String,
        /// What it said.
        message: String,
        /// How long to wait, where it said.
        retry_after: Option<Duration>,
    },
    /// Add credit at the provider.
    #[error("the account at {provider} has no credit left: {message}")]
    QuotaExhausted {
        /// Who wants to be paid.
        provider: String,
        /// What it said.
        message: String,
    },
    /// Shorten the conversation, or choose a model with a larger window.
    #[error("the conversation is too long for the model: {message}")]
    ContextTooLong {
        /// Who counted.
        provider: String,
        /// What it said.
        message: String,
    },
    /// Ask for something else.
    #[error("{provider} refused the content: {message}")]
    Refused {
        /// Who refused.
        provider: String,
        /// What it said.
        message: String,
    },
    /// Choose another model.
    #[error("{provider} does not know the model {model:?}: {message}")]
    ModelUnknown {
        /// Who was asked.
        provider: String,
        /// The id it was asked for.
        model: String,
        /// What it said.
        message: String,
    },
    /// Check the address and the network, or try later.
    #[error("{provider} cannot be reached")]
    Unreachable {
        /// Who was called.
        provider: String,
        /// What the network said.
        #[source]
        source: Source,
    },
    /// Try again.
    #[error("{provider} said nothing for {} s", after.as_secs())]
    Timeout {
        /// Who fell silent.
        provider: String,
        /// How long it was waited for.
        after: Duration,
    },
    /// Try again later; the provider has more work than it can do.
    #[error("{provider} is overloaded: {message}")]
    Overloaded {
        /// Who is overloaded.
        provider: String,
        /// What it said.
        message: String,
        /// How long to wait, where it said.
        retry_after: Option<Duration>,
    },
    /// Try again later; the provider failed.
    #[error("{provider} failed: {message}")]
    Failed {
        /// Who failed.
        provider: String,
        /// What it said.
        message: String,
    },
    /// Check that the address is that of a model; what came is not what its format says.
    #[error("{provider} answered with something that cannot be read: {message}: {excerpt:?}")]
    Garbage {
        /// Who sent it.
        provider: String,
        /// What is wrong with it.
        message: String,
        /// Its beginning.
        excerpt: String,
        /// What the parser said.
        #[source]
        source: Option<Source>,
    },
    /// Keep what came, and ask again.
    #[error("{provider} broke off before the answer was complete")]
    Cut {
        /// Who broke off.
        provider: String,
        /// What the network said, where it said something.
        #[source]
        source: Option<Source>,
    },
    /// Change the request.
    #[error("{provider} does not accept the request: {message}")]
    InvalidRequest {
        /// Who was asked.
        provider: String,
        /// What it said.
        message: String,
    },
    /// Correct the provider's address or key in the configuration.
    #[error("the provider {provider} is configured wrongly: {message}")]
    Misconfigured {
        /// Which provider.
        provider: String,
        /// What to correct.
        message: String,
    },
}

impl Error {
    /// Whether asking again, unchanged, may help.
    #[must_use]
    pub const fn retryable(&self) -> bool {
        matches!(
            self,
            Self::RateLimited { .. }
                | Self::Unreachable { .. }
                | Self::Timeout { .. }
                | Self::Overloaded { .. }
                | Self::Failed { .. }
                | Self::Cut { .. }
        )
    }

    /// How long the provider asked to wait.
    #[must_use]
    pub const fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::RateLimited { retry_after, .. } | Self::Overloaded { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}

impl Kind for Error {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::RateLimited { retry_after, .. } => ErrorKind::Limited { retry_after: *retry_after },
            Self::QuotaExhausted { .. } => ErrorKind::Limited { retry_after: None },
            Self::ContextTooLong { .. }
            | Self::Refused { .. }
            | Self::ModelUnknown { .. }
            | Self::InvalidRequest { .. }
            | Self::Misconfigured { .. } => ErrorKind::Invalid,
            Self::BadKey { .. }
            | Self::NotAllowed { .. }
            | Self::Unreachable { .. }
            | Self::Timeout { .. }
            | Self::Overloaded { .. }
            | Self::Failed { .. }
            | Self::Garbage { .. }
            | Self::Cut { .. } => ErrorKind::Upstream,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::BadKey { .. } => "provider_key_refused",
            Self::NotAllowed { .. } => "provider_not_allowed",
            Self::RateLimited { .. } => "provider_rate_limited",
            Self::QuotaExhausted { .. } => "provider_quota_exhausted",
            Self::ContextTooLong { .. } => "context_too_long",
            Self::Refused { .. } => "provider_refused",
            Self::ModelUnknown { .. } => "model_unknown",
            Self::Unreachable { .. } => "provider_unreachable",
            Self::Timeout { .. } => "provider_timeout",
            Self::Overloaded { .. } => "provider_overloaded",
            Self::Failed { .. } => "provider_error",
            Self::Garbage { .. } => "provider_garbage",
            Self::Cut { .. } => "provider_cut",
            Self::InvalidRequest { .. } => "provider_request_invalid",
            Self::Misconfigured { .. } => "provider_misconfigured",
        }
    }
}
