//! Why an outgoing request was refused, and how the operator allows it.

use std::{error::Error as StdError, net::IpAddr};

use conductor_domain::{ErrorKind, Kind};

/// A refusal by the guard, or a client that cannot be built.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The host is, or resolves only to, addresses that tenants may not reach.
    #[error(
        "the address {address} of {host:?} is {range} and not open to outgoing requests; the operator opens it \
         with CONDUCTOR_EGRESS_ALLOW={address}/{width}",
        width = if address.is_ipv4() { 32 } else { 128 }
    )]
    Address {
        /// The host as the URL wrote it.
        host: String,
        /// The address, in its plain form.
        address: IpAddr,
        /// The range it lies in, such as `loopback`.
        range: &'static str,
    },
    /// The URL's scheme is neither http nor https.
    #[error("the scheme {scheme:?} is not allowed; use http or https")]
    Scheme {
        /// The scheme.
        scheme: String,
    },
    /// The URL carries a user name or a password.
    #[error("the URL carries a user name or password; store the credential with the connector instead")]
    Userinfo,
    /// The text is no URL, or one that parsers read differently.
    #[error("the URL cannot be used: {why}")]
    Url {
        /// What is wrong.
        why: String,
    },
    /// The name has no address.
    #[error("the name {host:?} does not resolve to an address")]
    Unresolved {
        /// The name.
        host: String,
    },
    /// The answer is larger than the limit.
    #[error("the answer is larger than {max_bytes} bytes")]
    TooLarge {
        /// The limit.
        max_bytes: usize,
    },
    /// The answer stopped before its end.
    #[error("the answer broke off")]
    Broken {
        /// Why.
        #[source]
        source: std::sync::Arc<reqwest::Error>,
    },
    /// The HTTP client cannot be built, for example because the machine has no root certificates.
    #[error("the HTTP client cannot be built")]
    Client {
        /// Why.
        #[source]
        source: std::sync::Arc<reqwest::Error>,
    },
}

impl Error {
    /// Finds the guard's refusal behind an error of reqwest or of a library above it.
    #[must_use]
    pub fn behind<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a Self> {
        let mut next = Some(error);
        while let Some(current) = next {
            if let Some(refusal) = current.downcast_ref::<Self>() {
                return Some(refusal);
            }
            next = current.source();
        }
        None
    }
}

impl Kind for Error {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Address { .. } => ErrorKind::Forbidden,
            Self::Scheme { .. } | Self::Userinfo | Self::Url { .. } => ErrorKind::Invalid,
            Self::Unresolved { .. } | Self::TooLarge { .. } | Self::Broken { .. } => ErrorKind::Upstream,
            Self::Client { .. } => ErrorKind::Internal,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Address { .. } => "egress_refused",
            Self::Scheme { .. } | Self::Userinfo | Self::Url { .. } => "url_invalid",
            Self::Unresolved { .. } => "name_unresolved",
            Self::TooLarge { .. } => "answer_too_large",
            Self::Broken { .. } => "answer_broken",
            Self::Client { .. } => "internal",
        }
    }
}
