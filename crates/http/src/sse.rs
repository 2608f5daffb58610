//! Event streams: heartbeats, no buffering on the way, and an end when the caller's credential dies.

use std::convert::Infallible;

use axum::{
    http::{HeaderName, HeaderValue, header},
    response::{
        IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use conductor_domain::Caller;
use futures::{Stream, StreamExt};

use crate::AppState;

/// Sends events as they come; the stream ends with its source or with the caller's credential.
pub(crate) fn events<S>(state: &AppState, caller: Caller, source: S) -> Response
where
    S: Stream<Item = Event> + Send + 'static,
{
    let identity = state.identity.clone();
    let revoked = async move { identity.until_revoked(&caller).await };
    let stream = source.take_until(Box::pin(revoked)).map(Ok::<_, Infallible>);
    let heartbeat = KeepAlive::new().interval(state.options.limits.heartbeat).text("");
    let mut response = Sse::new(stream).keep_alive(heartbeat).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    response
}
