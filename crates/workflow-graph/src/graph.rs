//! The one model of a workflow, whatever it was written in.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _, ser::SerializeMap};
use serde_json::{Map, Value};

use crate::{
    Node,
    fields::Fields,
    problem::{Code, Invalid},
    trigger::Trigger,
    word::words,
};

/// The mark by which the stored form of a graph is known, and its version.
pub const SCHEMA: &str = "conductor.workflow/1";

/// The port that most nodes have, and that an edge leaves by unless it says otherwise.
pub const OUT: &str = "out";

/// The port of a failed node whose `on_error` is fallback.
pub const ERROR: &str = "error";

/// The port that begins the body of a loop or map; the body's last edge leads back to the node.
pub const LOOP: &str = "loop";

/// The port of a review that did not reach its confidence.
pub const FAIL: &str = "fail";

/// The port of a condition when no case holds.
pub const ELSE: &str = "else";

words! {
    /// What a workflow was written in.
    SourceFormat {
        Conductor => "conductor" "Nodes and edges, with `${…}`.",
        Hybrid => "hybrid" "Steps, with `{{…}}`.",
        Canvas => "canvas" "Nodes and connections, with bare conditions.",
        Native => "native" "The designer's own.",
    }
}

words! {
    /// The type of an input, an output, or the value of an expression, as far as it is known.
    ValueType {
        Any => "any" "Any value, or not known.",
        String => "string" "A text.",
        Number => "number" "A number.",
        Integer => "integer" "A whole number.",
        Boolean => "boolean" "True or false.",
        Array => "array" "A list.",
        Object => "object" "An object.",
    }
}

/// A workflow.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Graph {
    /// Its name, by which it is run.
    pub name: String,
    /// Its name for people, where that is another.
    pub title: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// What it was written in.
    pub source_format: SourceFormat,
    /// What starts it, beside the API.
    pub triggers: Vec<Trigger>,
    /// What it is given. Empty means that nothing was declared, and anything may be given.
    pub inputs: Vec<Input>,
    /// What it gives back. Empty means the outputs of its exits.
    pub outputs: Vec<Output>,
    /// Variables and their values at the start.
    pub variables: Map<String, Value>,
    /// What one run may take.
    pub limits: RunCaps,
    /// The nodes, in the order of the document.
    pub nodes: Vec<Node>,
    /// The edges, in the order of the document.
    pub edges: Vec<Edge>,
    /// The ids of the nodes that it begins with.
    pub entry: Vec<String>,
    /// The ids of the nodes that it ends with.
    pub exit: Vec<String>,
}

/// What one run of a workflow may take, with everything below it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct RunCaps {
    /// Tokens of models, in and out together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_tokens: Option<u32>,
    /// What its calls may cost, in US dollars.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_cost_usd: Option<f64>,
}

impl RunCaps {
    /// The most that a limit may say.
    const LARGEST_USD: f64 = 1_000_000.0;

    /// Whether nothing is limited.
    #[must_use]
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// Reads `limits`.
    pub(crate) fn read(fields: &mut Fields<'_>) -> Self {
        let Some(mut fields) = fields.fields("limits") else { return Self::default() };
        let caps =
            Self { max_tokens: fields.whole("max_tokens"), max_cost_usd: fields.number("max_cost_usd") };
        if caps.max_tokens == Some(0) {
            fields.refuse("max_tokens", Code::InvalidValue, "a run may take one token at least");
        }
        // A billionth of a dollar is the least that is counted.
        if caps.max_cost_usd.is_some_and(|usd| !(1e-9..=Self::LARGEST_USD).contains(&usd)) {
            let message = "the cost of a run is limited to more than 0 and at most 1,000,000 dollars";
            fields.refuse("max_cost_usd", Code::InvalidValue, message);
        }
        fields.finish();
        caps
    }
}

/// A value that a workflow is given.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Input {
    /// Its name.
    pub name: String,
    /// Its type.
    #[serde(rename = "type")]
    pub value_type: ValueType,
    /// Whether it has to be given.
    pub required: bool,
    /// Its value where it is not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<Value>,
}

/// A value that a workflow gives back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Output {
    /// Its name.
    pub name: String,
    /// Its type.
    #[serde(rename = "type")]
    pub value_type: ValueType,
    /// The expression that gives it; the bare name where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
}

/// A way from one node to another.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Edge {
    /// Its id, unique among the edges.
    pub id: String,
    /// The node that it leaves.
    pub from: String,
    /// The port that it leaves by: `out`, or another of the node's ports.
    pub port: String,
    /// The node that it leads to.
    pub to: String,
    /// An expression; the edge is taken only where it holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
}

impl Graph {
    /// The node of this id.
    #[must_use]
    pub fn node(&self, id: &str) -> Option<&Node> {
        self.nodes.iter().find(|node| node.id == id)
    }

    /// The edges that leave a node, in the order of the document.
    pub fn outgoing<'a>(&'a self, id: &'a str) -> impl Iterator<Item = &'a Edge> {
        self.edges.iter().filter(move |edge| edge.from == id)
    }

    /// The edges that lead to a node, in the order of the document.
    pub fn incoming<'a>(&'a self, id: &'a str) -> impl Iterator<Item = &'a Edge> {
        self.edges.iter().filter(move |edge| edge.to == id)
    }

    /// The node that an expression means by this word: the one of this id, else the first of this name.
    #[must_use]
    pub fn step(&self, word: &str) -> Option<&Node> {
        self.node(word).or_else(|| self.nodes.iter().find(|node| node.name.as_deref() == Some(word)))
    }

    /// The ids of the nodes that no edge leads to.
    pub(crate) fn roots(&self) -> Vec<String> {
        let reached: std::collections::HashSet<&str> =
            self.edges.iter().map(|edge| edge.to.as_str()).collect();
        let ids = self.nodes.iter().map(|node| &node.id);
        ids.filter(|id| !reached.contains(id.as_str())).cloned().collect()
    }

    /// The ids of the nodes that no edge leaves.
    pub(crate) fn leaves(&self) -> Vec<String> {
        let left: std::collections::HashSet<&str> =
            self.edges.iter().map(|edge| edge.from.as_str()).collect();
        let ids = self.nodes.iter().map(|node| &node.id);
        ids.filter(|id| !left.contains(id.as_str())).cloned().collect()
    }
}

/// The stored form.
impl Serialize for Graph {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("schema", SCHEMA)?;
        map.serialize_entry("name", &self.name)?;
        if let Some(title) = &self.title {
            map.serialize_entry("title", title)?;
        }
        if let Some(description) = &self.description {
            map.serialize_entry("description", description)?;
        }
        map.serialize_entry("source_format", &self.source_format)?;
        map.serialize_entry("triggers", &self.triggers)?;
        map.serialize_entry("inputs", &self.inputs)?;
        map.serialize_entry("outputs", &self.outputs)?;
        map.serialize_entry("variables", &self.variables)?;
        if !self.limits.is_none() {
            map.serialize_entry("limits", &self.limits)?;
        }
        map.serialize_entry("nodes", &self.nodes)?;
        map.serialize_entry("edges", &self.edges)?;
        map.serialize_entry("entry", &self.entry)?;
        map.serialize_entry("exit", &self.exit)?;
        map.end()
    }
}

/// Reads what [`Serialize`] wrote, and everything else that is read as the Conductor form; the shape is checked,
/// the meaning is not (see [`validate`](crate::validate)).
impl<'de> Deserialize<'de> for Graph {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let document = Value::deserialize(deserializer)?;
        crate::import::read_stored(&document).map_err(|problems| D::Error::custom(Invalid(problems)))
    }
}
