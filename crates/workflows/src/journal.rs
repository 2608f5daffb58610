//! The journal of a run, read from its beginning.

use conductor_domain::RunId;
use conductor_runs::{Result, StoredEvent};
use conductor_storage::Store;

/// How many events are read at once, so that a long journal is never held whole.
const PAGE: u64 = 500;

/// Goes through the events of a run in their order.
///
/// # Errors
/// When storage fails, or an event is refused.
pub(crate) async fn each(
    store: &Store,
    run: RunId,
    mut take: impl FnMut(&StoredEvent) -> Result<()> + Send,
) -> Result<()> {
    let mut after = 0;
    loop {
        let page = store.events_after(run, after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = last.seq;
        page.iter().try_for_each(&mut take)?;
    }
}

/// The same with something that stands for each large value, from after an event on.
///
/// # Errors
/// When storage fails, or an event is refused.
pub(crate) async fn outline(
    store: &Store,
    run: RunId,
    mut after: i64,
    mut take: impl FnMut(&StoredEvent) -> Result<()> + Send,
) -> Result<()> {
    loop {
        let page = store.outlines_after(run, after, PAGE).await?;
        let more = page.len() as u64 >= PAGE;
        after = page.last().map_or(after, |last| last.seq);
        page.iter().try_for_each(&mut take)?;
        if !more {
            return Ok(());
        }
    }
}
