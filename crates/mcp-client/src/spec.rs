//! How a server is reached: an exact command line, or an address with headers.

use std::{collections::BTreeMap, fmt};

use conductor_domain::{Redacted, canonical_json, sha256_hex};
use http::{HeaderMap, HeaderName, HeaderValue};
use reqwest::Url;
use serde_json::{Value, json};

use crate::{Error, Result};

/// One server and the way to it.
#[derive(Clone, Debug)]
pub enum ServerSpec {
    /// A child process that speaks over its standard input and output.
    Stdio(CommandLine),
    /// Streamable HTTP: one address for everything.
    Http(Endpoint),
    /// The older HTTP transport: a stream of events plus an address to post to (protocol 2024-11-05).
    Sse(Endpoint),
}

impl ServerSpec {
    /// A SHA-256 over everything that identifies the server and the credential used with it.
    ///
    /// Sessions are shared by this, so two credentials never share one. It is not for showing: it covers secrets.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let described = match self {
            Self::Stdio(command_line) => json!({ "stdio": command_line.hash() }),
            Self::Http(endpoint) => json!({ "http": endpoint.described() }),
            Self::Sse(endpoint) => json!({ "sse": endpoint.described() }),
        };
        sha256_hex(canonical_json(&described))
    }
}

/// A process to start, exactly as written: no shell, no search beyond `PATH`, no variable replaced.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CommandLine {
    /// The program.
    pub command: String,
    /// Its arguments, one by one.
    pub args: Vec<String>,
    /// Its environment beside the few variables every process needs; values may be secrets.
    pub env: BTreeMap<String, Redacted<String>>,
}

impl CommandLine {
    /// A command line without an environment of its own.
    #[must_use]
    pub fn new(command: impl Into<String>, args: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self {
            command: command.into(),
            args: args.into_iter().map(Into::into).collect(),
            env: BTreeMap::new(),
        }
    }

    /// Adds an environment variable.
    #[must_use]
    pub fn with_env(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.env.insert(name.into(), Redacted::new(value.into()));
        self
    }

    /// The SHA-256 by which an administrator's confirmation is kept.
    ///
    /// It covers the values of the environment too: `NODE_OPTIONS` or `LD_PRELOAD` decide what runs as much as an
    /// argument does, and a list of dangerous names would miss one. So a changed secret asks for confirmation again.
    #[must_use]
    pub fn hash(&self) -> String {
        let env: serde_json::Map<String, Value> =
            self.env.iter().map(|(name, value)| (name.clone(), json!(value.expose()))).collect();
        sha256_hex(canonical_json(&json!({ "command": self.command, "args": self.args, "env": env })))
    }

    /// Refuses what the operating system would misread.
    pub(crate) fn validate(&self) -> Result<()> {
        let invalid = |what: &str| Err(Error::Invalid { what: what.to_owned() });
        if self.command.trim().is_empty() {
            return invalid("the command is empty; name the program to run");
        }
        if self.command.contains('\0') || self.args.iter().any(|arg| arg.contains('\0')) {
            return invalid("the command line contains a NUL character");
        }
        for (name, value) in &self.env {
            if name.is_empty() || name.contains(['=', '\0']) || value.expose().contains('\0') {
                return invalid(
                    "a variable's name is empty or contains `=`, or one contains a NUL character",
                );
            }
        }
        Ok(())
    }
}

/// An address, the headers sent with every request, and the client that sends them.
#[derive(Clone)]
pub struct Endpoint {
    url: Url,
    headers: HeaderMap,
    client: reqwest::Client,
}

/// Headers that belong to the protocol itself.
const RESERVED: [&str; 8] = [
    "accept",
    "content-length",
    "content-type",
    "host",
    "last-event-id",
    "mcp-protocol-version",
    "mcp-session-id",
    "transfer-encoding",
];

