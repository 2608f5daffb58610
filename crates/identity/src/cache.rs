//! What is remembered between requests: which tokens were verified, and where the people behind them stand.
//!
//! The first is a fact of the token alone and holds while it lives. The second moves, so it is dropped at once when
//! this process changes it, and asked again after `FRESH` for what other processes change.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use chrono::{DateTime, TimeDelta, Utc};
use conductor_domain::{Session, SessionId, Standing, User, UserId};
use sha2::{Digest, Sha256};
use tokio::sync::watch;

use crate::token::Claims;

/// After this the first to ask reads rows again, while others go on.
const FRESH: TimeDelta = TimeDelta::milliseconds(500);
/// After this nobody goes on without reading rows again.
const STALE: TimeDelta = TimeDelta::seconds(1);
/// Entries kept at most.
const CAPACITY: usize = 20_000;

/// A session with its person and where the person stands.
#[derive(Debug)]
pub(crate) struct Live {
    pub(crate) user: User,
    pub(crate) session: Session,
    pub(crate) standings: Vec<Standing>,
    pub(crate) checked_at: DateTime<Utc>,
    rechecking: AtomicBool,
}

impl Live {
    pub(crate) fn new(
        user: User,
        session: Session,
        standings: Vec<Standing>,
        checked_at: DateTime<Utc>,
    ) -> Self {
        Self { user, session, standings, checked_at, rechecking: AtomicBool::new(false) }
    }

    fn may_serve(&self, now: DateTime<Utc>) -> bool {
        let age = now - self.checked_at;
        age < FRESH || (age < STALE && self.rechecking.swap(true, Ordering::Relaxed))
    }
}

/// The memory of one process.
#[derive(Debug)]
pub(crate) struct Cache {
    tokens: RwLock<HashMap<[u8; 32], Arc<Claims>>>,
    sessions: RwLock<HashMap<SessionId, Arc<Live>>>,
    generation: AtomicU64,
    changed: watch::Sender<u64>,
}

impl Cache {
    pub(crate) fn new() -> Self {
        Self {
            tokens: RwLock::default(),
            sessions: RwLock::default(),
            generation: AtomicU64::new(0),
            changed: watch::Sender::new(0),
        }
    }

    /// The name of a token: a hash of all of it, so that no two tokens share one.
    pub(crate) fn name(token: &str) -> [u8; 32] {
        Sha256::digest(token.as_bytes()).into()
    }

    pub(crate) fn token(&self, name: &[u8; 32]) -> Option<Arc<Claims>> {
        self.tokens.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    pub(crate) fn keep_token(&self, name: [u8; 32], claims: Claims, now: DateTime<Utc>) -> Arc<Claims> {
        let claims = Arc::new(claims);
        let mut tokens = self.tokens.write().unwrap_or_else(PoisonError::into_inner);
        make_room(&mut tokens, |claims| claims.exp > now.timestamp());
        tokens.insert(name, Arc::clone(&claims));
        claims
    }

    pub(crate) fn session(&self, id: SessionId, now: DateTime<Utc>) -> Option<Arc<Live>> {
        let sessions = self.sessions.read().unwrap_or_else(PoisonError::into_inner);
        sessions.get(&id).filter(|live| live.may_serve(now)).cloned()
    }

    /// Whether nothing that this process did has touched the session since it was read.
    pub(crate) fn knows(&self, id: SessionId) -> bool {
        self.sessions.read().unwrap_or_else(PoisonError::into_inner).contains_key(&id)
    }

    /// The present generation; a reader passes it to `keep_session` so that what it read before a change is not kept
    /// after it.
    pub(crate) fn generation(&self) -> u64 {
        self.generation.load(Ordering::SeqCst)
    }

    pub(crate) fn keep_session(&self, generation: u64, live: Arc<Live>) {
        let mut sessions = self.sessions.write().unwrap_or_else(PoisonError::into_inner);
        if self.generation() == generation {
            let now = live.checked_at;
            make_room(&mut sessions, |kept| now - kept.checked_at < STALE);
            sessions.insert(live.session.id, live);
        }
    }

    pub(crate) fn forget_session(&self, id: SessionId) {
        self.forget(|live| live.session.id == id);
    }

    pub(crate) fn forget_user(&self, id: UserId) {
        self.forget(|live| live.user.id == id);
    }

    pub(crate) fn forget_all(&self) {
        self.forget(|_| true);
    }

    /// Hears of every change.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    fn forget(&self, which: impl Fn(&Live) -> bool) {
        let mut sessions = self.sessions.write().unwrap_or_else(PoisonError::into_inner);
        let generation = self.generation.fetch_add(1, Ordering::SeqCst) + 1;
        sessions.retain(|_, live| !which(live));
        drop(sessions);
        self.changed.send_replace(generation);
    }
}

fn make_room<K: Eq + Hash, V>(entries: &mut HashMap<K, Arc<V>>, keep: impl Fn(&V) -> bool) {
    if entries.len() >= CAPACITY {
        entries.retain(|_, entry| keep(entry));
        if entries.len() >= CAPACITY {
            entries.clear();
        }
    }
}
