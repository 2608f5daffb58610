//! A turn and its events in one response.

use serde_json::{Value, json};

use crate::world::{World, text};

/// The `data:` of a stream that was read to its end.
fn data(stream: &str) -> Vec<Value> {
    let lines = stream.lines().filter_map(|line| line.strip_prefix("data:"));
    lines.map(|line| serde_json::from_str(line.trim()).unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_opens_a_conversation_and_streams_its_answer() {
    let world = World::start().await;
    let answer = world
        .admin
        .post("/api/messages/stream", json!({ "message": "What is Conductor?" }))
        .await
        .status(200);
    assert_eq!(answer.header("content-type"), Some("text/event-stream"));
    let events = data(&answer.text);
    assert_eq!(events[0]["type"], "run.started");
    assert_eq!(events.last().unwrap()["type"], "run.finished");
    assert_eq!(events.last().unwrap()["status"], "succeeded");
    let (run, conversation) = (text(&events[0]["run_id"]), text(&events[0]["conversation_id"]));
    let said: String = events
        .iter()
        .filter(|event| event["type"] == "message.delta")
        .map(|event| text(&event["text"]))
        .collect();

    let messages = world.admin.get(&format!("/api/conversations/{conversation}/messages")).await.ok();
    assert_eq!(messages["items"][0]["content"], "What is Conductor?");
    assert_eq!(messages["items"][1]["content"], said);

    // The same events again, from any point.
    let rest = world.admin.stream(&format!("/api/messages/stream?run_id={run}&after=2")).await.rest().await;
    let rest: Vec<Value> = rest.into_iter().map(|event| event.data).collect();
    assert_eq!(rest, events[2..]);

    // And the conversation goes on.
    let body = json!({ "message": "And more?", "conversation_id": conversation });
    let events = data(&world.admin.post("/api/messages/stream", body).await.status(200).text);
    assert_eq!(events[0]["conversation_id"], conversation.as_str());
    let messages = world.admin.get(&format!("/api/conversations/{conversation}/messages")).await.ok();
    assert_eq!(messages["items"].as_array().unwrap().len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_cannot_be_sent_leaves_nothing_behind() {
    let world = World::start().await;
    let api = &world.admin;
    api.post("/api/messages/stream", json!({ "message": "  " })).await.problem(422, "validation_failed");
    let foreign = "0192f1c0-7b4e-7a6e-8a53-1d2c3b4a5f60";
    let body = json!({ "message": "x", "conversation_id": foreign });
    api.post("/api/messages/stream", body).await.problem(404, "not_found");
    let body = json!({ "message": "x", "agent_id": foreign });
    let problem = api.post("/api/messages/stream", body).await.problem(422, "validation_failed");
    assert_eq!(problem["errors"][0]["pointer"], "/agent_id");
    let body = json!({ "message": "x", "stream": true });
    api.post("/api/messages/stream", body).await.problem(422, "unknown_field");
    api.get("/api/messages/stream").await.problem(422, "validation_failed");
    assert_eq!(api.get("/api/conversations").await.ok()["items"], json!([]));
}
