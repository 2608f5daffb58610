//! Targets that fail are left alone for a while, each tenant's for itself: neither they nor the runs that wait for them gain
//! from being asked again at once.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use conductor_domain::{Breaker, OrganizationId, Showed};
use tokio::time::Instant;

use crate::{Answer, CallError, problem};

/// From this many targets on, those are forgotten that did not fail last.
const SWEPT: usize = 1_024;

/// When a target is left alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BreakerOptions {
    /// After how many failures in a row.
    pub failures: u32,
    /// For how long at first; it doubles while the target goes on failing.
    pub open_first: Duration,
    /// For how long at most.
    pub open_last: Duration,
}

impl Default for BreakerOptions {
    fn default() -> Self {
        Self { failures: 5, open_first: Duration::from_secs(10), open_last: Duration::from_secs(300) }
    }
}

/// The breakers of one process.
#[derive(Debug)]
pub(crate) struct Breakers {
    options: BreakerOptions,
    known: Mutex<HashMap<(OrganizationId, String), Arc<Breaker>>>,
}

impl Breakers {
    pub(crate) fn new(options: BreakerOptions) -> Self {
        Self { options, known: Mutex::default() }
    }

    pub(crate) fn of(&self, organization: OrganizationId, target: String) -> Arc<Breaker> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= SWEPT {
            known.retain(|_, breaker| breaker.failures() > 0 || Arc::strong_count(breaker) > 1);
        }
        let BreakerOptions { failures, open_first, open_last } = self.options;
        let fresh = || Arc::new(Breaker::new(failures.max(1), open_first, open_last));
        Arc::clone(known.entry((organization, target)).or_insert_with(fresh))
    }
}

/// What an answer shows about its target. A refusal is an answer.
pub(crate) fn showed(answer: &Result<Answer, CallError>) -> Showed {
    match answer {
        Err(error) if error.problem.code == "cancelled" => Showed::Unclear,
        Err(error) if error.outcome_unknown || error.problem.retryable => Showed::Failed,
        Ok(_) | Err(_) => Showed::Served,
    }
}

/// What a call is told whose target is left alone.
pub(crate) fn left_alone(target: &str, left: Duration) -> CallError {
    let seconds = left.as_secs_f64().ceil();
    let detail = format!(
        "{target} failed several times in a row and is not asked for another {seconds} s. Nothing was sent."
    );
    CallError {
        problem: problem("circuit_open", "The target is left alone", detail, true),
        outcome_unknown: false,
    }
}

/// The clock that timers go by.
pub(crate) fn now() -> std::time::Instant {
    Instant::now().into_std()
}
