//! Streamable HTTP: the protocol library's worker on a client that was handed in.

use std::{collections::HashMap, sync::Arc};

use futures::stream::BoxStream;
use http::{HeaderName, HeaderValue};
use rmcp::{
    RoleClient,
    model::{ClientJsonRpcMessage, JsonRpcMessage},
    transport::{
        StreamableHttpClientTransport, Transport,
        streamable_http_client::{
            SseError, StreamableHttpClient, StreamableHttpClientTransportConfig, StreamableHttpError,
            StreamableHttpPostResponse,
        },
    },
};
use sse_stream::Sse;

use crate::Endpoint;

/// Calls under way at once. The library's own limit is so low that a few slow calls would hold up everybody's.
const CONCURRENT: usize = 256;

/// Prepares the transport; nothing is sent yet.
pub(crate) fn streamable(
    endpoint: &Endpoint,
    max_message_bytes: usize,
) -> impl Transport<RoleClient> + 'static {
    let headers: HashMap<_, _> =
        endpoint.headers().iter().map(|(name, value)| (name.clone(), value.clone())).collect();
    let config = StreamableHttpClientTransportConfig::with_uri(endpoint.url().as_str())
        .custom_headers(headers)
        .max_concurrent_requests(CONCURRENT)
        .max_sse_event_size(max_message_bytes);
    StreamableHttpClientTransport::with_client(Http(endpoint.client().clone()), config)
}

type Failure = StreamableHttpError<reqwest::Error>;
type Headers = HashMap<HeaderName, HeaderValue>;

/// The client that was handed in, with one thing put right: a server that restarted should answer 404 to a session that
/// it forgot, but many answer an error that names no request, for which the library would wait until the call's time is
/// up. Such a request was not even read, so it is safe that the library makes a new session and sends it once more.
#[derive(Clone)]
struct Http(reqwest::Client);

fn settle(
    answer: Result<StreamableHttpPostResponse, Failure>,
    in_session: bool,
) -> Result<StreamableHttpPostResponse, Failure> {
    match answer {
        Ok(StreamableHttpPostResponse::Json(JsonRpcMessage::Error(error), _))
            if in_session && error.id.is_none() =>
        {
            Err(StreamableHttpError::SessionExpired)
        }
        other => other,
    }
}

impl StreamableHttpClient for Http {
    type Error = reqwest::Error;

    async fn post_message(
        &self,
        uri: Arc<str>,
        message: ClientJsonRpcMessage,
        session: Option<Arc<str>>,
        auth: Option<String>,
        headers: Headers,
    ) -> Result<StreamableHttpPostResponse, Failure> {
        let in_session = session.is_some();
        settle(self.0.post_message(uri, message, session, auth, headers).await, in_session)
    }

    async fn post_message_with_max_sse_event_size(
        &self,
        uri: Arc<str>,
        message: ClientJsonRpcMessage,
        session: Option<Arc<str>>,
        auth: Option<String>,
        headers: Headers,
        max: usize,
    ) -> Result<StreamableHttpPostResponse, Failure> {
        let in_session = session.is_some();
        let sent = self.0.post_message_with_max_sse_event_size(uri, message, session, auth, headers, max);
        settle(sent.await, in_session)
    }

    async fn delete_session(
        &self,
        uri: Arc<str>,
        session: Arc<str>,
        auth: Option<String>,
        headers: Headers,
    ) -> Result<(), Failure> {
        self.0.delete_session(uri, session, auth, headers).await
    }

    async fn get_stream(
        &self,
        uri: Arc<str>,
        session: Option<Arc<str>>,
        last_event: Option<String>,
        auth: Option<String>,
        headers: Headers,
    ) -> Result<BoxStream<'static, Result<Sse, SseError>>, Failure> {
        self.0.get_stream(uri, session, last_event, auth, headers).await
    }

    async fn get_stream_with_max_sse_event_size(
        &self,
        uri: Arc<str>,
        session: Option<Arc<str>>,
        last_event: Option<String>,
        auth: Option<String>,
        headers: Headers,
        max: usize,
    ) -> Result<BoxStream<'static, Result<Sse, SseError>>, Failure> {
        self.0.get_stream_with_max_sse_event_size(uri, session, last_event, auth, headers, max).await
    }
}
