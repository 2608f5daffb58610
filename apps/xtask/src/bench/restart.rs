//! A server that died with ten thousand open runs: how long until it answers, and until all that is due moves.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use chrono::{DateTime, TimeDelta, Utc};
use conductor_domain::{Clock, SystemClock};
use conductor_test_support::{Api, Server};
use serde_json::json;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, sqlite::SqliteConnectOptions};
use tokio::task::JoinSet;

use super::report::{Goal, Row, publish, resident_mib};
use crate::shell;

const RUNS: usize = 10_000;
const AT_ONCE: usize = 32;
/// All runs are open by then, and due from then on.
const DUE: TimeDelta = TimeDelta::seconds(180);
const SAMPLE: Duration = Duration::from_millis(50);
/// How long the runs may take before this gives up.
const PATIENCE: Duration = Duration::from_secs(300);

pub(super) async fn run() -> Result<()> {
    // One person starts what a thousand people would: the limit of one is not what is measured.
    let server = Server::of(shell::target().join("release/conductor"));
    let mut server = server.env("CONDUCTOR_LIMIT_USER_PER_MINUTE", "10000000").start().await;
    let api = server.set_up().await;
    api.post("/api/workflows/import", waiting()).await.created();
    let due = SystemClock.now() + DUE;
    let began = Instant::now();
    open(&api, due).await?;
    // Accepted is not parked yet.
    none_left(&server, "'pending', 'running'", began).await?;
    let opened = began.elapsed().as_secs_f64();
    ensure!(SystemClock.now() < due, "opening {RUNS} runs took longer than {DUE}");
    let process = server.process().id().context("the server ended")?;
    let memory = resident_mib(process)?;
    println!("{RUNS} runs wait; the server dies, and comes back once all are due");
    server.kill().await;
    let left = (due - SystemClock.now()).to_std().unwrap_or_default();
    tokio::time::sleep(left + Duration::from_secs(1)).await;

    let started = Instant::now();
    server.restart().await;
    api.get("/health").await.ok();
    let ready = started.elapsed().as_secs_f64();
    let moving = none_left(&server, "'waiting'", started).await?;
    let ended = none_left(&server, "'waiting', 'pending', 'running'", started).await?;
    none_left(&server, "'failed', 'cancelled', 'interrupted'", started)
        .await
        .context("runs did not end well")?;
    publish(
        "restart",
        &[
            Row::new("open runs", "", vec![RUNS as f64]),
            Row::new("restart to /health", "s", vec![ready]).goal(Goal::AtMost(5.0)),
            Row::new("restart to all due runs moving", "s", vec![moving]).goal(Goal::AtMost(15.0)),
            Row::new("restart to all ended", "s", vec![ended]),
            Row::new("runs opened", "/s", vec![RUNS as f64 / opened]),
            Row::new("memory with all open", "MiB", vec![memory]),
        ],
    )
}

/// A workflow that waits until a moment that it is given.
fn waiting() -> serde_json::Value {
    json!({
        "schema": "conductor.workflow/1", "name": "waiting", "source_format": "native",
        "nodes": [
            { "id": "wait", "kind": "wait", "config": { "until": "${input.until}" } },
            { "id": "end", "kind": "end" },
        ],
        "edges": [{ "id": "e", "from": "wait", "port": "out", "to": "end" }],
        "entry": ["wait"], "exit": ["end"],
    })
}

async fn open(api: &Api, due: DateTime<Utc>) -> Result<()> {
    let mut opening = JoinSet::new();
    for task in 0..AT_ONCE {
        let api = api.clone();
        opening.spawn(async move {
            let body = json!({ "workflow": "waiting", "inputs": { "until": due.to_rfc3339() } });
            for _ in (task..RUNS).step_by(AT_ONCE) {
                api.post("/api/execute/workflow", body.clone()).await.created();
            }
        });
    }
    while let Some(opened) = opening.join_next().await {
        opened?;
    }
    Ok(())
}

/// Seconds until no run has one of these statuses, as the database says: no route counts them.
async fn none_left(server: &Server, statuses: &str, since: Instant) -> Result<f64> {
    let file = server.data().join("conductor.db");
    let mut database = SqliteConnectOptions::new().filename(file).read_only(true).connect().await?;
    let count = format!("SELECT count(*) FROM runs WHERE kind = 'workflow' AND status IN ({statuses})");
    let mut sample = tokio::time::interval(SAMPLE);
    loop {
        sample.tick().await;
        let left: i64 = sqlx::query_scalar(AssertSqlSafe(count.as_str())).fetch_one(&mut database).await?;
        if left == 0 {
            database.close().await?;
            return Ok(since.elapsed().as_secs_f64());
        }
        ensure!(since.elapsed() < PATIENCE, "{left} runs are still {statuses} after {PATIENCE:?}");
    }
}
