//! Sends the library's requests. Its own sender asks again by itself on a 429 and drops the headers that say when;
//! this one asks once, and reads errors while their headers are there.

use std::{
    io::ErrorKind,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
};

use async_openai::{error::OpenAIError, middleware::HttpRequestFactory};
use futures::{TryStreamExt, future::BoxFuture};
use reqwest::{Body, Response};
use tower::Service;

use crate::{
    Error,
    wire::{Callee, whole_lines},
};

/// One sender for one request.
#[derive(Clone, Debug)]
pub(super) struct Transport {
    pub(super) client: reqwest::Client,
    pub(super) callee: Callee,
    pub(super) model: String,
    /// Set where a line had no end: the library keeps nothing of an error that would tell.
    pub(super) endless: Arc<AtomicBool>,
}

impl Transport {
    async fn send(self, request: HttpRequestFactory) -> Result<Response, OpenAIError> {
        let request = request.build().await?;
        let answered = match self.client.execute(request).await {
            Ok(response) => self.callee.event_stream(response, &self.model).await,
            Err(error) => Err(self.callee.unanswered(error)),
        };
        let response = answered.map_err(|error| OpenAIError::Boxed(Box::new(error)))?;
        let mut bounded = http::Response::new(());
        *bounded.status_mut() = response.status();
        *bounded.headers_mut() = response.headers().clone();
        let lines = whole_lines(response.bytes_stream()).inspect_err(move |error| {
            self.endless.store(error.kind() == ErrorKind::InvalidData, Ordering::Relaxed);
        });
        let body = Body::wrap_stream(lines);
        Ok(bounded.map(|()| body).into())
    }
}

impl Service<HttpRequestFactory> for Transport {
    type Response = Response;
    type Error = OpenAIError;
    type Future = BoxFuture<'static, Result<Response, OpenAIError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), OpenAIError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: HttpRequestFactory) -> Self::Future {
        Box::pin(self.clone().send(request))
    }
}

/// Our error in the library's, whether we put it there or it is the library's own.
pub(super) fn error(error: OpenAIError, callee: &Callee, endless: &AtomicBool) -> Error {
    match error {
        OpenAIError::Boxed(inner) => match inner.downcast::<Error>() {
            Ok(ours) => *ours,
            Err(other) => Error::Unreachable { provider: callee.provider.clone(), source: other },
        },
        OpenAIError::Reqwest(error) => callee.unanswered(error),
        OpenAIError::JSONDeserialize(source, text) => {
            callee.garbage("an event is not what chat completions send", &text, Some(source.into()))
        }
        // The library keeps only the text of what broke; a transport that breaks is a cut, anything else is garbage.
        OpenAIError::StreamError(error) => {
            let text = error.to_string();
            let broke = text.contains("Transport error") && !endless.load(Ordering::Relaxed);
            if broke {
                callee.cut(error)
            } else {
                callee.garbage("the event stream is malformed", &text, Some(error))
            }
        }
        other => Error::InvalidRequest { provider: callee.provider.clone(), message: other.to_string() },
    }
}
