//! Anthropic's Messages.

mod events;
mod request;

use async_trait::async_trait;
use eventsource_stream::{EventStreamError, Eventsource};
use futures::{Stream, StreamExt};
use reqwest::{
    Url,
    header::{ACCEPT, HeaderMap, HeaderValue},
};
use tokio_util::sync::CancellationToken;

use crate::{
    ChatModel, ChatRequest, Chunk, ChunkStream, Provider, Result, Timeouts,
    guard::Guard,
    names::ToolNames,
    wire::{Callee, whole_lines},
};
use events::Decoder;

/// Where Anthropic is.
const ADDRESS: &str = "https://api.anthropic.com";

/// The version of the wire format that this file is written for.
const VERSION: &str = "2023-06-01";

/// A client of Anthropic.
#[derive(Debug)]
pub struct Anthropic {
    client: reqwest::Client,
    callee: Callee,
    messages: Url,
    headers: HeaderMap,
    timeouts: Timeouts,
}

impl Anthropic {
    /// The client of a configured provider, which needs a key.
    pub fn new(provider: &Provider) -> Result<Self> {
        let callee = Callee::of(provider);
        let mut headers = HeaderMap::new();
        headers.insert("x-api-key", callee.required_key_header("")?);
        headers.insert("anthropic-version", HeaderValue::from_static(VERSION));
        headers.insert(ACCEPT, HeaderValue::from_static("text/event-stream"));
        let mut messages = callee.address(provider.base_url.as_deref().unwrap_or(ADDRESS))?;
        let path = messages.path().trim_end_matches('/').trim_end_matches("/v1").to_owned();
        messages.set_path(&format!("{path}/v1/messages"));
        Ok(Self { client: provider.client.clone(), callee, messages, headers, timeouts: provider.timeouts })
    }

    /// Where the list of models is.
    pub(crate) fn list(&self) -> (String, HeaderMap) {
        let mut url = self.messages.clone();
        url.set_path(&self.messages.path().replace("/v1/messages", "/v1/models"));
        url.set_query(Some("limit=1000"));
        (url.into(), self.headers.clone())
    }

    async fn open(
        &self,
        request: ChatRequest,
    ) -> Result<impl Stream<Item = Result<Vec<Chunk>>> + Send + 'static> {
        let names = ToolNames::of(&request);
        let body = request::body(&request, &names, &self.callee)?;
        let call = self.client.post(self.messages.clone()).headers(self.headers.clone()).json(&body);
        let response = call.send().await.map_err(|error| self.callee.unanswered(error))?;
        let response = self.callee.event_stream(response, &request.model).await?;
        let bytes = whole_lines(response.bytes_stream());
        Ok(chunks(bytes.boxed(), Decoder::new(names, self.callee.clone(), request.model)))
    }
}

#[async_trait]
impl ChatModel for Anthropic {
    async fn stream(&self, request: ChatRequest, cancel: CancellationToken) -> Result<ChunkStream> {
        let guard = Guard {
            provider: self.callee.provider.clone(),
            model: request.model.clone(),
            cancel,
            timeouts: self.timeouts,
        };
        guard.watch(self.open(request)).await
    }
}

fn chunks(
    bytes: impl Stream<Item = std::io::Result<bytes::Bytes>> + Unpin + Send,
    mut decoder: Decoder,
) -> impl Stream<Item = Result<Vec<Chunk>>> + Send {
    let mut events = bytes.eventsource();
    async_stream::stream! {
        while let Some(event) = events.next().await {
            let decoded = match event {
                Ok(event) => decoder.event(&event.data),
                Err(EventStreamError::Transport(error)) if error.kind() != std::io::ErrorKind::InvalidData => {
                    Err(decoder.callee().cut(error))
                }
                Err(error) => Err(decoder.callee().garbage("the event stream is malformed", "", Some(error.into()))),
            };
            let failed = decoded.is_err();
            yield decoded;
            if failed {
                return;
            }
        }
    }
}
