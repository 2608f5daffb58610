//! MCP servers: registering them, and what their life is like.

use conductor_mcp_client::testing;
use serde_json::{Value, json};

use crate::world::{World, text};

const FOREIGN: &str = "0192f1c0-7b4e-7a6e-8a53-1d2c3b4a5f60";

async fn peer() -> testing::Server {
    testing::Server::start("2025-06-18").await.unwrap()
}

fn http(peer: &testing::Server, name: &str) -> Value {
    json!({ "name": name, "transport": "http", "endpoint": peer.url() })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_lives() {
    let (world, peer) = (World::start().await, peer().await);
    let api = &world.admin;
    let mut body = http(&peer, "My Files");
    body["auth_type"] = json!("bearer");
    body["secret"] = json!("canary-7f3a");
    let answer = api.post("/api/mcp/servers", body).await;
    assert!(!answer.text.contains("canary"), "{answer}");
    let server = answer.created();
    assert_eq!(server["slug"], "my-files");
    assert_eq!((&server["has_secret"], &server["can_edit"]), (&json!(true), &json!(true)));
    assert_eq!((&server["status"], &server["health_status"]), (&json!("inactive"), &json!("unknown")));
    assert!(peer.received().is_empty(), "registering calls nobody");
    let path = format!("/api/mcp/servers/{}", text(&server["id"]));

    let connected = api.post(&format!("{path}/connect"), json!({})).await.ok();
    assert_eq!((&connected["ok"], &connected["protocol_version"]), (&json!(true), &json!("2025-06-18")));
    assert_eq!(connected["server_info"], json!({ "name": "scripted", "version": "0" }));
    let authorization = peer.wait_for("tools/list").await.headers["authorization"].clone();
    assert_eq!(authorization, "Bearer canary-7f3a");

    let found = api.get(&path).await.ok();
    assert_eq!((&found["status"], &found["capabilities"]["tools"]), (&json!("active"), &json!(1)));
    let health = api.get(&format!("{path}/health")).await.ok();
    assert_eq!(
        (&health["status"], &health["server_type"], &health["tools_count"]),
        (&json!("healthy"), &json!("http"), &json!(1))
    );
    assert!(health["last_checked"].is_string(), "{health}");
    let restarted = api.post(&format!("{path}/restart"), json!({})).await.ok();
    assert_eq!(restarted["health_status"], "healthy");

    let changed = api.put(&path, json!({ "description": "Mine.", "secret": null })).await.ok();
    assert_eq!((&changed["description"], &changed["has_secret"]), (&json!("Mine."), &json!(false)));
    assert_eq!((&changed["name"], &changed["auth_type"]), (&json!("My Files"), &json!("none")));
    api.delete(&path).await.status(204).ok();
    api.get(&path).await.problem(404, "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_are_listed_searched_and_kept_apart() {
    let (world, peer) = (World::start().await, peer().await);
    let api = &world.admin;
    for name in ["Alpha", "Beta"] {
        api.post("/api/mcp/servers", http(&peer, name)).await.created();
    }
    let names = |page: Value| -> Vec<String> {
        page["items"].as_array().unwrap().iter().map(|server| text(&server["name"])).collect()
    };
    assert_eq!(names(api.get("/api/mcp/servers").await.ok()), ["Beta", "Alpha"]);
    assert_eq!(names(api.get("/api/mcp/servers/search?q=alph").await.ok()), ["Alpha"]);
    assert!(names(api.get("/api/mcp/servers/official").await.ok()).is_empty());
    assert!(names(api.get("/api/mcp/servers/community").await.ok()).is_empty());
    api.get("/api/mcp/servers/search?tags=x").await.problem(422, "unknown_field");
    let first = api.get("/api/mcp/servers?limit=1").await.ok();
    let cursor = text(&first["next_cursor"]);
    assert_eq!(names(api.get(&format!("/api/mcp/servers?limit=1&cursor={cursor}")).await.ok()), ["Alpha"]);

    let id = text(&first["items"][0]["id"]);
    let stranger = world.stranger().await;
    assert!(names(stranger.get("/api/mcp/servers").await.ok()).is_empty());
    for path in ["", "/health", "/tools", "/resources", "/logs"] {
        stranger.get(&format!("/api/mcp/servers/{id}{path}")).await.problem(404, "not_found");
    }
    for path in ["/connect", "/discover", "/restart"] {
        stranger.post(&format!("/api/mcp/servers/{id}{path}"), json!({})).await.problem(404, "not_found");
    }
    stranger
        .put(&format!("/api/mcp/servers/{id}"), json!({ "name": "Mine" }))
        .await
        .problem(404, "not_found");
    stranger.delete(&format!("/api/mcp/servers/{id}")).await.problem(404, "not_found");
    let call = json!({ "server_id": id, "tool": "echo" });
    stranger.post("/api/mcp/execute/tool", call).await.problem(404, "not_found");
    let read = json!({ "server_id": id, "uri": "x:y" });
    stranger.post("/api/mcp/read/resource", read).await.problem(404, "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_organisation_in_the_path_has_the_same_servers() {
    let (world, peer) = (World::start().await, peer().await);
    let organization = world.organization(&world.admin).await;
    let base = format!("/api/v1/orgs/{organization}/mcp/servers");
    let server = world.admin.post(&base, http(&peer, "Named")).await.created();
    let path = format!("{base}/{}", text(&server["id"]));
    assert_eq!(world.admin.get(&base).await.ok()["items"][0], world.admin.get(&path).await.ok());
    let patched = world.admin.patch(&path, json!({ "description": "One." })).await.ok();
    let replaced = world.admin.put(&path, json!({ "enabled": false })).await.ok();
    assert_eq!((&patched["description"], &replaced["description"]), (&json!("One."), &json!("One.")));
    assert_eq!(replaced["status"], "inactive");
    world.admin.put(&path, json!({ "enabled": true })).await.ok();
    let health = world.admin.post(&format!("{path}/health-check"), json!({})).await.ok();
    assert_eq!(health["status"], "healthy");
    world.stranger().await.get(&path).await.problem(404, "not_found");
    world.admin.delete(&path).await.status(204).ok();
    assert_eq!(world.admin.get("/api/mcp/servers").await.ok()["items"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_cannot_be_is_refused_field_by_field() {
    let world = World::start().await;
    let api = &world.admin;
    let refused = |body: Value| async move {
        let problem = api.post("/api/mcp/servers", body).await.problem(422, "validation_failed");
        text(&problem["errors"][0]["pointer"])
    };
    assert_eq!(
        refused(json!({ "name": " ", "transport": "http", "endpoint": "https://example.com/mcp" })).await,
        "/name"
    );
    assert_eq!(refused(json!({ "name": "A", "transport": "http" })).await, "/endpoint");
    assert_eq!(
        refused(json!({ "name": "A", "transport": "http", "endpoint": "http://10.0.0.1/mcp" })).await,
        "/endpoint"
    );
    assert_eq!(refused(json!({ "name": "A", "transport": "stdio" })).await, "/command");
    assert_eq!(refused(json!({ "name": "A", "transport": "carrier_pigeon" })).await, "/transport");
    let unknown =
        json!({ "name": "A", "transport": "http", "endpoint": "https://example.com/mcp", "shell": true });
    let problem = api.post("/api/mcp/servers", unknown).await.problem(422, "unknown_field");
    assert_eq!(problem["errors"][0]["pointer"], "/shell");
    assert_eq!(api.get("/api/mcp/servers").await.ok()["items"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_fails_says_so() {
    let (world, gone) = (World::start().await, peer().await);
    let server = world.admin.post("/api/mcp/servers", http(&gone, "Gone")).await.created();
    let path = format!("/api/mcp/servers/{}", text(&server["id"]));
    drop(gone);
    let connected = world.admin.post(&format!("{path}/connect"), json!({})).await.ok();
    assert_eq!((&connected["ok"], &connected["error"]["code"]), (&json!(false), &json!("mcp_unreachable")));
    assert!(connected["error"]["detail"].is_string(), "{connected}");
    assert_eq!(connected.get("server_info"), None);
    let health = world.admin.get(&format!("{path}/health")).await.ok();
    assert_ne!(health["status"], "healthy");
    assert!(health["error"].is_string(), "{health}");
    let answer = world.admin.post(&format!("{path}/discover"), json!({})).await;
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (502, Some("application/problem+json")),
        "{answer}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_holds_against_the_state_it_was_made_from() {
    let (world, peer) = (World::start().await, peer().await);
    let server = world.admin.post("/api/mcp/servers", http(&peer, "Versioned")).await.created();
    let path = format!("/api/mcp/servers/{}", text(&server["id"]));
    let read = world.admin.get(&path).await;
    let version = read.header("etag").unwrap().to_owned();
    let changed = world.admin.with("if-match", &version).put(&path, json!({ "description": "One." })).await;
    assert_ne!(changed.header("etag"), Some(version.as_str()));
    changed.ok();
    let stale = world.admin.with("if-match", &version).put(&path, json!({ "description": "Two." })).await;
    stale.problem(412, "version_conflict");
    assert_eq!(world.admin.get(&path).await.ok()["description"], "One.");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_local_process_runs_only_as_it_was_confirmed() {
    let world = World::start().await;
    let api = &world.admin;
    let body = json!({
        "name": "Local", "transport": "stdio", "command": "/bin/false", "args": ["--serve"],
        "env_vars": { "TOKEN": "canary-9c1d" },
    });
    let answer = api.post("/api/mcp/servers", body).await;
    assert!(!answer.text.contains("canary"), "{answer}");
    let server = answer.created();
    assert_eq!(
        (&server["env_vars"], &server["command_confirmed"]),
        (&json!({ "TOKEN": "•••" }), &json!(false))
    );
    let path = format!("/api/mcp/servers/{}", text(&server["id"]));
    let connected = api.post(&format!("{path}/connect"), json!({})).await.ok();
    let wanted = &connected["needs_confirmation"];
    assert_eq!(
        (&connected["ok"], &wanted["command_line"]),
        (&json!(false), &json!(["/bin/false", "--serve"]))
    );
    assert_eq!(wanted["hash"], server["command_hash"]);

    let confirm = format!("{path}/confirm-command");
    api.post(&confirm, json!({ "hash": "0000" })).await.problem(409, "hash_mismatch");
    api.post(&confirm, json!({ "hash": "0000", "force": true })).await.problem(422, "unknown_field");
    let confirmed = api.post(&confirm, json!({ "hash": wanted["hash"] })).await.ok();
    assert_eq!(confirmed["command_confirmed"], true);
    // Another value of its environment is another command line.
    let changed = api.put(&path, json!({ "env_vars": { "TOKEN": "canary-0000" } })).await.ok();
    assert_eq!(changed["command_confirmed"], false);
    api.put(&path, json!({ "env_vars": { "TOKEN": "•••" } })).await.problem(422, "validation_failed");
    world.stranger().await.post(&confirm, json!({ "hash": "0000" })).await.problem(404, "not_found");
    api.get(&format!("/api/mcp/servers/{FOREIGN}")).await.problem(404, "not_found");
}
