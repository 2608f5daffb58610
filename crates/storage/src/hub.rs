//! Who hears what was committed: followers of a run, holders of a run's signals, and the callers' own feeds.
//!
//! The writer publishes after its commit, so a listener never sees what a crash could take back.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use conductor_domain::{OrganizationId, RunId, UserId};
use serde_json::Value;
use tokio::sync::broadcast;

use crate::StoredEvent;

/// How many events a follower may lag behind before it must read rows again.
const RUN_BACKLOG: usize = 256;
/// How many notices a feed or the driver may lag behind.
const FEED_BACKLOG: usize = 4_096;

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
}

/// The listeners of this process.
#[derive(Debug)]
pub(crate) struct Hub {
    runs: Mutex<HashMap<RunId, broadcast::Sender<StoredEvent>>>,
    feed: broadcast::Sender<Arc<FeedItem>>,
    signals: broadcast::Sender<Signalled>,
}

impl Hub {
    pub(crate) fn new() -> Self {
        Self {
            runs: Mutex::default(),
            feed: broadcast::channel(FEED_BACKLOG).0,
            signals: broadcast::channel(FEED_BACKLOG).0,
        }
    }

    pub(crate) fn publish(&self, notices: Vec<Notice>) {
        for notice in notices {
            match notice {
                Notice::Event(event) => self.publish_event(event),
                // A feed without listeners is no failure.
                Notice::Feed(item) => drop(self.feed.send(Arc::new(item))),
                Notice::Signal(run_id) => drop(self.signals.send(Signalled { run_id })),
            }
        }
    }

    fn publish_event(&self, event: StoredEvent) {
        let mut runs = self.runs.lock().unwrap_or_else(PoisonError::into_inner);
        let (run_id, last) = (event.run_id, event.is_last());
        if let Some(followers) = runs.get(&run_id)
            && (followers.send(event).is_err() || last)
        {
            runs.remove(&run_id);
        }
    }

    pub(crate) fn follow(&self, run_id: RunId) -> broadcast::Receiver<StoredEvent> {
        let mut runs = self.runs.lock().unwrap_or_else(PoisonError::into_inner);
        runs.entry(run_id).or_insert_with(|| broadcast::channel(RUN_BACKLOG).0).subscribe()
    }

    pub(crate) fn feed(&self) -> broadcast::Receiver<Arc<FeedItem>> {
        self.feed.subscribe()
    }

    pub(crate) fn signals(&self) -> broadcast::Receiver<Signalled> {
        self.signals.subscribe()
    }
}
