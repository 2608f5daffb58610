//! Reading an event stream one event at a time, as a browser would.

use bytes::BytesMut;
use futures::{StreamExt as _, stream::BoxStream};
use reqwest::Response;
use serde_json::Value;
use tokio::time::timeout;

use crate::PATIENCE;

/// One event of a stream.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// The `id:` line; a run's events count 1, 2, 3 …
    pub id: String,
    /// The `event:` line.
    pub name: String,
    /// The `data:` lines as JSON; a string where they are none.
    pub data: Value,
}

impl Event {
    /// The id as the number that a run's events carry.
    ///
    /// # Panics
    /// When it is none.
    #[must_use]
    pub fn seq(&self) -> i64 {
        self.id.parse().unwrap_or_else(|_| panic!("no number in the id of {self:?}"))
    }
}

/// An open stream; dropping it closes the connection.
pub struct Events {
    bytes: BoxStream<'static, reqwest::Result<bytes::Bytes>>,
    buffer: BytesMut,
    seen: Vec<Event>,
}

impl std::fmt::Debug for Events {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Events").field("seen", &self.seen).finish_non_exhaustive()
    }
}

impl Events {
    pub(crate) fn of(response: Response) -> Self {
        Self { bytes: response.bytes_stream().boxed(), buffer: BytesMut::new(), seen: Vec::new() }
    }

    /// The next event; `None` when the server ended the stream or the connection broke.
    ///
    /// # Panics
    /// When none comes within a minute.
    pub async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(frame) = self.frame() {
                // A comment, such as the heartbeat, is no event.
                let Some(event) = parse(&frame) else { continue };
                self.seen.push(event.clone());
                return Some(event);
            }
            match timeout(PATIENCE, self.bytes.next()).await {
                Ok(Some(Ok(bytes))) => self.buffer.extend_from_slice(&bytes),
                Ok(Some(Err(_)) | None) => return None,
                Err(_) => panic!("no further event came after {:?}", self.seen.last()),
            }
        }
    }

    /// Reads on to the first event of this name.
    ///
    /// # Panics
    /// When the stream ends before.
    pub async fn until(&mut self, name: &str) -> Event {
        self.until_event(name, |event| event.name == name).await
    }

    /// Reads on to the first event that fits; `what` names it in a failure.
    ///
    /// # Panics
    /// When the stream ends before.
    pub async fn until_event(&mut self, what: &str, fits: impl Fn(&Event) -> bool) -> Event {
        while let Some(event) = self.next().await {
            if fits(&event) {
                return event;
            }
        }
        panic!("the stream ended before {what}; it had {:#?}", self.seen)
    }

    /// Reads to the end of the stream and gives all its events, those read before among them.
    ///
    /// # Panics
    /// When a minute passes without an event.
    pub async fn rest(mut self) -> Vec<Event> {
        while self.next().await.is_some() {}
        self.seen
    }

    /// What was read so far.
    #[must_use]
    pub fn seen(&self) -> &[Event] {
        &self.seen
    }

    /// The text of all message deltas read so far.
    #[must_use]
    pub fn text(&self) -> String {
        let deltas = self.seen.iter().filter(|event| event.name == "message.delta");
        deltas.filter_map(|event| event.data["text"].as_str()).collect()
    }

    fn frame(&mut self) -> Option<Vec<u8>> {
        let end = self.buffer.windows(2).position(|two| two == b"\n\n")?;
        let frame = self.buffer.split_to(end + 2);
        Some(frame[..end].to_vec())
    }
}

fn parse(frame: &[u8]) -> Option<Event> {
    let text = String::from_utf8_lossy(frame);
    let (mut id, mut name, mut data) = (String::new(), String::new(), Vec::new());
    for line in text.lines() {
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "id" => value.clone_into(&mut id),
            "event" => value.clone_into(&mut name),
            "data" => data.push(value),
            _ => {}
        }
    }
    if data.is_empty() {
        return None;
    }
    let data = data.join("\n");
    let data = serde_json::from_str(&data).unwrap_or(Value::String(data));
    Some(Event { id, name, data })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_read_from_its_lines() {
        let event = parse(b"id: 3\nevent: message.delta\ndata: {\"text\":\ndata: \"a\"}").unwrap();
        assert_eq!(
            (event.seq(), event.name.as_str(), &event.data["text"]),
            (3, "message.delta", &Value::from("a"))
        );
    }

    #[test]
    fn a_comment_is_no_event() {
        assert_eq!(parse(b": heartbeat"), None);
    }
}
