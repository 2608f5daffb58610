//! An agent: instructions, a model and what it may reach, with every state it ever had.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    AgentId, AgentVersionId, Classification, ConnectorId, Scope, UserId, Visibility, classification::words,
};

/// Whether an agent executes tools behind a connection, or calls others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AgentMode {
    /// Executes tools of its connection; needs at least one.
    Runner,
    /// Answers people and calls tools and other agents.
    #[default]
    Caller,
}

/// How those who call an agent from outside prove themselves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum InboundAuth {
    /// A secret that is sent along.
    Bearer,
    /// A client certificate.
    Mtls,
    /// Nothing beyond Conductor's own credentials.
    #[default]
    None,
}

words!(AgentMode { Runner = "RUNNER", Caller = "CALLER" });
words!(InboundAuth { Bearer = "BEARER", Mtls = "MTLS", None = "NONE" });

/// How long an agent's step may take and how often it is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct ExecutionConfig {
    /// The limit of one model call.
    pub timeout_ms: i64,
    /// How often a failed call is tried again.
    pub max_retries: i32,
    /// The first pause between two tries.
    pub retry_delay_ms: i64,
}

impl Default for ExecutionConfig {
    fn default() -> Self {
        Self { timeout_ms: 30_000, max_retries: 3, retry_delay_ms: 1_000 }
    }
}

/// What a person sets on an agent: everything that a version keeps, except its connectors.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AgentSpec {
    /// Unique in its scope.
    pub name: String,
    /// Unique in its scope, whatever the case; part of addresses.
    pub slug: String,
    /// What it is for, in a line or two.
    pub description: String,
    /// A free word such as `conversation` or `sales`.
    pub agent_type: String,
    /// Runner or caller.
    pub mode: AgentMode,
    /// Its instructions.
    pub system_prompt: String,
    /// A model id or alias; empty asks for the configured default.
    pub model: String,
    /// The provider, where only one will do.
    pub model_provider: Option<String>,
    /// 0–2.
    pub temperature: f64,
    /// The longest answer, in tokens.
    pub max_tokens: i32,
    /// Nucleus sampling, where it is wanted.
    pub top_p: Option<f64>,
    /// How often it may call tools before it must answer.
    pub max_tool_rounds: i32,
    /// Time limits and retries.
    pub execution_config: ExecutionConfig,
    /// Free words about what it can do.
    pub capabilities: Value,
    /// Longer words for people who use it.
    pub documentation: Option<String>,
    /// Example requests.
    pub examples: Vec<Value>,
    /// Lower-case words to find it by.
    pub tags: Vec<String>,
    /// Built-in tools by name, other agents as `agent_<slug>` and workflows as `workflow_<name>`; [`ALL_AGENTS`] and
    /// [`ALL_WORKFLOWS`] are those that whoever asks may execute.
    pub tools: Vec<String>,
    /// Whether it may be used.
    pub is_active: bool,
    /// Whether it is meant to be cloned.
    pub is_template: bool,
    /// Who sees it.
    pub visibility: Visibility,
    /// The label of what it knows.
    pub data_classification: Classification,
    /// What a caller must hold to use it.
    pub required_permissions: Vec<String>,
    /// The connection of a runner.
    pub connector_id: Option<ConnectorId>,
    /// How outside callers prove themselves.
    pub inbound_auth_method: InboundAuth,
    /// The secret that Conductor sends along.
    #[serde(default)]
    pub bearer_secret_ref: Option<String>,
    /// The secret that an outside caller sends along.
    #[serde(default)]
    pub inbound_secret_ref: Option<String>,
    /// The certificate, by reference.
    #[serde(default)]
    pub mtls_cert_ref: Option<String>,
    /// The certificate's key, by reference.
    #[serde(default)]
    pub mtls_key_ref: Option<String>,
}

