//! a password reset with an empty token (Flowise CVE-2026-41276). Nothing resets passwords here; what takes a
//! one-time token is set-up, invitations and the refresh of a session.

use serde_json::{Value, json};

use crate::world::{PASSWORD, World};

fn empty() -> Vec<Value> {
    let mut all = vec![json!(null), json!(""), json!(" "), json!("null"), json!("undefined"), json!("\u{0}")];
    all.extend([
        json!(0),
        json!(false),
        json!([]),
        json!({}),
        json!([""]),
        json!({ "$ne": null }),
        json!("%"),
    ]);
    all
}

#[tokio::test]
async fn an_empty_token_is_no_token() {
    let (world, admin) = World::set_up().await;
    // One invitation is open, one is taken: neither is found by nothing.
    let members = format!("/api/v1/orgs/{}/members", admin.organization());
    world
        .post(&members, json!({ "email": "open@example.com", "role": "member" }))
        .by(&admin)
        .send()
        .await
        .created();
    world.invite(&admin, "taken@example.com", "member").await;
    let before = world.rows();
    for token in empty() {
        let invitation = json!({ "token": token, "password": "a password of the attacker", "name": "Eve" });
        let answer = world.post("/api/auth/invite/accept", invitation).send().await;
        assert!(answer.status.is_client_error(), "{token}: {}", answer.text());
        let refresh = world.post("/api/auth/refresh", json!({ "refresh_token": token })).send().await;
        assert!(refresh.status.is_client_error(), "{token}: {}", refresh.text());
        let set_up = json!({
            "token": token, "email": "eve@example.com", "password": PASSWORD, "name": "Eve", "organization_name": "Eve",
        });
        let answer = world.post("/api/setup", set_up).send().await;
        assert!(answer.status.is_client_error(), "{token}: {}", answer.text());
        let path = format!("/api/auth/oidc/callback?state={}&code=x", token.as_str().map_or("", |_| "%20"));
        let back = world.get(&path).send().await;
        assert!(!back.cookies().contains("conductor_access"), "{token}: {}", back.cookies());
        world.advance(60);
    }
    let without = world.post("/api/auth/invite/accept", json!({ "password": PASSWORD })).send().await;
    assert_eq!(without.status, 422, "{}", without.text());
    world.unchanged(&before, "an empty token");
}

#[tokio::test]
async fn a_fresh_installation_is_not_set_up_by_nothing() {
    let world = World::new().await;
    let before = world.rows();
    for token in empty() {
        let body = json!({
            "token": token, "email": "eve@example.com", "password": PASSWORD, "name": "Eve", "organization_name": "Eve",
        });
        let answer = world.post("/api/setup", body).send().await;
        assert!(answer.status.is_client_error(), "{token}: {}", answer.text());
        world.advance(60);
    }
    world.unchanged(&before, "an empty set-up token");
    assert_eq!(world.get("/api/setup/status").send().await.ok()["needs_setup"], true);
    world.first_account().await;
}

#[tokio::test]
async fn a_token_works_once_and_in_its_time() {
    let (world, admin) = World::set_up().await;
    let members = format!("/api/v1/orgs/{}/members", admin.organization());
    let invited = json!({ "email": "grace@example.com", "role": "member" });
    let invited = world.post(&members, invited).by(&admin).send().await.created();
    let token = invited["invite_link"].as_str().unwrap().split_once("token=").unwrap().1.to_owned();
    // It is not in the database as it was given out.
    for rows in world.rows().values().flatten() {
        assert!(!rows.contains(&token), "a token is kept in the clear: {rows}");
    }
    let body = json!({ "token": token, "password": PASSWORD });
    world.post("/api/auth/invite/accept", body.clone()).send().await.status(200);
    let again = json!({ "token": token, "password": "a password of the attacker" });
    let answer = world.post("/api/auth/invite/accept", again).send().await;
    assert!(answer.status.is_client_error(), "{}", answer.text());
    world.sign_in("grace@example.com").await;
}
