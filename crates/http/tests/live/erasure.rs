//! Erasing people: who may, what goes, what stays, and that no trace of the person is left anywhere.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use conductor_test_support::Api;
use serde_json::{Value, json};

use crate::{
    content::{column, pointers},
    world::{World, text},
};

const PASSWORD: &str = "correct horse battery staple";
/// Words that nobody else writes.
const CANARIES: [&str; 9] = [
    "zz-mail@example.com",
    "Zzname",
    "zzmessage",
    "zzfile",
    "zzbytes",
    "zzinstruction",
    "zzattribute",
    "zzprivate",
    "zzreason",
];

async fn me(api: &Api) -> String {
    text(&api.get("/api/auth/me").await.ok()["user"]["id"])
}

async fn erase(api: &Api, user: &str, more: Value) -> conductor_test_support::Answer {
    let mut body = json!({ "password": PASSWORD });
    body.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
    api.post(&format!("/api/users/{user}/erase"), body).await
}

/// Asks until nothing of the person is left.
async fn finished(admin: &Api, user: &str) -> Value {
    let began = Instant::now();
    loop {
        let page = admin.get("/api/users/erasures").await.ok();
        let items = page["items"].as_array().unwrap().clone();
        let found = items.into_iter().find(|erasure| erasure["user_id"] == user).unwrap();
        if found["status"] == "finished" {
            return found;
        }
        assert!(began.elapsed() < Duration::from_secs(50), "not finished: {found}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Every file below a folder that holds one of these words, however it is written.
fn holding(folder: &Path, words: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(holding(&path, words));
            continue;
        }
        let bytes = std::fs::read(&path).unwrap().to_ascii_lowercase();
        for word in words {
            let word = word.to_ascii_lowercase();
            if bytes.windows(word.len()).any(|window| window == word.as_bytes()) {
                found.push(format!("{word} in {}", path.display()));
            }
        }
    }
    found
}

/// Somebody who leaves words wherever one can.
async fn busy(world: &World) -> Api {
    let grace = world.colleague(CANARIES[0], "member").await;
    let id = me(&grace).await;
    let body = json!({
        "name": "Zzname", "first_name": "Zzname", "last_name": "Zzname",
        "avatar_url": "https://example.com/zzname.png", "custom_instructions": "zzinstruction",
        "preferences": { "note": "zzinstruction" },
    });
    grace.put("/api/auth/profile", body).await.ok();
    let body = json!({ "attributes": { "department": "zzattribute" } });
    world.admin.patch(&format!("/api/users/{id}"), body).await.ok();
    let conversation =
        text(&grace.post("/api/conversations", json!({ "model": "demo" })).await.created()["id"]);
    for said in 0..12 {
        let path = format!("/api/conversations/{conversation}/messages");
        let body = json!({ "content": format!("zzmessage {said} {}", "padding ".repeat(80)) });
        let sent = grace.post(&path, body).await.created();
        let mut events = grace.events(&text(&sent["run"]["id"]), 0).await;
        events.until("run.finished").await;
    }
    grace.upload("/api/files", "zzfile.txt", "text/plain", "zzbytes".repeat(500).as_bytes()).await.created();
    let body = json!({ "name": "zzprivate", "system_prompt": "zzprivate" });
    grace.post("/api/agents", body).await.created();
    let artifact =
        json!({ "type": "text", "title": "zzmessage", "content": "zzmessage", "identifier": "zz" });
    let path = format!("/api/conversations/{conversation}/artifacts");
    let _ = grace.post(&path, artifact).await;
    let _ = grace.get(&format!("/api/conversations?q={}", "zzmessage")).await;
    let first = json!({ "content": "zzmessage once" });
    let path = format!("/api/conversations/{conversation}/messages");
    let keyed = grace.with("idempotency-key", "zz-key").post(&path, first).await.created();
    grace.events(&text(&keyed["run"]["id"]), 0).await.until("run.finished").await;
    grace
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_an_erased_person_is_left() {
    let world = World::start().await;
    let grace = busy(&world).await;
    let id = me(&grace).await;
    let shared = json!({ "name": "Ours", "system_prompt": "Answer.", "visibility": "organization" });
    world.admin.put(&format!("/api/users/{id}/role"), json!({ "role": "power_user" })).await.ok();
    let grace = world.admin.anonymous().sign_in(CANARIES[0], PASSWORD).await;
    let shared = text(&grace.post("/api/agents", shared).await.created()["id"]);
    let here = world.folders();
    for word in ["zzmessage", "zzbytes", "zzname", "zzattribute", "zz-mail@example.com"] {
        assert!(here.iter().any(|folder| !holding(folder, &[word]).is_empty()), "{word} was never written");
    }
    let org = world.organization(&world.admin).await;
    let feed = grace.stream("/api/events").await;
    let asked = erase(&world.admin, &id, json!({})).await.status(202).json();
    let begun = Instant::now();
    assert_eq!((&asked["user_id"], &asked["status"]), (&json!(id), &json!("running")));
    feed.rest().await;
    assert!(begun.elapsed() < Duration::from_secs(1), "the stream ended after {:?}", begun.elapsed());
    assert_eq!(grace.get("/api/auth/me").await.status, 401);
    let again = json!({ "email": CANARIES[0], "password": PASSWORD });
    world.anonymous().post("/api/auth/login", again).await.problem(401, "sign_in_refused");
    let users = world.admin.get("/api/users").await.ok();
    assert!(!column(&users, "id").contains(&json!(id)), "{users}");

    let done = finished(&world.admin, &id).await;
    assert!(done["removed"].as_i64().unwrap() > 20 && !done["finished_at"].is_null(), "{done}");
    for folder in world.folders() {
        assert_eq!(holding(&folder, &CANARIES), Vec::<String>::new());
    }

    // What others use is there, and somebody else's now; costs and entries name the pseudonym.
    let agent = world.admin.get(&format!("/api/agents/{shared}")).await.ok();
    assert_eq!(agent["owner_user_id"], json!(me(&world.admin).await), "{agent}");
    let audit = format!("/api/v1/orgs/{org}/audit");
    let page = world.admin.get(&format!("{audit}?user_id={id}&limit=100")).await.ok();
    let entries = page["items"].as_array().unwrap();
    assert!(entries.len() > 10, "{page}");
    for entry in entries {
        assert_eq!(entry["personal"], json!({}), "{entry}");
        assert_eq!((&entry["ip_address"], &entry["user_id"]), (&Value::Null, &json!(id)));
    }
    // What a run says of itself says nothing of the person, so nothing of it is missing.
    let withheld = entries.iter().filter(|entry| entry["is_withheld"] == true).count();
    assert!(withheld > 5, "{withheld} of {}: {page}", entries.len());
    for event in ["account.erased", "account.pseudonymised"] {
        let page = world.admin.get(&format!("{audit}?event_type={event}")).await.ok();
        assert_eq!(column(&page, "resource_id"), [json!(id)], "{event}: {page}");
    }
    let chain = world.admin.get(&format!("{audit}/chain?verify=true")).await.ok();
    assert_eq!(chain["verification"]["ok"], true, "{chain}");

    // Again is the same erasure; the address is free for somebody new.
    let same = erase(&world.admin, &id, json!({})).await.status(202).json();
    assert_eq!(same["id"], asked["id"]);
    let anew = world.colleague(CANARIES[0], "member").await;
    assert_ne!(me(&anew).await, id);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_erases_whom_they_may_not() {
    let world = World::start().await;
    let grace = world.colleague("grace@example.com", "member").await;
    let colleague = world.colleague("olga@example.com", "admin").await;
    let (id, stranger) = (me(&grace).await, world.stranger().await);
    let rows = world.database().rows();
    // Neither an administrator of the person's organisation, nor one of another, nor an equal.
    for other in [&colleague, &stranger] {
        let answer = erase(other, &id, json!({})).await;
        assert!([403, 404].contains(&answer.status), "{answer}");
        let _ = other.get("/api/users/erasures").await.status(403);
    }
    let olga = me(&colleague).await;
    let answer = erase(&grace, &olga, json!({})).await;
    assert!([403, 404].contains(&answer.status), "{answer}");
    let _ = world.anonymous().post(&format!("/api/users/{id}/erase"), json!({})).await.status(401);
    // Not without the password, nor with another one.
    let wrong = grace.post("/api/auth/erase", json!({ "password": "not the password at all" })).await;
    assert_eq!(pointers(&wrong.problem(422, "validation_failed")), ["/password"]);
    let none = grace.post("/api/auth/erase", json!({})).await;
    assert_eq!(pointers(&none.problem(422, "validation_failed")), ["/password"]);
    let unknown = grace.post("/api/auth/erase", json!({ "password": PASSWORD, "user_id": olga })).await;
    assert_eq!(unknown.status, 422, "{unknown}");
    let _ = world
        .admin
        .post(&format!("/api/users/{}/erase", uuid_of_nobody()), json!({ "password": PASSWORD }))
        .await
        .status(404);
    let after = world.database().rows();
    for table in ["users", "memberships", "sessions", "erasures"] {
        assert_eq!(rows.get(table), after.get(table), "{table} changed");
    }
}

fn uuid_of_nobody() -> &'static str {
    "0192f1c0-7b4e-7a6e-8a53-1d2c3b4a5f60"
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_owner_names_a_successor_and_the_last_administrator_stays() {
    let world = World::start().await;
    let ada = me(&world.admin).await;
    let org = world.organization(&world.admin).await;
    erase(&world.admin, &ada, json!({})).await.problem(409, "last_administrator");
    let grace = world.colleague("grace@example.com", "member").await;
    let id = me(&grace).await;
    world.admin.put(&format!("/api/users/{id}/role"), json!({ "role": "admin" })).await.ok();
    let grace = world.anonymous().sign_in("grace@example.com", PASSWORD).await;
    erase(&grace, &ada, json!({})).await.problem(409, "last_owner");
    let stranger = me(&world.stranger().await).await;
    let outside = erase(&grace, &ada, json!({ "successor_id": stranger })).await;
    outside.problem(409, "last_owner");
    let own = erase(&grace, &ada, json!({ "successor_id": ada })).await;
    own.problem(409, "last_owner");
    assert_eq!(world.admin.get("/api/auth/me").await.status, 200);
    let _ = erase(&grace, &ada, json!({ "successor_id": id })).await.status(202);
    finished(&grace, &ada).await;
    let members = grace.get(&format!("/api/v1/orgs/{org}/members")).await.ok();
    assert_eq!(
        (column(&members, "user_id"), column(&members, "role")),
        (vec![json!(id)], vec![json!("owner")])
    );
    // A successor who has nothing to do with the person is a mistake.
    let olga = world_member(&grace, &org, "olga@example.com").await;
    let wrong = erase(&grace, &olga, json!({ "successor_id": stranger })).await;
    assert_eq!(pointers(&wrong.problem(422, "validation_failed")), ["/successor_id"]);
}

async fn world_member(api: &Api, org: &str, email: &str) -> String {
    let body = json!({ "email": email, "role": "member" });
    let invited = api.post(&format!("/api/v1/orgs/{org}/members"), body).await.status(201).json();
    text(&invited["member"]["user_id"])
}

#[tokio::test(flavor = "multi_thread")]
async fn people_erase_themselves_and_files_of_others_stay() {
    let world = World::start().await;
    let grace = world.colleague("grace@example.com", "member").await;
    let id = me(&grace).await;
    let bytes = "the same bytes".repeat(20);
    grace.upload("/api/files", "hers.txt", "text/plain", bytes.as_bytes()).await.created();
    let kept = world.admin.upload("/api/files", "kept.txt", "text/plain", bytes.as_bytes()).await.created();
    let body = json!({ "password": PASSWORD });
    let _ = grace.post("/api/auth/erase", body).await.status(202);
    finished(&world.admin, &id).await;
    let content = world.admin.get(&text(&kept["url"])).await.status(200);
    assert_eq!(content.text, bytes);
    assert_eq!(grace.get("/api/auth/me").await.status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_turn_ends_before_its_words_go() {
    let world = World::start().await;
    let peer = conductor_mcp_client::testing::Server::start("2025-06-18").await.unwrap();
    // The administrator waits for an answer to a tool call, and a colleague erases them.
    let waiting = world.waiting_call(&peer).await;
    let grace = world.colleague("grace@example.com", "admin").await;
    let (ada, id) = (me(&world.admin).await, me(&grace).await);
    world.admin.put(&format!("/api/users/{id}/role"), json!({ "role": "admin" })).await.ok();
    let grace = world.anonymous().sign_in("grace@example.com", PASSWORD).await;
    let _ = erase(&grace, &ada, json!({ "successor_id": id })).await.status(202);
    finished(&grace, &ada).await;
    let run = text(&waiting["run"]["id"]);
    let rows = world.database().rows();
    let hex = run.replace('-', "");
    let row = rows["runs"].iter().find(|row| row.to_ascii_lowercase().contains(&hex)).unwrap();
    assert!(row.contains("'cancelled'") && !row.contains("hello"), "{row}");
    assert!(!rows.get("human_tasks").is_some_and(|all| all.iter().any(|task| task.contains("hello"))));
}
