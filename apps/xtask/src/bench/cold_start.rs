//! P-F1: how long a fresh installation takes to its first answer, and what it holds in memory while nobody asks.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use conductor_test_support::Server;

use super::report::{Goal, Row, publish, resident_mib};
use crate::shell;

/// What starts lazily has started by then.
const SETTLED: Duration = Duration::from_secs(5);

pub(super) async fn run(rounds: usize) -> Result<()> {
    let (mut fresh, mut again, mut idle) = (Vec::new(), Vec::new(), Vec::new());
    for round in 1..=rounds {
        let started = Instant::now();
        let mut server = Server::of(shell::target().join("release/conductor")).start().await;
        server.api().get("/health").await.ok();
        fresh.push(started.elapsed().as_secs_f64());

        tokio::time::sleep(SETTLED).await;
        idle.push(resident_mib(server.process().id().context("the server ended")?)?);

        server.terminate().await;
        let started = Instant::now();
        server.restart().await;
        server.api().get("/health").await.ok();
        again.push(started.elapsed().as_secs_f64());
        println!("round {round} of {rounds}");
    }
    publish(
        "cold-start",
        &[
            Row::new("start to /health, fresh data", "s", fresh).goal(Goal::AtMost(0.58)),
            Row::new("start to /health, existing data", "s", again),
            Row::new("resident memory, idle", "MiB", idle).goal(Goal::AtMost(97.0)),
        ],
    )
}
