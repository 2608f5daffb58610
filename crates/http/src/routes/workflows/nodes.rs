//! The kinds of nodes, as editors and programs that write workflows need to know them.

use conductor_workflows::{NodeDefinition, NodePort, node_definitions};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{AppState, Problem, caller::Auth, json::Json};

/// A kind of node.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkflowNodeDefinition)]
struct DefinitionResponse {
    /// The word that documents know it by: a node's `kind`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// Its name for people.
    name: &'static str,
    /// What it does, in a sentence.
    description: &'static str,
    /// A JSON Schema of a node's `inputs`.
    #[schema(value_type = Object)]
    inputs: &'static Value,
    /// The ports that edges leave by; where the settings name them, those of the example.
    outputs: Vec<PortResponse>,
    /// A JSON Schema of what later nodes read as `steps.<id>.output`.
    #[schema(value_type = Object)]
    output: &'static Value,
    /// A JSON Schema of a node's `config`.
    #[schema(value_type = Object)]
    config: &'static Value,
    /// A workflow with a node of it, as `POST /api/workflows/check` and `POST /api/workflows/import` take it.
    #[schema(value_type = Object)]
    example: &'static Value,
}

/// A port of a node.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkflowNodePort)]
struct PortResponse {
    /// Its name.
    port: &'static str,
    /// When it is followed.
    description: &'static str,
}

impl From<&'static NodePort> for PortResponse {
    fn from(port: &'static NodePort) -> Self {
        Self { port: &port.name, description: port.description }
    }
}

impl From<&'static NodeDefinition> for DefinitionResponse {
    fn from(definition: &'static NodeDefinition) -> Self {
        let NodeDefinition { kind, name, description, inputs, ports, output, config, example } = definition;
        let outputs = ports.iter().map(Into::into).collect();
        Self { kind: kind.as_str(), name, description, inputs, outputs, output, config, example }
    }
}

/// Every kind of node.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkflowNodeDefinitions)]
struct DefinitionsResponse {
    items: Vec<DefinitionResponse>,
    /// Always `null`: the kinds come in one page.
    #[schema(required = true)]
    next_cursor: Option<String>,
}

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list_workflow_nodes))
}

/// The kinds of nodes that workflows are made of: what each takes and gives, its settings, and an example.
#[utoipa::path(
    get, path = "/api/workflows/nodes", tag = "workflows", responses((status = 200, body = DefinitionsResponse))
)]
async fn list_workflow_nodes(Auth(_caller): Auth) -> Result<Json<DefinitionsResponse>, Problem> {
    let items = node_definitions().iter().map(Into::into).collect();
    Ok(Json(DefinitionsResponse { items, next_cursor: None }))
}
