//! A-R6: guessing passwords and codes at sign-in (Flowise CVE-2026-46440).

use serde_json::json;

use crate::world::{ADMIN, PASSWORD, World};

#[tokio::test]
async fn passwords_are_guessed_a_few_times_only() {
    let (world, _) = World::set_up().await;
    let mut counted = [0, 0];
    for guess in 0..50 {
        // Another address each time: it is the account that is guarded.
        let body = json!({ "email": ADMIN, "password": format!("a guess of many {guess}") });
        let from = format!("203.0.113.{guess}");
        let answer = world.post("/api/auth/login", body).from(&from).send().await;
        match answer.status.as_u16() {
            401 => counted[0] += 1,
            429 => counted[1] += 1,
            other => panic!("{other}: {}", answer.text()),
        }
    }
    assert_eq!(counted, [5, 45]);
    // The right password is one more guess while the account is locked.
    let body = json!({ "email": ADMIN, "password": PASSWORD });
    world.post("/api/auth/login", body.clone()).send().await.problem(429, "rate_limited");
    world.advance(31);
    world.post("/api/auth/login", body).send().await.status(200);
}
