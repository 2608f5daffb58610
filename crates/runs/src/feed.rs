//! A person's own feed across runs: what concerns them, in one numbering, from where they left off as far as it is kept.

use std::sync::Arc;

use conductor_domain::Caller;
use conductor_storage::{FeedItem, Notified, Store};
use futures::Stream;
use tokio::sync::broadcast::{Receiver, error::RecvError};

struct State {
    caller: Caller,
    ready: std::vec::IntoIter<Arc<Notified>>,
    live: Receiver<Arc<Notified>>,
}

/// The notices for one caller. It ends when the reader falls too far behind: who asks again after the last number it
/// has seen gets what is still kept.
pub(crate) fn feed(
    store: &Store,
    caller: &Caller,
    after: Option<i64>,
) -> impl Stream<Item = Arc<Notified>> + use<> {
    let (missed, live) = store.feed(after);
    let state = State { caller: caller.clone(), ready: missed.into_iter(), live };
    futures::stream::unfold(state, next)
}

async fn next(mut state: State) -> Option<(Arc<Notified>, State)> {
    loop {
        let notified = match state.ready.next() {
            Some(missed) => missed,
            None => match state.live.recv().await {
                Ok(notified) => notified,
                Err(RecvError::Lagged(_) | RecvError::Closed) => return None,
            },
        };
        if concerns(&state.caller, &notified.item) {
            return Some((notified, state));
        }
    }
}

/// Whether a notice is for this caller: of an organisation of theirs, and for everyone there or for them.
fn concerns(caller: &Caller, item: &FeedItem) -> bool {
    caller.organizations.contains(&item.organization_id)
        && item.user_id.is_none_or(|user| caller.user_id() == Some(user))
}
