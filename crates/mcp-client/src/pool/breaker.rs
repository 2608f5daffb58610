//! What an answer of a server shows about it, for the breaker that leaves it alone.

use std::time::Duration;

use conductor_domain::Showed;
use tokio::time::Instant;

use crate::{Error, Result};

/// The breaker of one server.
#[derive(Debug)]
pub(crate) struct Breaker(conductor_domain::Breaker);

/// The right to make one request, to be given back with its outcome.
#[derive(Debug)]
pub(crate) struct Permit<'a>(conductor_domain::Permit<'a>);

impl Breaker {
    pub(crate) fn new(threshold: u32, open_first: Duration, open_last: Duration) -> Self {
        Self(conductor_domain::Breaker::new(threshold, open_first, open_last))
    }

    /// Lets a request pass, or says when to come back.
    pub(crate) fn admit(&self) -> Result<Permit<'_>> {
        let admitted = self.0.admit(now());
        admitted.map(Permit).map_err(|retry_after| Error::CircuitOpen { retry_after })
    }

    /// When the next request is let through, if not now.
    pub(crate) fn opens_in(&self) -> Option<Duration> {
        self.0.opens_in(now())
    }

    pub(crate) fn failures(&self) -> u32 {
        self.0.failures()
    }

    /// A failure that no request reported: the process ended by itself.
    pub(crate) fn failed(&self) {
        self.0.failed(now());
    }
}

impl Permit<'_> {
    /// Gives the permit back with what a request showed about the server.
    pub(crate) fn served(self, error: Option<&Error>) {
        self.settle(Showed::Served, error);
    }

    /// Gives the permit back with what an attempt to connect showed about the server.
    pub(crate) fn connected(self, error: Option<&Error>) {
        self.settle(Showed::Connected, error);
    }

    fn settle(self, success: Showed, error: Option<&Error>) {
        let showed = match error {
            None => success,
            Some(error) if error.counts() => Showed::Failed,
            // The server answered, even if not what was hoped for.
            Some(
                Error::Rejected { .. }
                | Error::Refused { .. }
                | Error::Unauthorized { .. }
                | Error::TooLarge { .. },
            ) => success,
            Some(_) => Showed::Unclear,
        };
        self.0.settle(showed, now());
    }
}

/// The clock that timers go by.
fn now() -> std::time::Instant {
    Instant::now().into_std()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_callers_own_mistakes_do_not_count_and_a_server_that_ends_does() {
        let breaker = Breaker::new(3, Duration::from_secs(10), Duration::from_secs(30));
        for _ in 0..10 {
            breaker.admit().unwrap().served(Some(&Error::Cancelled { sent: true }));
            let rejected = Error::Rejected { code: -32602, message: String::new(), data: None };
            breaker.admit().unwrap().served(Some(&rejected));
        }
        assert_eq!(breaker.failures(), 0);
        for _ in 0..3 {
            breaker.admit().unwrap().served(Some(&Error::Closed { stderr: None, sent: true }));
        }
        assert!(matches!(breaker.admit(), Err(Error::CircuitOpen { .. })));
    }
}
