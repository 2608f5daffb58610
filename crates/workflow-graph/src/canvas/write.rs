//! Writes the canvas form.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value, json};

use super::{branches, look, number, settings, slug};
use crate::{
    Config, Edge, Graph, Kind, Node, Output,
    graph::{OUT, SourceFormat},
    node::OnError,
};

/// Writes a document.
pub(crate) fn write(graph: &Graph) -> Value {
    let ids = || graph.nodes.iter().map(|node| node.id.as_str());
    let numbers = Numbers::of(ids());
    let connections = Numbers::of(graph.edges.iter().map(|edge| edge.id.as_str()));
    let plan = Plan::of(graph);
    let title = graph.title.as_ref().unwrap_or(&graph.name);
    let mut document = Map::new();
    let mut put = |key: &str, value: Value| {
        if !value.is_null() {
            document.insert(key.to_owned(), value);
        }
    };
    put("title", json!(title));
    put("name", json!((slug(title) != graph.name).then_some(&graph.name)));
    put("description", json!(graph.description));
    let format = (graph.source_format != SourceFormat::Canvas).then_some(graph.source_format);
    put("source_format", json!(format));
    put(
        "triggers",
        json!((!plan.start_has_trigger && !graph.triggers.is_empty()).then_some(&graph.triggers)),
    );
    put("inputs", json!((!plan.one_start && !graph.inputs.is_empty()).then_some(&graph.inputs)));
    put("outputs", json!((!plan.end_has_outputs && !plan.no_outputs).then_some(&graph.outputs)));
    put("variables", json!((!graph.variables.is_empty()).then_some(&graph.variables)));
    put("limits", json!((!graph.limits.is_none()).then_some(graph.limits)));
    let nodes = graph.nodes.iter().map(|node| self::node(graph, node, &numbers, &plan));
    put("nodes", nodes.collect());
    let told = told(graph);
    let edges = graph.edges.iter().map(|edge| connection(edge, &told, &numbers, &connections));
    put("connections", edges.collect());
    let marked = |kind: Kind| {
        let nodes = graph.nodes.iter().filter(move |node| node.config.kind() == kind);
        nodes.map(|node| node.id.clone()).collect::<Vec<_>>()
    };
    let implied = |found: Vec<String>, other: Vec<String>| if found.is_empty() { other } else { found };
    let entry = implied(marked(Kind::Start), graph.roots());
    let exit = implied(marked(Kind::End), graph.leaves());
    put("entry", json!((graph.entry != entry).then_some(&graph.entry)));
    put("exit", json!((graph.exit != exit).then_some(&graph.exit)));
    Value::Object(document)
}

/// What start and end nodes say for the whole workflow.
struct Plan {
    one_start: bool,
    start_has_trigger: bool,
    end_has_outputs: bool,
    no_outputs: bool,
}

impl Plan {
    fn of(graph: &Graph) -> Self {
        let count = |kind| graph.nodes.iter().filter(|node| node.config.kind() == kind).count();
        let one_start = count(Kind::Start) == 1;
        let plain = matches!(graph.triggers.as_slice(), [one] if one.plain_word().is_some());
        let all = |node: &Node| matches!(&node.config, Config::End(end) if end.outputs.is_empty());
        Self {
            one_start,
            start_has_trigger: one_start && plain,
            end_has_outputs: count(Kind::End) == 1 && graph.nodes.iter().any(all),
            no_outputs: count(Kind::End) == 0 && graph.outputs.is_empty(),
        }
    }
}

/// The numbers of ids: their own where they are numbers, else the next that are free.
struct Numbers<'a>(HashMap<&'a str, i64>);

impl<'a> Numbers<'a> {
    fn of(ids: impl Iterator<Item = &'a str>) -> Self {
        let ids: Vec<_> = ids.collect();
        let mut numbers: HashMap<_, _> =
            ids.iter().filter_map(|id| number(id).map(|number| (*id, number))).collect();
        let taken: HashSet<_> = numbers.values().copied().collect();
        let mut free = (1..).filter(|number| !taken.contains(number));
        for id in ids {
            if !numbers.contains_key(id) {
                numbers.extend(free.next().map(|number| (id, number)));
            }
        }
        Self(numbers)
    }

    fn get(&self, id: &str) -> Option<i64> {
        self.0.get(id).copied()
    }
}

fn key(id: &str) -> Option<&str> {
    number(id).is_none().then_some(id)
}

fn node(graph: &Graph, node: &Node, numbers: &Numbers<'_>, plan: &Plan) -> Value {
    let look = look(&node.config);
    let edges: Vec<_> = graph.outgoing(&node.id).collect();
    let config = match &node.config {
        Config::Start(_) => start(graph, plan),
        Config::End(end) => {
            let named = |name: &String| {
                let output = graph.outputs.iter().find(|output| output.name == *name);
                output.cloned().unwrap_or_else(|| Output { name: name.clone(), ..Output::default() })
            };
            let outputs: Vec<_> = match plan.end_has_outputs {
                true => graph.outputs.clone(),
                false => end.outputs.iter().map(named).collect(),
            };
            json!({ "outputVariables": outputs })
        }
        Config::Condition(condition) => {
            Value::Object(branches::write(condition, &edges, |id| numbers.get(id)))
        }
        _ => Value::Object(settings::write(node)),
    };
    let inputs_in_payload = node.config.kind() == Kind::Tool;
    let inputs = (!node.inputs.is_empty() && !inputs_in_payload).then_some(&node.inputs);
    settings::without_nulls(json!({
        "id": numbers.get(&node.id),
        "key": key(&node.id),
        "type": look.name,
        "name": node.name.as_ref().unwrap_or(&node.id),
        "icon": node.layout.icon.as_deref().unwrap_or(look.icon),
        "color": node.layout.color.as_deref().unwrap_or(look.color),
        "x": node.layout.x,
        "y": node.layout.y,
        "status": "idle",
        "agent": node.agent,
        "inputs": inputs,
        "guard": node.guard,
        "on_error": (node.on_error != OnError::Stop).then_some(node.on_error),
        "retry": node.retry,
        "timeout_ms": node.timeout_ms,
        "config": config,
    }))
}

fn start(graph: &Graph, plan: &Plan) -> Value {
    let trigger = graph.triggers.first().filter(|_| plan.start_has_trigger);
    settings::without_nulls(json!({
        "triggerType": trigger.and_then(|trigger| trigger.plain_word()),
        "inputVariables": plan.one_start.then_some(&graph.inputs),
    }))
}

/// For each conditional, whether its branches alone tell which connection is which.
fn told(graph: &Graph) -> HashMap<&str, bool> {
    let told = graph.nodes.iter().filter_map(|node| match &node.config {
        Config::Condition(condition) => {
            let edges: Vec<_> = graph.outgoing(&node.id).collect();
            Some((node.id.as_str(), branches::tell(condition, &edges)))
        }
        _ => None,
    });
    told.collect()
}

fn connection(
    edge: &Edge,
    told: &HashMap<&str, bool>,
    numbers: &Numbers<'_>,
    connections: &Numbers<'_>,
) -> Value {
    let implied = told.get(edge.from.as_str()).copied().unwrap_or(edge.port == OUT);
    settings::without_nulls(json!({
        "id": connections.get(&edge.id),
        "key": key(&edge.id),
        "from": numbers.get(&edge.from),
        "to": numbers.get(&edge.to),
        "port": (!implied).then_some(&edge.port),
        "condition": edge.condition,
    }))
}
