//! continuing someone else's chat by its id in the body (Open WebUI CVE-2026-45349): 404, no message, no call of a
//! model.

use serde_json::{Value, json};

use crate::{
    canary::{NOBODY, id, words},
    world::{Person, World},
};

#[tokio::test]
async fn a_foreign_chat_is_neither_continued_nor_branched_from() {
    let (world, admin) = World::set_up().await;
    let colleague = world.invite(&admin, "grace@example.com", "admin").await;
    let stranger = world.stranger().await;
    let conversation = id(&world.post("/api/conversations", json!({})).by(&admin).send().await.created());
    let path = format!("/api/conversations/{conversation}/messages");
    let sent = world.post(&path, json!({ "content": "Mine alone." })).by(&admin).send().await.created();
    let (message, reply) = (id(&sent["message"]), id(&sent["reply"]));
    for person in [&stranger, &colleague] {
        let own = id(&world.post("/api/conversations", json!({})).by(person).send().await.created());
        let before = world.rows();
        let same = async |method: &str, path: &str, foreign: Value, absent: Value| {
            let answer = world.call(method, path, Some(foreign)).by(person).send().await;
            let status = answer.status.as_u16();
            assert!([404, 422].contains(&status), "{method} {path}: {status}: {}", answer.text());
            let absent = world.call(method, path, Some(absent)).by(person).send().await;
            assert_eq!(words(answer), words(absent), "{method} {path}");
        };
        let stream = |id: &str| json!({ "message": "Go on.", "conversation_id": id });
        same("POST", "/api/messages/stream", stream(&conversation), stream(NOBODY)).await;
        let go_on = |parent: &str| json!({ "content": "Go on.", "parent_message_id": parent });
        let into = format!("/api/conversations/{own}/messages");
        for foreign in [&message, &reply] {
            same("POST", &into, go_on(foreign), go_on(NOBODY)).await;
            let branch = |from: &str| json!({ "message_id": from });
            same("POST", &format!("/api/conversations/{own}/branch"), branch(foreign), branch(NOBODY)).await;
            let leaf = |leaf: &str| json!({ "current_leaf_id": leaf });
            same("PUT", &format!("/api/conversations/{own}"), leaf(foreign), leaf(NOBODY)).await;
        }
        by_its_path(&world, person, &conversation, &message, &reply).await;
        world.unchanged(&before, "continuing a foreign chat");
    }
}

async fn by_its_path(world: &World, person: &Person, conversation: &str, message: &str, reply: &str) {
    let body = json!({ "content": "x" });
    for (method, path) in [
        ("POST", format!("/api/conversations/{conversation}/messages")),
        ("PUT", format!("/api/messages/{message}")),
        ("PATCH", format!("/api/messages/{message}")),
    ] {
        world.call(method, &path, Some(body.clone())).by(person).send().await.problem(404, "not_found");
    }
    let again = format!("/api/messages/{reply}/regenerate");
    world.post(&again, json!({})).by(person).send().await.problem(404, "not_found");
    let fork = format!("/api/conversations/{conversation}/duplicate");
    world.post(&fork, json!({})).by(person).send().await.problem(404, "not_found");
}
