//! Erasing a person on the real binary: killed in the middle it goes on, and the audit log verifies before and after,
//! from the database and from exports of both times.

#![expect(clippy::unwrap_used, reason = "clippy knows tests by their attribute, not their helpers")]

use std::{
    path::Path,
    time::{Duration, Instant},
};

use conductor_test_support::{Api, Server};
use serde_json::{Value, json};

const PASSWORD: &str = "correct horse battery staple";
const CANARIES: [&str; 3] = ["zz-mail@example.com", "zzname", "zzmessage"];

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

async fn verified(server: &Server, arguments: &[&str]) -> String {
    let all: Vec<&str> = ["audit", "verify"].iter().chain(arguments).copied().collect();
    let output = server.command(&all).output().await.unwrap();
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Somebody of the administrator's organisation with something to say.
async fn person(admin: &Api, org: &str) -> Api {
    let body = json!({ "email": CANARIES[0], "role": "member" });
    let invited = admin.post(&format!("/api/v1/orgs/{org}/members"), body).await.status(201).json();
    let link = text(&invited["invite_link"]);
    let token = link.split("token=").nth(1).unwrap();
    let body = json!({ "token": token, "password": PASSWORD, "name": "Zzname" });
    let session = admin.anonymous().post("/api/auth/invite/accept", body).await.ok();
    let api = admin.signed_in(&session);
    for _ in 0..5 {
        let conversation =
            text(&api.post("/api/conversations", json!({ "model": "demo" })).await.created()["id"]);
        let path = format!("/api/conversations/{conversation}/messages");
        let sent = api.post(&path, json!({ "content": "zzmessage ".repeat(200) })).await.created();
        api.events(&text(&sent["run"]["id"]), 0).await.until("run.finished").await;
    }
    api
}

fn holding(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(holding(&path));
            continue;
        }
        let bytes = std::fs::read(&path).unwrap().to_ascii_lowercase();
        let holds = |word: &&str| bytes.windows(word.len()).any(|window| window == word.as_bytes());
        found.extend(
            CANARIES.iter().filter(|word| holds(word)).map(|word| format!("{word}: {}", path.display())),
        );
    }
    found
}

#[tokio::test]
async fn an_erasure_survives_a_kill_and_the_log_verifies_before_and_after() {
    let mut server = Server::running().await;
    let admin = server.set_up().await;
    let org = text(&admin.get("/api/auth/me").await.ok()["organization"]["id"]);
    let grace = person(&admin, &org).await;
    let id = text(&grace.get("/api/auth/me").await.ok()["user"]["id"]);
    verified(&server, &[]).await;
    let folder = tempfile::tempdir().unwrap();
    let export = async |admin: &Api, name: &str| {
        let text = admin.get(&format!("/api/v1/orgs/{org}/audit/export")).await.text;
        let file = folder.path().join(name);
        std::fs::write(&file, text).unwrap();
        file.to_str().unwrap().to_owned()
    };
    let before = export(&admin, "before.jsonl").await;
    verified(&server, &["--export", &before]).await;
    assert!(!holding(server.data()).is_empty(), "nothing was written");

    let _ = admin
        .post(&format!("/api/users/{id}/erase"), json!({ "password": Server::PASSWORD }))
        .await
        .status(202);
    // Wherever it is: what was acknowledged stays, and the rest goes on.
    for _ in 0..4 {
        server.kill().await;
        verified(&server, &[]).await;
        server.restart().await;
    }
    let admin = server.api().sign_in(Server::EMAIL, Server::PASSWORD).await;
    assert_eq!(grace.get("/api/auth/me").await.status, 401);
    let began = Instant::now();
    loop {
        let page = admin.get("/api/users/erasures").await.ok();
        if page["items"][0]["status"] == "finished" {
            break;
        }
        assert!(began.elapsed() < Duration::from_secs(60), "{page}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(holding(server.data()), Vec::<String>::new());
    assert!(verified(&server, &[]).await.contains("say nothing any more of erased people"));
    let after = export(&admin, "after.jsonl").await;
    verified(&server, &["--export", &after]).await;
    verified(&server, &["--export", &before]).await;
    server.terminate().await;
    verified(&server, &[]).await;
    assert_eq!(holding(server.data()), Vec::<String>::new());
}

#[tokio::test]
async fn what_was_withheld_without_an_erasure_is_found() {
    let mut server = Server::running().await;
    let admin = server.set_up().await;
    for _ in 0..3 {
        admin.post("/api/conversations", json!({})).await.created();
    }
    server.terminate().await;
    server.restart().await;
    server.terminate().await;
    verified(&server, &[]).await;
    let file = server.data().join("conductor.db");
    let sql = "UPDATE audit_events SET personal = NULL WHERE event_type = 'conversation.created'";
    let status = tokio::process::Command::new("sqlite3").arg(file).arg(sql).status().await.unwrap();
    assert!(status.success());
    let output = server.command(&["audit", "verify"]).output().await.unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(!output.status.success() && said.contains("no entry says that the person was erased"), "{said}");
}
