//! subscribing to another user's events by the id of a stream (LibreChat CVE-2026-31950), also when resuming.

use serde_json::json;

use crate::{
    canary::{NOBODY, id, words},
    world::World,
};

#[tokio::test]
async fn the_events_of_a_foreign_run_do_not_exist() {
    let (world, admin) = World::set_up().await;
    let colleague = world.invite(&admin, "grace@example.com", "member").await;
    let stranger = world.stranger().await;
    let conversation = id(&world.post("/api/conversations", json!({})).by(&admin).send().await.created());
    let path = format!("/api/conversations/{conversation}/messages");
    let sent = world.post(&path, json!({ "content": "Tell nobody." })).by(&admin).send().await.created();
    let run = id(&sent["run"]);
    let before = world.rows();
    for person in [&stranger, &colleague] {
        for template in [
            "/api/runs/{run}/events",
            "/api/runs/{run}/events?after=1",
            "/api/messages/stream?run_id={run}",
            "/api/messages/stream?run_id={run}&after=1",
            "/api/execute/{run}/logs",
            "/api/execute/{run}/status",
            "/api/runs/{run}",
            "/api/runs/{run}/steps",
        ] {
            for last_event in [None, Some("0"), Some("1"), Some("999999")] {
                for accept in ["text/event-stream", "application/json"] {
                    let ask = async |run: &str| {
                        let call =
                            world.get(&template.replace("{run}", run)).by(person).with("accept", accept);
                        let call = match last_event {
                            Some(event) => call.with("last-event-id", event),
                            None => call,
                        };
                        let answer = call.send().await;
                        assert_eq!(
                            answer.header("content-type"),
                            "application/problem+json",
                            "{}",
                            answer.what
                        );
                        words(answer)
                    };
                    let (foreign, absent) = (ask(&run).await, ask(NOBODY).await);
                    assert_eq!(foreign, absent, "{template}");
                    assert_eq!(foreign.0, 404, "{template}");
                }
            }
        }
        let task = json!({ "decision": "allow_once" });
        world
            .post(&format!("/api/tasks/{run}/decide"), task)
            .by(person)
            .send()
            .await
            .problem(404, "not_found");
        let cancel = world.post(&format!("/api/execute/{run}/cancel"), json!({})).by(person).send().await;
        cancel.problem(404, "not_found");
    }
    world.unchanged(&before, "listening");
    // Its owner is let in.
    let own = world.get(&format!("/api/runs/{run}/events")).by(&admin).with("accept", "text/event-stream");
    assert_eq!(own.send().await.status(200).header("content-type"), "text/event-stream");
}
