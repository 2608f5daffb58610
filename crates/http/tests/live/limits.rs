//! Limits as those meet them who come too often: by person and day, by agent and tool, by server.

use conductor_access::LimitsOptions;
use conductor_mcp_client::testing::{self, Behaviour};
use conductor_test_support::Api;
use serde_json::{Value, json};

use crate::{
    content::column,
    world::{World, text},
};

/// The id of a role in organisations.
pub(crate) async fn role(api: &Api, name: &str) -> String {
    let roles = api.get("/api/roles?limit=100").await.ok();
    let mut all = roles["items"].as_array().unwrap().iter();
    let found = all.find(|role| role["scope"] == "organization" && role["role_name"] == name);
    text(&found.unwrap()["id"])
}

async fn limit_of(api: &Api, id: &str) -> Value {
    let roles = api.get("/api/roles?limit=100").await.ok();
    let all = roles["items"].as_array().unwrap();
    assert_eq!(all.len(), 8, "a limit is no role: {roles}");
    all.iter().find(|role| role["id"] == id).unwrap()["max_api_calls_per_day"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_organisation_limits_the_day_of_a_role() {
    let world = World::start().await;
    let grace = world.colleague("grace@example.com", "member").await;
    let member = role(&world.admin, "member").await;
    let path = format!("/api/roles/{member}");
    let works = async |api: &Api| {
        api.post("/api/execute/agent", json!({ "agent_id": world.agent(), "input": "Hello" })).await
    };
    let _ = works(&grace).await.created();

    // Neither a member limits others, nor another organisation this one, and no limit is below nothing.
    let one = json!({ "max_api_calls_per_day": 1 });
    grace.patch(&path, one.clone()).await.problem(403, "role_missing");
    let stranger = world.stranger().await;
    stranger.patch(&path, json!({ "max_api_calls_per_day": 0 })).await.ok();
    assert_eq!(limit_of(&stranger, &member).await, 0);
    assert_eq!(limit_of(&world.admin, &member).await, Value::Null);
    let _ = works(&grace).await.created();
    let below = world.admin.patch(&path, json!({ "max_api_calls_per_day": -1 })).await;
    let below = below.problem(422, "validation_failed");
    assert_eq!(below["errors"][0]["pointer"], "/max_api_calls_per_day");
    world.admin.patch(&path, json!({ "max_calls": 1 })).await.problem(422, "unknown_field");
    let nothing = "/api/roles/0192f1c0-7b4e-7a6e-8a53-1d2c3b4a5f60";
    world.admin.patch(nothing, one.clone()).await.problem(404, "not_found");

    // It counts from the next call, for who has the role and nobody else.
    let changed = world.admin.patch(&path, one).await.ok();
    assert_eq!((&changed["id"], &changed["max_api_calls_per_day"]), (&json!(member), &json!(1)));
    assert_eq!(world.admin.patch(&path, json!({})).await.ok()["max_api_calls_per_day"], 1);
    let _ = works(&grace).await.created();
    let refused = works(&grace).await.problem(429, "rate_limited");
    assert!(refused["detail"].as_str().unwrap().contains("1 calls per day"), "{refused}");
    assert!(refused["retry_after_ms"].as_i64().unwrap() > 0, "{refused}");
    let _ = works(&world.admin).await.created();

    let organization = world.organization(&world.admin).await;
    let log = format!("/api/v1/orgs/{organization}/audit?event_type=role.updated");
    let entries = world.admin.get(&log).await.ok();
    assert_eq!(column(&entries, "resource_id"), [json!(member)], "{entries}");
    world.admin.patch(&path, json!({ "max_api_calls_per_day": null })).await.ok();
    let _ = works(&grace).await.created();
}

/// A server with two tools that the agent of this world may call.
async fn served(world: &World, peer: &testing::Server) -> String {
    let answer = || Behaviour::Answer(json!({ "content": [{ "type": "text", "text": "done" }] }));
    peer.add_tool("count", answer());
    peer.add_tool("weigh", answer());
    let server = text(&world.register(peer, "Scales").await["id"]);
    let path = format!("/api/agents/{}/mcp-servers", world.agent());
    world.admin.post(&path, json!({ "server_id": server })).await.created();
    server
}

fn calls(peer: &testing::Server) -> usize {
    peer.received().iter().filter(|it| it.message["method"] == "tools/call").count()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agents_calls_of_one_tool_are_limited() {
    let world = World::limited(LimitsOptions { per_agent_tool: 1, ..LimitsOptions::default() }).await;
    let peer = testing::Server::start("2025-06-18").await.unwrap();
    let server = served(&world, &peer).await;
    let body = json!({ "model": "demo", "agent_id": world.agent() });
    let conversation = text(&world.admin.post("/api/conversations", body).await.created()["id"]);
    let mut last = Value::Null;
    for (tool, status) in [("count", "succeeded"), ("count", "denied"), ("weigh", "succeeded")] {
        let sent = world.say(&conversation, &format!("Use {tool} {{}}")).await;
        let messages = world.messages(&conversation).await;
        let reply = messages.iter().find(|message| message["id"] == sent["reply"]["id"]).unwrap();
        let call = &reply["tool_calls"][0];
        assert_eq!(call["status"], status, "{tool}: {reply}");
        if status == "denied" {
            last = call.clone();
        }
    }
    let said = last["content"].to_string();
    assert!(said.contains("calls of scales/count per minute by this agent"), "{said}");
    assert!(said.contains("Try again in "), "{said}");
    assert_eq!(calls(&peer), 2);

    // A person who calls it by themselves is no agent.
    let call = json!({ "server_id": server, "tool": "count" });
    assert_eq!(world.admin.post("/api/mcp/execute/tool", call).await.created()["ok"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_on_one_server_are_limited() {
    let world = World::limited(LimitsOptions { per_connector: 2, ..LimitsOptions::default() }).await;
    let peer = testing::Server::start("2025-06-18").await.unwrap();
    let server = served(&world, &peer).await;
    let call = async |server: &str, tool: &str| {
        let body = json!({ "server_id": server, "tool": tool });
        world.admin.post("/api/mcp/execute/tool", body).await.created()
    };
    for tool in ["count", "weigh"] {
        assert_eq!(call(&server, tool).await["ok"], true);
    }
    let refused = call(&server, "count").await;
    assert_eq!((&refused["ok"], &refused["run"]["status"]), (&json!(false), &json!("denied")));
    let said = refused["content"][0]["text"].as_str().unwrap();
    assert!(said.contains("calls per minute on this connector") && said.contains("Try again in "), "{said}");
    assert_eq!(calls(&peer), 2);

    let other = testing::Server::start("2025-06-18").await.unwrap();
    let other = text(&world.register(&other, "Other").await["id"]);
    assert_eq!(call(&other, "echo").await["ok"], true, "each server has its own");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_persons_requests_are_limited() {
    // A call by itself is a request, and a call.
    let world = World::limited(LimitsOptions { per_user: 2, ..LimitsOptions::default() }).await;
    let peer = testing::Server::start("2025-06-18").await.unwrap();
    let server = served(&world, &peer).await;
    let call = json!({ "server_id": server, "tool": "count" });
    assert_eq!(world.admin.post("/api/mcp/execute/tool", call.clone()).await.created()["ok"], true);
    let refused = world.admin.post("/api/mcp/execute/tool", call.clone()).await.problem(429, "rate_limited");
    assert!(refused["detail"].as_str().unwrap().contains("requests per minute for you"), "{refused}");
    assert!(refused["retry_after_ms"].as_i64().unwrap() > 0, "{refused}");
    assert_eq!(calls(&peer), 1);
}
