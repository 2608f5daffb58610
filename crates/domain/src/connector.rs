//! Outside systems and the tools they offer.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    ApiSpec, CallCost, Classification, ConnectorId, Scope, ToolId, UserId, Visibility, classification::words,
};

/// How an MCP server is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Transport {
    /// A local process, over its standard input and output.
    Stdio,
    /// The legacy HTTP transport with server-sent events.
    Sse,
    /// Streamable HTTP.
    Http,
}

impl ConnectorSpec {
    /// What conditions of policies know it and its tools by: `server:<slug>`, `transport:<word>`, and `kind:api` or
    /// `kind:mcp`.
    #[must_use]
    pub fn labels(&self) -> Vec<String> {
        let kind = if self.api.is_some() { "api" } else { "mcp" };
        vec![format!("server:{}", self.slug), format!("transport:{}", self.transport), format!("kind:{kind}")]
    }
}

/// How Conductor proves itself to an outside system.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum AuthType {
    /// Not at all.
    #[default]
    None,
    /// `Authorization: Bearer …`.
    Bearer,
    /// A key in a header, `X-API-Key` unless another is named.
    ApiKey,
    /// A header of any name.
    CustomHeader,
    /// A token that is fetched by client credentials; APIs only.
    #[serde(rename = "oauth2")]
    OAuth2,
    /// A user name and a password; APIs only.
    Basic,
}

/// Where a connector comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// The platform's.
    Official,
    /// Shared by people.
    Community,
    /// An organisation's own.
    #[default]
    Private,
}

/// What was last found out about a connector.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Health {
    /// It answered.
    Healthy,
    /// It answered wrongly, or crashed.
    Error,
    /// It could not be reached.
    Offline,
    /// It was not asked yet.
    #[default]
    Unknown,
}

words!(Transport { Stdio = "stdio", Sse = "sse", Http = "http" });
words!(AuthType {
    None = "none",
    Bearer = "bearer",
    ApiKey = "api_key",
    CustomHeader = "custom_header",
    OAuth2 = "oauth2",
    Basic = "basic",
});
words!(Origin { Official = "official", Community = "community", Private = "private" });
words!(Health { Healthy = "healthy", Error = "error", Offline = "offline", Unknown = "unknown" });

/// What a person sets on a connector.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ConnectorSpec {
    /// The name for people.
    pub name: String,
    /// The name in tool paths.
    pub slug: String,
    /// What it is for.
    pub description: String,
    /// How it is reached.
    pub transport: Transport,
    /// Its address, for HTTP and SSE.
    pub endpoint: Option<String>,
    /// Its program, for stdio.
    pub command: Option<String>,
    /// The program's arguments.
    pub args: Vec<String>,
    /// The names of its environment variables; the values lie in the vault.
    pub env_names: Vec<String>,
    /// How Conductor proves itself.
    pub auth_type: AuthType,
    /// The header, for `api_key` and `custom_header`.
    pub auth_header: Option<String>,
    /// What an API can do; `None` for an MCP server, which says so itself.
    pub api: Option<ApiSpec>,
    /// Who sees it.
    pub visibility: Visibility,
    /// How sensitive its results are.
    pub data_classification: Classification,
    /// Whether its tools ask before each call, unless they are set otherwise.
    pub approval_required: bool,
    /// How long results of its read-only tools may be given again.
    pub cache_ttl_seconds: Option<i32>,
    /// Whether it may be used.
    pub enabled: bool,
}

