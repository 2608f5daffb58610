//! What a caller can do about a failure of an outside system's registration or connection.

use conductor_domain::{ErrorKind, FieldError, Kind, LimitPolicy, ProblemView};

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
    #[error("{} field(s) are not valid: {}", faults.len(), faults.first().map(|fault| fault.1.as_str()).unwrap_or_default())]
    Invalid {
        /// JSON pointer and what to change, for each.
        faults: Vec<(String, String)>,
    },
    /// Local processes are switched off.
    #[error(
        "MCP servers that are local processes are switched off; the operator switches them on with CONDUCTOR_MCP_STDIO=on"
    )]
    StdioOff,
    /// The exact command line has not been confirmed by an administrator.
    #[error(
        "the command line of this server is not confirmed; an administrator confirms it on the server's page"
    )]
    Unconfirmed,
    /// The command line is not the one that was shown.
    #[error("this is not the hash of the server's present command line; look at it again")]
    HashMismatch,
    /// The connector is switched off.
    #[error("this server is switched off")]
    Disabled,
    /// The row changed since it was read.
    #[error("the server changed since it was read; read it again and repeat the change")]
    Stale,
    /// The outside system failed.
    #[error("{0}")]
    Server(#[source] conductor_mcp_client::Error),
    /// The decision point or the vault refused or failed.
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
            Self::Invalid { .. } => ErrorKind::Invalid,
            Self::StdioOff | Self::Unconfirmed => ErrorKind::Forbidden,
            Self::HashMismatch | Self::Disabled | Self::Stale => ErrorKind::Conflict,
            Self::Server(_) => ErrorKind::Upstream,
            Self::Access(error) => error.kind(),
            Self::Storage(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Hidden { .. } => "not_found",
            Self::Invalid { .. } => "validation_failed",
            Self::StdioOff => "stdio_off",
            Self::Unconfirmed => "command_unconfirmed",
            Self::HashMismatch => "hash_mismatch",
            Self::Disabled => "connector_disabled",
            Self::Stale => "version_conflict",
            Self::Server(error) => code(error),
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
            Self::Invalid { faults } => {
                let field =
                    |(pointer, says): &(String, String)| FieldError::new(pointer, "invalid", says.clone());
                faults.iter().map(field).collect()
            }
            _ => Vec::new(),
        }
    }
}

/// The stable code of a server's failure.
pub(crate) fn code(error: &conductor_mcp_client::Error) -> &'static str {
    use conductor_mcp_client::Error as Mcp;
    match error {
        Mcp::TimedOut { .. } => "connector_timeout",
        Mcp::CircuitOpen { .. } => "circuit_open",
        Mcp::Unauthorized { .. } => "mcp_unauthorized",
        Mcp::Invalid { .. } => "validation_failed",
        _ => "mcp_unreachable",
    }
}

/// A server's failure, for people and models.
pub(crate) fn told(server: &str, error: &conductor_mcp_client::Error) -> ProblemView {
    ProblemView {
        code: code(error).to_owned(),
        title: format!("{server} did not answer"),
        detail: error.to_string(),
        retryable: true,
    }
}
