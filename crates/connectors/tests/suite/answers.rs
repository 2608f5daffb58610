//! What comes back, in the words of results.

use std::time::Duration;

use base64::{Engine, prelude::BASE64_STANDARD};
use conductor_connectors::{HttpAnswer, HttpRequest, Limits};
use conductor_domain::Kind;
use serde_json::{Value, json};

use crate::loopback::{Reply, Server, limited, send, send_with};

async fn answer(reply: Reply) -> HttpAnswer {
    let server = Server::always(reply).await;
    send(&HttpRequest::new("GET", server.url("/"))).await.unwrap()
}

#[tokio::test]
async fn a_result_says_it_in_five_words() {
    let answer =
        answer(Reply::json(201, &json!({"id": "p-1"})).with("set-cookie", "s=1").with("etag", "\"1\"")).await;
    let mut result = serde_json::to_value(&answer).unwrap();
    let elapsed = result["elapsed_seconds"].take();
    assert!(elapsed.as_f64().is_some_and(|seconds| seconds > 0.0 && seconds < 10.0), "{elapsed}");
    assert_eq!(
        result,
        json!({
            "success": true, "status_code": 201, "data": {"id": "p-1"}, "error": null, "elapsed_seconds": null,
            "headers": {"content-type": "application/json", "etag": "\"1\""},
        })
    );
}

#[tokio::test]
async fn every_kind_of_body_is_read() {
    assert_eq!(answer(Reply::new(200, "text/plain", "hello")).await.data, json!("hello"));
    assert_eq!(answer(Reply::new(200, "text/plain", "[1, 2]")).await.data, json!([1, 2]));
    assert_eq!(answer(Reply::new(200, "application/json", "{oops")).await.data, json!("{oops"));
    assert_eq!(answer(Reply { status: 204, ..Reply::default() }).await.data, Value::Null);
    let binary = answer(Reply::new(200, "image/png", b"\x89PNG".to_vec())).await.data;
    assert_eq!(binary, json!({"content_type": "image/png", "bytes": 4, "base64": "iVBORw=="}));
}

#[tokio::test]
async fn a_head_has_no_body_and_is_no_failure() {
    let server = Server::always(Reply::json(200, &json!({"a": 1}))).await;
    let answer = send(&HttpRequest::new("HEAD", server.url("/"))).await.unwrap();
    assert_eq!((answer.success, answer.data), (true, Value::Null));
}

#[tokio::test]
async fn refusals_and_failures_are_answers() {
    let refused = answer(Reply::json(404, &json!({"detail": "no such thing"}))).await;
    assert_eq!((refused.success, refused.status_code), (false, 404));
    assert_eq!(refused.data, json!({"detail": "no such thing"}));
    let error = refused.error.unwrap();
    assert_eq!((error.code.as_str(), error.retryable), ("404", false));
    assert_eq!(error.message, "the target answered 404 Not Found");
    for status in [500, 502, 503, 504, 408, 429] {
        let failed = answer(Reply { status, ..Reply::default() }).await;
        assert!(!failed.success && failed.error.unwrap().retryable, "{status}");
    }
}

#[tokio::test]
async fn how_long_to_wait_is_kept() {
    let limited = answer(Reply { status: 429, ..Reply::default() }.with("retry-after", "7")).await;
    assert_eq!(limited.retry_after(), Some(Duration::from_secs(7)));
    assert_eq!(limited.headers["retry-after"], "7");
    assert_eq!(limited.error.unwrap().retry_after_seconds, Some(7.0));

    let dated = Reply { status: 503, ..Reply::default() }
        .with("date", "Sun, 06 Nov 1994 08:49:37 GMT")
        .with("retry-after", "Sun, 06 Nov 1994 08:51:37 GMT");
    assert_eq!(answer(dated).await.retry_after(), Some(Duration::from_secs(120)));
    let garbage = Reply { status: 503, ..Reply::default() }.with("retry-after", "soon");
    assert_eq!(answer(garbage).await.retry_after(), None);
}

#[tokio::test]
async fn redirects_are_handed_back() {
    let moved =
        answer(Reply { status: 302, ..Reply::default() }.with("location", "http://127.0.0.1:1/")).await;
    assert_eq!((moved.success, moved.status_code), (false, 302));
    assert_eq!(moved.headers["location"], "http://127.0.0.1:1/");
}

/// 100,000 zeros.
const GZIP: &str = "H4sIAAAAAAACA+3BMQEAAADCoErrn84aHkABAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAArwaFwk3FoIYBAA==";

#[tokio::test]
async fn a_body_beyond_the_limit_is_an_error_and_no_cut() {
    let client = limited(Limits { response_bytes: 1000, ..Limits::default() });
    let exact = Server::always(Reply::new(200, "text/plain", "x".repeat(1000))).await;
    assert!(send_with(&client, &HttpRequest::new("GET", exact.url("/"))).await.is_ok());

    let large = Server::always(Reply::new(200, "text/plain", "x".repeat(1001))).await;
    for (method, outcome_unknown) in [("GET", false), ("POST", true)] {
        let error = send_with(&client, &HttpRequest::new(method, large.url("/"))).await.unwrap_err();
        assert_eq!(error.code(), "response_too_large");
        assert_eq!((error.retryable(), error.outcome_unknown()), (false, outcome_unknown));
    }

    // A refusal says that nothing was done, however long it is.
    let refusal = Server::always(Reply::new(403, "text/plain", "x".repeat(1001))).await;
    let error = send_with(&client, &HttpRequest::new("POST", refusal.url("/"))).await.unwrap_err();
    assert_eq!((error.code(), error.outcome_unknown()), ("response_too_large", false));

    let bomb =
        Reply::new(200, "text/plain", BASE64_STANDARD.decode(GZIP).unwrap()).with("content-encoding", "gzip");
    let bomb = Server::always(bomb).await;
    let error = send_with(&client, &HttpRequest::new("GET", bomb.url("/"))).await.unwrap_err();
    assert_eq!(error.code(), "response_too_large");
}
