//! One server in the pool: its single connection attempt at a time, and the task that looks after it.

use std::{
    sync::{
        Arc, Weak,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use futures::future::BoxFuture;
use tokio::{
    sync::{Mutex, broadcast},
    time::{Instant, sleep, sleep_until},
};
use tokio_util::sync::CancellationToken;

use super::{Inner, PoolEvent, PoolEventKind, PoolKey, PoolOptions, vitals::Vitals};
use crate::{Change, Error, Host, Result, ServerSpec, Session};

/// A server, connected or not.
pub(super) struct Entry {
    pub(super) key: PoolKey,
    pub(super) spec: ServerSpec,
    pub(super) vitals: Arc<Vitals>,
    pub(super) stop: CancellationToken,
    pub(super) options: PoolOptions,
    pub(super) host: Arc<dyn Host>,
    pub(super) events: broadcast::Sender<PoolEvent>,
    pub(super) pool: Weak<Inner>,
    pub(super) slot: Mutex<Slot>,
    /// Attempts that have failed, so that whoever waited for one takes its answer instead of trying again.
    pub(super) failed: AtomicU64,
}

#[derive(Default)]
pub(super) struct Slot {
    pub(super) session: Option<Session>,
    failure: Option<Error>,
    supervised: bool,
}

enum End {
    Stopped,
    Idle,
    Died,
}

impl Entry {
    /// The live session, connecting if there is none. Whoever comes during an attempt waits for that attempt.
    pub(super) async fn connected(self: &Arc<Self>) -> Result<Session> {
        let failed = self.failed.load(Ordering::SeqCst);
        let mut slot = self.slot.lock().await;
        if let Some(session) = slot.session.as_ref().filter(|session| !session.is_closed()) {
            return Ok(session.clone());
        }
        if self.failed.load(Ordering::SeqCst) != failed
            && let Some(failure) = &slot.failure
        {
            return Err(failure.clone());
        }
        let connect = Session::connect_watched(
            &self.spec,
            Arc::clone(&self.host),
            self.options.session,
            Arc::clone(&self.vitals),
        );
        let result = tokio::select! {
            biased;
            () = self.stop.cancelled() => Err(Error::ShutDown),
            result = connect => result,
        };
        match result {
            Ok(session) => {
                slot.session = Some(session.clone());
                slot.failure = None;
                if !slot.supervised {
                    slot.supervised = true;
                    tokio::spawn(supervise(Arc::clone(self)));
                }
                Ok(session)
            }
            Err(error) => {
                slot.failure = Some(error.clone());
                self.failed.fetch_add(1, Ordering::SeqCst);
                Err(error)
            }
        }
    }

    /// Ends the connection for good.
    pub(super) async fn close(&self) {
        self.stop.cancel();
        let session = self.slot.lock().await.session.take();
        if let Some(session) = session {
            session.close().await;
        }
    }

    /// Whether a connection is open; an attempt under way is none yet.
    pub(super) fn is_connected(&self) -> bool {
        self.slot
            .try_lock()
            .is_ok_and(|slot| slot.session.as_ref().is_some_and(|session| !session.is_closed()))
    }

    fn emit(&self, kind: PoolEventKind) {
        // Nobody listening is fine.
        let _ = self.events.send(PoolEvent { key: self.key.clone(), kind });
    }

    /// Passes news on until the session ends or is no longer wanted.
    async fn follow(&self, session: &Session) -> End {
        let mut changes = session.changes();
        let mut check_at = Instant::now() + self.options.check_every;
        loop {
            tokio::select! {
                biased;
                () = self.stop.cancelled() => return End::Stopped,
                () = session.closed() => return End::Died,
                change = changes.recv() => match change {
                    Ok(change) => self.emit(PoolEventKind::Changed(change)),
                    Err(broadcast::error::RecvError::Lagged(_)) => {
                        for change in [Change::Tools, Change::Resources, Change::Prompts] {
                            self.emit(PoolEventKind::Changed(change));
                        }
                    }
                    Err(broadcast::error::RecvError::Closed) => return End::Died,
                },
                () = sleep_until(self.vitals.idle_at(self.options.idle_close)) => {
                    if self.vitals.is_idle(self.options.idle_close) {
                        return End::Idle;
                    }
                    // A call longer than the idle time is still under way.
                    sleep(Duration::from_secs(1)).await;
                }
                () = sleep_until(check_at) => {
                    tokio::select! {
                        () = self.stop.cancelled() => return End::Stopped,
                        result = session.check() => if let Err(error) = result {
                            tracing::debug!(%error, connector.id = %self.key.connector_id, "MCP health check failed");
                        }
                    }
                    check_at = Instant::now() + self.options.check_every;
                }
            }
        }
    }

    /// Connects again with growing pauses. Nothing if it is pointless or no longer wanted.
    async fn revive(self: &Arc<Self>, pause: &mut Duration) -> Option<Session> {
        loop {
            let wait = self.vitals.breaker().opens_in().unwrap_or_default().max(*pause);
            *pause = (*pause * 2).min(self.options.restart_last);
            tokio::select! {
                () = self.stop.cancelled() => return None,
                () = sleep(wait) => {}
            }
            if self.vitals.is_idle(self.options.idle_close) {
                return None;
            }
            match self.connected().await {
                Ok(session) => return Some(session),
                // These need a person: asking again changes nothing.
                Err(Error::Invalid { .. } | Error::Unauthorized { .. } | Error::ShutDown) => return None,
                Err(error) => {
                    tracing::debug!(%error, connector.id = %self.key.connector_id, "MCP server did not come back");
                }
            }
        }
    }

    /// Lets go of the server, unless somebody has come for it in the meantime: then that session is to be looked after.
    ///
    /// The next use connects anew and starts another task.
    async fn retire(self: &Arc<Self>, wanted: impl Fn(&Session) -> bool) -> Option<Session> {
        let mut slot = self.slot.lock().await;
        if let Some(session) = slot.session.as_ref().filter(|session| !session.is_closed() && wanted(session))
        {
            return Some(session.clone());
        }
        slot.supervised = false;
        let session = slot.session.take();
        drop(slot);
        if let Some(session) = session {
            session.close().await;
        }
        if let Some(pool) = self.pool.upgrade() {
            pool.forget_if_redundant(self);
        }
        None
    }
}

/// Looks after one server until it is idle, removed, or beyond help. Boxed, since it connects and connecting starts it.
fn supervise(entry: Arc<Entry>) -> BoxFuture<'static, ()> {
    Box::pin(look_after(entry))
}

async fn look_after(entry: Arc<Entry>) {
    let options = entry.options;
    let mut pause = options.restart_first;
    let mut current = entry.slot.lock().await.session.clone();
    while let Some(session) = current {
        let since = Instant::now();
        current = match entry.follow(&session).await {
            End::Stopped => entry.retire(|_| false).await,
            End::Idle => entry.retire(|_| !entry.vitals.is_idle(options.idle_close)).await,
            End::Died => {
                if !session.closed_by_us() {
                    let error = session.death();
                    tracing::warn!(%error, connector.id = %entry.key.connector_id, "MCP server ended by itself");
                    entry.vitals.died(error);
                    entry.emit(PoolEventKind::Closed);
                }
                drop(session);
                if since.elapsed() > options.restart_last {
                    pause = options.restart_first;
                }
                match entry.revive(&mut pause).await {
                    Some(session) => {
                        entry.vitals.restarted();
                        entry.emit(PoolEventKind::Restarted);
                        Some(session)
                    }
                    None => entry.retire(|_| !entry.stop.is_cancelled()).await,
                }
            }
        };
    }
}
