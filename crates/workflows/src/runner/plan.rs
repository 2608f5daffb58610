//! What the shape of a graph means for its run, worked out once: which nodes wait for which edges, which make up the
//! body of a loop or map, and which edges send the work back.

use std::collections::{HashMap, HashSet};

use conductor_workflow_graph::{Config, Edge, FieldsRead, Graph, LOOP, Node, kind::JoinMode};

/// The place of a node in the list of nodes.
pub(crate) type NodeIndex = usize;
/// The place of an edge in the list of edges.
pub(crate) type EdgeIndex = usize;

/// A graph that can be run.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) graph: Graph,
    index: HashMap<String, NodeIndex>,
    /// The edges that leave a node.
    outgoing: Vec<Vec<EdgeIndex>>,
    /// The edges that a node waits for: those that lead to it from nodes of the same body.
    awaited: Vec<Vec<EdgeIndex>>,
    /// The loop or map that a node is in the body of; the innermost.
    home: Vec<Option<NodeIndex>>,
    /// What an edge does.
    ways: Vec<Way>,
    /// For each parallel node that bounds them, the nodes that each of its ways alone leads to.
    lanes: HashMap<NodeIndex, Vec<HashSet<NodeIndex>>>,
    /// The fields of a node's output that others read.
    read: HashMap<NodeIndex, FieldsRead>,
}

/// What it means to follow an edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// On to a node of the same body.
    On,
    /// Into the body of a loop or map.
    Into,
    /// The end of a round of the loop or map that it leads to.
    Round,
    /// Out of the body, without waiting for the loop.
    Out,
    /// Back to a node that has run before.
    Back,
    /// Into the middle of a body from outside of it: nobody follows it.
    Astray,
}

impl Plan {
    pub(crate) fn new(graph: Graph) -> Self {
        let index: HashMap<String, NodeIndex> =
            graph.nodes.iter().enumerate().map(|(at, node)| (node.id.clone(), at)).collect();
        let ends: Vec<Option<(NodeIndex, NodeIndex)>> =
            graph.edges.iter().map(|edge| Some((*index.get(&edge.from)?, *index.get(&edge.to)?))).collect();
        let mut outgoing = vec![Vec::new(); graph.nodes.len()];
        for (edge, ends) in ends.iter().enumerate() {
            if let Some((from, _)) = ends {
                outgoing[*from].push(edge);
            }
        }
        let shape = Shape { graph: &graph, ends: &ends, outgoing: &outgoing };
        let home = shape.homes();
        let ways: Vec<Way> = (0..graph.edges.len()).map(|edge| shape.way(edge, &home)).collect();
        let begin = graph.entry.iter().filter_map(|id| index.get(id).copied());
        let alive = shape.reach(begin, None, |_| true);
        let mut awaited = vec![Vec::new(); graph.nodes.len()];
        for (edge, ends) in ends.iter().enumerate() {
            // What no path leads to is not waited for.
            if let (Some((from, to)), Way::On | Way::Into | Way::Out) = (ends, ways[edge])
                && alive.contains(from)
            {
                awaited[*to].push(edge);
            }
        }
        let lanes = shape.lanes(&ways);
        let read = graph.fields_read();
        let read = read.into_iter().filter_map(|(id, fields)| Some((*index.get(id)?, fields))).collect();
        Self { index, outgoing, awaited, home, ways, lanes, read, graph }
    }

    pub(crate) fn fields_read(&self, node: NodeIndex) -> Option<&FieldsRead> {
        self.read.get(&node).filter(|fields| !fields.is_empty())
    }

    /// The node; every index comes from this plan.
    pub(crate) fn node(&self, at: NodeIndex) -> &Node {
        &self.graph.nodes[at]
    }

    pub(crate) fn edge(&self, at: EdgeIndex) -> &Edge {
        &self.graph.edges[at]
    }

    pub(crate) fn way(&self, edge: EdgeIndex) -> Way {
        self.ways[edge]
    }

    pub(crate) fn find(&self, id: &str) -> Option<NodeIndex> {
        self.index.get(id).copied()
    }

    pub(crate) fn outgoing(&self, node: NodeIndex) -> &[EdgeIndex] {
        &self.outgoing[node]
    }

    pub(crate) fn awaited(&self, node: NodeIndex) -> &[EdgeIndex] {
        &self.awaited[node]
    }

