//! Sessions by server and credential: connected when needed, shared, watched, closed when idle.

mod breaker;
mod entry;
mod vitals;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, atomic::AtomicU64},
    time::Duration,
};

use conductor_domain::{Clock, ConnectorId};
use tokio::sync::broadcast;
use tokio_util::sync::{CancellationToken, DropGuard};

pub(crate) use self::vitals::Vitals;
pub use self::vitals::{Health, HealthStatus};
use self::{breaker::Breaker, entry::Entry};
use crate::{Change, Error, Host, Options, Result, ServerSpec, Session};

/// Events kept for a listener that is busy.
const NEWS: usize = 256;

/// How a pool treats its servers.
#[derive(Clone, Copy, Debug)]
pub struct PoolOptions {
    /// The bounds of each session.
    pub session: Options,
    /// How long an unused connection stays open.
    pub idle_close: Duration,
    /// How often an open connection is asked whether it still answers.
    pub check_every: Duration,
    /// The first pause before a server that ended by itself is started again; doubled each time.
    pub restart_first: Duration,
    /// The longest such pause.
    pub restart_last: Duration,
    /// How many failures in a row make the pool leave a server alone.
    pub failures_to_open: u32,
    /// For how long, the first time; doubled each time.
    pub open_first: Duration,
    /// For how long at most.
    pub open_last: Duration,
}

impl Default for PoolOptions {
    fn default() -> Self {
        Self {
            session: Options::default(),
            idle_close: Duration::from_secs(30 * 60),
            check_every: Duration::from_secs(60),
            restart_first: Duration::from_millis(500),
            restart_last: Duration::from_secs(60),
            failures_to_open: 5,
            open_first: Duration::from_secs(10),
            open_last: Duration::from_secs(300),
        }
    }
}

/// Which connection: a connector, as reached with one credential.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PoolKey {
    /// The connector.
    pub connector_id: ConnectorId,
    /// [`ServerSpec::fingerprint`]: two credentials never share a connection.
    pub fingerprint: String,
}

/// Something happened to a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolEvent {
    /// To which.
    pub key: PoolKey,
    /// What.
    pub kind: PoolEventKind,
}

/// What happened to a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PoolEventKind {
    /// It says that a list changed: read it again.
    Changed(Change),
    /// It ended by itself.
    Closed,
    /// It is back after it had ended; its lists may be others now.
    Restarted,
}

/// The connections of this process to MCP servers. Clones share them.
#[derive(Clone)]
pub struct Pool(Arc<Inner>);

struct Inner {
    options: PoolOptions,
    host: Arc<dyn Host>,
    clock: Arc<dyn Clock>,
    entries: Mutex<HashMap<PoolKey, Arc<Entry>>>,
    events: broadcast::Sender<PoolEvent>,
    shut: CancellationToken,
    _shut_on_drop: DropGuard,
}

impl std::fmt::Debug for Pool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pool").field("servers", &self.0.entries().len()).finish_non_exhaustive()
    }
}

impl Pool {
    /// An empty pool. `host` answers what servers ask back.
    #[must_use]
    pub fn new(options: PoolOptions, host: Arc<dyn Host>, clock: Arc<dyn Clock>) -> Self {
        let shut = CancellationToken::new();
        Self(Arc::new(Inner {
            options,
            host,
            clock,
            entries: Mutex::default(),
            events: broadcast::channel(NEWS).0,
            _shut_on_drop: shut.clone().drop_guard(),
            shut,
        }))
    }

    /// The session of a connector as reached by `spec`, connecting if there is none.
    ///
    /// Ask for it for each call and do not keep it: an idle session is closed and a crashed one replaced.
    ///
    /// # Errors
    ///
    /// As [`Session::connect`]; [`Error::CircuitOpen`] while the server is left alone; [`Error::ShutDown`].
    pub async fn session(&self, connector_id: ConnectorId, spec: &ServerSpec) -> Result<Session> {
        loop {
            let entry = self.entry(connector_id, spec)?;
            entry.vitals.touch();
            match entry.connected().await {
                // Removed between the look-up and the attempt: the next look-up makes a new entry.
                Err(Error::ShutDown) if !self.0.shut.is_cancelled() => {}
                result => return result,
            }
        }
    }

