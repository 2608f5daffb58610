//! What a body, a query and a path may be, and what every answer says.

use serde_json::json;

use crate::world::World;

#[tokio::test]
async fn bodies_are_strict() {
    let (world, admin) = World::set_up().await;
    let put = || world.put("/api/auth/profile", json!({ "name": "Ada" })).by(&admin);
    put().send().await.status(200);
    put().bytes("{\"name\": ").send().await.problem(400, "invalid_json");
    put().bytes("").send().await.problem(400, "invalid_json");
    put().bytes(b"{\"name\": \"\xff\"}".to_vec()).send().await.problem(400, "invalid_json");
    put().bytes("[".repeat(100_000)).send().await.problem(400, "invalid_json");
    put().bytes(vec![b' '; 3 * 1024 * 1024]).send().await.problem(413, "body_too_large");
    put().without("content-type").send().await.problem(415, "unsupported_media_type");
    put()
        .without("content-type")
        .with("content-type", "text/plain")
        .send()
        .await
        .problem(415, "unsupported_media_type");
    put()
        .without("content-type")
        .with("content-type", "application/json; charset=utf-8")
        .send()
        .await
        .status(200);

    let problem = put().bytes(r#"{"name": 5}"#).send().await.problem(422, "validation_failed");
    assert_eq!(problem["errors"][0]["pointer"], "/name");
}

/// Mass assignment: columns that nobody sets by a request.
#[tokio::test]
async fn unknown_fields_are_named_and_nothing_changes() {
    let (world, admin) = World::set_up().await;
    let grace = world.invite(&admin, "grace@example.com", "member").await;
    for field in [
        "id",
        "email",
        "password_hash",
        "role",
        "platform_role",
        "data_clearance_level",
        "is_active",
        "is_verified",
        "token_version",
        "mfa",
        "active_organization_id",
        "organization_id",
        "created_at",
        "deleted_at",
    ] {
        for (method, path) in [("PUT", "/api/auth/profile"), ("PATCH", "/api/v1/auth/me")] {
            let body = json!({ "name": "Smuggler", field: "admin" });
            let problem =
                world.call(method, path, Some(body)).by(&grace).send().await.problem(422, "unknown_field");
            assert_eq!(problem["errors"][0]["pointer"], format!("/{field}"));
        }
    }
    let me = world.get("/api/auth/me").by(&grace).send().await.ok();
    assert_eq!((&me["user"]["role"], &me["user"]["name"]), (&json!("standard_user"), &json!("grace")));
}

#[tokio::test]
async fn lists_are_pages() {
    let (world, admin) = World::set_up().await;
    for name in ["One", "Two", "Three"] {
        world.advance(1);
        world.post("/api/v1/orgs", json!({ "name": name })).by(&admin).send().await.created();
    }
    let first = world.get("/api/v1/orgs?limit=2").by(&admin).send().await.status(200);
    let link = first.header("link");
    let first = first.json();
    assert_eq!(first["items"].as_array().unwrap().len(), 2);
    assert_eq!(first["items"][0]["name"], "Three");
    let cursor = first["next_cursor"].as_str().unwrap();
    assert_eq!(link, format!("</api/v1/orgs?limit=2&cursor={cursor}>; rel=\"next\""));
    let mut seen = 2;
    let mut next = Some(cursor.to_owned());
    while let Some(cursor) = next {
        let page = world.get(&format!("/api/v1/orgs?limit=2&cursor={cursor}")).by(&admin).send().await.ok();
        seen += page["items"].as_array().unwrap().len();
        next = page["next_cursor"].as_str().map(str::to_owned);
    }
    assert_eq!(seen, 5);

    world.get(&format!("/api/users?cursor={cursor}")).by(&admin).send().await.problem(400, "invalid_cursor");
    world.get("/api/v1/orgs?cursor=guess").by(&admin).send().await.problem(400, "invalid_cursor");
    for limit in ["0", "101", "-1", "many", ""] {
        let answer = world.get(&format!("/api/v1/orgs?limit={limit}")).by(&admin).send().await;
        answer.problem(422, "validation_failed");
    }
}

#[tokio::test]
async fn unknown_paths_and_methods_are_problems() {
    let (world, _) = World::set_up().await;
    for path in
        ["/api", "/api/nothing", "/api/v1/nothing", "/assets/none.js", "/nothing", "/.env", "/index.php"]
    {
        world.get(path).send().await.problem(404, "not_found");
    }
    let refused = world.delete("/api/auth/login").send().await;
    assert!(refused.header("allow").contains("POST"), "{refused:?}");
    refused.problem(405, "method_not_allowed");
}

#[tokio::test]
async fn a_slash_at_the_end_changes_nothing() {
    let (world, admin) = World::set_up().await;
    let plain = world.get("/api/auth/me").by(&admin).send().await.ok();
    let slashed = world.get("/api/auth/me/").by(&admin).send().await.ok();
    assert_eq!(plain, slashed);
    let path = format!("/api/v1/orgs/{}/environments/?limit=1", admin.organization());
    world.get(&path).by(&admin).send().await.status(200);
}

#[tokio::test]
async fn every_answer_carries_its_request_id() {
    let (world, _) = World::set_up().await;
    let given =
        world.get("/health").with("x-request-id", "0192f1c0-7b4e-7a6e-8a53-1d2c3b4a5f60").send().await;
    assert_eq!(given.header("x-request-id"), "0192f1c0-7b4e-7a6e-8a53-1d2c3b4a5f60");
    let forged = world.get("/health").with("x-request-id", "a b=\"c\" <script>").send().await;
    assert_eq!(forged.header("x-request-id").len(), 36);
    let problem = world.get("/api/nothing").send().await.problem(404, "not_found");
    assert_eq!(problem["instance"], "/api/nothing");
    assert_eq!(problem["type"], "/docs/errors/not_found");
}

#[tokio::test]
async fn the_server_says_how_it_is() {
    let (world, _) = World::set_up().await;
    let health = world.get("/health").send().await.ok();
    assert_eq!((&health["status"], &health["version"]), (&json!("ok"), &json!("0.0.0")));
    assert_eq!(health["database"], json!({ "kind": "sqlite", "status": "ok" }));
    assert_eq!(health["search"]["embeddings"], "off");
    world.get("/ready").send().await.problem(503, "starting");
    world.readiness.ready();
    assert_eq!(world.get("/ready").send().await.ok()["status"], "ready");
    world.readiness.drain();
    world.get("/ready").send().await.problem(503, "draining");
    assert_eq!(world.get("/metrics").send().await.status(200).text(), "metric 1\n");
}