/// A connector, as its row holds it.
#[derive(Clone, Debug, PartialEq)]
pub struct Connector {
    /// The connector.
    pub id: ConnectorId,
    /// Where it lives.
    pub scope: Scope,
    /// What a person set.
    pub spec: ConnectorSpec,
    /// Where it comes from.
    pub origin: Origin,
    /// The hash of the command line that an administrator confirmed.
    pub confirmed_command_hash: Option<String>,
    /// The vault's name of its credential.
    pub secret_ref: Option<String>,
    /// What it said of itself: counts, protocol version, server name.
    pub capabilities: Value,
    /// 1, 2, 3 … with each change.
    pub version: i32,
    /// What was last found out.
    pub health: Health,
    /// In words.
    pub health_message: Option<String>,
    /// When.
    pub last_health_check: Option<DateTime<Utc>>,
    /// Who registered it.
    pub created_by_user_id: Option<UserId>,
    /// When.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

/// A connector to be written.
#[derive(Clone, Debug, PartialEq)]
pub struct NewConnector {
    /// The connector.
    pub id: ConnectorId,
    /// What a person set.
    pub spec: ConnectorSpec,
    /// The vault's name of its credential.
    pub secret_ref: Option<String>,
    /// Who registers it.
    pub created_by_user_id: Option<UserId>,
}

/// What was found out about a connector.
#[derive(Clone, Debug, PartialEq)]
pub struct ConnectorHealth {
    /// The finding.
    pub health: Health,
    /// In words.
    pub message: Option<String>,
    /// What it said of itself; `None` leaves what was known.
    pub capabilities: Option<Value>,
}

/// Which connectors a list shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConnectorFilter {
    /// Words in name and description.
    pub q: Option<String>,
    /// From here only.
    pub origin: Option<Origin>,
}

/// A tool of a connector, as its row holds it.
#[derive(Clone, Debug, PartialEq)]
pub struct ConnectorTool {
    /// The tool.
    pub id: ToolId,
    /// Its connector.
    pub connector_id: ConnectorId,
    /// Where it lives.
    pub scope: Scope,
    /// The name at its server.
    pub name: String,
    /// The name for people.
    pub display_name: String,
    /// What it does, in its server's words.
    pub description: String,
    /// Its whole definition, as the server sent it.
    pub definition: Value,
    /// JSON Schema of its arguments.
    pub input_schema: Value,
    /// JSON Schema of its structured result.
    pub output_schema: Option<Value>,
    /// Whether it may be used.
    pub enabled: bool,
    /// Whether someone declared that it changes nothing.
    pub read_only: bool,
    /// Whether each call asks a person.
    pub asks: bool,
    /// The hash of its present definition.
    pub definition_hash: String,
    /// The hash of the definition that was approved.
    pub approved_hash: Option<String>,
    /// The definition that was approved.
    pub approved_definition: Option<Value>,
    /// Whether the server still offers it.
    pub present: bool,
    /// When it was last seen.
    pub synced_at: Option<DateTime<Utc>>,
    /// What one call costs, where someone said so.
    pub call_cost: Option<CallCost>,
}

impl ConnectorTool {
    /// Whether its definition is not the approved one.
    #[must_use]
    pub fn is_quarantined(&self) -> bool {
        self.approved_hash.as_deref() != Some(self.definition_hash.as_str())
    }
}

/// A tool as its server defines it now.
#[derive(Clone, Debug, PartialEq)]
pub struct SeenTool {
    /// The name at its server.
    pub name: String,
    /// The name for people.
    pub display_name: String,
    /// What it does.
    pub description: String,
    /// Its whole definition.
    pub definition: Value,
    /// JSON Schema of its arguments.
    pub input_schema: Value,
    /// JSON Schema of its structured result.
    pub output_schema: Option<Value>,
    /// The hash of its definition.
    pub definition_hash: String,
}

/// What a person changes on a tool; `None` leaves a field as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ToolChange {
    /// Whether it may be used.
    pub enabled: Option<bool>,
    /// Whether it changes nothing.
    pub read_only: Option<bool>,
    /// Whether each call asks a person.
    pub asks: Option<bool>,
    /// Accepts the present definition.
    pub approve_definition: bool,
    /// What one call costs; `Some(None)` says nothing any more.
    pub call_cost: Option<Option<CallCost>>,
}

/// What a sync of a connector's tools did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ToolSync {
    /// Names that are new.
    pub added: Vec<String>,
    /// Names whose definition is another than the approved one.
    pub changed: Vec<String>,
    /// Names that are gone.
    pub removed: Vec<String>,
}

/// The values of a connector's environment, as the vault keeps them.
pub type EnvValues = BTreeMap<String, String>;
