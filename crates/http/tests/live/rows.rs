//! What a policy leaves out of a tool's answer, row by row and field by field, and what it knows a row by.

use conductor_mcp_client::testing::{self, Behaviour};
use serde_json::{Value, json};

use crate::{
    quiet::everything,
    world::{World, text},
};

const HIDDEN: &str = "canary-of-hr";
const MASKED: &str = "canary-mail";

struct Staff {
    world: World,
    policies: String,
    call: Value,
    _peer: testing::Server,
}

impl Staff {
    async fn start() -> Self {
        let (world, peer) = (World::start().await, testing::Server::start("2025-06-18").await.unwrap());
        let rows = json!({ "people": [
            { "name": "Ada", "team": "sales", "contact": [{ "mail": MASKED }] },
            { "name": HIDDEN, "team": "hr", "contact": [{ "mail": MASKED }] },
            { "name": HIDDEN, "contact": [] },
        ] });
        let answer = json!({ "content": [{ "type": "text", "text": rows.to_string() }] });
        peer.add_tool("people", Behaviour::Answer(answer));
        peer.add_tool("plain", Behaviour::Answer(json!({ "content": [{ "type": "text", "text": HIDDEN }] })));
        let server = world.register(&peer, "Staff").await;
        let policies = format!("/api/v1/orgs/{}/policies", world.organization(&world.admin).await);
        let call = json!({ "server_id": server["id"], "tool": "people", "arguments": {} });
        Self { world, policies, call, _peer: peer }
    }

    async fn oblige(&self, obligations: Value) -> String {
        let rules = json!([{ "action": "tool.invoke", "target": "tool:staff/*", "effect": "allow", "obligations": obligations }]);
        let body = json!({ "name": "Staff", "rules": rules, "bindings": [{ "scope_type": "org", "scope_id": "*", "priority": 60 }] });
        text(&self.world.admin.post(&self.policies, body).await.created()["id"])
    }

