//! `/api/conversations/{id}/messages` and `/api/messages`.

use serde_json::{Value, json};

use crate::{
    content::{column, pointers},
    world::{World, text},
};

#[tokio::test]
async fn a_message_is_answered_and_both_are_kept() {
    let world = World::start().await;
    let id = world.open().await;
    let path = format!("/api/conversations/{id}/messages");
    let sent = world.admin.post(&path, json!({ "content": "Hello" })).await.created();
    assert_eq!((&sent["message"]["role"], &sent["message"]["content"]), (&json!("user"), &json!("Hello")));
    assert_eq!(
        (&sent["reply"]["role"], &sent["reply"]["status"]),
        (&json!("assistant"), &json!("streaming"))
    );
    assert_eq!(sent["reply"]["parent_message_id"], sent["message"]["id"]);
    assert_eq!(sent["reply"]["run_id"], sent["run"]["id"]);
    assert_eq!(sent["reply"]["sibling_ids"], json!([sent["reply"]["id"]]));
    world.finished(&sent).await;
    let messages = world.messages(&id).await;
    assert_eq!(messages.len(), 2);
    assert_eq!(messages[1]["id"], sent["reply"]["id"]);
    assert_eq!(messages[1]["status"], "complete");
    assert_eq!(messages[1]["agent_name"], "Conversation agent");
    assert!(messages[1]["tokens"]["output"].as_i64().unwrap() > 0);
    assert!(!text(&messages[1]["content"]).is_empty());
    let conversation = world.admin.get(&format!("/api/conversations/{id}")).await.ok();
    assert_eq!(conversation["message_count"], 2);
    assert_eq!(conversation["current_leaf_id"], sent["reply"]["id"]);
    assert_eq!(conversation["running_run_id"], json!(null));
    assert_eq!(conversation["title"], "Hello");
}

