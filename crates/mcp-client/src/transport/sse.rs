//! The older HTTP transport: the server streams events, the client posts to the address the stream names first.

use std::time::Duration;

use bytes::{Buf, Bytes};
use futures::{StreamExt, stream::BoxStream};
use http::{StatusCode, header};
use reqwest::{Response, Url};
use rmcp::{
    RoleClient,
    model::{ClientJsonRpcMessage, ServerJsonRpcMessage},
    transport::Transport,
};
use tokio::{sync::mpsc, task::AbortHandle};

use super::{Demise, Fault, garbled};
use crate::{
    Endpoint, Error, Result,
    error::{chain, excerpt},
};

/// Messages that wait for the session to take them; beyond that the stream is not read on.
const BUFFERED: usize = 64;

/// An open event stream and the address to post to.
pub(crate) struct Sse {
    endpoint: Endpoint,
    post_to: Url,
    messages: mpsc::Receiver<ServerJsonRpcMessage>,
    reader: AbortHandle,
}

impl Sse {
    /// Opens the stream and waits for the address.
    pub(crate) async fn open(endpoint: &Endpoint, max_message_bytes: usize, demise: Demise) -> Result<Self> {
        let response = endpoint
            .client()
            .get(endpoint.url().clone())
            .headers(endpoint.headers().clone())
            .header(header::ACCEPT, "text/event-stream")
            .send()
            .await
            .map_err(|error| Error::unreachable(error.without_url()))?;
        let response = accepted(response).await?;
        let media_type = response.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        if !media_type.is_some_and(|media_type| media_type.starts_with("text/event-stream")) {
            let reason = format!(
                "it answers with {} instead of an event stream",
                media_type.unwrap_or("no content type")
            );
            return Err(Error::Handshake { reason });
        }
        let mut events = Events::new(response.bytes_stream().boxed(), max_message_bytes);
        let post_to = loop {
            match events.next().await? {
                Some(event) if event.name == "endpoint" => break same_origin(endpoint.url(), &event.data)?,
                Some(_) => {}
                None => {
                    return Err(Error::Handshake {
                        reason: "the stream ended before it named an address".to_owned(),
                    });
                }
            }
        };
        let (sender, messages) = mpsc::channel(BUFFERED);
        let reader = tokio::spawn(async move {
            if let Err(error) = forward(&mut events, &sender).await {
                demise.because(error);
            }
        });
        Ok(Self { endpoint: endpoint.clone(), post_to, messages, reader: reader.abort_handle() })
    }
}

impl Drop for Sse {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

impl Transport<RoleClient> for Sse {
    type Error = Fault;

    fn send(
        &mut self,
        message: ClientJsonRpcMessage,
    ) -> impl Future<Output = Result<(), Fault>> + Send + 'static {
        let request = self
            .endpoint
            .client()
            .post(self.post_to.clone())
            .headers(self.endpoint.headers().clone())
            .json(&message);
        async move {
            let response = request.send().await.map_err(|error| Fault(not_sent(error)))?;
            accepted(response).await.map(drop).map_err(Fault)
        }
    }

    async fn receive(&mut self) -> Option<ServerJsonRpcMessage> {
        self.messages.recv().await
    }

    async fn close(&mut self) -> Result<(), Fault> {
        self.reader.abort();
        Ok(())
    }
}

/// A request that failed below HTTP: whether it may have been sent depends on how far it got.
pub(crate) fn not_sent(error: reqwest::Error) -> Error {
    let error = error.without_url();
    if error.is_connect() || error.is_builder() {
        Error::unreachable(error)
    } else if error.is_timeout() {
        Error::TimedOut { after: Duration::ZERO, sent: true }
    } else {
        Error::Protocol { message: chain(&error), sent: true }
    }
}

/// Lets a successful answer pass and turns any other into the error it stands for.
async fn accepted(response: Response) -> Result<Response> {
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    let header = |name: header::HeaderName| {
        response.headers().get(name).and_then(|value| value.to_str().ok()).map(ToOwned::to_owned)
    };
    if matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) {
        return Err(Error::Unauthorized { challenge: header(header::WWW_AUTHENTICATE) });
    }
    let retry_after =
        header(header::RETRY_AFTER).and_then(|value| value.parse().ok()).map(Duration::from_secs);
    let mut body = response.bytes_stream();
    let first = body.next().await.and_then(Result::ok).unwrap_or_default();
    let detail = excerpt(&String::from_utf8_lossy(&first), 300);
    Err(Error::Refused {
        status: status.as_u16(),
        retry_after,
        detail: (!detail.is_empty()).then_some(detail),
    })
}

/// The address to post to. Another origin would receive our headers, so it is refused.
fn same_origin(stream: &Url, endpoint: &str) -> Result<Url> {
    let url = stream.join(endpoint.trim()).map_err(|error| Error::Handshake {
        reason: format!("it names an address that is no URL: {error}"),
    })?;
    if url.origin() != stream.origin() {
        let reason =
            format!("it wants messages sent to {}, another origin", url.origin().ascii_serialization());
        return Err(Error::Handshake { reason });
    }
    Ok(url)
}

