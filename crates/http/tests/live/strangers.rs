//! What is not one's own does not exist: the same answer as for an id that nobody has, on every route.

use conductor_test_support::{Answer, Api};
use reqwest::Method;
use serde_json::{Value, json};

use crate::world::{World, text};

/// What a problem says, without what differs from request to request.
fn words(answer: Answer) -> Value {
    let mut problem = answer.problem(404, "not_found");
    let fields = problem.as_object_mut().unwrap();
    fields.remove("request_id");
    fields.remove("instance");
    problem
}

async fn ask(api: &Api, method: &Method, path: &str, body: &Value) -> Answer {
    match *method {
        Method::GET => api.get(path).await,
        Method::DELETE => api.delete(path).await,
        Method::PUT => api.put(path, body.clone()).await,
        _ => api.post(path, body.clone()).await,
    }
}

#[tokio::test]
async fn nothing_of_others_can_be_told_from_nothing() {
    let world = World::start().await;
    let conversation = world.open().await;
    let sent = world.say(&conversation, "Make an HTML page about green tea.").await;
    let (message, reply) = (text(&sent["message"]["id"]), text(&sent["reply"]["id"]));
    let artifacts = world.admin.get(&format!("/api/conversations/{conversation}/artifacts")).await.ok();
    let artifact = text(&artifacts["items"][0]["id"]);
    let file = text(&world.admin.upload("/api/files", "a.txt", "text/plain", "secret").await.created()["id"]);
    let agent = text(&world.admin.post("/api/agents", json!({ "name": "Mine" })).await.created()["id"]);
    let workflow = world.admin.post("/api/workflows", json!({ "name": "mine" })).await.created();
    let workflow = text(&workflow["id"]);
    let run = text(&sent["run"]["id"]);
    let nobody = "0192f1c0-7b4e-7a6e-8a53-1d2c3b4a5f60";

    let routes = [
        (Method::GET, format!("/api/conversations/{conversation}"), json!(null)),
        (Method::PUT, format!("/api/conversations/{conversation}"), json!({ "title": "x" })),
        (Method::DELETE, format!("/api/conversations/{conversation}"), json!(null)),
        (Method::PUT, format!("/api/conversations/{conversation}/agent"), json!({ "agent_id": null })),
        (Method::PUT, format!("/api/conversations/{conversation}/archive"), json!({ "archived": true })),
        (Method::PUT, format!("/api/conversations/{conversation}/pin"), json!({ "pinned": true })),
        (Method::POST, format!("/api/conversations/{conversation}/duplicate"), json!({})),
        (Method::POST, format!("/api/conversations/{conversation}/branch"), json!({ "message_id": message })),
        (Method::GET, format!("/api/conversations/{conversation}/messages"), json!(null)),
        (Method::POST, format!("/api/conversations/{conversation}/messages"), json!({ "content": "x" })),
        (Method::GET, format!("/api/conversations/{conversation}/artifacts"), json!(null)),
        (Method::PUT, format!("/api/messages/{message}"), json!({ "content": "x" })),
        (Method::PUT, format!("/api/messages/{message}"), json!({ "content": "x", "resend": false })),
        (Method::DELETE, format!("/api/messages/{message}"), json!(null)),
        (Method::POST, format!("/api/messages/{reply}/regenerate"), json!({})),
        (Method::GET, format!("/api/messages/{reply}/thinking"), json!(null)),
        (Method::GET, format!("/api/artifacts/{artifact}"), json!(null)),
        (Method::PUT, format!("/api/artifacts/{artifact}"), json!({ "content": "x" })),
        (Method::DELETE, format!("/api/artifacts/{artifact}"), json!(null)),
        (Method::GET, format!("/api/artifacts/{artifact}/versions"), json!(null)),
        (Method::POST, format!("/api/artifacts/{artifact}/fork"), json!({})),
        (Method::GET, format!("/api/artifacts/{artifact}/agent"), json!(null)),
        (Method::GET, format!("/api/files/{file}"), json!(null)),
        (Method::GET, format!("/api/files/{file}/content"), json!(null)),
        (Method::DELETE, format!("/api/files/{file}"), json!(null)),
        (Method::GET, format!("/api/agents/{agent}"), json!(null)),
        (Method::GET, format!("/agents/{agent}"), json!(null)),
        (Method::PUT, format!("/api/agents/{agent}"), json!({ "name": "x" })),
        (Method::DELETE, format!("/api/agents/{agent}"), json!(null)),
        (Method::GET, format!("/api/agents/{agent}/versions"), json!(null)),
        (Method::POST, format!("/api/agents/{agent}/versions/1/rollback"), json!({})),
        (Method::POST, format!("/api/agents/{agent}/clone"), json!({})),
        (Method::POST, format!("/api/agents/{agent}/fork"), json!({})),
        (Method::POST, format!("/api/agents/{agent}/test"), json!({ "input": "x" })),
        (Method::GET, format!("/api/agents/{agent}/available-tools"), json!(null)),
        (Method::GET, format!("/api/agents/{agent}/mcp-servers"), json!(null)),
        (Method::GET, format!("/api/workflows/{workflow}"), json!(null)),
        (Method::PUT, format!("/api/workflows/{workflow}"), json!({ "title": "x" })),
        (Method::DELETE, format!("/api/workflows/{workflow}"), json!(null)),
        (Method::GET, format!("/api/workflows/{workflow}/versions"), json!(null)),
        (Method::POST, format!("/api/workflows/{workflow}/versions/1/rollback"), json!({})),
        (Method::POST, format!("/api/workflows/{workflow}/publish"), json!({})),
        (Method::POST, format!("/api/workflows/{workflow}/unpublish"), json!({})),
        (Method::POST, format!("/api/workflows/{workflow}/clone"), json!({})),
        (Method::POST, format!("/api/workflows/{workflow}/export"), json!({ "format": "stored" })),
        (Method::GET, format!("/api/workflows/{workflow}/shares"), json!(null)),
    ];
    let ids = [&conversation, &message, &reply, &artifact, &file, &agent, &workflow];
    // A stranger, and the owner of the same organisation's colleague: private means private for both.
    let (stranger, colleague) = (world.stranger().await, world.colleague("grace@example.com", "admin").await);
    for (method, path, body) in routes {
        let unknown = ids.iter().fold(path.clone(), |path, id| path.replace(id.as_str(), nobody));
        for who in [&stranger, &colleague] {
            let (foreign, absent) =
                (ask(who, &method, &path, &body).await, ask(who, &method, &unknown, &body).await);
            assert_eq!(words(foreign), words(absent), "{method} {path}");
        }
        let anonymous = ask(&world.admin.anonymous(), &method, &path, &body).await;
        assert_eq!(anonymous.status, 401, "{anonymous}");
    }
    // Runs are open to administrators of the organisation, so this one is for the stranger alone.
    let stream = |run: &str| format!("/api/messages/stream?run_id={run}");
    assert_eq!(words(stranger.get(&stream(&run)).await), words(stranger.get(&stream(nobody)).await));
    assert_eq!(world.messages(&conversation).await.len(), 2, "nothing of it did anything");
}

