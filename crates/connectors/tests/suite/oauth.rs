//! Tokens that are fetched first: asked for once, kept, renewed when refused, never shared beyond their secret.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use conductor_connectors::{Auth, HttpRequest};
use conductor_domain::Kind;
use futures::future::join_all;
use serde_json::{Value, json};

use crate::loopback::{Reply, Server, client, send, send_with};

/// A token server that numbers its tokens.
async fn token_server(expires_in: Value) -> Server {
    let given = AtomicUsize::new(0);
    Server::start(move |_| {
        let number = given.fetch_add(1, Ordering::SeqCst) + 1;
        let token = format!("token-{number}");
        Reply::json(200, &json!({"access_token": token, "token_type": "bearer", "expires_in": expires_in}))
    })
    .await
}

fn grant(tokens: &Server, secret: &str) -> Auth {
    let fields = json!({
        "token_url": tokens.url("/token"), "client_id": "me:1", "client_secret": secret,
        "scope": ["read", "write"], "audience": "crm",
    });
    Auth::read("oauth2", fields.as_object().unwrap()).unwrap()
}

fn request(target: &Server, auth: Auth) -> HttpRequest {
    let mut request = HttpRequest::new("POST", target.url("/submit"));
    request.body = Some(json!({"a": 1}));
    request.auth = auth;
    request
}

fn bearers(target: &Server) -> Vec<String> {
    target.received().iter().map(|one| one.header("authorization").unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_token_is_fetched_once_and_kept() {
    let (tokens, target) =
        (token_server(json!(3600)).await, Server::always(Reply::json(200, &json!({}))).await);
    let client = client();
    let request = request(&target, grant(&tokens, "s:1"));
    for answer in join_all([(); 5].map(|()| send_with(&client, &request))).await {
        assert!(answer.unwrap().success);
    }
    assert_eq!(bearers(&target), ["Bearer token-1"; 5]);
    let asked = tokens.only();
    assert_eq!(asked.body, "grant_type=client_credentials&scope=read+write&audience=crm");
    assert_eq!(asked.header("content-type"), Some("application/x-www-form-urlencoded"));
    // "me%3A1:s%3A1": a colon in a name must not end it.
    assert_eq!(asked.header("authorization"), Some("Basic bWUlM0ExOnMlM0Ex"));
}

#[tokio::test]
async fn a_token_near_its_end_is_not_used_again() {
    let (tokens, target) =
        (token_server(json!("20")).await, Server::always(Reply::json(200, &json!({}))).await);
    let client = client();
    let request = request(&target, grant(&tokens, "s"));
    for _ in 0..2 {
        send_with(&client, &request).await.unwrap();
    }
    assert_eq!(bearers(&target), ["Bearer token-1", "Bearer token-2"]);
}

#[tokio::test]
async fn a_refused_token_is_replaced_once() {
    let tokens = token_server(json!(3600)).await;
    let target = Server::start(|received| {
        let fresh = received.header("authorization") == Some("Bearer token-2");
        Reply::json(if fresh { 200 } else { 401 }, &json!({}))
    })
    .await;
    let client = client();
    let wanted = request(&target, grant(&tokens, "s"));
    for _ in 0..2 {
        assert!(send_with(&client, &wanted).await.unwrap().success);
    }
    assert_eq!(bearers(&target), ["Bearer token-1", "Bearer token-2", "Bearer token-2"]);
    assert!(target.received().iter().all(|one| one.body == r#"{"a":1}"#), "the body is sent again as well");

    let closed = Server::always(Reply::json(401, &json!({"why": "no"}))).await;
    let answer = send_with(&client, &request(&closed, grant(&tokens, "s"))).await.unwrap();
    assert_eq!((answer.success, answer.status_code, answer.data), (false, 401, json!({"why": "no"})));
    assert_eq!(bearers(&closed), ["Bearer token-2", "Bearer token-3"], "and no third time");
}

#[tokio::test]
async fn another_secret_gets_no_token_of_this_one() {
    let (tokens, target) =
        (token_server(json!(3600)).await, Server::always(Reply::json(200, &json!({}))).await);
    let client = client();
    send_with(&client, &request(&target, grant(&tokens, "right"))).await.unwrap();
    send_with(&client, &request(&target, grant(&tokens, "guessed"))).await.unwrap();
    assert_eq!(bearers(&target), ["Bearer token-1", "Bearer token-2"]);
}

#[tokio::test]
async fn a_server_that_reads_the_secret_only_in_the_form_gets_it_there() {
    let tokens = Server::start(|received| match received.header("authorization") {
        Some(_) => Reply::json(401, &json!({"error": "invalid_client"})),
        None => Reply::json(200, &json!({"access_token": "t"})),
    })
    .await;
    let target = Server::always(Reply::json(200, &json!({}))).await;
    assert!(send(&request(&target, grant(&tokens, "s"))).await.unwrap().success);
    let asked = tokens.received();
    assert!(asked[1].body.ends_with("&client_id=me%3A1&client_secret=s"), "{}", asked[1].body);
}

#[tokio::test]
async fn without_a_token_the_target_hears_nothing() {
    let target = Server::always(Reply::json(200, &json!({}))).await;
    let refusals = [
        (Reply::json(401, &json!({"error": "invalid_client", "error_description": "hush"})), false),
        (Reply::json(400, &json!({"error": "invalid_scope"})), false),
        (Reply::json(503, &json!({})).with("retry-after", "9"), true),
        (Reply::json(200, &json!({"no": "hush"})), false),
        (Reply::json(200, &json!({"access_token": "hush", "token_type": "mac"})), false),
        (Reply::new(200, "text/html", "<hush>"), false),
        (Reply::new(200, "text/html", vec![b' '; 300_000]), false),
    ];
    for (reply, retryable) in refusals {
        let tokens = Server::always(reply.clone()).await;
        let error = send(&request(&target, grant(&tokens, "hush"))).await.unwrap_err();
        assert_eq!(
            (error.code(), error.retryable(), error.outcome_unknown()),
            ("auth_failed", retryable, false)
        );
        assert!(!format!("{error} {error:?}").contains("hush"), "{error:?}");
        assert_eq!(error.retry_after().is_some(), reply.status == 503);
    }
    let gone = Server::always(Reply::default()).await;
    let auth = grant(&gone, "s");
    drop(gone);
    let error = send(&request(&target, auth)).await.unwrap_err();
    assert_eq!((error.code(), error.retryable(), error.outcome_unknown()), ("auth_failed", true, false));
    assert!(target.received().is_empty());
}

#[tokio::test]
async fn a_token_that_would_end_its_header_is_refused() {
    let tokens = Server::always(Reply::json(200, &json!({"access_token": "a\r\nX-Injected: 1"}))).await;
    let target = Arc::new(Server::always(Reply::json(200, &json!({}))).await);
    let error = send(&request(&target, grant(&tokens, "s"))).await.unwrap_err();
    assert_eq!(error.code(), "auth_failed");
    assert!(target.received().is_empty());
}
