//! What is known about a server's state, gathered from every request made to it.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use chrono::{DateTime, Utc};
use conductor_domain::{Clock, SystemClock};
use tokio::time::Instant;

use super::breaker::{Breaker, Permit};
use crate::{Error, Result, ServerInfo};

/// A server's state, as its last answers showed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HealthStatus {
    /// It answered.
    Healthy,
    /// It is there but fails: wrong protocol, refused credential, no answer in time.
    Error,
    /// It is not there: unreachable, or its process ended.
    Offline,
}

/// A snapshot of a server's state.
#[derive(Clone, Debug)]
pub struct Health {
    /// As the last contact showed it.
    pub status: HealthStatus,
    /// Whether a connection is open now; an idle one is closed and reopened when needed.
    pub connected: bool,
    /// How many tools were listed last.
    pub tools_count: Option<usize>,
    /// How many resources were listed last.
    pub resources_count: Option<usize>,
    /// How many prompts were listed last.
    pub prompts_count: Option<usize>,
    /// Why it is not healthy.
    pub last_error: Option<Error>,
    /// When it was last in contact, or last failed to be.
    pub last_checked_at: DateTime<Utc>,
    /// Who answered last and what was agreed.
    pub server: Option<ServerInfo>,
    /// Failures in a row.
    pub failures: u32,
    /// How often it was started again after it had ended by itself.
    pub restarts: u32,
    /// How long it is left alone because it failed too often.
    pub retry_after: Option<Duration>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Counts {
    pub(crate) tools: Option<usize>,
    pub(crate) resources: Option<usize>,
    pub(crate) prompts: Option<usize>,
}

#[derive(Debug, Default)]
struct Observed {
    contact: Option<(DateTime<Utc>, Option<Error>)>,
    counts: Counts,
    server: Option<ServerInfo>,
    restarts: u32,
}

/// Shared between a server's sessions, one after another, and the pool.
#[derive(Debug)]
pub(crate) struct Vitals {
    breaker: Breaker,
    clock: Arc<dyn Clock>,
    observed: Mutex<Observed>,
    in_flight: AtomicUsize,
    last_used: Mutex<Instant>,
}

/// One request under way.
#[derive(Debug)]
pub(crate) struct Visit<'a> {
    vitals: &'a Vitals,
    permit: Option<Permit<'a>>,
    quiet: bool,
}

impl Vitals {
    pub(crate) fn new(breaker: Breaker, clock: Arc<dyn Clock>) -> Self {
        Self {
            breaker,
            clock,
            observed: Mutex::default(),
            in_flight: AtomicUsize::new(0),
            last_used: Mutex::new(Instant::now()),
        }
    }

    /// For a session outside a pool: nothing is ever held back.
    pub(crate) fn alone() -> Self {
        Self::new(Breaker::new(u32::MAX, Duration::ZERO, Duration::ZERO), Arc::new(SystemClock))
    }

    /// Lets a request pass. A quiet one (a health check) does not count as use.
    pub(crate) fn admit(&self, quiet: bool) -> Result<Visit<'_>> {
        let permit = self.breaker.admit()?;
        self.in_flight.fetch_add(1, Ordering::SeqCst);
        if !quiet {
            self.touch();
        }
        Ok(Visit { vitals: self, permit: Some(permit), quiet })
    }

    pub(crate) fn touch(&self) {
        *self.last_used.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    /// When the server will have been unused for `idle`, unless it is used before.
    pub(crate) fn idle_at(&self, idle: Duration) -> Instant {
        *self.last_used.lock().unwrap_or_else(PoisonError::into_inner) + idle
    }

    pub(crate) fn is_idle(&self, idle: Duration) -> bool {
        self.in_flight.load(Ordering::SeqCst) == 0 && self.idle_at(idle) <= Instant::now()
    }

    pub(crate) fn counted(&self, count: impl FnOnce(&mut Counts)) {
        count(&mut self.observed().counts);
    }

    pub(crate) fn agreed(&self, server: &ServerInfo) {
        self.observed().server = Some(server.clone());
    }

    /// The process ended, or the stream broke, by itself.
    pub(crate) fn died(&self, error: Error) {
        // A call that was cut off has counted it already.
        let counted = matches!(self.observed().contact, Some((_, Some(Error::Closed { .. }))));
        if !counted {
            self.breaker.failed();
        }
        let now = self.clock.now();
        self.observed().contact = Some((now, Some(error)));
    }

    pub(crate) fn restarted(&self) {
        self.observed().restarts += 1;
    }

    pub(crate) fn breaker(&self) -> &Breaker {
        &self.breaker
    }

    /// What is known, if there was any contact yet.
    pub(crate) fn health(&self, connected: bool) -> Option<Health> {
        let observed = self.observed();
        let (last_checked_at, last_error) = observed.contact.clone()?;
        let status = match &last_error {
            None => HealthStatus::Healthy,
            Some(Error::Unreachable { .. } | Error::Closed { .. }) => HealthStatus::Offline,
            Some(_) => HealthStatus::Error,
        };
        Some(Health {
            status,
            connected,
            tools_count: observed.counts.tools,
            resources_count: observed.counts.resources,
            prompts_count: observed.counts.prompts,
            last_error,
            last_checked_at,
            server: observed.server.clone(),
            failures: self.breaker.failures(),
            restarts: observed.restarts,
            retry_after: self.breaker.opens_in(),
        })
    }

    fn observed(&self) -> std::sync::MutexGuard<'_, Observed> {
        self.observed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn contact(&self, error: Option<&Error>) {
        let error = match error {
            // The server answered.
            None | Some(Error::Rejected { .. } | Error::TooLarge { .. }) => None,
            // Says nothing about the server.
            Some(Error::Cancelled { .. } | Error::CircuitOpen { .. } | Error::ShutDown) => return,
            Some(error) => Some(error.clone()),
        };
        let now = self.clock.now();
        self.observed().contact = Some((now, error));
    }
}

impl Visit<'_> {
    /// Ends a request with what it showed.
    pub(crate) fn served(mut self, error: Option<&Error>) {
        self.vitals.contact(error);
        if let Some(permit) = self.permit.take() {
            permit.served(error);
        }
    }

    /// Ends an attempt to connect with what it showed.
    pub(crate) fn connected(mut self, error: Option<&Error>) {
        self.vitals.contact(error);
        if let Some(permit) = self.permit.take() {
            permit.connected(error);
        }
    }
}

impl Drop for Visit<'_> {
    fn drop(&mut self) {
        if !self.quiet {
            self.vitals.touch();
        }
        self.vitals.in_flight.fetch_sub(1, Ordering::SeqCst);
    }
}
