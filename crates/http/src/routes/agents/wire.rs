//! Agents on the wire.

use chrono::{DateTime, Utc};
use conductor_agents::{AgentPatch, AgentServer, AgentView, ServerPatch};
use conductor_domain::{
    AgentId, AgentMode, Classification, ConnectorId, EnvironmentId, ExecutionConfig, InboundAuth,
    OrganizationId, ToolId, UserId, Visibility,
};
use conductor_runs::{Approval, Tool};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::json::nullable;

/// The agent that a path names, whatever else it names.
#[derive(Deserialize)]
pub(super) struct AgentPath {
    pub(super) agent_id: AgentId,
}

/// An agent.
#[derive(Serialize, ToSchema)]
#[schema(as = Agent)]
pub(crate) struct AgentResponse {
    id: AgentId,
    organization_id: OrganizationId,
    environment_id: EnvironmentId,
    owner_user_id: Option<UserId>,
    name: String,
    slug: String,
    description: String,
    agent_type: String,
    mode: AgentMode,
    system_prompt: String,
    /// A model id or alias; empty asks for the configured default.
    model: String,
    model_provider: Option<String>,
    temperature: f64,
    max_tokens: i32,
    top_p: Option<f64>,
    max_tool_rounds: i32,
    execution_config: ExecutionConfig,
    #[schema(value_type = Object)]
    capabilities: Value,
    documentation: Option<String>,
    #[schema(value_type = Vec<Object>)]
    examples: Vec<Value>,
    tags: Vec<String>,
    is_active: bool,
    is_template: bool,
    visibility: Visibility,
    is_official: bool,
    is_verified: bool,
    data_classification: Classification,
    required_permissions: Vec<String>,
    /// Built-in tools.
    tools: Vec<String>,
    mcp_servers: Vec<AgentServerResponse>,
    connection_id: Option<ConnectorId>,
    inbound_auth_method: InboundAuth,
    /// The number that `ETag` and `If-Match` speak of.
    current_version: i32,
    forked_from_agent_id: Option<AgentId>,
    /// Whether the caller may change it.
    can_edit: bool,
    /// Whether the caller may grant it to others.
    can_share: bool,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl From<AgentView> for AgentResponse {
    fn from(view: AgentView) -> Self {
        let AgentView { agent, servers, can_edit, can_share } = view;
        let spec = agent.spec;
        Self {
            id: agent.id,
            organization_id: agent.scope.organization_id,
            environment_id: agent.scope.environment_id,
            owner_user_id: agent.owner_user_id,
            name: spec.name,
            slug: spec.slug,
            description: spec.description,
            agent_type: spec.agent_type,
            mode: spec.mode,
            system_prompt: spec.system_prompt,
            model: spec.model,
            model_provider: spec.model_provider,
            temperature: spec.temperature,
            max_tokens: spec.max_tokens,
            top_p: spec.top_p,
            max_tool_rounds: spec.max_tool_rounds,
            execution_config: spec.execution_config,
            capabilities: spec.capabilities,
            documentation: spec.documentation,
            examples: spec.examples,
            tags: spec.tags,
            is_active: spec.is_active,
            is_template: spec.is_template,
            visibility: spec.visibility,
            is_official: agent.is_official,
            is_verified: agent.is_verified,
            data_classification: spec.data_classification,
            required_permissions: spec.required_permissions,
            tools: spec.tools,
            mcp_servers: servers.into_iter().map(Into::into).collect(),
            connection_id: spec.connector_id,
            inbound_auth_method: spec.inbound_auth_method,
            current_version: agent.current_version,
            forked_from_agent_id: agent.forked_from_agent_id,
            can_edit,
            can_share,
            created_at: agent.created_at,
            updated_at: agent.updated_at,
        }
    }
}

/// An MCP server that an agent may use.
#[derive(Serialize, ToSchema)]
#[schema(as = AgentMcpServer)]
pub(super) struct AgentServerResponse {
    server_id: ConnectorId,
    name: String,
    /// Tools by name; `null` allows all.
    #[schema(required = true)]
    allowed_tools: Option<Vec<String>>,
}

impl From<AgentServer> for AgentServerResponse {
    fn from(server: AgentServer) -> Self {
        let AgentServer { name, connector } = server;
        Self { server_id: connector.connector_id, name, allowed_tools: connector.allowed_tools }
    }
}

/// An MCP server that an agent is to use.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AgentServerRequest {
    server_id: ConnectorId,
    /// Tools by name; absent or `null` allows all.
    allowed_tools: Option<Vec<String>>,
}

