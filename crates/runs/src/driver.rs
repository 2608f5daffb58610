//! Who calls whom when: claims runs by lease, advances them, keeps the leases, delivers signals, drains.
//!
//! The driver decides nothing about a run. A run is `pending`, `running` with a lease that ran out, or `waiting` with
//! an open signal: then it is claimed and its kind's advance function is called; what that needs to know is in the
//! run's journal.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use conductor_domain::{Run, RunId, RunKind, RunOutcome, RunStatus};
use conductor_storage::{Store, Unscoped};
use futures::future::BoxFuture;
use tokio::{
    sync::{Notify, Semaphore},
    time::Instant,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::Instrument;

use crate::{Error, Held, Result, held::Lease, invoke::problem};

/// How long a run rests under which the database failed.
const PASSING: Duration = Duration::from_secs(1);

/// After a look for what is free, this many times as long passes before the next one: with thousands of open runs a look
/// takes time, and each run that ends asks for one.
const REST: u32 = 4;
/// And no longer than this.
const LONGEST_REST: Duration = Duration::from_millis(500);

/// What an advance function says when it stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// The run has ended.
    Finished,
    /// The run waits for a signal.
    Parked,
}

/// Loads a run's journal, does what is ready, journals, and says what it waits for.
pub type Advance = Arc<dyn Fn(Held) -> BoxFuture<'static, Result<Next>> + Send + Sync>;

/// How the driver claims.
#[derive(Clone, Debug)]
pub struct DriverOptions {
    /// A name of this process that no other one has.
    pub owner: String,
    /// How long a lease lasts without being renewed.
    pub lease: Duration,
    /// How many runs may be worked on at once.
    pub concurrency: usize,
    /// Whether no other process can hold a lease, so that all are free when this one starts (SQLite).
    pub alone: bool,
}

/// What the driver keeps of a run that this process holds.
#[derive(Clone)]
struct Holding {
    lease: Arc<Lease>,
    cancel: CancellationToken,
}

/// Claims and advances runs of every tenant.
pub struct Driver {
    store: Store,
    options: DriverOptions,
    advances: HashMap<RunKind, Advance>,
    held: Mutex<HashMap<RunId, Holding>>,
    places: Semaphore,
    wake: Notify,
    tasks: TaskTracker,
    /// Stops claiming.
    draining: CancellationToken,
}

impl std::fmt::Debug for Driver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Driver").field("options", &self.options).finish_non_exhaustive()
    }
}

impl Driver {
    /// A driver that advances these kinds of runs.
    #[must_use]
    pub fn new(store: Store, options: DriverOptions, advances: HashMap<RunKind, Advance>) -> Arc<Self> {
        let places = Semaphore::new(options.concurrency);
        Arc::new(Self {
            store,
            options,
            advances,
            held: Mutex::default(),
            places,
            wake: Notify::new(),
            tasks: TaskTracker::new(),
            draining: CancellationToken::new(),
        })
    }

    /// Claims and advances until `drain` is called.
    ///
    /// # Errors
    /// When storage fails at the start.
    pub async fn run(self: Arc<Self>) -> Result<()> {
        let mut signals = self.store.signals();
        if self.options.alone {
            self.driver_write(|tx| Box::pin(async move { tx.runs().free_all().await })).await?;
        }
        let mut renewal = tokio::time::interval(self.options.lease / 3);
        renewal.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let (mut wanted, mut rested) = (true, Instant::now());
        loop {
            let due = self.next_wake().await;
            tokio::select! {
                () = self.draining.cancelled() => return Ok(()),
                () = tokio::time::sleep_until(rested), if wanted => {
                    wanted = false;
                    rested = Instant::now() + self.sweep().await;
                }
                () = self.wake.notified() => wanted = true,
                () = at(due) => wanted = true,
                signal = signals.recv() => match signal {
                    // Claims wait for the disk; side by side they share a commit.
                    Ok(signalled) => {
                        let driver = Arc::clone(&self);
                        self.tasks.spawn(async move { driver.signalled(signalled.run_id).await });
                    }
                    Err(tokio::sync::broadcast::error::RecvError::Lagged(_)) => wanted = true,
                    Err(tokio::sync::broadcast::error::RecvError::Closed) => return Ok(()),
                },
                _ = renewal.tick() => {
                    self.renew().await;
                    wanted = true;
                }
            }
        }
    }

