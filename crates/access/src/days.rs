//! Calls per day: counted in memory, written every few seconds, so that no request waits for a count and a restart
//! forgets no more than the last of them. Processes see each other's counts when they write.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use chrono::{DateTime, Days as Span, NaiveDate, NaiveTime, Utc};
use conductor_domain::{Caller, LimitPolicy, OrganizationId};
use conductor_storage::{Store, Unscoped};
use tokio_util::sync::CancellationToken;

use crate::{Error, Result};

/// How long counts may wait to be written.
const FLUSH: Duration = Duration::from_secs(2);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

type Name = (OrganizationId, String);

#[derive(Clone, Copy, Debug)]
struct Count {
    day: NaiveDate,
    /// Written by all processes, as far as this one knows.
    written: i64,
    /// Counted here and not yet written.
    waiting: i64,
}

/// How much of a day's calls is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DayStanding {
    /// How many calls there may be.
    pub limit: u32,
    /// How many there were.
    pub used: i64,
    /// When they start again.
    pub resets_at: DateTime<Utc>,
}

/// The counts of one process.
#[derive(Debug)]
pub struct Days {
    store: Store,
    counts: Mutex<HashMap<Name, Count>>,
}

impl Days {
    pub(crate) fn new(store: Store) -> Self {
        Self { store, counts: Mutex::default() }
    }

    /// Counts one call.
    ///
    /// # Errors
    /// `Limited` where the day's calls are used up.
    pub(crate) async fn take(&self, caller: &Caller, limit: u32) -> Result<()> {
        let (name, now) = (name(caller), self.store.clock().now());
        self.know(&name, now.date_naive()).await?;
        let mut counts = self.counts();
        let Some(count) = counts.get_mut(&name) else { return Ok(()) };
        if count.written + count.waiting < i64::from(limit) {
            count.waiting += 1;
            return Ok(());
        }
        Err(Error::Limited {
            which: format!("{limit} calls per day for you"),
            retry_after: (midnight(now) - now).to_std().unwrap_or(DAY),
            policy: LimitPolicy { name: "day", quota: u64::from(limit), window: DAY },
        })
    }

    /// How much of the day's calls a caller has used.
    pub(crate) async fn standing(&self, caller: &Caller, limit: u32) -> Result<DayStanding> {
        let (name, now) = (name(caller), self.store.clock().now());
        self.know(&name, now.date_naive()).await?;
        let used = self.counts().get(&name).map_or(0, |count| count.written + count.waiting);
        Ok(DayStanding { limit, used, resets_at: midnight(now) })
    }

    /// Writes what waits until told to stop, and then once more.
    pub async fn run(&self, stop: CancellationToken) {
        let mut today = None;
        while !stop.is_cancelled() {
            tokio::select! {
                () = tokio::time::sleep(FLUSH) => {}
                () = stop.cancelled() => {}
            }
            if let Err(error) = self.flush(&mut today).await {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "counts of calls wait to be written"
                );
            }
        }
    }

    async fn flush(&self, forgot: &mut Option<NaiveDate>) -> Result<()> {
        let today = self.store.clock().now().date_naive();
        let waiting: Vec<(Name, Count)> = {
            let mut counts = self.counts();
            counts.retain(|_, count| count.day == today || count.waiting > 0);
            counts
                .iter()
                .filter(|(_, count)| count.waiting > 0)
                .map(|(name, count)| (name.clone(), *count))
                .collect()
        };
        let forget = *forgot != Some(today);
        if waiting.is_empty() && !forget {
            return Ok(());
        }
        let batch = waiting.clone();
        let written = self.store.unscoped(Unscoped::DecisionPoint).write(move |tx| {
            Box::pin(async move {
                let mut sums = Vec::with_capacity(batch.len());
                for ((organization, subject), count) in batch {
                    sums.push(tx.call_counts().add(organization, &subject, count.day, count.waiting).await?);
                }
                if forget {
                    tx.call_counts().forget(today).await?;
                }
                Ok::<_, conductor_storage::Error>(sums)
            })
        });
        let sums = written.await?;
        *forgot = Some(today);
        let mut counts = self.counts();
        for ((name, before), sum) in waiting.into_iter().zip(sums) {
            // A new day may have begun meanwhile.
            if let Some(count) = counts.get_mut(&name).filter(|count| count.day == before.day) {
                count.written = sum;
                count.waiting -= before.waiting;
            }
        }
        Ok(())
    }

    /// Reads a caller's count once a day.
    async fn know(&self, name: &Name, today: NaiveDate) -> Result<()> {
        if self.counts().get(name).is_some_and(|count| count.day == today) {
            return Ok(());
        }
        let rows = self.store.unscoped(Unscoped::DecisionPoint);
        let written = rows.call_counts().of(name.0, &name.1, today).await?;
        let mut counts = self.counts();
        let count = counts.entry(name.clone()).or_insert(Count { day: today, written, waiting: 0 });
        if count.day != today {
            *count = Count { day: today, written, waiting: 0 };
        }
        Ok(())
    }

    fn counts(&self) -> std::sync::MutexGuard<'_, HashMap<Name, Count>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn name(caller: &Caller) -> Name {
    (caller.scope.organization_id, caller.principal.subject())
}

fn midnight(now: DateTime<Utc>) -> DateTime<Utc> {
    let next = now.date_naive().checked_add_days(Span::new(1)).unwrap_or_else(|| now.date_naive());
    next.and_time(NaiveTime::MIN).and_utc()
}
