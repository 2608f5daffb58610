//! A draft of a policy before a million decisions that the server recorded.

use std::time::Instant;

use anyhow::{Context, Result, ensure};
use conductor_test_support::{Server, Target};
use serde_json::json;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, SqliteConnection, sqlite::SqliteConnectOptions};

use super::report::{Goal, Row, publish, resident_mib};
use crate::shell;

const DECISIONS: i64 = 1_000_000;
/// Calls that are really made, and as many requests that are really denied; the others are copies of them.
const MADE: i64 = 50;

pub(super) async fn run(rounds: usize) -> Result<()> {
    let target = Target::start().await;
    let server = Server::of(shell::target().join("release/conductor"));
    let server = server.env("CONDUCTOR_EGRESS_ALLOW", "127.0.0.1/32");
    let mut server = server.env("CONDUCTOR_LIMIT_USER_PER_MINUTE", "10000000").start().await;
    let api = server.set_up().await;
    let connector = json!({
        "name": "Orders", "transport": "http", "endpoint": target.url(), "visibility": "organization",
        "api": { "operations": [{ "name": "order", "method": "POST", "endpoint": "/orders" }] },
    });
    let connector = api.post("/api/mcp/servers", connector).await.created();
    let me = api.get("/api/auth/me").await.ok();
    let organization = me["organization"]["id"].as_str().context("no organisation")?.to_owned();
    let policies = format!("/api/v1/orgs/{organization}/policies");
    let call = |amount: i64| {
        let body = json!({ "server_id": connector["id"], "tool": "order", "arguments": { "body": { "amount": amount } } });
        api.post("/api/mcp/execute/tool", body)
    };
    for amount in 0..MADE {
        call(amount).await.created();
    }
    let never = json!({ "name": "Never", "rules": [{ "action": "tool.invoke", "target": "tool:orders/*", "effect": "deny" }] });
    let never = api.post(&policies, never).await.created();
    for amount in 0..MADE {
        call(amount).await.problem(403, "policy_denied");
    }
    api.delete(&format!("{policies}/{}", never["id"].as_str().context("no policy")?)).await.status(204).ok();
    server.terminate().await;

    let file = server.data().join("conductor.db");
    let mut database = SqliteConnectOptions::new().filename(file).connect().await?;
    let recorded = multiply(&mut database).await?;
    database.close().await?;
    println!("{recorded} decisions are on record");

    server.restart().await;
    let process = server.process().id().context("the server ended")?;
    let draft = json!({ "days": 30, "draft": { "rules": [{
        "action": "tool.invoke", "target": "tool:orders/*", "effect": "deny",
        "conditions": { "arguments": { "/body/amount": { "at_least": MADE / 2 } } },
    }] } });
    let (mut took, mut memory) = (Vec::new(), Vec::new());
    for round in 1..=rounds {
        let before = resident_mib(process)?;
        let started = Instant::now();
        let found = api.post(&format!("{policies}/backtest"), draft.clone()).await.ok();
        took.push(started.elapsed().as_secs_f64());
        memory.push(resident_mib(process)? - before);
        println!("round {round}: {:.2} s", took[round - 1]);
        ensure!(found["replayed"].as_i64() >= Some(DECISIONS), "only {} were replayed", found["replayed"]);
        ensure!(found["stricter"].as_i64() > Some(DECISIONS / 8), "no flips: {}", found["stricter"]);
    }
    publish(
        "backtest",
        &[
            Row::new("recorded decisions", "", vec![recorded as f64]),
            Row::new("a draft before all of them", "s", took).goal(Goal::AtMost(10.0)),
            Row::new("memory that stays", "MiB", memory),
        ],
    )
}

/// Copies of what was recorded, until there are enough; each with the run of its own that holds its arguments.
async fn multiply(database: &mut SqliteConnection) -> Result<i64> {
    let copies = DECISIONS / (2 * MADE);
    let copy = |column: &str| format!("unhex(substr(hex({column}), 1, 24) || printf('%08X', copies.i))");
    sqlx::query("CREATE TEMP TABLE copies AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1) SELECT i FROM n")
        .bind(copies)
        .execute(&mut *database)
        .await?;
    let runs = "SELECT run_id FROM audit_events WHERE run_id IS NOT NULL AND event_type IN ('run.denied', 'run.finished')";
    let mut filled = database.begin().await?;
    for (table, which, changed) in [
        ("runs", format!("id IN ({runs})"), vec![("id", copy("id")), ("idempotency_key", "NULL".to_owned())]),
        (
            "audit_events",
            "event_type IN ('access.denied', 'run.denied', 'run.finished') AND seq IS NOT NULL".to_owned(),
            vec![
                ("id", copy("id")),
                ("run_id", format!("CASE WHEN run_id IS NOT NULL THEN {} END", copy("run_id"))),
                ("seq", format!("seq * {copies} + copies.i + {DECISIONS}")),
            ],
        ),
    ] {
        let columns: Vec<String> =
            sqlx::query_scalar("SELECT name FROM pragma_table_xinfo($1) WHERE hidden = 0")
                .bind(table)
                .fetch_all(&mut *filled)
                .await?;
        let values: Vec<String> = columns
            .iter()
            .map(|column| {
                changed
                    .iter()
                    .find(|(name, _)| name == column)
                    .map_or_else(|| column.clone(), |(_, value)| value.clone())
            })
            .collect();
        let insert = format!(
            "INSERT INTO {table} ({}) SELECT {} FROM {table}, copies WHERE {which}",
            columns.join(", "),
            values.join(", ")
        );
        sqlx::query(AssertSqlSafe(insert)).execute(&mut *filled).await?;
    }
    filled.commit().await?;
    let count = "SELECT count(*) FROM audit_events WHERE event_type IN ('access.denied', 'run.denied', 'run.finished')";
    Ok(sqlx::query_scalar(count).fetch_one(database).await?)
}
