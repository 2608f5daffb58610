//! Signing in, by both prefixes, and what stops guessing.

use serde_json::json;

use crate::world::{ADMIN, PASSWORD, World};

#[tokio::test]
async fn both_prefixes_sign_in() {
    let (world, _) = World::set_up().await;
    for prefix in ["/api/auth", "/api/v1/auth"] {
        let body = json!({ "email": " ADMIN@example.com ", "password": PASSWORD, "otp": null });
        let session = world.post(&format!("{prefix}/login"), body).send().await.ok();
        let bearer = format!("Bearer {}", session["access_token"].as_str().unwrap());
        let me = world.get(&format!("{prefix}/me")).with("authorization", &bearer).send().await.ok();
        assert_eq!(me["user"]["email"], ADMIN);
        assert_eq!(me["role_in_organization"], "owner");
        assert!(me["permissions"].as_array().unwrap().len() > 5);
        world
            .post(&format!("{prefix}/logout"), json!({}))
            .with("authorization", &bearer)
            .send()
            .await
            .status(204);
        let after = world.get(&format!("{prefix}/me")).with("authorization", &bearer).send().await;
        after.problem(401, "token_revoked");
    }
}

#[tokio::test]
async fn whoever_fails_learns_nothing() {
    let (world, _) = World::set_up().await;
    let mut answers = Vec::new();
    for (email, password) in [(ADMIN, "not the password at all"), ("nobody@example.com", PASSWORD)] {
        let body = json!({ "email": email, "password": password });
        let mut problem = world.post("/api/auth/login", body).send().await.problem(401, "sign_in_refused");
        problem.as_object_mut().unwrap().remove("request_id");
        answers.push(problem);
    }
    assert_eq!(answers[0], answers[1]);
}

#[tokio::test]
async fn an_account_is_locked_under_every_spelling() {
    let (world, _) = World::set_up().await;
    let spellings =
        [ADMIN, " Admin@example.com", "ADMIN@EXAMPLE.COM", "ａdmin@example.com", "admin@example.com\t"];
    let attempt = |email: &str, password: &str| {
        world.post("/api/auth/login", json!({ "email": email, "password": password })).send()
    };
    for spelling in spellings {
        attempt(spelling, "not the password at all").await.problem(401, "sign_in_refused");
    }
    let locked = attempt(ADMIN, PASSWORD).await;
    assert_eq!(locked.header("retry-after"), "30");
    assert_eq!(locked.problem(429, "rate_limited")["retry_after_ms"], 30_000);
    // Others are not.
    attempt("nobody@example.com", PASSWORD).await.problem(401, "sign_in_refused");
    world.advance(31);
    attempt(ADMIN, PASSWORD).await.status(200);
    attempt(ADMIN, "not the password at all").await.problem(401, "sign_in_refused");
    attempt(ADMIN, PASSWORD).await.status(200);
}

#[tokio::test]
async fn an_address_is_locked_whatever_it_guesses() {
    let limits = |options: &mut conductor_identity::Options| options.sign_in.per_address = 4;
    let world = World::with(limits, |_| {}).await;
    world.first_account().await;
    let attempt = |at: usize, address: &'static str| {
        let body = json!({ "email": format!("guess-{at}@example.com"), "password": PASSWORD });
        world.post("/api/auth/login", body).from(address).send()
    };
    for at in 0..4 {
        attempt(at, "203.0.113.9").await.problem(401, "sign_in_refused");
    }
    attempt(4, "203.0.113.9").await.problem(429, "rate_limited");
    attempt(5, "203.0.113.10").await.problem(401, "sign_in_refused");
}

#[tokio::test]
async fn proxies_that_are_trusted_name_the_address() {
    let trust = |options: &mut conductor_http::Options| {
        options.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    };
    let world = World::with(|options| options.sign_in.per_address = 1, trust).await;
    let attempt = |address: &'static str| {
        let body = json!({ "email": "x@example.com", "password": PASSWORD });
        world.post("/api/auth/login", body).with("x-forwarded-for", address).send()
    };
    attempt("203.0.113.9").await.problem(401, "sign_in_refused");
    attempt("203.0.113.9").await.problem(429, "rate_limited");
    attempt("203.0.113.10").await.problem(401, "sign_in_refused");
}

#[tokio::test]
async fn registration_is_closed_until_it_is_opened() {
    let body = json!({ "email": "grace@example.com", "password": PASSWORD, "first_name": "Grace", "last_name": "Hopper" });
    let (closed, _) = World::set_up().await;
    closed.post("/api/v1/auth/register", body.clone()).send().await.problem(403, "registration_closed");

    let open = World::with(|options| options.registration_open = true, |_| {}).await;
    open.first_account().await;
    let session = open.post("/api/v1/auth/register", body.clone()).send().await.status(201).json();
    assert_eq!(session["user"]["name"], "Grace Hopper");
    assert_eq!(session["user"]["role"], "standard_user");
    assert_eq!(session["organization"]["is_personal"], true);
    open.post("/api/v1/auth/register", body).send().await.problem(409, "name_taken");
}

#[tokio::test]
async fn browsers_get_cookies_and_no_tokens() {
    let (world, _) = World::set_up().await;
    let body = json!({ "email": ADMIN, "password": PASSWORD });
    let answer = world.post("/api/auth/login", body.clone()).page().send().await.status(200);
    let set: Vec<_> =
        answer.headers.get_all("set-cookie").iter().map(|value| value.to_str().unwrap()).collect();
    assert_eq!(set.len(), 2);
    for (cookie, name) in set.iter().zip(["__Host-conductor_access=", "__Host-conductor_refresh="]) {
        assert!(cookie.starts_with(name), "{cookie}");
        for attribute in ["Path=/", "Secure", "HttpOnly", "SameSite=Lax", "Max-Age="] {
            assert!(cookie.contains(attribute), "{cookie}");
        }
        assert!(!cookie.contains("Domain"), "{cookie}");
    }
    assert_eq!(answer.header("cache-control"), "no-store");
    let cookies = answer.cookies();
    let session = answer.json();
    assert!(session.get("access_token").is_none() && session.get("refresh_token").is_none(), "{session}");
    world.get("/api/auth/me").with("cookie", &cookies).send().await.status(200);

    let out =
        world.post("/api/auth/logout", json!({})).page().with("cookie", &cookies).send().await.status(204);
    assert!(
        out.headers.get_all("set-cookie").iter().all(|cookie| cookie.to_str().unwrap().contains("Max-Age=0"))
    );

    let foreign = world.post("/api/auth/login", body).with("x-conductor-csrf", "1");
    foreign.with("origin", "http://evil.example").send().await.problem(403, "origin_refused");
}
