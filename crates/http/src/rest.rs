//! What a sender still sends of a body that was refused. A connection that is closed under somebody who sends is reset,
//! and the answer that says why may be lost with it. So the rest is read and forgotten, up to a size and for a while.

use std::{
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    body::{Body, BodyDataStream, HttpBody},
    extract::Request,
};
use bytes::Bytes;
use futures::{Stream, StreamExt};

/// The most that is read for nothing; whoever sends more may find the connection cut.
const MOST_BYTES: usize = 64 * 1024 * 1024;
/// And no longer than this.
const PATIENCE: Duration = Duration::from_secs(10);

/// A body that its handler may leave in the middle.
#[derive(Clone)]
pub(crate) struct Rest(Arc<Mutex<BodyDataStream>>);

impl Rest {
    /// Keeps hold of a body that may turn out too large; every other request stays as it is.
    pub(crate) fn of(request: Request, limit_bytes: usize) -> (Request, Option<Self>) {
        let limit = u64::try_from(limit_bytes).unwrap_or(u64::MAX);
        if request.body().size_hint().upper().is_some_and(|most| most <= limit) {
            return (request, None);
        }
        let (parts, body) = request.into_parts();
        let rest = Self(Arc::new(Mutex::new(body.into_data_stream())));
        (Request::from_parts(parts, Body::from_stream(rest.clone())), Some(rest))
    }

    /// Reads what is left, and forgets it.
    pub(crate) async fn forget(mut self) {
        let reading = async {
            let mut left = MOST_BYTES;
            while left > 0
                && let Some(Ok(bytes)) = self.next().await
            {
                left = left.saturating_sub(bytes.len());
            }
        };
        // A sender that takes longer is cut off.
        drop(tokio::time::timeout(PATIENCE, reading).await);
    }
}

impl Stream for Rest {
    type Item = Result<Bytes, axum::Error>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut body = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Pin::new(&mut *body).poll_next(context)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    const MIB: usize = 1024 * 1024;

    fn request(body: Body) -> Request {
        Request::new(body)
    }

    #[test]
    fn a_body_that_fits_is_left_alone() {
        assert!(Rest::of(request(Body::empty()), 0).1.is_none());
        assert!(Rest::of(request(Body::from("four")), 4).1.is_none());
        assert!(Rest::of(request(Body::from("fives")), 4).1.is_some());
    }

    #[tokio::test]
    async fn what_a_handler_leaves_is_read_and_a_sender_without_end_is_cut_off() {
        let sent = Arc::new(AtomicUsize::new(0));
        let (chunk, counted) = (Bytes::from(vec![b'x'; MIB]), Arc::clone(&sent));
        let endless = futures::stream::repeat_with(move || {
            counted.fetch_add(1, Ordering::Relaxed);
            Ok::<_, axum::Error>(chunk.clone())
        });
        let (request, rest) = Rest::of(request(Body::from_stream(endless)), MIB);
        let mut read = request.into_body().into_data_stream();
        assert_eq!(read.next().await.unwrap().unwrap().len(), MIB);
        drop(read);
        rest.unwrap().forget().await;
        let sent = sent.load(Ordering::Relaxed) * MIB;
        assert_eq!(sent, MIB + MOST_BYTES);
    }
}
