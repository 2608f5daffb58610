//! Workflows in a conversation: whoever answers runs one, and what the workflow asks is found where it was begun.

use conductor_test_support::{Api, Provider, Reply};
use serde_json::{Value, json};

use super::{graph, keep};
use crate::world::{World, text};

/// An installation with a workflow that asks before it pays.
async fn paying(provider: &Provider) -> World {
    let world = World::with_provider(provider.url(), "sk-scripted").await;
    let nodes = json!([
        { "id": "ask", "kind": "human", "config": {
            "title": "Pay ${input.amount}?", "decisions": ["approve", "reject"],
        } },
        { "id": "pay", "kind": "transform", "inputs": { "paid": "{{input.amount}}" } },
    ]);
    let mut flow = graph("pays", nodes, &["ask.decision:approve -> pay"]);
    flow["description"] = json!("Pays somebody.");
    flow["inputs"] = json!([
        { "name": "amount", "type": "number", "required": true },
        { "name": "currency", "type": "string", "required": false, "default": "EUR" },
    ]);
    keep(&world.admin, &flow).await;
    world
}

/// Sends a message in a new conversation and gives its run and the conversation.
async fn say(client: &Api, words: &str) -> (String, String) {
    let conversation = text(&client.post("/api/conversations", json!({})).await.created()["id"]);
    let path = format!("/api/conversations/{conversation}/messages");
    let sent = client.post(&path, json!({ "content": words })).await.created();
    (text(&sent["run"]["id"]), conversation)
}

async fn questions(client: &Api, root: &str) -> Vec<Value> {
    let page = client.get(&format!("/api/tasks?status=pending&root_run_id={root}")).await.ok();
    page["items"].as_array().unwrap().clone()
}

fn offered(request: &Value) -> Vec<&Value> {
    request["tools"]
        .as_array()
        .map(|tools| tools.iter().map(|tool| &tool["function"]).collect())
        .unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_answers_runs_a_workflow_and_its_question_is_found_where_it_was_begun() {
    let provider = Provider::start().await;
    let world = paying(&provider).await;
    provider.push(Reply::call("workflow_pays", &json!({ "inputs": { "amount": 40 } })));
    let (run, conversation) = say(&world.admin, "Pay 40.").await;
    let mut events = world.admin.events(&run, 0).await;
    let given = events.until("tool.delegated").await;
    let child = text(&given.data["child_run_id"]);
    world.admin.events(&child, 0).await.until("approval.requested").await;

    let asked = provider.requests()[0].body.clone();
    let tools = offered(&asked);
    let pays = tools.iter().find(|tool| tool["name"] == "workflow_pays").unwrap();
    assert!(text(&pays["description"]).contains("Pays somebody."), "{pays}");
    let inputs = &pays["parameters"]["properties"]["inputs"];
    assert_eq!(inputs["properties"]["amount"], json!({ "type": "number" }));
    assert_eq!(inputs["properties"]["currency"], json!({ "type": "string", "default": "EUR" }));
    assert_eq!(inputs["required"], json!(["amount"]));

    let open = questions(&world.admin, &run).await;
    assert_eq!(open.len(), 1, "{open:?}");
    assert_eq!((&open[0]["title"], &open[0]["run_id"]), (&json!("Pay 40?"), &json!(child)));
    assert_eq!(
        questions(&world.admin, &child).await,
        Vec::<Value>::new(),
        "it is asked of what began it all"
    );
    let stranger = world.stranger().await;
    assert_eq!(questions(&stranger, &run).await, Vec::<Value>::new());

    provider.push(Reply::text("It is paid."));
    let path = format!("/api/tasks/{}/decide", text(&open[0]["id"]));
    world.admin.post(&path, json!({ "decision": "approve" })).await.ok();
    events.until("run.finished").await;
    assert_eq!(questions(&world.admin, &run).await, Vec::<Value>::new());
    let page = world.admin.get(&format!("/api/conversations/{conversation}/messages")).await.ok();
    let answer = &page["items"][1];
    assert_eq!((&answer["content"], &answer["status"]), (&json!("It is paid."), &json!("complete")));
    assert_eq!(answer["tool_calls"][0]["child_run_id"], json!(child));
    let wrong = world.admin.get("/api/tasks?root_run_id=nothing").await;
    wrong.problem(422, "validation_failed");
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_all_workflows_are_those_that_whoever_asks_may_execute() {
    let provider = Provider::start().await;
    let world = paying(&provider).await;
    let member = world.colleague("grace@example.com", "member").await;
    // A workflow belongs to whoever made it until it is shared.
    provider.push(Reply::call("workflow_pays", &json!({ "inputs": { "amount": 40 } })));
    provider.push(Reply::text("I cannot."));
    let (run, _) = say(&member, "Pay 40.").await;
    let events = member.events(&run, 0).await.rest().await;
    assert!(events.iter().all(|event| event.name != "tool.delegated"), "{events:?}");
    assert!(offered(&provider.requests()[0].body).iter().all(|tool| tool["name"] != "workflow_pays"));
    assert_eq!(questions(&world.admin, &run).await, Vec::<Value>::new());
}
