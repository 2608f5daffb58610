//! What is known of a run without asking the world: its graph, where it stands, what surrounds it, and what follows.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use conductor_domain::{Agent, AgentId, EventBody};
use conductor_runs::Tool;
use conductor_workflow_graph::{Config, SourceFormat};
use serde_json::{Map, Value};

use super::{
    kinds::{self, Begin, faulty},
    plan::{NodeIndex, Plan, Way},
    scope::{Surroundings, View},
    state::{Frame, FrameKey, Place, State},
};

/// A run as far as it can be worked out.
pub(crate) struct Known {
    pub(crate) plan: Plan,
    pub(crate) state: State,
    pub(crate) around: Surroundings,
    /// What may be called, looked up when the first node wants to know.
    pub(crate) offers: Option<(Vec<Agent>, Vec<Tool>)>,
    /// The tools of agents that act for nodes.
    pub(crate) acting: HashMap<AgentId, Vec<Tool>>,
}

impl Known {
    pub(crate) fn new(plan: Plan, state: State, around: Surroundings) -> Self {
        Self { plan, state, around, offers: None, acting: HashMap::new() }
    }

    /// Takes in what has happened.
    pub(crate) fn apply(&mut self, at: DateTime<Utc>, event: &EventBody) {
        self.state.apply(&self.plan, at, event);
    }

    /// What the expressions of a node may read.
    pub(crate) fn view<'a>(&'a self, place: &'a Place, now: DateTime<Utc>) -> View<'a> {
        let home = self.plan.home(place.node);
        View::new(&self.plan, &self.state, &self.around, home, &place.iteration, now)
    }

    /// Looks at a node with everything that it may look at.
    pub(crate) fn looking_at<T>(
        &self,
        place: &Place,
        now: DateTime<Utc>,
        look: impl FnOnce(&Begin<'_>) -> T,
    ) -> T {
        let view = self.view(place, now);
        let (agents, tools) = match &self.offers {
            Some((agents, tools)) => (agents.as_slice(), tools.as_slice()),
            None => (&[][..], &[][..]),
        };
        let (plan, state, around, acting) = (&self.plan, &self.state, &self.around, &self.acting);
        look(&Begin { plan, state, view: &view, around, at: place.node, place, now, tools, agents, acting })
    }

    /// The edges that are followed when a node leaves by a port.
    pub(crate) fn edges_by(
        &self,
        place: &Place,
        now: DateTime<Utc>,
        port: &str,
        output: &Value,
    ) -> kinds::Result<Vec<String>> {
        let view = self.view(place, now).giving(place.node, output);
        let mut edges = Vec::new();
        for edge in self.plan.outgoing(place.node) {
            let way = self.plan.way(*edge);
            let edge = self.plan.edge(*edge);
            if edge.port != port || matches!(way, Way::Into | Way::Astray) {
                continue;
            }
            let follows = match &edge.condition {
                None => true,
                Some(condition) => view
                    .holds(condition)
                    .map_err(|error| faulty(&format!("the condition of the edge to {}", edge.to), &error))?,
            };
            if follows {
                edges.push(edge.id.clone());
            }
        }
        Ok(edges)
    }

    /// Whether a round is through: every edge that ends it is decided.
    pub(crate) fn is_through(&self, owner: NodeIndex, frame: &Frame) -> bool {
        let mut ends = self.plan.rounds_of(owner);
        ends.all(|edge| frame.ended.contains_key(&edge))
    }

    /// What a round gave: what the nodes gave by which it ended.
    pub(crate) fn round_output(&self, owner: &Place, number: i32) -> Value {
        let iteration: Vec<i32> = owner.iteration.iter().copied().chain([number]).collect();
        let frame =
            self.state.frames.get(&FrameKey { owner: Some(owner.node), iteration: iteration.clone() });
        let followed =
            |edge: &usize| frame.and_then(|frame| frame.ended.get(edge)).copied().unwrap_or_default();
        let last = self.plan.rounds_of(owner.node).filter(followed).filter_map(|edge| self.plan.source(edge));
        let mut given: Vec<(NodeIndex, Value)> = last
            .filter_map(|node| Some((node, Value::clone(self.state.output(&self.plan, node, &iteration)?))))
            .collect();
        given.dedup_by_key(|(node, _)| *node);
        match given.len() {
            1 => given.swap_remove(0).1,
            _ => given.into_iter().map(|(node, value)| (self.plan.node(node).id.clone(), value)).collect(),
        }
    }

    /// What the workflow gives: its declared outputs, or what its last nodes gave.
    pub(crate) fn outputs(&self, now: DateTime<Utc>) -> Value {
        let graph = &self.plan.graph;
        let view = View::new(&self.plan, &self.state, &self.around, None, &[], now);
        if !graph.outputs.is_empty() {
            let outputs = graph.outputs.iter().map(|output| {
                let value = view.value(output.from.as_deref().unwrap_or(&output.name)).unwrap_or_default();
                (output.name.clone(), value)
            });
            return Value::Object(outputs.collect());
        }
        let mut outputs = Map::new();
        if graph.source_format == SourceFormat::Hybrid {
            // Its readers ask for the fields of what agents found.
            for given in &self.state.given {
                if let (Value::Object(fields), Config::Agent(_)) =
                    (given.output.as_ref(), &self.plan.node(given.place.node).config)
                {
                    outputs.extend(fields.clone());
                }
            }
        }
        let id_of = |node: NodeIndex| self.plan.node(node).id.as_str();
        let last =
            self.state.given.iter().filter(|given| graph.exit.iter().any(|id| id == id_of(given.place.node)));
        let last: Vec<(&str, &Value)> =
            last.map(|given| (id_of(given.place.node), given.output.as_ref())).collect();
        if let ([(_, Value::Object(fields))], true) = (last.as_slice(), outputs.is_empty()) {
            return Value::Object(fields.clone());
        }
        outputs.extend(last.into_iter().map(|(id, value)| (id.to_owned(), value.clone())));
        Value::Object(outputs)
    }
}
