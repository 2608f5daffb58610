//! Asks again where that helps, and never once the caller has seen a part of the answer.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use futures::{StreamExt, stream};
use tokio_util::sync::CancellationToken;

use crate::{
    Error, Result,
    chat::{ChatModel, ChatRequest, ChunkStream},
    guard::cancelled,
};

/// How often and how patiently to ask again.
#[derive(Clone, Copy, Debug)]
pub struct RetryPolicy {
    /// Calls in all; 1 never asks again.
    pub max_attempts: u32,
    /// The wait before the second call; it doubles from call to call.
    pub base: Duration,
    /// The longest wait. A provider that asks for more gets no further call: its error says how long.
    pub max_delay: Duration,
    /// 0–1, drawn for each wait, so that many callers do not come back at the same moment.
    pub jitter: fn() -> f64,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            max_attempts: 4,
            base: Duration::from_millis(500),
            max_delay: Duration::from_secs(20),
            jitter: rand::random,
        }
    }
}

impl RetryPolicy {
    /// The wait after a failed call, or nothing where asking again is no use. `attempt` counts from 1.
    #[must_use]
    pub fn delay(&self, error: &Error, attempt: u32) -> Option<Duration> {
        // A provider that was silent for minutes would be silent for minutes again.
        if attempt >= self.max_attempts || !error.retryable() || matches!(error, Error::Timeout { .. }) {
            return None;
        }
        let jitter = (self.jitter)().clamp(0.0, 1.0);
        match error.retry_after() {
            Some(asked) if asked > self.max_delay => None,
            Some(asked) => Some(asked + self.base.mul_f64(jitter)),
            None => {
                let doubled = self.base.saturating_mul(2_u32.saturating_pow(attempt - 1)).min(self.max_delay);
                Some(doubled.mul_f64(0.5 + jitter / 2.0))
            }
        }
    }
}

/// A model that is asked again by a policy.
pub struct Retrying {
    inner: Arc<dyn ChatModel>,
    policy: RetryPolicy,
}

impl Retrying {
    /// Puts the policy before a model.
    #[must_use]
    pub fn new(inner: Arc<dyn ChatModel>, policy: RetryPolicy) -> Self {
        Self { inner, policy }
    }

    /// One call, up to the first piece that the caller would see.
    async fn attempt(&self, request: ChatRequest, cancel: CancellationToken) -> Result<ChunkStream> {
        let mut chunks = self.inner.stream(request, cancel).await?;
        let mut early = Vec::new();
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk?;
            let seen = chunk.is_content();
            early.push(Ok(chunk));
            if seen {
                break;
            }
        }
        Ok(stream::iter(early).chain(chunks).boxed())
    }
}

#[async_trait]
impl ChatModel for Retrying {
    #[tracing::instrument(name = "llm.chat", level = "debug", skip_all, fields(llm.model = %request.model))]
    async fn stream(&self, request: ChatRequest, cancel: CancellationToken) -> Result<ChunkStream> {
        let mut attempt = 1;
        loop {
            let error = match self.attempt(request.clone(), cancel.clone()).await {
                Ok(chunks) => return Ok(chunks),
                Err(error) => error,
            };
            let Some(delay) = self.policy.delay(&error, attempt) else {
                return Err(error);
            };
            let delay_ms = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX);
            tracing::warn!(llm.attempt = attempt, delay_ms, %error, "the model is asked again");
            tokio::select! {
                biased;
                () = cancel.cancelled() => return Ok(cancelled(&request.model)),
                () = tokio::time::sleep(delay) => attempt += 1,
            }
        }
    }
}
