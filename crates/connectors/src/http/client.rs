//! Sends a request and follows it to the end of its answer, knowing at every moment whether it may have taken effect.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use futures::stream;
use http::{HeaderValue, StatusCode, header};
use reqwest::{Body, Client};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{
    HttpAnswer, HttpRequest, auth, body,
    oauth::Tokens,
    request::{Credential, Prepared, Proof},
};
use crate::{Error, Gate, Result, error::chain};

/// What no answer may exceed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The size of a body in bytes, after decompression.
    pub response_bytes: usize,
    /// How long a request may take that says nothing of it.
    pub timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { response_bytes: 10 * 1024 * 1024, timeout: Duration::from_secs(30) }
    }
}

/// Finds what the guard of a client says behind an error, where it was the guard that refused.
pub type Refusal = fn(&(dyn std::error::Error + 'static)) -> Option<String>;

/// Sends requests; cheap to clone. Tokens that were fetched are shared by all clones.
#[derive(Clone)]
pub struct HttpClient {
    client: Client,
    limits: Limits,
    refusal: Refusal,
    tokens: Arc<Tokens>,
    gate: Gate,
}

/// How far a request has come, seen from outside of the future that carries it.
#[derive(Clone, Default)]
struct Progress(Arc<AtomicBool>);

impl Progress {
    fn set(&self, may_have_taken_effect: bool) {
        self.0.store(may_have_taken_effect, Ordering::SeqCst);
    }

    fn outcome_unknown(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

impl HttpClient {
    /// Sends with this client, which decides on addresses and redirects.
    ///
    /// It should follow no redirects by itself: credentials in headers of their own would go along to the new host.
    #[must_use]
    pub fn new(client: Client, limits: Limits) -> Self {
        Self { client, limits, refusal: |_| None, tokens: Arc::default(), gate: Gate::default() }
    }

    /// Tells the guard's refusals from other failures to connect. The guard belongs to whoever built the client.
    #[must_use]
    pub fn refused_by(mut self, refusal: Refusal) -> Self {
        self.refusal = refusal;
        self
    }

    /// The same, which asks this of every request that changes something, once there is a connection for it.
    #[must_use]
    pub fn gated(&self, gate: Gate) -> Self {
        Self { gate, ..self.clone() }
    }

    /// Sends a request and waits for the whole answer. An answer that refuses or fails is an answer.
    ///
    /// Once `cancel` is cancelled, or the future dropped, the connection is closed.
    ///
    /// # Errors
    /// `Invalid` before anything is sent; the others when there is no complete answer.
    pub async fn send(&self, request: &HttpRequest, cancel: &CancellationToken) -> Result<HttpAnswer> {
        let prepared = request.prepare()?;
        let (started, progress) = (Instant::now(), Progress::default());
        let patience = request.timeout.unwrap_or(self.limits.timeout);
        let sent = tokio::select! {
            biased;
            () = cancel.cancelled() => Err(Error::Cancelled { outcome_unknown: progress.outcome_unknown() }),
            sent = tokio::time::timeout(patience, self.exchange(&prepared, &progress, started)) => {
                let outcome_unknown = progress.outcome_unknown();
                sent.unwrap_or(Err(Error::TimedOut { after: patience, outcome_unknown }))
            }
        };
        log(&prepared, &sent, started.elapsed());
        sent
    }

    /// The request with its credential; with a new token once, where the target does not accept the one that was kept.
    async fn exchange(
        &self,
        prepared: &Prepared<'_>,
        progress: &Progress,
        started: Instant,
    ) -> Result<HttpAnswer> {
        let grant = match &prepared.proof {
            Proof::Ready(credential) => {
                return self.once(prepared, credential.as_ref(), progress, started).await;
            }
            Proof::Fetched(grant) => *grant,
        };
        let token = self.tokens.token(self, grant, None).await?;
        let credential = auth::bearer("/auth/token_url", &token)?;
        let answer = self.once(prepared, Some(&credential), progress, started).await?;
        if answer.status_code != StatusCode::UNAUTHORIZED.as_u16() {
            return Ok(answer);
        }
        // A request that was refused for its token was not carried out, so it may be sent once more.
        let token = self.tokens.token(self, grant, Some(&token)).await?;
        let credential = auth::bearer("/auth/token_url", &token)?;
        self.once(prepared, Some(&credential), progress, started).await
    }

    async fn once(
        &self,
        prepared: &Prepared<'_>,
        credential: Option<&Credential>,
        progress: &Progress,
        started: Instant,
    ) -> Result<HttpAnswer> {
        let (url, mut headers) = prepared.with(credential);
        let mut request = self.client.request(prepared.method.clone(), url);
        match &prepared.body {
            Some(bytes) if prepared.has_effect() => {
                headers.insert(header::CONTENT_LENGTH, HeaderValue::from(bytes.len()));
                request = request.body(watched(bytes.clone(), progress.clone(), self.gate.clone()));
            }
            Some(bytes) => request = request.body(bytes.clone()),
            // Nothing tells when a request without a body leaves, so it counts as sent from the start.
            None if prepared.has_effect() => {
                if let Err(reason) = self.gate.pass().await {
                    return Err(Error::Unreachable {
                        reason: reason.to_string(),
                        outcome_unknown: false,
                        source: reason,
                    });
                }
                progress.set(true);
            }
            None => {}
        }
        let mut response = request.headers(headers).send().await.map_err(|error| {
            if error.is_connect() && prepared.body.is_none() {
                progress.set(false);
            }
            self.explain(error, started.elapsed(), progress.outcome_unknown())
        })?;
        // A refusal says that nothing was done, whatever becomes of the rest of it.
        let outcome_unknown = prepared.has_effect() && !response.status().is_client_error();
        progress.set(outcome_unknown);
        let bytes =
            body::read(&mut response, self.limits.response_bytes).await.map_err(|broken| match broken {
                body::Broken::TooLarge => {
                    Error::TooLarge { limit_bytes: self.limits.response_bytes, outcome_unknown }
                }
                body::Broken::Cut(error) => self.explain(error, started.elapsed(), outcome_unknown),
            })?;
        Ok(HttpAnswer::new(response.status(), response.headers(), &bytes, started.elapsed()))
    }

    /// A failure of the client below in this crate's words, without the address, which may hold a key.
    pub(crate) fn explain(&self, error: reqwest::Error, after: Duration, outcome_unknown: bool) -> Error {
        let error = error.without_url();
        if let Some(what) = (self.refusal)(&error) {
            return Error::Refused { what, outcome_unknown };
        }
        if error.is_builder() {
            return Error::invalid("/url", format!("the request cannot be sent: {}", chain(&error)));
        }
        if error.is_timeout() {
            return Error::TimedOut { after, outcome_unknown };
        }
        Error::Unreachable { reason: chain(&error), outcome_unknown, source: error.into() }
    }

    pub(crate) const fn client(&self) -> &Client {
        &self.client
    }
}

/// A body that notes when the connection takes it up, and asks whether it still may: before that there is no connection,
/// and nothing has left.
///
/// The length must be in the headers, or the body would be sent in chunks, which not every server reads.
fn watched(bytes: Bytes, progress: Progress, gate: Gate) -> Body {
    Body::wrap_stream(stream::once(async move {
        gate.pass().await?;
        progress.set(true);
        Ok::<_, Box<dyn std::error::Error + Send + Sync>>(bytes)
    }))
}

/// Host and outcome; never the path, which is the secret of many a webhook.
fn log(prepared: &Prepared<'_>, sent: &Result<HttpAnswer>, elapsed: Duration) {
    let (method, host) = (prepared.method.as_str(), prepared.url.host_str());
    let elapsed_ms = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
    match sent {
        Ok(answer) => {
            tracing::debug!(method, host, status = answer.status_code, elapsed_ms, "request answered");
        }
        Err(error) => {
            tracing::debug!(method, host, %error, elapsed_ms, "request without an answer");
        }
    }
}

impl fmt::Debug for HttpClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpClient").field("limits", &self.limits).finish_non_exhaustive()
    }
}