    /// Stops claiming, gives held runs `grace` to come to a rest, then hands the others back.
    pub async fn drain(&self, grace: Duration) {
        self.draining.cancel();
        self.tasks.close();
        if tokio::time::timeout(grace, self.tasks.wait()).await.is_err() {
            let open: Vec<_> = self.held().values().cloned().collect();
            tracing::info!(runs = open.len(), "handing runs back");
            for holding in open {
                holding.cancel.cancel();
            }
            // A cancelled run writes its end; one that cannot is claimed again when its lease runs out.
            drop(tokio::time::timeout(Duration::from_secs(5), self.tasks.wait()).await);
        }
    }

    /// Whether the driver has been told to stop: advance functions end as `interrupted` rather than `cancelled`.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        self.draining.is_cancelled()
    }

    /// How many runs this process holds.
    #[must_use]
    pub fn holding(&self) -> usize {
        self.held().len()
    }

    async fn signalled(self: &Arc<Self>, id: RunId) {
        let holding = self.held().get(&id).cloned();
        match holding {
            Some(holding) => match self.store.unscoped(Unscoped::RunDriver).runs().has_cancel(id).await {
                Ok(true) => holding.cancel.cancel(),
                Ok(false) => {}
                Err(error) => tracing::error!(%error, run.id = %id, "signals cannot be read"),
            },
            None => self.claim(id).await,
        }
    }

    /// Claims what is free, as far as there are places; how long nobody should look again.
    async fn sweep(self: &Arc<Self>) -> Duration {
        let began = Instant::now();
        let limit = u64::try_from(self.places.available_permits()).unwrap_or(u64::MAX).min(1_000);
        if limit == 0 || self.is_draining() {
            return Duration::ZERO;
        }
        let now = self.store.clock().now();
        let rest = match self.store.unscoped(Unscoped::RunDriver).runs().claimable(now, limit).await {
            Ok(mut ids) => {
                let looked = began.elapsed();
                // A lease that this process was too busy to renew is not one that its holder lost.
                ids.retain(|id| !self.held().contains_key(id));
                futures::future::join_all(ids.into_iter().map(|id| self.claim(id))).await;
                looked * REST
            }
            Err(error) => {
                tracing::error!(%error, "claimable runs cannot be read");
                LONGEST_REST
            }
        };
        rest.min(LONGEST_REST)
    }

    /// How long until a waiting run is due; a look into the database that fails is repeated with the next renewal.
    async fn next_wake(&self) -> Option<Duration> {
        let now = self.store.clock().now();
        match self.store.unscoped(Unscoped::RunDriver).runs().next_wake(now).await {
            Ok(next) => next.and_then(|next| (next - now).to_std().ok()),
            Err(error) => {
                tracing::error!(%error, "when runs are due cannot be read");
                None
            }
        }
    }

    async fn claim(self: &Arc<Self>, id: RunId) {
        if self.is_draining() || self.places.available_permits() == 0 {
            return;
        }
        match self.try_claim(id).await {
            Ok(Some((run, lease))) => self.spawn(run, lease),
            Ok(None) => {}
            Err(error) => tracing::error!(%error, run.id = %id, "a run cannot be claimed"),
        }
    }

    async fn try_claim(&self, id: RunId) -> Result<Option<(Run, Arc<Lease>)>> {
        let now = self.store.clock().now();
        let until = now + self.options.lease;
        let owner = self.options.owner.clone();
        let run = self
            .driver_write(move |tx| Box::pin(async move { tx.runs().claim(id, &owner, now, until).await }))
            .await?;
        Ok(run.map(|run| (run, Lease::new(self.options.lease, until))))
    }

    fn spawn(self: &Arc<Self>, run: Run, lease: Arc<Lease>) {
        let Some(advance) = self.advances.get(&run.kind).cloned() else { return };
        let (id, cancel) = (run.id, CancellationToken::new());
        self.held().insert(id, Holding { lease: Arc::clone(&lease), cancel: cancel.clone() });
        let held = Held::new(self.store.clone(), run, lease, cancel);
        let driver = Arc::clone(self);
        self.tasks.spawn(async move {
            let place = driver.places.acquire().await;
            let run = held.run();
            // Everything below this line, in logs and traces, is found by its run.
            let span = tracing::info_span!(
                "run.advance",
                run.id = %run.id,
                run.kind = run.kind.as_str(),
                organization.id = %run.scope.organization_id,
                environment.id = %run.scope.environment_id,
            );
            driver.advance(held, advance).instrument(span).await;
            driver.held().remove(&id);
            drop(place);
            // A signal that came while the run was being parked, or a run that found no place, is due now.
            driver.wake.notify_one();
        });
    }

    async fn advance(&self, held: Held, advance: Advance) {
        use futures::FutureExt;
        let id = held.run().id;
        let work = std::panic::AssertUnwindSafe(advance(held.clone())).catch_unwind();
        let error = match work.await {
            Ok(Ok(_)) => return,
            Ok(Err(error)) if error.is_fenced() => {
                return tracing::warn!(run.id = %id, "the lease was lost; another holder goes on");
            }
            Ok(Err(error)) if error.is_passing() => {
                tracing::warn!(error = &error as &dyn std::error::Error, run.id = %id, "the database failed under a run");
                return self.give_back(&held).await;
            }
            Ok(Err(error)) => error,
            Err(_) => Error::Advance("the advance function panicked".into()),
        };
        tracing::error!(error = &error as &dyn std::error::Error, run.id = %id, "a run failed inside");
        let mut outcome = RunOutcome::of(RunStatus::Failed);
        outcome.error_code = Some("internal".to_owned());
        outcome.error_text = Some("the server failed while working on this run".to_owned());
        let told = problem(
            "internal",
            "Internal error",
            "The server failed while working on this. Try again.",
            true,
        );
        let end = held.write(move |tx| Box::pin(async move { tx.finish(outcome, Some(told)).await })).await;
        if let Err(error) = end {
            tracing::error!(error = &error as &dyn std::error::Error, run.id = %id, "a run's failure cannot be written");
        }
    }

    /// Lets go of a run under which the database failed, as soon as the database takes that: it says nothing of the run,
    /// which goes on from its journal.
    async fn give_back(&self, held: &Held) {
        loop {
            tokio::select! {
                () = tokio::time::sleep(PASSING) => {}
                () = self.draining.cancelled() => {}
            }
            let Err(error) = held.hand_back().await else { return };
            tracing::warn!(error = &error as &dyn std::error::Error, run.id = %held.run().id, "a run is not given back yet");
            if self.is_draining() {
                return;
            }
        }
    }

    /// Keeps what this process works on, and nothing else: what it has let go of may be claimed.
    async fn renew(&self) {
        let ids: Vec<_> = self.held().keys().copied().collect();
        if ids.is_empty() {
            return;
        }
        let until = self.store.clock().now() + self.options.lease;
        let owner = self.options.owner.clone();
        let renewed = self
            .driver_write(move |tx| Box::pin(async move { tx.runs().renew(&owner, &ids, until).await }))
            .await;
        match renewed {
            Ok(ids) => {
                let held = self.held();
                for holding in ids.iter().filter_map(|id| held.get(id)) {
                    holding.lease.kept(until);
                }
            }
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "leases cannot be renewed");
            }
        }
    }

    async fn driver_write<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: for<'t> FnOnce(conductor_storage::UnscopedTx<'t>) -> BoxFuture<'t, conductor_storage::Result<T>>
            + Send
            + 'static,
    {
        Ok(self.store.unscoped(Unscoped::RunDriver).write(work).await?)
    }

    fn held(&self) -> std::sync::MutexGuard<'_, HashMap<RunId, Holding>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ends after a while, or never.
async fn at(due: Option<Duration>) {
    match due {
        Some(due) => tokio::time::sleep(due).await,
        None => std::future::pending().await,
    }
}
