//! `/api/conversations`.

use serde_json::json;

use crate::{
    content::{column, pointers},
    world::{World, text},
};

#[tokio::test]
async fn a_conversation_is_opened_changed_and_deleted() {
    let world = World::start().await;
    let body = json!({ "title": " Engines ", "settings": { "temperature": 0.2 } });
    let opened = world.admin.post("/api/conversations", body).await;
    let path = opened.header("location").unwrap().to_owned();
    let opened = opened.created();
    assert_eq!(path, format!("/api/conversations/{}", text(&opened["id"])));
    assert_eq!(opened["title"], "Engines");
    assert_eq!(opened["settings"], json!({ "temperature": 0.2 }));
    assert_eq!((&opened["message_count"], &opened["auto_route"]), (&json!(0), &json!(true)));
    assert_eq!(world.admin.get(&path).await.ok(), opened);

    let changed = world.admin.put(&path, json!({ "title": "Difference", "model": "demo" })).await.ok();
    assert_eq!((&changed["title"], &changed["model"]), (&json!("Difference"), &json!("demo")));
    assert_eq!(changed["settings"], opened["settings"], "a missing field is unchanged");
    let changed = world.admin.patch(&path, json!({ "model": null, "settings": null })).await.ok();
    assert_eq!((&changed["model"], &changed["settings"]), (&json!(null), &json!({})));
    let pinned = world.admin.put(&format!("{path}/pin"), json!({ "pinned": true })).await.ok();
    assert_eq!(pinned["is_pinned"], true);
    let archived = world.admin.put(&format!("{path}/archive"), json!({ "archived": true })).await.ok();
    assert_eq!(archived["is_archived"], true);

    let _ = world.admin.delete(&path).await.status(204);
    world.admin.get(&path).await.problem(404, "not_found");
    world.admin.delete(&path).await.problem(404, "not_found");
}

#[tokio::test]
async fn the_list_is_paged_filtered_and_searched() {
    let world = World::start().await;
    for title in ["a", "b", "c"] {
        world.admin.post("/api/conversations", json!({ "title": title })).await.created();
    }
    let first = world.admin.get("/api/conversations?limit=2").await;
    assert!(first.header("link").unwrap().contains("rel=\"next\""));
    let first = first.ok();
    assert_eq!(column(&first, "title"), ["c", "b"]);
    let cursor = text(&first["next_cursor"]);
    let rest = world.admin.get(&format!("/api/conversations?limit=2&cursor={cursor}")).await.ok();
    assert_eq!(column(&rest, "title"), ["a"]);
    assert_eq!(rest["next_cursor"], json!(null));
    let other = world.admin.get(&format!("/api/conversations?q=b&cursor={cursor}")).await;
    other.problem(400, "invalid_cursor");
    assert_eq!(column(&world.admin.get("/api/conversations?q=B").await.ok(), "title"), ["b"]);
    let id = text(&first["items"][0]["id"]);
    let _ =
        world.admin.put(&format!("/api/conversations/{id}/archive"), json!({ "archived": true })).await.ok();
    assert_eq!(column(&world.admin.get("/api/conversations?archived=false").await.ok(), "title"), ["b", "a"]);
    assert_eq!(column(&world.admin.get("/api/conversations?archived=true").await.ok(), "title"), ["c"]);
    world.admin.get("/api/conversations?archived=perhaps").await.problem(422, "validation_failed");
    world.admin.get("/api/conversations?sort=title").await.problem(422, "unknown_field");
}

#[tokio::test]
async fn wrong_fields_are_named() {
    let world = World::start().await;
    let refused =
        world.admin.post("/api/conversations", json!({ "titel": "x" })).await.problem(422, "unknown_field");
    assert_eq!(pointers(&refused), ["/titel"]);
    let body =
        json!({ "title": "x".repeat(201), "settings": { "temperature": 3, "top_p": 0, "max_tokens": 0 } });
    let refused = world.admin.post("/api/conversations", body).await.problem(422, "validation_failed");
    assert_eq!(
        pointers(&refused),
        ["/title", "/settings/temperature", "/settings/max_tokens", "/settings/top_p"]
    );
    let nobody = json!({ "agent_id": "0192f1c0-7b4e-7a6e-8a53-1d2c3b4a5f60" });
    let refused = world.admin.post("/api/conversations", nobody).await.problem(422, "validation_failed");
    assert_eq!(pointers(&refused), ["/agent_id"]);
    let id = world.open().await;
    let path = format!("/api/conversations/{id}");
    world
        .admin
        .put(&format!("{path}/pin"), json!({ "pinned": "yes" }))
        .await
        .problem(422, "validation_failed");
    let refused =
        world.admin.put(&path, json!({ "current_leaf_id": id })).await.problem(422, "validation_failed");
    assert_eq!(pointers(&refused), ["/current_leaf_id"]);
}

