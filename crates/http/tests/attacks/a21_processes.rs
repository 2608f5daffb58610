//! somebody of a low role makes the server start a program (LiteLLM CVE-2026-42271): by a server's configuration,
//! by testing a connection, by asking for its tools. A program that ran leaves a file.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::{
    canary::id,
    world::{Person, Reach, World},
};

fn touches(marker: &Path, name: &str) -> Value {
    json!({ "name": name, "transport": "stdio", "command": "/usr/bin/touch", "args": [marker] })
}

/// Everything that could start the program of a server.
async fn try_to_start(world: &World, person: &Person, server: &str) {
    for action in ["connect", "discover", "restart"] {
        world.post(&format!("/api/mcp/servers/{server}/{action}"), json!({})).by(person).send().await;
    }
    for what in ["health", "tools", "resources", "logs"] {
        world.get(&format!("/api/mcp/servers/{server}/{what}")).by(person).send().await;
    }
    let org = format!("/api/v1/orgs/{}/mcp/servers/{server}/health-check", person.organization());
    world.post(&org, json!({})).by(person).send().await;
    world.get(&format!("/api/mcp/prompts?server_id={server}")).by(person).send().await;
    let call = json!({ "server_id": server, "tool": "anything", "arguments": {} });
    world.post("/api/mcp/execute/tool", call).by(person).send().await;
    let read = json!({ "server_id": server, "uri": "file:///etc/passwd" });
    world.post("/api/mcp/read/resource", read).by(person).send().await;
}

fn marker(world: &World) -> PathBuf {
    world.data().join("a-program-ran")
}

#[tokio::test]
async fn without_the_operators_word_no_server_is_a_program() {
    let (world, admin) = World::set_up().await;
    let before = world.rows();
    let marker = marker(&world);
    world
        .post("/api/mcp/servers", touches(&marker, "Local"))
        .by(&admin)
        .send()
        .await
        .problem(403, "stdio_off");
    world.unchanged(&before, "a program");
    // Nor does one become it.
    let http = json!({ "name": "Remote", "transport": "http", "endpoint": "https://mcp.example.com/mcp" });
    let server = id(&world.post("/api/mcp/servers", http).by(&admin).send().await.created());
    let change =
        json!({ "transport": "stdio", "command": "/usr/bin/touch", "args": [marker], "endpoint": null });
    let path = format!("/api/mcp/servers/{server}");
    world.put(&path, change).by(&admin).send().await.problem(403, "stdio_off");
    let read = world.get(&path).by(&admin).send().await.ok();
    assert_eq!(
        (&read["transport"], read.get("command").unwrap_or(&Value::Null)),
        (&json!("http"), &Value::Null)
    );
    assert!(!marker.exists());
}

#[tokio::test]
async fn only_an_administrator_makes_a_program_run_and_only_after_a_second_look() {
    let reach = Reach { stdio: true, ..Reach::default() };
    let world = World::reaching(reach, |_| {}, |_| {}).await;
    let admin = world.first_account().await;
    let (owner, member, viewer) = (
        world.invite(&admin, "owner@example.com", "admin").await,
        world.invite(&admin, "member@example.com", "member").await,
        world.invite(&admin, "viewer@example.com", "viewer").await,
    );
    let stranger = world.stranger().await;
    let marker = marker(&world);
    for person in [&member, &viewer, &stranger] {
        let answer = world.post("/api/mcp/servers", touches(&marker, "Local")).by(person).send().await;
        assert_eq!(answer.status, 403, "{}", answer.text());
    }
    let mut body = touches(&marker, "Local");
    body["visibility"] = json!("organization");
    let server = world.post("/api/mcp/servers", body).by(&admin).send().await.created();
    let hash = server["command_hash"].as_str().unwrap().to_owned();
    let server = id(&server);
    for person in [&admin, &owner, &member, &viewer, &stranger] {
        try_to_start(&world, person, &server).await;
        assert!(!marker.exists(), "it ran before anybody confirmed it");
    }
    let confirm = format!("/api/mcp/servers/{server}/confirm-command");
    for person in [&member, &viewer, &stranger] {
        let answer = world.post(&confirm, json!({ "hash": hash })).by(person).send().await;
        assert!([403, 404].contains(&answer.status.as_u16()), "{}", answer.text());
        try_to_start(&world, person, &server).await;
    }
    assert!(!marker.exists());
    // The canary is alive: an administrator's word makes it run.
    world.post(&confirm, json!({ "hash": hash })).by(&admin).send().await.ok();
    world.post(&format!("/api/mcp/servers/{server}/connect"), json!({})).by(&admin).send().await.ok();
    assert!(marker.exists(), "the program that was confirmed did not run");
}
