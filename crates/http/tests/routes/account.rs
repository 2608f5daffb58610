//! The caller's own account and settings.

use serde_json::json;

use crate::world::{ADMIN, PASSWORD, World};

#[tokio::test]
async fn missing_fields_stay_and_null_clears() {
    let (world, admin) = World::set_up().await;
    let change = |body: serde_json::Value| world.put("/api/auth/profile", body).by(&admin).send();
    let user = change(json!({
        "first_name": "Ada", "avatar_url": "https://example.com/a.png", "custom_instructions": "Be brief.\nBe kind.",
        "preferences": { "theme": "dark", "density": "compact" },
    }))
    .await
    .ok();
    assert_eq!((&user["name"], &user["first_name"]), (&json!("Ada Admin"), &json!("Ada")));
    let user =
        change(json!({ "avatar_url": null, "preferences": { "density": null, "font_size": "large" } }))
            .await
            .ok();
    assert_eq!(user["avatar_url"], json!(null));
    assert_eq!(user["preferences"], json!({ "theme": "dark", "font_size": "large" }));
    assert_eq!(user["custom_instructions"], "Be brief.\nBe kind.");
    change(json!({ "avatar_url": "javascript:alert(1)" })).await.problem(422, "validation_failed");
    change(json!({ "preferences": { "x": "y".repeat(40_000) } })).await.problem(422, "validation_failed");
}

#[tokio::test]
async fn settings_and_instructions_have_their_own_paths() {
    let (world, admin) = World::set_up().await;
    assert_eq!(world.get("/api/settings").by(&admin).send().await.ok(), json!({ "preferences": {} }));
    let changed = world
        .put("/api/settings", json!({ "preferences": { "theme": "dark" } }))
        .by(&admin)
        .send()
        .await
        .ok();
    assert_eq!(changed, json!({ "preferences": { "theme": "dark" } }));
    let path = "/api/settings/custom-instructions";
    assert_eq!(world.get(path).by(&admin).send().await.ok(), json!({ "custom_instructions": null }));
    let set = world.put(path, json!({ "custom_instructions": "Be brief." })).by(&admin).send().await.ok();
    assert_eq!(set, json!({ "custom_instructions": "Be brief." }));
    assert_eq!(world.get(path).by(&admin).send().await.ok(), set);
    let cleared = world.put(path, json!({ "custom_instructions": null })).by(&admin).send().await.ok();
    assert_eq!(cleared, json!({ "custom_instructions": null }));
    let long = json!({ "custom_instructions": "x".repeat(8_001) });
    world.put(path, long).by(&admin).send().await.problem(422, "validation_failed");
}

#[tokio::test]
async fn another_password_ends_the_other_sessions() {
    let (world, admin) = World::set_up().await;
    let other = world.sign_in(ADMIN).await;
    let change = |body: serde_json::Value| world.put("/api/auth/profile", body).by(&admin).send();
    let new = "a completely different phrase";
    let problem = change(json!({ "new_password": new })).await.problem(422, "validation_failed");
    assert_eq!(problem["errors"][0]["pointer"], "/current_password");
    let wrong = change(json!({ "new_password": new, "current_password": "wrong" })).await;
    assert_eq!(wrong.problem(422, "validation_failed")["errors"][0]["code"], "wrong_password");
    let weak = change(json!({ "new_password": "passwordpassword", "current_password": PASSWORD })).await;
    assert_eq!(weak.problem(422, "validation_failed")["errors"][0]["code"], "password_too_common");
    change(json!({ "new_password": new, "current_password": PASSWORD })).await.status(200);

    world.get("/api/auth/me").by(&admin).send().await.status(200);
    world.get("/api/auth/me").by(&other).send().await.problem(401, "token_revoked");
    let login = |password: &str| {
        world.post("/api/auth/login", json!({ "email": ADMIN, "password": password })).send()
    };
    login(PASSWORD).await.problem(401, "sign_in_refused");
    login(new).await.status(200);
}

#[tokio::test]
async fn a_stolen_session_cannot_guess_the_password() {
    let (world, admin) = World::set_up().await;
    let guess = |at: usize| {
        let body = json!({ "new_password": "a completely different phrase", "current_password": format!("guess {at}") });
        world.put("/api/auth/profile", body).by(&admin).send()
    };
    for at in 0..5 {
        guess(at).await.problem(422, "validation_failed");
    }
    guess(5).await.problem(429, "rate_limited");
}
