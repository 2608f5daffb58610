//! What every vendor's stream needs around it: it ends when cancelled, it does not hang, and it never just stops.

use std::{future::Future, time::Duration};

use futures::{Stream, StreamExt, stream};
use tokio_util::sync::CancellationToken;

use crate::{
    Error, Result,
    chat::{Chunk, ChunkStream, StopReason},
};

/// How long a provider may say nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// Until its first sign; models that think in silence need minutes.
    pub first: Duration,
    /// Between two signs after that; any event of the wire counts, shown or not.
    pub idle: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { first: Duration::from_secs(300), idle: Duration::from_secs(120) }
    }
}

/// The circumstances of one call.
pub(crate) struct Guard {
    pub(crate) provider: String,
    pub(crate) model: String,
    pub(crate) cancel: CancellationToken,
    pub(crate) timeouts: Timeouts,
}

impl Guard {
    /// Opens the vendor's stream and watches over it. An item is what one event of the wire amounts to, often nothing.
    pub(crate) async fn watch<S>(self, open: impl Future<Output = Result<S>> + Send) -> Result<ChunkStream>
    where
        S: Stream<Item = Result<Vec<Chunk>>> + Send + 'static,
    {
        let opened = tokio::select! {
            biased;
            () = self.cancel.cancelled() => return Ok(cancelled(&self.model)),
            opened = tokio::time::timeout(self.timeouts.first, open) => opened,
        };
        match opened {
            Err(_) => Err(Error::Timeout { provider: self.provider, after: self.timeouts.first }),
            Ok(opened) => Ok(self.follow(opened?)),
        }
    }

    fn follow<S>(self, events: S) -> ChunkStream
    where
        S: Stream<Item = Result<Vec<Chunk>>> + Send + 'static,
    {
        let Self { provider, model, cancel, timeouts } = self;
        async_stream::stream! {
            let mut events = Box::pin(events);
            let mut patience = timeouts.first;
            loop {
                let event = tokio::select! {
                    biased;
                    () = cancel.cancelled() => None,
                    event = tokio::time::timeout(patience, events.next()) => Some(event),
                };
                let failure = match event {
                    None => {
                        // The connection closes now, not when the caller next looks.
                        drop(events);
                        yield Ok(Chunk::Stopped { reason: StopReason::Cancelled, model });
                        return;
                    }
                    Some(Ok(Some(Ok(chunks)))) => {
                        patience = timeouts.idle;
                        for chunk in chunks {
                            let last = matches!(chunk, Chunk::Stopped { .. });
                            yield Ok(chunk);
                            if last {
                                return;
                            }
                        }
                        continue;
                    }
                    Some(Ok(Some(Err(error)))) => error,
                    Some(Ok(None)) => Error::Cut { provider, source: None },
                    Some(Err(_)) => Error::Timeout { provider, after: patience },
                };
                drop(events);
                yield Err(failure);
                return;
            }
        }
        .boxed()
    }
}

/// The stream of a call that was cancelled before it began.
pub(crate) fn cancelled(model: &str) -> ChunkStream {
    let stopped = Chunk::Stopped { reason: StopReason::Cancelled, model: model.to_owned() };
    stream::iter([Ok(stopped)]).boxed()
}
