//! A tool of the registry is called, through a connector or a server that is described here.

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{About, Found, Settings, Texts, about, http::SECRET_WORDS};
use crate::{Node, fields::Fields, problem::Code, word::words};

words! {
    /// What kind of connector offers the tool.
    ConnectorKind {
        Mcp => "mcp" "An MCP server.",
        Api => "api" "An API.",
    }
}

/// The settings of a tool node. The arguments are the node's inputs.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Tool {
    /// What kind of connector offers it.
    pub connector_kind: ConnectorKind,
    /// The connector, by name or id; without one, the tool's name alone decides.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connector: Option<String>,
    /// The tool, or the operation of an API; a connector with a single one needs none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tool: Option<String>,
    /// A server that is no connector: its configuration, as the registry takes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server: Option<Map<String, Value>>,
}

impl Settings for Tool {
    fn read(fields: &mut Fields<'_>) -> Self {
        Self {
            connector_kind: fields.word("connector_kind").unwrap_or_default(),
            connector: fields.text("connector"),
            tool: fields.text("tool"),
            server: fields.object("server"),
        }
    }

    fn texts<'a>(&'a self, texts: &mut Texts<'a>) {
        if let Some(server) = &self.server {
            texts.object("/config/server", server);
        }
    }

    fn check(&self, _node: &Node, found: &mut Found<'_>) {
        if self.connector.is_none() && self.tool.is_none() && self.server.is_none() {
            found.error("/config/tool", Code::MissingField, "a tool node names a tool or a connector");
        }
        if self.connector.is_some() && self.server.is_some() {
            let message = "a tool node has a connector or a server of its own, not both";
            found.error("/config/server", Code::InvalidValue, message);
        }
        for (pointer, key) in self.server.iter().flat_map(|server| literals("/config/server", server)) {
            let message = format!(
                "{key} stands in the workflow itself; name a credential of the server instead, such as {{{{env.CRM_TOKEN}}}}"
            );
            found.error(&pointer, Code::LiteralCredential, message);
        }
    }

    fn about() -> About {
        About {
            name: "Tool",
            inputs: "The tool's arguments.",
            output: about::any("What the tool answers: a value where that is JSON, otherwise its text."),
            settings: json!({
                "connector_kind": about::word::<ConnectorKind>("What kind of connector offers it."),
                "connector": about::text("The connector, by name or id; without one, the tool's name alone decides."),
                "tool": about::text("The tool, or the operation of an API; a connector with a single one needs none."),
                "server": about::object("A server that is no connector: its address, and the name of a credential."),
            }),
            required: &[],
            example: json!({
                "nodes": [{
                    "id": "search", "kind": "tool", "config": { "tool": "search_documents" },
                    "inputs": { "query": "{{inputs.question}}" },
                }],
                "edges": [],
            }),
        }
    }
}

/// Where credentials stand as they are, instead of a reference to one: whoever reads the workflow would read them.
fn literals(pointer: &str, fields: &Map<String, Value>) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (key, value) in fields {
        let below = format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1"));
        let word = key.to_lowercase();
        match value {
            Value::Object(fields) if !SHAPES.contains(&word.as_str()) => {
                found.extend(literals(&below, fields));
            }
            Value::String(text) => {
                let secret = word == "authorization" || SECRET_WORDS.iter().any(|one| word.contains(one));
                let literal = !text.is_empty() && !text.contains("{{") && !text.contains("${");
                // A reference and the address of a token server are no secrets.
                if secret && literal && !word.contains("ref") && !word.ends_with("url") {
                    found.push((below, key.clone()));
                }
            }
            _ => {}
        }
    }
    found
}

/// Fields that describe or show arguments.
const SHAPES: [&str; 3] = ["input_schema", "example_payload", "payload"];
