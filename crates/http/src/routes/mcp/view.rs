//! A server on the wire. Values of its environment and its credential never appear.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use conductor_domain::{
    ApiSpec, AuthType, Classification, ConnectorId, Health, Origin, Transport, Visibility,
};
use conductor_registry::ServerView;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// What stands for a value that is stored and never shown.
pub(super) const MASK: &str = "•••";

/// How Conductor's credential is sent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AuthSettings {
    /// The header, for `api_key` and `custom_header`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) header: Option<String>,
}

/// Whether a server is in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ConnectorStatus {
    /// It answered when it was last asked.
    Active,
    /// It is switched off, or was never asked.
    Inactive,
    /// It failed when it was last asked.
    Error,
}

/// How much a server offered when it was last asked.
#[derive(Serialize, ToSchema)]
struct ConnectorCapabilities {
    tools: u64,
    resources: u64,
    prompts: u64,
}

/// What a server calls itself.
#[derive(Serialize, Deserialize, ToSchema)]
pub(super) struct ServerInfo {
    name: String,
    #[serde(default)]
    version: String,
}

/// An MCP server, or an API.
#[derive(Serialize, ToSchema)]
#[schema(as = Connector)]
pub(super) struct ConnectorResponse {
    id: ConnectorId,
    name: String,
    /// The name in tool paths.
    slug: String,
    description: String,
    /// `mcp` or `api`.
    kind: &'static str,
    transport: Transport,
    #[serde(skip_serializing_if = "Option::is_none")]
    endpoint: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    command: Option<String>,
    args: Vec<String>,
    /// Names of variables; the values are never shown.
    env_vars: BTreeMap<String, &'static str>,
    auth_type: AuthType,
    auth_settings: AuthSettings,
    /// The operations of an API.
    #[serde(skip_serializing_if = "Option::is_none")]
    api: Option<ApiSpec>,
    /// Whether a credential is stored.
    has_secret: bool,
    origin: Origin,
    visibility: Visibility,
    enabled: bool,
    /// Whether its tools ask before each call, unless they are set otherwise.
    approval_required: bool,
    /// How long results of its read-only tools may be given again.
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_ttl_seconds: Option<i32>,
    /// For local processes: whether an administrator confirmed the present command line.
    #[serde(skip_serializing_if = "Option::is_none")]
    command_confirmed: Option<bool>,
    /// For local processes, and those who may change them: the hash of the present command line.
    #[serde(skip_serializing_if = "Option::is_none")]
    command_hash: Option<String>,
    status: ConnectorStatus,
    health_status: Health,
    #[serde(skip_serializing_if = "Option::is_none")]
    health_message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_health_check: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    protocol_version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    server_info: Option<ServerInfo>,
    capabilities: ConnectorCapabilities,
    data_classification: Classification,
    /// Definitions that wait for someone to approve them.
    tools_pending: usize,
    can_edit: bool,
    /// Whether the caller may grant it to others.
    can_share: bool,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl From<ServerView> for ConnectorResponse {
    fn from(view: ServerView) -> Self {
        let ServerView { connector, can_edit, can_share, tools_pending, command_confirmed, command_hash } =
            view;
        let said = &connector.capabilities;
        let spec = connector.spec;
        let status = match connector.health {
            _ if !spec.enabled => ConnectorStatus::Inactive,
            Health::Healthy => ConnectorStatus::Active,
            Health::Unknown => ConnectorStatus::Inactive,
            Health::Error | Health::Offline => ConnectorStatus::Error,
        };
        Self {
            id: connector.id,
            kind: if spec.api.is_some() { "api" } else { "mcp" },
            protocol_version: protocol_version(said),
            server_info: server_info(said),
            capabilities: ConnectorCapabilities {
                // What an API can do is written down; nobody has to ask it.
                tools: match &spec.api {
                    Some(api) => api.tools(),
                    None => count(said, "tools"),
                },
                resources: count(said, "resources"),
                prompts: count(said, "prompts"),
            },
            name: spec.name,
            slug: spec.slug,
            description: spec.description,
            transport: spec.transport,
            endpoint: spec.endpoint,
            command: spec.command,
            args: spec.args,
            env_vars: spec.env_names.into_iter().map(|name| (name, MASK)).collect(),
            auth_type: spec.auth_type,
            auth_settings: AuthSettings { header: spec.auth_header },
            api: spec.api,
            has_secret: connector.secret_ref.is_some(),
            origin: connector.origin,
            visibility: spec.visibility,
            enabled: spec.enabled,
            approval_required: spec.approval_required,
            cache_ttl_seconds: spec.cache_ttl_seconds,
            command_confirmed,
            command_hash,
            status,
            health_status: connector.health,
            health_message: connector.health_message,
            last_health_check: connector.last_health_check,
            data_classification: spec.data_classification,
            tools_pending,
            can_edit,
            can_share,
            created_at: connector.created_at,
            updated_at: connector.updated_at,
        }
    }
}

/// How many of a kind a server offered when it was last asked.
pub(super) fn count(said: &Value, name: &str) -> u64 {
    said.get(name).and_then(Value::as_u64).unwrap_or_default()
}

/// The protocol version that was agreed on.
pub(super) fn protocol_version(said: &Value) -> Option<String> {
    said.get("protocol_version").and_then(Value::as_str).map(str::to_owned)
}

/// What the server called itself.
pub(super) fn server_info(said: &Value) -> Option<ServerInfo> {
    serde_json::from_value(said.get("server")?.clone()).ok()
}
