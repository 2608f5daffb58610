//! A task that one agent gave to another, over kill -9: told as cut, and the turn that gave it goes on.

use conductor_test_support::{Gate, Provider, Reply, Server};
use serde_json::json;

#[tokio::test]
async fn a_turn_goes_on_after_the_server_died_under_the_task_that_it_gave() {
    let (provider, gate) = (Provider::start().await, Gate::closed());
    let mut server = Server::configure().provider(&provider).start().await;
    let api = server.set_up().await;
    let body = json!({ "name": "Researcher", "model": "gpt-4o" });
    api.post("/api/agents", body).await.created();
    let body = json!({ "name": "Lead", "model": "gpt-4o", "tools": ["agent_researcher"] });
    let lead = api.post("/api/agents", body).await.created();
    let body = json!({ "agent_id": lead["id"] });
    let conversation = api.post("/api/conversations", body).await.created();
    let path = format!("/api/conversations/{}/messages", conversation["id"].as_str().unwrap());

    provider.push(Reply::call("agent_researcher", &json!({ "input": "Count them." })));
    provider.push(Reply::new().say("One, ").wait(&gate).say("two"));
    let sent = api.post(&path, json!({ "content": "How many?" })).await.created();
    let run = sent["run"]["id"].as_str().unwrap().to_owned();
    let mut events = api.events(&run, 0).await;
    let waits = |event: &conductor_test_support::Event| {
        event.name == "run.status" && event.data["status"] == "waiting"
    };
    events.until_event("the turn waits", waits).await;
    let delegated = events.seen().iter().find(|event| event.name == "tool.delegated").unwrap().clone();
    let child = delegated.data["child_run_id"].as_str().unwrap().to_owned();
    api.events(&child, 0).await.until("message.delta").await;
    provider.push(Reply::text("It was cut."));
    server.kill().await;
    server.restart().await;

    let ended = api.events(&run, 0).await.until("run.finished").await;
    assert_eq!(ended.data["status"], "succeeded");
    let task = api.get(&format!("/api/runs/{child}")).await.ok();
    assert_eq!(task["status"], "interrupted");
    let answer = api.get(&path).await.ok()["items"][1].clone();
    assert_eq!((&answer["content"], &answer["status"]), (&json!("It was cut."), &json!("complete")));
    let calls = answer["tool_calls"].as_array().unwrap();
    assert_eq!(calls.len(), 1);
    assert_eq!((&calls[0]["status"], &calls[0]["child_run_id"]), (&json!("failed"), &json!(child)));
    let all = api.events(&run, 0).await.rest().await;
    let seqs: Vec<i64> = all.iter().map(conductor_test_support::Event::seq).collect();
    assert_eq!(seqs, (1..=i64::try_from(all.len()).unwrap()).collect::<Vec<_>>(), "seq has a gap");
    assert_eq!(all.iter().filter(|event| event.name == "tool.result").count(), 1);
    let me = api.get("/api/auth/me").await.ok();
    let organization = me["organization"]["id"].as_str().unwrap();
    let runs = api.get(&format!("/api/v1/orgs/{organization}/runs")).await.ok();
    let mut statuses: Vec<&str> =
        runs["items"].as_array().unwrap().iter().map(|run| run["status"].as_str().unwrap()).collect();
    statuses.sort_unstable();
    // This list has one word for every bad end.
    assert_eq!(statuses, ["failed", "failed", "succeeded"], "the task, its call, the turn");
}