async fn forward(events: &mut Events, sender: &mpsc::Sender<ServerJsonRpcMessage>) -> Result<()> {
    while let Some(event) = events.next().await? {
        if event.name != "message" {
            continue;
        }
        let message = match serde_json::from_str::<ServerJsonRpcMessage>(&event.data) {
            Ok(message) => message,
            Err(error) => {
                let mut envelope = super::envelope::Envelope::default();
                envelope.feed(event.data.as_bytes());
                let Some(id) = envelope.id() else { continue };
                garbled(id, format!("not a JSON-RPC message ({error}): {}", excerpt(&event.data, 200)))
            }
        };
        if sender.send(message).await.is_err() {
            return Ok(());
        }
    }
    Err(Error::Closed { stderr: None, sent: true })
}

struct Event {
    name: String,
    data: String,
}

/// Server-sent events, none larger than the limit.
struct Events {
    bytes: BoxStream<'static, reqwest::Result<Bytes>>,
    unread: Bytes,
    /// The line being read, and whether the last byte was a carriage return whose newline is still to come.
    line: Vec<u8>,
    after_return: bool,
    name: String,
    data: String,
    limit: usize,
}

impl Events {
    fn new(bytes: BoxStream<'static, reqwest::Result<Bytes>>, limit: usize) -> Self {
        Self {
            bytes,
            unread: Bytes::new(),
            line: Vec::new(),
            after_return: false,
            name: String::new(),
            data: String::new(),
            limit,
        }
    }

    /// The next event, or nothing at the end of the stream.
    async fn next(&mut self) -> Result<Option<Event>> {
        loop {
            while !self.unread.is_empty() {
                if let Some(event) = self.take_line()? {
                    return Ok(Some(event));
                }
            }
            match self.bytes.next().await {
                Some(Ok(bytes)) => self.unread = bytes,
                Some(Err(error)) => {
                    tracing::debug!(error = chain(&error.without_url()), "event stream broke");
                    return Err(Error::Closed { stderr: None, sent: true });
                }
                None => return Ok(None),
            }
        }
    }

    /// Reads up to the end of a line; an empty line ends an event.
    fn take_line(&mut self) -> Result<Option<Event>> {
        if std::mem::take(&mut self.after_return) && self.unread.first() == Some(&b'\n') {
            self.unread.advance(1);
            return Ok(None);
        }
        let end = self.unread.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
        let part = self.unread.split_to(end.unwrap_or(self.unread.len()));
        if self.line.len() + self.data.len() + part.len() > self.limit {
            return Err(Error::TooLarge { limit_bytes: self.limit });
        }
        self.line.extend_from_slice(&part);
        if end.is_none() {
            return Ok(None);
        }
        self.after_return = self.unread.first() == Some(&b'\r');
        self.unread.advance(1);
        let line = std::mem::take(&mut self.line);
        if !line.is_empty() {
            self.field(&String::from_utf8_lossy(&line));
            return Ok(None);
        }
        let name = std::mem::take(&mut self.name);
        let data = std::mem::take(&mut self.data);
        let name = if name.is_empty() { "message".to_owned() } else { name };
        Ok((!data.is_empty()).then_some(Event { name, data }))
    }

    fn field(&mut self, line: &str) {
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut self.name),
            "data" => {
                if !self.data.is_empty() {
                    self.data.push('\n');
                }
                self.data.push_str(value);
            }
            // Comments, ids and retry times mean nothing to this transport: it cannot resume.
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(chunks: &[&str], limit: usize) -> Events {
        let chunks: Vec<_> = chunks.iter().map(|chunk| Ok(Bytes::from((*chunk).to_owned()))).collect();
        Events::new(futures::stream::iter(chunks).boxed(), limit)
    }

    #[tokio::test]
    async fn events_are_read_however_they_are_cut() {
        let text = ": hello\r\nevent: endpoint\r\ndata: /messages\r\n\r\ndata: {\ndata: }\n\nid: 3\n\n";
        for size in [1, 2, 3, 1000] {
            let chunks: Vec<_> =
                text.as_bytes().chunks(size).map(|chunk| std::str::from_utf8(chunk).unwrap()).collect();
            let mut events = events(&chunks, 100);
            let first = events.next().await.unwrap().unwrap();
            assert_eq!((first.name.as_str(), first.data.as_str()), ("endpoint", "/messages"));
            let second = events.next().await.unwrap().unwrap();
            assert_eq!((second.name.as_str(), second.data.as_str()), ("message", "{\n}"));
            assert!(events.next().await.unwrap().is_none());
        }
    }

    #[tokio::test]
    async fn an_event_beyond_the_limit_is_refused_before_it_is_kept() {
        let mut events = events(&["data: ", &"x".repeat(60), &"x".repeat(60)], 100);
        assert!(matches!(events.next().await, Err(Error::TooLarge { limit_bytes: 100 })));
    }

    #[test]
    fn only_the_streams_own_origin_may_be_posted_to() {
        let stream = Url::parse("https://example.org/sse").unwrap();
        assert_eq!(
            same_origin(&stream, "/messages?id=1").unwrap().as_str(),
            "https://example.org/messages?id=1"
        );
        for foreign in [
            "http://example.org/messages",
            "https://example.org:444/messages",
            "//evil.example/messages",
            "https://example.org@evil.example/",
            "\\\\evil.example/x",
            "file:///etc/passwd",
            "javascript:alert(1)",
        ] {
            assert!(matches!(same_origin(&stream, foreign), Err(Error::Handshake { .. })), "{foreign}");
        }
    }
}