    pub(crate) fn home(&self, node: NodeIndex) -> Option<NodeIndex> {
        self.home[node]
    }

    /// The node that an edge leads to.
    pub(crate) fn target(&self, edge: EdgeIndex) -> Option<NodeIndex> {
        self.find(&self.edge(edge).to)
    }

    /// The node that an edge leaves.
    pub(crate) fn source(&self, edge: EdgeIndex) -> Option<NodeIndex> {
        self.find(&self.edge(edge).from)
    }

    pub(crate) fn is_entry(&self, node: NodeIndex) -> bool {
        self.graph.entry.contains(&self.node(node).id)
    }

    /// Whether one of its ways is enough for a node.
    pub(crate) fn takes_any(&self, node: NodeIndex) -> bool {
        matches!(&self.node(node).config, Config::Join(join) if join.mode == JoinMode::Any)
    }

    /// The nodes of a body, `None` for the workflow itself.
    pub(crate) fn body(&self, owner: Option<NodeIndex>) -> impl Iterator<Item = NodeIndex> + '_ {
        self.home.iter().enumerate().filter(move |(_, home)| **home == owner).map(|(node, _)| node)
    }

    /// The loops and maps that a node is in, the outermost first.
    pub(crate) fn owners(&self, node: NodeIndex) -> Vec<NodeIndex> {
        let mut owners: Vec<NodeIndex> =
            std::iter::successors(self.home[node], |owner| self.home[*owner]).collect();
        owners.reverse();
        owners
    }

    pub(crate) fn is_map(&self, node: NodeIndex) -> bool {
        matches!(self.node(node).config, Config::Map(_))
    }

    /// The edges that end a round of a loop or map.
    pub(crate) fn rounds_of(&self, owner: NodeIndex) -> impl Iterator<Item = EdgeIndex> + '_ {
        (0..self.ways.len())
            .filter(move |edge| self.ways[*edge] == Way::Round && self.target(*edge) == Some(owner))
    }

    /// The bounded parallel node that a node begins a way of, and the number of that way.
    pub(crate) fn lane(&self, node: NodeIndex) -> Option<(NodeIndex, usize)> {
        self.lanes.iter().find_map(|(parallel, _)| {
            let begins = |edge: &EdgeIndex| self.target(*edge) == Some(node);
            self.outgoing[*parallel].iter().position(begins).map(|lane| (*parallel, lane))
        })
    }

    pub(crate) fn lanes(&self, parallel: NodeIndex) -> &[HashSet<NodeIndex>] {
        self.lanes.get(&parallel).map(Vec::as_slice).unwrap_or_default()
    }

    /// What has to run again when the work goes back to a node: it, and whatever follows from it in its body.
    pub(crate) fn region(&self, from: NodeIndex) -> HashSet<NodeIndex> {
        let mut region = HashSet::new();
        let mut open = vec![from];
        while let Some(node) = open.pop() {
            if !region.insert(node) {
                continue;
            }
            for edge in &self.outgoing[node] {
                if self.ways[*edge] == Way::On
                    && let Some(target) = self.target(*edge)
                {
                    open.push(target);
                }
            }
        }
        region
    }

    /// The agent before a node that has run last on the way to it: where work goes back to that no edge sends back.
    pub(crate) fn agent_before(&self, node: NodeIndex) -> Option<NodeIndex> {
        let mut seen = HashSet::from([node]);
        let mut level = vec![node];
        while !level.is_empty() {
            let mut before: Vec<NodeIndex> = Vec::new();
            for node in level {
                let on = self.awaited[node].iter().filter(|edge| self.ways[**edge] == Way::On);
                before.extend(on.filter_map(|edge| self.source(*edge)));
            }
            before.retain(|node| seen.insert(*node));
            before.sort_unstable();
            if let Some(agent) =
                before.iter().find(|node| matches!(self.node(**node).config, Config::Agent(_)))
            {
                return Some(*agent);
            }
            level = before;
        }
        None
    }
}

/// What the plan is worked out from.
struct Shape<'g> {
    graph: &'g Graph,
    ends: &'g [Option<(NodeIndex, NodeIndex)>],
    outgoing: &'g [Vec<EdgeIndex>],
}

