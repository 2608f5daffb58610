//! Time and the randomness of ids are handed in, so that a test can hold them still.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use chrono::{DateTime, Utc};
use uuid::{NoContext, Timestamp, Uuid};

/// Where a component reads the time and takes new ids.
pub trait Clock: Send + Sync + std::fmt::Debug {
    /// The present moment, in UTC.
    fn now(&self) -> DateTime<Utc>;

    /// A new UUIDv7 stamped with the present moment.
    fn uuid_v7(&self) -> Uuid {
        let now = self.now();
        let seconds = u64::try_from(now.timestamp()).unwrap_or_default();
        Uuid::new_v7(Timestamp::from_unix(NoContext, seconds, now.timestamp_subsec_nanos()))
    }
}

impl<C: Clock + ?Sized> Clock for Arc<C> {
    fn now(&self) -> DateTime<Utc> {
        (**self).now()
    }
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }

    #[expect(clippy::disallowed_methods, reason = "monotonic within a millisecond, unlike a bare timestamp")]
    fn uuid_v7(&self) -> Uuid {
        Uuid::now_v7()
    }
}

/// A clock that stands still until it is told to move.
#[derive(Debug)]
pub struct FixedClock(AtomicI64);

impl FixedClock {
    /// A clock that stands at `at`, to the microsecond.
    #[must_use]
    pub fn at(at: DateTime<Utc>) -> Arc<Self> {
        Arc::new(Self(AtomicI64::new(at.timestamp_micros())))
    }

    /// Moves the clock forward.
    pub fn advance(&self, by: chrono::Duration) {
        self.0.fetch_add(by.num_microseconds().unwrap_or_default(), Ordering::SeqCst);
    }
}

impl Clock for FixedClock {
    fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(self.0.load(Ordering::SeqCst)).unwrap_or_default()
    }
}
