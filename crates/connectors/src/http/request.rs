//! What is asked, as a document says it, and the same checked and ready to be sent.

use std::{fmt, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};
use url::Url;

use super::{Auth, address, body, header as headers, oauth::Grant};
use crate::{Error, Result};

/// One request. `Debug` shows names only, because values of headers, query and body may be secret.
#[derive(Clone, Default)]
pub struct HttpRequest {
    /// The method, in any case: GET, POST, PUT, PATCH, DELETE, HEAD or OPTIONS.
    pub method: String,
    /// The address, or the part of it that the endpoints of one API share.
    pub url: String,
    /// What is added to the address, joined by exactly one slash; empty and `/` add nothing.
    pub endpoint: Option<String>,
    /// Headers. Values are text, numbers or booleans; a list repeats the header, null leaves it out.
    pub headers: Map<String, Value>,
    /// Parameters of the query, after those of the address. A list repeats its parameter, an object is sent as JSON, null
    /// is left out.
    pub query: Map<String, Value>,
    /// What is sent: text as it is, an object as a form where the header `Content-Type` says so, anything else as JSON.
    pub body: Option<Value>,
    /// How it shows who sends it.
    pub auth: Auth,
    /// How long everything may take, a token's fetching and the answer's end included; the client's limit where `None`.
    pub timeout: Option<Duration>,
    /// Sent as `Idempotency-Key`, unless the document sets that header itself.
    pub idempotency_key: Option<String>,
}

/// What a credential adds to a request.
pub(crate) enum Credential {
    Header(HeaderName, HeaderValue),
    Query(String, SecretString),
}

/// How the credential comes about.
pub(crate) enum Proof<'a> {
    /// As it is, or not at all.
    Ready(Option<Credential>),
    /// By a token that must be fetched first.
    Fetched(Grant<'a>),
}

/// A request that holds to every rule.
pub(crate) struct Prepared<'a> {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Option<Bytes>,
    pub(crate) proof: Proof<'a>,
}

const METHODS: [Method; 7] =
    [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::HEAD, Method::OPTIONS];

impl HttpRequest {
    /// A request without anything but a method and an address.
    #[must_use]
    pub fn new(method: impl Into<String>, url: impl Into<String>) -> Self {
        Self { method: method.into(), url: url.into(), ..Self::default() }
    }

    /// Checks all that can be checked before anything is sent.
    pub(crate) fn prepare(&self) -> Result<Prepared<'_>> {
        let method = METHODS
            .into_iter()
            .find(|method| method.as_str().eq_ignore_ascii_case(self.method.trim()))
            .ok_or_else(|| {
                let known = METHODS.map(|method| method.to_string()).join(", ");
                Error::invalid("/method", format!("the method {:?} is none of {known}", self.method))
            })?;
        let url = address::build(&self.url, self.endpoint.as_deref(), &self.query)?;
        let mut all = headers::read(&self.headers)?;
        let body = match &self.body {
            None | Some(Value::Null) => None,
            Some(value) => Some(body::encode(value, &mut all)?),
        };
        // A connection never takes up an empty body, so it would not tell that the request left.
        let body = body.filter(|bytes| !bytes.is_empty());
        if body.is_none() && [Method::POST, Method::PUT, Method::PATCH].contains(&method) {
            // Without it some servers answer 411 to a request that has nothing to say.
            all.insert(header::CONTENT_LENGTH, HeaderValue::from_static("0"));
        }
        if let Some(key) =
            self.idempotency_key.as_deref().filter(|_| !all.contains_key(headers::IDEMPOTENCY_KEY))
        {
            all.insert(headers::IDEMPOTENCY_KEY, headers::value("/idempotency_key", key)?);
        }
        Ok(Prepared { method, url, headers: all, body, proof: self.auth.proof()? })
    }
}

impl Prepared<'_> {
    /// Whether carrying it out changes something at the target.
    pub(crate) fn has_effect(&self) -> bool {
        ![Method::GET, Method::HEAD, Method::OPTIONS].contains(&self.method)
    }

    /// Address and headers with a credential, which replaces whatever stood in its header.
    pub(crate) fn with(&self, credential: Option<&Credential>) -> (Url, HeaderMap) {
        let (mut url, mut headers) = (self.url.clone(), self.headers.clone());
        match credential {
            Some(Credential::Header(name, value)) => {
                headers.insert(name, value.clone());
            }
            Some(Credential::Query(name, value)) => {
                url.query_pairs_mut().append_pair(name, value.expose_secret());
            }
            None => {}
        }
        (url, headers)
    }
}

impl fmt::Debug for HttpRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The path of a webhook is often its secret, so the host is all that is shown of the address.
        let host = Url::parse(&self.url).ok().and_then(|url| url.host_str().map(str::to_owned));
        f.debug_struct("HttpRequest")
            .field("method", &self.method)
            .field("host", &host)
            .field("headers", &self.headers.keys().collect::<Vec<_>>())
            .field("query", &self.query.keys().collect::<Vec<_>>())
            .field("body", &self.body.is_some())
            .field("auth", &self.auth)
            .field("timeout", &self.timeout)
            .field("idempotency_key", &self.idempotency_key)
            .finish_non_exhaustive()
    }
}