#[tokio::test]
async fn pages_go_backwards() {
    let world = World::start().await;
    let id = world.open().await;
    for content in ["one", "two", "three"] {
        world.say(&id, content).await;
    }
    let path = format!("/api/conversations/{id}/messages");
    let whole: Vec<Value> = world.messages(&id).await.iter().map(|message| message["id"].clone()).collect();
    for list in [path.clone(), format!("{path}?branch=all"), format!("{path}?branch={}", text(&whole[5]))] {
        let (mut read, mut cursor): (Vec<Value>, Option<String>) = (Vec::new(), None);
        loop {
            let and = if list.contains('?') { "&" } else { "?" };
            let cursor_part = cursor.as_ref().map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
            let page = world.admin.get(&format!("{list}{and}limit=4{cursor_part}")).await.ok();
            read.splice(0..0, column(&page, "id"));
            cursor = page["next_cursor"].as_str().map(str::to_owned);
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(read, whole, "{list}");
    }
}

#[tokio::test]
async fn regenerated_answers_are_siblings() {
    let world = World::start().await;
    let id = world.open().await;
    let sent = world.say(&id, "Hello").await;
    let reply = text(&sent["reply"]["id"]);
    let again = world.admin.post(&format!("/api/messages/{reply}/regenerate"), json!({})).await.created();
    world.finished(&again).await;
    let siblings = json!([reply, again["reply"]["id"]]);
    let messages = world.messages(&id).await;
    assert_eq!(messages[1]["id"], again["reply"]["id"], "the new answer is shown");
    assert_eq!(messages[1]["sibling_ids"], siblings);
    let path = format!("/api/conversations/{id}");
    let older = world.admin.get(&format!("{path}/messages?branch={reply}")).await.ok();
    assert_eq!(column(&older, "id"), [sent["message"]["id"].clone(), json!(reply)]);
    let back = world.admin.put(&path, json!({ "current_leaf_id": reply })).await.ok();
    assert_eq!(back["current_leaf_id"], json!(reply));
    assert_eq!(world.messages(&id).await[1]["id"], json!(reply));
    let question = text(&sent["message"]["id"]);
    let refused = world.admin.post(&format!("/api/messages/{question}/regenerate"), json!({})).await;
    refused.problem(422, "validation_failed");
}

#[tokio::test]
async fn a_message_is_said_differently_beside_itself_or_in_place() {
    let world = World::start().await;
    let id = world.open().await;
    let sent = world.say(&id, "Hello").await;
    let question = text(&sent["message"]["id"]);
    let path = format!("/api/messages/{question}");
    let resent = world.admin.put(&path, json!({ "content": "Good day" })).await.created();
    world.finished(&resent).await;
    assert_eq!(resent["message"]["sibling_ids"], json!([question, resent["message"]["id"]]));
    assert_eq!(resent["reply"]["parent_message_id"], resent["message"]["id"]);
    let edited = world.admin.put(&path, json!({ "content": "Hi", "resend": false })).await.status(200).json();
    assert_eq!(edited["message"]["content"], "Hi");
    assert!(edited["message"]["edited_at"].is_string());
    assert_eq!(edited["message"]["id"], json!(question));
    let refused = world.admin.put(&path, json!({ "content": "  ", "resend": false })).await;
    assert_eq!(pointers(&refused.problem(422, "validation_failed")), ["/content"]);
}

#[tokio::test]
async fn a_deleted_message_takes_what_follows() {
    let world = World::start().await;
    let id = world.open().await;
    world.say(&id, "one").await;
    let second = world.say(&id, "Make an SVG").await;
    let conversation = format!("/api/conversations/{id}");
    let artifacts = format!("{conversation}/artifacts");
    assert_eq!(world.admin.get(&artifacts).await.ok()["items"].as_array().unwrap().len(), 1);
    let _ =
        world.admin.delete(&format!("/api/messages/{}", text(&second["message"]["id"]))).await.status(204);
    let messages = world.messages(&id).await;
    assert_eq!(messages.len(), 2);
    let now = world.admin.get(&conversation).await.ok();
    assert_eq!((&now["message_count"], &now["current_leaf_id"]), (&json!(2), &messages[1]["id"]));
    assert_eq!(world.admin.get(&artifacts).await.ok()["items"], json!([]));
    world
        .admin
        .delete(&format!("/api/messages/{}", text(&second["reply"]["id"])))
        .await
        .problem(404, "not_found");
    let _ = world.admin.delete(&format!("/api/messages/{}", text(&messages[0]["id"]))).await.status(204);
    assert_eq!(world.admin.get(&conversation).await.ok()["current_leaf_id"], json!(null));
    assert!(world.messages(&id).await.is_empty());
    world.say(&id, "once more").await;
    assert_eq!(world.messages(&id).await.len(), 2);
}

#[tokio::test]
async fn reasoning_is_read_by_itself() {
    let world = World::start().await;
    let id = world.open().await;
    let sent = world.say(&id, "Hello").await;
    let path = format!("/api/messages/{}/thinking", text(&sent["message"]["id"]));
    assert_eq!(world.admin.get(&path).await.ok(), json!({ "thinking": null }));
}

#[tokio::test]
async fn wrong_messages_are_refused() {
    let world = World::start().await;
    let id = world.open().await;
    let path = format!("/api/conversations/{id}/messages");
    world.admin.post(&path, json!({ "content": " \n" })).await.problem(422, "validation_failed");
    let refused = world.admin.post(&path, json!({ "content": "x", "role": "system" })).await;
    assert_eq!(pointers(&refused.problem(422, "unknown_field")), ["/role"]);
    let missing = "0192f1c0-7b4e-7a6e-8a53-1d2c3b4a5f60";
    world
        .admin
        .post(&path, json!({ "content": "x", "parent_message_id": missing }))
        .await
        .problem(404, "not_found");
    world
        .admin
        .post(&path, json!({ "content": "x", "image_ids": [missing] }))
        .await
        .problem(404, "not_found");
    world.admin.get(&format!("{path}?branch=nonsense")).await.problem(404, "not_found");
    world.admin.get(&format!("{path}?branch={missing}")).await.problem(404, "not_found");
    assert!(world.messages(&id).await.is_empty(), "nothing of it was kept");
}

#[tokio::test]
async fn the_same_key_sends_once() {
    let world = World::start().await;
    let id = world.open().await;
    let path = format!("/api/conversations/{id}/messages");
    let keyed = world.admin.with("idempotency-key", "once");
    let first = keyed.post(&path, json!({ "content": "Hello" })).await.created();
    let again = keyed.post(&path, json!({ "content": "Hello" })).await.created();
    assert_eq!(first, again);
    world.finished(&first).await;
    assert_eq!(world.messages(&id).await.len(), 2);
    keyed.post(&path, json!({ "content": "Other" })).await.problem(422, "idempotency_mismatch");
}
