//! Budgets over the life of a process: what a call holds is given back when its server dies, and what was stopped is
//! charged by what was seen of it.

use conductor_test_support::{Api, Gate, Provider, Reply, Server};
use serde_json::{Value, json};

async fn budget(api: &Api) -> String {
    let me = api.get("/api/auth/me").await.ok();
    let path = format!("/api/v1/orgs/{}/budgets", me["organization"]["id"].as_str().unwrap());
    let body = json!({ "name": "Team", "scope": "organization", "period": "month", "limit": "5" });
    let made = api.post(&path, body).await.created();
    format!("{path}/{}", made["id"].as_str().unwrap())
}

async fn send(api: &Api) -> Value {
    let conversation = api.post("/api/conversations", json!({ "model": "gpt-4o" })).await.created();
    let path = format!("/api/conversations/{}/messages", conversation["id"].as_str().unwrap());
    api.post(&path, json!({ "content": "Tell me." })).await.created()
}

#[tokio::test]
async fn a_killed_server_holds_nothing_after_its_next_start() {
    let provider = Provider::start().await;
    let gate = Gate::closed();
    provider.push(Reply::new().say("Half an ").wait(&gate).say("answer"));
    provider.otherwise(Reply::text("Whole.").usage(1_000, 1_000));
    let mut server = Server::configure().provider(&provider).start().await;
    let api = server.set_up().await;
    let path = budget(&api).await;
    let sent = send(&api).await;
    let run = sent["run"]["id"].as_str().unwrap();
    api.events(run, 0).await.until("message.delta").await;
    let held = api.get(&path).await.ok();
    assert_ne!(held["reserved"], "0", "a call under way holds what it may cost");
    assert_eq!(held["spent"], "0");

    server.kill().await;
    server.restart().await;
    let end = api.events(run, 0).await.until("run.finished").await;
    assert_eq!(end.data["status"], "interrupted");
    let after = api.get(&path).await.ok();
    assert_eq!((&after["reserved"], &after["spent"]), (&json!("0"), &json!("0")), "{after}");

    // The next answer is charged at the catalogue's price: 0.0025 for 1,000 read, 0.01 for 1,000 written.
    let sent = send(&api).await;
    api.events(sent["run"]["id"].as_str().unwrap(), 0).await.until("run.finished").await;
    let after = api.get(&path).await.ok();
    assert_eq!((&after["reserved"], &after["spent"]), (&json!("0"), &json!("0.0125")), "{after}");
}

#[tokio::test]
async fn an_answer_that_is_stopped_before_its_count_costs_what_was_seen() {
    let provider = Provider::start().await;
    let gate = Gate::closed();
    provider.push(Reply::new().say(&"word ".repeat(400)).wait(&gate).say("end"));
    let mut server = Server::configure().provider(&provider).start().await;
    let api = server.set_up().await;
    let path = budget(&api).await;
    let sent = send(&api).await;
    let run = sent["run"]["id"].as_str().unwrap();
    let mut events = api.events(run, 0).await;
    events.until("message.delta").await;
    drop(api.post(&format!("/api/execute/{run}/cancel"), json!({})).await.status(202));
    events.until("run.finished").await;
    let after = api.get(&path).await.ok();
    assert_eq!(after["reserved"], "0", "{after}");
    let spent: f64 = after["spent"].as_str().unwrap().parse().unwrap();
    assert!(spent >= 0.005, "500 tokens were written: {after}");
}

#[tokio::test]
async fn the_days_calls_survive_a_restart() {
    let mut server =
        Server::configure().env("CONDUCTOR_LIMIT_ROLE_PER_DAY", "organization:owner=2").start().await;
    let api = server.set_up().await;
    let path =
        format!("/api/agents/{}/test", api.get("/api/agents").await.ok()["items"][0]["id"].as_str().unwrap());
    let run = json!({ "input": "Hello" });
    api.post(&path, run.clone()).await.created();
    assert!(server.terminate().await.success());
    server.restart().await;
    let today = api.get("/api/usage/budgets").await.ok()["calls_today"].clone();
    assert_eq!((&today["limit"], &today["used"]), (&json!(2), &json!(1)));
    api.post(&path, run.clone()).await.created();
    let refused = api.post(&path, run).await;
    assert!(refused.header("ratelimit").unwrap().starts_with("\"day\";r=0;t="), "{refused}");
    assert_eq!(refused.header("ratelimit-policy"), Some("\"day\";q=2;w=86400"));
    let wait: u64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=86_400).contains(&wait));
    let problem = refused.problem(429, "rate_limited");
    assert!(problem["detail"].as_str().unwrap().contains("2 calls per day"), "{problem}");
}
