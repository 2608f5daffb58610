//! Leases: what a process holds it keeps, what it has let go of is anybody's, and one that stood still finds out.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use chrono::TimeDelta;
use conductor_domain::{
    Agent, Caller, Clock, FixedClock, NewRun, Run, RunId, RunKind, RunOutcome, RunStatus, RunTrigger,
    SystemClock,
};
use conductor_runs::{Advance, Answer, CallError, Dispatch, Error, Held, Next, Tool, ToolSource};
use conductor_storage::Unscoped;
use conductor_test_support::TestDb;
use futures::future;
use tokio::sync::{Semaphore, mpsc};

use crate::world::{self, PATIENCE};

/// No tools: these runs call nothing.
struct Nothing;

#[async_trait]
impl ToolSource for Nothing {
    fn name(&self) -> &'static str {
        "nothing"
    }

    async fn tools(&self, _: &Caller, _: Option<&Agent>) -> conductor_runs::Result<Vec<Tool>> {
        Ok(Vec::new())
    }

    async fn call(&self, tool: &Tool, _: Dispatch) -> Result<Answer, CallError> {
        panic!("{} was called", tool.path)
    }
}

type World = world::World<Nothing>;

async fn begin(world: &World) -> Run {
    let run = NewRun {
        user_id: world.caller.user_id(),
        ..NewRun::new(RunId::generate(&SystemClock), RunKind::Workflow, RunTrigger::Api)
    };
    let create = world
        .store
        .scoped(world.caller.scope)
        .write(move |tx| Box::pin(async move { tx.runs().create(run).await }));
    create.await.map_err(|error: conductor_storage::Error| error).unwrap()
}

/// Runs that ask whether they are still held each time they are let, and tell; the first time that they are not, they end.
struct Asking {
    let_go: Arc<Semaphore>,
    told: mpsc::Receiver<bool>,
    advance: Advance,
}

impl Asking {
    fn new() -> Self {
        let let_go = Arc::new(Semaphore::new(0));
        let (tell, told) = mpsc::channel(8);
        let asked = Arc::clone(&let_go);
        let advance: Advance = Arc::new(move |held: Held| {
            let (asked, tell) = (Arc::clone(&asked), tell.clone());
            Box::pin(async move {
                loop {
                    tell.send(true).await.unwrap();
                    asked.acquire().await.unwrap().forget();
                    if let Err(error) = held.ensure_held().await {
                        tell.send(false).await.unwrap();
                        return Err(error);
                    }
                }
            })
        });
        Self { let_go, told, advance }
    }

    async fn next(&mut self) -> bool {
        tokio::time::timeout(PATIENCE, self.told.recv()).await.expect("it is told").unwrap()
    }
}

#[tokio::test]
async fn whoever_stood_still_for_longer_than_its_lease_finds_out_before_it_acts() {
    for database in TestDb::each() {
        let clock = FixedClock::at(SystemClock.now());
        let world = World::at(clock.clone(), database, |_| Nothing).await;
        let mut asking = Asking::new();
        let advance = Arc::clone(&asking.advance);
        let node = world.node_of(move |_| vec![(RunKind::Workflow, advance)]);
        let run = begin(&world).await;
        assert!(asking.next().await, "it was not begun");

        // Within its lease it is its own, and late it is when nobody else has come.
        asking.let_go.add_permits(1);
        assert!(asking.next().await, "its own lease was not seen");
        clock.advance(TimeDelta::hours(1));
        asking.let_go.add_permits(1);
        assert!(asking.next().await, "a lease that is only late is renewed");
        assert!(!world.is_taken_by("another", run.id).await, "it was not renewed");

        clock.advance(TimeDelta::hours(1));
        assert!(world.is_taken_by("another", run.id).await);
        asking.let_go.add_permits(1);
        assert!(!asking.next().await, "another has it");
        node.crash();
    }
}

#[tokio::test]
async fn what_was_given_back_is_not_kept_by_whoever_had_it() {
    for database in TestDb::each() {
        let world = World::new(database, |_| Nothing).await;
        let (kept, given) = (begin(&world).await.id, begin(&world).await.id);
        assert!(world.is_taken_by("one", kept).await && world.is_taken_by("one", given).await);
        let until = world.store.clock().now() + TimeDelta::minutes(10);
        let renewed = world.store.unscoped(Unscoped::RunDriver).write(move |tx| {
            Box::pin(async move {
                tx.runs().hand_back(given, 1).await?;
                // It may not know yet that it let go.
                tx.runs().renew("one", &[kept, given], until).await
            })
        });
        let renewed = renewed.await.map_err(|error: conductor_storage::Error| error).unwrap();
        assert_eq!(renewed, [kept]);
        assert!(!world.is_taken_by("another", kept).await, "it is still held");
        assert!(world.is_taken_by("another", given).await, "nobody works on it, and nobody may");
    }
}

/// How the database's failure reaches the engine, by what it was asked through.
fn guises() -> Vec<Error> {
    use conductor_storage::Error as Storage;
    vec![
        Error::Storage(Storage::Overloaded),
        Error::Access(conductor_access::Error::Storage(Storage::Closed)),
        Error::Access(conductor_access::Error::Unreadable(Storage::Overloaded)),
        Error::Source { source_name: "agents", source: Box::new(Error::Storage(Storage::Overloaded)) },
        Error::Advance(Box::new(conductor_access::Error::Storage(Storage::Overloaded))),
    ]
}

#[tokio::test]
async fn a_database_that_fails_under_a_run_ends_it_in_no_guise() {
    let world = World::new(TestDb::sqlite(), |_| Nothing).await;
    let failures = guises();
    let count = failures.len();
    let failures = Arc::new(Mutex::new(failures));
    let advance: Advance = {
        let failures = Arc::clone(&failures);
        Arc::new(move |held: Held| {
            let failures = Arc::clone(&failures);
            Box::pin(async move {
                let failure = failures.lock().unwrap().pop();
                if let Some(failure) = failure {
                    return Err(failure);
                }
                let done = RunOutcome::of(RunStatus::Succeeded);
                held.write(move |tx| Box::pin(async move { tx.finish(done, None).await })).await?;
                Ok(Next::Finished)
            })
        })
    };
    let _node = world.node_of(move |_| vec![(RunKind::Workflow, advance)]);
    let runs = future::join_all((0..count).map(|_| begin(&world))).await;
    for run in runs {
        world.until(run.id, "run.finished", "succeeded").await;
    }
    assert!(failures.lock().unwrap().is_empty(), "not every failure was met");
}
