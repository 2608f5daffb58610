//! Asking again: before the first piece, as long as the provider asks for, and never after it.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use conductor_llm_providers::{
    Catalogue, ChatModel, ChatRequest, Chunk, ChunkStream, Error, Models, ModelsOptions, ProviderKind,
    Result, RetryPolicy, Retrying, StopReason, Usage,
};
use futures::{StreamExt, stream};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::{
    server::{Answer, Server},
    vendors::{ALL, collect, fixture, provider, request, text},
};

/// A model that answers from a script, one line per call.
struct Scripted {
    calls: Mutex<VecDeque<Result<Vec<Result<Chunk>>>>>,
}

#[async_trait]
impl ChatModel for Scripted {
    async fn stream(&self, _: ChatRequest, _: CancellationToken) -> Result<ChunkStream> {
        let call = self.calls.lock().unwrap().pop_front().expect("one call too many");
        call.map(|items| stream::iter(items).boxed())
    }
}

const POLICY: RetryPolicy = RetryPolicy {
    max_attempts: 4,
    base: Duration::from_secs(1),
    max_delay: Duration::from_secs(20),
    jitter: || 1.0,
};

fn retrying(calls: Vec<Result<Vec<Result<Chunk>>>>) -> (Retrying, Arc<Scripted>) {
    let scripted = Arc::new(Scripted { calls: Mutex::new(calls.into()) });
    (Retrying::new(scripted.clone(), POLICY), scripted)
}

fn overloaded() -> Error {
    Error::Overloaded { provider: "p".into(), message: "busy".into(), retry_after: None }
}

fn limited(seconds: u64) -> Error {
    let retry_after = Some(Duration::from_secs(seconds));
    Error::RateLimited { provider: "p".into(), message: "slow down".into(), retry_after }
}

fn cut() -> Error {
    Error::Cut { provider: "p".into(), source: None }
}

fn usage() -> Result<Chunk> {
    Ok(Chunk::Usage(Usage { input: 1, output: 0, cached: 0 }))
}

fn word() -> Result<Chunk> {
    Ok(Chunk::TextDelta { text: "word".into() })
}

fn stopped() -> Result<Chunk> {
    Ok(Chunk::Stopped { reason: StopReason::EndTurn, model: "m".into() })
}

#[tokio::test(start_paused = true)]
async fn the_wait_doubles() {
    let (model, script) =
        retrying(vec![Err(overloaded()), Err(overloaded()), Err(overloaded()), Ok(vec![word(), stopped()])]);
    let start = Instant::now();
    let (chunks, error) = collect(&model, request()).await;
    assert_eq!((text(&chunks).as_str(), error.is_none()), ("word", true));
    assert_eq!(start.elapsed().as_secs(), 1 + 2 + 4);
    assert!(script.calls.lock().unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_provider_says_how_long() {
    let (model, _) = retrying(vec![Err(limited(15)), Ok(vec![word(), stopped()])]);
    let start = Instant::now();
    collect(&model, request()).await;
    // Never earlier than it asked, and not all at the same moment.
    assert_eq!(start.elapsed(), Duration::from_secs(15 + 1));
}

#[tokio::test(start_paused = true)]
async fn who_asks_for_too_long_is_not_asked_again() {
    let (model, _) = retrying(vec![Err(limited(21))]);
    let start = Instant::now();
    let (_, error) = collect(&model, request()).await;
    assert_eq!(error.unwrap().retry_after(), Some(Duration::from_secs(21)));
    assert_eq!(start.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn patience_ends() {
    let (model, script) = retrying((0..5).map(|_| Err(overloaded())).collect());
    let (_, error) = collect(&model, request()).await;
    assert!(matches!(error, Some(Error::Overloaded { .. })));
    assert_eq!(script.calls.lock().unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_count_of_tokens_is_no_piece_and_a_word_is() {
    let (model, _) = retrying(vec![Ok(vec![usage(), Err(cut())]), Ok(vec![usage(), word(), Err(cut())])]);
    let (chunks, error) = collect(&model, request()).await;
    assert_eq!(chunks.len(), 2, "the first call's pieces are gone, the second's are kept");
    assert!(matches!(error, Some(Error::Cut { .. })));
}

#[tokio::test(start_paused = true)]
async fn what_does_not_help_is_not_repeated() {
    let hopeless = [
        Error::BadKey { provider: "p".into(), message: String::new() },
        Error::Timeout { provider: "p".into(), after: Duration::from_secs(300) },
        Error::Garbage { provider: "p".into(), message: String::new(), excerpt: String::new(), source: None },
    ];
    for error in hopeless {
        let (model, _) = retrying(vec![Err(error)]);
        let (_, error) = collect(&model, request()).await;
        assert!(error.is_some());
    }
}

#[tokio::test(start_paused = true)]
async fn cancelling_ends_the_wait() {
    let (model, _) = retrying(vec![Err(limited(20))]);
    let cancel = CancellationToken::new();
    let start = Instant::now();
    let call = tokio::spawn({
        let cancel = cancel.clone();
        async move { model.stream(request(), cancel).await.unwrap().collect::<Vec<_>>().await }
    });
    tokio::time::sleep(Duration::from_secs(3)).await;
    cancel.cancel();
    let chunks = call.await.unwrap();
    assert!(matches!(chunks.as_slice(), [Ok(Chunk::Stopped { reason: StopReason::Cancelled, .. })]));
    assert_eq!(start.elapsed(), Duration::from_secs(3));
}

/// The same over the wire, as the router puts it together; the vendor's own library does not ask by itself.
#[tokio::test]
async fn over_the_wire_one_limit_is_one_more_request() {
    for kind in ALL {
        let limit = Answer::with_status(429, "{}").header("retry-after-ms", "20");
        let mut server = Server::start(vec![limit, Answer::stream(fixture(*kind, "text"))]).await;
        let (chunks, error) = collect(routed(*kind, &server).as_ref(), request()).await;
        assert_eq!((text(&chunks).as_str(), error.is_none()), ("Grüße aus 東京 🦀", true), "{error:?}");
        assert_eq!(server.more_requests(), 2);

        let mut server =
            Server::start(vec![Answer::with_status(429, "{}").header("retry-after", "60")]).await;
        let (_, error) = collect(routed(*kind, &server).as_ref(), request()).await;
        assert!(matches!(error, Some(Error::RateLimited { .. })));
        assert_eq!(server.more_requests(), 1);
    }
}

#[tokio::test]
async fn over_the_wire_nothing_is_asked_again_after_the_first_piece() {
    for kind in ALL {
        for name in ["cut_in_a_word", "error_in_stream", "garbage"] {
            let mut server = Server::start(vec![Answer::stream(fixture(*kind, name))]).await;
            let (chunks, error) = collect(routed(*kind, &server).as_ref(), request()).await;
            assert!(!text(&chunks).is_empty() && error.is_some());
            assert_eq!(server.more_requests(), 1, "{kind} {name}");
        }
    }
}

fn routed(kind: ProviderKind, server: &Server) -> Arc<dyn ChatModel> {
    let provider = provider(kind, &server.url()).with_models(["the-model"]);
    let retry = RetryPolicy { base: Duration::from_millis(1), ..RetryPolicy::default() };
    let options = ModelsOptions { retry, ..ModelsOptions::default() };
    let resolved = Models::new(Catalogue::builtin(), [provider], options).resolve("the-model", &[]);
    assert_eq!(resolved.substituted, None);
    resolved.chat
}
