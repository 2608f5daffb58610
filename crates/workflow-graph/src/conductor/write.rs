//! Writes the Conductor form: short for agents and tools of MCP servers, with the stored form's fields for the rest.

use serde_json::{Map, Value, json};

use super::read::edge_id;
use crate::{
    Config, Edge, Graph, Node,
    graph::{OUT, SourceFormat},
    kind::{Agent, ConnectorKind, Tool},
    node::OnError,
};

/// Writes a document.
pub(crate) fn write(graph: &Graph) -> Value {
    let mut document = Map::new();
    let mut put = |key: &str, value: Value| document.insert(key.to_owned(), value);
    put("name", json!(graph.name));
    if let Some(title) = &graph.title {
        put("title", json!(title));
    }
    if let Some(description) = &graph.description {
        put("description", json!(description));
    }
    if graph.source_format != SourceFormat::Conductor {
        put("source_format", json!(graph.source_format));
    }
    if !graph.triggers.is_empty() {
        put("triggers", json!(graph.triggers));
    }
    if !graph.inputs.is_empty() {
        put("inputs", json!(graph.inputs));
    }
    if !graph.outputs.is_empty() {
        put("outputs", json!(graph.outputs));
    }
    if !graph.variables.is_empty() {
        put("variables", Value::Object(graph.variables.clone()));
    }
    if !graph.limits.is_none() {
        put("limits", json!(graph.limits));
    }
    let nodes: Vec<_> = graph.nodes.iter().map(node).collect();
    let edges: Vec<_> = graph.edges.iter().enumerate().map(|(index, one)| edge(one, index)).collect();
    let ends = |ids: &[String]| match ids {
        [one] => json!(one),
        many => json!(many),
    };
    let parts = json!({
        "nodes": nodes, "edges": edges, "entry": ends(&graph.entry), "exit": ends(&graph.exit),
    });
    put("graph", parts);
    Value::Object(document)
}

fn node(node: &Node) -> Value {
    let mut written = match json!(node) {
        Value::Object(written) => written,
        other => return other,
    };
    if node.on_error == OnError::Stop {
        written.shift_remove("on_error");
    }
    match &node.config {
        Config::Agent(agent) if *agent == Agent::default() => {
            written.shift_remove("kind");
            written.shift_remove("config");
        }
        Config::Tool(Tool {
            connector_kind: ConnectorKind::Mcp,
            connector: Some(connector),
            tool: Some(tool),
            server: None,
        }) if !tool.is_empty() => {
            written.shift_remove("kind");
            written.shift_remove("config");
            written.insert("mcp_server".to_owned(), json!(connector));
            written.insert("tool".to_owned(), json!(tool));
        }
        _ => {
            if written.get("config").and_then(Value::as_object).is_some_and(Map::is_empty) {
                written.shift_remove("config");
            }
        }
    }
    ordered(written)
}

/// In the order in which people write a node.
fn ordered(mut written: Map<String, Value>) -> Value {
    const FIRST: [&str; 8] = ["id", "name", "kind", "agent", "mcp_server", "tool", "inputs", "config"];
    let first =
        FIRST.iter().filter_map(|key| written.shift_remove(*key).map(|value| ((*key).to_owned(), value)));
    let mut ordered: Map<_, _> = first.collect();
    ordered.append(&mut written);
    Value::Object(ordered)
}

fn edge(edge: &Edge, index: usize) -> Value {
    let mut written = Map::new();
    if edge.id != edge_id(index) {
        written.insert("id".to_owned(), json!(edge.id));
    }
    written.insert("from".to_owned(), json!(edge.from));
    if edge.port != OUT {
        written.insert("port".to_owned(), json!(edge.port));
    }
    written.insert("to".to_owned(), json!(edge.to));
    if let Some(condition) = &edge.condition {
        written.insert("condition".to_owned(), json!(condition));
    }
    Value::Object(written)
}
