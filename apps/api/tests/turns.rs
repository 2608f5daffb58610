//! Turns from outside: the real binary, a scripted provider that speaks OpenAI's wire format.

use conductor_test_support::{Gate, Provider, Reply, Server};
use serde_json::{Value, json};

async fn conversation(api: &conductor_test_support::Api) -> String {
    let created = api.post("/api/conversations", json!({})).await.created();
    created["id"].as_str().unwrap().to_owned()
}

async fn send(api: &conductor_test_support::Api, conversation: &str, content: &str, model: &str) -> Value {
    let body = json!({ "content": content, "model": model });
    api.post(&format!("/api/conversations/{conversation}/messages"), body).await.created()
}

fn run_id(sent: &Value) -> &str {
    sent["run"]["id"].as_str().unwrap()
}

#[tokio::test]
async fn a_turn_streams_and_is_recorded() {
    let mut server = Server::running().await;
    let api = server.set_up().await;
    let conversation = conversation(&api).await;
    let sent = send(&api, &conversation, "What is Conductor?", "demo").await;

    let events = api.events(run_id(&sent), 0).await.rest().await;
    let seqs: Vec<i64> = events.iter().map(|event| event.seq()).collect();
    assert_eq!(seqs, (1..=i64::try_from(events.len()).unwrap()).collect::<Vec<_>>(), "seq has a gap");
    assert_eq!(events.first().unwrap().name, "run.started");
    assert_eq!(events.last().unwrap().name, "run.finished");

    let text: String = events
        .iter()
        .filter(|event| event.name == "message.delta")
        .map(|event| event.data["text"].as_str().unwrap())
        .collect();
    let messages = api.get(&format!("/api/conversations/{conversation}/messages")).await.ok();
    let reply = &messages["items"][1];
    assert_eq!(reply["content"].as_str().unwrap(), text);
    assert_eq!(reply["status"], "complete");
    assert!(!text.is_empty());
}

#[tokio::test]
async fn a_follower_resumes_without_gap_or_repeat() {
    let mut server = Server::running().await;
    let api = server.set_up().await;
    let conversation = conversation(&api).await;
    let sent = send(&api, &conversation, "write 200 tokens", "demo").await;
    let mut first = api.events(run_id(&sent), 0).await;
    first.until("message.delta").await;
    let after = first.seen().last().unwrap().seq();
    drop(first);
    let rest = api.events(run_id(&sent), after).await.rest().await;
    assert_eq!(rest.first().unwrap().seq(), after + 1);
    let whole = api.events(run_id(&sent), 0).await.rest().await;
    assert_eq!(whole.len(), usize::try_from(after).unwrap() + rest.len());
}

#[tokio::test]
async fn stopping_closes_the_providers_connection_and_keeps_the_text() {
    let provider = Provider::start().await;
    let gate = Gate::closed();
    provider.push(Reply::new().say("Half an ").wait(&gate).say("answer"));
    let mut server = Server::configure().provider(&provider).start().await;
    let api = server.set_up().await;
    let conversation = conversation(&api).await;
    let sent = send(&api, &conversation, "Tell me.", "gpt-4o").await;
    let mut events = api.events(run_id(&sent), 0).await;
    events.until("message.delta").await;

    let _ = api.post(&format!("/api/execute/{}/cancel", run_id(&sent)), json!({})).await.status(202);
    tokio::time::timeout(std::time::Duration::from_secs(1), provider.aborted(1))
        .await
        .expect("not closed in 1 s");
    let end = events.until("run.finished").await;
    assert_eq!(end.data["status"], "cancelled");
    let messages = api.get(&format!("/api/conversations/{conversation}/messages")).await.ok();
    assert_eq!(messages["items"][1]["content"], "Half an ");
    assert_eq!(messages["items"][1]["status"], "cancelled");
}

