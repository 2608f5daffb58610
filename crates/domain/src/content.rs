//! Words and bytes of content: roles of messages, kinds of artifacts, canonical JSON.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::classification::words;

/// Who a message is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum MessageRole {
    /// A person.
    User,
    /// The conversation's agent.
    Assistant,
    /// Instructions or a notice.
    System,
    /// An agent that the conversation was handed to.
    Agent,
}

/// What an artifact holds, and so how it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ArtifactKind {
    /// Source code.
    Code,
    /// A web page.
    Html,
    /// A vector image.
    Svg,
    /// A React component.
    React,
    /// A Mermaid diagram.
    Mermaid,
    /// A text document in Markdown.
    Text,
}

words!(MessageRole { User = "user", Assistant = "assistant", System = "system", Agent = "agent" });
words!(ArtifactKind { Code = "code", Html = "html", Svg = "svg", React = "react", Mermaid = "mermaid", Text = "text" });

/// JSON with sorted keys and no spaces (RFC 8785 for the values we use: no floats beyond what JSON text keeps).
#[must_use]
pub fn canonical_json(value: &Value) -> String {
    fn sorted(value: &Value) -> Value {
        match value {
            Value::Object(map) => {
                let mut entries: Vec<_> = map.iter().collect();
                entries.sort_by(|a, b| a.0.cmp(b.0));
                Value::Object(entries.into_iter().map(|(key, inner)| (key.clone(), sorted(inner))).collect())
            }
            Value::Array(items) => Value::Array(items.iter().map(sorted).collect()),
            other => other.clone(),
        }
    }
    sorted(value).to_string()
}

/// The SHA-256 of some bytes, in lower-case hexadecimal.
#[must_use]
pub fn sha256_hex(bytes: impl AsRef<[u8]>) -> String {
    use std::fmt::Write;
    Sha256::digest(bytes).iter().fold(String::with_capacity(64), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
