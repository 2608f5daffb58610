//! Taking away what is one's own: all of it, nobody else's, and nothing that opens a door.

use conductor_test_support::Api;
use serde_json::{Value, json};

use crate::{
    content::pointers,
    world::{World, text},
};

const PASSWORD: &str = "correct horse battery staple";

/// Leaves words wherever a person can, each with the mark.
async fn busy(api: &Api, mark: &str) -> String {
    let about = json!({
        "name": format!("{mark} name"), "custom_instructions": format!("{mark} instructions"),
        "preferences": { "note": format!("{mark} preference") },
    });
    api.put("/api/auth/profile", about).await.ok();
    let body = json!({ "model": "demo", "title": format!("{mark} title") });
    let conversation = text(&api.post("/api/conversations", body).await.created()["id"]);
    let path = format!("/api/conversations/{conversation}");
    let said = json!({ "content": format!("Make an HTML page about {mark} message.") });
    let sent = api.post(&format!("{path}/messages"), said).await.created();
    api.events(&text(&sent["run"]["id"]), 0).await.rest().await;
    api.upload("/api/files", &format!("{mark}-file.txt"), "text/plain", "words").await.created();
    let agent = json!({ "name": format!("{mark} agent"), "system_prompt": format!("{mark} prompt") });
    let agent = text(&api.post("/api/agents", agent).await.created()["id"]);
    api.patch(&format!("/api/agents/{agent}"), json!({ "description": format!("{mark} version") }))
        .await
        .ok();
    let flow = json!({ "name": format!("{mark}-workflow"), "title": format!("{mark} workflow") });
    let flow = text(&api.post("/api/workflows", flow).await.created()["id"]);
    let rated = json!({ "rating": 3, "review": format!("{mark} review") });
    // One does not rate one's own; others' is tried where there is one.
    let _ = api.post(&format!("/api/workflows/{flow}/rate"), rated).await;
    let server = json!({
        "name": format!("{mark} server"), "transport": "http", "endpoint": "https://example.com/mcp",
    });
    api.post("/api/mcp/servers", server).await.created();
    let key = json!({
        "provider": "openai_compatible", "key_name": format!("{mark} key"), "api_key": format!("sk-secret-{mark}-7d1e55aa0b"),
        "base_url": "http://127.0.0.1:9/v1", "models": ["nobody-answers"],
    });
    api.post("/api/settings/api-keys", key).await.created();
    let wish = json!({
        "resource_type": "agent", "resource_id": "0192f1c0-7b4e-7a6e-8a53-1d2c3b4a5f60", "access_level": "read",
        "reason": format!("{mark} reason"),
    });
    api.post("/api/permissions/request", wish).await.created();
    text(&api.get("/api/auth/me").await.ok()["user"]["id"])
}

async fn export(api: &Api) -> Vec<Value> {
    let answer = api.post("/api/auth/export", json!({ "password": PASSWORD })).await;
    assert_eq!(answer.status, 200, "{answer}");
    answer.text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The rows of one table.
fn of<'l>(lines: &'l [Value], table: &str) -> Vec<&'l Value> {
    lines.iter().filter(|line| line["table"] == table).map(|line| &line["row"]).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_takes_all_that_is_theirs_and_nothing_else() {
    let world = World::start().await;
    let grace = world.colleague("grace@example.com", "member").await;
    let olaf = world.colleague("olaf@example.com", "member").await;
    let id = busy(&grace, "zzgrace").await;
    busy(&olaf, "zzolaf").await;
    busy(&world.admin, "zzadmin").await;

    let lines = export(&grace).await;
    let (first, last) = (&lines[0], lines.last().unwrap());
    assert_eq!((&first["user_id"], &first["email"]), (&json!(id), &json!("grace@example.com")));
    assert_eq!(last["complete"], true);
    for (table, words) in [
        ("users", "zzgrace instructions"),
        ("users", "zzgrace preference"),
        ("memberships", "member"),
        ("sessions", id.as_str()),
        ("conversations", "zzgrace title"),
        ("messages", "zzgrace message"),
        ("artifacts", "conversation_id"),
        ("files", "zzgrace-file.txt"),
        ("agents", "zzgrace prompt"),
        ("agent_versions", "zzgrace"),
        ("workflows", "zzgrace workflow"),
        ("workflow_versions", "zzgrace"),
        ("connectors", "zzgrace server"),
        ("api_keys", "zzgrace key"),
        ("runs", id.as_str()),
        ("permission_requests", "zzgrace reason"),
        ("audit_events", "agent.created"),
    ] {
        let rows = of(&lines, table);
        assert!(rows.iter().any(|row| row.to_string().contains(words)), "{table}: {words}: {rows:?}");
    }
    let files = of(&lines, "files");
    let bytes = grace.get(&text(&files[0]["content_url"])).await;
    assert_eq!((bytes.status, bytes.text.as_str()), (200, "words"));

    let whole: String = lines.iter().map(Value::to_string).collect();
    for foreign in ["zzolaf", "zzadmin", "olaf@example.com", "ada@example.com"] {
        assert!(!whole.contains(foreign), "{foreign}");
    }
    for secret in ["$argon2", "password_hash", "sk-secret", "key_hash", "token_hash"] {
        assert!(!whole.contains(secret), "{secret}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_takes_it_proves_to_be_the_person_and_does_not_take_it_without_end() {
    let world = World::start().await;
    let grace = world.colleague("grace@example.com", "member").await;
    let path = "/api/auth/export";
    world.anonymous().post(path, json!({ "password": PASSWORD })).await.problem(401, "token_missing");
    let bare = grace.post(path, json!({})).await.problem(422, "validation_failed");
    assert_eq!(pointers(&bare), ["/password"]);
    let wrong = grace.post(path, json!({ "password": "not the password at all" })).await;
    assert_eq!(pointers(&wrong.problem(422, "validation_failed")), ["/password"]);
    // Nobody names whose data it is to be.
    let id = text(&world.admin.get("/api/auth/me").await.ok()["user"]["id"]);
    let other = grace.post(path, json!({ "password": PASSWORD, "user_id": id })).await;
    other.problem(422, "unknown_field");

    for _ in 0..5 {
        export(&grace).await;
    }
    let refused = grace.post(path, json!({ "password": PASSWORD })).await.problem(429, "rate_limited");
    assert!(refused["detail"].as_str().unwrap().contains("5 exports"), "{refused}");
    export(&world.admin).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_lies_above_the_clearance_is_named_and_not_told() {
    let world = World::start().await;
    let grace = world.colleague("grace@example.com", "member").await;
    let file = grace.upload("/api/files", "plans.txt", "text/plain", "words").await.created();
    let user = text(&grace.get("/api/auth/me").await.ok()["user"]["id"]);
    let lower = json!({ "data_clearance_level": "public" });
    world.admin.patch(&format!("/api/users/{user}"), lower).await.ok();
    let lines = export(&grace).await;
    let files = of(&lines, "files");
    assert_eq!((files.len(), &files[0]["id"]), (1, &file["id"]));
    assert!(files[0]["withheld"].is_string(), "{files:?}");
    assert!(!files[0].to_string().contains("plans.txt"), "{files:?}");
    assert_eq!(files[0]["content_url"], Value::Null);
}
