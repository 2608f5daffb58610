//! What is remembered between requests: which tokens were verified, and where those behind them stand.
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
use conductor_access::Machine;
use conductor_domain::{Principal, Revoked, Session, SessionId, Standing, TokenId, User, UserId};
use sha2::{Digest, Sha256};
use tokio::sync::watch;

use crate::token::Verified;

/// After this the first to ask reads rows again, while others go on.
const FRESH: TimeDelta = TimeDelta::milliseconds(500);
/// After this nobody goes on without reading rows again.
const STALE: TimeDelta = TimeDelta::seconds(1);
/// Entries kept at most.
const CAPACITY: usize = 20_000;

/// The row that a credential lives and dies with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Key {
    Session(SessionId),
    Token(TokenId),
}

/// What a credential is besides the person behind it.
#[derive(Debug)]
pub(crate) enum Holder {
    /// The person in front of a browser or a client.
    Session(Session),
    /// A machine; the person is the one who issued its token.
    Machine(Box<Machine>),
}

/// A credential with the person whose rights it has and where that person stands.
#[derive(Debug)]
pub(crate) struct Live {
    pub(crate) user: User,
    pub(crate) holder: Holder,
    pub(crate) standings: Vec<Standing>,
    pub(crate) checked_at: DateTime<Utc>,
    rechecking: AtomicBool,
}

impl Live {
    pub(crate) fn new(
        user: User,
        holder: Holder,
        standings: Vec<Standing>,
        checked_at: DateTime<Utc>,
    ) -> Self {
        Self { user, holder, standings, checked_at, rechecking: AtomicBool::new(false) }
    }

    pub(crate) fn key(&self) -> Key {
        match &self.holder {
            Holder::Session(session) => Key::Session(session.id),
            Holder::Machine(machine) => Key::Token(machine.token.id),
        }
    }

    pub(crate) fn expires_at(&self) -> DateTime<Utc> {
        match &self.holder {
            Holder::Session(session) => session.expires_at,
            Holder::Machine(machine) => machine.token.expires_at,
        }
    }

    fn may_serve(&self, now: DateTime<Utc>) -> bool {
        let age = now - self.checked_at;
        age < FRESH || (age < STALE && self.rechecking.swap(true, Ordering::Relaxed))
    }

    fn rests_on(&self, revoked: Revoked) -> bool {
        let principal = match &self.holder {
            Holder::Session(_) => None,
            Holder::Machine(machine) => Some(&machine.token.principal),
        };
        match revoked {
            Revoked::User(id) => self.user.id == id,
            Revoked::Session(id) => self.key() == Key::Session(id),
            Revoked::Token(id) => self.key() == Key::Token(id),
            Revoked::Agent(id) => principal == Some(&Principal::Agent { agent_id: id }),
            Revoked::ServiceAccount(id) => {
                principal == Some(&Principal::ServiceAccount { service_account_id: id })
            }
            Revoked::Organization(id) => self.standings.iter().any(|standing| standing.organization_id == id),
        }
    }
}

/// The memory of one process.
#[derive(Debug)]
pub(crate) struct Cache {
    tokens: RwLock<HashMap<[u8; 32], Arc<Verified>>>,
    live: RwLock<HashMap<Key, Arc<Live>>>,
    used: RwLock<HashMap<TokenId, DateTime<Utc>>>,
    generation: AtomicU64,
    changed: watch::Sender<u64>,
}

impl Cache {
    pub(crate) fn new() -> Self {
        Self {
            tokens: RwLock::default(),
            live: RwLock::default(),
            used: RwLock::default(),
            generation: AtomicU64::new(0),
            changed: watch::Sender::new(0),
        }
    }

    /// The name of a token: a hash of all of it, so that no two tokens share one.
    pub(crate) fn name(token: &str) -> [u8; 32] {
        Sha256::digest(token.as_bytes()).into()
    }

    pub(crate) fn token(&self, name: &[u8; 32]) -> Option<Arc<Verified>> {
        self.tokens.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    pub(crate) fn keep_token(&self, name: [u8; 32], verified: Verified, now: DateTime<Utc>) -> Arc<Verified> {
        let verified = Arc::new(verified);
        let mut tokens = self.tokens.write().unwrap_or_else(PoisonError::into_inner);
        make_room(&mut tokens, |verified| verified.exp > now.timestamp());
        tokens.insert(name, Arc::clone(&verified));
        verified
    }

    pub(crate) fn live(&self, key: Key, now: DateTime<Utc>) -> Option<Arc<Live>> {
        let live = self.live.read().unwrap_or_else(PoisonError::into_inner);
        live.get(&key).filter(|live| live.may_serve(now)).cloned()
    }

    /// Whether nothing that was heard of has touched the credential since it was read.
    pub(crate) fn knows(&self, key: Key) -> bool {
        self.live.read().unwrap_or_else(PoisonError::into_inner).contains_key(&key)
    }

    /// The present generation; a reader passes it to `keep_live` so that what it read before a change is not kept
    /// after it.
    pub(crate) fn generation(&self) -> u64 {
        self.generation.load(Ordering::SeqCst)
    }

    pub(crate) fn keep_live(&self, generation: u64, live: Arc<Live>) {
        let mut entries = self.live.write().unwrap_or_else(PoisonError::into_inner);
        if self.generation() == generation {
            let now = live.checked_at;
            make_room(&mut entries, |kept| now - kept.checked_at < STALE);
            entries.insert(live.key(), live);
        }
    }

    pub(crate) fn forget_session(&self, id: SessionId) {
        self.forget(Revoked::Session(id));
    }

    pub(crate) fn forget_user(&self, id: UserId) {
        self.forget(Revoked::User(id));
    }

    /// Drops what a change was about, and wakes the streams.
    pub(crate) fn forget(&self, revoked: Revoked) {
        self.forget_where(|live| live.rests_on(revoked));
    }

    pub(crate) fn forget_all(&self) {
        self.forget_where(|_| true);
    }

    /// Whether nobody has noted a use of this token for so long; whoever is told so notes it.
    pub(crate) fn first_use(&self, id: TokenId, now: DateTime<Utc>, every: TimeDelta) -> bool {
        let mut used = self.used.write().unwrap_or_else(PoisonError::into_inner);
        if used.len() >= CAPACITY {
            used.retain(|_, at| now - *at < every);
        }
        let first = used.get(&id).is_none_or(|at| now - *at >= every);
        if first {
            used.insert(id, now);
        }
        first
    }

    /// Hears of every change.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    fn forget_where(&self, which: impl Fn(&Live) -> bool) {
        let mut live = self.live.write().unwrap_or_else(PoisonError::into_inner);
        let generation = self.generation.fetch_add(1, Ordering::SeqCst) + 1;
        live.retain(|_, live| !which(live));
        drop(live);
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
