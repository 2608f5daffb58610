//! The kinds of nodes as they are published: what each is called, what it takes and gives, and how one looks.
//!
//! Everything here is what the kinds say of themselves; there is no second list of them.

use std::sync::LazyLock;

use serde_json::{Value, json};

use crate::{ELSE, ERROR, FAIL, Graph, Kind, LOOP, Limits, Names, OUT, import_value};

/// A kind of node.
#[derive(Clone, Debug, PartialEq)]
pub struct Definition {
    /// The kind.
    pub kind: Kind,
    /// Its name for people.
    pub name: &'static str,
    /// What it does, in a sentence.
    pub description: &'static str,
    /// A JSON Schema of its `inputs`.
    pub inputs: Value,
    /// The ports that edges leave it by; where its settings name them, those of the example.
    pub ports: Vec<Port>,
    /// A JSON Schema of its output, which later nodes read as `steps.<id>.output`.
    pub output: Value,
    /// A JSON Schema of its `config`.
    pub config: Value,
    /// A workflow with a node of it, in the Conductor form.
    pub example: Value,
}

/// A port that edges leave a node by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Port {
    /// Its name.
    pub name: String,
    /// When it is followed.
    pub description: &'static str,
}

static DEFINITIONS: LazyLock<Vec<Definition>> =
    LazyLock::new(|| Kind::ALL.iter().copied().map(definition).collect());

/// Every kind of node, in the order of the list of kinds.
#[must_use]
pub fn definitions() -> &'static [Definition] {
    &DEFINITIONS
}

fn definition(kind: Kind) -> Definition {
    let about = kind.about();
    let mut example = about.example;
    example["name"] = json!(format!("example-{kind}"));
    let graph = import_value(&example, &Limits::default(), &Names::any()).graph.unwrap_or_default();
    Definition {
        kind,
        name: about.name,
        description: kind.description(),
        inputs: json!({ "type": "object", "description": about.inputs }),
        ports: ports(kind, &graph),
        output: about.output,
        config: json!({
            "type": "object",
            "additionalProperties": false,
            "required": about.required,
            "properties": about.settings,
        }),
        example,
    }
}

/// The ports of the example's node, and the one by which any node is left that has failed.
fn ports(kind: Kind, example: &Graph) -> Vec<Port> {
    let node = example.nodes.iter().find(|node| node.config.kind() == kind);
    let names = node.map(|node| node.config.ports()).unwrap_or_default();
    let names = names.into_iter().chain([ERROR.to_owned()]);
    names.map(|name| Port { description: followed(&name), name }).collect()
}

/// When a port is followed.
fn followed(port: &str) -> &'static str {
    match port {
        OUT => "When it is over.",
        LOOP => "For each round or item; the last edge of the body leads back.",
        FAIL => "When the review is not sure enough.",
        ELSE => "When no other case holds.",
        ERROR => "When it has failed for good and `on_error` is `fallback`.",
        decision if decision.starts_with("decision:") => "When a person has decided so.",
        _ => "When the case of this port is the first that holds.",
    }
}
