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

/// A policy that lets calls pass once somebody with one of these roles says so.
async fn ask_roles(world: &World, name: &str, roles: &[&str]) -> Value {
    let organization = world.organization(&world.admin).await;
    let rule = json!({
        "action": "tool.invoke", "target": "tool:asker/*", "effect": "approve",
        "obligations": [{ "kind": "approve_by", "roles": roles }],
    });
    let bindings = json!([{ "scope_type": "org", "scope_id": "*", "priority": 90 }]);
    let body = json!({ "name": name, "rules": [rule], "bindings": bindings });
    world.admin.post(&format!("/api/v1/orgs/{organization}/policies"), body).await.created()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_says_who_is_asked() {
    let (world, peer) = (World::start().await, testing::Server::start("2025-06-18").await.unwrap());
    ask_roles(&world, "Members approve", &["organization:member"]).await;
    let (grace, viewer) = (
        world.colleague("grace@example.com", "member").await,
        world.colleague("vera@example.com", "viewer").await,
    );
    let mut feed = grace.stream("/api/events").await;
    let run = text(&world.waiting_call(&peer).await["run"]["id"]);
    let changed = feed.until("inbox.changed").await;
    assert_eq!(
        changed.data,
        json!({ "type": "inbox.changed" }),
        "every member hears it, so it names nothing"
    );

    let task = pending(&world).await;
    assert_eq!(task["approver_roles"], json!(["organization:member"]));
    assert_eq!(task["user_id"], world.admin.get("/api/auth/me").await.ok()["user"]["id"], "for whom it is");
    assert_eq!(task["allowed_decisions"], json!(["allow_once", "deny"]), "nothing stands for later calls");
    let path = format!("/api/tasks/{}/decide", text(&task["id"]));
    let allow = json!({ "decision": "allow_once" });
    world.admin.post(&path, allow.clone()).await.problem(403, "others_decide");
    viewer.post(&path, allow.clone()).await.problem(404, "not_found");
    assert_eq!(viewer.get("/api/tasks").await.ok()["items"], json!([]));
    let organization = world.organization(&world.admin).await;
    let audit = format!("/api/v1/orgs/{organization}/audit?decision=deny&action=human_task.decide");
    assert_eq!(world.admin.get(&audit).await.ok()["items"][0]["rule_id"], "approval/roles");

    let hers = grace.get("/api/tasks?status=pending").await.ok();
    assert_eq!(hers["items"][0]["id"], task["id"]);
    grace.get(&format!("/api/runs/{run}")).await.problem(404, "not_found");
    let decided = grace.post(&path, allow).await.ok();
    assert_eq!(decided["status"], "decided");
    let finished = world.admin.events(&run, 0).await.until("run.finished").await;
    assert_eq!(finished.data["status"], "succeeded", "{finished:?}");
    assert_eq!(peer.received().iter().filter(|request| request.method == "tools/call").count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_counts_no_more_once_others_are_to_be_asked() {
    let (world, peer) = (World::start().await, testing::Server::start("2025-06-18").await.unwrap());
    let run = text(&world.waiting_call(&peer).await["run"]["id"]);
    ask_roles(&world, "Owners approve", &["organization:owner"]).await;
    let path = format!("/api/tasks/{}/decide", text(&pending(&world).await["id"]));
    world.admin.post(&path, json!({ "decision": "allow_once" })).await.ok();
    let result = world.admin.events(&run, 0).await.until("tool.result").await;
    assert_eq!(result.data["ok"], false);
    assert!(peer.received().iter().all(|request| request.method != "tools/call"));
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_that_agree_on_nobody_deny() {
    let (world, peer) = (World::start().await, testing::Server::start("2025-06-18").await.unwrap());
    ask_roles(&world, "Owners approve", &["organization:owner", "organization:admin"]).await;
    ask_roles(&world, "Members approve", &["organization:member"]).await;
    let server = text(&world.register(&peer, "Asker").await["id"]);
    let body = json!({ "server_id": server, "tool": "echo", "arguments": { "word": "hello" } });
    let refused = world.admin.post("/api/mcp/execute/tool", body).await.created();
    assert_eq!((&refused["run"]["status"], &refused["ok"]), (&json!("denied"), &json!(false)), "{refused}");
    assert!(refused["content"][0]["text"].as_str().unwrap().contains("different roles"), "{refused}");
    assert!(peer.received().iter().all(|request| request.method != "tools/call"));
    assert_eq!(world.admin.get("/api/tasks?status=pending").await.ok()["items"], json!([]));
}
