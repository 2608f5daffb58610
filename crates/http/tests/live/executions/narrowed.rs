//! Agent nodes that leave their agent some of its tools: what the model is told of, what is refused, and that nothing is
//! added by it.

use conductor_mcp_client::testing::{self, Behaviour};
use conductor_test_support::{Provider, Reply};
use serde_json::{Value, json};

use super::{again, completed, graph, keep, run};
use crate::world::{World, text};

/// An agent with the two tools of one server, and a server with another tool that the agent does not have.
struct Desk {
    world: World,
    provider: Provider,
    peer: testing::Server,
}

impl Desk {
    async fn open() -> Self {
        let provider = Provider::start().await;
        let world = World::with_provider(provider.url(), "sk-scripted").await;
        let peer = testing::Server::start("2025-06-18").await.unwrap();
        peer.add_tool("forget", answer("Forgotten."));
        let server = world.register(&peer, "Desk").await;
        let body =
            json!({ "name": "Clerk", "model": "gpt-4o", "mcp_servers": [{ "server_id": server["id"] }] });
        world.admin.post("/api/agents", body).await.created();
        Self { world, provider, peer }
    }

    /// The names of the tools that the model was told of when it was asked for the nth time.
    async fn told(&self, nth: usize) -> Vec<String> {
        let request = self.provider.request(nth).await.body;
        let tools = request["tools"].as_array().map(Vec::as_slice).unwrap_or_default();
        tools.iter().map(|tool| text(&tool["function"]["name"])).collect()
    }

    /// The names of the tools that were called.
    fn called(&self) -> Vec<String> {
        let calls = self.peer.received().into_iter().filter(|one| one.method == "tools/call");
        calls.map(|one| text(&one.message["params"]["name"])).collect()
    }
}

fn answer(says: &str) -> Behaviour {
    Behaviour::Answer(json!({ "content": [{ "type": "text", "text": says }] }))
}

fn asks(name: &str, config: &Value) -> Value {
    let mut config = config.clone();
    config["prompt"] = json!("Go.");
    let end = json!({ "id": "end", "kind": "transform", "inputs": { "said": "{{steps.ask.output}}" } });
    let ask = json!({ "id": "ask", "kind": "agent", "agent": "clerk", "config": config });
    graph(name, json!([ask, end]), &["ask -> end"])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_leaves_its_agent_some_of_its_tools() {
    let desk = Desk::open().await;
    let admin = &desk.world.admin;
    desk.provider.push(Reply::text("All of them."));
    let report = run(admin, &asks("all", &json!({})), json!({})).await;
    assert_eq!(completed(&report)["said"], "All of them.");
    let all = desk.told(1).await;
    let (echo, forget) = match all.as_slice() {
        [one, other] if one.contains("echo") => (one.clone(), other.clone()),
        [one, other] => (other.clone(), one.clone()),
        other => panic!("the agent has two tools: {other:?}"),
    };

    // By the end of its path, its path, and the name that models call it by.
    for (at, name) in ["echo", "desk/echo", echo.as_str()].into_iter().enumerate() {
        desk.provider.push(Reply::call(&echo, &json!({ "word": "hello" })));
        desk.provider.push(Reply::text("Echoed."));
        let report = run(admin, &asks(&format!("some-{at}"), &json!({ "tools": [name] })), json!({})).await;
        assert_eq!(completed(&report)["said"], "Echoed.", "{name}");
        assert_eq!(desk.told(2 + 2 * at).await, std::slice::from_ref(&echo), "{name}");
    }
    assert_eq!(desk.called(), ["echo", "echo", "echo"]);

    // A model that calls what it was not told of is refused, and nothing is sent.
    desk.provider.push(Reply::call(&forget, &json!({})));
    desk.provider.push(Reply::text("It will not."));
    let report = again(admin, "some-0", json!({})).await;
    assert_eq!(completed(&report)["said"], "It will not.");
    assert!(desk.provider.request(9).await.body.to_string().contains("There is no tool of this name"));
    assert_eq!(desk.called(), ["echo", "echo", "echo"], "what the node did not leave it was called");

    desk.provider.push(Reply::text("None."));
    let report = run(admin, &asks("none", &json!({ "tools": [] })), json!({})).await;
    assert_eq!((&completed(&report)["said"], desk.told(10).await), (&json!("None."), Vec::new()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_gives_its_agent_no_tool_that_the_agent_does_not_have() {
    let desk = Desk::open().await;
    let admin = &desk.world.admin;
    let elsewhere = testing::Server::start("2025-06-18").await.unwrap();
    elsewhere.add_tool("pay", answer("Paid."));
    desk.world.register(&elsewhere, "Bank").await;
    for (name, tools) in [("bank", json!(["bank/pay"])), ("both", json!(["bank/pay", "desk/echo"]))] {
        keep(admin, &asks(name, &json!({ "tools": tools }))).await;
    }
    desk.provider.push(Reply::text("Nothing."));
    let report = again(admin, "bank", json!({})).await;
    assert_eq!((&completed(&report)["said"], desk.told(1).await), (&json!("Nothing."), Vec::new()));
    // Not even to a model that knows its name.
    desk.provider.push(Reply::call("bank__pay", &json!({})).and_call("pay", &json!({})));
    desk.provider.push(Reply::text("It is not mine."));
    let report = again(admin, "both", json!({})).await;
    assert_eq!(completed(&report)["said"], "It is not mine.");
    let told = desk.told(2).await;
    assert!(told.len() == 1 && told[0].contains("echo"), "{told:?}");
    assert!(!elsewhere.received().iter().any(|one| one.method == "tools/call"), "it was called");

    // What nobody knows is a mistake, at its place in the list.
    let report =
        run(admin, &asks("unknown", &json!({ "tools": ["desk/echo", "desk/erase"] })), json!({})).await;
    let error = &report["error"];
    assert_eq!((&error["source"], &error["code"]), (&json!("ask"), &json!("node_invalid")), "{report}");
    assert!(report.to_string().contains("/config/tools/1"), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_node_says_of_its_model_is_asked_for() {
    let desk = Desk::open().await;
    let admin = &desk.world.admin;
    desk.provider.push(Reply::text("Here."));
    let config = json!({
        "model": { "provider": "openai", "name": "gpt-4o-mini" }, "temperature": 0.3, "max_rounds": 1,
    });
    let report = run(admin, &asks("mini", &config), json!({})).await;
    assert_eq!(completed(&report)["said"], "Here.");
    let asked = desk.provider.request(1).await.body;
    assert_eq!((&asked["model"], &asked["temperature"]), (&json!("gpt-4o-mini"), &json!(0.3)), "{asked}");
    for (config, pointer) in [
        (json!({ "max_rounds": 101 }), "/config/max_rounds"),
        (json!({ "temperature": 2.5 }), "/config/temperature"),
        (json!({ "tools": ["echo", " "] }), "/config/tools/1"),
    ] {
        let refused = admin.post("/api/workflows/import", asks("wrong", &config)).await;
        let problem = refused.problem(422, "workflow_invalid");
        assert!(text(&problem["errors"][0]["pointer"]).ends_with(pointer), "{problem}");
    }
}
