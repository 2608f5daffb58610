//! MCP servers that only a workflow describes: they are called for its nodes, and hold no credential and start no program.

use conductor_mcp_client::testing::{self, Behaviour};
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

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_goes_away_in_the_middle_is_the_same_error_as_any_other() {
    let world = World::start().await;
    let peer = testing::Server::start("2025-06-18").await.unwrap();
    peer.add_tool("lookup", Behaviour::Drop);
    let server = text(&world.register(&peer, "Peer").await["id"]);
    let tools = world.admin.get(&format!("/api/mcp/servers/{server}/tools")).await.ok();
    let lookup = tools["items"].as_array().unwrap().iter().find(|tool| tool["name"] == "lookup").unwrap();
    let path = format!("/api/mcp/servers/{server}/tools/{}", text(&lookup["id"]));
    world.admin.put(&path, json!({ "read_only": true })).await.ok();
    let call = |id: &str, tool: &str| {
        let config = json!({ "connector": "Peer", "tool": tool });
        json!({ "id": id, "kind": "tool", "config": config, "inputs": { "word": "hello" } })
    };
    let lost = |report: &Value, source: &str| {
        let error = &report["error"];
        assert_eq!((&error["source"], &error["connector"]), (&json!(source), &json!("Peer")), "{report}");
        assert_eq!(error["details"]["connector_id"], json!(server), "{report}");
        let code = text(&error["code"]);
        assert!(code == "mcp_unreachable" || code == "circuit_open", "{report}");
        assert_eq!(error["retryable"], true, "{report}");
        assert!(!text(&error["message"]).is_empty(), "{report}");
    };
    // The connection stands for the first node, and breaks under the second.
    let nodes = json!([call("first", "echo"), call("second", "lookup")]);
    let report = run(&world.admin, &graph("cut", nodes, &["first -> second"]), json!({})).await;
    assert_eq!(report["steps"][0]["status"], "completed", "{report}");
    lost(&report, "second");
    assert_eq!(report["error"]["details"]["effect"], "read_only", "{report}");
    // Whoever is gone for good is told of in the same words.
    keep(&world.admin, &graph("gone", json!([call("only", "lookup")]), &[])).await;
    drop(peer);
    let report = again(&world.admin, "gone", json!({})).await;
    lost(&report, "only");
    // A server that only the workflow describes goes by its node.
    let config =
        json!({ "server": { "transport": "http", "url": "http://127.0.0.1:9/mcp" }, "tool": "echo" });
    let nodes = json!([{ "id": "echo", "kind": "tool", "config": config, "inputs": { "word": "hello" } }]);
    let report = run(&world.admin, &graph("nowhere", nodes, &[]), json!({})).await;
    let error = &report["error"];
    assert_eq!(
        (&error["connector"], &error["details"]["host"]),
        (&json!("transient_echo"), &json!("127.0.0.1:9")),
        "{report}"
    );
}
