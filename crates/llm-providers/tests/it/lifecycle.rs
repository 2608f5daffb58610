//! Cancelling and dropping close the provider's connection, well within a second.

use conductor_llm_providers::{Chunk, StopReason};
use futures::StreamExt;
use tokio_util::sync::CancellationToken;

use crate::{
    server::{Answer, Server, Then},
    vendors::{ALL, fixture, request, text, vendor},
};

#[tokio::test]
async fn cancelling_in_the_middle_hangs_up_and_says_so() {
    for kind in ALL {
        let mut server =
            Server::start(vec![Answer::stream(fixture(*kind, "cut_in_a_word")).then(Then::Hold)]).await;
        let cancel = CancellationToken::new();
        let mut chunks = vendor(*kind, &server.url()).stream(request(), cancel.clone()).await.unwrap();
        let mut seen = Vec::new();
        while text(&seen).is_empty() {
            seen.push(chunks.next().await.unwrap().unwrap());
        }
        cancel.cancel();
        let last = chunks.next().await.unwrap().unwrap();
        assert!(matches!(&last, Chunk::Stopped { reason: StopReason::Cancelled, .. }), "{last:?}");
        // The stream still exists, and its connection does not.
        server.hung_up().await;
        assert!(chunks.next().await.is_none());
    }
}

#[tokio::test]
async fn cancelling_before_the_first_sign_hangs_up() {
    for kind in ALL {
        let mut server = Server::start(vec![Answer::silence()]).await;
        let cancel = CancellationToken::new();
        let chat = vendor(*kind, &server.url());
        let call = tokio::spawn({
            let cancel = cancel.clone();
            async move { chat.stream(request(), cancel).await.unwrap().collect::<Vec<_>>().await }
        });
        server.request().await;
        cancel.cancel();
        server.hung_up().await;
        let chunks = call.await.unwrap();
        assert!(
            matches!(chunks.as_slice(), [Ok(Chunk::Stopped { reason: StopReason::Cancelled, .. })]),
            "{chunks:?}"
        );
    }
}

#[tokio::test]
async fn dropping_the_stream_hangs_up() {
    for kind in ALL {
        let mut server =
            Server::start(vec![Answer::stream(fixture(*kind, "cut_in_a_word")).then(Then::Hold)]).await;
        let mut chunks =
            vendor(*kind, &server.url()).stream(request(), CancellationToken::new()).await.unwrap();
        chunks.next().await.unwrap().unwrap();
        drop(chunks);
        server.hung_up().await;
    }
}

#[tokio::test]
async fn dropping_the_call_hangs_up() {
    for kind in ALL {
        let mut server = Server::start(vec![Answer::silence()]).await;
        let chat = vendor(*kind, &server.url());
        let call =
            tokio::spawn(async move { chat.stream(request(), CancellationToken::new()).await.map(|_| ()) });
        server.request().await;
        call.abort();
        server.hung_up().await;
    }
}

#[tokio::test]
async fn a_cancelled_call_never_begins() {
    for kind in ALL {
        let mut server = Server::start(vec![Answer::stream(fixture(*kind, "text"))]).await;
        let cancel = CancellationToken::new();
        cancel.cancel();
        let chunks = vendor(*kind, &server.url()).stream(request(), cancel).await.unwrap();
        assert_eq!(chunks.count().await, 1);
        assert_eq!(server.more_requests(), 0);
    }
}
