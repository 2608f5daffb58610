//! A tool of the registry is called, through a connector or a server that is described here.

use serde::Serialize;
use serde_json::{Map, Value};

use super::{Found, Settings, Texts};
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
    }
}
