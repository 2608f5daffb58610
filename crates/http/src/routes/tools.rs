//! A server's tool on the wire.

use chrono::{DateTime, Utc};
use conductor_domain::{ConnectorId, ConnectorTool, ToolId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::money::Money;

/// Whether a person is asked before each call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ToolApproval {
    /// The policy alone decides.
    Never,
    /// A person is asked, unless one said "always".
    Ask,
}

/// What a server changed in a definition since it was approved.
#[derive(Serialize, ToSchema)]
struct ToolDifference {
    /// The definition that was approved; `null` where none was.
    #[schema(required = true)]
    before: Option<Value>,
    /// The definition as it is now.
    after: Value,
}

/// A tool.
#[derive(Serialize, ToSchema)]
#[schema(as = Tool)]
pub(crate) struct ToolResponse {
    id: ToolId,
    connector_id: ConnectorId,
    name: String,
    display_name: String,
    description: String,
    #[schema(value_type = Object)]
    input_schema: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    output_schema: Option<Value>,
    /// The server's own hints; nothing is decided by them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    annotations: Option<Value>,
    /// `mcp`.
    tool_type: &'static str,
    /// `connector`.
    source: &'static str,
    enabled: bool,
    /// Whether its server still offers it.
    present: bool,
    /// Whether someone declared that it changes nothing.
    read_only: bool,
    approval: ToolApproval,
    definition_hash: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    approved_hash: Option<String>,
    /// Whether it is off until someone approves its present definition.
    quarantined: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    difference: Option<ToolDifference>,
    /// When it was last seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    synced_at: Option<DateTime<Utc>>,
    /// What one call costs, where someone said so.
    #[serde(skip_serializing_if = "Option::is_none")]
    call_cost: Option<Money>,
}

impl From<ConnectorTool> for ToolResponse {
    fn from(tool: ConnectorTool) -> Self {
        let quarantined = tool.is_quarantined();
        let difference = quarantined.then(|| ToolDifference {
            before: tool.approved_definition.clone(),
            after: tool.definition.clone(),
        });
        Self {
            id: tool.id,
            connector_id: tool.connector_id,
            name: tool.name,
            display_name: tool.display_name,
            description: tool.description,
            input_schema: tool.input_schema,
            output_schema: tool.output_schema,
            annotations: tool.definition.get("annotations").filter(|hints| !hints.is_null()).cloned(),
            tool_type: "mcp",
            source: "connector",
            enabled: tool.enabled,
            present: tool.present,
            read_only: tool.read_only,
            approval: if tool.asks { ToolApproval::Ask } else { ToolApproval::Never },
            definition_hash: tool.definition_hash,
            approved_hash: tool.approved_hash,
            quarantined,
            difference,
            synced_at: tool.synced_at,
            call_cost: tool.call_cost.map(|cost| Money::new(cost.nanos, cost.currency)),
        }
    }
}
