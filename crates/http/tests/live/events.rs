//! The feed: what concerns a person, and nothing else.

use conductor_mcp_client::testing;
use serde_json::json;

use crate::world::{World, text};

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_tells_what_happens_and_resumes() {
    let (world, peer) = (World::start().await, testing::Server::start("2025-06-18").await.unwrap());
    let mut feed = world.admin.stream("/api/events").await;
    let called = world.waiting_call(&peer).await;
    let updated = feed.until("connector.updated").await;
    let asked = feed.until("approval.requested").await;
    assert_eq!(
        (&asked.data["run_id"], &asked.data["type"]),
        (&called["run"]["id"], &json!("approval.requested"))
    );

    let path = format!("/api/tasks/{}/decide", text(&asked.data["human_task_id"]));
    world.admin.post(&path, json!({ "decision": "allow_once" })).await.ok();
    let finished = feed.until("run.finished").await;
    assert_eq!(
        (&finished.data["run_id"], &finished.data["status"]),
        (&called["run"]["id"], &json!("succeeded"))
    );
    let numbers: Vec<i64> = feed.seen().iter().map(conductor_test_support::Event::seq).collect();
    assert!(numbers.is_sorted_by(|one, next| one < next), "{numbers:?}");

    // Who was away gets what was missed, once.
    let mut resumed = world.admin.with("last-event-id", &updated.id).stream("/api/events").await;
    resumed.until("run.finished").await;
    let place = feed.seen().iter().position(|event| event.id == updated.id).unwrap();
    assert_eq!(resumed.seen(), &feed.seen()[place + 1..]);
    let mut resumed = world.admin.stream(&format!("/api/events?after={}", asked.id)).await;
    let missed = resumed.until("run.finished").await;
    assert_eq!(missed, finished);
    assert!(resumed.seen().iter().all(|event| event.seq() > asked.seq()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_is_nobody_elses() {
    let (world, peer) = (World::start().await, testing::Server::start("2025-06-18").await.unwrap());
    let stranger = world.stranger().await;
    let mut feed = stranger.stream("/api/events").await;
    world.waiting_call(&peer).await;
    // The first notice that reaches the stranger is the stranger's own.
    let body = json!({ "name": "Own", "transport": "http", "endpoint": peer.url() });
    let own = stranger.post("/api/mcp/servers", body).await.created();
    let first = feed.next().await.unwrap();
    assert_eq!((first.name.as_str(), &first.data["connector_id"]), ("connector.updated", &own["id"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_position_is_refused() {
    let world = World::start().await;
    world.admin.with("last-event-id", "x").get("/api/events").await.problem(400, "bad_request");
    world.admin.get("/api/events?from=1").await.problem(422, "unknown_field");
}
