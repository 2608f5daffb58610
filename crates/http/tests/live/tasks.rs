//! Questions to people, and what their answers do.

use conductor_mcp_client::testing;
use serde_json::{Value, json};

use crate::world::{World, text};

async fn pending(world: &World) -> Value {
    let page = world.admin.get("/api/tasks?status=pending").await.ok();
    assert_eq!(page["items"].as_array().unwrap().len(), 1, "{page}");
    page["items"][0].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approved_call_goes_on() {
    let (world, peer) = (World::start().await, testing::Server::start("2025-06-18").await.unwrap());
    let called = world.waiting_call(&peer).await;
    let run = text(&called["run"]["id"]);
    let task = pending(&world).await;
    assert_eq!((&task["run_id"], &task["tool"]), (&called["run"]["id"], &json!("asker/echo")));
    assert_eq!(task["arguments"], json!({ "word": "hello" }));
    assert!(peer.received().iter().all(|request| request.method != "tools/call"));

    let path = format!("/api/tasks/{}/decide", text(&task["id"]));
    let decided = world.admin.post(&path, json!({ "decision": "allow_once", "comment": "Go." })).await.ok();
    assert_eq!((&decided["status"], &decided["comment"]), (&json!("decided"), &json!("Go.")));

    let events = world.admin.events(&run, 0).await.rest().await;
    let names: Vec<&str> = events.iter().map(|event| event.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "run.started",
            "run.status",
            "tool.called",
            "tool.decided",
            "approval.requested",
            "run.status",
            "run.status",
            "approval.decided",
            "tool.result",
            "run.finished",
        ]
    );
    let seqs: Vec<i64> = events.iter().map(conductor_test_support::Event::seq).collect();
    assert_eq!(seqs, (1..=10).collect::<Vec<_>>());
    let run = world.admin.get(&format!("/api/runs/{run}")).await.ok();
    assert_eq!((&run["status"], &run["output"]["ok"]), (&json!("succeeded"), &json!(true)));
    world.admin.post(&path, json!({ "decision": "deny" })).await.problem(409, "already_decided");
    let rest = world.admin.get("/api/tasks?status=pending").await.ok();
    assert_eq!(rest["items"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_declined_call_is_never_made() {
    let (world, peer) = (World::start().await, testing::Server::start("2025-06-18").await.unwrap());
    let called = world.waiting_call(&peer).await;
    let path = format!("/api/tasks/{}/decide", text(&pending(&world).await["id"]));
    world.admin.post(&path, json!({ "decision": "deny", "comment": "Not today." })).await.ok();
    let mut events = world.admin.events(&text(&called["run"]["id"]), 0).await;
    let result = events.until("tool.result").await;
    assert_eq!(result.data["ok"], false);
    assert!(result.data["content"][0]["text"].as_str().unwrap().contains("Not today."), "{result:?}");
    assert_eq!(events.until("run.finished").await.data["status"], "denied");
    assert!(peer.received().iter().all(|request| request.method != "tools/call"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_waiting_run_that_is_stopped_takes_its_question_along() {
    let (world, peer) = (World::start().await, testing::Server::start("2025-06-18").await.unwrap());
    let called = world.waiting_call(&peer).await;
    let (run, task) = (text(&called["run"]["id"]), pending(&world).await);
    world.admin.post(&format!("/api/execute/{run}/cancel"), json!({})).await.status(202).ok();
    let finished = world.admin.events(&run, 0).await.until("run.finished").await;
    assert_eq!(finished.data["status"], "cancelled");
    let expired = world.admin.get("/api/tasks?status=expired").await.ok();
    assert_eq!(expired["items"][0]["id"], task["id"]);
    let path = format!("/api/tasks/{}/decide", text(&task["id"]));
    world.admin.post(&path, json!({ "decision": "allow_once" })).await.problem(409, "run_ended");
    assert!(peer.received().iter().all(|request| request.method != "tools/call"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_is_answered_by_its_person_and_in_its_words() {
    let (world, peer) = (World::start().await, testing::Server::start("2025-06-18").await.unwrap());
    world.waiting_call(&peer).await;
    let path = format!("/api/tasks/{}/decide", text(&pending(&world).await["id"]));
    let stranger = world.stranger().await;
    stranger.post(&path, json!({ "decision": "allow_once" })).await.problem(404, "not_found");
    assert_eq!(stranger.get("/api/tasks").await.ok()["items"], json!([]));
    world.admin.post(&path, json!({ "decision": "maybe" })).await.problem(422, "unknown_decision");
    let extra = json!({ "decision": "allow_once", "user_id": "x" });
    world.admin.post(&path, extra).await.problem(422, "unknown_field");
    world.admin.get("/api/tasks?status=open").await.problem(422, "validation_failed");
    pending(&world).await;
}