#[tokio::test]
async fn a_provider_that_is_cut_keeps_the_text_and_can_be_retried() {
    let provider = Provider::start().await;
    provider.push(Reply::new().say("Mid-wo").cut());
    provider.otherwise(Reply::text("Whole."));
    let mut server = Server::configure().provider(&provider).start().await;
    let api = server.set_up().await;
    let conversation = conversation(&api).await;
    let sent = send(&api, &conversation, "Tell me.", "gpt-4o").await;
    let end = api.events(run_id(&sent), 0).await.until("run.finished").await;
    assert_eq!(end.data["status"], "failed");
    assert_eq!(end.data["error"]["retryable"], true);
    let reply = sent["reply"]["id"].as_str().unwrap();
    let again = api.post(&format!("/api/messages/{reply}/regenerate"), json!({})).await.created();
    api.events(run_id(&again), 0).await.rest().await;
    let messages = api.get(&format!("/api/conversations/{conversation}/messages")).await.ok();
    assert_eq!(messages["items"][1]["content"], "Whole.");
    assert_eq!(messages["items"][1]["sibling_ids"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn an_unknown_model_falls_back_and_the_run_says_so() {
    let mut server = Server::running().await;
    let api = server.set_up().await;
    let conversation = conversation(&api).await;
    let sent = send(&api, &conversation, "Hello", "no-such-model").await;
    let events = api.events(run_id(&sent), 0).await.rest().await;
    let said = events.iter().any(|event| {
        event.name == "run.status"
            && event.data["reason"].as_str().is_some_and(|reason| reason.contains("no-such-model"))
    });
    assert!(said, "nothing says that another model answered");
}

#[tokio::test]
async fn fifty_kills_leave_no_run_stuck() {
    let mut server = Server::configure().env("CONDUCTOR_DEMO_DELAY_MS", "1").start().await;
    let api = server.set_up().await;
    let conversation = conversation(&api).await;
    let mut interrupted = 0;
    for round in 0..50_u64 {
        let body = json!({ "content": "write 400 tokens", "model": "demo" });
        let sent = api.post(&format!("/api/conversations/{conversation}/messages"), body).await.created();
        let run = run_id(&sent).to_owned();
        let mut events = api.events(&run, 0).await;
        // A moment that differs each time, told by the stream itself: after so many events of the answer.
        for _ in 0..(round * 7) % 23 {
            if events.next().await.is_none() {
                break;
            }
        }
        let seen: i64 = events.seen().last().map_or(0, |event| event.seq());
        let text = events.text();
        server.kill().await;
        server.restart().await;
        let end = api.events(&run, 0).await.until("run.finished").await;
        let status = end.data["status"].as_str().unwrap().to_owned();
        assert!(["interrupted", "succeeded"].contains(&status.as_str()), "round {round}: {status}");
        interrupted += u32::from(status == "interrupted");
        let all = api.events(&run, 0).await.rest().await;
        assert!(all.last().unwrap().seq() >= seen, "round {round}: an event that was seen is gone");
        let row = api.get(&format!("/api/runs/{run}")).await.ok();
        assert_eq!(row["status"], status.as_str());
        let reply = api.get(&format!("/api/conversations/{conversation}/messages")).await.ok();
        let reply = reply["items"].as_array().unwrap().last().unwrap().clone();
        assert!(
            reply["content"].as_str().unwrap().starts_with(&text),
            "round {round}: text that was seen is gone"
        );
    }
    assert!(interrupted >= 20, "only {interrupted} of 50 kills hit a running turn");
}

#[tokio::test]
async fn a_shutdown_lets_a_turn_finish() {
    let mut server = Server::running().await;
    let api = server.set_up().await;
    let conversation = conversation(&api).await;
    let sent = send(&api, &conversation, "write 60 tokens", "demo").await;
    let mut events = api.events(run_id(&sent), 0).await;
    events.until("message.delta").await;
    let status = server.terminate().await;
    assert!(status.success());
    server.restart().await;
    let end = api.events(run_id(&sent), 0).await.until("run.finished").await;
    assert_eq!(end.data["status"], "succeeded");
}
