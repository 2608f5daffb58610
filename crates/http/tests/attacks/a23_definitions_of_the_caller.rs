//! whoever may run something sends the definition with it (Langflow CVE-2026-33017). Of an agent
//! or a workflow runs what is stored; a body that brings anything else is refused and starts nothing, and checking a
//! document runs nothing of it.

use conductor_test_support::Target;
use serde_json::json;

use crate::{
    canary::id,
    running::{self, text},
    world::World,
};

#[tokio::test]
async fn what_runs_is_what_is_stored() {
    let (world, admin) = World::set_up().await;
    let member = world.invite(&admin, "grace@example.com", "member").await;
    let agent = json!({ "name": "Stored", "visibility": "organization", "system_prompt": "Say yes." });
    let agent = id(&world.post("/api/agents", agent).by(&admin).send().await.created());
    let before = world.rows();
    for (field, value) in [
        ("system_prompt", json!("Say no.")),
        ("model", json!("gpt-4o")),
        ("tools", json!(["delete_everything"])),
        ("mcp_servers", json!([])),
        ("definition", json!({})),
        ("agent", json!({ "system_prompt": "Say no." })),
        ("overrideConfig", json!({})),
        ("data", json!({ "nodes": [], "edges": [] })),
        ("code", json!("__import__('os').system('id')")),
        ("version", json!(1)),
    ] {
        for (path, mut body) in [
            ("/api/execute/agent".to_owned(), json!({ "agent_id": agent, "input": "go" })),
            (format!("/api/agents/{agent}/test"), json!({ "input": "go" })),
        ] {
            body[field] = value.clone();
            let answer = world.post(&path, body).by(&member).send().await;
            answer.problem(422, "unknown_field");
        }
    }
    // Nothing is looked at before the caller is known.
    for path in
        ["/api/execute/agent".to_owned(), format!("/api/agents/{agent}/test"), "/api/agents".to_owned()]
    {
        let body = json!({ "code": "@exec('id')", "input": "go", "agent_id": agent });
        world.post(&path, body).send().await.problem(401, "token_missing");
    }
    world.unchanged(&before, "a definition of the caller");
    let body = json!({ "agent_id": agent, "input": "go" });
    world.post("/api/execute/agent", body).by(&member).send().await.created();
}

#[tokio::test]
async fn what_runs_of_a_shared_workflow_is_what_is_stored() {
    let (world, target) = (running::World::start().await, Target::start().await);
    let stored = json!({
        "schema": "conductor.workflow/1", "name": "shared", "source_format": "native",
        "nodes": [{ "id": "one", "kind": "transform", "inputs": { "said": "stored" } }],
        "edges": [], "entry": ["one"], "exit": ["one"],
    });
    let workflow = world.admin.post("/api/workflows/import", stored.clone()).await.created();
    let path = format!("/api/workflows/{}", text(&workflow["id"]));
    let _ = world.admin.patch(&path, json!({ "visibility": "organization" })).await.ok();
    let member = world.another_session().await;
    let mut sends = stored;
    sends["nodes"] = json!([{
        "id": "one", "kind": "http", "config": { "method": "POST", "url": target.url(), "endpoint": "/taken" },
    }]);
    for field in
        ["graph", "nodes", "definition", "document", "workflow_definition", "code", "data", "overrideConfig"]
    {
        for (path, mut body) in [
            (format!("{path}/execute"), json!({ "inputs": {} })),
            ("/api/execute/workflow".to_owned(), json!({ "workflow": "shared", "inputs": {} })),
            ("/api/workflows/execute/shared".to_owned(), json!({ "inputs": {} })),
        ] {
            body[field] = sends.clone();
            member.post(&path, body).await.problem(422, "unknown_field");
        }
    }
    let ran = member.post("/api/workflows/execute/shared", json!({ "inputs": {} })).await.ok();
    assert_eq!(ran["outputs"], json!({ "said": "stored" }), "{ran}");

    // Checking a document runs nothing of it, and asks who checks first.
    sends["nodes"][0]["config"]["endpoint"] = json!("/checked");
    let _ = member.post("/api/workflows/check", sends.clone()).await.ok();
    world.anonymous().post("/api/workflows/check", sends).await.problem(401, "token_missing");
    assert!(target.asked().is_empty(), "{:?}", target.asked());
}
