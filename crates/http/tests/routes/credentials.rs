//! How a request proves who sends it, and from where.

use serde_json::json;

use crate::world::{ADMIN, PASSWORD, World};

#[tokio::test]
async fn two_carriers_are_refused() {
    let (world, admin) = World::set_up().await;
    let body = json!({ "email": ADMIN, "password": PASSWORD });
    let cookies = world.post("/api/auth/login", body).page().send().await.cookies();
    world.get("/api/auth/me").with("cookie", &cookies).send().await.status(200);
    world
        .get("/api/auth/me")
        .by(&admin)
        .with("cookie", &cookies)
        .send()
        .await
        .problem(400, "two_credentials");
    world.get("/api/auth/me").by(&admin).by(&admin).send().await.problem(400, "two_credentials");
    let refresh_only = cookies.split("; ").find(|cookie| cookie.contains("refresh")).unwrap();
    world.get("/api/auth/me").by(&admin).with("cookie", refresh_only).send().await.status(200);
}

#[tokio::test]
async fn cookie_requests_come_from_our_own_page() {
    let (world, _) = World::set_up().await;
    let body = json!({ "email": ADMIN, "password": PASSWORD });
    let cookies = world.post("/api/auth/login", body).page().send().await.cookies();
    let change = || world.put("/api/auth/profile", json!({ "name": "Ada" })).with("cookie", &cookies);
    change().send().await.problem(403, "csrf_refused");
    change().with("x-conductor-csrf", "1").send().await.problem(403, "csrf_refused");
    change().with("origin", "http://127.0.0.1:8420").send().await.problem(403, "csrf_refused");
    change()
        .with("origin", "https://evil.example")
        .with("x-conductor-csrf", "1")
        .send()
        .await
        .problem(403, "origin_refused");
    change().with("origin", "null").with("x-conductor-csrf", "1").send().await.problem(403, "origin_refused");
    change().page().send().await.status(200);
}

#[tokio::test]
async fn only_names_that_are_ours_are_answered() {
    let allow = |options: &mut conductor_http::Options| {
        options.public_url = Some("https://conductor.example.com".to_owned());
        options.allowed_hosts = vec!["conductor.internal".to_owned()];
    };
    let world = World::with(|_| {}, allow).await;
    let health = async |host: &str| world.get("/health").without("host").with("host", host).send().await;
    for ours in [
        "127.0.0.1:8420",
        "localhost:8420",
        "LOCALHOST",
        "[::1]:8420",
        "192.168.1.5",
        "conductor.example.com",
        "Conductor.Internal:8420",
    ] {
        assert_eq!(health(ours).await.status, 200, "{ours}");
    }
    for foreign in ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:8420", "", "a b"] {
        health(foreign).await.problem(403, "host_refused");
    }
    world.get("/health").without("host").send().await.problem(403, "host_refused");
    let script = world.get("/api/setup/status").with("origin", "http://evil.example");
    script.send().await.problem(403, "origin_refused");
}

#[tokio::test]
async fn tokens_that_are_not_ours_are_refused() {
    let (world, admin) = World::set_up().await;
    let elsewhere =
        World::with(|options| options.signing_seed = conductor_domain::Redacted::new(rand::random()), |_| {})
            .await;
    let foreign = elsewhere.first_account().await;
    let asked = async |token: &str| {
        world.get("/api/auth/me").with("authorization", &format!("Bearer {token}")).send().await
    };
    asked(&foreign.token).await.problem(401, "token_invalid");
    asked("").await.problem(401, "token_invalid");
    asked("null").await.problem(401, "token_invalid");
    asked(&admin.token[..admin.token.len() - 4]).await.problem(401, "token_invalid");
    let answer = world.get("/api/auth/me").send().await;
    assert_eq!(answer.header("www-authenticate"), "Bearer");
    answer.problem(401, "token_missing");
    world.get("/api/auth/me").with("authorization", "Basic YTpi").send().await.problem(401, "token_invalid");
    asked(&admin.token).await.status(200);
}

#[tokio::test]
async fn two_tokens_that_share_a_header_do_not_mix() {
    let (world, admin) = World::set_up().await;
    let grace = world.invite(&admin, "grace@example.com", "member").await;
    assert_eq!(admin.token.split('.').next(), grace.token.split('.').next(), "the same header");
    for _ in 0..3 {
        for (person, email) in [(&admin, ADMIN), (&grace, "grace@example.com")] {
            let me = world.get("/api/auth/me").by(person).send().await.ok();
            assert_eq!(me["user"]["email"], email);
        }
    }
}

#[tokio::test]
async fn a_token_expires_although_it_was_cached() {
    let (world, admin) = World::set_up().await;
    world.get("/api/auth/me").by(&admin).send().await.status(200);
    world.advance(15 * 60 + 5);
    world.get("/api/auth/me").by(&admin).send().await.problem(401, "token_expired");
}

#[tokio::test]
async fn changes_of_another_process_are_noticed_within_a_second() {
    let (world, admin) = World::set_up().await;
    world.get("/api/auth/me").by(&admin).send().await.status(200);
    // Another node closes the account: rows change, this process hears nothing.
    let id = admin.id().parse().unwrap();
    let change = conductor_domain::UserChange { is_active: Some(false), ..Default::default() };
    let rows = world.store.unscoped(conductor_storage::Unscoped::Administration);
    rows.write(move |tx| Box::pin(async move { tx.users().update(id, change).await })).await.unwrap();
    world.advance(1);
    world.get("/api/auth/me").by(&admin).send().await.problem(401, "token_revoked");
}

#[tokio::test]
async fn open_streams_end_with_their_credential() {
    let (world, admin) = World::set_up().await;
    let grace = world.invite(&admin, "grace@example.com", "member").await;
    let path = format!("/api/users/{}", grace.id());
    let members = format!("/api/v1/orgs/{}/members/{}", admin.organization(), grace.id());
    for end in ["sign out", "leave", "close"] {
        let again = world.sign_in("grace@example.com").await;
        let headers = axum::http::HeaderMap::from_iter([(
            axum::http::header::AUTHORIZATION,
            format!("Bearer {}", again.token).parse().unwrap(),
        )]);
        let caller = world
            .identity
            .authenticate(&headers, Default::default(), Default::default())
            .await
            .unwrap()
            .caller;
        let identity = world.identity.clone();
        let stream = tokio::spawn(async move { identity.until_revoked(&caller).await });
        tokio::task::yield_now().await;
        assert!(!stream.is_finished(), "{end}");
        match end {
            "sign out" => world.post("/api/auth/logout", json!({})).by(&again).send().await.status(204),
            "leave" => world.delete(&members).by(&admin).send().await.status(204),
            _ => world.patch(&path, json!({ "is_active": false })).by(&admin).send().await.status(200),
        };
        tokio::time::timeout(std::time::Duration::from_secs(30), stream).await.expect(end).unwrap();
    }
}
