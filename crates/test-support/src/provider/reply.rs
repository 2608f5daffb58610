//! What the scripted provider answers: a chain of parts, told in the order in which they are sent.

use std::sync::Arc;

use bytes::Bytes;
use serde_json::{Value, json};
use tokio::sync::Semaphore;

/// A point in an answer at which the provider waits until the test says go.
#[derive(Clone, Debug)]
pub struct Gate(Arc<Semaphore>);

impl Default for Gate {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(0)))
    }
}

impl Gate {
    /// A closed gate.
    #[must_use]
    pub fn closed() -> Self {
        Self::default()
    }

    /// Lets everything pass, now and later.
    pub fn open(&self) {
        self.0.close();
    }

    pub(super) async fn passed(&self) {
        // Only closing the semaphore ends this wait: no permit is ever added.
        let _ = self.0.acquire().await;
    }
}

#[derive(Clone, Debug)]
pub(super) enum Part {
    Text(String),
    Call { name: String, arguments: String },
    Wait(Gate),
    Raw(Bytes),
    Cut,
}

/// One scripted answer. An empty one ends at once with no text.
#[derive(Clone, Debug, Default)]
pub struct Reply {
    pub(super) parts: Vec<Part>,
    pub(super) failure: Option<(u16, Value)>,
    pub(super) headers: Vec<(String, String)>,
    pub(super) usage: Option<(u64, u64)>,
    pub(super) finish_reason: Option<String>,
}

impl Reply {
    /// An answer to add parts to.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// An answer of this text, streamed word by word.
    #[must_use]
    pub fn text(text: &str) -> Self {
        text.split_inclusive(' ').fold(Self::new(), Self::say)
    }

    /// A call of one tool.
    #[must_use]
    pub fn call(name: &str, arguments: &Value) -> Self {
        Self::new().and_call(name, arguments)
    }

    /// An HTTP error in OpenAI's shape.
    #[must_use]
    pub fn fail(status: u16, message: &str) -> Self {
        let error =
            json!({ "error": { "message": message, "type": "scripted", "param": null, "code": null } });
        Self { failure: Some((status, error)), ..Self::default() }
    }

    /// One chunk of text.
    #[must_use]
    pub fn say(self, text: &str) -> Self {
        self.with(Part::Text(text.to_owned()))
    }

    /// One tool call, its arguments in two pieces. Several of them are parallel calls.
    #[must_use]
    pub fn and_call(self, name: &str, arguments: &Value) -> Self {
        self.with(Part::Call { name: name.to_owned(), arguments: arguments.to_string() })
    }

    /// Waits until the gate opens.
    #[must_use]
    pub fn wait(self, gate: &Gate) -> Self {
        self.with(Part::Wait(gate.clone()))
    }

    /// Bytes that are sent as they are, such as broken JSON.
    #[must_use]
    pub fn raw(self, bytes: impl Into<Bytes>) -> Self {
        self.with(Part::Raw(bytes.into()))
    }

    /// Breaks the connection here; nothing after it is sent.
    #[must_use]
    pub fn cut(self) -> Self {
        self.with(Part::Cut)
    }

    /// A response header, such as `retry-after`.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The tokens that the answer says it took.
    #[must_use]
    pub fn usage(mut self, input: u64, output: u64) -> Self {
        self.usage = Some((input, output));
        self
    }

    /// Another finish reason than `stop` or `tool_calls`, such as `length`.
    #[must_use]
    pub fn finish(mut self, reason: &str) -> Self {
        self.finish_reason = Some(reason.to_owned());
        self
    }

    fn with(mut self, part: Part) -> Self {
        self.parts.push(part);
        self
    }
}
