//! A thousand people reading answers at once: every stream whole, and what the open streams hold in memory.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use conductor_test_support::{Api, Server};
use serde_json::{Value, json};
use tokio::{sync::Barrier, task::JoinSet};

use super::report::{Goal, Row, percentile, publish, resident_mib};
use crate::shell;

const STREAMS: usize = 1_000;
const TOKENS: u32 = 64;
const AT_ONCE: usize = 16;
const SAMPLE: Duration = Duration::from_millis(50);
const SETTLED: Duration = Duration::from_secs(5);

/// What one reader saw.
struct Read {
    first_delta_ms: f64,
    whole_ms: f64,
    frames: usize,
}

pub(super) async fn run() -> Result<()> {
    // One person asks for a thousand people: the limit of one is not what is measured.
    let server = Server::of(shell::target().join("release/conductor"));
    let mut server = server.env("CONDUCTOR_LIMIT_USER_PER_MINUTE", "1000000").start().await;
    let api = server.set_up().await;
    let conversations = conversations(&api).await?;
    tokio::time::sleep(SETTLED).await;
    let process = server.process().id().context("the server ended")?;
    let idle = resident_mib(process)?;

    println!("{STREAMS} streams of {TOKENS} tokens, all at once");
    let started = Instant::now();
    let together = Arc::new(Barrier::new(STREAMS));
    let mut readers = JoinSet::new();
    for conversation in conversations {
        let (api, together) = (api.clone(), Arc::clone(&together));
        readers.spawn(async move {
            together.wait().await;
            read(&api, &conversation).await
        });
    }
    let (mut reads, mut peak) = (Vec::new(), idle);
    let mut sample = tokio::time::interval(SAMPLE);
    loop {
        tokio::select! {
            _ = sample.tick() => peak = f64::max(peak, resident_mib(process)?),
            ended = readers.join_next() => match ended {
                Some(ended) => reads.push(ended??),
                None => break,
            },
        }
    }
    let seconds = started.elapsed().as_secs_f64();

    let first: Vec<_> = reads.iter().map(|read| read.first_delta_ms).collect();
    let whole: Vec<_> = reads.iter().map(|read| read.whole_ms).collect();
    let frames = reads.iter().map(|read| read.frames).sum::<usize>() as f64;
    publish(
        "streams",
        &[
            Row::new("whole streams", "", vec![reads.len() as f64]).goal(Goal::AtLeast(STREAMS as f64)),
            Row::new("memory over idle, at the peak", "MiB", vec![peak - idle]).goal(Goal::AtMost(100.0)),
            Row::new("memory when idle", "MiB", vec![idle]),
            Row::new("all streams", "s", vec![seconds]),
            Row::new("event frames", "/s", vec![frames / seconds]),
            Row::new("first text, p50", "ms", vec![percentile(&first, 50.0)]),
            Row::new("first text, p99", "ms", vec![percentile(&first, 99.0)]),
            Row::new("whole answer, p99", "ms", vec![percentile(&whole, 99.0)]),
        ],
    )
}

async fn conversations(api: &Api) -> Result<Vec<String>> {
    let mut making = JoinSet::new();
    for task in 0..AT_ONCE {
        let api = api.clone();
        making.spawn(async move {
            let mut ids = Vec::new();
            for _ in (task..STREAMS).step_by(AT_ONCE) {
                let made = api.post("/api/conversations", json!({ "model": "demo" })).await.created();
                ids.push(made["id"].as_str().context("no id")?.to_owned());
            }
            anyhow::Ok(ids)
        });
    }
    let mut ids = Vec::new();
    while let Some(made) = making.join_next().await {
        ids.extend(made??);
    }
    Ok(ids)
}

/// Asks, reads the whole stream and checks it: no gap in the numbers, no token missing.
async fn read(api: &Api, conversation: &str) -> Result<Read> {
    let asked = Instant::now();
    let path = format!("/api/conversations/{conversation}/messages");
    let turn = api.post(&path, json!({ "content": format!("Count to {TOKENS}.") })).await.created();
    let run = turn["run"]["id"].as_str().context("no run")?;
    let mut events = api.events(run, 0).await;
    let (mut first_delta_ms, mut last) = (None, Value::Null);
    while let Some(event) = events.next().await {
        if event.name == "message.delta" && first_delta_ms.is_none() {
            first_delta_ms = Some(milliseconds(asked));
        }
        last = event.data;
    }
    let gapless = events.seen().iter().zip(1..).all(|(event, seq)| event.seq() == seq);
    ensure!(gapless, "run {run}: a gap in the event numbers");
    ensure!(last["type"] == "run.finished" && last["status"] == "succeeded", "run {run} ended with {last}");
    let text = events.text();
    ensure!(text == counted(), "run {run} is short or wrong: {text}");
    let first_delta_ms = first_delta_ms.context("no text came")?;
    Ok(Read { first_delta_ms, whole_ms: milliseconds(asked), frames: events.seen().len() })
}

/// What the demo model answers: one token per number.
fn counted() -> String {
    let numbers: Vec<_> = (1..=TOKENS).map(|number| number.to_string()).collect();
    format!("{}.", numbers.join(", "))
}

fn milliseconds(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1000.0
}
