//! The vendors under test, and what a stream of theirs came to.

use std::{sync::Arc, time::Duration};

use conductor_llm_providers::{
    ChatModel, ChatRequest, Chunk, Error, Message, Provider, ProviderKind, Result, Timeouts, ToolSpec,
};
use futures::StreamExt;
use serde_json::json;
use tokio_util::sync::CancellationToken;

pub(crate) const KEY: &str = "secret-key-1234";

/// Those who speak chat completions.
pub(crate) const COMPLETIONS: &[ProviderKind] =
    &[ProviderKind::OpenAi, ProviderKind::Azure, ProviderKind::OpenAiCompatible];

/// Everybody on a wire.
pub(crate) const ALL: &[ProviderKind] =
    &[ProviderKind::OpenAi, ProviderKind::Azure, ProviderKind::OpenAiCompatible, ProviderKind::Anthropic];

pub(crate) fn client() -> reqwest::Client {
    #[expect(clippy::disallowed_methods, reason = "a test's own client, for the loopback")]
    let builder = reqwest::Client::builder();
    builder.no_proxy().build().unwrap()
}

pub(crate) fn provider(kind: ProviderKind, url: &str) -> Provider {
    let mut provider = Provider::new(kind, kind.as_str(), client()).with_key(KEY).with_base_url(url);
    // Long enough for a busy machine; no test waits for it.
    provider.timeouts = Timeouts { first: Duration::from_secs(20), idle: Duration::from_secs(20) };
    provider
}

pub(crate) fn vendor(kind: ProviderKind, url: &str) -> Arc<dyn ChatModel> {
    provider(kind, url).connect().unwrap()
}

/// The wire format's fixtures.
pub(crate) fn fixture(kind: ProviderKind, name: &str) -> Vec<u8> {
    let format = if kind == ProviderKind::Anthropic { "messages" } else { "completions" };
    let path = format!("{}/tests/fixtures/{format}/{name}.sse", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

pub(crate) fn tool(name: &str) -> ToolSpec {
    ToolSpec {
        name: name.to_owned(),
        description: format!("What {name} does."),
        input_schema: json!({"type": "object", "properties": {"location": {"type": "string"}}}),
    }
}

/// A small request, with a tool whose name no vendor takes as it is.
pub(crate) fn request() -> ChatRequest {
    ChatRequest {
        model: "the-model".to_owned(),
        messages: vec![Message::user("Hello")],
        tools: vec![tool("get_weather"), tool("files.read")],
        ..ChatRequest::default()
    }
}

/// All pieces, and the error that ended them.
pub(crate) async fn collect(chat: &dyn ChatModel, request: ChatRequest) -> (Vec<Chunk>, Option<Error>) {
    match chat.stream(request, CancellationToken::new()).await {
        Ok(chunks) => split(chunks.collect().await),
        Err(error) => (Vec::new(), Some(error)),
    }
}

pub(crate) fn split(items: Vec<Result<Chunk>>) -> (Vec<Chunk>, Option<Error>) {
    let mut chunks = Vec::new();
    let mut items = items.into_iter();
    for item in items.by_ref() {
        match item {
            Ok(chunk) => chunks.push(chunk),
            Err(error) => {
                assert_eq!(items.count(), 0, "something follows the error");
                return (chunks, Some(error));
            }
        }
    }
    (chunks, None)
}

/// The text among the pieces.
pub(crate) fn text(chunks: &[Chunk]) -> String {
    let texts = chunks.iter().filter_map(|chunk| match chunk {
        Chunk::TextDelta { text } => Some(text.as_str()),
        _ => None,
    });
    texts.collect()
}
