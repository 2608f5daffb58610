//! What goes out: address, headers, bodies, and what is refused before anything goes out.

use conductor_connectors::{Auth, Error, HttpRequest};
use conductor_domain::Kind;
use serde_json::{Map, Value, json};

use crate::loopback::{Received, Reply, Server, send};

fn fields(value: Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

async fn sent(change: impl FnOnce(&mut HttpRequest)) -> Received {
    let server = Server::always(Reply::json(200, &json!({}))).await;
    let mut request = HttpRequest::new("POST", server.url("/v1"));
    change(&mut request);
    assert!(send(&request).await.unwrap().success);
    server.only()
}

async fn refused(change: impl FnOnce(&mut HttpRequest)) -> (String, String) {
    let server = Server::always(Reply::json(200, &json!({}))).await;
    let mut request = HttpRequest::new("POST", server.url("/v1"));
    change(&mut request);
    let error = send(&request).await.unwrap_err();
    assert_eq!((error.code(), error.outcome_unknown()), ("invalid_request", false));
    assert!(server.received().is_empty(), "nothing was sent");
    let Error::Invalid { field, what } = error else { panic!("{error:?}") };
    (field, what)
}

#[tokio::test]
async fn an_object_is_sent_as_json_with_its_length() {
    let received = sent(|request| request.body = Some(json!({"name": "Ä", "n": 1}))).await;
    assert_eq!(received.method, "POST");
    assert_eq!(received.body, r#"{"name":"Ä","n":1}"#);
    assert_eq!(received.header("content-type"), Some("application/json"));
    assert_eq!(received.header("content-length"), Some("19"));
    assert_eq!(received.header("transfer-encoding"), None);
}

#[tokio::test]
async fn a_text_stays_the_text_it_is() {
    let received = sent(|request| request.body = Some(json!("{\"raw\": true}"))).await;
    assert_eq!(received.body, "{\"raw\": true}");
    assert_eq!(received.header("content-type"), Some("text/plain; charset=utf-8"));

    let received = sent(|request| {
        request.headers = fields(json!({"Content-Type": "application/xml"}));
        request.body = Some(json!("<a/>"));
    })
    .await;
    assert_eq!((received.body.as_str(), received.header("content-type")), ("<a/>", Some("application/xml")));
}

#[tokio::test]
async fn an_object_is_a_form_where_the_header_says_so() {
    let received = sent(|request| {
        request.headers = fields(json!({"content-type": "application/x-www-form-urlencoded; charset=utf-8"}));
        request.body = Some(json!({"a": "x y&z", "list": [1, 2], "none": null, "deep": {"b": 1}}));
    })
    .await;
    assert_eq!(received.body, "a=x+y%26z&list=1&list=2&deep=%7B%22b%22%3A1%7D");
}

#[tokio::test]
async fn nothing_to_send_is_said_to_be_nothing() {
    for body in [None, Some(Value::Null)] {
        let received = sent(|request| request.body = body).await;
        assert_eq!((received.body.as_str(), received.header("content-length")), ("", Some("0")));
        assert_eq!(received.header("content-type"), None);
    }
}

#[tokio::test]
async fn address_query_and_headers_arrive() {
    let received = sent(|request| {
        request.method = "patch".to_owned();
        request.endpoint = Some("/items/7".to_owned());
        request.query = fields(json!({"tag": ["a", "b"], "where": {"x": 1}}));
        request.headers =
            fields(json!({"X-Number": 7, "X-Flag": true, "X-None": null, "X-Many": ["a", "b"]}));
    })
    .await;
    assert_eq!(received.method, "PATCH");
    assert_eq!(received.target, "/v1/items/7?tag=a&tag=b&where=%7B%22x%22%3A1%7D");
    assert_eq!((received.header("x-number"), received.header("x-flag")), (Some("7"), Some("true")));
    assert_eq!(received.header("x-none"), None);
    assert_eq!(received.headers.get_all("x-many").iter().collect::<Vec<_>>(), ["a", "b"]);
}

#[tokio::test]
async fn the_key_against_repetition_is_sent() {
    let received = sent(|request| request.idempotency_key = Some("run-1/node-2".to_owned())).await;
    assert_eq!(received.header("idempotency-key"), Some("run-1/node-2"));
    assert_eq!(sent(|_| {}).await.header("idempotency-key"), None);

    let received = sent(|request| {
        request.idempotency_key = Some("ours".to_owned());
        request.headers = fields(json!({"Idempotency-Key": "the document's"}));
    })
    .await;
    assert_eq!(received.header("idempotency-key"), Some("the document's"));
}

#[tokio::test]
async fn no_value_ends_its_header() {
    let evil = "x\r\nX-Injected: 1";
    let (field, what) = refused(|request| request.headers = fields(json!({"X-Note": evil}))).await;
    assert_eq!(field, "/headers/X-Note");
    assert!(what.contains("line end") && !what.contains("Injected"), "{what}");
    let (field, what) = refused(|request| request.headers = fields(json!({evil: "1"}))).await;
    assert!(field.starts_with("/headers/") && !what.contains('\n'), "{what}");
    let (field, _) = refused(|request| request.idempotency_key = Some(evil.to_owned())).await;
    assert_eq!(field, "/idempotency_key");
    let (field, what) = refused(|request| request.auth = Auth::Bearer { token: evil.into() }).await;
    assert_eq!(field, "/auth/token");
    assert!(!what.contains("Injected"), "{what}");
    let custom = || Auth::CustomHeader { name: "X-Key".to_owned(), value: evil.into() };
    assert_eq!(refused(|request| request.auth = custom()).await.0, "/auth/value");
    let custom = || Auth::CustomHeader { name: evil.to_owned(), value: "1".into() };
    assert_eq!(refused(|request| request.auth = custom()).await.0, "/auth/name");
}

#[tokio::test]
async fn the_frame_of_a_request_is_ours() {
    for name in ["Host", "content-length", "Transfer-Encoding", "Connection", "Upgrade"] {
        let (_, what) = refused(|request| request.headers = fields(json!({name: "1"}))).await;
        assert!(what.contains("set by the connection itself"), "{what}");
    }
    let host = || Auth::CustomHeader { name: "Host".to_owned(), value: "other.example".into() };
    assert_eq!(refused(|request| request.auth = host()).await.0, "/auth/name");
}

#[tokio::test]
async fn what_cannot_be_sent_is_said_by_field() {
    for method in ["", "BREW", "CONNECT", "GET /", "TRACE"] {
        let (field, what) = refused(|request| request.method = method.to_owned()).await;
        assert_eq!(field, "/method");
        assert!(what.contains("GET, POST, PUT"), "{what}");
    }
    assert_eq!(refused(|request| request.url = "file:///etc/passwd".to_owned()).await.0, "/url");
    assert_eq!(refused(|request| request.endpoint = Some("../admin".to_owned())).await.0, "/endpoint");
    let object = |request: &mut HttpRequest| request.headers = fields(json!({"X": {"a": 1}}));
    assert_eq!(refused(object).await.0, "/headers/X");
    let parts = |request: &mut HttpRequest| {
        request.headers = fields(json!({"Content-Type": "multipart/form-data"}));
        request.body = Some(json!({"a": 1}));
    };
    assert_eq!(refused(parts).await.0, "/headers/content-type");
}
