//! Grants on a clock that is told the time: ends, and what hangs on them.

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::world::World;

#[tokio::test]
async fn what_was_given_under_a_grant_ends_with_it() {
    let (world, admin) = World::set_up().await;
    let (grace, olaf) = (
        world.invite(&admin, "grace@example.com", "admin").await,
        world.invite(&admin, "olaf@example.com", "member").await,
    );
    let agent = world.post("/api/agents", json!({ "name": "Mine" })).by(&admin).send().await.created();
    let hours = |hours| (world.now() + TimeDelta::hours(hours)).to_rfc3339();
    let body = |to: String, level: &str, end: &str| {
        json!({
            "resource_type": "agent", "resource_id": agent["id"], "subject_id": to, "access_level": level,
            "expires_at": end,
        })
    };
    let (two, one) = (hours(2), hours(1));
    let grants = "/api/permissions/grant";
    world.post(grants, body(grace.id(), "admin", &two)).by(&admin).send().await.created();
    world.post(grants, body(olaf.id(), "read", &one)).by(&grace).send().await.created();
    assert_eq!(world.grants.sweep().await.unwrap(), 0, "nothing has ended yet");

    // The shorter end of a new grant takes what outlasts it along; a longer one keeps what was given.
    world.post(grants, body(grace.id(), "admin", &hours(3))).by(&admin).send().await.created();
    let levels = |answer: Value| answer["items"].as_array().unwrap().len();
    let mine = "/api/permissions/my";
    assert_eq!(levels(world.get(mine).by(&olaf).send().await.ok()), 1);
    world.post(grants, body(grace.id(), "write", &two)).by(&admin).send().await.created();
    assert_eq!(levels(world.get(mine).by(&olaf).send().await.ok()), 0, "grace may grant no more");

    world.advance(2 * 60 * 60 + 1);
    assert_eq!(world.grants.sweep().await.unwrap(), 1);
    let admin = world.sign_in(crate::world::ADMIN).await;
    let log = format!("/api/v1/orgs/{}/audit?event_type=grant.*&limit=50", admin.organization());
    let log = world.get(&log).by(&admin).send().await.ok();
    let mut events: Vec<&str> =
        log["items"].as_array().unwrap().iter().filter_map(|entry| entry["event_type"].as_str()).collect();
    // All of one moment, so in no order.
    events.sort_unstable();
    let created = ["grant.created"; 4];
    assert_eq!(events, [&created[..], &["grant.expired", "grant.revoked"]].concat());
}

#[tokio::test]
async fn an_approver_chooses_another_end_or_none() {
    let (world, admin) = World::set_up().await;
    let grace = world.invite(&admin, "grace@example.com", "member").await;
    for (answer, wanted) in [
        (json!({}), Some(TimeDelta::hours(8))),
        (
            json!({ "expires_at": (world.now() + TimeDelta::hours(2)).to_rfc3339() }),
            Some(TimeDelta::hours(2)),
        ),
        (json!({ "expires_at": null }), None),
    ] {
        let agent = world.post("/api/agents", json!({ "name": answer.to_string() })).by(&admin).send().await;
        let wish = json!({
            "resource_type": "agent", "resource_id": agent.created()["id"], "access_level": "read",
            "reason": "x", "hours": 8,
        });
        let asked = world.post("/api/permissions/request", wish).by(&grace).send().await.created();
        let path = format!("/api/permissions/requests/{}/approve", asked["id"].as_str().unwrap());
        let approved = world.put(&path, answer.clone()).by(&admin).send().await.ok();
        let end = approved["grant_expires_at"]
            .as_str()
            .map(|end| end.parse::<chrono::DateTime<chrono::Utc>>().unwrap());
        assert_eq!(end, wanted.map(|hours| world.now() + hours), "{answer}");
    }
}
