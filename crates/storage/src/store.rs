//! The one door to the database.

use std::sync::{Arc, Mutex, PoisonError};

use conductor_domain::{Caller, Clock, EventBody, RunId, Scope};
use futures::future::BoxFuture;
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement, TransactionTrait};
use tokio::sync::{broadcast, mpsc, oneshot, watch};
use tracing::Instrument;

use crate::{
    Error, Notified, Result, Scoped, Signalled, StoredEvent, Tx, Unscoped, UnscopedView, View,
    conn::{Conn, Readers},
    hub::Hub,
    journal::{self, Append},
    writer::Command,
};

/// How a write reaches the disk.
pub(crate) enum Path {
    /// SQLite: through the one writer, and when it has ended.
    Writer { commands: mpsc::Sender<Command>, ended: oneshot::Receiver<()> },
    /// PostgreSQL: a transaction each, from the pool that reads too.
    Transactions(DatabaseConnection),
}

pub(crate) struct Inner {
    pub(crate) read: Readers,
    pub(crate) path: Path,
    pub(crate) hub: Arc<Hub>,
    pub(crate) clock: Arc<dyn Clock>,
}

/// A handle to the database; cheap to clone.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").field("database", &self.kind()).finish()
    }
}

impl Store {
    pub(crate) fn new(inner: Inner) -> Self {
        Self { inner: Arc::new(inner) }
    }

    /// What the caller may see: its scope, official rows, public rows, live grants.
    #[must_use]
    pub fn visible_to<'a>(&'a self, caller: &'a Caller) -> View<'a> {
        View::new(Conn::Readers(&self.inner.read), caller, self.inner.clock.now())
    }

