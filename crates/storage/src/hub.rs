//! Who hears what was committed: followers of a run, holders of a run's signals, and the callers' own feeds.
//!
//! The writer publishes after its commit, so a listener never sees what a crash could take back.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
};

use conductor_domain::{OrganizationId, RunId, UserId};
use serde_json::Value;
use tokio::sync::{broadcast, watch};

use crate::StoredEvent;

/// How many events a follower may lag behind before it must read rows again.
const RUN_BACKLOG: usize = 64;
/// From this many followed runs on, those whose followers have gone are forgotten.
const RUNS_SWEPT: usize = 64;
/// How many notices a feed or the driver may lag behind.
const FEED_BACKLOG: usize = 4_096;
/// How many notices are kept for feeds that come back.
const FEED_KEPT: usize = 1_024;

/// A notice for the callers' own feeds (`GET /api/events`).
#[derive(Clone, Debug)]
pub struct FeedItem {
    /// The tenant it belongs to.
    pub organization_id: OrganizationId,
    /// The one person it is for; `None` for every member.
    pub user_id: Option<UserId>,
    /// A JSON object with at least `type`.
    pub data: Value,
}

/// A notice as every feed of this process numbers it.
#[derive(Clone, Debug)]
pub struct Notified {
    /// Grows with each notice, and over restarts: it starts at the microsecond at which the process did.
    pub id: i64,
    /// The notice.
    pub item: FeedItem,
}

/// A run that has a new signal, or is newly pending.
#[derive(Clone, Copy, Debug)]
pub struct Signalled {
    /// The run.
    pub run_id: RunId,
}

/// Something to tell once it is committed.
#[derive(Debug)]
pub(crate) enum Notice {
    Event(StoredEvent),
    Feed(FeedItem),
    Signal(RunId),
    Audited,
}

/// The listeners of this process.
#[derive(Debug)]
pub(crate) struct Hub {
    runs: Mutex<HashMap<RunId, broadcast::Sender<Arc<StoredEvent>>>>,
    feed: broadcast::Sender<Arc<Notified>>,
    kept: Mutex<Kept>,
    signals: broadcast::Sender<Signalled>,
    audited: watch::Sender<()>,
}

/// The last notices, oldest first.
#[derive(Debug)]
struct Kept {
    next: i64,
    notices: VecDeque<Arc<Notified>>,
}

impl Hub {
    pub(crate) fn new(first: i64) -> Self {
        Self {
            runs: Mutex::default(),
            feed: broadcast::channel(FEED_BACKLOG).0,
            kept: Mutex::new(Kept { next: first, notices: VecDeque::with_capacity(FEED_KEPT) }),
            signals: broadcast::channel(FEED_BACKLOG).0,
            audited: watch::Sender::new(()),
        }
    }

    pub(crate) fn publish(&self, notices: Vec<Notice>) {
        for notice in notices {
            match notice {
                Notice::Event(event) => self.publish_event(event),
                Notice::Feed(item) => self.publish_item(item),
                Notice::Signal(run_id) => drop(self.signals.send(Signalled { run_id })),
                Notice::Audited => self.audited.send_modify(|()| {}),
            }
        }
    }

    fn publish_item(&self, item: FeedItem) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let notified = Arc::new(Notified { id: kept.next, item });
        kept.next += 1;
        if kept.notices.len() == FEED_KEPT {
            kept.notices.pop_front();
        }
        kept.notices.push_back(Arc::clone(&notified));
        // A feed without listeners is no failure.
        drop(self.feed.send(notified));
    }

    fn publish_event(&self, event: StoredEvent) {
        let mut runs = self.runs.lock().unwrap_or_else(PoisonError::into_inner);
        let (run_id, last) = (event.run_id, event.is_last());
        if let Some(followers) = runs.get(&run_id)
            && (followers.send(Arc::new(event)).is_err() || last)
        {
            runs.remove(&run_id);
        }
    }

    pub(crate) fn follow(&self, run_id: RunId) -> broadcast::Receiver<Arc<StoredEvent>> {
        let mut runs = self.runs.lock().unwrap_or_else(PoisonError::into_inner);
        // Runs that say nothing more, such as finished ones, are not forgotten by themselves.
        if runs.len() >= RUNS_SWEPT {
            runs.retain(|_, followers| followers.receiver_count() > 0);
        }
        runs.entry(run_id).or_insert_with(|| broadcast::channel(RUN_BACKLOG).0).subscribe()
    }

    /// What is kept after number `after`, and what comes from now on: together without a gap or a repeat.
    pub(crate) fn feed(
        &self,
        after: Option<i64>,
    ) -> (Vec<Arc<Notified>>, broadcast::Receiver<Arc<Notified>>) {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let missed = |after: i64| kept.notices.iter().filter(|one| one.id > after).cloned().collect();
        (after.map(missed).unwrap_or_default(), self.feed.subscribe())
    }

    pub(crate) fn signals(&self) -> broadcast::Receiver<Signalled> {
        self.signals.subscribe()
    }

    pub(crate) fn audited(&self) -> watch::Receiver<()> {
        self.audited.subscribe()
    }
}
