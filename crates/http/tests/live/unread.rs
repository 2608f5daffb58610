//! Rules that can no longer be read while a turn is under way: its calls are denied with that reason, and the turn lives.

use conductor_mcp_client::testing;
use conductor_test_support::{Gate, Provider, Reply};
use serde_json::json;

use crate::world::{World, text};

#[tokio::test(flavor = "multi_thread")]
async fn a_call_of_a_turn_is_denied_while_the_rules_cannot_be_read_and_made_again_after() {
    let (provider, peer) = (Provider::start().await, testing::Server::start("2025-06-18").await.unwrap());
    let world = World::with_provider(provider.url(), "sk-scripted").await;
    let server = text(&world.register(&peer, "Peer").await["id"]);
    let worker =
        world.admin.post("/api/agents", json!({ "name": "Worker", "model": "gpt-4o" })).await.created();
    let path = format!("/api/agents/{}/mcp-servers", text(&worker["id"]));
    world.admin.post(&path, json!({ "server_id": server })).await.created();
    let body = json!({ "agent_id": worker["id"] });
    let conversation = text(&world.admin.post("/api/conversations", body).await.created()["id"]);
    let path = format!("/api/conversations/{conversation}/messages");
    let sent = || peer.received().iter().filter(|request| request.method == "tools/call").count();

    let gate = Gate::closed();
    provider.push(Reply::new().wait(&gate).and_call("echo", &json!({ "word": "one" })));
    provider.otherwise(Reply::text("Done."));
    let asked = world.admin.post(&path, json!({ "content": "Say it." })).await.created();
    provider.request(1).await;
    // Somebody changes a rule, and nobody can read it.
    let away = "PRAGMA legacy_alter_table = ON; ALTER TABLE policies RENAME TO policies_away; \
                UPDATE organizations SET policy_version = policy_version + 1;";
    world.database().change(away).await;
    gate.open();
    let mut events = world.admin.events(&text(&asked["run"]["id"]), 0).await;
    let decided = events.until("tool.decided").await.data;
    assert_eq!(
        (&decided["effect"], &decided["rule_id"]),
        (&json!("deny"), &json!("policies/unavailable")),
        "{decided}"
    );
    assert!(text(&decided["reason"]).contains("cannot be read"), "{decided}");
    assert_eq!(sent(), 0);

    let back = "PRAGMA legacy_alter_table = ON; ALTER TABLE policies_away RENAME TO policies;";
    world.database().change(back).await;
    events.until("run.finished").await;
    provider.push(Reply::call("echo", &json!({ "word": "two" })));
    let asked = world.admin.post(&path, json!({ "content": "Again." })).await.created();
    let mut events = world.admin.events(&text(&asked["run"]["id"]), 0).await;
    assert_eq!(events.until("tool.decided").await.data["effect"], "allow");
    assert_eq!(events.until("run.finished").await.data["status"], "succeeded");
    assert_eq!(sent(), 1);
}
