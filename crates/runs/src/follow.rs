//! A run's events from any point on: first the rows, then what is committed, without a gap or a repeat.

use std::{sync::Arc, time::Duration};

use conductor_domain::RunId;
use conductor_storage::{Store, StoredEvent};
use futures::Stream;
use tokio::sync::broadcast::error::RecvError;

use crate::{Error, Result};

/// Rows read at once.
const PAGE: u64 = 500;
/// Another node's events come without a notice of ours; this is how long they may take to show.
const TAIL: Duration = Duration::from_secs(1);
/// With a single node every event comes with a notice; looking again is only a safety net.
const TAIL_ALONE: Duration = Duration::from_secs(30);

struct State {
    store: Store,
    run_id: RunId,
    last: i64,
    ready: std::collections::VecDeque<StoredEvent>,
    live: tokio::sync::broadcast::Receiver<Arc<StoredEvent>>,
    tail: Duration,
    behind: bool,
    done: bool,
}

/// The events of a run after `after`, ending after its last one. The caller's right to the run is checked before.
pub fn follow(
    store: &Store,
    run_id: RunId,
    after: i64,
) -> impl Stream<Item = Result<StoredEvent>> + Send + use<> {
    let state = State {
        // Subscribed before the rows are read: what is committed in between is in one of the two, or in both.
        live: store.follow(run_id),
        tail: if store.kind() == "sqlite" { TAIL_ALONE } else { TAIL },
        store: store.clone(),
        run_id,
        last: after,
        ready: std::collections::VecDeque::new(),
        behind: true,
        done: false,
    };
    futures::stream::try_unfold(state, next)
}

async fn next(mut state: State) -> Result<Option<(StoredEvent, State)>> {
    loop {
        if state.done {
            return Ok(None);
        }
        if let Some(event) = state.ready.pop_front() {
            if event.seq <= state.last {
                continue;
            }
            state.last = event.seq;
            state.done = event.is_last();
            return Ok(Some((event, state)));
        }
        if state.behind {
            let rows = state.store.events_after(state.run_id, state.last, PAGE).await.map_err(Error::from)?;
            state.behind = StoredEvent::may_follow(&rows, PAGE);
            state.ready.extend(rows);
            continue;
        }
        match tokio::time::timeout(state.tail, state.live.recv()).await {
            Ok(Ok(event)) if event.seq == state.last + 1 => {
                state.ready.push_back(Arc::unwrap_or_clone(event));
            }
            Ok(Ok(event)) if event.seq <= state.last => {}
            Ok(Err(RecvError::Closed)) => {
                state.live = state.store.follow(state.run_id);
                state.behind = true;
            }
            // A gap, a lag, or silence: the rows know.
            Ok(Ok(_) | Err(RecvError::Lagged(_))) | Err(_) => state.behind = true,
        }
    }
}