impl Shape<'_> {
    /// The nodes that can be reached from some, without passing `wall`, by edges that `passes` lets pass.
    fn reach(
        &self,
        from: impl IntoIterator<Item = NodeIndex>,
        wall: Option<NodeIndex>,
        passes: impl Fn(EdgeIndex) -> bool,
    ) -> HashSet<NodeIndex> {
        let mut reached = HashSet::new();
        let mut open: Vec<NodeIndex> = from.into_iter().filter(|node| Some(*node) != wall).collect();
        while let Some(node) = open.pop() {
            if !reached.insert(node) {
                continue;
            }
            for edge in self.outgoing[node].iter().filter(|edge| passes(**edge)) {
                if let Some((_, to)) = self.ends[*edge].filter(|(_, to)| Some(*to) != wall) {
                    open.push(to);
                }
            }
        }
        reached
    }

    /// The nodes between the port `loop` of a node and their way back to it.
    fn body(&self, owner: NodeIndex) -> HashSet<NodeIndex> {
        let begins = self.outgoing[owner].iter().filter(|edge| self.graph.edges[**edge].port == LOOP);
        let targets: Vec<NodeIndex> = begins.filter_map(|edge| self.ends[*edge].map(|(_, to)| to)).collect();
        let body = self.reach(targets, Some(owner), |_| true);
        let ends_round = |node: &NodeIndex| {
            self.outgoing[*node].iter().any(|edge| self.ends[*edge].is_some_and(|(_, to)| to == owner))
        };
        // What no way leads back from is left by the way, as by `break`.
        let leads_back = |node: &NodeIndex| self.reach([*node], Some(owner), |_| true).iter().any(ends_round);
        body.into_iter().filter(leads_back).collect()
    }

    /// The innermost loop or map of each node.
    fn homes(&self) -> Vec<Option<NodeIndex>> {
        let mut home: Vec<Option<(usize, NodeIndex)>> = vec![None; self.graph.nodes.len()];
        for (owner, _) in self.graph.nodes.iter().enumerate().filter(|(_, node)| node.config.has_body()) {
            let body = self.body(owner);
            let size = body.len();
            for inner in body {
                if home[inner].is_none_or(|(smallest, _)| size < smallest) {
                    home[inner] = Some((size, owner));
                }
            }
        }
        home.into_iter().map(|home| home.map(|(_, owner)| owner)).collect()
    }

    fn way(&self, edge: EdgeIndex, home: &[Option<NodeIndex>]) -> Way {
        let Some((from, to)) = self.ends[edge] else { return Way::On };
        if self.graph.edges[edge].port == LOOP && home[to] == Some(from) {
            return Way::Into;
        }
        if home[from] == Some(to) {
            return Way::Round;
        }
        if home[from] != home[to] {
            let outer =
                std::iter::successors(home[from], |owner| home[*owner]).any(|owner| home[owner] == home[to]);
            return if outer { Way::Out } else { Way::Astray };
        }
        if self.decides(edge) && self.reach([to], None, |edge| !self.decides(edge)).contains(&from) {
            return Way::Back;
        }
        Way::On
    }

    /// Whether a review or a person decides that the edge is followed.
    fn decides(&self, edge: EdgeIndex) -> bool {
        let Some((from, _)) = self.ends[edge] else { return false };
        let port = self.graph.edges[edge].port.as_str();
        match &self.graph.nodes[from].config {
            Config::Review(_) => port == conductor_workflow_graph::FAIL,
            Config::Human(_) => port.starts_with("decision:"),
            _ => false,
        }
    }

    fn lanes(&self, ways: &[Way]) -> HashMap<NodeIndex, Vec<HashSet<NodeIndex>>> {
        let mut lanes = HashMap::new();
        for (at, node) in self.graph.nodes.iter().enumerate() {
            let bounded =
                matches!(&node.config, Config::Parallel(parallel) if parallel.max_concurrency.is_some());
            if !bounded {
                continue;
            }
            let reached: Vec<HashSet<NodeIndex>> = self.outgoing[at]
                .iter()
                .map(|edge| {
                    let target = self.ends[*edge].map(|(_, to)| to);
                    self.reach(target, None, |edge| ways[edge] == Way::On)
                })
                .collect();
            let alone = |lane: usize| {
                let others = reached.iter().enumerate().filter(|(other, _)| *other != lane);
                let shared: HashSet<NodeIndex> =
                    others.flat_map(|(_, nodes)| nodes.iter().copied()).collect();
                reached[lane].difference(&shared).copied().collect()
            };
            lanes.insert(at, (0..reached.len()).map(alone).collect());
        }
        lanes
    }
}