    async fn called(&self, tool: &str) -> Value {
        let mut call = self.call.clone();
        call["tool"] = json!(tool);
        self.world.admin.post("/api/mcp/execute/tool", call).await.created()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_ever_sees_the_rows_and_fields_that_a_policy_leaves_out() {
    let it = Staff::start().await;
    it.oblige(json!([
        { "kind": "filter_rows", "rows": "/people", "field": "/team", "values": ["sales"] },
        { "kind": "mask_fields", "pointers": ["/people/*/contact/*/mail"] },
    ]))
    .await;
    let called = it.called("people").await;
    let shown: Value = serde_json::from_str(&text(&called["content"][0]["text"])).unwrap();
    assert_eq!(shown["people"].as_array().unwrap().len(), 1, "{shown}");
    assert_eq!(shown["people"][0]["name"], "Ada");
    assert!(text(&called["content"][1]["text"]).starts_with("2 rows"), "{called}");
    let all = [called.to_string(), everything(&it.world, &text(&called["run"]["id"])).await].concat();
    assert!(!all.contains(HIDDEN) && !all.contains(MASKED), "something holds what is left out");
    // What holds no rows is withheld, and nothing of it is kept.
    let withheld = it.called("plain").await;
    let all = [withheld.to_string(), everything(&it.world, &text(&withheld["run"]["id"])).await].concat();
    assert!(all.contains("withheld") && !all.contains(HIDDEN), "{withheld}");
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_are_those_of_whoever_asks() {
    let it = Staff::start().await;
    it.oblige(json!([{ "kind": "filter_rows", "rows": "/people", "field": "/team", "attribute": "team" }]))
        .await;
    let called = it.called("people").await;
    assert!(!called.to_string().contains("Ada"), "nobody without the attribute sees a row: {called}");
    let me = text(&it.world.admin.get("/api/auth/me").await.ok()["user"]["id"]);
    let account = format!("/api/users/{me}");
    let _ = it.world.admin.patch(&account, json!({ "attributes": { "team": "sales" } })).await.ok();
    let called = it.called("people").await;
    assert!(called.to_string().contains("Ada") && !called.to_string().contains(HIDDEN), "{called}");
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_that_say_nothing_are_refused() {
    let it = Staff::start().await;
    for wrong in [
        json!({ "kind": "filter_rows", "field": "/team" }),
        json!({ "kind": "filter_rows", "field": "team", "values": ["hr"] }),
        json!({ "kind": "mask_fields", "pointers": ["mail"] }),
    ] {
        let rules =
            json!([{ "action": "tool.invoke", "target": "*", "effect": "allow", "obligations": [wrong] }]);
        let body = json!({ "name": "Wrong", "rules": rules });
        it.world.admin.post(&it.policies, body).await.problem(422, "validation_failed");
    }
}

/// Rules know tools by their server, and workflows and agents by their tags; a tag that is taken away is no longer known.
#[tokio::test(flavor = "multi_thread")]
async fn labels_decide() {
    let it = Staff::start().await;
    let deny = |action: &str, label: &str| {
        let rules = json!([{ "action": action, "target": "*", "effect": "deny", "conditions": { "labels": [label] } }]);
        json!({ "name": format!("No {label}"), "rules": rules })
    };
    it.world.admin.post(&it.policies, deny("tool.invoke", "server:others")).await.created();
    it.called("people").await;
    let policy = it.world.admin.post(&it.policies, deny("tool.invoke", "server:staff")).await.created();
    it.world.admin.post("/api/mcp/execute/tool", it.call.clone()).await.problem(403, "policy_denied");
    let _ = it.world.admin.delete(&format!("{}/{}", it.policies, text(&policy["id"]))).await.status(204);
    it.called("people").await;

    it.world.admin.post(&it.policies, deny("workflow.execute", "experimental")).await.created();
    let document = json!({
        "schema": "conductor.workflow/1", "name": "tagged", "source_format": "native",
        "nodes": [{ "id": "one", "kind": "transform", "inputs": { "n": "{{1 + 1}}" } }], "edges": [],
        "entry": ["one"], "exit": ["one"],
    });
    let workflow = it.world.admin.post("/api/workflows/import", document).await.created();
    let tags = format!("/api/workflows/{}/tags", text(&workflow["id"]));
    let run = || it.world.admin.post("/api/execute/workflow", json!({ "workflow": "tagged", "inputs": {} }));
    run().await.created();
    let tagged = it.world.admin.post(&tags, json!({ "tags": ["experimental"] })).await.ok();
    run().await.problem(403, "policy_denied");
    let tag = tagged["items"].as_array().unwrap_or_else(|| panic!("{tagged}"))[0].clone();
    let _ = it.world.admin.delete(&format!("{tags}/{}", text(&tag["id"]))).await.status(204);
    run().await.created();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_said_of_an_agent_holds_for_what_it_does() {
    let it = Staff::start().await;
    let admin = &it.world.admin;
    let rules = json!([{ "action": "tool.invoke", "target": "tool:staff/*", "effect": "deny", "conditions": { "labels": ["experimental"] } }]);
    admin.post(&it.policies, json!({ "name": "No experiments", "rules": rules })).await.created();
    let agent =
        admin.post("/api/agents", json!({ "name": "Trial", "tags": ["experimental"] })).await.created();
    let question = json!({ "action": "tool.invoke", "target": "tool:staff/people", "agent_id": agent["id"] });
    let evaluate = format!("{}/evaluate", it.policies);
    let path = format!("/api/agents/{}", text(&agent["id"]));
    let asked = admin.post(&evaluate, question.clone()).await.ok();
    assert_eq!(asked["effect"], "deny", "{asked}");
    let _ = admin.patch(&path, json!({ "tags": ["tried"] })).await.ok();
    assert_eq!(admin.post(&evaluate, question).await.ok()["effect"], "allow");
}
