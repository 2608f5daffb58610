//! Writes that come again.

use serde_json::json;

use crate::world::World;

#[tokio::test]
async fn the_first_answer_is_given_again() {
    let (world, admin) = World::set_up().await;
    let create = |name: &str, key: &str| {
        world.post("/api/v1/orgs", json!({ "name": name })).by(&admin).with("idempotency-key", key).send()
    };
    let first = create("Acme", "key-1").await.status(201);
    let again = create("Acme", "key-1").await.status(201);
    assert_eq!(again.header("idempotent-replayed"), "true");
    assert_eq!(first.header("location"), again.header("location"));
    assert_eq!(first.json(), again.json());
    let page = world.get("/api/v1/orgs").by(&admin).send().await.ok();
    assert_eq!(page["items"].as_array().unwrap().len(), 3, "Acme once, beside the team and the personal one");

    create("Other", "key-1").await.problem(422, "idempotency_mismatch");
    // A refusal is not kept: the mended request may use its key.
    create("", "key-2").await.problem(422, "validation_failed");
    create("Beta", "key-2").await.created();
    create("Acme", &"k".repeat(256)).await.problem(400, "bad_request");
    // After a day the key is free.
    world.advance(24 * 60 * 60 + 1);
    let later = world.sign_in(crate::world::ADMIN).await;
    let call =
        world.post("/api/v1/orgs", json!({ "name": "Other" })).by(&later).with("idempotency-key", "key-1");
    call.send().await.created();
}

#[tokio::test]
async fn keys_belong_to_people() {
    let (world, admin) = World::set_up().await;
    let grace = world.invite(&admin, "grace@example.com", "member").await;
    for (person, name) in [(&admin, "Hers"), (&grace, "His")] {
        let call =
            world.post("/api/v1/orgs", json!({ "name": name })).by(person).with("idempotency-key", "same");
        assert_eq!(call.send().await.created()["name"], name);
    }
}

#[tokio::test]
async fn of_many_at_once_one_happens() {
    let (world, admin) = World::set_up().await;
    let calls = (0..6).map(|_| {
        world
            .post("/api/v1/orgs", json!({ "name": "Once" }))
            .by(&admin)
            .with("idempotency-key", "burst")
            .send()
    });
    let answers = futures::future::join_all(calls).await;
    assert!(answers.iter().all(|answer| [201, 409].contains(&answer.status.as_u16())), "{answers:?}");
    assert!(answers.iter().any(|answer| answer.status == 201));
    let page = world.get("/api/v1/orgs").by(&admin).send().await.ok();
    assert_eq!(page["items"].as_array().unwrap().iter().filter(|item| item["name"] == "Once").count(), 1);
}

#[tokio::test]
async fn answers_with_secrets_are_not_kept() {
    let (world, admin) = World::set_up().await;
    let path = format!("/api/v1/orgs/{}/members", admin.organization());
    let invite = || {
        let body = json!({ "email": "grace@example.com", "role": "member" });
        world.post(&path, body).by(&admin).with("idempotency-key", "invite").send()
    };
    let (first, again) = (invite().await.created(), invite().await.created());
    assert_ne!(first["invite_link"], again["invite_link"], "a fresh link, not one that was stored");
    assert_eq!(first["member"]["user_id"], again["member"]["user_id"]);
}
