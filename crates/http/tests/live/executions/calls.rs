//! Nodes that ask agents and call tools: what they are given, the form of what they give, and who allows it.

use conductor_mcp_client::testing;
use conductor_test_support::{Provider, Reply};
use serde_json::{Value, json};

use super::{again, completed, ended, graph, keep, run, step};
use crate::{
    limits,
    world::{World, text},
};

async fn world() -> (World, Provider) {
    let provider = Provider::start().await;
    let world = World::with_provider(provider.url(), "sk-scripted").await;
    let body = json!({ "name": "Sales", "model": "gpt-4o" });
    world.admin.post("/api/agents", body).await.created();
    (world, provider)
}

fn scored() -> Value {
    graph(
        "scores",
        json!([
            { "id": "score", "kind": "agent", "agent": "sales", "config": { "prompt": "Score ${input.lead}." } },
            { "id": "route", "kind": "condition", "config": { "cases": [
                { "expression": "{{steps.score.output.points >= 70}}", "port": "hot" }, { "port": "else" },
            ] } },
            { "id": "hot", "kind": "transform", "inputs": { "why": "{{steps.score.output.why}}" } },
            { "id": "cold", "kind": "transform", "inputs": { "why": "cold" } },
        ]),
        &["score -> route", "route.hot -> hot", "route.else -> cold"],
    )
}

#[tokio::test]
async fn an_agent_is_asked_for_the_fields_that_others_read() {
    let (world, provider) = world().await;
    provider.push(Reply::text("{\"points\": 90, \"why\": \"They asked for a price.\"}"));
    let report = run(&world.admin, &scored(), json!({ "lead": "ada@example.com" })).await;
    assert_eq!(completed(&report), &json!({ "why": "They asked for a price." }));
    let asked = provider.request(1).await.body.to_string();
    assert!(asked.contains("Score ada@example.com."), "{asked}");
    for field in ["points", "why"] {
        assert!(asked.contains(field), "{field} is not asked for: {asked}");
    }
}

#[tokio::test]
async fn an_answer_that_does_not_fit_is_mended_once_and_then_an_error() {
    let (world, provider) = world().await;
    provider.push(Reply::text("A good lead, I would say."));
    provider.push(Reply::text("{\"points\": 10, \"why\": \"No budget.\"}"));
    let report = run(&world.admin, &scored(), json!({ "lead": "x" })).await;
    assert_eq!(completed(&report), &json!({ "why": "cold" }));
    provider.push(Reply::text("Good."));
    provider.push(Reply::text("Really good."));
    let report = again(&world.admin, "scores", json!({ "lead": "x" })).await;
    assert_eq!(
        (&report["error"]["source"], &report["error"]["code"]),
        (&json!("score"), &json!("output_invalid"))
    );
}

#[tokio::test]
async fn work_that_a_review_is_not_sure_of_goes_back_with_its_remarks() {
    let (world, provider) = world().await;
    let nodes = json!([
        { "id": "write", "kind": "agent", "agent": "sales", "config": { "prompt": "Write the offer." } },
        { "id": "review", "kind": "review", "config": { "prompt": "Has it a price?", "min_confidence": 0.8 } },
        { "id": "end", "kind": "transform", "inputs": { "offer": "{{steps.write.output}}" } },
    ]);
    keep(&world.admin, &graph("offers", nodes, &["write -> review", "review -> end"])).await;
    for said in [
        "An offer.",
        "{\"confidence\": 0.3, \"remarks\": \"There is no price.\"}",
        "An offer for 5.",
        "{\"confidence\": 0.95, \"remarks\": \"\"}",
    ] {
        provider.push(Reply::text(said));
    }
    let report = again(&world.admin, "offers", json!({})).await;
    assert_eq!(completed(&report), &json!({ "offer": "An offer for 5." }));
    assert!(provider.request(3).await.body.to_string().contains("There is no price."));
    for said in [
        "One.",
        "{\"confidence\": 0.1, \"remarks\": \"No.\"}",
        "Two.",
        "{\"confidence\": 0.2, \"remarks\": \"No!\"}",
    ] {
        provider.push(Reply::text(said));
    }
    let report = again(&world.admin, "offers", json!({})).await;
    assert_eq!(
        (&report["error"]["source"], &report["error"]["code"]),
        (&json!("review"), &json!("review_failed"))
    );
}

