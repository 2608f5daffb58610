//! Machines at work: an agent and a service account call tools by their own tokens, and are cut off in the middle.

use std::time::{Duration, Instant};

use conductor_domain::UserChange;
use conductor_mcp_client::testing;
use conductor_storage::Unscoped;
use conductor_test_support::Api;
use serde_json::{Value, json};

use crate::world::{World, text};

/// A tool server that the team shares, by its id.
async fn shared(world: &World, peer: &testing::Server) -> String {
    let server = text(&world.register(peer, "Everything").await["id"]);
    world.admin.put(&format!("/api/mcp/servers/{server}"), json!({ "visibility": "team" })).await.ok();
    server
}

async fn agent(world: &World, name: &str) -> String {
    let body = json!({ "name": name, "visibility": "organization" });
    text(&world.admin.post("/api/agents", body).await.created()["id"])
}

/// A client that has nothing but a fresh token of an agent; and the token's path.
async fn machine(world: &World, agent: &str, scopes: &[&str]) -> (Api, String) {
    let organization = world.organization(&world.admin).await;
    let path = format!("/api/v1/orgs/{organization}/agents/{agent}/tokens");
    let body = json!({ "name": "machine", "scopes": scopes });
    let issued = world.admin.post(&path, body).await.created();
    (world.admin.anonymous().with_token(&text(&issued["token"])), format!("{path}/{}", text(&issued["jti"])))
}