    /// Asks a server now: connects if need be, lists its tools and resources. The result is what [`Pool::health`] says next.
    pub async fn check(&self, connector_id: ConnectorId, spec: &ServerSpec) -> Result<Health> {
        let key = key(connector_id, spec);
        if let Ok(session) = self.session(connector_id, spec).await {
            // Failures are in the health that is read below.
            let _ = session.ping().await;
            let _ = session.list_tools().await;
            let _ = session.list_resources().await;
        }
        let entry = self.0.entries().get(&key).cloned();
        entry.and_then(|entry| entry.vitals.health(entry.is_connected())).ok_or(Error::ShutDown)
    }

    /// What is known about a connector, without asking it; nothing if it was never contacted.
    ///
    /// Where several credentials are in use, the one last in contact counts.
    #[must_use]
    pub fn health(&self, connector_id: ConnectorId) -> Option<Health> {
        let entries = self.0.entries();
        entries
            .values()
            .filter(|entry| entry.key.connector_id == connector_id)
            .filter_map(|entry| entry.vitals.health(entry.is_connected()))
            .max_by_key(|health| health.last_checked_at)
    }

    /// The last lines a connector's server wrote, if it is connected.
    #[must_use]
    pub fn log(&self, connector_id: ConnectorId) -> Vec<String> {
        let entries = self.0.entries();
        let entries = entries.values().filter(|entry| entry.key.connector_id == connector_id);
        entries
            .filter_map(|entry| entry.slot.try_lock().ok()?.session.as_ref().map(Session::log))
            .flatten()
            .collect()
    }

    /// Ends a connector's connections and processes, forgets its failures and connects anew.
    ///
    /// # Errors
    ///
    /// As [`Pool::session`].
    pub async fn restart(&self, connector_id: ConnectorId, spec: &ServerSpec) -> Result<Session> {
        self.remove(connector_id).await;
        self.session(connector_id, spec).await
    }

    /// Ends a connector's connections and processes and forgets it: it was changed, disabled or deleted.
    pub async fn remove(&self, connector_id: ConnectorId) {
        let removed: Vec<_> = {
            let mut entries = self.0.entries();
            entries.extract_if(|key, _| key.connector_id == connector_id).map(|(_, entry)| entry).collect()
        };
        futures::future::join_all(removed.iter().map(|entry| entry.close())).await;
    }

    /// News of every server. A listener that lagged should read every list again.
    #[must_use]
    pub fn events(&self) -> broadcast::Receiver<PoolEvent> {
        self.0.events.subscribe()
    }

    /// Ends every connection and process and refuses new ones.
    pub async fn shutdown(&self) {
        self.0.shut.cancel();
        let entries: Vec<_> = self.0.entries().drain().map(|(_, entry)| entry).collect();
        futures::future::join_all(entries.iter().map(|entry| entry.close())).await;
    }

    fn entry(&self, connector_id: ConnectorId, spec: &ServerSpec) -> Result<Arc<Entry>> {
        let mut entries = self.0.entries();
        // Under the lock, so that nothing is added once `shutdown` has drained it.
        if self.0.shut.is_cancelled() {
            return Err(Error::ShutDown);
        }
        let options = self.0.options;
        let entry = entries.entry(key(connector_id, spec)).or_insert_with_key(|key| {
            let breaker = Breaker::new(options.failures_to_open, options.open_first, options.open_last);
            Arc::new(Entry {
                key: key.clone(),
                spec: spec.clone(),
                vitals: Arc::new(Vitals::new(breaker, Arc::clone(&self.0.clock))),
                stop: self.0.shut.child_token(),
                options,
                host: Arc::clone(&self.0.host),
                events: self.0.events.clone(),
                pool: Arc::downgrade(&self.0),
                slot: tokio::sync::Mutex::default(),
                failed: AtomicU64::new(0),
            })
        });
        Ok(Arc::clone(entry))
    }
}

impl Inner {
    fn entries(&self) -> std::sync::MutexGuard<'_, HashMap<PoolKey, Arc<Entry>>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Drops an unused entry if the connector has another one: a replaced credential would otherwise stay for ever.
    fn forget_if_redundant(&self, unused: &Arc<Entry>) {
        let mut entries = self.entries();
        let others =
            entries.keys().any(|key| key.connector_id == unused.key.connector_id && *key != unused.key);
        if others
            && entries.get(&unused.key).is_some_and(|entry| Arc::ptr_eq(entry, unused))
            && !unused.is_connected()
        {
            entries.remove(&unused.key);
        }
    }
}

fn key(connector_id: ConnectorId, spec: &ServerSpec) -> PoolKey {
    PoolKey { connector_id, fingerprint: spec.fingerprint() }
}
