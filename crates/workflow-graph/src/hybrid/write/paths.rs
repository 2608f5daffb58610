//! The ways of a graph as a list of steps has them: one way on from a step, two from a condition, which meet again.

use std::collections::{BTreeSet, HashMap};

use petgraph::{
    algo::tarjan_scc,
    graph::{DiGraph, NodeIndex},
};

use super::step;
use crate::{
    Config, Graph, Kind, Node,
    graph::OUT,
    kind::Condition,
    problem::{Code, Problem},
};

/// The two ports of a conditional step.
pub(super) const PORTS: [&str; 2] = ["true", "false"];

/// Nodes are known by their places in the graph; the place after the last one is the end.
pub(super) struct Paths {
    ways: Vec<Vec<usize>>,
    /// Where all ways from a node meet for the first time.
    meets: Vec<usize>,
    left_out: Vec<bool>,
    first: usize,
}

impl Paths {
    /// Finds the ways, and what is in theirs.
    pub(super) fn of(graph: &Graph, problems: &mut Vec<Problem>) -> Self {
        let end = graph.nodes.len();
        let mut at = HashMap::new();
        for (index, node) in graph.nodes.iter().enumerate() {
            at.entry(node.id.as_str()).or_insert(index);
        }
        let is =
            |index: usize, kind: Kind| graph.nodes.get(index).is_some_and(|node| node.config.kind() == kind);
        // Whatever leads to an end leads to the end.
        let to = |id: &str| at.get(id).copied().map(|index| if is(index, Kind::End) { end } else { index });
        let mut paths = Self {
            ways: Vec::new(),
            meets: vec![end; end + 1],
            left_out: (0..end).map(|index| is(index, Kind::Start) || is(index, Kind::End)).collect(),
            first: end,
        };
        for (index, node) in graph.nodes.iter().enumerate() {
            let mut refuse = |why: String| {
                let pointer = format!("/nodes/{index}");
                problems.push(Problem::error(Code::Unsayable, pointer, why).about(&node.id));
            };
            let ports = ports(node);
            let mut ways = vec![None; ports.len()];
            for edge in graph.outgoing(&node.id) {
                let Some(target) = to(&edge.to) else {
                    refuse(format!("it leads to {}, which is not there", edge.to));
                    continue;
                };
                if is(target, Kind::Start) {
                    refuse(format!("it leads to {}, where the workflow starts", edge.to));
                }
                if edge.condition.is_some() {
                    let why = format!(
                        "the way from it to {} has a condition, and ways between steps have none",
                        edge.to
                    );
                    refuse(why);
                }
                match ports.iter().position(|port| *port == edge.port) {
                    Some(port) if ways[port].is_none() => ways[port] = Some(target),
                    Some(_) => {
                        let why = format!(
                            "more than one way leads on from its port {}; steps run one at a time",
                            edge.port
                        );
                        refuse(why);
                    }
                    // What the node is was refused.
                    None if step::write(node).is_err() => {}
                    None => refuse(format!("a step is not left by the port {}", edge.port)),
                }
            }
            paths.ways.push(ways.into_iter().map(|way| way.unwrap_or(end)).collect());
        }
        paths.first = paths.begin(graph, &at, problems);
        paths.meet_all(graph, problems);
        paths
    }

    /// The one step that the workflow begins with.
    fn begin(&self, graph: &Graph, at: &HashMap<&str, usize>, problems: &mut Vec<Problem>) -> usize {
        let entries = graph.entry.iter().filter_map(|id| at.get(id.as_str()).copied());
        let begins = |index: usize| match graph.nodes.get(index).map(|node| node.config.kind()) {
            Some(Kind::Start) => self.ways(index).first().copied().unwrap_or(self.end()),
            Some(Kind::End) => self.end(),
            _ => index,
        };
        let first: BTreeSet<usize> = entries.map(begins).filter(|index| *index != self.end()).collect();
        let mut first = first.into_iter();
        match (first.next(), first.len()) {
            (Some(first), 0) => first,
            (Some(first), more) => {
                let why =
                    format!("the workflow begins with {} nodes at once; steps run one at a time", more + 1);
                problems.push(Problem::error(Code::Unsayable, "/entry", why));
                first
            }
            (None, _) => {
                problems.push(Problem::error(
                    Code::Unsayable,
                    "/nodes",
                    "there is nothing that would be a step",
                ));
                self.end()
            }
        }
    }

