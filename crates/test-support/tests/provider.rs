//! The scripted provider, seen over the wire.

use conductor_test_support::{Api, Gate, Provider, Reply};
use serde_json::{Value, json};

async fn ask(provider: &Provider, stream: bool) -> conductor_test_support::Answer {
    let api = Api::new(provider.url());
    let body = json!({ "model": "gpt-4o", "stream": stream, "stream_options": { "include_usage": true }, "messages": [] });
    api.post("/chat/completions", body).await
}

fn chunks(text: &str) -> Vec<Value> {
    let data = text.split("\n\n").filter_map(|frame| frame.strip_prefix("data: "));
    data.filter_map(|data| serde_json::from_str(data).ok()).collect()
}

#[tokio::test]
async fn text_streams_word_by_word_and_ends_with_usage() {
    let provider = Provider::start().await;
    provider.push(Reply::text("two words").usage(3, 2));
    let answer = ask(&provider, true).await.status(200);
    assert!(answer.text.ends_with("data: [DONE]\n\n"));
    let chunks = chunks(&answer.text);
    let text: Vec<_> =
        chunks.iter().filter_map(|chunk| chunk["choices"][0]["delta"]["content"].as_str()).collect();
    assert_eq!(text, ["", "two ", "words"]);
    assert_eq!(chunks[3]["choices"][0]["finish_reason"], "stop");
    assert_eq!(chunks[4]["usage"]["total_tokens"], 5);
}

#[tokio::test]
async fn a_tool_call_comes_in_pieces() {
    let provider = Provider::start().await;
    provider.push(Reply::call("echo", &json!({ "message": "grüß" })));
    let answer = ask(&provider, true).await.status(200);
    let arguments: String = chunks(&answer.text)
        .iter()
        .filter_map(|chunk| chunk["choices"][0]["delta"]["tool_calls"][0]["function"]["arguments"].as_str())
        .collect();
    assert_eq!(arguments, r#"{"message":"grüß"}"#);
    assert!(answer.text.contains(r#""finish_reason":"tool_calls""#));
}

#[tokio::test]
async fn one_document_where_no_stream_is_asked_for() {
    let provider = Provider::start().await;
    provider.push(Reply::text("all at once"));
    let answer = ask(&provider, false).await.ok();
    assert_eq!(answer["choices"][0]["message"]["content"], "all at once");
}

#[tokio::test]
async fn failures_carry_their_headers() {
    let provider = Provider::start().await;
    provider.push(Reply::fail(429, "slow down").header("retry-after", "1"));
    let answer = ask(&provider, true).await.status(429);
    assert_eq!(answer.header("retry-after"), Some("1"));
    assert_eq!(answer.json()["error"]["message"], "slow down");
}

#[tokio::test]
async fn a_request_beyond_the_script_fails() {
    let provider = Provider::start().await;
    let _ = ask(&provider, true).await.status(500);
    assert_eq!(provider.requests().len(), 1);
}

#[tokio::test]
async fn a_closed_gate_holds_the_answer_and_an_abort_is_counted() {
    let provider = Provider::start().await;
    let gate = Gate::closed();
    provider.push(Reply::new().say("half").wait(&gate).say(" whole"));
    let api = Api::new(provider.url());
    let asking = tokio::spawn(async move {
        api.post("/chat/completions", json!({ "model": "m", "stream": true, "messages": [] })).await
    });
    provider.request(1).await;
    asking.abort();
    provider.aborted(1).await;
    assert_eq!(provider.aborts(), 1);
}

#[tokio::test]
async fn an_open_gate_lets_the_rest_through() {
    let provider = Provider::start().await;
    let gate = Gate::closed();
    provider.push(Reply::new().say("half").wait(&gate).say(" whole"));
    gate.open();
    let answer = ask(&provider, true).await.status(200);
    assert!(answer.text.contains(" whole"));
    assert_eq!(provider.aborts(), 0);
}
