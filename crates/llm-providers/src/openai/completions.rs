//! One call of a chat-completions endpoint, from request to pieces.

use std::{
    collections::HashSet,
    sync::{Arc, atomic::AtomicBool},
};

use async_openai::{Client, types::stream::StreamResponse};
use futures::{Stream, StreamExt};
use tokio_util::sync::CancellationToken;

use crate::{
    ChatRequest, Chunk, ChunkStream, Provider, Result, Timeouts,
    guard::Guard,
    names::ToolNames,
    openai::{
        endpoint::Endpoint,
        events::{Decoder, Event},
        request,
        transport::{self, Transport},
    },
    wire::Callee,
};

/// Whose chat completions: what one takes, another refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// OpenAI's own.
    OpenAi,
    /// Azure's, which follows with a delay.
    Azure,
    /// Everybody else's, of which only the oldest part is certain.
    Compatible,
}

/// A client of such endpoints.
#[derive(Debug)]
pub(crate) struct Completions {
    client: reqwest::Client,
    callee: Callee,
    dialect: Dialect,
    timeouts: Timeouts,
    /// Deployments whose name hides that their model reasons.
    reasoning: HashSet<String>,
}

impl Completions {
    pub(crate) fn new(provider: &Provider, callee: Callee, dialect: Dialect) -> Self {
        let hidden = provider.models.iter().filter(|offer| request::reasons(&offer.id));
        Self {
            client: provider.client.clone(),
            callee,
            dialect,
            timeouts: provider.timeouts,
            reasoning: hidden.map(|offer| offer.upstream.clone()).collect(),
        }
    }

    pub(crate) async fn stream(
        &self,
        endpoint: Endpoint,
        request: ChatRequest,
        cancel: CancellationToken,
    ) -> Result<ChunkStream> {
        let guard = Guard {
            provider: self.callee.provider.clone(),
            model: request.model.clone(),
            cancel,
            timeouts: self.timeouts,
        };
        guard.watch(self.open(endpoint, request)).await
    }

    async fn open(
        &self,
        endpoint: Endpoint,
        request: ChatRequest,
    ) -> Result<impl Stream<Item = Result<Vec<Chunk>>> + Send + 'static> {
        let names = ToolNames::of(&request);
        let reasons = request::reasons(&request.model) || self.reasoning.contains(&request.model);
        let body = request::body(&request, &names, self.dialect, reasons);
        let endless = Arc::new(AtomicBool::new(false));
        let transport = Transport {
            client: self.client.clone(),
            callee: self.callee.clone(),
            model: request.model.clone(),
            endless: Arc::clone(&endless),
        };
        let client = Client::build(self.client.clone(), endpoint).with_http_service(transport);
        let opened = client.chat().create_stream_byot(body).await;
        let events: StreamResponse<Event> =
            opened.map_err(|error| transport::error(error, &self.callee, &endless))?;
        Ok(chunks(events, Decoder::new(names, self.callee.clone(), request.model), endless))
    }
}

fn chunks(
    mut events: StreamResponse<Event>,
    mut decoder: Decoder,
    endless: Arc<AtomicBool>,
) -> impl Stream<Item = Result<Vec<Chunk>>> + Send {
    async_stream::stream! {
        while let Some(event) = events.next().await {
            let decoded = match event {
                Ok(event) => decoder.event(event),
                // The answer is complete; only the count of its tokens is lost.
                Err(_) if decoder.finished() => break,
                Err(error) => Err(transport::error(error, decoder.callee(), &endless)),
            };
            let failed = decoded.is_err();
            yield decoded;
            if failed {
                return;
            }
        }
        // Without a reason to stop there is no end, and whoever follows this stream calls it cut.
        if decoder.finished() {
            yield Ok(decoder.end());
        }
    }
}