impl From<AgentServerRequest> for ServerPatch {
    fn from(request: AgentServerRequest) -> Self {
        Self { connector_id: request.server_id, allowed_tools: request.allowed_tools }
    }
}

/// The two bodies differ in the name alone: a new agent needs one.
macro_rules! agent_request {
    ($(#[$doc:meta])* $request:ident, $name:ty) => {
        $(#[$doc])*
        #[derive(Deserialize, ToSchema)]
        #[serde(deny_unknown_fields)]
        pub(super) struct $request {
            #[schema(min_length = 1, max_length = 100)]
            name: $name,
            /// Made from the name when absent; unique whatever the case.
            #[serde(default, deserialize_with = "nullable")]
            #[schema(value_type = Option<String>)]
            slug: Option<Option<String>>,
            #[serde(default, deserialize_with = "nullable")]
            #[schema(value_type = Option<String>)]
            description: Option<Option<String>>,
            #[serde(default, deserialize_with = "nullable")]
            #[schema(value_type = Option<String>)]
            agent_type: Option<Option<String>>,
            /// A `RUNNER` needs a connection.
            #[serde(default, deserialize_with = "nullable")]
            #[schema(value_type = Option<AgentMode>)]
            mode: Option<Option<AgentMode>>,
            #[serde(default, deserialize_with = "nullable")]
            #[schema(value_type = Option<String>)]
            system_prompt: Option<Option<String>>,
            /// A model id or alias; `null` asks for the configured default.
            #[serde(default, deserialize_with = "nullable")]
            #[schema(value_type = Option<String>)]
            model: Option<Option<String>>,
            #[serde(default, deserialize_with = "nullable")]
            #[schema(value_type = Option<String>)]
            model_provider: Option<Option<String>>,
            /// 0–2.
            #[serde(default, deserialize_with = "nullable")]
            #[schema(value_type = Option<f64>)]
            temperature: Option<Option<f64>>,
            #[serde(default, deserialize_with = "nullable")]
            #[schema(value_type = Option<i32>)]
            max_tokens: Option<Option<i32>>,
            #[serde(default, deserialize_with = "nullable")]
            #[schema(value_type = Option<f64>)]
            top_p: Option<Option<f64>>,
            #[serde(default, deserialize_with = "nullable")]
            #[schema(value_type = Option<i32>)]
            max_tool_rounds: Option<Option<i32>>,
            #[serde(default, deserialize_with = "nullable")]
            #[schema(value_type = Option<ExecutionConfig>)]
            execution_config: Option<Option<ExecutionConfig>>,
            #[serde(default, deserialize_with = "nullable")]
            #[schema(value_type = Option<Object>)]
            capabilities: Option<Option<Value>>,
            #[serde(default, deserialize_with = "nullable")]
            #[schema(value_type = Option<String>)]
            documentation: Option<Option<String>>,
            #[serde(default, deserialize_with = "nullable")]
            #[schema(value_type = Option<Vec<Object>>)]
            examples: Option<Option<Vec<Value>>>,
            #[serde(default, deserialize_with = "nullable")]
            #[schema(value_type = Option<Vec<String>>)]
            tags: Option<Option<Vec<String>>>,
            /// Built-in tools, by name.
            #[serde(default, deserialize_with = "nullable")]
            #[schema(value_type = Option<Vec<String>>)]
            tools: Option<Option<Vec<String>>>,
            is_active: Option<bool>,
            is_template: Option<bool>,
            #[serde(default, deserialize_with = "nullable")]
            #[schema(value_type = Option<Visibility>)]
            visibility: Option<Option<Visibility>>,
            #[serde(default, deserialize_with = "nullable")]
            #[schema(value_type = Option<Classification>)]
            data_classification: Option<Option<Classification>>,
            #[serde(default, deserialize_with = "nullable")]
            #[schema(value_type = Option<Vec<String>>)]
            required_permissions: Option<Option<Vec<String>>>,
            #[serde(default, deserialize_with = "nullable")]
            #[schema(value_type = Option<ConnectorId>)]
            connection_id: Option<Option<ConnectorId>>,
            /// `BEARER` and `MTLS` need the references of their secrets.
            #[serde(default, deserialize_with = "nullable")]
            #[schema(value_type = Option<InboundAuth>)]
            inbound_auth_method: Option<Option<InboundAuth>>,
            #[serde(default, deserialize_with = "nullable")]
            #[schema(value_type = Option<String>)]
            bearer_secret_ref: Option<Option<String>>,
            #[serde(default, deserialize_with = "nullable")]
            #[schema(value_type = Option<String>)]
            inbound_secret_ref: Option<Option<String>>,
            #[serde(default, deserialize_with = "nullable")]
            #[schema(value_type = Option<String>)]
            mtls_cert_ref: Option<Option<String>>,
            #[serde(default, deserialize_with = "nullable")]
            #[schema(value_type = Option<String>)]
            mtls_key_ref: Option<Option<String>>,
            #[serde(default, deserialize_with = "nullable")]
            #[schema(value_type = Option<Vec<AgentServerRequest>>)]
            mcp_servers: Option<Option<Vec<AgentServerRequest>>>,
        }

        impl From<$request> for AgentPatch {
            fn from(body: $request) -> Self {
                let servers = |servers: Vec<AgentServerRequest>| servers.into_iter().map(Into::into).collect();
                Self {
                    name: body.name.into(),
                    slug: body.slug,
                    description: body.description,
                    agent_type: body.agent_type,
                    mode: body.mode,
                    system_prompt: body.system_prompt,
                    model: body.model,
                    model_provider: body.model_provider,
                    temperature: body.temperature,
                    max_tokens: body.max_tokens,
                    top_p: body.top_p,
                    max_tool_rounds: body.max_tool_rounds,
                    execution_config: body.execution_config,
                    capabilities: body.capabilities,
                    documentation: body.documentation,
                    examples: body.examples,
                    tags: body.tags,
                    tools: body.tools,
                    is_active: body.is_active,
                    is_template: body.is_template,
                    visibility: body.visibility,
                    data_classification: body.data_classification,
                    required_permissions: body.required_permissions,
                    connector_id: body.connection_id,
                    inbound_auth_method: body.inbound_auth_method,
                    bearer_secret_ref: body.bearer_secret_ref,
                    inbound_secret_ref: body.inbound_secret_ref,
                    mtls_cert_ref: body.mtls_cert_ref,
                    mtls_key_ref: body.mtls_key_ref,
                    mcp_servers: body.mcp_servers.map(|list| list.map(servers)),
                }
            }
        }
    };
}

agent_request! {
    /// An agent to be made.
    CreateAgentRequest, String
}

agent_request! {
    /// A change of an agent: missing fields stay, `null` gives a field its default again.
    UpdateAgentRequest, Option<String>
}

/// A tool that an agent, or the caller, can call.
#[derive(Serialize, ToSchema)]
#[schema(as = AvailableTool)]
pub(super) struct AvailableToolResponse {
    /// None for tools that Conductor has built in, and for agents.
    id: Option<ToolId>,
    connector_id: Option<ConnectorId>,
    /// The name that a model calls.
    name: String,
    display_name: String,
    description: String,
    #[schema(value_type = Object)]
    input_schema: Value,
    tool_type: &'static str,
    /// `builtin`, `connector` or `agent`.
    source: &'static str,
    enabled: bool,
    read_only: bool,
    /// `never` or `ask`.
    approval: &'static str,
    definition_hash: String,
    approved_hash: Option<String>,
    /// Whether its definition changed and nobody approved that yet.
    quarantined: bool,
    version: i32,
    /// The connector's name.
    server: Option<String>,
}

impl From<Tool> for AvailableToolResponse {
    fn from(tool: Tool) -> Self {
        let (tool_type, source) = match (tool.connector_id, tool.delegates) {
            (Some(_), _) => ("mcp", "connector"),
            (None, true) => ("agent", "agent"),
            (None, false) => ("function", "builtin"),
        };
        let display_name = tool.path.rsplit('/').next().unwrap_or(&tool.name).to_owned();
        Self {
            id: tool.id,
            connector_id: tool.connector_id,
            display_name,
            name: tool.name,
            description: tool.description,
            input_schema: tool.input_schema,
            tool_type,
            source,
            enabled: true,
            read_only: tool.read_only,
            approval: match tool.approval {
                Approval::Never => "never",
                Approval::Ask => "ask",
            },
            quarantined: tool.approved_hash.as_deref() != Some(tool.definition_hash.as_str()),
            definition_hash: tool.definition_hash,
            approved_hash: tool.approved_hash,
            version: 1,
            server: tool.server,
        }
    }
}
