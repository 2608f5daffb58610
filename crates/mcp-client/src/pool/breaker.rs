//! Leaves a failing server alone for a while, then lets one request try.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use crate::{Error, Result};

/// Counts failures in a row; opens at a threshold, for longer each time.
#[derive(Debug)]
pub(crate) struct Breaker {
    threshold: u32,
    open_first: Duration,
    open_last: Duration,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    failures: u32,
    /// How often it has opened since the last success.
    opened: u32,
    open_until: Option<Instant>,
    /// A request is trying whether the server is back.
    probing: bool,
}

/// What an attempt showed about the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// It did what was asked.
    Served,
    /// It could be connected to, which a server that dies of every call can too.
    Connected,
    /// It failed.
    Failed,
    /// Nothing: the caller cancelled, or its request was wrong.
    Unclear,
}

/// The right to make one request, to be given back with its outcome.
#[derive(Debug)]
pub(crate) struct Permit<'a> {
    breaker: &'a Breaker,
    probe: bool,
    settled: bool,
}

impl Breaker {
    pub(crate) fn new(threshold: u32, open_first: Duration, open_last: Duration) -> Self {
        Self { threshold, open_first, open_last, state: Mutex::default() }
    }

    /// Lets a request pass, or says when to come back.
    pub(crate) fn admit(&self) -> Result<Permit<'_>> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(open_until) = state.open_until else {
            return Ok(Permit { breaker: self, probe: false, settled: false });
        };
        let left = open_until.saturating_duration_since(Instant::now());
        if left.is_zero() && !state.probing {
            state.probing = true;
            return Ok(Permit { breaker: self, probe: true, settled: false });
        }
        Err(Error::CircuitOpen { retry_after: left.max(Duration::from_millis(100)) })
    }

    /// When the next request is let through, if not now.
    pub(crate) fn opens_in(&self) -> Option<Duration> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.open_until.map(|until| until.saturating_duration_since(Instant::now()))
    }

    pub(crate) fn failures(&self) -> u32 {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).failures
    }

    /// A failure that no request reported: the process ended by itself.
    pub(crate) fn failed(&self) {
        self.settle(false, Outcome::Failed);
    }

    fn settle(&self, probe: bool, outcome: Outcome) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if probe {
            state.probing = false;
        }
        match outcome {
            Outcome::Served => *state = State::default(),
            Outcome::Connected if probe => {
                // Let requests through, and close again at the first that fails.
                state.open_until = None;
                state.failures = self.threshold.saturating_sub(1);
            }
            Outcome::Failed => {
                state.failures = state.failures.saturating_add(1);
                if probe || (state.open_until.is_none() && state.failures >= self.threshold) {
                    let factor = 2_u32.saturating_pow(state.opened.min(16));
                    state.opened = state.opened.saturating_add(1);
                    let open = self.open_first.saturating_mul(factor).min(self.open_last);
                    state.open_until = Some(Instant::now() + open);
                }
            }
            Outcome::Connected | Outcome::Unclear => {}
        }
    }
}

impl Permit<'_> {
    /// Gives the permit back with what a request showed about the server.
    pub(crate) fn served(self, error: Option<&Error>) {
        self.settle(Outcome::Served, error);
    }

    /// Gives the permit back with what an attempt to connect showed about the server.
    pub(crate) fn connected(self, error: Option<&Error>) {
        self.settle(Outcome::Connected, error);
    }

    fn settle(mut self, success: Outcome, error: Option<&Error>) {
        self.settled = true;
        let outcome = match error {
            None => success,
            Some(error) if error.counts() => Outcome::Failed,
            // The server answered, even if not what was hoped for.
            Some(
                Error::Rejected { .. }
                | Error::Refused { .. }
                | Error::Unauthorized { .. }
                | Error::TooLarge { .. },
            ) => success,
            Some(_) => Outcome::Unclear,
        };
        self.breaker.settle(self.probe, outcome);
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        if !self.settled {
            self.breaker.settle(self.probe, Outcome::Unclear);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FAILED: Error = Error::Closed { stderr: None, sent: true };

    fn breaker() -> Breaker {
        Breaker::new(3, Duration::from_secs(10), Duration::from_secs(30))
    }

    fn fail(breaker: &Breaker) {
        breaker.admit().unwrap().served(Some(&FAILED));
    }

    #[tokio::test(start_paused = true)]
    async fn opens_after_failures_in_a_row_and_lets_one_probe_through() {
        let breaker = breaker();
        fail(&breaker);
        fail(&breaker);
        breaker.admit().unwrap().served(None);
        fail(&breaker);
        fail(&breaker);
        fail(&breaker);
        assert!(
            matches!(breaker.admit(), Err(Error::CircuitOpen { retry_after }) if retry_after == Duration::from_secs(10))
        );

        tokio::time::advance(Duration::from_secs(10)).await;
        let probe = breaker.admit().unwrap();
        assert!(breaker.admit().is_err(), "one probe at a time");
        probe.served(None);
        assert!(breaker.admit().is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn stays_open_longer_after_each_failed_probe() {
        let breaker = breaker();
        for _ in 0..3 {
            fail(&breaker);
        }
        for seconds in [10, 20, 30, 30] {
            assert_eq!(breaker.opens_in(), Some(Duration::from_secs(seconds)));
            tokio::time::advance(Duration::from_secs(seconds)).await;
            fail(&breaker);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn connecting_alone_does_not_clear_a_server_that_dies_of_every_call() {
        let breaker = breaker();
        for _ in 0..3 {
            breaker.admit().unwrap().connected(None);
            fail(&breaker);
        }
        assert!(breaker.admit().is_err());
        tokio::time::advance(Duration::from_secs(10)).await;
        breaker.admit().unwrap().connected(None);
        fail(&breaker);
        assert_eq!(breaker.opens_in(), Some(Duration::from_secs(20)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_dropped_probe_frees_its_place() {
        let breaker = breaker();
        for _ in 0..3 {
            fail(&breaker);
        }
        tokio::time::advance(Duration::from_secs(10)).await;
        drop(breaker.admit().unwrap());
        assert!(breaker.admit().is_ok());
    }

    #[tokio::test]
    async fn the_callers_own_mistakes_do_not_count() {
        let breaker = breaker();
        for _ in 0..10 {
            breaker.admit().unwrap().served(Some(&Error::Cancelled { sent: true }));
            let rejected = Error::Rejected { code: -32602, message: String::new(), data: None };
            breaker.admit().unwrap().served(Some(&rejected));
        }
        assert_eq!(breaker.failures(), 0);
    }
}
