//! The journal's rate: steps that are on disk before the next one begins, one run alone and 32 side by side, against
//! the same SQLite with the same durability and a commit for each step.

use std::{
    path::Path,
    str::FromStr,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use chrono::TimeDelta;
use conductor_domain::{
    Clock, EnvironmentId, EventBody, NewRun, OrganizationId, Run, RunId, RunKind, RunTrigger, Scope, StepId,
    StepKind, SystemClock,
};
use conductor_storage::{Error, OpenOptions, Store, Unscoped};
use sqlx::{
    Connection, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};
use tokio::{sync::Mutex, task::JoinSet};

use super::{
    report::{Goal, Row, publish},
    tenant,
};

const RUNS: usize = 32;

pub(super) async fn run(rounds: usize, seconds: u64) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let ours = Ours::open(&folder.path().join("ours.db")).await?;
    let peer = Peer::open(&folder.path().join("peer.db")).await?;
    let length = Duration::from_secs(seconds);
    println!("steps of two events, durable before the next, {rounds} rounds of {seconds} s in turns");
    let (mut one, mut many, mut peer_one, mut peer_many) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for round in 1..=rounds {
        one.push(ours.rate(1, length).await?);
        peer_one.push(peer.rate(1, length).await?);
        many.push(ours.rate(RUNS, length).await?);
        peer_many.push(peer.rate(RUNS, length).await?);
        println!("round {round}: {:.0} of {:.0} steps/s", many[round - 1], peer_many[round - 1]);
    }
    let share = many.iter().zip(&peer_many).map(|(ours, peer)| ours / peer).collect();
    publish(
        "journal",
        &[
            Row::new("one run", "steps/s", one),
            Row::new("32 runs at once", "steps/s", many),
            Row::new("a commit each, one run", "steps/s", peer_one),
            Row::new("a commit each, 32 runs", "steps/s", peer_many),
            Row::new("32 runs, times a commit each", "", share).goal(Goal::AtLeast(1.0)),
        ],
    )
}

/// What a step writes: its own end and the next one's beginning.
fn step(clock: &dyn Clock) -> [EventBody; 2] {
    let (step_id, kind, name) = (StepId::generate(clock), StepKind::Model, "demo".to_owned());
    [
        EventBody::StepFinished {
            step_id,
            kind,
            name: name.clone(),
            duration_ms: Some(1),
            error: None,
            continuation: None,
        },
        EventBody::StepStarted { step_id, kind, name },
    ]
}

struct Ours {
    store: Store,
    scope: Scope,
}

impl Ours {
    async fn open(file: &Path) -> Result<Self> {
        let clock = SystemClock;
        let store = OpenOptions::sqlite(file).open(Arc::new(clock)).await?;
        let scope = Scope {
            organization_id: OrganizationId::generate(&clock),
            environment_id: EnvironmentId::generate(&clock),
        };
        tenant::found(&store, scope).await?;
        Ok(Self { store, scope })
    }

    /// A run whose lease we hold.
    async fn claimed(&self) -> Result<Run> {
        let new = NewRun::new(RunId::generate(&SystemClock), RunKind::Chat, RunTrigger::Chat);
        let scoped = self.store.scoped(self.scope);
        let run: Result<Run, Error> =
            scoped.write(move |tx| Box::pin(async move { tx.runs().create(new).await })).await;
        let (id, now) = (run?.id, SystemClock.now());
        let claim = self.store.unscoped(Unscoped::RunDriver).write(move |tx| {
            Box::pin(async move { tx.runs().claim(id, "bench", now, now + TimeDelta::hours(1)).await })
        });
        let run: Result<Option<Run>, Error> = claim.await;
        run?.ok_or_else(|| anyhow::anyhow!("a new run could not be claimed"))
    }

    async fn rate(&self, runs: usize, length: Duration) -> Result<f64> {
        let mut tasks = JoinSet::new();
        let mut held = Vec::new();
        for _ in 0..runs {
            held.push(self.claimed().await?);
        }
        let started = Instant::now();
        for run in held {
            let store = self.store.clone();
            tasks.spawn(async move {
                let mut steps = 0_u64;
                while started.elapsed() < length {
                    store.append(run.id, run.fencing_token, &step(&SystemClock)).await?;
                    steps += 1;
                }
                anyhow::Ok((run.id, steps))
            });
        }
        let mut ended = Vec::new();
        while let Some(task) = tasks.join_next().await {
            ended.push(task??);
        }
        let elapsed = started.elapsed().as_secs_f64();
        for (id, steps) in &ended {
            let after = i64::try_from(2 * steps)? - 1;
            let last = self.store.events_after(*id, after, 2).await?;
            ensure!(last.len() == 1 && last[0].seq == after + 1, "run {id} has lost a step");
        }
        Ok(ended.iter().map(|(_, steps)| steps).sum::<u64>() as f64 / elapsed)
    }
}

struct Peer(Arc<Mutex<SqliteConnection>>);

impl Peer {
    async fn open(file: &Path) -> Result<Self> {
        let options = SqliteConnectOptions::from_str(&format!("sqlite://{}", file.display()))?
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full);
        let mut connection = SqliteConnection::connect_with(&options).await?;
        sqlx::raw_sql(
            "CREATE TABLE runs (id BLOB PRIMARY KEY, last_seq INTEGER NOT NULL) STRICT;
             CREATE TABLE run_events (run_id BLOB, seq INTEGER, at TEXT, type TEXT, data TEXT,
                 PRIMARY KEY (run_id, seq)) STRICT, WITHOUT ROWID;",
        )
        .execute(&mut connection)
        .await?;
        Ok(Self(Arc::new(Mutex::new(connection))))
    }

    async fn rate(&self, runs: usize, length: Duration) -> Result<f64> {
        let mut tasks = JoinSet::new();
        let started = Instant::now();
        for _ in 0..runs {
            let connection = Arc::clone(&self.0);
            let id = RunId::generate(&SystemClock).as_uuid();
            tasks.spawn(async move {
                let new = sqlx::query("INSERT INTO runs (id, last_seq) VALUES (?, 0)");
                new.bind(id).execute(&mut *connection.lock().await).await?;
                let mut steps = 0_u64;
                while started.elapsed() < length {
                    append(&mut *connection.lock().await, id, &step(&SystemClock)).await?;
                    steps += 1;
                }
                anyhow::Ok(steps)
            });
        }
        let mut steps = 0;
        while let Some(task) = tasks.join_next().await {
            steps += task??;
        }
        Ok(steps as f64 / started.elapsed().as_secs_f64())
    }
}

async fn append(connection: &mut SqliteConnection, id: uuid::Uuid, events: &[EventBody]) -> Result<()> {
    let mut tx = connection.begin_with("BEGIN IMMEDIATE").await?;
    let advance = "UPDATE runs SET last_seq = last_seq + 2 WHERE id = ? RETURNING last_seq";
    let last: i64 = sqlx::query_scalar(advance).bind(id).fetch_one(&mut *tx).await?;
    for (event, seq) in events.iter().zip(last - 1..) {
        sqlx::query("INSERT INTO run_events (run_id, seq, at, type, data) VALUES (?, ?, ?, ?, ?)")
            .bind(id)
            .bind(seq)
            .bind(SystemClock.now().to_rfc3339())
            .bind(event.name())
            .bind(serde_json::to_string(event)?)
            .execute(&mut *tx)
            .await?;
    }
    Ok(tx.commit().await?)
}
