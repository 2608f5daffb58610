//! Leaves a target that fails alone for a while, then lets one request try.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// Counts failures in a row; opens at a threshold, for longer each time.
///
/// It is told what time it is, so that whoever tests it, or owns the clock, decides.
#[derive(Debug)]
pub struct Breaker {
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
    /// A request is trying whether the target is back.
    probing: bool,
}

/// What an attempt showed about its target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Showed {
    /// It did what was asked, or said why not.
    Served,
    /// It could be connected to, which a target that dies of every call can too.
    Connected,
    /// It failed.
    Failed,
    /// Nothing: the caller cancelled, or its request was wrong.
    Unclear,
}

/// The right to make one request, to be given back with what it showed; dropped, it showed nothing.
#[derive(Debug)]
#[must_use = "a request is made with it"]
pub struct Permit<'a> {
    breaker: &'a Breaker,
    probe: bool,
    settled: bool,
}

impl Breaker {
    /// Opens after so many failures in a row, for `open_first`, and twice as long each time that the target has failed
    /// again, up to `open_last`.
    #[must_use]
    pub fn new(threshold: u32, open_first: Duration, open_last: Duration) -> Self {
        Self { threshold, open_first, open_last, state: Mutex::default() }
    }

    /// Lets a request pass.
    ///
    /// # Errors
    /// How long the target is left alone yet.
    pub fn admit(&self, now: Instant) -> Result<Permit<'_>, Duration> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(open_until) = state.open_until else {
            return Ok(Permit { breaker: self, probe: false, settled: false });
        };
        let left = open_until.saturating_duration_since(now);
        if left.is_zero() && !state.probing {
            state.probing = true;
            return Ok(Permit { breaker: self, probe: true, settled: false });
        }
        Err(left.max(Duration::from_millis(100)))
    }

    /// When the next request is let through, if not now.
    #[must_use]
    pub fn opens_in(&self, now: Instant) -> Option<Duration> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.open_until.map(|until| until.saturating_duration_since(now))
    }

    /// Failures in a row.
    #[must_use]
    pub fn failures(&self) -> u32 {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).failures
    }

    /// A failure that no request reported, such as a process that ended by itself.
    pub fn failed(&self, now: Instant) {
        self.settle(false, Showed::Failed, Some(now));
    }

    fn settle(&self, probe: bool, showed: Showed, now: Option<Instant>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if probe {
            state.probing = false;
        }
        match showed {
            Showed::Served => *state = State::default(),
            Showed::Connected if probe => {
                // Let requests through, and close again at the first that fails.
                state.open_until = None;
                state.failures = self.threshold.saturating_sub(1);
            }
            Showed::Failed => {
                state.failures = state.failures.saturating_add(1);
                if probe || (state.open_until.is_none() && state.failures >= self.threshold) {
                    let factor = 2_u32.saturating_pow(state.opened.min(16));
                    state.opened = state.opened.saturating_add(1);
                    let open = self.open_first.saturating_mul(factor).min(self.open_last);
                    state.open_until = now.map(|now| now + open);
                }
            }
            Showed::Connected | Showed::Unclear => {}
        }
    }
}

impl Permit<'_> {
    /// Gives the permit back.
    pub fn settle(mut self, showed: Showed, now: Instant) {
        self.settled = true;
        self.breaker.settle(self.probe, showed, Some(now));
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        if !self.settled {
            self.breaker.settle(self.probe, Showed::Unclear, None);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn breaker() -> (Breaker, Instant) {
        (Breaker::new(3, Duration::from_secs(10), Duration::from_secs(30)), Instant::now())
    }

    fn show(breaker: &Breaker, showed: Showed, now: Instant) {
        breaker.admit(now).unwrap().settle(showed, now);
    }

    #[test]
    fn opens_after_failures_in_a_row_and_lets_one_probe_through() {
        let (breaker, now) = breaker();
        for showed in
            [Showed::Failed, Showed::Failed, Showed::Served, Showed::Failed, Showed::Failed, Showed::Failed]
        {
            show(&breaker, showed, now);
        }
        assert_eq!(breaker.admit(now).err(), Some(Duration::from_secs(10)));

        let later = now + Duration::from_secs(10);
        let probe = breaker.admit(later).unwrap();
        assert!(breaker.admit(later).is_err(), "one probe at a time");
        probe.settle(Showed::Served, later);
        assert!(breaker.admit(later).is_ok());
    }

    #[test]
    fn stays_open_longer_after_each_failed_probe() {
        let (breaker, mut now) = breaker();
        for _ in 0..3 {
            show(&breaker, Showed::Failed, now);
        }
        for seconds in [10, 20, 30, 30] {
            assert_eq!(breaker.opens_in(now), Some(Duration::from_secs(seconds)));
            now += Duration::from_secs(seconds);
            show(&breaker, Showed::Failed, now);
        }
    }

    #[test]
    fn connecting_alone_does_not_clear_a_target_that_dies_of_every_call() {
        let (breaker, now) = breaker();
        for _ in 0..3 {
            show(&breaker, Showed::Connected, now);
            show(&breaker, Showed::Failed, now);
        }
        assert!(breaker.admit(now).is_err());
        let later = now + Duration::from_secs(10);
        show(&breaker, Showed::Connected, later);
        show(&breaker, Showed::Failed, later);
        assert_eq!(breaker.opens_in(later), Some(Duration::from_secs(20)));
    }

    #[test]
    fn a_dropped_probe_frees_its_place_and_what_shows_nothing_does_not_count() {
        let (breaker, now) = breaker();
        for _ in 0..10 {
            show(&breaker, Showed::Unclear, now);
        }
        assert_eq!(breaker.failures(), 0);
        for _ in 0..3 {
            show(&breaker, Showed::Failed, now);
        }
        let later = now + Duration::from_secs(10);
        drop(breaker.admit(later).unwrap());
        assert!(breaker.admit(later).is_ok());
    }
}
