//! Run events on the wire: `id:` is `seq`, so that a client that comes back anywhere goes on without a gap or a repeat.

use std::time::Duration;

use axum::{
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response, sse::Event},
};
use conductor_domain::{Caller, Page, RunId};
use conductor_runs::{Runs, StoredEvent};
use futures::{Stream, StreamExt, stream};
use serde_json::value::RawValue;

use crate::{
    AppState, Problem,
    answer::NoContent,
    page::{PageResponse, Paging},
    sse,
};

/// When a client of a stream that ends for a restart is to come back.
const COME_BACK: Duration = Duration::from_secs(1);

/// The events of a run after `after`, until its last one.
pub(crate) async fn follow_run(
    state: &AppState,
    caller: Caller,
    id: RunId,
    after: i64,
) -> Result<Response, Problem> {
    let run = state.runs.find(&caller, id).await?;
    // Nobody has seen more than there is.
    let after = after.min(run.last_seq);
    if run.status.is_final() && after == run.last_seq {
        // The one answer after which an event source does not come back.
        return Ok(NoContent.into_response());
    }
    let events = state.runs.follow(&caller, id, after).await?;
    let events = events.scan((), |(), event| std::future::ready(readable(event)));
    let source = until_drained(state, events);
    Ok(sse::events(state, caller, source))
}

/// A page of a run's events.
pub(crate) async fn page(
    runs: &Runs,
    caller: &Caller,
    id: RunId,
    after: Option<i64>,
    paging: &Paging,
) -> Result<PageResponse<Box<RawValue>>, Problem> {
    let position = paging.request.after.as_deref().and_then(|position| position.parse().ok());
    let limit = paging.request.limit;
    let rows = runs.events(caller, id, position.or(after).unwrap_or_default(), limit + 1).await?;
    let page = Page::cut(rows, limit, |event| event.seq.to_string());
    Ok(paging.answer(page, |event| RawValue::from_string(event.to_json()).unwrap_or_default()))
}

/// Ends a stream when this node is about to, and tells its client to come back, where another node answers.
pub(crate) fn until_drained<S>(state: &AppState, source: S) -> impl Stream<Item = Event> + Send + 'static
where
    S: Stream<Item = Event> + Send + 'static,
{
    let streams = state.streams.clone();
    let farewell = {
        let streams = streams.clone();
        async move { streams.is_cancelled().then(|| Event::default().comment("draining").retry(COME_BACK)) }
    };
    source.take_until(streams.cancelled_owned()).chain(stream::once(farewell).filter_map(std::future::ready))
}

/// The number of the last event that a client has.
pub(crate) fn last_event_id(headers: &HeaderMap) -> Result<Option<i64>, Problem> {
    let Some(value) = headers.get("last-event-id").filter(|value| !value.is_empty()) else { return Ok(None) };
    let number = value.to_str().ok().and_then(|text| text.parse::<i64>().ok()).filter(|number| *number >= 0);
    number.map(Some).ok_or_else(|| {
        let detail = "`Last-Event-ID` is the `id:` of the last event that was received: a number.";
        Problem::new(StatusCode::BAD_REQUEST, "bad_request", detail)
    })
}

/// Whether a client asks for a page in place of a stream.
pub(crate) fn wants_json(headers: &HeaderMap) -> bool {
    let accepted: Vec<&str> =
        headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok()).collect();
    let names = |kind| accepted.iter().any(|value| value.contains(kind));
    names("application/json") && !names("text/event-stream")
}

/// An event on the wire; `None` ends the stream, and its client asks again.
fn readable(event: conductor_runs::Result<StoredEvent>) -> Option<Event> {
    match event {
        Ok(event) => {
            Some(Event::default().id(event.seq.to_string()).event(&event.name).data(event.to_json()))
        }
        Err(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, "a run's events cannot be read");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: &'static str, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(name.parse().unwrap(), value.parse().unwrap())])
    }

    #[test]
    fn a_page_is_for_those_who_ask_for_one() {
        assert!(wants_json(&headers("accept", "application/json")));
        assert!(!wants_json(&headers("accept", "text/event-stream")));
        assert!(!wants_json(&headers("accept", "text/event-stream, application/json")));
        assert!(!wants_json(&headers("accept", "*/*")));
        assert!(!wants_json(&HeaderMap::new()));
    }

    #[test]
    fn the_last_event_is_named_by_its_number() {
        assert_eq!(last_event_id(&headers("last-event-id", "41")).unwrap(), Some(41));
        assert_eq!(last_event_id(&headers("last-event-id", "")).unwrap(), None);
        assert_eq!(last_event_id(&HeaderMap::new()).unwrap(), None);
        for bad in ["-1", "x", "1.5"] {
            assert_eq!(last_event_id(&headers("last-event-id", bad)).unwrap_err().code(), "bad_request");
        }
    }
}
