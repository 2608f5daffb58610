//! `no_bodies`: what a call is given and answers goes no further than its run, and is emptied once that is over.

use conductor_domain::Clock;
use conductor_mcp_client::testing::{self, Behaviour};
use conductor_storage::Unscoped;
use conductor_test_support::TestDb;
use serde_json::{Value, json};

use crate::world::{World, text};

const GIVEN: &str = "canary-given";
const ANSWERED: &str = "canary-answered";

/// A world with a server of which nothing is to be kept, and its id.
async fn quiet(database: TestDb, peer: &testing::Server, effect: &str) -> (World, String) {
    let world = World::on(database).await;
    peer.add_tool(
        "salaries",
        Behaviour::Answer(json!({ "content": [{ "type": "text", "text": ANSWERED }] })),
    );
    let server = text(&world.register(peer, "Vault").await["id"]);
    let body = json!({ "server_id": server });
    world.admin.post(&format!("/api/agents/{}/mcp-servers", world.agent()), body).await.created();
    let organization = world.organization(&world.admin).await;
    let rule = json!({
        "action": "tool.invoke", "target": "tool:vault/*", "effect": effect, "obligations": [{ "kind": "no_bodies" }],
    });
    let bindings = json!([{ "scope_type": "org", "scope_id": "*", "priority": 90 }]);
    let body = json!({ "name": "Nothing is kept", "rules": [rule], "bindings": bindings });
    world.admin.post(&format!("/api/v1/orgs/{organization}/policies"), body).await.created();
    (world, server)
}

/// What the sweep does some seconds after a run's end.
pub(crate) async fn forget(world: &World) -> usize {
    let now = world.store().clock().now();
    let rows = world.store().unscoped(Unscoped::RunDriver);
    let forgotten =
        rows.write(move |tx| Box::pin(async move { tx.quiet_calls().forget(now, 100).await })).await;
    forgotten.map_err(|error: conductor_storage::Error| error).unwrap()
}

/// A run with its events and the calls below it, as its owner reads them.
pub(crate) async fn everything(world: &World, run: &str) -> String {
    let mut all = world.admin.get(&format!("/api/runs/{run}")).await.ok().to_string();
    for event in world.admin.events(run, 0).await.rest().await {
        all += &event.data.to_string();
        if let Some(call) = event.data["call_id"].as_str() {
            all += &world.admin.get(&format!("/api/runs/{call}")).await.ok().to_string();
        }
    }
    all
}