fn call(server: &str) -> Value {
    json!({ "server_id": server, "tool": "echo", "arguments": { "word": "hello" } })
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_calls_a_tool_by_its_own_token() {
    let (world, peer) = (World::start().await, testing::Server::start("2025-06-18").await.unwrap());
    let server = shared(&world, &peer).await;
    let worker = agent(&world, "Worker").await;
    let (caller, _) = machine(&world, &worker, &["tool.invoke"]).await;
    let called = caller.post("/api/mcp/execute/tool", call(&server)).await.created();
    assert_eq!((&called["ok"], &called["run"]["status"]), (&json!(true), &json!("succeeded")), "{called}");
    let run = format!("/api/runs/{}", text(&called["run"]["id"]));

    // Its scopes end there: the run of the call was shown with the call, and no more of it.
    caller.get(&run).await.problem(403, "scope_missing");
    let (reader, _) = machine(&world, &worker, &["run.read"]).await;
    assert_eq!(reader.get(&run).await.ok()["status"], "succeeded");
    let (other, _) = machine(&world, &agent(&world, "Other").await, &["run.read"]).await;
    // Nobody owns a machine's run but the machine; administrators see it, and so do their machines with this scope.
    assert_eq!(world.admin.get(&run).await.ok()["status"], "succeeded");
    assert_eq!(other.get(&run).await.ok()["status"], "succeeded");
    world.stranger().await.get(&run).await.problem(404, "not_found");

    let (idle, _) = machine(&world, &worker, &["tool.read"]).await;
    idle.post("/api/mcp/execute/tool", call(&server)).await.problem(403, "scope_missing");
    let logs = world.admin.get(&format!("/api/mcp/servers/{server}/logs")).await.ok();
    assert_eq!(logs["items"].as_array().unwrap().len(), 1, "what was refused was not sent: {logs}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_account_calls_a_tool_until_it_is_switched_off() {
    let (world, peer) = (World::start().await, testing::Server::start("2025-06-18").await.unwrap());
    let server = shared(&world, &peer).await;
    let accounts = format!("/api/v1/orgs/{}/service-accounts", world.organization(&world.admin).await);
    let body = json!({ "name": "CI", "scope_allowlist": ["tool.invoke"] });
    let account = format!("{accounts}/{}", text(&world.admin.post(&accounts, body).await.created()["id"]));
    let body = json!({ "name": "pipeline", "scopes": ["tool.invoke"] });
    let issued = world.admin.post(&format!("{account}/tokens"), body).await.created();
    let caller = world.admin.anonymous().with_token(&text(&issued["token"]));
    assert_eq!(caller.post("/api/mcp/execute/tool", call(&server)).await.created()["ok"], true);
    world.admin.patch(&account, json!({ "enabled": false })).await.ok();
    caller.post("/api/mcp/execute/tool", call(&server)).await.problem(401, "token_revoked");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_is_run_by_a_machine() {
    let world = World::start().await;
    let worker = agent(&world, "Worker").await;
    let (caller, _) = machine(&world, &worker, &["agent.execute", "run.read"]).await;
    let started = caller.post(&format!("/api/agents/{worker}/test"), json!({ "input": "Say hello." })).await;
    let run = format!("/api/runs/{}", text(&started.created()["run"]["id"]));
    let mut events = caller.stream(&format!("{run}/events")).await;
    let finished = events.until("run.finished").await;
    assert_eq!(finished.data["status"], "succeeded", "{:?}", events.seen());
    assert_eq!(caller.get(&run).await.ok()["status"], "succeeded");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workflow_is_started_and_watched_by_a_machine() {
    let world = World::start().await;
    let worker = agent(&world, "Worker").await;
    let workflow = json!({
        "name": "nightly",
        "inputs": [{ "name": "word", "type": "string", "required": true }],
        "outputs": [{ "name": "said", "type": "string", "from": "${copy.output.said}" }],
        "graph": { "nodes": [{ "id": "copy", "kind": "transform", "inputs": { "said": "${input.word}" } }], "edges": [] },
    });
    let kept = world.admin.post("/api/workflows/import", workflow).await.created();
    let path = format!("/api/workflows/{}", text(&kept["id"]));
    world.admin.patch(&path, json!({ "visibility": "organization" })).await.ok();
    let (caller, _) = machine(&world, &worker, &["workflow.read", "workflow.execute", "run.read"]).await;
    let names: Vec<_> = caller.get("/api/workflows").await.ok()["items"].as_array().unwrap().clone();
    assert!(names.iter().any(|one| one["id"] == kept["id"]), "{names:?}");
    assert_eq!(caller.get(&path).await.ok()["name"], "nightly");
    // Whoever may read workflows may read what they are made of.
    assert!(caller.get("/api/workflows/nodes").await.ok()["items"].is_array());
    let (runner, _) = machine(&world, &worker, &["run.read"]).await;
    runner.get("/api/workflows/nodes").await.problem(403, "scope_missing");

    let by_name = "/api/workflows/execute/nightly";
    let report = caller.post(by_name, json!({ "inputs": { "word": "hello" } })).await.ok();
    assert_eq!(
        (&report["status"], &report["outputs"]["said"]),
        (&json!("completed"), &json!("hello")),
        "{report}"
    );
    let started =
        caller.post(&format!("{path}/execute"), json!({ "inputs": { "word": "again" } })).await.created();
    let run = text(&started["run"]["id"]);
    caller.stream(&format!("/api/runs/{run}/events")).await.until("run.finished").await;
    assert_eq!(caller.get(&format!("{path}/executions")).await.ok()["items"].as_array().unwrap().len(), 2);
    assert_eq!(
        caller.get(&format!("/api/workflows/executions/{run}")).await.ok()["outputs"]["said"],
        "again"
    );

    // It starts what its scopes say, and changes nothing.
    let (reader, _) = machine(&world, &worker, &["workflow.read"]).await;
    reader.post(by_name, json!({ "inputs": { "word": "no" } })).await.problem(403, "scope_missing");
    reader.get(&format!("{path}/executions")).await.problem(403, "scope_missing");
    caller.patch(&path, json!({ "tags": ["mine"] })).await.problem(403, "not_a_person");
    caller.delete(&path).await.problem(403, "not_a_person");
}

/// On a real socket: what a revoked token holds open is closed, whoever ended it and wherever.
#[tokio::test(flavor = "multi_thread")]
async fn open_streams_are_cut_within_a_second() {
    let world = World::start().await;
    let worker = agent(&world, "Worker").await;
    let (caller, path) = machine(&world, &worker, &["run.read"]).await;
    let stream = caller.stream("/api/events").await;
    world.admin.post(&format!("{path}/revoke"), json!({})).await.ok();
    let revoked = Instant::now();
    stream.rest().await;
    assert!(revoked.elapsed() < Duration::from_secs(1), "revoked: {:?}", revoked.elapsed());

    // Another process closes the issuer's account: this one is told by rows alone.
    let (caller, _) = machine(&world, &worker, &["run.read"]).await;
    let id = text(&world.admin.get("/api/auth/me").await.ok()["user"]["id"]).parse().unwrap();
    let (stream, own) = (caller.stream("/api/events").await, world.admin.stream("/api/events").await);
    let rows = world.store().unscoped(Unscoped::Administration);
    let change = UserChange { is_active: Some(false), ..Default::default() };
    rows.write(move |tx| Box::pin(async move { tx.users().update(id, change).await })).await.unwrap();
    let closed = Instant::now();
    stream.rest().await;
    own.rest().await;
    assert!(closed.elapsed() < Duration::from_secs(1), "closed: {:?}", closed.elapsed());
    caller.get("/api/events").await.problem(401, "token_revoked");
}
