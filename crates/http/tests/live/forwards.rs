//! The audit log, sent on: in order, at least once, from where it stopped; nobody else's, no secrets, nowhere inside.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use base64::{Engine, prelude::BASE64_STANDARD};
use conductor_test_support::Api;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use wiremock::{Mock, MockServer, Request, ResponseTemplate, matchers};

use crate::world::World;

const SECRET: &str = "siem-canary-secret-0123456789";

/// Something that takes logs over, or refuses to.
struct Siem {
    server: MockServer,
    answers: Arc<Mutex<u16>>,
}

impl Siem {
    async fn start() -> Self {
        let (server, answers) = (MockServer::start().await, Arc::new(Mutex::new(200)));
        let status = Arc::clone(&answers);
        let respond = move |_: &Request| ResponseTemplate::new(*status.lock().unwrap());
        Mock::given(matchers::method("POST")).respond_with(respond).mount(&server).await;
        Self { server, answers }
    }

    fn answers(&self, status: u16) {
        *self.answers.lock().unwrap() = status;
    }

    async fn requests(&self) -> Vec<Request> {
        self.server.received_requests().await.unwrap()
    }

    /// The entries of everything that was sent.
    async fn entries(&self) -> Vec<Value> {
        let mut entries = Vec::new();
        for request in self.requests().await {
            let text = String::from_utf8(request.body).unwrap();
            entries.extend(text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()));
        }
        entries
    }
}

async fn path(world: &World, of: &Api) -> String {
    format!("/api/v1/orgs/{}/audit/forward", world.organization(of).await)
}

fn to(siem: &Siem, credential: &str) -> Value {
    json!({
        "endpoint": format!("{}/in", siem.server.uri()), "credential": credential, "secret": SECRET, "enabled": true,
        "from_beginning": true,
    })
}

/// Sends until an entry of this kind was taken over and nothing waits: sealing runs beside the test.
async fn sent(world: &World, siem: &Siem, path: &str, kind: &str) -> Value {
    let all = async {
        loop {
            world.forwards().pass().await.unwrap();
            let state = world.admin.get(path).await.ok()["forward"].clone();
            let told = siem.entries().await.iter().any(|entry| entry["event_type"] == kind);
            if told && state["waiting"] == 0 && state["error"].is_null() {
                return state;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), all).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn entries_arrive_in_order_signed_and_of_one_organisation_alone() {
    let (world, siem) = (World::start().await, Siem::start().await);
    let stranger = world.stranger().await;
    stranger.post("/api/agents", json!({ "name": "zzforeign" })).await.created();
    let path = path(&world, &world.admin).await;
    assert_eq!(world.admin.get(&path).await.ok(), json!({ "forward": null }));
    world.admin.put(&path, to(&siem, "hmac")).await.ok();
    world.admin.post("/api/agents", json!({ "name": "Sent on" })).await.created();
    let state = sent(&world, &siem, &path, "agent.created").await;

    let entries = siem.entries().await;
    let places: Vec<i64> = entries.iter().map(|entry| entry["seq"].as_i64().unwrap()).collect();
    assert_eq!(places, (1..=state["sent_seq"].as_i64().unwrap()).collect::<Vec<_>>());
    let organization = world.organization(&world.admin).await;
    assert!(entries.iter().all(|entry| entry["organization_id"] == organization.as_str()), "nobody else's");
    let text = format!("{entries:?}");
    assert!(text.contains("audit.forward_updated") && !text.contains(SECRET));
    for request in siem.requests().await {
        let header = |name: &str| request.headers[name].to_str().unwrap().to_owned();
        assert!(!request.headers.contains_key("authorization"));
        let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
        mac.update(format!("{}.{}.", header("webhook-id"), header("webhook-timestamp")).as_bytes());
        mac.update(&request.body);
        let expected = format!("v1,{}", BASE64_STANDARD.encode(mac.finalize().into_bytes()));
        assert_eq!(header("webhook-signature"), expected);
    }
    // Nothing new: nothing is sent.
    let count = siem.requests().await.len();
    world.forwards().pass().await.unwrap();
    assert_eq!(siem.requests().await.len(), count);
    assert!(!format!("{:?}", world.database().rows()).contains(SECRET), "at rest it is sealed");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_taken_is_sent_again_from_there() {
    let (world, siem) = (World::start().await, Siem::start().await);
    let path = path(&world, &world.admin).await;
    siem.answers(503);
    world.admin.put(&path, to(&siem, "bearer")).await.ok();
    let failing = async {
        loop {
            world.forwards().pass().await.unwrap();
            let state = world.admin.get(&path).await.ok()["forward"].clone();
            if state["failures"] == 1 {
                return state;
            }
            tokio::task::yield_now().await;
        }
    };
    let failed = tokio::time::timeout(Duration::from_secs(30), failing).await.unwrap();
    assert_eq!((&failed["error"], &failed["sent_seq"]), (&json!("it answers 503"), &json!(0)));
    assert_eq!(siem.requests().await[0].headers["authorization"], format!("Bearer {SECRET}"));
    // It waits before it tries again.
    world.forwards().pass().await.unwrap();
    assert_eq!(siem.requests().await.len(), 1);
    siem.answers(200);
    world.database().change("UPDATE audit_forwards SET next_at = '2020-01-01T00:00:00+00:00'").await;
    let state = sent(&world, &siem, &path, "audit.forward_updated").await;
    assert_eq!((&state["error"], &state["failures"]), (&json!(null), &json!(0)));
    let places: Vec<i64> = siem.entries().await.iter().map(|entry| entry["seq"].as_i64().unwrap()).collect();
    assert_eq!(places.iter().filter(|place| **place == 1).count(), 2, "at least once: {places:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_goes_to_no_address_inside_and_its_secret_to_no_other() {
    let (world, siem) = (World::start().await, Siem::start().await);
    let path = path(&world, &world.admin).await;
    for endpoint in
        ["http://169.254.169.254/in", "http://siem.example.com/in", "https://10.1.2.3/in", "file:///x", ""]
    {
        let body = json!({ "endpoint": endpoint, "credential": "bearer", "secret": SECRET, "enabled": true });
        let problem = world.admin.put(&path, body).await.problem(422, "validation_failed");
        assert_eq!(problem["errors"][0]["pointer"], "/endpoint", "{endpoint}: {problem}");
    }
    let unset = json!({ "endpoint": "https://siem.example.com/in", "credential": "bearer", "enabled": true });
    let problem = world.admin.put(&path, unset.clone()).await.problem(422, "validation_failed");
    assert_eq!(problem["errors"][0]["pointer"], "/secret");
    world.admin.put(&path, to(&siem, "bearer")).await.ok();
    let problem = world.admin.put(&path, unset).await.problem(422, "validation_failed");
    assert_eq!(problem["errors"][0]["pointer"], "/secret", "the secret was for another address");
    // Strangers see and change nothing; taken away, nothing is left of it.
    let stranger = world.stranger().await;
    stranger.get(&path).await.problem(404, "not_found");
    stranger.put(&path, to(&siem, "bearer")).await.problem(404, "not_found");
    stranger.delete(&path).await.problem(404, "not_found");
    drop(world.admin.delete(&path).await.status(204));
    world.admin.delete(&path).await.problem(404, "not_found");
    let kept = world.database().rows()["secrets"].clone();
    let mut secrets = kept.iter().filter(|row| row.contains("audit_forward")).peekable();
    assert!(secrets.peek().is_some() && secrets.all(|row| row.contains("X''")), "{kept:?}");
}
