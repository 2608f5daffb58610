//! Runs, their events and executions.

use conductor_mcp_client::testing::{self, Behaviour};
use conductor_test_support::{Api, Event};
use serde_json::{Value, json};

use crate::world::{World, text};

const FOREIGN: &str = "0192f1c0-7b4e-7a6e-8a53-1d2c3b4a5f60";

async fn executed(world: &World) -> (String, Vec<Event>) {
    let body = json!({ "agent_id": world.agent(), "input": "What is Conductor?" });
    let started = world.admin.post("/api/execute/agent", body).await.created();
    let id = text(&started["run"]["id"]);
    let events = world.admin.events(&id, 0).await.rest().await;
    (id, events)
}

fn seqs(events: &[Event]) -> Vec<i64> {
    events.iter().map(Event::seq).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_followed_and_resumed_without_a_gap_or_a_repeat() {
    let world = World::start().await;
    let (id, events) = executed(&world).await;
    let last = i64::try_from(events.len()).unwrap();
    assert_eq!(seqs(&events), (1..=last).collect::<Vec<_>>());
    assert_eq!(events.first().unwrap().name, "run.started");
    assert_eq!(events.last().unwrap().name, "run.finished");
    for event in &events {
        assert_eq!(event.data["type"], event.name.as_str());
        assert_eq!(event.data["run_id"], id.as_str());
        assert_eq!(event.data["seq"], event.seq());
    }

    for seen in 1..last {
        let path = format!("/api/runs/{id}/events");
        let resumed = world.admin.with("last-event-id", &seen.to_string()).stream(&path).await.rest().await;
        assert_eq!(seqs(&resumed), (seen + 1..=last).collect::<Vec<_>>());
        assert_eq!(resumed, events[usize::try_from(seen).unwrap()..]);
    }
    // The header is what the browser knows best; the address still says where it began.
    let path = format!("/api/runs/{id}/events?after=1");
    let resumed = world.admin.with("last-event-id", &(last - 1).to_string()).stream(&path).await.rest().await;
    assert_eq!(seqs(&resumed), [last]);
    assert_eq!(seqs(&world.admin.events(&id, 1).await.rest().await), (2..=last).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_has_all_events_of_a_finished_run_is_told_not_to_come_back() {
    let world = World::start().await;
    let (id, events) = executed(&world).await;
    for after in [events.len(), events.len() + 100] {
        let path = format!("/api/runs/{id}/events?after={after}");
        let answer = world.admin.with("accept", "text/event-stream").get(&path).await.status(204);
        assert_eq!(answer.text, "");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn events_come_as_pages_to_those_who_ask() {
    let world = World::start().await;
    let (id, events) = executed(&world).await;
    let json = world.admin.with("accept", "application/json");
    let streamed: Vec<Value> = events.iter().map(|event| event.data.clone()).collect();
    for path in [format!("/api/runs/{id}/events?limit=3"), format!("/api/execute/{id}/logs?limit=3")] {
        let (mut cursor, mut paged) = (String::new(), Vec::new());
        loop {
            let page = json.get(&format!("{path}&cursor={cursor}")).await.ok();
            let items = page["items"].as_array().unwrap();
            assert!(items.len() <= 3);
            paged.extend(items.clone());
            match page["next_cursor"].as_str() {
                Some(next) => next.clone_into(&mut cursor),
                None => break,
            }
        }
        assert_eq!(paged, streamed, "{path}");
    }
    let page = json.get(&format!("/api/runs/{id}/events?after=2&limit=1")).await.ok();
    assert_eq!(page["items"][0]["seq"], 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_position_is_refused() {
    let world = World::start().await;
    let (id, _) = executed(&world).await;
    let path = format!("/api/runs/{id}/events");
    world.admin.with("last-event-id", "yesterday").get(&path).await.problem(400, "bad_request");
    world.admin.get(&format!("{path}?after=-1")).await.problem(422, "validation_failed");
    world.admin.get(&format!("{path}?since=1")).await.problem(422, "unknown_field");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_reads_the_same_under_each_of_its_names() {
    let world = World::start().await;
    let (id, events) = executed(&world).await;
    let run = world.admin.get(&format!("/api/runs/{id}")).await.ok();
    assert_eq!((&run["status"], &run["kind"]), (&json!("succeeded"), &json!("agent")));
    assert_eq!(run["last_seq"], json!(events.len()));
    assert!(text(&run["cost"]).parse::<f64>().is_ok(), "{run}");

    let execution = world.admin.get(&format!("/api/execute/{id}/status")).await.ok();
    assert_eq!((&execution["status"], &execution["run"]), (&json!("success"), &run));

    let organization = world.organization(&world.admin).await;
    let named = world.admin.get(&format!("/api/v1/orgs/{organization}/runs/{id}")).await.ok();
    assert_eq!((&named["status"], &named["input_json"]), (&json!("succeeded"), &run["input"]));
    let listed = world.admin.get(&format!("/api/v1/orgs/{organization}/runs?kind=agent")).await.ok();
    assert_eq!(listed["items"], json!([named]));
    let others = world.admin.get(&format!("/api/v1/orgs/{organization}/runs?kind=workflow")).await.ok();
    assert_eq!(others["items"], json!([]));

    let steps = world.admin.get(&format!("/api/runs/{id}/steps")).await.ok();
    assert_eq!(
        (&steps["items"][0]["kind"], &steps["items"][0]["status"]),
        (&json!("model"), &json!("succeeded"))
    );
    let named = world.admin.get(&format!("/api/v1/orgs/{organization}/runs/{id}/steps")).await.ok();
    assert_eq!(named["items"][0]["step_type"], "model");
    assert_eq!(named["items"][0]["id"], steps["items"][0]["id"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_run_does_not_exist() {
    let world = World::start().await;
    let (id, _) = executed(&world).await;
    let stranger = world.stranger().await;
    let (theirs, ours) = (world.organization(&stranger).await, world.organization(&world.admin).await);
    for path in [
        format!("/api/runs/{id}"),
        format!("/api/runs/{id}/events"),
        format!("/api/runs/{id}/steps"),
        format!("/api/execute/{id}/status"),
        format!("/api/execute/{id}/logs"),
        format!("/api/messages/stream?run_id={id}"),
        format!("/api/v1/orgs/{theirs}/runs/{id}"),
        format!("/api/v1/orgs/{theirs}/runs/{id}/steps"),
        format!("/api/v1/orgs/{ours}/runs"),
        format!("/api/v1/orgs/{ours}/runs/{id}"),
    ] {
        let foreign = stranger.get(&path).await.problem(404, "not_found");
        let unknown = stranger.get(&path.replace(&id, FOREIGN)).await.problem(404, "not_found");
        assert_eq!(foreign["detail"], unknown["detail"], "{path}");
    }
    stranger.post(&format!("/api/execute/{id}/cancel"), json!({})).await.problem(404, "not_found");
    let listed = stranger.get(&format!("/api/v1/orgs/{theirs}/runs")).await.ok();
    assert_eq!(listed["items"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_reads_runs_without_signing_in() {
    let world = World::start().await;
    let (id, _) = executed(&world).await;
    let anonymous = world.admin.anonymous();
    for path in [format!("/api/runs/{id}"), format!("/api/runs/{id}/events"), "/api/events".to_owned()] {
        anonymous.get(&path).await.problem(401, "token_missing");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_fields_are_refused() {
    let world = World::start().await;
    let body = json!({ "agent_id": world.agent(), "input": "x", "mode": "fast" });
    let problem = world.admin.post("/api/execute/agent", body).await.problem(422, "unknown_field");
    assert_eq!(problem["errors"][0]["pointer"], "/mode");
    world.admin.post("/api/execute/agent", json!({ "input": "x" })).await.problem(422, "validation_failed");
    let hidden = json!({ "agent_id": FOREIGN, "input": "x" });
    world.admin.post("/api/execute/agent", hidden).await.problem(404, "not_found");
}

/// A call that hangs, and the run that makes it.
async fn hanging(
    world: &World,
    peer: &testing::Server,
) -> (String, tokio::task::JoinHandle<conductor_test_support::Answer>) {
    peer.add_tool("hang", Behaviour::Hang);
    let server = world.register(peer, "Slow").await;
    let mut feed = world.admin.stream("/api/events").await;
    let body = json!({ "server_id": server["id"], "tool": "hang" });
    let api = world.admin.clone();
    let call = tokio::spawn(async move { api.post("/api/mcp/execute/tool", body).await });
    let started = feed.until("run.started").await;
    (text(&started.data["run_id"]), call)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_stopped_ends_at_once_and_says_so() {
    let (world, peer) = (World::start().await, testing::Server::start("2025-06-18").await.unwrap());
    let (id, call) = hanging(&world, &peer).await;
    let mut events = world.admin.events(&id, 0).await;
    events.until("tool.decided").await;
    peer.wait_for("tools/call").await;

    let path = format!("/api/execute/{id}/cancel");
    let stopping = world.admin.post(&path, json!({})).await.status(202).json();
    assert_eq!(stopping["id"], id.as_str());
    let finished = events.until("run.finished").await;
    assert_eq!(finished.data["status"], "cancelled");
    let answer = call.await.unwrap().created();
    assert_eq!((&answer["run"]["status"], &answer["ok"]), (&json!("cancelled"), &json!(false)));
    world.admin.post(&path, json!({})).await.problem(409, "run_ended");
    let execution = world.admin.get(&format!("/api/execute/{id}/status")).await.ok();
    assert_eq!(execution["status"], "cancelled");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_ends_with_its_session() {
    let (world, peer) = (World::start().await, testing::Server::start("2025-06-18").await.unwrap());
    let called = world.waiting_call(&peer).await;
    let browser: Api = world.another_session().await;
    let mut events = browser.events(&text(&called["run"]["id"]), 0).await;
    let mut feed = browser.stream("/api/events").await;
    events.until_event("the pause", |event| event.data["status"] == "waiting").await;

    browser.post("/api/auth/logout", json!({})).await.status(204).ok();
    let soon = std::time::Duration::from_secs(1);
    let ended = tokio::time::timeout(soon, async { (events.next().await, feed.next().await) }).await;
    assert_eq!(ended.expect("the streams outlive their session"), (None, None));
    // Another session of the same person is not touched.
    world.admin.get("/api/auth/me").await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_of_a_node_that_goes_down_tell_their_clients_to_come_back() {
    let (world, peer) = (World::start().await, testing::Server::start("2025-06-18").await.unwrap());
    let called = world.waiting_call(&peer).await;
    for path in [format!("/api/runs/{}/events", text(&called["run"]["id"])), "/api/events".to_owned()] {
        let (api, streams) = (world.admin.clone(), world.streams.clone());
        let reading = tokio::spawn(async move { api.get(&path).await });
        streams.cancel();
        let answer = reading.await.unwrap().status(200);
        assert!(
            answer.text.ends_with(": draining\nretry: 1000\n\n") || answer.text.ends_with("retry:1000\n\n"),
            "{answer}"
        );
        assert_eq!(answer.header("x-accel-buffering"), Some("no"));
        assert_eq!(answer.header("content-type"), Some("text/event-stream"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_document_knows_what_a_stream_carries() {
    let world = World::start().await;
    let document = world.admin.get("/openapi.json").await.ok();
    for (path, method) in [
        ("/api/runs/{run_id}/events", "get"),
        ("/api/messages/stream", "get"),
        ("/api/messages/stream", "post"),
    ] {
        let content = &document["paths"][path][method]["responses"]["200"]["content"];
        let schema = &content["text/event-stream"]["schema"];
        assert_eq!(schema, &json!({ "$ref": "#/components/schemas/RunEvent" }), "{method} {path}: {content}");
    }
    let operations =
        document["paths"].as_object().unwrap().values().flat_map(|item| item.as_object().unwrap().values());
    let mut ids: Vec<&str> = operations.filter_map(|operation| operation["operationId"].as_str()).collect();
    let all = ids.len();
    ids.sort_unstable();
    // One function that serves two methods is one operation under two verbs.
    ids.dedup();
    assert!(ids.len() > 100 && all - ids.len() < 12, "{all} operations, {} names", ids.len());
    for id in ["find_run", "execute_tool", "list_events", "decide_task", "connect_mcp_server", "list_models"]
    {
        assert!(ids.contains(&id), "{id} is missing");
    }
}
