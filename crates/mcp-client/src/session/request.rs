//! The one way a request leaves: bounded in time and size, cancellable, and counted.

#![expect(
    deprecated,
    reason = "roots and sampling are deprecated in the protocol but may still be asked for"
)]

use std::{collections::BTreeMap, io, time::Duration};

use rmcp::{
    RoleClient,
    model::{
        CancelledNotification, CancelledNotificationParam, ClientNotification, ClientRequest,
        DiscoverRequest, DiscoverRequestParams, InputRequest, InputRequiredResult, ListRootsResult,
        PingRequest, ProtocolVersion, RequestId, RequestMetaObject, ServerResult,
    },
    service::{Peer, PeerRequestOptions, ServiceError},
    transport::{DynamicTransportError, streamable_http_client::StreamableHttpError},
};
use serde_json::{Map, Value};
use tokio::time::{Instant, sleep_until, timeout, timeout_at};
use tokio_util::sync::CancellationToken;

use super::{Session, handler};
use crate::{
    Error, Result,
    error::{chain, excerpt},
    transport::{Fault, not_sent, rejected},
};

/// How often a server may ask back within one request.
const MAX_ROUNDS: usize = 10;
/// How long a server that asks to be asked again is left alone.
const BETWEEN_ROUNDS: Duration = Duration::from_millis(100);
/// How long telling a server about a cancellation may take; nobody waits for it.
const CANCEL_NOTICE: Duration = Duration::from_secs(5);

/// The bounds of one request and what is sent along.
pub(super) struct Ask {
    pub(super) timeout: Duration,
    pub(super) cancel: CancellationToken,
    pub(super) meta: Map<String, Value>,
    /// A health check, which does not keep the session from being idle.
    pub(super) quiet: bool,
}

/// The answers to what a server asked back.
#[derive(Default)]
pub(super) struct Reply {
    pub(super) responses: Option<BTreeMap<String, Value>>,
    pub(super) state: Option<String>,
}

impl Session {
    pub(super) fn alive_question(&self) -> ClientRequest {
        let has_ping = self.0.server.protocol_version.as_str() < ProtocolVersion::NO_INITIALIZE.as_str();
        if has_ping {
            ClientRequest::PingRequest(PingRequest::default())
        } else {
            ClientRequest::DiscoverRequest(DiscoverRequest::new(DiscoverRequestParams {}))
        }
    }

    /// Asks, and answers whatever the server asks back, until there is a result.
    pub(super) async fn converse(&self, ask: Ask, request: impl Fn(Reply) -> ClientRequest) -> Result<Value> {
        let mut reply = Reply::default();
        for _ in 0..MAX_ROUNDS {
            let round = Ask {
                timeout: ask.timeout,
                cancel: ask.cancel.clone(),
                meta: ask.meta.clone(),
                quiet: ask.quiet,
            };
            let answer = self.send(request(reply), round).await?;
            let ServerResult::InputRequiredResult(input) = answer else {
                return self.to_json(&answer);
            };
            reply = self.answer(input).await;
        }
        let message = format!("the server asked back {MAX_ROUNDS} times without giving a result");
        Err(Error::Protocol { message, sent: true })
    }

    /// Asks once.
    pub(super) async fn request(&self, request: ClientRequest, ask: Ask) -> Result<Value> {
        let answer = self.send(request, ask).await?;
        self.to_json(&answer)
    }

    async fn send(&self, request: ClientRequest, ask: Ask) -> Result<ServerResult> {
        let visit = self.0.vitals.admit(ask.quiet)?;
        let result = self.exchange(request, ask).await;
        visit.served(result.as_ref().err());
        result
    }

