//! Staying signed in: each refresh token works once.

use serde_json::{Value, json};

use crate::world::{ADMIN, PASSWORD, World};

async fn session(world: &World) -> Value {
    world.post("/api/auth/login", json!({ "email": ADMIN, "password": PASSWORD })).send().await.ok()
}

fn token(session: &Value) -> Value {
    json!({ "refresh_token": session["refresh_token"] })
}

fn bearer(session: &Value) -> String {
    format!("Bearer {}", session["access_token"].as_str().unwrap())
}

#[tokio::test]
async fn a_refresh_gives_new_tokens() {
    let (world, _) = World::set_up().await;
    let first = session(&world).await;
    world.advance(14 * 60);
    let second = world.post("/api/auth/refresh", token(&first)).send().await.ok();
    assert_ne!(first["refresh_token"], second["refresh_token"]);
    world.advance(2 * 60);
    world
        .get("/api/auth/me")
        .with("authorization", &bearer(&first))
        .send()
        .await
        .problem(401, "token_expired");
    world.get("/api/auth/me").with("authorization", &bearer(&second)).send().await.status(200);
}

#[tokio::test]
async fn a_replay_ends_the_whole_session() {
    let (world, _) = World::set_up().await;
    let (first, other) = (session(&world).await, session(&world).await);
    let second = world.post("/api/auth/refresh", token(&first)).send().await.ok();
    world.get("/api/auth/me").with("authorization", &bearer(&second)).send().await.status(200);

    world.advance(6);
    world.post("/api/auth/refresh", token(&first)).send().await.problem(401, "token_revoked");
    // The thief's tokens and the victim's alike.
    world
        .get("/api/auth/me")
        .with("authorization", &bearer(&second))
        .send()
        .await
        .problem(401, "token_revoked");
    world
        .get("/api/auth/me")
        .with("authorization", &bearer(&first))
        .send()
        .await
        .problem(401, "token_revoked");
    world.post("/api/auth/refresh", token(&second)).send().await.problem(401, "token_revoked");
    // The person's other sessions live.
    world.get("/api/auth/me").with("authorization", &bearer(&other)).send().await.status(200);
    world.post("/api/auth/refresh", token(&other)).send().await.status(200);
}

#[tokio::test]
async fn of_two_refreshes_at_once_one_wins() {
    let (world, _) = World::set_up().await;
    let first = session(&world).await;
    let calls = (0..4).map(|_| world.post("/api/auth/refresh", token(&first)).send());
    let answers = futures::future::join_all(calls).await;
    let won: Vec<_> = answers.iter().filter(|answer| answer.status == 200).collect();
    assert_eq!(won.len(), 1, "{answers:?}");
    assert!(answers.iter().all(|answer| [200, 401].contains(&answer.status.as_u16())), "{answers:?}");
}

#[tokio::test]
async fn an_idle_session_ends() {
    let (world, _) = World::set_up().await;
    let first = session(&world).await;
    world.advance(14 * 24 * 60 * 60);
    world.post("/api/auth/refresh", token(&first)).send().await.problem(401, "token_expired");
}

#[tokio::test]
async fn what_is_no_refresh_token_is_refused() {
    let (world, _) = World::set_up().await;
    let signed_in = session(&world).await;
    world.post("/api/auth/refresh", json!({})).send().await.problem(401, "token_missing");
    world
        .post("/api/auth/refresh", json!({ "refresh_token": "" }))
        .send()
        .await
        .problem(401, "token_missing");
    world
        .post("/api/auth/refresh", json!({ "refresh_token": "guess" }))
        .send()
        .await
        .problem(401, "token_invalid");
    let access = json!({ "refresh_token": signed_in["access_token"] });
    world.post("/api/auth/refresh", access).send().await.problem(401, "token_invalid");
    let bearer = format!("Bearer {}", signed_in["refresh_token"].as_str().unwrap());
    world.get("/api/auth/me").with("authorization", &bearer).send().await.problem(401, "token_invalid");
}

#[tokio::test]
async fn browsers_refresh_by_cookie_from_our_own_page_only() {
    let (world, _) = World::set_up().await;
    let body = json!({ "email": ADMIN, "password": PASSWORD });
    let cookies = world.post("/api/auth/login", body).page().send().await.status(200).cookies();
    let refresh = || world.call("POST", "/api/auth/refresh", None).with("cookie", &cookies);
    refresh().send().await.problem(401, "token_missing");
    refresh().with("x-conductor-csrf", "1").send().await.problem(403, "csrf_refused");
    let fresh = refresh().page().send().await.status(200);
    let renewed = fresh.cookies();
    assert!(fresh.json().get("access_token").is_none());
    world.get("/api/auth/me").with("cookie", &renewed).send().await.status(200);
    let both = world.post("/api/auth/refresh", json!({ "refresh_token": "x" })).page();
    both.with("cookie", &renewed).send().await.problem(400, "two_credentials");
    world.advance(6);
    refresh().page().send().await.problem(401, "token_revoked");
    world.get("/api/auth/me").with("cookie", &renewed).send().await.problem(401, "token_revoked");
}

#[tokio::test]
async fn sessions_are_listed_and_ended() {
    let (world, admin) = World::set_up().await;
    world.advance(1);
    let other = session(&world).await;
    let listed = world.get("/api/auth/sessions").by(&admin).send().await.ok();
    let items = listed["items"].as_array().unwrap();
    // Set-up opened one as well.
    assert_eq!(items.len(), 3);
    assert_eq!(items.iter().filter(|item| item["is_current"] == true).count(), 1);
    let newest = items[0]["id"].as_str().unwrap();
    assert_eq!(items[0]["is_current"], false);
    let path = format!("/api/auth/sessions/{newest}");
    world.delete(&path).by(&admin).send().await.status(204);
    world.delete(&path).by(&admin).send().await.status(204);
    world
        .get("/api/auth/me")
        .with("authorization", &bearer(&other))
        .send()
        .await
        .problem(401, "token_revoked");

    let stranger = world.stranger().await;
    let mine = items[1]["id"].as_str().unwrap();
    world.delete(&format!("/api/auth/sessions/{mine}")).by(&stranger).send().await.problem(404, "not_found");
    world.delete("/api/auth/sessions/not-an-id").by(&admin).send().await.problem(404, "not_found");
    world.get("/api/auth/me").by(&admin).send().await.status(200);
}
