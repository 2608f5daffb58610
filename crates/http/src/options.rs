//! What an operator decides about the HTTP door.

use std::time::Duration;

use axum::http::HeaderName;
use conductor_domain::Redacted;
use ipnet::IpNet;

/// Configuration of the door.
#[derive(Clone, Debug)]
pub struct Options {
    /// The version that `/health` and the OpenAPI document tell.
    pub version: &'static str,
    /// Where people reach the server, such as `https://conductor.example.com`; its host is allowed.
    pub public_url: Option<String>,
    /// Further names that a `Host` header may carry. Addresses and `localhost` always may: a name that an attacker
    /// points at this machine is what rebinding needs.
    pub allowed_hosts: Vec<String>,
    /// Proxies whose `X-Forwarded-For` tells the truth.
    pub trusted_proxies: Vec<IpNet>,
    /// The header in which those proxies tell of a client's certificate, such as `client-cert` (RFC 9440); without it
    /// no certificate is read. The proxy must drop what a client sends under this name.
    pub client_cert_header: Option<HeaderName>,
    /// 32 random bytes that sign the cursors of lists.
    pub cursor_key: Redacted<[u8; 32]>,
    /// Sizes and times.
    pub limits: Limits,
}

impl Options {
    /// The defaults around a key.
    #[must_use]
    pub fn new(version: &'static str, cursor_key: [u8; 32]) -> Self {
        Self {
            version,
            public_url: None,
            allowed_hosts: Vec::new(),
            trusted_proxies: Vec::new(),
            client_cert_header: None,
            cursor_key: Redacted::new(cursor_key),
            limits: Limits::default(),
        }
    }
}

/// How much of everything one request may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of a JSON body.
    pub body_bytes: usize,
    /// Bytes of an upload.
    pub upload_bytes: usize,
    /// Levels of a JSON body.
    pub json_depth: usize,
    /// Time until an answer begins.
    pub request: Duration,
    /// Time between two signs of life of an event stream.
    pub heartbeat: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes: 2 * 1024 * 1024,
            upload_bytes: 32 * 1024 * 1024,
            json_depth: 64,
            request: Duration::from_secs(60),
            heartbeat: Duration::from_secs(15),
        }
    }
}
