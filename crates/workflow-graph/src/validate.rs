//! Looks for everything that is wrong with a graph before it runs.

mod expressions;
mod names;
mod structure;
mod triggers;

use std::collections::{HashMap, HashSet};

use petgraph::{
    graph::{DiGraph, NodeIndex},
    visit::{Dfs, Reversed},
};

use crate::{
    Edge, Graph,
    kind::Found,
    names::Names,
    problem::{Code, MOST, Problem},
};

/// Everything that is wrong with a graph, in the order of its nodes. Pointers lead into the stored form.
#[must_use]
pub fn validate(graph: &Graph, names: &Names) -> Vec<Problem> {
    let mut problems = Vec::new();
    let shape = Shape::of(graph);
    triggers::check(graph, &mut problems);
    structure::check(&shape, &mut problems);
    for (index, node) in graph.nodes.iter().enumerate() {
        let pointer = format!("/nodes/{index}");
        node.config.check(node, &mut Found { node: &node.id, pointer, problems: &mut problems });
    }
    names::check(graph, names, &mut problems);
    expressions::check(&shape, names, &mut problems);
    if problems.len() >= MOST {
        // What was not looked at any more cannot pass for sound.
        problems.push(Problem::error(Code::TooLarge, "", format!("there are more than {MOST} problems")));
    }
    problems
}

/// The nodes and edges as petgraph sees them, less the edges that lead nowhere.
pub(crate) struct Shape<'g> {
    pub(crate) graph: &'g Graph,
    pub(crate) net: DiGraph<&'g str, &'g Edge>,
    pub(crate) index: HashMap<&'g str, NodeIndex>,
}

impl<'g> Shape<'g> {
    pub(crate) fn of(graph: &'g Graph) -> Self {
        let mut net = DiGraph::new();
        let mut index = HashMap::new();
        for node in &graph.nodes {
            index.entry(node.id.as_str()).or_insert_with(|| net.add_node(node.id.as_str()));
        }
        for edge in &graph.edges {
            if let (Some(from), Some(to)) = (index.get(edge.from.as_str()), index.get(edge.to.as_str())) {
                net.add_edge(*from, *to, edge);
            }
        }
        Self { graph, net, index }
    }

    /// The nodes that run before a node, itself among them only where a cycle leads back to it.
    pub(crate) fn before(&self, id: &str) -> HashSet<&'g str> {
        let mut found = HashSet::new();
        let Some(start) = self.index.get(id) else { return found };
        let mut walk = Dfs::new(Reversed(&self.net), *start);
        walk.next(Reversed(&self.net));
        while let Some(node) = walk.next(Reversed(&self.net)) {
            found.extend(self.net.node_weight(node).copied());
        }
        let own_return = self.net.neighbors(*start).any(|next| {
            next == *start || self.net.node_weight(next).is_some_and(|next| found.contains(next))
        });
        if own_return {
            found.extend(self.net.node_weight(*start).copied());
        }
        found
    }
}