#[tokio::test]
async fn a_tool_is_called_under_the_policy_and_a_denial_is_told() {
    let world = World::start().await;
    let peer = testing::Server::start("2025-06-18").await.unwrap();
    world.register(&peer, "Peer").await;
    let call = |connector: Value| {
        json!([
            { "id": "echo", "kind": "tool", "config": { "connector": connector, "tool": "echo" }, "inputs": { "word": "hello ${input.who}" } },
            { "id": "end", "kind": "transform", "inputs": { "said": "{{steps.echo.output}}" } },
        ])
    };
    let report =
        run(&world.admin, &graph("echoes", call(json!("Peer")), &["echo -> end"]), json!({ "who": "Ada" }))
            .await;
    assert_eq!(completed(&report)["said"], json!({ "word": "hello Ada" }));
    let organization = world.organization(&world.admin).await;
    let policy = json!({
        "name": "No echo", "rules": [{ "action": "tool.invoke", "target": "tool:peer/*", "effect": "deny" }],
        "bindings": [{ "scope_type": "org", "scope_id": "*", "priority": 90 }],
    });
    world.admin.post(&format!("/api/v1/orgs/{organization}/policies"), policy).await.created();
    let report = again(&world.admin, "echoes", json!({ "who": "Ada" })).await;
    assert_eq!((&report["status"], &report["error"]["code"]), (&json!("failed"), &json!("policy_denied")));
    let unknown = json!([{ "id": "t", "kind": "tool", "config": { "tool": "nothing" } }]);
    let report = run(&world.admin, &graph("unknown-tool", unknown, &[]), json!({})).await;
    assert_eq!((&report["error"]["source"], &report["error"]["code"]), (&json!("t"), &json!("node_invalid")));
}

#[tokio::test]
async fn an_agent_may_run_a_workflow_that_its_tools_name() {
    let (world, provider) = world().await;
    let nodes = json!([{ "id": "t", "kind": "transform", "inputs": { "n": "{{input.n + 1}}" } }]);
    keep(&world.admin, &graph("plus-one", nodes, &[])).await;
    let body = json!({ "name": "Clerk", "model": "gpt-4o", "tools": ["workflow_plus-one"] });
    let clerk = world.admin.post("/api/agents", body).await.created();
    provider.push(Reply::call("workflow_plus-one", &json!({ "inputs": { "n": 41 } })));
    provider.push(Reply::text("It is 42."));
    let body = json!({ "agent_id": clerk["id"], "input": "Add one to 41." });
    let run = text(&world.admin.post("/api/execute/agent", body.clone()).await.created()["run"]["id"]);
    let ended = world.admin.events(&run, 0).await.until("run.finished").await;
    assert_eq!(ended.data["output"], json!({ "text": "It is 42." }));
    assert!(provider.request(2).await.body.to_string().contains("42"), "the outputs are told");

    // It counts for the day of whoever is behind it: the agent's run is one, the workflow would be another.
    let owner = format!("/api/roles/{}", limits::role(&world.admin, "owner").await);
    world.admin.patch(&owner, json!({ "max_api_calls_per_day": 1 })).await.ok();
    provider.push(Reply::call("workflow_plus-one", &json!({ "inputs": { "n": 41 } })));
    provider.push(Reply::text("Not today."));
    let run = text(&world.admin.post("/api/execute/agent", body).await.created()["run"]["id"]);
    let ended = world.admin.events(&run, 0).await.until("run.finished").await;
    assert_eq!(ended.data["output"], json!({ "text": "Not today." }));
    let told = provider.request(4).await.body.to_string();
    assert!(told.contains("1 calls per day") && told.contains("T00:00:00Z"), "{told}");
}

#[tokio::test]
async fn a_person_is_asked_before_the_call_of_a_node_that_needs_it() {
    let world = World::start().await;
    let peer = testing::Server::start("2025-06-18").await.unwrap();
    let server = text(&world.register(&peer, "Asker").await["id"]);
    let tools = world.admin.get(&format!("/api/mcp/servers/{server}/tools")).await.ok();
    let tool = format!("/api/mcp/servers/{server}/tools/{}", text(&tools["items"][0]["id"]));
    world.admin.put(&tool, json!({ "approval": "ask" })).await.ok();
    let nodes = json!([{ "id": "echo", "kind": "tool", "config": { "connector": "Asker", "tool": "echo" }, "inputs": { "word": "hi" } }]);
    let waiting = run(&world.admin, &graph("asks-first", nodes, &[]), json!({})).await;
    assert_eq!(waiting["status"], "waiting", "{waiting}");
    let task = world.admin.get("/api/tasks?status=pending").await.ok()["items"][0].clone();
    let path = format!("/api/tasks/{}/decide", text(&task["id"]));
    world.admin.post(&path, json!({ "decision": "allow_once" })).await.ok();
    let report = ended(&world.admin, &waiting).await;
    assert_eq!(completed(&report), &json!({ "word": "hi" }));
    assert_eq!(step(&report, "echo")["attempts"], 1);
}
