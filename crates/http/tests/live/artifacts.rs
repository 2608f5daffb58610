//! `/api/artifacts`.

use serde_json::{Value, json};

use crate::{
    content::{column, pointers},
    world::{World, text},
};

/// A conversation whose last answer holds an HTML page.
async fn page(world: &World) -> (String, Value) {
    let id = world.open().await;
    world.say(&id, "Make an HTML page about green tea.").await;
    let list = world.admin.get(&format!("/api/conversations/{id}/artifacts")).await.ok();
    (id, list["items"][0].clone())
}

#[tokio::test]
async fn an_artifact_of_an_answer_is_found() {
    let world = World::start().await;
    let (id, artifact) = page(&world).await;
    assert_eq!((&artifact["type"], &artifact["version"]), (&json!("html"), &json!(1)));
    assert_eq!((&artifact["is_latest"], &artifact["latest_version"]), (&json!(true), &json!(1)));
    let reply = world.messages(&id).await.pop().unwrap();
    assert_eq!(artifact["message_id"], reply["id"]);
    assert_eq!(reply["artifacts"][0]["artifact_id"], artifact["id"]);
    assert_eq!(reply["artifacts"][0]["artifact_type"], "html");
    assert!(text(&reply["content"]).contains("id=green-tea-html"), "the fence stays in the text");
    let path = format!("/api/artifacts/{}", text(&artifact["id"]));
    let found = world.admin.get(&path).await;
    assert_eq!(found.header("etag"), Some("\"1\""));
    assert_eq!(found.ok(), artifact);
    let agent = world.admin.get(&format!("{path}/agent")).await.ok();
    assert_eq!(agent["slug"], "conversation-agent");
}

#[tokio::test]
async fn an_edit_is_the_next_version() {
    let world = World::start().await;
    let (_, artifact) = page(&world).await;
    let path = format!("/api/artifacts/{}", text(&artifact["id"]));
    let second = world.admin.with("if-match", "\"1\"").put(&path, json!({ "content": "<p>two</p>" })).await;
    assert_eq!(second.header("etag"), Some("\"2\""));
    let second = second.ok();
    assert_eq!((&second["version"], &second["parent_artifact_id"]), (&json!(2), &artifact["id"]));
    assert_eq!((&second["title"], &second["message_id"]), (&artifact["title"], &json!(null)));
    let stale = world.admin.with("if-match", "\"1\"").put(&path, json!({ "content": "<p>other</p>" })).await;
    stale.problem(412, "version_conflict");
    let same = world.admin.put(&path, json!({ "content": "<p>two</p>" })).await;
    same.problem(409, "artifact_unchanged");
    let third = world.admin.put(&path, json!({ "content": "<p>two</p>", "title": "Tea" })).await.ok();
    assert_eq!((&third["version"], &third["title"]), (&json!(3), &json!("Tea")));
    let versions = world.admin.get(&format!("{path}/versions")).await.ok();
    assert_eq!(column(&versions, "version"), [3, 2, 1]);
    assert_eq!(column(&versions, "is_latest"), [true, false, false]);
    let old = world.admin.get(&path).await.ok();
    assert_eq!((&old["content"], &old["latest_version"]), (&artifact["content"], &json!(3)));
    let refused = world.admin.put(&path, json!({ "content": "x", "title": "" })).await;
    assert_eq!(pointers(&refused.problem(422, "validation_failed")), ["/title"]);
    world.admin.put(&path, json!({ "content": "x", "version": 9 })).await.problem(422, "unknown_field");
}

#[tokio::test]
async fn a_fork_is_an_artifact_of_its_own() {
    let world = World::start().await;
    let (id, artifact) = page(&world).await;
    let path = format!("/api/artifacts/{}/fork", text(&artifact["id"]));
    let fork = world.admin.post(&path, json!({})).await.created();
    assert_eq!(fork["identifier"], format!("{}-copy", text(&artifact["identifier"])));
    assert_eq!((&fork["version"], &fork["parent_artifact_id"]), (&json!(1), &artifact["id"]));
    assert_eq!((&fork["content"], &fork["conversation_id"]), (&artifact["content"], &json!(id)));
    let elsewhere = world.open().await;
    let body = json!({ "conversation_id": elsewhere, "title": "Mine" });
    let moved = world.admin.post(&path, body).await.created();
    assert_eq!((&moved["identifier"], &moved["title"]), (&artifact["identifier"], &json!("Mine")));
    let taken = world.admin.post(&path, json!({ "identifier": artifact["identifier"] })).await;
    assert_eq!(pointers(&taken.problem(422, "validation_failed")), ["/identifier"]);
    let strange = world.admin.post(&path, json!({ "identifier": "../x" })).await;
    assert_eq!(pointers(&strange.problem(422, "validation_failed")), ["/identifier"]);
}

#[tokio::test]
async fn a_deleted_artifact_goes_with_its_versions() {
    let world = World::start().await;
    let (id, artifact) = page(&world).await;
    let path = format!("/api/artifacts/{}", text(&artifact["id"]));
    let second = world.admin.put(&path, json!({ "content": "two" })).await.ok();
    let _ = world.admin.delete(&path).await.status(204);
    world.admin.get(&path).await.problem(404, "not_found");
    world.admin.get(&format!("/api/artifacts/{}", text(&second["id"]))).await.problem(404, "not_found");
    assert_eq!(world.admin.get(&format!("/api/conversations/{id}/artifacts")).await.ok()["items"], json!([]));
    assert_eq!(world.messages(&id).await[1]["artifacts"], json!([]));
}
