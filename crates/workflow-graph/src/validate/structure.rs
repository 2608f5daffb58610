//! Ids, edges, ports, entry and exit, what can be reached, and what waits for itself.

use std::collections::HashSet;

use petgraph::{
    algo::tarjan_scc,
    visit::{Dfs, EdgeFiltered, EdgeRef},
};

use super::Shape;
use crate::{
    Config, Edge, Kind, Node,
    graph::{ERROR, FAIL, LOOP},
    node::OnError,
    problem::{Code, MOST, Problem, suggestion},
};

/// Words that begin a reference, so that a node of this id could not be read as `<id>.output`.
const RESERVED: [&str; 12] = [
    "input",
    "inputs",
    "step",
    "steps",
    "context",
    "env",
    "user",
    "user_preferences",
    "user_input",
    "user_query",
    "var",
    "now",
];

pub(super) fn check(shape: &Shape<'_>, problems: &mut Vec<Problem>) {
    let distinct = ids(shape, problems);
    for (index, edge) in shape.graph.edges.iter().enumerate() {
        self::edge(shape, index, edge, problems);
    }
    ends(shape, problems);
    let edges = shape.graph.edges.iter();
    let led = edges.map(|edge| (edge.from.as_str(), edge.port.as_str())).collect();
    for (index, node) in shape.graph.nodes.iter().enumerate() {
        ports(shape, &led, index, node, problems);
    }
    reachable(shape, problems);
    // Where two nodes have one id, nobody can tell which of them an edge means.
    if distinct {
        cycles(shape, problems);
    }
}

fn ids(shape: &Shape<'_>, problems: &mut Vec<Problem>) -> bool {
    let mut seen = HashSet::new();
    for (index, node) in shape.graph.nodes.iter().enumerate() {
        let at = format!("/nodes/{index}/id");
        if !seen.insert(node.id.as_str()) {
            let message = format!("the id {} belongs to an earlier node", node.id);
            problems.push(Problem::error(Code::DuplicateId, at, message).about(&node.id));
        } else if RESERVED.contains(&node.id.as_str()) {
            let message = format!("{} begins other references; read this node as step.{0}.output", node.id);
            problems.push(Problem::warning(Code::InvalidValue, at, message).about(&node.id));
        }
    }
    let distinct = seen.len() == shape.graph.nodes.len();
    let mut seen = HashSet::new();
    for (index, edge) in
        shape.graph.edges.iter().enumerate().filter(|(_, edge)| !seen.insert(edge.id.as_str()))
    {
        let message = format!("the id {} belongs to an earlier edge", edge.id);
        let problem = Problem::error(Code::DuplicateId, format!("/edges/{index}/id"), message);
        problems.push(problem.about(&edge.from));
    }
    let inputs = shape.graph.inputs.iter().map(|input| &input.name);
    let outputs = shape.graph.outputs.iter().map(|output| &output.name);
    for (list, names) in [("inputs", inputs.collect::<Vec<_>>()), ("outputs", outputs.collect())] {
        let mut seen = HashSet::new();
        for (index, name) in names.into_iter().enumerate().filter(|(_, name)| !seen.insert(*name)) {
            let message = format!("the name {name} belongs to an earlier one");
            problems.push(Problem::error(Code::DuplicateId, format!("/{list}/{index}/name"), message));
        }
    }
    distinct
}

fn edge(shape: &Shape<'_>, index: usize, edge: &Edge, problems: &mut Vec<Problem>) {
    let known = || shape.graph.nodes.iter().map(|node| node.id.as_str());
    for (field, id, other) in [("from", &edge.from, &edge.to), ("to", &edge.to, &edge.from)] {
        if problems.len() < MOST && !shape.index.contains_key(id.as_str()) {
            let message = format!("there is no node {id}{}", suggestion(id, known()));
            let problem = Problem::error(Code::UnknownNode, format!("/edges/{index}/{field}"), message);
            problems.push(problem.about(other));
        }
    }
    if let Some(from) = shape.graph.node(&edge.from) {
        let ports = from.ports();
        if !ports.contains(&edge.port) {
            let message = if ports.is_empty() {
                format!("nothing leads on from {}, a node of kind {}", from.id, from.config.kind())
            } else {
                let hint = if edge.port == ERROR { "; error needs on_error fallback" } else { "" };
                format!("{} has no port {}, but {}{hint}", from.id, edge.port, ports.join(", "))
            };
            let problem = Problem::error(Code::UnknownPort, format!("/edges/{index}/port"), message);
            problems.push(problem.about(&from.id));
        }
    }
    if let Some(to) = shape.graph.node(&edge.to).filter(|to| to.config.kind() == Kind::Start) {
        let message = format!("nothing leads to {}, where the workflow starts", to.id);
        problems
            .push(Problem::error(Code::InvalidValue, format!("/edges/{index}/to"), message).about(&to.id));
    }
}

