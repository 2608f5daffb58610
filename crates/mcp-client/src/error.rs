//! What can go wrong with somebody else's server, by what the caller can do about it.
//!
//! A tool that fails is not here: it is a [`crate::ToolOutput`] with `is_error`.

use std::{sync::Arc, time::Duration};

use conductor_domain::{ErrorKind, Kind};

/// The result of this crate's calls.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The cause of an error, shared so that everybody who waited for one connection gets the same answer.
pub(crate) type Source = Arc<dyn std::error::Error + Send + Sync>;

/// A failure of the connection, the protocol or the server; cheap to clone.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// The description of the server is wrong: correct it.
    #[error("the MCP server is described wrongly: {what}")]
    Invalid {
        /// What is wrong and how it should look.
        what: String,
    },
    /// Nothing was reached: no such host, connection refused, no such program.
    #[error("the MCP server cannot be reached: {reason}")]
    Unreachable {
        /// What failed, without addresses' secrets.
        reason: String,
        /// The lower error.
        #[source]
        source: Option<Source>,
    },
    /// Something answered, but it does not speak a version of MCP that is known here.
    #[error("the MCP server did not complete the handshake: {reason}")]
    Handshake {
        /// What it did instead.
        reason: String,
    },
    /// The server wants another credential (HTTP 401 or 403).
    #[error("the MCP server refuses the credential")]
    Unauthorized {
        /// The `WWW-Authenticate` challenge, where the server sent one.
        challenge: Option<String>,
    },
    /// An HTTP answer that refuses the request, a redirect included: redirects are not followed.
    #[error("the MCP server refuses the request with HTTP {status}{}", detail.as_deref().map(|text| format!(": {text}")).unwrap_or_default())]
    Refused {
        /// The HTTP status.
        status: u16,
        /// How long the server asks to wait.
        retry_after: Option<Duration>,
        /// The beginning of the answer's body.
        detail: Option<String>,
    },
    /// No answer within the time allowed.
    #[error("the MCP server did not answer within {} ms", after.as_millis())]
    TimedOut {
        /// The time allowed.
        after: Duration,
        /// Whether the request may have reached the server.
        sent: bool,
    },
    /// The connection ended: the process exited or the stream broke.
    #[error("the connection to the MCP server closed{}", stderr.as_deref().map(|tail| format!("; it last wrote: {tail}")).unwrap_or_default())]
    Closed {
        /// The last lines the server wrote to its standard error.
        stderr: Option<String>,
        /// Whether the request may have reached the server.
        sent: bool,
    },
    /// The server answered with a JSON-RPC error.
    #[error("the MCP server answered with error {code}: {message}")]
    Rejected {
        /// The JSON-RPC error code.
        code: i32,
        /// The server's words.
        message: String,
        /// The server's data.
        data: Option<serde_json::Value>,
    },
    /// The server answered something that is not MCP.
    #[error("the MCP server broke the protocol: {message}")]
    Protocol {
        /// What was wrong.
        message: String,
        /// Whether the request may have reached the server.
        sent: bool,
    },
    /// The answer is larger than the limit.
    #[error("the MCP server's answer is larger than {limit_bytes} bytes")]
    TooLarge {
        /// The limit.
        limit_bytes: usize,
    },
    /// The caller cancelled; the server has been told.
    #[error("the call was cancelled")]
    Cancelled {
        /// Whether the request may have reached the server.
        sent: bool,
    },
    /// The server failed too often and is left alone for a while.
    #[error("the MCP server failed repeatedly and is not asked again for {} ms", retry_after.as_millis())]
    CircuitOpen {
        /// When the next attempt is allowed.
        retry_after: Duration,
    },
    /// The pool has been shut down.
    #[error("connections to MCP servers are closed")]
    ShutDown,
}

/// JSON-RPC: the server failed inside and does not say how far it got.
const INTERNAL_ERROR: i32 = -32603;

impl Error {
    /// Whether the request may have reached the server.
    #[must_use]
    pub fn sent(&self) -> bool {
        match self {
            Self::Invalid { .. }
            | Self::Unreachable { .. }
            | Self::Handshake { .. }
            | Self::CircuitOpen { .. }
            | Self::ShutDown => false,
            Self::Unauthorized { .. }
            | Self::Refused { .. }
            | Self::Rejected { .. }
            | Self::TooLarge { .. } => true,
            Self::TimedOut { sent, .. }
            | Self::Closed { sent, .. }
            | Self::Protocol { sent, .. }
            | Self::Cancelled { sent } => *sent,
        }
    }

    /// Whether a requested effect may have happened although no result came back.
    ///
    /// The effect ledger marks such a call ambiguous and never repeats it by itself. A refusal by HTTP 4xx, 3xx or by a
    /// JSON-RPC error other than "internal error" is an answer: the request was not carried out.
    #[must_use]
    pub fn outcome_unknown(&self) -> bool {
        match self {
            Self::Unauthorized { .. } => false,
            Self::Refused { status, .. } => *status >= 500,
            Self::Rejected { code, .. } => *code == INTERNAL_ERROR,
            other => other.sent(),
        }
    }

    /// Whether the failure is the server's and counts against it; the caller's own mistakes do not.
    pub(crate) fn counts(&self) -> bool {
        match self {
            Self::Unreachable { .. }
            | Self::Handshake { .. }
            | Self::TimedOut { .. }
            | Self::Closed { .. }
            | Self::Protocol { .. } => true,
            Self::Refused { status, .. } => *status >= 500,
            Self::Invalid { .. }
            | Self::Unauthorized { .. }
            | Self::Rejected { .. }
            | Self::TooLarge { .. }
            | Self::Cancelled { .. }
            | Self::CircuitOpen { .. }
            | Self::ShutDown => false,
        }
    }

    pub(crate) fn unreachable(source: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Unreachable { reason: chain(&source), source: Some(Arc::new(source)) }
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

/// The beginning of a text that a server sent, for a message that people read.
pub(crate) fn excerpt(text: &str, limit: usize) -> String {
    let text = text.trim();
    match text.char_indices().nth(limit) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

impl Kind for Error {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Invalid { .. } => ErrorKind::Invalid,
            Self::TooLarge { .. } => ErrorKind::TooLarge,
            Self::Refused { status: 429, retry_after, .. } => {
                ErrorKind::Limited { retry_after: *retry_after }
            }
            Self::CircuitOpen { .. } | Self::ShutDown => ErrorKind::Unavailable,
            Self::Cancelled { .. } => ErrorKind::Conflict,
            Self::Unreachable { .. }
            | Self::Handshake { .. }
            | Self::Unauthorized { .. }
            | Self::Refused { .. }
            | Self::TimedOut { .. }
            | Self::Closed { .. }
            | Self::Rejected { .. }
            | Self::Protocol { .. } => ErrorKind::Upstream,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Invalid { .. } => "mcp_server_invalid",
            Self::Unreachable { .. } => "mcp_unreachable",
            Self::Handshake { .. } => "mcp_handshake_failed",
            Self::Unauthorized { .. } => "mcp_unauthorized",
            Self::Refused { .. } => "mcp_refused",
            Self::TimedOut { .. } => "connector_timeout",
            Self::Closed { .. } => "mcp_closed",
            Self::Rejected { .. } => "mcp_rejected",
            Self::Protocol { .. } => "mcp_protocol",
            Self::TooLarge { .. } => "mcp_answer_too_large",
            Self::Cancelled { .. } => "mcp_cancelled",
            Self::CircuitOpen { .. } => "circuit_open",
            Self::ShutDown => "mcp_shut_down",
        }
    }
}
