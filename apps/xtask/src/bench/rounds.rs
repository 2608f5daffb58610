//! A run that a person sends back a thousand times, a megabyte of data each time: what the server's memory grows by.

use std::time::Instant;

use anyhow::{Context, Result, ensure};
use conductor_test_support::{Api, Server, Target};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, sqlite::SqliteConnectOptions};

use super::report::{Goal, Row, publish, resident_mib};
use crate::shell;

const ROUNDS: usize = 1_000;
/// Bytes of each round's answer.
const BYTES: usize = 1_000_000;
/// The memory is looked at from here on, when every path has been gone once, and again so often.
const WARM: usize = 20;
const SAMPLED: usize = 50;

pub(super) async fn run() -> Result<()> {
    let target = Target::start().await;
    let server = Server::of(shell::target().join("release/conductor"))
        .env("CONDUCTOR_LIMIT_USER_PER_MINUTE", "10000000")
        .env("CONDUCTOR_EGRESS_ALLOW", "127.0.0.1/32");
    let mut server = server.start().await;
    let api = server.set_up().await;
    api.post("/api/workflows/import", reviewed(target.url())).await.created();
    let (began, mut memory) = (Instant::now(), Vec::new());
    target.push(200, answer(0));
    let run =
        api.post("/api/execute/workflow", json!({ "workflow": "reviewed", "inputs": {} })).await.created();
    let run = run["run"]["id"].as_str().context("a run")?.to_owned();
    for round in 1..=ROUNDS {
        target.request(round).await;
        target.push(200, answer(round));
        let decision = if round == ROUNDS { "approve" } else { "again" };
        decide(&api, decision).await?;
        if round == WARM || round > WARM && round % SAMPLED == 0 {
            memory.push(resident_mib(server.process().id().context("the server ended")?)?);
        }
        if round == ROUNDS / 2 {
            server.kill().await;
            server.restart().await;
        }
    }
    let status = ended(&api, &run).await?;
    ensure!(status == "succeeded" || status == "completed", "the run ended {status}");
    let took = began.elapsed().as_secs_f64();
    let kept = kept(&server, &run).await?;
    ensure!(kept >= (ROUNDS * BYTES) as f64, "only {kept} bytes of the rounds were kept");
    let least = memory.iter().copied().fold(f64::INFINITY, f64::min);
    let most = memory.iter().copied().fold(0.0, f64::max);
    publish(
        "rounds",
        &[
            Row::new("rounds", "", vec![ROUNDS as f64]),
            Row::new("data of the steps", "MiB", vec![kept / 1_048_576.0]),
            Row::new("memory, least", "MiB", vec![least]),
            Row::new("growth of memory", "MiB", vec![most - least]).goal(Goal::AtMost(50.0)),
            Row::new("rounds a second", "/s", vec![ROUNDS as f64 / took]),
        ],
    )
}

fn answer(round: usize) -> Value {
    json!({ "round": round, "text": "x".repeat(BYTES) })
}

/// A loop that fetches, and asks a person whether that will do.
fn reviewed(url: &str) -> Value {
    json!({
        "schema": "conductor.workflow/1", "name": "reviewed", "source_format": "native",
        "nodes": [
            { "id": "rounds", "kind": "loop", "config": { "until": "{{steps.ask.output.decision == \"approve\"}}", "max_iterations": ROUNDS } },
            { "id": "fetch", "kind": "http", "config": { "method": "GET", "url": format!("{url}/draft") } },
            { "id": "ask", "kind": "human", "config": { "title": "Will it do?", "decisions": ["approve", "again"] } },
            { "id": "end", "kind": "end" },
        ],
        "edges": [
            { "id": "in", "from": "rounds", "port": "loop", "to": "fetch" },
            { "id": "on", "from": "fetch", "port": "out", "to": "ask" },
            { "id": "yes", "from": "ask", "port": "decision:approve", "to": "rounds" },
            { "id": "no", "from": "ask", "port": "decision:again", "to": "rounds" },
            { "id": "out", "from": "rounds", "port": "out", "to": "end" },
        ],
        "entry": ["rounds"], "exit": ["end"],
    })
}

/// Answers the open question, once it is asked.
async fn decide(api: &Api, decision: &str) -> Result<()> {
    let began = Instant::now();
    loop {
        let tasks = api.get("/api/tasks?status=pending").await.ok();
        if let Some(task) = tasks["items"].as_array().and_then(|tasks| tasks.first()) {
            let path = format!("/api/tasks/{}/decide", task["id"].as_str().context("a task's id")?);
            api.post(&path, json!({ "decision": decision })).await.ok();
            return Ok(());
        }
        ensure!(began.elapsed().as_secs() < 60, "nobody is asked");
        tokio::task::yield_now().await;
    }
}

async fn ended(api: &Api, run: &str) -> Result<String> {
    let began = Instant::now();
    loop {
        let row = api.get(&format!("/api/runs/{run}")).await.ok();
        let status = row["status"].as_str().context("a status")?.to_owned();
        if !matches!(status.as_str(), "pending" | "running" | "waiting") {
            return Ok(status);
        }
        ensure!(began.elapsed().as_secs() < 60, "the run is still {status}");
        tokio::task::yield_now().await;
    }
}

/// How many bytes the journal holds of what the nodes gave.
async fn kept(server: &Server, run: &str) -> Result<f64> {
    let file = server.data().join("conductor.db");
    let mut database = SqliteConnectOptions::new().filename(file).read_only(true).connect().await?;
    let sql = format!(
        "SELECT COALESCE(SUM(octet_length(payload)), 0) FROM run_events \
         WHERE type = 'node.finished' AND lower(hex(run_id)) = '{}'",
        run.replace('-', "")
    );
    let bytes: i64 = sqlx::query_scalar(AssertSqlSafe(sql.as_str())).fetch_one(&mut database).await?;
    database.close().await?;
    Ok(bytes as f64)
}