impl Endpoint {
    /// An address to be reached through `client`.
    ///
    /// Hand in a client that follows no redirects: a server could otherwise have the headers carried elsewhere.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] if the address is not an `http` or `https` URL or carries a user name or password.
    pub fn new(url: &str, client: reqwest::Client) -> Result<Self> {
        let invalid = |what: String| Error::Invalid { what };
        let url = Url::parse(url).map_err(|error| invalid(format!("the address is not a URL: {error}")))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(invalid(format!(
                "the address must begin with http:// or https://, not {}:",
                url.scheme()
            )));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(invalid(
                "the address contains a user name or password; send it as a header".to_owned(),
            ));
        }
        Ok(Self { url, headers: HeaderMap::new(), client })
    }

    /// Adds a header to every request, such as `Authorization`.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] if the header is malformed or belongs to the protocol.
    pub fn with_header(mut self, name: &str, value: &Redacted<String>) -> Result<Self> {
        let header = HeaderName::from_bytes(name.as_bytes())
            .map_err(|_| Error::Invalid { what: format!("`{name}` is not a header name") })?;
        if RESERVED.contains(&header.as_str()) {
            return Err(Error::Invalid { what: format!("the header `{header}` belongs to the protocol") });
        }
        let mut value = HeaderValue::from_str(value.expose()).map_err(|_| Error::Invalid {
            what: format!("the value of the header `{header}` has characters that headers cannot carry"),
        })?;
        value.set_sensitive(true);
        self.headers.insert(header, value);
        Ok(self)
    }

    /// The address.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.url
    }

    pub(crate) fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    pub(crate) fn client(&self) -> &reqwest::Client {
        &self.client
    }

    fn described(&self) -> Value {
        let headers: serde_json::Map<String, Value> = self
            .headers
            .iter()
            .map(|(name, value)| (name.to_string(), json!(sha256_hex(value.as_bytes()))))
            .collect();
        json!({ "url": self.url.as_str(), "headers": headers })
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut url = self.url.clone();
        // A query may hold a key.
        url.set_query(self.url.query().map(|_| "…"));
        f.debug_struct("Endpoint")
            .field("url", &url.as_str())
            .field("headers", &self.headers.keys().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(clippy::disallowed_methods, reason = "never sends anything")]
    fn client() -> reqwest::Client {
        reqwest::Client::new()
    }

    fn command_line() -> CommandLine {
        CommandLine::new("npx", ["-y", "server@1.2.3"]).with_env("KEY", "value-of-key")
    }

    #[test]
    fn every_part_of_a_command_line_changes_its_hash() {
        let changed = [
            CommandLine { command: "npm".to_owned(), ..command_line() },
            CommandLine { args: vec!["--yes".to_owned(), "server@1.2.3".to_owned()], ..command_line() },
            CommandLine { args: vec!["-y server@1.2.3".to_owned()], ..command_line() },
            CommandLine { args: vec!["server@1.2.3".to_owned(), "-y".to_owned()], ..command_line() },
            CommandLine {
                args: vec!["-y".to_owned(), "server@1.2.3".to_owned(), String::new()],
                ..command_line()
            },
            command_line().with_env("KEY", "another"),
            command_line().with_env("NODE_OPTIONS", "--require=/tmp/x.js"),
            CommandLine { env: BTreeMap::new(), ..command_line() },
        ];
        let mut hashes: Vec<_> = changed.iter().map(CommandLine::hash).collect();
        hashes.push(command_line().hash());
        let distinct: std::collections::BTreeSet<_> = hashes.iter().collect();
        assert_eq!(distinct.len(), hashes.len());
        assert_eq!(command_line().hash(), command_line().hash());
    }

    #[test]
    fn secrets_are_not_in_debug() {
        let endpoint = Endpoint::new("https://example.org/mcp?key=q-secret", client())
            .and_then(|endpoint| {
                endpoint.with_header("Authorization", &Redacted::new("Bearer h-secret".to_owned()))
            })
            .unwrap();
        let shown = format!("{:?} {:?}", command_line(), ServerSpec::Http(endpoint));
        assert!(
            !shown.contains("value-of-key") && !shown.contains("q-secret") && !shown.contains("h-secret"),
            "{shown}"
        );
        assert!(shown.contains("authorization"));
    }

    #[test]
    fn two_credentials_never_share_a_fingerprint() {
        let with = |token: &str| {
            let endpoint = Endpoint::new("https://example.org/mcp", client())
                .and_then(|endpoint| endpoint.with_header("Authorization", &Redacted::new(token.to_owned())));
            ServerSpec::Http(endpoint.unwrap()).fingerprint()
        };
        assert_ne!(with("Bearer one-long-token-a"), with("Bearer one-long-token-b"));
        assert_eq!(with("Bearer one"), with("Bearer one"));
    }

    #[test]
    fn addresses_and_headers_are_checked() {
        for wrong in
            ["example.org", "ftp://example.org/", "https://user:pass@example.org/", "file:///etc/passwd"]
        {
            assert!(matches!(Endpoint::new(wrong, client()), Err(Error::Invalid { .. })), "{wrong}");
        }
        let endpoint = Endpoint::new("https://example.org/", client()).unwrap();
        for wrong in ["Mcp-Session-Id", "Host", "two words", ""] {
            let value = Redacted::new("x".to_owned());
            assert!(
                matches!(endpoint.clone().with_header(wrong, &value), Err(Error::Invalid { .. })),
                "{wrong}"
            );
        }
        let newline = Redacted::new("a\r\nInjected: b".to_owned());
        assert!(matches!(endpoint.with_header("X-Key", &newline), Err(Error::Invalid { .. })));
    }

    #[test]
    fn command_lines_are_checked() {
        assert!(CommandLine::new(" ", [""; 0]).validate().is_err());
        assert!(CommandLine::new("a\0b", [""; 0]).validate().is_err());
        assert!(CommandLine::new("a", ["b\0"]).validate().is_err());
        assert!(command_line().with_env("A=B", "c").validate().is_err());
        assert!(command_line().validate().is_ok());
    }
}
