//! No answer: what is said, whether it may be tried again, and whether the request may have taken effect.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use conductor_connectors::{Auth, Error, Gate, HttpClient, HttpRequest, Limits};
use conductor_domain::{ErrorKind, Kind};
use conductor_egress::{Egress, Options};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::oneshot,
};
use tokio_util::sync::CancellationToken;

use crate::loopback::{Reply, SOON, Server, by_hand, client, guarded, send, send_with};

const BRIEFLY: Duration = Duration::from_millis(200);

/// Requests that change something, with a body and without, and one that does not.
fn requests(url: &str) -> [(HttpRequest, bool); 4] {
    let mut post = HttpRequest::new("POST", url);
    post.body = Some(json!({"a": 1}));
    let mut empty = HttpRequest::new("PUT", url);
    empty.body = Some(json!(""));
    let (delete, get) = (HttpRequest::new("DELETE", url), HttpRequest::new("GET", url));
    [(post, true), (empty, true), (delete, true), (get, false)]
}

/// Reads until the request's head is complete.
async fn head(stream: &mut TcpStream) {
    let mut read = Vec::new();
    while !read.windows(4).any(|end| end == b"\r\n\r\n") {
        assert_ne!(stream.read_buf(&mut read).await.unwrap(), 0, "the head is complete");
    }
}

/// Closes with a reset instead of an orderly end.
fn reset(stream: TcpStream) {
    stream.set_zero_linger().unwrap();
}

fn url(address: SocketAddr) -> String {
    format!("http://{address}/")
}

#[track_caller]
fn assert_failed(error: &Error, code: &str, outcome_unknown: bool) {
    assert_eq!((error.code(), error.outcome_unknown()), (code, outcome_unknown), "{error:?}");
}

#[tokio::test]
async fn nobody_there_means_nothing_happened() {
    let (address, accepted) = by_hand(async |_| {}).await;
    drop(accepted);
    for (request, _) in requests(&url(address)) {
        let error = send(&request).await.unwrap_err();
        assert_failed(&error, "connection_error", false);
        assert!(error.retryable());
        assert_eq!(error.kind(), ErrorKind::Upstream);
        assert!(error.to_string().contains("refused"), "{error}");
    }
}

#[tokio::test]
async fn a_connection_reset_before_the_request_left_means_nothing_happened() {
    for (request, _) in requests("") {
        let (address, served) = by_hand(async |mut stream: TcpStream| {
            // The first words of the TLS handshake; the request comes after it.
            stream.read_u8().await.unwrap();
            reset(stream);
        })
        .await;
        let request = HttpRequest { url: format!("https://{address}/"), ..request };
        let (sent, ()) = tokio::join!(send(&request), served);
        assert_failed(&sent.unwrap_err(), "connection_error", false);
    }
}

