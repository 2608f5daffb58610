//! What of an earlier run stands, and what is done again, when another run goes on from it.
//!
//! A journal that is copied without the events of what is done again is the journal of a run that has come just so far:
//! nothing else has to know that it began elsewhere.

use conductor_domain::EventBody;

use super::{
    plan::{NodeIndex, Plan, Way},
    state::{FrameKey, Place, Standing, State, key, place},
};

/// Why a run cannot go on from a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Unfit {
    /// The graph has no such node.
    Unknown,
    /// The node is in a loop or map whose round or item is over; the loop or map itself can be done again.
    Over(String),
    /// Everything has ended well, so that it has to be said what is done again.
    Nowhere,
}

/// The places that are done again, with everything that is inside them.
#[derive(Debug, Default)]
pub(crate) struct Again(Vec<Place>);

impl Again {
    /// What is done again of a run that stands so: what had failed or was not over, and a node with all that followed.
    pub(crate) fn of(plan: &Plan, state: &State, from: Option<&Place>) -> Self {
        let mut again = Self::default();
        let unfinished = state.open().filter(|(place, standing)| !goes_on(plan, place, standing));
        let failed = state.failures.iter().map(|failure| failure.place.clone());
        for place in unfinished.map(|(place, _)| place).chain(failed).collect::<Vec<_>>() {
            again.0.push(place);
        }
        from.iter().for_each(|from| again.follow(plan, from));
        again
    }

    /// A node and whatever follows from it, also out of the bodies that it is in.
    fn follow(&mut self, plan: &Plan, from: &Place) {
        for node in plan.region(from.node) {
            let place = Place { node, iteration: from.iteration.clone() };
            for edge in plan.outgoing(node).iter().filter(|edge| plan.way(**edge) == Way::Out) {
                let Some(target) = plan.target(*edge) else { continue };
                let iteration = place.iteration.get(..plan.owners(target).len());
                let outside = iteration.map(|outer| Place { node: target, iteration: outer.to_vec() });
                if let Some(outside) = outside.filter(|outside| !self.0.contains(outside)) {
                    self.follow(plan, &outside);
                }
            }
            self.0.push(place);
        }
    }

    fn holds(&self, plan: &Plan, place: &Place) -> bool {
        let owners = plan.owners(place.node);
        self.0.iter().any(|again| {
            *again == *place
                || (owners.contains(&again.node) && place.iteration.starts_with(&again.iteration))
        })
    }

    /// Whether an event of the earlier run stands.
    pub(crate) fn keeps(&self, plan: &Plan, body: &EventBody) -> bool {
        let (id, iteration) = match body {
            EventBody::NodeStarted { node_id, iteration, .. }
            | EventBody::NodeWaiting { node_id, iteration, .. }
            | EventBody::NodeFinished { node_id, iteration, .. }
            | EventBody::NodeSkipped { node_id, iteration, .. } => (node_id, iteration),
            EventBody::EventReceived { .. } => return true,
            _ => return false,
        };
        // A graph that has changed may know the node no more, or have it in another body.
        let place = place(plan, id, iteration);
        let place = place.filter(|place| plan.owners(place.node).len() == place.iteration.len());
        place.is_some_and(|place| !self.holds(plan, &place))
    }
}

/// The place that a run is to go on from.
pub(crate) fn place_of(
    plan: &Plan,
    state: &State,
    node: Option<&str>,
    iteration: Option<&[i32]>,
) -> Result<Option<Place>, Unfit> {
    let Some(id) = node else {
        let stopped = !state.failures.is_empty() || state.open().next().is_some();
        let failed = state.failures.first().map(|failure| failure.place.clone());
        return if stopped { Ok(failed) } else { Err(Unfit::Nowhere) };
    };
    let node = plan.find(id).ok_or(Unfit::Unknown)?;
    let there = |place: &Place| {
        let key = key(plan, place);
        key == FrameKey::default() || state.frames.contains_key(&key)
    };
    let found = match iteration {
        Some(iteration) => Some(Place { node, iteration: iteration.to_vec() }),
        None => newest(plan, state, node),
    };
    let found = found.filter(|place| place.iteration.len() == plan.owners(node).len() && there(place));
    match (found, plan.owners(node).first()) {
        (Some(place), _) => Ok(Some(place)),
        (None, Some(owner)) => Err(Unfit::Over(plan.node(*owner).id.clone())),
        (None, None) => Err(Unfit::Unknown),
    }
}

/// Where a node was last: where it failed, else in the newest round or item.
fn newest(plan: &Plan, state: &State, node: NodeIndex) -> Option<Place> {
    if plan.home(node).is_none() {
        return Some(Place { node, iteration: Vec::new() });
    }
    let failed = state.failures.iter().map(|failure| &failure.place).find(|place| place.node == node);
    if let Some(failed) = failed {
        return Some(failed.clone());
    }
    let frames = state.frames.keys().rev().filter(|key| key.owner == plan.home(node));
    frames.map(|key| Place { node, iteration: key.iteration.clone() }).next()
}

/// Whether something open goes on with the run: the bodies of loops and maps, whose nodes stand or fall by themselves.
fn goes_on(plan: &Plan, place: &Place, standing: &Standing) -> bool {
    plan.node(place.node).config.has_body() && matches!(standing, Standing::Running { .. })
}