    async fn exchange(&self, request: ClientRequest, ask: Ask) -> Result<ServerResult> {
        if self.is_closed() {
            return Err(self.closed_error(false));
        }
        if ask.cancel.is_cancelled() {
            return Err(Error::Cancelled { sent: false });
        }
        let deadline = Instant::now() + ask.timeout;
        let mut options = PeerRequestOptions::no_options();
        if !ask.meta.is_empty() {
            options = options.with_meta(RequestMetaObject::from(ask.meta));
        }
        let sending = self.0.peer.send_cancellable_request(request, options);
        let mut handle = match timeout_at(deadline, sending).await {
            Ok(Ok(handle)) => handle,
            Ok(Err(_)) => return Err(self.closed_error(false)),
            Err(_) => {
                return Err(Error::TimedOut { after: ask.timeout, sent: false });
            }
        };
        let mut abandoned =
            Abandoned { peer: &self.0.peer, id: Some(handle.id.clone()), reason: "the caller is gone" };
        tokio::select! {
            biased;
            answer = &mut handle.rx => {
                abandoned.id = None;
                match answer {
                    Ok(Ok(result)) => Ok(result),
                    Ok(Err(error)) => Err(self.failure(error, ask.timeout)),
                    Err(_) => Err(self.closed_error(true)),
                }
            }
            () = ask.cancel.cancelled() => {
                abandoned.reason = "cancelled by the caller";
                Err(Error::Cancelled { sent: true })
            }
            () = sleep_until(deadline) => {
                abandoned.reason = "timed out";
                Err(Error::TimedOut { after: ask.timeout, sent: true })
            }
        }
    }

    async fn answer(&self, input: InputRequiredResult) -> Reply {
        let mut responses = BTreeMap::new();
        let requests = input.input_requests.unwrap_or_default();
        if requests.is_empty() {
            tokio::time::sleep(BETWEEN_ROUNDS).await;
        }
        for (key, request) in requests {
            let response = match request {
                InputRequest::Elicitation(request) => {
                    serde_json::to_value(handler::elicit(self.0.host.as_ref(), request.params).await).ok()
                }
                InputRequest::CreateMessage(request) => match serde_json::to_value(request.params) {
                    Ok(params) => self.0.host.sample(params).await,
                    Err(_) => None,
                },
                InputRequest::ListRoots(_) => serde_json::to_value(ListRootsResult::default()).ok(),
                _ => None,
            };
            // A server that gets no answer to one of its questions says so itself.
            if let Some(response) = response {
                responses.insert(key, response);
            }
        }
        Reply { responses: (!responses.is_empty()).then_some(responses), state: input.request_state }
    }

    /// The answer as JSON, checked against the size limit where the transport has not done so.
    fn to_json(&self, answer: &ServerResult) -> Result<Value> {
        let limit_bytes = self.0.options.max_message_bytes;
        if !self.0.bounded && serde_json::to_writer(Room { left: limit_bytes }, answer).is_err() {
            return Err(Error::TooLarge { limit_bytes });
        }
        serde_json::to_value(answer).map_err(|error| Error::Protocol { message: chain(&error), sent: true })
    }

    /// Why the connection is gone, as far as the transport knows.
    pub(super) fn closed_error(&self, sent: bool) -> Error {
        match self.0.demise.cause() {
            Some(Error::Closed { stderr, .. }) => Error::Closed { stderr, sent },
            Some(Error::TooLarge { limit_bytes }) if sent => Error::TooLarge { limit_bytes },
            _ => Error::Closed { stderr: self.0.log.tail(12), sent },
        }
    }

    fn failure(&self, error: ServiceError, after: Duration) -> Error {
        match error {
            ServiceError::McpError(error) => rejected(error),
            ServiceError::TransportSend(error) => match transport_failure(error, after) {
                Error::Closed { sent, .. } => self.closed_error(sent),
                other => other,
            },
            ServiceError::TransportClosed => self.closed_error(true),
            ServiceError::Timeout { timeout } => Error::TimedOut { after: timeout, sent: true },
            ServiceError::Cancelled { .. } => Error::Cancelled { sent: true },
            other => Error::Protocol { message: chain(&other), sent: true },
        }
    }
}

/// Tells the server that nobody waits for an answer any more, also when the caller's future is dropped.
struct Abandoned<'a> {
    peer: &'a Peer<RoleClient>,
    id: Option<RequestId>,
    reason: &'static str,
}