    /// One tenant's rows.
    #[must_use]
    pub fn scoped(&self, scope: Scope) -> Scoped<'_> {
        Scoped::new(self, scope)
    }

    /// Rows beyond one tenant, for a named reason.
    #[must_use]
    pub fn unscoped(&self, reason: Unscoped) -> UnscopedView<'_> {
        UnscopedView::new(self, reason)
    }

    /// Appends events to a run whose lease the caller holds, without other writes.
    ///
    /// # Errors
    /// `Fenced` when the lease went to another holder; `Overloaded` when the queue is full.
    pub async fn append(&self, run_id: RunId, fence: i64, bodies: &[EventBody]) -> Result<Vec<StoredEvent>> {
        match &self.inner.path {
            Path::Writer { commands, .. } => {
                let (answer, done) = oneshot::channel();
                let rows = journal::encode(bodies)?;
                submit(commands, Command::Append(Append { run_id, fence, rows, answer })).await?;
                done.await.map_err(|_| Error::Closed)?
            }
            Path::Transactions(_) => {
                let bodies = bodies.to_vec();
                self.write(move |tx| {
                    Box::pin(async move { journal::Journal::new(tx, run_id, fence).append(&bodies).await })
                })
                .await
            }
        }
    }

    /// Events of a run after `after`, at most `limit` and a few MiB, oldest first. The caller's right to the run is checked
    /// before.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn events_after(&self, run_id: RunId, after: i64, limit: u64) -> Result<Vec<StoredEvent>> {
        journal::events_after(self.reader(), run_id, after, limit).await
    }

    /// The same with something that stands for each large value, which `fetch` gets. For whoever folds a journal and needs
    /// few of them.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn outlines_after(&self, run_id: RunId, after: i64, limit: u64) -> Result<Vec<StoredEvent>> {
        journal::outlines_after(self.reader(), run_id, after, limit).await
    }

    /// Puts a large value of the run's journal where something stands for it; every other value stays as it is. Null where
    /// it has been emptied since.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn fetch(&self, run_id: RunId, value: &mut serde_json::Value) -> Result<()> {
        journal::fetch(self.reader(), run_id, value).await
    }

    /// Committed events of a run from now on.
    #[must_use]
    pub fn follow(&self, run_id: RunId) -> broadcast::Receiver<Arc<StoredEvent>> {
        self.inner.hub.follow(run_id)
    }

    /// Committed notices for feeds: those kept after number `after`, and those from now on.
    #[must_use]
    pub fn feed(&self, after: Option<i64>) -> (Vec<Arc<Notified>>, broadcast::Receiver<Arc<Notified>>) {
        self.inner.hub.feed(after)
    }

    /// Runs with new signals, and new runs, from now on.
    #[must_use]
    pub fn signals(&self) -> broadcast::Receiver<Signalled> {
        self.inner.hub.signals()
    }

    /// Changes with each commit of entries of the audit log.
    #[must_use]
    pub fn audited(&self) -> watch::Receiver<()> {
        self.inner.hub.audited()
    }

    /// Which database this is: `sqlite` or `postgres`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self.inner.read.backend() {
            DbBackend::Postgres => "postgres",
            _ => "sqlite",
        }
    }

    /// Answers when the database does.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn ping(&self) -> Result<()> {
        self.reader().execute_unprepared("SELECT 1").await?;
        Ok(())
    }

    /// Makes the database's files forget what was removed: on SQLite the log is written back and cut, so that no copy of
    /// a page from before is left; PostgreSQL does its own by and by. Whether it could be done now.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn scrub(&self) -> Result<bool> {
        let Path::Writer { .. } = &self.inner.path else { return Ok(true) };
        let conn = self.reader();
        let cut = Statement::from_string(DbBackend::Sqlite, "PRAGMA wal_checkpoint(TRUNCATE)");
        let row = conn.query_one_raw(cut).await?;
        Ok(row.map(|row| row.try_get_by_index::<i32>(0)).transpose()? == Some(0))
    }

    /// The clock that stamps rows.
    #[must_use]
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.inner.clock
    }

    /// Lets the writer finish what it was given, then closes.
    pub async fn close(self) {
        let Some(inner) = Arc::into_inner(self.inner) else { return };
        if let Path::Writer { commands, ended } = inner.path {
            drop(commands);
            // Nothing is sent: it ends.
            drop(ended.await);
        }
        inner.read.close().await;
    }

    pub(crate) fn reader(&self) -> Conn<'_> {
        Conn::Readers(&self.inner.read)
    }

    /// Runs one closure as one transaction and answers after its commit.
    pub(crate) async fn write<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: for<'t> FnOnce(&'t Tx) -> BoxFuture<'t, Result<T, E>> + Send + 'static,
    {
        match &self.inner.path {
            Path::Writer { commands, .. } => {
                let slot = Arc::new(Mutex::new(None));
                let kept = Arc::clone(&slot);
                let (answer, done) = oneshot::channel();
                let command = Command::Write(
                    Box::new(move |tx| {
                        Box::pin(async move {
                            let result = work(tx).await;
                            let keep = result.is_ok();
                            *kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
                            keep
                        })
                    }),
                    Box::new(move |committed| drop(answer.send(committed))),
                );
                submit(commands, command).await?;
                let committed = done.await.map_err(|_| Error::Closed)?;
                let result = slot.lock().unwrap_or_else(PoisonError::into_inner).take();
                match (committed, result) {
                    (_, Some(Err(error))) => Err(error),
                    (Ok(()), Some(Ok(value))) => Ok(value),
                    (Err(error), _) => Err(error.into()),
                    (Ok(()), None) => Err(Error::Closed.into()),
                }
            }
            // It goes on by itself, as on SQLite: a caller that waits for something else in the middle of it would keep its
            // rows from all others.
            Path::Transactions(pool) => {
                let (pool, hub) = (pool.clone(), Arc::clone(&self.inner.hub));
                let clock = Arc::clone(&self.inner.clock);
                let transaction = async move {
                    let conn = pool.begin().await.map_err(Error::from)?;
                    let tx = Tx::new(conn, clock);
                    let result = work(&tx).await;
                    let notices = tx.end(result.is_ok()).await.map_err(Error::from)?;
                    hub.publish(notices);
                    result
                };
                match tokio::spawn(transaction.in_current_span()).await {
                    Ok(result) => result,
                    Err(panicked) => {
                        tracing::error!(error = %panicked, "a transaction was not committed");
                        Err(Error::Closed.into())
                    }
                }
            }
        }
    }
}

/// Waits for a place in the queue for as long as a client would; then says that it is full.
async fn submit(commands: &mpsc::Sender<Command>, command: Command) -> Result<()> {
    match commands.send_timeout(command, std::time::Duration::from_secs(5)).await {
        Ok(()) => Ok(()),
        Err(mpsc::error::SendTimeoutError::Timeout(_)) => Err(Error::Overloaded),
        Err(mpsc::error::SendTimeoutError::Closed(_)) => Err(Error::Closed),
    }
}