#[tokio::test]
async fn a_foreign_file_cannot_be_attached() {
    let world = World::start().await;
    let stranger = world.stranger().await;
    let theirs = stranger.upload("/api/files", "a.txt", "text/plain", "secret").await.created();
    let id = world.open().await;
    for field in ["image_ids", "attachment_ids"] {
        let body = json!({ "content": "read it", field: [theirs["id"]] });
        let answer = world.admin.post(&format!("/api/conversations/{id}/messages"), body).await;
        let problem = answer.problem(404, "not_found");
        assert!(!problem.to_string().contains("secret"));
    }
    assert!(world.messages(&id).await.is_empty());
}

#[tokio::test]
async fn a_foreign_conversation_takes_no_fork_and_a_foreign_agent_no_turn() {
    let world = World::start().await;
    let stranger = world.stranger().await;
    let theirs = text(&stranger.post("/api/conversations", json!({})).await.created()["id"]);
    let their_agent = text(&stranger.post("/api/agents", json!({ "name": "Theirs" })).await.created()["id"]);
    let id = world.open().await;
    world.say(&id, "Make an HTML page about green tea.").await;
    let artifacts = world.admin.get(&format!("/api/conversations/{id}/artifacts")).await.ok();
    let path = format!("/api/artifacts/{}/fork", text(&artifacts["items"][0]["id"]));
    world.admin.post(&path, json!({ "conversation_id": theirs })).await.problem(422, "validation_failed");
    let messages = format!("/api/conversations/{id}/messages");
    let body = json!({ "content": "x", "agent_id": their_agent });
    world.admin.post(&messages, body).await.problem(404, "not_found");
    assert_eq!(
        stranger.get(&format!("/api/conversations/{theirs}/artifacts")).await.ok()["items"],
        json!([])
    );
}