impl Drop for Abandoned<'_> {
    fn drop(&mut self) {
        let (Some(id), Ok(runtime)) = (self.id.take(), tokio::runtime::Handle::try_current()) else {
            return;
        };
        let params = CancelledNotificationParam::new(Some(id), Some(self.reason.to_owned()));
        let notification = ClientNotification::CancelledNotification(CancelledNotification::new(params));
        let peer = self.peer.clone();
        runtime.spawn(async move {
            let _ = timeout(CANCEL_NOTICE, peer.send_notification(notification)).await;
        });
    }
}

/// What the transport's error means for the caller.
pub(super) fn transport_failure(error: DynamicTransportError, after: Duration) -> Error {
    let error = match error.error.downcast::<Fault>() {
        Ok(fault) => return fault.0,
        Err(error) => error,
    };
    let error = match error.downcast::<StreamableHttpError<reqwest::Error>>() {
        Ok(error) => *error,
        Err(error) => {
            return Error::Protocol { message: excerpt(&chain(error.as_ref()), 500), sent: true };
        }
    };
    match error {
        StreamableHttpError::Client(error) => match not_sent(error) {
            Error::TimedOut { sent, .. } => Error::TimedOut { after, sent },
            other => other,
        },
        StreamableHttpError::AuthRequired(error) => {
            Error::Unauthorized { challenge: Some(error.www_authenticate_header) }
        }
        StreamableHttpError::InsufficientScope(error) => {
            Error::Unauthorized { challenge: Some(error.www_authenticate_header) }
        }
        StreamableHttpError::HttpStatus(error) => Error::Refused {
            status: error.status,
            retry_after: error.retry_after.and_then(|value| value.parse().ok()).map(Duration::from_secs),
            detail: None,
        },
        StreamableHttpError::ResponseBodyTooLarge { max_size } => Error::TooLarge { limit_bytes: max_size },
        StreamableHttpError::UnexpectedServerResponse(text) => unexpected(&text),
        StreamableHttpError::TransportChannelClosed => Error::Closed { stderr: None, sent: true },
        StreamableHttpError::SessionExpired => Error::Refused {
            status: 404,
            retry_after: None,
            detail: Some("the session has expired".to_owned()),
        },
        other => Error::Protocol { message: excerpt(&chain(&other), 500), sent: true },
    }
}

/// The library reports an unexpected HTTP status as text: `HTTP 302 Found: body`.
fn unexpected(text: &str) -> Error {
    let status =
        text.strip_prefix("HTTP ").and_then(|rest| rest.get(..3)).and_then(|code| code.parse::<u16>().ok());
    match status {
        Some(401 | 403) => Error::Unauthorized { challenge: None },
        Some(status) => {
            let detail =
                text.split_once(": ").map(|(_, body)| excerpt(body, 300)).filter(|body| !body.is_empty());
            Error::Refused { status, retry_after: None, detail }
        }
        None => Error::Protocol { message: excerpt(text, 500), sent: true },
    }
}

/// Counts what would be written and fails beyond a limit, without keeping it.
pub(super) struct Room {
    pub(super) left: usize,
}

impl io::Write for Room {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.left = self.left.checked_sub(bytes.len()).ok_or(io::ErrorKind::FileTooLarge)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_unexpected_http_status_is_a_refusal() {
        assert!(matches!(unexpected("HTTP 302 Found: "), Error::Refused { status: 302, detail: None, .. }));
        assert!(matches!(unexpected("HTTP 401 Unauthorized: no"), Error::Unauthorized { challenge: None }));
        let Error::Refused { status: 404, detail, .. } = unexpected("HTTP 404 Not Found: nothing: here")
        else {
            panic!("not a refusal");
        };
        assert_eq!(detail.as_deref(), Some("nothing: here"));
        assert!(matches!(unexpected("empty sse stream"), Error::Protocol { .. }));
    }

    #[test]
    fn size_is_counted_without_keeping_the_answer() {
        let value = json!({"text": "x".repeat(100)});
        assert!(serde_json::to_writer(Room { left: 111 }, &value).is_ok());
        assert!(serde_json::to_writer(Room { left: 110 }, &value).is_err());
    }
}
