//! MCP servers that only a workflow describes: they are called for its nodes, and hold no credential and start no program.

use conductor_mcp_client::testing;
use serde_json::{Value, json};

use super::{again, completed, graph, keep, run};
use crate::{
    quiet::everything,
    world::{CRM_TOKEN, World, text},
};

fn node(server: &Value, tool: &str) -> Value {
    json!({ "id": "echo", "kind": "tool", "config": { "server": server, "tool": tool }, "inputs": { "word": "hello ${input.who}" } })
}

fn flow(name: &str, server: &Value, tool: &str) -> Value {
    let end = json!({ "id": "end", "kind": "transform", "inputs": { "said": "{{steps.echo.output}}" } });
    graph(name, json!([node(server, tool), end]), &["echo -> end"])
}

fn described(peer: &testing::Server) -> Value {
    json!({
        "name": "Peer", "transport": "http", "url": peer.url(),
        "auth": { "type": "bearer", "token": "{{env.CRM_TOKEN}}" },
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_only_the_workflow_describes_is_called() {
    let world = World::start().await;
    let peer = testing::Server::start("2025-06-18").await.unwrap();
    let report = run(&world.admin, &flow("here", &described(&peer), "echo"), json!({ "who": "Ada" })).await;
    assert_eq!(completed(&report)["said"], json!({ "word": "hello Ada" }));
    let authorization = peer.wait_for("tools/call").await.headers["authorization"].clone();
    assert_eq!(authorization, format!("Bearer {CRM_TOKEN}"));
    let id = text(&report["execution_id"]);
    assert!(!everything(&world, &id).await.contains(CRM_TOKEN), "something holds it");
    assert_eq!(world.admin.get("/api/mcp/servers").await.ok()["items"], json!([]), "nobody registered it");

    let report =
        run(&world.admin, &flow("nothing", &described(&peer), "nothing"), json!({ "who": "Ada" })).await;
    assert_eq!(report["error"]["code"], "node_invalid", "{report}");
    // A policy names the one tool of all such servers.
    let organization = world.organization(&world.admin).await;
    let policy = json!({
        "name": "Registered servers only",
        "rules": [{ "action": "tool.invoke", "target": "tool:workflow/mcp_call", "effect": "deny" }],
        "bindings": [{ "scope_type": "org", "scope_id": "*", "priority": 90 }],
    });
    world.admin.post(&format!("/api/v1/orgs/{organization}/policies"), policy).await.created();
    let report = again(&world.admin, "here", json!({ "who": "Ada" })).await;
    assert_eq!((&report["status"], &report["error"]["code"]), (&json!("failed"), &json!("policy_denied")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workflow_holds_no_credential_of_a_server() {
    let world = World::start().await;
    let peer = testing::Server::start("2025-06-18").await.unwrap();
    let mut server = described(&peer);
    server["auth"]["token"] = json!("sk-in-the-open");
    let refused = world.admin.post("/api/workflows/import", flow("open", &server, "echo")).await;
    let problem = refused.problem(422, "workflow_invalid");
    assert!(text(&problem["errors"][0]["pointer"]).ends_with("/config/server/auth/token"), "{problem}");
    server["auth"]["token"] = json!("{{env.OTHER}}");
    let report = run(&world.admin, &flow("other", &server, "echo"), json!({ "who": "Ada" })).await;
    assert_eq!(report["error"]["code"], "node_invalid", "{report}");
    // What a run is given is no name of a credential either.
    server["auth"]["token"] = json!("{{input.who}}");
    let report = run(&world.admin, &flow("given", &server, "echo"), json!({ "who": "env.CRM_TOKEN" })).await;
    assert_eq!(report["error"]["code"], "node_invalid", "{report}");
    assert!(peer.received().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workflow_starts_no_program_and_reaches_no_closed_address() {
    let world = World::start().await;
    let program = json!({ "transport": "stdio", "command": "sh", "args": ["-c", "exit 1"] });
    keep(&world.admin, &flow("program", &program, "echo")).await;
    let refused =
        world.admin.post("/api/workflows/execute/program", json!({ "inputs": { "who": "Ada" } })).await;
    assert!(refused.problem(422, "workflow_invalid").to_string().contains("starts no programs"));

    let shut = World::shut_in().await;
    let peer = testing::Server::start("2025-06-18").await.unwrap();
    let report = run(&shut.admin, &flow("closed", &described(&peer), "echo"), json!({ "who": "Ada" })).await;
    assert_eq!(report["status"], "failed", "{report}");
    assert!(peer.received().is_empty(), "{report}");
}
