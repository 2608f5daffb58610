//! The audit log on the real binary: sealed as it grows, checked from a shell, and what a hand in the database leaves.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "clippy knows tests by their attribute, not their helpers"
)]

use std::{process::Output, time::Instant};

use conductor_test_support::{Api, Server, TestDb};
use serde_json::{Value, json};
use tokio::process::Command;

async fn chain(api: &Api) -> Value {
    let org = api.get("/api/auth/me").await.ok()["organization"]["id"].as_str().unwrap().to_owned();
    api.get(&format!("/api/v1/orgs/{org}/audit/chain")).await.ok()
}

/// Asks until everything is sealed; how long that took.
async fn sealed(api: &Api) -> (Value, std::time::Duration) {
    let began = Instant::now();
    loop {
        let chain = chain(api).await;
        if chain["unsealed"] == 0 && chain["sealed_to"] != 0 {
            return (chain, began.elapsed());
        }
        assert!(began.elapsed().as_secs() < 30, "not sealed: {chain}");
    }
}

async fn verify<S>(server: &Server<S>, arguments: &[&str]) -> Output {
    let all: Vec<&str> = ["audit", "verify"].iter().chain(arguments).copied().collect();
    server.command(&all).output().await.unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// As somebody who can write to the file of the database, and nothing else.
async fn execute(server: &Server, sql: &str) {
    let file = server.data().join("conductor.db");
    let status = Command::new("sqlite3").arg(file).args(["-cmd", ".timeout 10000", sql]).status().await;
    assert!(status.expect("sqlite3 is installed").success(), "{sql}");
}

#[tokio::test]
async fn entries_are_sealed_within_a_second_and_checked_from_a_shell() {
    let mut server = Server::running().await;
    let api = server.set_up().await;
    sealed(&api).await;
    let mut took = Vec::new();
    for _ in 0..5 {
        api.post("/api/conversations", json!({})).await.created();
        took.push(sealed(&api).await.1);
    }
    // A machine whose disk is busy with something else may be late once.
    took.sort_unstable();
    assert!(took[2].as_millis() < 1_000, "sealed after {took:?}");
    let (chain, _) = sealed(&api).await;
    let (last, organization) =
        (chain["sealed_to"].as_i64().unwrap(), chain["organization_id"].as_str().unwrap());

    // Beside the server that runs.
    let output = verify(&server, &[]).await;
    assert!(output.status.success(), "{output:?}");
    assert!(
        said(&output).contains(&format!("{organization}: entries 1 to {last} are as they were sealed")),
        "{output:?}"
    );
    assert!(said(&output).contains("nothing unsealed"), "{output:?}");
    let output = verify(&server, &["--organization", organization, "--from", &last.to_string()]).await;
    assert!(output.status.success() && said(&output).contains(&format!("to {last} are")), "{output:?}");
    assert_eq!(said(&output).lines().count(), 1);

    // An export, somewhere else, by whoever has the public key.
    let org = format!("/api/v1/orgs/{organization}/audit");
    let export = api.get(&format!("{org}/export")).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("audit.jsonl");
    std::fs::write(&file, &export.text).unwrap();
    let elsewhere = Server::configure();
    let key = chain["keys"][0]["public_key"].as_str().unwrap();
    let arguments = ["--export", file.to_str().unwrap(), "--public-key", key];
    let output = verify(&elsewhere, &arguments).await;
    assert!(output.status.success() && said(&output).contains("entries 1 to"), "{output:?}");
    std::fs::write(&file, export.text.replacen("conversation.create", "conversation.delete", 1)).unwrap();
    let output = verify(&elsewhere, &arguments).await;
    assert!(!output.status.success() && said(&output).contains("BROKEN at entry"), "{output:?}");
    let output = verify(&elsewhere, &["--export", file.to_str().unwrap()]).await;
    assert!(!output.status.success() && said(&output).contains("unknown key"), "without the key: {output:?}");

    // What a hand in the database leaves: the first bad entry is named, and the exit code says so.
    server.terminate().await;
    execute(&server, "CREATE TABLE kept AS SELECT * FROM audit_events").await;
    let id = api_id(&server, organization, 3).await;
    for (sql, at, what) in [
        ("UPDATE audit_events SET subject = 'user:eve' WHERE seq = 3", 3, id.as_str()),
        ("DELETE FROM audit_events WHERE seq = 4", 4, "it is missing"),
        ("DELETE FROM audit_events WHERE seq > 4", 5, "are missing"),
        ("DELETE FROM audit_events", 1, "are missing"),
    ] {
        execute(&server, sql).await;
        let output = verify(&server, &["--organization", organization]).await;
        assert!(!output.status.success(), "{sql}: {output:?}");
        let text = said(&output);
        assert!(text.contains(&format!("BROKEN at entry {at}")) && text.contains(what), "{sql}: {text}");
        execute(&server, "DELETE FROM audit_events; INSERT INTO audit_events SELECT * FROM kept").await;
        assert!(verify(&server, &[]).await.status.success(), "{sql} was taken back");
    }
}

/// The id of an entry, as the command prints it.
async fn api_id(server: &Server, organization: &str, seq: i64) -> String {
    let file = server.data().join("conductor.db");
    let hex = organization.replace('-', "");
    let sql = format!(
        "SELECT lower(hex(id)) FROM audit_events WHERE seq = {seq} AND lower(hex(organization_id)) = '{hex}'"
    );
    let output = Command::new("sqlite3").arg(file).arg(sql).output().await.unwrap();
    let hex = String::from_utf8(output.stdout).unwrap().trim().to_owned();
    let parts = [&hex[0..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..32]];
    parts.join("-")
}

#[tokio::test]
async fn a_killed_server_leaves_nothing_unsealed_after_its_next_start() {
    let mut server = Server::running().await;
    let api = server.set_up().await;
    for _ in 0..20 {
        api.post("/api/conversations", json!({})).await.created();
    }
    server.kill().await;
    server.restart().await;
    let api = server.api().sign_in(Server::EMAIL, Server::PASSWORD).await;
    let (chain, _) = sealed(&api).await;
    assert!(chain["sealed_to"].as_i64().unwrap() > 20, "{chain}");
    let verified = api
        .get(&format!("/api/v1/orgs/{}/audit/chain?verify=true", chain["organization_id"].as_str().unwrap()))
        .await
        .ok();
    assert_eq!(verified["verification"]["ok"], true, "{verified}");
    server.terminate().await;
    let output = verify(&server, &[]).await;
    assert!(output.status.success(), "{output:?}");
    assert!(
        !said(&output).contains("entries unsealed") && !said(&output).contains("entry unsealed"),
        "{output:?}"
    );
}

#[tokio::test]
async fn several_servers_on_one_postgresql_seal_one_chain() {
    let database = TestDb::postgres();
    let mut one = Server::configure().database(&database).start().await;
    let api = one.set_up().await;
    // The nodes share their keys, as they share the database.
    let two = Server::configure().database(&database);
    for key in ["master.key", "signing.key", "cursor.key", "audit.key"] {
        std::fs::copy(one.data().join(key), two.data().join(key)).unwrap();
    }
    let mut two = two.start().await;
    let other = two.api().sign_in(Server::EMAIL, Server::PASSWORD).await;
    for _ in 0..15 {
        let both = tokio::join!(
            api.post("/api/conversations", json!({})),
            other.post("/api/conversations", json!({}))
        );
        both.0.created();
        both.1.created();
    }
    let (chain, _) = sealed(&api).await;
    assert!(chain["sealed_to"].as_i64().unwrap() >= 30, "{chain}");
    one.terminate().await;
    two.terminate().await;
    for server in [&one, &two] {
        let output = verify(server, &[]).await;
        assert!(output.status.success(), "{output:?}");
    }
}
