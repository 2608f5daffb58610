//! The first start.

use serde_json::json;

use crate::world::{PASSWORD, World};

fn body(token: &str) -> serde_json::Value {
    json!({
        "token": token, "email": " Admin@Example.com ", "password": PASSWORD, "name": "Ada Admin",
        "organization_name": "Example",
    })
}

#[tokio::test]
async fn set_up_makes_a_team_and_a_personal_organisation() {
    let world = World::new().await;
    assert_eq!(world.get("/api/setup/status").send().await.ok()["needs_setup"], true);
    let token = world.identity.setup_token().await.unwrap().unwrap();
    let session = world.post("/api/setup", body(token.expose())).send().await.status(201).json();
    assert_eq!(session["user"]["email"], "admin@example.com");
    assert_eq!(session["user"]["role"], "admin");
    assert_eq!(session["organization"]["name"], "Example");
    assert_eq!(session["organization"]["slug"], "example");
    assert_eq!((&session["token_type"], &session["expires_in"]), (&json!("Bearer"), &json!(900)));

    let admin = world.sign_in("admin@example.com").await;
    let mine = world.get("/api/v1/auth/me/orgs").by(&admin).send().await.ok();
    let mine = mine["items"].as_array().unwrap();
    assert_eq!(mine.len(), 2);
    for organization in mine {
        assert_eq!(organization["role"], "owner");
        assert_eq!(organization["environments"].as_array().unwrap().len(), 1);
        assert_eq!(organization["environments"][0]["is_default"], true);
        assert_eq!(organization["is_active_organization"], organization["is_personal"] == false);
    }
    assert_eq!(world.get("/api/setup/status").send().await.ok()["needs_setup"], false);
}

#[tokio::test]
async fn a_link_works_once_and_the_newest_only() {
    let world = World::new().await;
    let old = world.identity.setup_token().await.unwrap().unwrap();
    let new = world.identity.setup_token().await.unwrap().unwrap();
    world.post("/api/setup", body(old.expose())).send().await.problem(400, "link_invalid");
    for guess in ["", "null", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"] {
        world.post("/api/setup", body(guess)).send().await.problem(400, "link_invalid");
    }
    world.post("/api/setup", body(new.expose())).send().await.status(201);
    world.post("/api/setup", body(new.expose())).send().await.problem(409, "already_set_up");
    assert!(world.identity.setup_token().await.unwrap().is_none());
}

#[tokio::test]
async fn a_link_ends_after_a_day() {
    let world = World::new().await;
    let token = world.identity.setup_token().await.unwrap().unwrap();
    world.advance(24 * 60 * 60);
    world.post("/api/setup", body(token.expose())).send().await.problem(400, "link_invalid");
}

#[tokio::test]
async fn faults_are_told_together_and_leave_the_link_good() {
    let world = World::new().await;
    let token = world.identity.setup_token().await.unwrap().unwrap();
    let mut bad = body(token.expose());
    bad["email"] = json!("nobody");
    bad["password"] = json!("too short");
    bad["name"] = json!(" ");
    let problem = world.post("/api/setup", bad).send().await.problem(422, "validation_failed");
    let pointers: Vec<_> =
        problem["errors"].as_array().unwrap().iter().map(|error| error["pointer"].clone()).collect();
    assert_eq!(pointers, ["/email", "/password", "/name"]);
    world.post("/api/setup", body(token.expose())).send().await.status(201);
}

#[tokio::test]
async fn of_two_set_ups_at_once_one_wins() {
    let world = World::new().await;
    let token = world.identity.setup_token().await.unwrap().unwrap();
    let calls = (0..4).map(|_| world.post("/api/setup", body(token.expose())).send());
    let statuses: Vec<_> =
        futures::future::join_all(calls).await.iter().map(|answer| answer.status.as_u16()).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 1, "{statuses:?}");
    assert!(statuses.iter().all(|status| [201, 400, 409].contains(status)), "{statuses:?}");
}

#[tokio::test]
async fn people_elsewhere_are_told_about_https() {
    let world = World::new().await;
    let hint = async |host: &str, proto: &str| {
        let call = world.get("/api/setup/status").without("host").with("host", host);
        call.with("x-forwarded-proto", proto).send().await.ok()["https_required_hint"].clone()
    };
    assert!(hint("localhost:8420", "http").await.is_null());
    assert!(hint("[::1]:8420", "http").await.is_null());
    assert!(hint("192.168.1.5:8420", "http").await.is_string());
    assert!(hint("192.168.1.5:8420", "https").await.is_null());
}
