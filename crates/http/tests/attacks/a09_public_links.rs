//! laundering content through one's own public link (Open WebUI CVE-2026-54010). A link opens no more than the
//! person who made it may share now, and nothing beside what was shared.

use conductor_domain::{Classification, ConversationId, MessageRole, NewMessage, Scope};
use serde_json::json;

use crate::{
    canary::{NOBODY, id, words},
    world::{Person, World},
};

/// A conversation with one message, and where it lives.
async fn talk(world: &World, by: &Person, said: &str) -> (String, Scope) {
    let conversation =
        world.post("/api/conversations", json!({ "title": "Shared talk" })).by(by).send().await;
    let conversation = id(&conversation.created());
    let me = world.get("/api/auth/me").by(by).send().await.ok();
    let scope = Scope {
        organization_id: me["organization"]["id"].as_str().unwrap().parse().unwrap(),
        environment_id: me["environment"]["id"].as_str().unwrap().parse().unwrap(),
    };
    let of: ConversationId = conversation.parse().unwrap();
    let message = conductor_domain::MessageId::generate(world.store.clock());
    let new = NewMessage::text(message, of, None, MessageRole::User, said);
    world
        .store
        .scoped(scope)
        .write(move |tx| {
            Box::pin(async move {
                tx.messages().insert(new).await?;
                tx.conversations().touch(of, Some(message), 1, 0).await
            })
        })
        .await
        .unwrap();
    (conversation, scope)
}

async fn raise(world: &World, scope: Scope, conversation: &str, label: Classification) {
    let of: ConversationId = conversation.parse().unwrap();
    world
        .store
        .scoped(scope)
        .write(move |tx| Box::pin(async move { tx.conversations().raise_label(of, label).await }))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_link_opens_one_thing_to_read_until_it_is_over_or_taken_back() {
    let (world, admin) = World::set_up().await;
    let (conversation, _) = talk(&world, &admin, "canary-a09 shared").await;
    let share = format!("/api/conversations/{conversation}/share");
    let made = world.post(&share, json!({})).by(&admin).send().await.created();
    let token = made["token"].as_str().unwrap().to_owned();
    let open = format!("/api/share/{token}");

    let answer = world.get(&open).send().await.status(200);
    assert_eq!(answer.header("x-robots-tag"), "noindex, nofollow");
    assert_eq!(answer.header("referrer-policy"), "no-referrer");
    assert_eq!(answer.header("cache-control"), "no-store");
    let view = answer.json();
    assert_eq!(view["messages"][0]["content"], "canary-a09 shared");
    for secret in [&conversation, "organization_id", "user_id", "tool_calls", "thinking"] {
        assert!(!answer.text().contains(secret), "{secret}: {}", answer.text());
    }
    let kept = format!("{:?}", world.rows());
    assert!(!kept.contains(&token), "the token itself is in the database");

    let closed = words(world.get(&format!("/api/share/{NOBODY}")).send().await);
    assert_eq!(closed.0, 404);
    // The token reads that one thing, and is no credential.
    for path in [format!("/api/conversations/{conversation}"), "/api/conversations".to_owned()] {
        let bearer = format!("Bearer {token}");
        world.get(&path).with("authorization", &bearer).send().await.status(401);
    }
    world.delete(&open).send().await.status(401);

    world.delete(&format!("/api/share/{}", id(&made))).by(&admin).send().await.status(204);
    assert_eq!(words(world.get(&open).send().await), closed, "taken back");

    let made = world.post(&share, json!({})).by(&admin).send().await.created();
    let open = format!("/api/share/{}", made["token"].as_str().unwrap());
    world.get(&open).send().await.status(200);
    world.advance(7 * 24 * 60 * 60 + 1);
    assert_eq!(words(world.get(&open).send().await), closed, "over");
}

#[tokio::test]
async fn a_label_that_rises_closes_a_link_and_keeps_another_from_being_made() {
    for label in [Classification::Confidential, Classification::Restricted] {
        let (world, admin) = World::set_up().await;
        let (conversation, scope) = talk(&world, &admin, "canary-a09 labelled").await;
        let share = format!("/api/conversations/{conversation}/share");
        let made = world.post(&share, json!({})).by(&admin).send().await.created();
        let open = format!("/api/share/{}", made["token"].as_str().unwrap());
        world.get(&open).send().await.status(200);
        raise(&world, scope, &conversation, label).await;
        let answer = world.get(&open).send().await;
        assert!(!answer.text().contains("canary-a09"), "{}", answer.text());
        answer.problem(404, "not_found");
        world.post(&share, json!({})).by(&admin).send().await.problem(403, "clearance_too_low");
    }
}

#[tokio::test]
async fn nobody_shares_or_takes_back_what_is_not_theirs() {
    let (world, admin) = World::set_up().await;
    let (conversation, _) = talk(&world, &admin, "canary-a09 mine").await;
    let share = format!("/api/conversations/{conversation}/share");
    let made = world.post(&share, json!({})).by(&admin).send().await.created();
    let colleague = world.invite(&admin, "grace@example.com", "member").await;
    let stranger = world.stranger().await;
    for person in [&colleague, &stranger] {
        world.post(&share, json!({})).by(person).send().await.problem(404, "not_found");
        for named in [id(&made), made["token"].as_str().unwrap().to_owned()] {
            let one = format!("/api/share/{named}");
            world.delete(&one).by(person).send().await.problem(404, "not_found");
        }
    }
    world.get(&format!("/api/share/{}", made["token"].as_str().unwrap())).send().await.status(200);
}

#[tokio::test]
async fn guessing_is_held_back_by_address() {
    let (world, _) = World::set_up().await;
    let path = format!("/api/share/{NOBODY}");
    for _ in 0..60 {
        world.get(&path).send().await.problem(404, "not_found");
    }
    world.get(&path).send().await.status(429);
}
