//! Accounts, as administrators of the platform manage them.

use serde_json::json;

use crate::world::World;

#[tokio::test]
async fn administrators_manage_accounts() {
    let (world, admin) = World::set_up().await;
    let grace = world.invite(&admin, "grace@example.com", "member").await;
    let users = world.get("/api/users").by(&admin).send().await.ok();
    assert_eq!(users["items"].as_array().unwrap().len(), 2);
    assert!(!users.to_string().contains("argon2"), "no hash leaves the server");
    let path = format!("/api/users/{}", grace.id());
    let user =
        world.put(&format!("{path}/role"), json!({ "role": "power_user" })).by(&admin).send().await.ok();
    assert_eq!(user["role"], "power_user");
    let user =
        world.patch(&path, json!({ "data_clearance_level": "restricted" })).by(&admin).send().await.ok();
    assert_eq!((&user["data_clearance_level"], &user["role"]), (&json!("restricted"), &json!("power_user")));
    let unknown = "/api/users/0192f1c0-7b4e-7a6e-8a53-1d2c3b4a5f60";
    world.patch(unknown, json!({ "is_active": false })).by(&admin).send().await.problem(404, "not_found");
}

#[tokio::test]
async fn nobody_else_does() {
    let (world, admin) = World::set_up().await;
    let owner = world.invite(&admin, "owner@example.com", "owner").await;
    assert!([403, 404].contains(&world.get("/api/users").by(&owner).send().await.status.as_u16()));
    let own = format!("/api/users/{}", owner.id());
    for answer in [
        world.put(&format!("{own}/role"), json!({ "role": "admin" })).by(&owner).send().await,
        world.patch(&own, json!({ "data_clearance_level": "restricted" })).by(&owner).send().await,
        world
            .patch(&format!("/api/users/{}", admin.id()), json!({ "is_active": false }))
            .by(&owner)
            .send()
            .await,
    ] {
        assert!([403, 404].contains(&answer.status.as_u16()), "{answer:?}");
    }
    let me = world.get("/api/auth/me").by(&owner).send().await.ok();
    assert_eq!(
        (&me["user"]["role"], &me["user"]["data_clearance_level"]),
        (&json!("standard_user"), &json!("internal"))
    );
}

#[tokio::test]
async fn a_closed_account_is_out_at_once() {
    let (world, admin) = World::set_up().await;
    let grace = world.invite(&admin, "grace@example.com", "member").await;
    world.get("/api/auth/me").by(&grace).send().await.status(200);
    let path = format!("/api/users/{}", grace.id());
    world.patch(&path, json!({ "is_active": false })).by(&admin).send().await.status(200);
    world.get("/api/auth/me").by(&grace).send().await.problem(401, "token_revoked");
    let refresh = json!({ "refresh_token": grace.session["refresh_token"] });
    world.post("/api/auth/refresh", refresh).send().await.problem(401, "token_revoked");
    let login = json!({ "email": "grace@example.com", "password": crate::world::PASSWORD });
    world.post("/api/auth/login", login).send().await.problem(401, "sign_in_refused");
    world.patch(&path, json!({ "is_active": true })).by(&admin).send().await.status(200);
    world.get("/api/auth/me").by(&grace).send().await.problem(401, "token_revoked");
    world.sign_in("grace@example.com").await;
}

#[tokio::test]
async fn the_platform_keeps_an_administrator() {
    let (world, admin) = World::set_up().await;
    let path = format!("/api/users/{}", admin.id());
    let demote = || world.put(&format!("{path}/role"), json!({ "role": "guest" })).by(&admin).send();
    demote().await.problem(409, "last_administrator");
    world
        .patch(&path, json!({ "is_active": false }))
        .by(&admin)
        .send()
        .await
        .problem(409, "last_administrator");
    let grace = world.invite(&admin, "grace@example.com", "member").await;
    let role = format!("/api/users/{}/role", grace.id());
    world.put(&role, json!({ "role": "admin" })).by(&admin).send().await.status(200);
    demote().await.status(200);
    world.get("/api/users").by(&grace).send().await.status(200);
    assert!([403, 404].contains(&world.get("/api/users").by(&admin).send().await.status.as_u16()), "at once");
}