async fn a_call_by_itself(database: TestDb) {
    let peer = testing::Server::start("2025-06-18").await.unwrap();
    let (world, server) = quiet(database, &peer, "approve").await;
    let body = json!({ "server_id": server, "tool": "salaries", "arguments": { "word": GIVEN } });
    let called = world.admin.post("/api/mcp/execute/tool", body).await.created();
    let run = text(&called["run"]["id"]);
    assert_eq!(called["run"]["status"], "waiting", "{called}");
    assert_eq!(forget(&world).await, 0, "a run that waits still needs it");

    // Whoever answers sees what is asked, and exactly that is sent.
    let tasks = world.admin.get("/api/tasks?status=pending").await.ok();
    assert_eq!(tasks["items"][0]["arguments"]["word"], GIVEN);
    let task = format!("/api/tasks/{}/decide", text(&tasks["items"][0]["id"]));
    world.admin.post(&task, json!({ "decision": "allow_once" })).await.ok();
    world.admin.events(&run, 0).await.until("run.finished").await;
    let sent = peer.received().iter().filter(|it| it.message["method"] == "tools/call").count();
    assert_eq!(sent, 1);
    let answer = world.admin.get(&format!("/api/runs/{run}")).await.ok();
    assert!(answer["output"].to_string().contains(ANSWERED), "whoever asked gets the answer: {answer}");

    assert_eq!((forget(&world).await, forget(&world).await), (1, 0));
    let left = everything(&world, &run).await;
    assert!(!left.contains(GIVEN) && !left.contains(ANSWERED), "{left}");
    assert!(left.contains("tool.result") && left.contains("out of the records"), "{left}");
    let tasks = world.admin.get("/api/tasks?status=decided").await.ok();
    assert!(!tasks.to_string().contains(GIVEN), "{tasks}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_kept_of_a_call_by_itself() {
    a_call_by_itself(TestDb::sqlite()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_kept_of_a_call_by_itself_on_postgresql() {
    a_call_by_itself(TestDb::postgres()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_kept_of_a_call_in_a_turn() {
    let peer = testing::Server::start("2025-06-18").await.unwrap();
    let (world, _) = quiet(TestDb::sqlite(), &peer, "allow").await;
    let body = json!({ "model": "demo", "agent_id": world.agent() });
    let conversation = text(&world.admin.post("/api/conversations", body).await.created()["id"]);
    let path = format!("/api/conversations/{conversation}/messages");
    let body = json!({ "content": format!("Use salaries {{\"word\": \"{GIVEN}\"}}") });
    let sent = world.admin.post(&path, body).await.created();
    let run = text(&sent["run"]["id"]);
    world.admin.events(&run, 0).await.rest().await;
    let reply = async || {
        let messages = world.admin.get(&path).await.ok();
        let all = messages["items"].as_array().unwrap().clone();
        all.into_iter().find(|it| it["id"] == sent["reply"]["id"]).unwrap()
    };
    let before = reply().await;
    let call = &before["tool_calls"][0];
    assert_eq!(
        (&call["status"], &call["arguments"]["word"]),
        (&json!("succeeded"), &json!(GIVEN)),
        "{before}"
    );
    let child = world.admin.get(&format!("/api/runs/{}", text(&call["call_id"]))).await.ok();
    assert_eq!((&child["input"], &child["output"]), (&Value::Null, &Value::Null), "never written: {child}");

    assert_eq!(forget(&world).await, 1);
    let after = reply().await;
    let call = &after["tool_calls"][0];
    assert_eq!(call["status"], "succeeded");
    assert!(!call.to_string().contains("canary"), "{call}");
    let events = world.admin.events(&run, 0).await.rest().await;
    let of_tools = events.iter().map(|event| &event.data).filter(|data| data["call_id"].is_string());
    let of_tools: Vec<String> = of_tools.map(Value::to_string).collect();
    assert!(of_tools.len() >= 3 && !of_tools.concat().contains("canary"), "{of_tools:?}");
    // The conversation goes on, and another call of it is made.
    let body = json!({ "content": "Use salaries {\"word\": \"again\"}" });
    let sent = world.admin.post(&path, body).await.created();
    world.admin.events(&text(&sent["run"]["id"]), 0).await.rest().await;
    assert_eq!(peer.received().iter().filter(|it| it.message["method"] == "tools/call").count(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_kept_of_a_call_in_a_workflow() {
    let peer = testing::Server::start("2025-06-18").await.unwrap();
    for database in [TestDb::sqlite(), TestDb::postgres()] {
        let (world, _) = quiet(database, &peer, "allow").await;
        let nodes = json!([
            { "id": "read", "kind": "tool", "config": { "connector": "Vault", "tool": "salaries" }, "inputs": { "word": "{{input.word}}" } },
            { "id": "copy", "kind": "transform", "inputs": { "said": "{{steps.read.output}}" } },
            { "id": "ask", "kind": "human", "config": { "title": "Is it {{steps.copy.output.said}}?" } },
            { "id": "end", "kind": "transform", "inputs": { "said": "{{steps.copy.output.said}}" } },
        ]);
        let edges = ["read -> copy", "copy -> ask", "ask.decision:approve -> end"];
        let flow = crate::executions::graph("reads", nodes, &edges);
        let waiting = crate::executions::run(&world.admin, &flow, json!({ "word": "x" })).await;
        let run = text(&waiting["execution_id"]);
        assert_eq!(forget(&world).await, 0, "a run that waits still needs it");
        let tasks = world.admin.get("/api/tasks?status=pending").await.ok();
        assert_eq!(tasks["items"][0]["title"], format!("Is it {ANSWERED}?"));
        let task = format!("/api/tasks/{}/decide", text(&tasks["items"][0]["id"]));
        world.admin.post(&task, json!({ "decision": "approve" })).await.ok();
        let report = crate::executions::ended(&world.admin, &waiting).await;
        assert_eq!(report["outputs"]["said"], ANSWERED, "whoever asked gets the answer: {report}");
        assert_eq!((forget(&world).await, forget(&world).await), (1, 0));
        let left = everything(&world, &run).await;
        assert!(!left.contains(ANSWERED), "{left}");
        assert!(left.contains("node.finished"), "{left}");
        let tasks = world.admin.get("/api/tasks?status=decided").await.ok();
        assert!(!tasks.to_string().contains(ANSWERED), "{tasks}");
    }
}