#[tokio::test]
async fn the_agent_is_switched() {
    let world = World::start().await;
    let id = world.open().await;
    let agent = column(&world.admin.get("/api/agents?official=true&q=artifact").await.ok(), "id")[0].clone();
    let path = format!("/api/conversations/{id}/agent");
    let switched = world.admin.put(&path, json!({ "agent_id": agent })).await.ok();
    assert_eq!(switched["agent_id"], agent);
    let cleared = world.admin.put(&path, json!({ "agent_id": null })).await.ok();
    assert_eq!(cleared["agent_id"], json!(null));
}

#[tokio::test]
async fn a_copy_has_everything_and_stands_alone() {
    let world = World::start().await;
    let id = world.open().await;
    world.say(&id, "Make an HTML page about green tea.").await;
    let path = format!("/api/conversations/{id}");
    let original = world.admin.get(&path).await.ok();
    let copy = world.admin.post(&format!("{path}/duplicate"), json!({})).await.created();
    let copied = text(&copy["id"]);
    assert_eq!(copy["title"], format!("{} (copy)", text(&original["title"])));
    assert_eq!(copy["message_count"], original["message_count"]);
    let (before, after) = (world.messages(&id).await, world.messages(&copied).await);
    assert_eq!(before.len(), 2);
    for (before, after) in before.iter().zip(&after) {
        assert_eq!(before["content"], after["content"]);
        assert_ne!(before["id"], after["id"]);
    }
    assert_eq!(after[1]["parent_message_id"], after[0]["id"]);
    assert_eq!(after[1]["artifacts"].as_array().unwrap().len(), 1);
    assert_ne!(after[1]["artifacts"][0]["artifact_id"], before[1]["artifacts"][0]["artifact_id"]);
    let _ = world.admin.delete(&path).await.status(204);
    assert_eq!(world.messages(&copied).await.len(), 2);
}

#[tokio::test]
async fn a_branch_goes_as_far_as_its_message() {
    let world = World::start().await;
    let id = world.open().await;
    let first = world.say(&id, "Hello").await;
    world.say(&id, "Make an SVG").await;
    let path = format!("/api/conversations/{id}/branch");
    let body = json!({ "message_id": first["reply"]["id"], "title": "Other way" });
    let branch = world.admin.post(&path, body).await.created();
    assert_eq!((&branch["title"], &branch["message_count"]), (&json!("Other way"), &json!(2)));
    let messages = world.messages(&text(&branch["id"])).await;
    assert_eq!(messages[0]["content"], "Hello");
    assert_eq!(branch["current_leaf_id"], messages[1]["id"]);
    let artifacts = format!("/api/conversations/{}/artifacts", text(&branch["id"]));
    assert_eq!(world.admin.get(&artifacts).await.ok()["items"], json!([]));
    let elsewhere = world.open().await;
    let path = format!("/api/conversations/{elsewhere}/branch");
    let refused = world.admin.post(&path, json!({ "message_id": first["reply"]["id"] }));
    assert_eq!(pointers(&refused.await.problem(422, "validation_failed")), ["/message_id"]);
}

#[tokio::test]
async fn feeds_hear_of_changes() {
    let world = World::start().await;
    let mut feed = world.admin.stream("/api/events").await;
    let id = world.open().await;
    let created = feed.until("conversation.created").await;
    assert_eq!(created.data["conversation_id"], json!(id));
    let _ = world.admin.put(&format!("/api/conversations/{id}"), json!({ "title": "x" })).await.ok();
    let _ = feed.until("conversation.updated").await;
    let _ = world.admin.delete(&format!("/api/conversations/{id}")).await.status(204);
    let _ = feed.until("conversation.deleted").await;
}
