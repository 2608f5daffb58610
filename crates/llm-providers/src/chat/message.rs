//! Messages: who speaks and what is in them. They serialise, since a parked turn has to keep a provider's signed
//! thinking until it goes on.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Who a message is from, in the models' own words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// A person, or whoever asks.
    User,
    /// The model.
    Assistant,
    /// The results of tools that the model called.
    Tool,
}

/// One message of a conversation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// Who it is from.
    pub role: Role,
    /// What is in it, in order.
    pub content: Vec<Content>,
}

impl Message {
    /// A text from whoever asks.
    pub fn user(text: impl Into<String>) -> Self {
        Self { role: Role::User, content: vec![Content::text(text)] }
    }

    /// A text of the model.
    pub fn assistant(text: impl Into<String>) -> Self {
        Self { role: Role::Assistant, content: vec![Content::text(text)] }
    }

    /// What a tool answered.
    pub fn tool_result(call_id: impl Into<String>, is_error: bool, text: impl Into<String>) -> Self {
        let content = Content::ToolResult { call_id: call_id.into(), is_error, text: text.into() };
        Self { role: Role::Tool, content: vec![content] }
    }

    /// Its text parts, joined.
    #[must_use]
    pub fn text(&self) -> String {
        let parts: Vec<&str> = self.content.iter().filter_map(Content::as_text).collect();
        parts.join("\n")
    }
}

/// A part of a message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Content {
    /// Words.
    Text {
        /// The words.
        text: String,
    },
    /// A picture.
    Image {
        /// Its media type, such as `image/png`.
        mime: String,
        /// The file itself.
        #[serde(with = "base64_bytes")]
        bytes: Bytes,
    },
    /// What the model thought before it answered.
    Thinking {
        /// The thought, as far as the provider shows it.
        text: String,
        /// The provider's seal, without which it will not take the thought back.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        signature: Option<String>,
    },
    /// A thought the provider keeps to itself; to be handed back as it came.
    RedactedThinking {
        /// The sealed thought.
        data: String,
    },
    /// A call the model asks for.
    ToolCall {
        /// The provider's id of the call.
        id: String,
        /// The tool's name.
        name: String,
        /// The arguments, as [`crate::Chunk::ToolCall`] describes them.
        arguments: Value,
    },
    /// What a call gave.
    ToolResult {
        /// The id of the call.
        call_id: String,
        /// Whether the tool failed.
        is_error: bool,
        /// The result, as the model is to read it.
        text: String,
    },
}

impl Content {
    /// Words.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text { text: text.into() }
    }

    /// The words, where it is words.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text { text } => Some(text),
            _ => None,
        }
    }
}

/// Pictures as base64 text, so that a stored message is plain JSON.
mod base64_bytes {
    use base64::{Engine, engine::general_purpose::STANDARD};
    use bytes::Bytes;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(bytes: &Bytes, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(bytes))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Bytes, D::Error> {
        let text = String::deserialize(deserializer)?;
        STANDARD.decode(text).map(Bytes::from).map_err(D::Error::custom)
    }
}