#[tokio::test]
async fn a_connection_reset_after_the_request_was_read_leaves_it_unknown() {
    for (request, outcome_unknown) in requests("") {
        let (address, served) = by_hand(async |mut stream: TcpStream| {
            head(&mut stream).await;
            reset(stream);
        })
        .await;
        let request = HttpRequest { url: url(address), ..request };
        let (sent, ()) = tokio::join!(send(&request), served);
        let error = sent.unwrap_err();
        assert_failed(&error, "connection_error", outcome_unknown);
        assert!(error.retryable());
    }
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_none() {
    for (request, outcome_unknown) in requests("") {
        let (address, served) = by_hand(async |mut stream: TcpStream| {
            head(&mut stream).await;
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf").await.unwrap();
            stream.shutdown().await.unwrap();
            // What the request still holds is read, so that the end is orderly.
            let _ = stream.read_to_end(&mut Vec::new()).await;
        })
        .await;
        let request = HttpRequest { url: url(address), ..request };
        let (sent, ()) = tokio::join!(send(&request), served);
        assert_failed(&sent.unwrap_err(), "connection_error", outcome_unknown);
    }
}

#[tokio::test]
async fn a_slow_server_is_not_waited_for() {
    for answered in [&b""[..], b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf"] {
        for (request, outcome_unknown) in requests("") {
            let (address, served) = by_hand(async |mut stream: TcpStream| {
                head(&mut stream).await;
                stream.write_all(answered).await.unwrap();
                let _ = stream.read_to_end(&mut Vec::new()).await;
            })
            .await;
            let request = HttpRequest { url: url(address), timeout: Some(BRIEFLY), ..request };
            let (sent, ()) = tokio::join!(send(&request), served);
            let error = sent.unwrap_err();
            assert_failed(&error, "timeout", outcome_unknown);
            assert!(error.retryable());
            assert!(error.to_string().contains("200 ms"), "{error}");
        }
    }
}

#[tokio::test]
async fn a_time_out_before_the_connection_stood_is_known_for_a_request_with_a_body() {
    for (request, has_effect) in requests("") {
        let (address, served) = by_hand(async |mut stream: TcpStream| {
            // The handshake is read and never answered.
            let _ = stream.read_to_end(&mut Vec::new()).await;
        })
        .await;
        let url = format!("https://{address}/");
        let unknown = has_effect && request.body.as_ref().is_none_or(|body| body == "");
        let request = HttpRequest { url, timeout: Some(BRIEFLY), ..request };
        let (sent, ()) = tokio::join!(send(&request), served);
        assert_failed(&sent.unwrap_err(), "timeout", unknown);
    }
}

#[tokio::test]
async fn cancelling_closes_the_connection() {
    for (request, outcome_unknown) in requests("") {
        let (arrived, was_read) = oneshot::channel();
        let (address, served) = by_hand(async |mut stream: TcpStream| {
            head(&mut stream).await;
            arrived.send(()).unwrap();
            // Ends when the client has closed.
            let _ = stream.read_to_end(&mut Vec::new()).await;
        })
        .await;
        let request = HttpRequest { url: url(address), ..request };
        let (client, cancel) = (client(), CancellationToken::new());
        let stop = async {
            was_read.await.unwrap();
            cancel.cancel();
        };
        let closed = async {
            let (sent, ()) = tokio::join!(client.send(&request, &cancel), stop);
            (sent, tokio::time::Instant::now())
        };
        let all = async { tokio::join!(closed, async { (served.await, tokio::time::Instant::now()) }) };
        let ((sent, cancelled_at), ((), closed_at)) = tokio::time::timeout(SOON, all).await.unwrap();
        assert_failed(&sent.unwrap_err(), "cancelled", outcome_unknown);
        assert!(closed_at.saturating_duration_since(cancelled_at) < Duration::from_secs(1));
    }
}

#[tokio::test]
async fn what_is_cancelled_beforehand_is_not_sent() {
    let server = Server::always(Reply::json(200, &json!({}))).await;
    let cancel = CancellationToken::new();
    cancel.cancel();
    for (request, _) in requests(&server.url("/")) {
        assert_failed(&client().send(&request, &cancel).await.unwrap_err(), "cancelled", false);
    }
    assert!(server.received().is_empty());
}

#[tokio::test]
async fn the_guard_refuses_what_the_operator_did_not_open() {
    let server = Server::always(Reply::json(200, &json!({}))).await;
    let client = guarded(Options::default(), Limits::default());
    for (request, _) in requests(&server.url("/")) {
        let error = send_with(&client, &request).await.unwrap_err();
        assert_failed(&error, "egress_refused", false);
        assert!(!error.retryable());
        assert_eq!(error.kind(), ErrorKind::Forbidden);
        assert!(error.to_string().contains("CONDUCTOR_EGRESS_ALLOW=127.0.0.1/32"), "{error}");
    }
    // Whoever does not say how refusals look sees them as connections that failed, with the same words.
    let plain = Egress::new(Options::default()).unwrap().guarded().client().clone();
    let client = HttpClient::new(plain, Limits::default());
    let error = send_with(&client, &HttpRequest::new("POST", server.url("/"))).await.unwrap_err();
    assert_failed(&error, "connection_error", false);
    assert!(error.to_string().contains("CONDUCTOR_EGRESS_ALLOW"), "{error}");
    assert!(server.received().is_empty());
}

#[tokio::test]
async fn the_guard_refuses_redirects_and_token_servers_alike() {
    let hop = Reply { status: 302, ..Reply::default() }.with("location", "http://127.0.0.2:9/");
    let server = Server::always(hop).await;
    let allow = vec!["127.0.0.1/32".parse().unwrap()];
    let client = guarded(Options { allow, max_redirects: 3, ..Options::default() }, Limits::default());
    let error = send_with(&client, &HttpRequest::new("GET", server.url("/"))).await.unwrap_err();
    assert_failed(&error, "egress_refused", false);
    // The first address has carried it out before it led on to one that is refused.
    let mut post = HttpRequest::new("POST", server.url("/"));
    post.body = Some(json!({}));
    assert_failed(&send_with(&client, &post).await.unwrap_err(), "egress_refused", true);

    let fields = json!({"token_url": "http://127.0.0.2:9/", "client_id": "c", "client_secret": "s"});
    let mut request = HttpRequest::new("POST", server.url("/"));
    request.auth = Auth::read("oauth2", fields.as_object().unwrap()).unwrap();
    assert_failed(&send_with(&client, &request).await.unwrap_err(), "egress_refused", false);
    assert_eq!(server.received().len(), 2);
}

#[tokio::test]
async fn what_may_no_longer_leave_stays_here_and_reads_are_not_asked() {
    let server = Server::start(|_| Reply::json(200, &json!({}))).await;
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let closed = Gate::new(move || {
        count.fetch_add(1, Ordering::SeqCst);
        Box::pin(async { Err("another has it".into()) })
    });
    let http = client();
    for (request, has_effect) in requests(&server.url("/")) {
        let before = (asked.load(Ordering::SeqCst), server.received().len());
        let sent = http.gated(closed.clone()).send(&request, &CancellationToken::new()).await;
        let asks = asked.load(Ordering::SeqCst) - before.0;
        assert_eq!((asks, sent.is_err()), (usize::from(has_effect), has_effect), "{request:?}");
        if let Err(error) = sent {
            assert_failed(&error, "connection_error", false);
        }
        assert_eq!(server.received().len() - before.1, usize::from(!has_effect), "{request:?} arrived");
        http.gated(Gate::new(|| Box::pin(async { Ok(()) })))
            .send(&request, &CancellationToken::new())
            .await
            .unwrap();
    }
}
