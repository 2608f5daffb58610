//! Credentials: read from a document, sent where they belong, shown nowhere.

use conductor_connectors::{Auth, Error, HttpRequest};
use conductor_domain::Kind;
use serde_json::{Value, json};

use crate::loopback::{Received, Reply, Server, send};

fn read(auth_type: &str, fields: Value) -> Result<Auth, Error> {
    Auth::read(auth_type, fields.as_object().unwrap())
}

async fn sent(auth_type: &str, fields: Value) -> Received {
    let server = Server::always(Reply::json(200, &json!({}))).await;
    let mut request = HttpRequest::new("GET", server.url("/?a=1"));
    request.auth = read(auth_type, fields).unwrap();
    send(&request).await.unwrap();
    server.only()
}

#[tokio::test]
async fn every_kind_arrives_where_it_belongs() {
    let none = sent("none", json!({})).await;
    assert_eq!((none.header("authorization"), none.target.as_str()), (None, "/?a=1"));
    assert_eq!(sent("bearer", json!({"token": " t-1\n"})).await.header("authorization"), Some("Bearer t-1"));
    assert_eq!(
        sent("oauth2", json!({"access_token": "t-2"})).await.header("authorization"),
        Some("Bearer t-2")
    );

    assert_eq!(sent("api_key", json!({"key": "k-1"})).await.header("x-api-key"), Some("k-1"));
    let named = json!({"key": "k-2", "header": "Api-Token"});
    assert_eq!(sent("api_key", named).await.header("api-token"), Some("k-2"));
    let pair = json!({"key": "X-Pair", "value": "k-3"});
    assert_eq!(sent("api_key", pair).await.header("x-pair"), Some("k-3"));
    let query = json!({"name": "api key", "value": "k&4", "in": "query"});
    assert_eq!(sent("api_key", query).await.target, "/?a=1&api+key=k%264");
    let query = json!({"name": "key", "value": 5, "location": "query"});
    assert_eq!(sent("api_key", query).await.target, "/?a=1&key=5");

    let custom = json!({"name": "X-Custom", "value": "c-1"});
    assert_eq!(sent("custom_header", custom).await.header("x-custom"), Some("c-1"));
}

#[tokio::test]
async fn a_credential_takes_the_place_of_its_header() {
    let server = Server::always(Reply::json(200, &json!({}))).await;
    let mut request = HttpRequest::new("GET", server.url("/"));
    request.headers = json!({"Authorization": "Bearer old"}).as_object().unwrap().clone();
    request.auth = Auth::Bearer { token: "new".into() };
    send(&request).await.unwrap();
    let received = server.only();
    assert_eq!(received.headers.get_all("authorization").iter().collect::<Vec<_>>(), ["Bearer new"]);
}

#[test]
fn what_is_missing_is_named() {
    let grant = json!({"token_url": "https://id.example/token", "client_id": "c"});
    let missing = [
        ("bearer", json!({}), "/auth/token", "bearer needs a token: choose a secret for this node"),
        (
            "bearer",
            json!({"token": " "}),
            "/auth/token",
            "bearer needs a token: choose a secret for this node",
        ),
        (
            "bearer",
            json!({"token": null}),
            "/auth/token",
            "bearer needs a token: choose a secret for this node",
        ),
        (
            "api_key",
            json!({"header": "X"}),
            "/auth/key",
            "api_key needs a key: choose a secret for this node",
        ),
        (
            "oauth2",
            json!({}),
            "/auth/token_url",
            "oauth2 needs a token_url: write it into the node's authentication",
        ),
        (
            "oauth2",
            json!({"token_url": "https://id.example/token"}),
            "/auth/client_id",
            "oauth2 needs a client_id: write it into the node's authentication",
        ),
        (
            "oauth2",
            grant,
            "/auth/client_secret",
            "oauth2 needs a client_secret: choose a secret for this node",
        ),
        (
            "custom_header",
            json!({"value": "v"}),
            "/auth/name",
            "custom_header needs a name: write it into the node's authentication",
        ),
        (
            "custom_header",
            json!({"name": "X"}),
            "/auth/value",
            "custom_header needs a value: choose a secret for this node",
        ),
    ];
    for (auth_type, fields, pointer, sentence) in missing {
        let error = read(auth_type, fields).unwrap_err();
        assert_eq!(error.code(), "invalid_request");
        assert_eq!(error.to_string(), sentence);
        assert_eq!(error.fields()[0].pointer, pointer);
    }
    let wrong = [
        ("digest", json!({}), "/auth/type"),
        ("bearer", json!({"token": {"secret": "ref"}}), "/auth/token"),
        ("api_key", json!({"key": "k", "in": "body"}), "/auth/in"),
    ];
    for (auth_type, fields, pointer) in wrong {
        assert_eq!(read(auth_type, fields).unwrap_err().fields()[0].pointer, pointer);
    }
}

#[test]
fn no_secret_is_shown() {
    let every = [
        read("bearer", json!({"token": "hush"})),
        read("api_key", json!({"key": "hush"})),
        read("custom_header", json!({"name": "X", "value": "hush"})),
        read("oauth2", json!({"token_url": "https://id.example", "client_id": "c", "client_secret": "hush"})),
    ];
    for auth in every {
        let mut request = HttpRequest::new("POST", "https://api.example/hooks/hush?key=hush");
        request.auth = auth.unwrap();
        request.headers = json!({"X-Token": "hush"}).as_object().unwrap().clone();
        request.query = json!({"key": "hush"}).as_object().unwrap().clone();
        request.body = Some(json!("hush"));
        let shown = format!("{request:?} {:?}", request.auth);
        assert!(!shown.contains("hush") && shown.contains("api.example"), "{shown}");
    }
}

#[tokio::test]
async fn no_failure_shows_a_key_of_the_query() {
    let mut request = HttpRequest::new("GET", "http://127.0.0.1:1/hooks/hush?key=hush");
    request.auth = read("api_key", json!({"key": "hush", "in": "query"})).unwrap();
    let error = send(&request).await.unwrap_err();
    let shown = format!("{error} {error:?} {:?}", error.failure());
    assert!(shown.contains("connection_error") && !shown.contains("hush"), "{shown}");
}