fn ends(shape: &Shape<'_>, problems: &mut Vec<Problem>) {
    let graph = shape.graph;
    if graph.nodes.is_empty() {
        problems.push(Problem::error(Code::MissingEntry, "/nodes", "a workflow has at least one node"));
        return;
    }
    if graph.entry.is_empty() {
        problems.push(Problem::error(Code::MissingEntry, "/entry", "no node is one to begin with"));
    }
    if graph.exit.is_empty() {
        problems.push(Problem::error(Code::MissingExit, "/exit", "no node is one to end with"));
    }
    for (list, ids) in [("entry", &graph.entry), ("exit", &graph.exit)] {
        for (index, id) in
            ids.iter().enumerate().take(MOST).filter(|(_, id)| !shape.index.contains_key(id.as_str()))
        {
            let near = suggestion(id, graph.nodes.iter().map(|node| node.id.as_str()));
            let message = format!("there is no node {id}{near}");
            problems.push(Problem::error(Code::UnknownNode, format!("/{list}/{index}"), message));
        }
    }
}

/// Ports that have to lead somewhere.
fn ports(
    shape: &Shape<'_>,
    led: &HashSet<(&str, &str)>,
    index: usize,
    node: &Node,
    problems: &mut Vec<Problem>,
) {
    let leads = |port: &str| led.contains(&(node.id.as_str(), port));
    if node.on_error == OnError::Fallback && !leads(ERROR) {
        let message = "with on_error fallback, an edge leaves by the port error";
        let at = format!("/nodes/{index}/on_error");
        problems.push(Problem::error(Code::UnconnectedPort, at, message).about(&node.id));
    }
    match &node.config {
        Config::Loop(_) | Config::Map(_) => {
            let at = format!("/nodes/{index}");
            if !leads(LOOP) {
                let message = "an edge leaves by the port loop, to the body";
                problems.push(Problem::error(Code::UnconnectedPort, at, message).about(&node.id));
            } else if !shape.before(&node.id).contains(node.id.as_str()) {
                let message = "the last node of the body leads back here";
                problems.push(Problem::error(Code::UnconnectedPort, at, message).about(&node.id));
            }
        }
        Config::Condition(condition) if !shape.graph.exit.contains(&node.id) => {
            for (case, _) in condition.cases.iter().enumerate().filter(|(_, case)| !leads(&case.port)) {
                let message = "where this case holds, nothing follows";
                let at = format!("/nodes/{index}/config/cases/{case}");
                problems.push(Problem::warning(Code::UnconnectedPort, at, message).about(&node.id));
            }
        }
        _ => {}
    }
}

fn reachable(shape: &Shape<'_>, problems: &mut Vec<Problem>) {
    let mut reached = HashSet::new();
    for start in shape.graph.entry.iter().filter_map(|id| shape.index.get(id.as_str())) {
        let mut walk = Dfs::new(&shape.net, *start);
        while let Some(node) = walk.next(&shape.net) {
            reached.extend(shape.net.node_weight(node).copied());
        }
    }
    if reached.is_empty() {
        return;
    }
    for (index, node) in shape.graph.nodes.iter().enumerate() {
        if !reached.contains(node.id.as_str()) {
            let message = "no path leads here from where the workflow begins, so it never runs";
            let problem = Problem::warning(Code::Unreachable, format!("/nodes/{index}"), message);
            problems.push(problem.about(&node.id));
        }
    }
    let exits = || shape.graph.exit.iter().filter(|id| shape.index.contains_key(id.as_str()));
    if exits().next().is_some() && !exits().any(|id| reached.contains(id.as_str())) {
        let message = "no path leads from where the workflow begins to where it ends";
        problems.push(Problem::error(Code::MissingExit, "/exit", message));
    }
}

/// Cycles are meant only where a node decides that the work goes round again.
fn cycles(shape: &Shape<'_>, problems: &mut Vec<Problem>) {
    let decides = |edge: &Edge| match shape.graph.node(&edge.from).map(|node| &node.config) {
        Some(Config::Loop(_) | Config::Map(_)) => edge.port == LOOP,
        Some(Config::Review(_)) => edge.port == FAIL,
        Some(Config::Human(_)) => edge.port.starts_with("decision:"),
        _ => false,
    };
    let waiting = EdgeFiltered::from_fn(&shape.net, |edge| !decides(edge.weight()));
    for component in tarjan_scc(&waiting) {
        let alone = |node| shape.net.edges(node).any(|edge| edge.target() == node && !decides(edge.weight()));
        if component.len() < 2 && !component.first().is_some_and(|node| alone(*node)) {
            continue;
        }
        let on_cycle: HashSet<_> = component.iter().filter_map(|node| shape.net.node_weight(*node)).collect();
        let nodes =
            shape.graph.nodes.iter().enumerate().filter(|(_, node)| on_cycle.contains(&node.id.as_str()));
        let nodes: Vec<_> = nodes.collect();
        let Some((index, first)) = nodes.first() else { continue };
        let names: Vec<_> = nodes.iter().map(|(_, node)| node.id.as_str()).take(10).collect();
        let wait = match names.as_slice() {
            [one] => format!("{one} waits for itself"),
            several => format!("{} wait for each other", several.join(", ")),
        };
        let message =
            format!("{wait}; a cycle leads through a loop or map, or back from a review or a decision");
        problems.push(Problem::error(Code::Cycle, format!("/nodes/{index}"), message).about(&first.id));
    }
}