    /// The nearest node that every way leads through, of every node: from the end backwards.
    fn meet_all(&mut self, graph: &Graph, problems: &mut Vec<Problem>) {
        let end = self.end();
        let mut net = DiGraph::<(), ()>::new();
        let places: Vec<NodeIndex> = (0..=end).map(|_| net.add_node(())).collect();
        for (from, ways) in self.ways.iter().enumerate() {
            for to in ways {
                if let (Some(from), Some(to)) = (places.get(from), places.get(*to)) {
                    net.add_edge(*from, *to, ());
                }
            }
        }
        let mut depths = vec![0_usize; end + 1];
        for component in tarjan_scc(&net) {
            let round = component.len() > 1
                || component.first().is_some_and(|node| self.ways(node.index()).contains(&node.index()));
            for index in component.into_iter().map(NodeIndex::index).filter(|index| *index != end) {
                if round {
                    if let Some(node) = graph.nodes.get(index) {
                        let why = "it leads back to itself; steps run once";
                        let problem = Problem::error(Code::Unsayable, format!("/nodes/{index}"), why);
                        problems.push(problem.about(&node.id));
                    }
                    continue;
                }
                let meet = self.ways(index).iter().copied().reduce(|a, b| self.common(&depths, a, b));
                let meet = meet.unwrap_or(end);
                if let (Some(place), Some(depth)) = (self.meets.get_mut(index), depths.get(meet).copied()) {
                    *place = meet;
                    if let Some(own) = depths.get_mut(index) {
                        *own = depth + 1;
                    }
                }
            }
        }
    }

    /// Where the ways from two nodes meet, which may be one of the two.
    fn common(&self, depths: &[usize], mut a: usize, mut b: usize) -> usize {
        let depth = |index: usize| depths.get(index).copied().unwrap_or_default();
        while a != b {
            // Those of a cycle have no depth, and their ways are refused.
            if depth(a) == 0 && depth(b) == 0 {
                return self.end();
            }
            if depth(a) >= depth(b) { a = self.meet(a) } else { b = self.meet(b) }
        }
        a
    }

    pub(super) fn end(&self) -> usize {
        self.left_out.len()
    }

    pub(super) fn first(&self) -> usize {
        self.first
    }

    /// Where the ports of a node lead: one place, or those of a condition.
    pub(super) fn ways(&self, index: usize) -> &[usize] {
        self.ways.get(index).map(Vec::as_slice).unwrap_or_default()
    }

    pub(super) fn meet(&self, index: usize) -> usize {
        self.meets.get(index).copied().unwrap_or(self.end())
    }

    /// Whether a node is a start or an end, which are no steps.
    pub(super) fn is_left_out(&self, index: usize) -> bool {
        self.left_out.get(index).copied().unwrap_or_default()
    }

    /// The edges between steps, with the ports of steps.
    pub(super) fn drawn(&self, graph: &Graph) -> BTreeSet<(String, String, String)> {
        let mut drawn = BTreeSet::new();
        for (index, node) in graph.nodes.iter().enumerate().filter(|(index, _)| !self.is_left_out(*index)) {
            let ways = self.ways(index);
            for (port, way) in ways.iter().enumerate() {
                let port = if ways.len() == 2 { PORTS.get(port).copied().unwrap_or(OUT) } else { OUT };
                if let Some(to) = graph.nodes.get(*way) {
                    drawn.insert((node.id.clone(), port.to_owned(), to.id.clone()));
                }
            }
        }
        drawn
    }

    /// The steps that the workflow ends with: its exits, and what leads to those that are no steps.
    pub(super) fn exits(&self, graph: &Graph) -> BTreeSet<String> {
        let mut exits = BTreeSet::new();
        for id in &graph.exit {
            match graph.node(id).map(|node| node.config.kind()) {
                Some(Kind::End) => exits.extend(graph.incoming(id).map(|edge| edge.from.clone())),
                _ => {
                    exits.insert(id.clone());
                }
            }
        }
        exits
    }
}

/// The ports of a node in the order of [`PORTS`]; the one of a step.
fn ports(node: &Node) -> Vec<&str> {
    match &node.config {
        Config::Condition(condition) => match branches(condition) {
            Some((_, holds, fails)) => vec![holds, fails.unwrap_or_default()],
            None => Vec::new(),
        },
        _ => vec![OUT],
    }
}

/// What a condition of one case asks, and the ports where it holds and where it does not, which may be none.
pub(super) fn branches(condition: &Condition) -> Option<(&String, &str, Option<&str>)> {
    let (first, rest) = condition.cases.split_first()?;
    let fails = match rest {
        [] => None,
        [other] if other.expression.is_none() => Some(other.port.as_str()),
        _ => return None,
    };
    Some((first.expression.as_ref()?, first.port.as_str(), fails))
}
