//! whoever may run something sends the definition with it (Langflow CVE-2026-33017). Of an agent runs what is
//! stored; a body that brings anything else is refused and starts nothing.

use serde_json::json;

use crate::{canary::id, world::World};

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
