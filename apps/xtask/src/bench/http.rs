//! P-H1: an authenticated read of one row, as a share of what axum does with nothing around it.

use std::{fs, time::Duration};

use anyhow::{Context, Result};
use conductor_test_support::{Process, Server};
use serde_json::json;
use tokio::process::Command;

use super::{
    load::Load,
    report::{Goal, Row, percentile, publish},
};
use crate::shell;

const CONNECTIONS: usize = 64;
const WARM_UP: Duration = Duration::from_secs(2);

pub(super) async fn run(rounds: usize, seconds: u64) -> Result<()> {
    let mut server = Server::of(shell::target().join("release/conductor")).start().await;
    let api = server.set_up().await;
    let conversation = api.post("/api/conversations", json!({ "title": "A row to read" })).await.created();
    let path = format!("/api/conversations/{}", conversation["id"].as_str().context("no id")?);
    let body = api.get(&path).await.status(200).text;
    let session = json!({ "email": Server::EMAIL, "password": Server::PASSWORD });
    let session = server.api().post("/api/auth/login", session).await.ok();
    let token = session["access_token"].as_str().context("no access token")?;
    let ours = Load::get(server.url(), &path, &format!("authorization: Bearer {token}\r\n"), &body)?;

    let file = server.data().join("row.json");
    fs::write(&file, &body)?;
    let mut bare = Command::new(std::env::current_exe()?);
    let mut bare = Process::start(bare.args(["bench", "bare", "--body"]).arg(&file));
    let bare = Load::get(&bare.line("listening on ").await, "/row", "", &body).map(|load| (load, bare))?;
    let (bare, _running) = bare;

    println!("{} bytes, {CONNECTIONS} connections, {rounds} rounds of {seconds} s in turns", body.len());
    ours.run(CONNECTIONS, WARM_UP).await?;
    bare.run(CONNECTIONS, WARM_UP).await?;
    let (mut ours_rate, mut bare_rate, mut ratio) = (Vec::new(), Vec::new(), Vec::new());
    let (mut ours_p50, mut ours_p99) = (Vec::new(), Vec::new());
    for round in 1..=rounds {
        let (ours_now, times) = ours.run(CONNECTIONS, Duration::from_secs(seconds)).await?;
        let (bare_now, _) = bare.run(CONNECTIONS, Duration::from_secs(seconds)).await?;
        println!("round {round}: {ours_now:.0} of {bare_now:.0} requests/s");
        ours_rate.push(ours_now);
        bare_rate.push(bare_now);
        ratio.push(ours_now / bare_now);
        ours_p50.push(percentile(&times, 50.0));
        ours_p99.push(percentile(&times, 99.0));
    }
    publish(
        "http",
        &[
            Row::new("conductor, one row, signed in", "req/s", ours_rate),
            Row::new("bare axum, the same JSON", "req/s", bare_rate),
            Row::new("share of bare axum", "", ratio).goal(Goal::AtLeast(0.25)),
            Row::new("conductor, p50", "ms", ours_p50),
            Row::new("conductor, p99", "ms", ours_p99),
        ],
    )
}