impl AgentSpec {
    /// An agent with every default of the data model.
    #[must_use]
    pub fn new(name: impl Into<String>, slug: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            slug: slug.into(),
            description: String::new(),
            agent_type: "assistant".to_owned(),
            mode: AgentMode::Caller,
            system_prompt: String::new(),
            model: String::new(),
            model_provider: None,
            temperature: 0.7,
            max_tokens: 4_096,
            top_p: None,
            max_tool_rounds: 5,
            execution_config: ExecutionConfig::default(),
            capabilities: Value::Object(Map::new()),
            documentation: None,
            examples: Vec::new(),
            tags: Vec::new(),
            tools: Vec::new(),
            is_active: true,
            is_template: false,
            visibility: Visibility::Private,
            data_classification: Classification::Internal,
            required_permissions: Vec::new(),
            connector_id: None,
            inbound_auth_method: InboundAuth::None,
            bearer_secret_ref: None,
            inbound_secret_ref: None,
            mtls_cert_ref: None,
            mtls_key_ref: None,
        }
    }

    /// Whether its list of tools holds this name, or all of its kind, whatever the case.
    #[must_use]
    pub fn lists(&self, tool: &str) -> bool {
        self.tools.iter().any(|listed| match listed.strip_suffix('*') {
            Some(kind) => tool.get(..kind.len()).is_some_and(|start| start.eq_ignore_ascii_case(kind)),
            None => listed.eq_ignore_ascii_case(tool),
        })
    }
}

/// Every other agent that whoever asks may execute, in a list of tools.
pub const ALL_AGENTS: &str = "agent_*";

/// Every workflow that whoever asks may execute, in a list of tools.
pub const ALL_WORKFLOWS: &str = "workflow_*";

/// A connector that an agent may use, and which part of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AgentConnector {
    /// The connector.
    pub connector_id: ConnectorId,
    /// Tools by name; `None` allows all.
    pub allowed_tools: Option<Vec<String>>,
    /// Tools by name that stay closed whatever is allowed.
    pub blocked_tools: Vec<String>,
    /// Resources by URI pattern; `None` allows all.
    pub allowed_resources: Option<Vec<String>>,
}

impl AgentConnector {
    /// All of a connector.
    #[must_use]
    pub fn all_of(connector_id: ConnectorId) -> Self {
        Self { connector_id, allowed_tools: None, blocked_tools: Vec::new(), allowed_resources: None }
    }

    /// Whether the agent may call this tool of the connector.
    #[must_use]
    pub fn allows_tool(&self, name: &str) -> bool {
        !self.blocked_tools.iter().any(|blocked| blocked == name)
            && self.allowed_tools.as_ref().is_none_or(|allowed| allowed.iter().any(|tool| tool == name))
    }
}

/// Everything that a version keeps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AgentSnapshot {
    /// What a person set.
    #[serde(flatten)]
    pub spec: AgentSpec,
    /// What it could reach.
    #[serde(default)]
    pub connectors: Vec<AgentConnector>,
}

/// An agent, as its row holds it.
#[derive(Clone, Debug, PartialEq)]
pub struct Agent {
    /// The agent.
    pub id: AgentId,
    /// Whose it is.
    pub scope: Scope,
    /// The person it belongs to; nobody for official ones.
    pub owner_user_id: Option<UserId>,
    /// Who made it.
    pub created_by_user_id: Option<UserId>,
    /// What a person set.
    pub spec: AgentSpec,
    /// Whether Conductor ships it.
    pub is_official: bool,
    /// Whether the platform vouches for it.
    pub is_verified: bool,
    /// The number of its newest version.
    pub current_version: i32,
    /// The agent it was cloned from.
    pub forked_from_agent_id: Option<AgentId>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

/// An agent to be written.
#[derive(Clone, Debug, PartialEq)]
pub struct NewAgent {
    /// The agent.
    pub id: AgentId,
    /// The person it belongs to.
    pub owner_user_id: Option<UserId>,
    /// What a person set, and what it can reach.
    pub snapshot: AgentSnapshot,
    /// Whether Conductor ships it.
    pub is_official: bool,
    /// The agent it is cloned from.
    pub forked_from_agent_id: Option<AgentId>,
    /// Words beside its first version.
    pub note: Option<String>,
}

/// One stored state of an agent.
#[derive(Clone, Debug, PartialEq)]
pub struct AgentVersion {
    /// The version.
    pub id: AgentVersionId,
    /// The agent.
    pub agent_id: AgentId,
    /// 1, 2, 3 …
    pub version: i32,
    /// The version it follows.
    pub parent_version_id: Option<AgentVersionId>,
    /// The state.
    pub snapshot: AgentSnapshot,
    /// Why it was made.
    pub note: Option<String>,
    /// Who made it.
    pub created_by: Option<UserId>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

/// Which agents a list shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AgentFilter {
    /// Part of the name or description.
    pub q: Option<String>,
    /// A tag it carries.
    pub tag: Option<String>,
    /// Only official ones, or only others.
    pub official: Option<bool>,
}
