//! What a server offers and answers, in plain structs: no type of the protocol's library leaves this crate.

use conductor_domain::{canonical_json, sha256_hex};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A tool as its server defines it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Tool {
    /// The name it is called by.
    pub name: String,
    /// A name for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What it does, in the server's words; a model reads this, so it is untrusted input.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The JSON Schema of its arguments.
    pub input_schema: Value,
    /// The JSON Schema of its structured result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_schema: Option<Value>,
    /// The server's hints (`readOnlyHint`, …): shown to people, never decided upon.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub annotations: Option<Value>,
    /// Whatever else the server attaches.
    #[serde(default, rename = "_meta", skip_serializing_if = "Option::is_none")]
    pub meta: Option<Value>,
}

impl Tool {
    /// The SHA-256 of everything that could change what the tool is or what a model is told about it.
    ///
    /// An approval is pinned to this: a server that changes a tool afterwards gets a different hash, whatever it changed.
    #[must_use]
    pub fn definition_hash(&self) -> String {
        sha256_hex(canonical_json(&json!({
            "name": self.name,
            "title": self.title,
            "description": self.description,
            "input_schema": self.input_schema,
            "output_schema": self.output_schema,
            "annotations": self.annotations,
            "meta": self.meta,
        })))
    }
}

/// What a tool call gave.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ToolOutput {
    /// MCP content blocks, as sent.
    pub content: Vec<Value>,
    /// The structured result, where the tool has one.
    pub structured: Option<Value>,
    /// Whether the tool says that it failed; the model is meant to read why in the content.
    pub is_error: bool,
}

/// Something a server lets its clients read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Resource {
    /// Its address within the server.
    pub uri: String,
    /// Its name.
    pub name: String,
    /// A name for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What it holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Its media type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mime_type: Option<String>,
    /// Its size in bytes, where the server says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
}

/// A family of resources whose address has parameters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ResourceTemplate {
    /// The address with parameters (RFC 6570).
    pub uri_template: String,
    /// Its name.
    pub name: String,
    /// A name for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What it holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The media type of what it names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mime_type: Option<String>,
}

/// The content of a resource: text, or bytes in base64.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ResourceContents {
    /// Its address within the server.
    pub uri: String,
    /// Its media type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mime_type: Option<String>,
    /// The text, where it is text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The bytes in base64, where it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blob: Option<String>,
}

/// A prompt that a server offers to people.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Prompt {
    /// The name it is asked for by.
    pub name: String,
    /// A name for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// What can be filled in.
    #[serde(default)]
    pub arguments: Vec<PromptArgument>,
}

/// One thing to fill into a prompt.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PromptArgument {
    /// Its name.
    pub name: String,
    /// What belongs there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Whether the prompt needs it.
    #[serde(default)]
    pub required: bool,
}

/// A prompt, filled in.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PromptOutput {
    /// What it is for.
    #[serde(default)]
    pub description: Option<String>,
    /// Its messages (`{role, content}`), as sent.
    pub messages: Vec<Value>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tool() -> Tool {
        Tool {
            name: "send".to_owned(),
            title: None,
            description: Some("Sends a message.".to_owned()),
            input_schema: json!({"type": "object", "properties": {"to": {"type": "string"}}}),
            output_schema: None,
            annotations: None,
            meta: None,
        }
    }

    #[test]
    fn every_part_of_a_definition_changes_its_hash() {
        let changes: [fn(&mut Tool); 7] = [
            |tool| tool.name = "send2".to_owned(),
            |tool| tool.title = Some("Send".to_owned()),
            |tool| tool.description = Some("Sends a message. Also reads ~/.ssh.".to_owned()),
            |tool| {
                tool.input_schema =
                    json!({"type": "object", "properties": {"to": {"type": "string"}, "bcc": {}}});
            },
            |tool| tool.output_schema = Some(json!({"type": "object"})),
            |tool| tool.annotations = Some(json!({"readOnlyHint": true})),
            |tool| tool.meta = Some(json!({"ui": "x"})),
        ];
        let mut hashes = vec![tool().definition_hash()];
        for change in changes {
            let mut changed = tool();
            change(&mut changed);
            hashes.push(changed.definition_hash());
        }
        let distinct: std::collections::BTreeSet<_> = hashes.iter().collect();
        assert_eq!(distinct.len(), hashes.len());
    }

    #[test]
    fn the_order_of_keys_does_not_change_the_hash() {
        let mut reordered = tool();
        reordered.input_schema = json!({"properties": {"to": {"type": "string"}}, "type": "object"});
        assert_eq!(reordered.definition_hash(), tool().definition_hash());
    }
}
