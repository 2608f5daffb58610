//! What a collector learns of a turn: the names of the GenAI conventions, and nothing that was said.

use conductor_test_support::{Provider, Reply, Server};
use serde_json::json;
use wiremock::{Mock, MockServer, ResponseTemplate, matchers};

fn holds(body: &[u8], text: &str) -> bool {
    body.windows(text.len()).any(|window| window == text.as_bytes())
}

#[tokio::test]
async fn a_turn_is_traced_without_its_content() {
    let collector = MockServer::start().await;
    Mock::given(matchers::path("/v1/traces"))
        .respond_with(ResponseTemplate::new(200))
        .mount(&collector)
        .await;
    let provider = Provider::start().await;
    provider.push(Reply::text("a canary in the answer"));
    let server = Server::configure().provider(&provider).env("CONDUCTOR_OTLP_ENDPOINT", collector.uri());
    let mut server = server.start().await;
    let api = server.set_up().await;
    let conversation = api.post("/api/conversations", json!({})).await.created();
    let body = json!({ "content": "a canary in the question", "model": "gpt-4o" });
    let path = format!("/api/conversations/{}/messages", conversation["id"].as_str().unwrap());
    let sent = api.post(&path, body).await.created();
    let events = api.events(sent["run"]["id"].as_str().unwrap(), 0).await.rest().await;
    assert_eq!(events.last().unwrap().data["status"], "succeeded");
    assert!(server.terminate().await.success(), "what is queued is sent before the end");

    let bodies: Vec<u8> =
        collector.received_requests().await.unwrap().into_iter().flat_map(|request| request.body).collect();
    for expected in [
        "run.advance",
        "invoke_agent ",
        "chat gpt-4o",
        "gen_ai.provider.name",
        "gen_ai.usage.input_tokens",
        "gen_ai.response.time_to_first_chunk",
        "gen_ai.conversation.id",
        "route.conversations.create",
    ] {
        assert!(holds(&bodies, expected), "the collector should have received {expected:?}");
    }
    assert!(!holds(&bodies, "canary"), "content and keys stay here");
}
