//! What a caller sets on an agent, as a change of the state that there is.

use conductor_domain::{
    AgentConnector, AgentMode, AgentSnapshot, AgentSpec, Classification, ConnectorId, ExecutionConfig,
    InboundAuth, Visibility,
};
use serde_json::Value;

use super::{name, validate};
use crate::Result;

/// A connector that an agent is to use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerPatch {
    /// The connector.
    pub connector_id: ConnectorId,
    /// Tools by name; `None` allows all.
    pub allowed_tools: Option<Vec<String>>,
}

/// What is set: `None` leaves a field as it is, `Some(None)` gives it its default again.
#[derive(Clone, Debug, Default, PartialEq)]
#[expect(missing_docs, reason = "each field is the one of the same name in `AgentSpec`")]
pub struct AgentPatch {
    pub name: Option<String>,
    pub slug: Option<Option<String>>,
    pub description: Option<Option<String>>,
    pub agent_type: Option<Option<String>>,
    pub mode: Option<Option<AgentMode>>,
    pub system_prompt: Option<Option<String>>,
    pub model: Option<Option<String>>,
    pub model_provider: Option<Option<String>>,
    pub temperature: Option<Option<f64>>,
    pub max_tokens: Option<Option<i32>>,
    pub top_p: Option<Option<f64>>,
    pub max_tool_rounds: Option<Option<i32>>,
    pub execution_config: Option<Option<ExecutionConfig>>,
    pub capabilities: Option<Option<Value>>,
    pub documentation: Option<Option<String>>,
    pub examples: Option<Option<Vec<Value>>>,
    pub tags: Option<Option<Vec<String>>>,
    pub tools: Option<Option<Vec<String>>>,
    pub is_active: Option<bool>,
    pub is_template: Option<bool>,
    pub visibility: Option<Option<Visibility>>,
    pub data_classification: Option<Option<Classification>>,
    pub required_permissions: Option<Option<Vec<String>>>,
    pub connector_id: Option<Option<ConnectorId>>,
    pub inbound_auth_method: Option<Option<InboundAuth>>,
    pub bearer_secret_ref: Option<Option<String>>,
    pub inbound_secret_ref: Option<Option<String>>,
    pub mtls_cert_ref: Option<Option<String>>,
    pub mtls_key_ref: Option<Option<String>>,
    pub mcp_servers: Option<Option<Vec<ServerPatch>>>,
}

impl AgentPatch {
    /// The state of a new agent.
    pub(super) fn into_new(self) -> Result<AgentSnapshot> {
        let mut patch = self;
        // A new agent has an address of its own, whether or not one was given.
        patch.slug.get_or_insert(None);
        let spec = AgentSpec::new("", "");
        patch.apply(AgentSnapshot { spec, connectors: Vec::new() })
    }

    /// The state after the change, checked as a whole.
    pub(super) fn apply(self, before: AgentSnapshot) -> Result<AgentSnapshot> {
        let AgentSnapshot { mut spec, mut connectors } = before;
        let plain = AgentSpec::new("", "");
        macro_rules! set {
            ($($field:ident),+) => {$(
                if let Some(value) = self.$field {
                    spec.$field = value.unwrap_or(plain.$field);
                }
            )+};
        }
        macro_rules! set_optional {
            ($($field:ident),+) => {$(
                if let Some(value) = self.$field {
                    spec.$field = value;
                }
            )+};
        }
        set!(description, agent_type, mode, system_prompt, model, temperature, max_tokens, max_tool_rounds);
        set!(execution_config, capabilities, examples, tags, tools, visibility, data_classification);
        set!(required_permissions, inbound_auth_method);
        set_optional!(
            model_provider,
            top_p,
            documentation,
            connector_id,
            bearer_secret_ref,
            inbound_secret_ref
        );
        set_optional!(mtls_cert_ref, mtls_key_ref);
        if let Some(active) = self.is_active {
            spec.is_active = active;
        }
        if let Some(template) = self.is_template {
            spec.is_template = template;
        }
        if let Some(name) = self.name {
            spec.name = name.trim().to_owned();
        }
        if let Some(slug) = self.slug {
            spec.slug = slug.unwrap_or_else(|| name::slug_of(&spec.name));
        }
        for tag in &mut spec.tags {
            *tag = tag.trim().to_lowercase();
        }
        if let Some(servers) = self.mcp_servers {
            connectors = merge(connectors, servers.unwrap_or_default());
        }
        let snapshot = AgentSnapshot { spec, connectors };
        validate::snapshot(&snapshot)?;
        Ok(snapshot)
    }

    /// Whether more people would see the agent than do now.
    pub(super) fn widens(&self, now: Visibility) -> bool {
        let rank = |visibility| Visibility::ALL.iter().position(|word| *word == visibility);
        self.visibility.is_some_and(|wanted| rank(wanted.unwrap_or_default()) > rank(now))
    }

    /// The connectors that the patch names.
    pub(super) fn servers(&self) -> Option<&[ServerPatch]> {
        self.mcp_servers.as_ref().map(|servers| servers.as_deref().unwrap_or_default())
    }
}

/// The named connectors; one that was there keeps what the patch cannot say.
fn merge(before: Vec<AgentConnector>, wanted: Vec<ServerPatch>) -> Vec<AgentConnector> {
    wanted
        .into_iter()
        .map(|server| {
            let there = before.iter().find(|connector| connector.connector_id == server.connector_id);
            let mut connector = there.cloned().unwrap_or_else(|| AgentConnector::all_of(server.connector_id));
            connector.allowed_tools = server.allowed_tools;
            connector
        })
        .collect()
}
