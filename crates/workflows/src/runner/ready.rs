//! What may begin now: nodes whose ways are decided, the next rounds of loops, the next items of maps.

use conductor_domain::EventBody;
use conductor_workflow_graph::{Config, OUT};
use serde_json::Value;

use super::{
    kinds::{Sent, faulty, invalid},
    pass::Pass,
    plan::NodeIndex,
    scope::View,
    state::{Frame, FrameKey, Place, Standing, key},
};

impl Pass {
    /// Nodes whose ways are decided: those to begin, and those that nothing leads to, which are left out at once.
    pub(super) fn ready(&mut self) -> Vec<Place> {
        self.state.frame(&self.plan, FrameKey::default());
        loop {
            let (ready, dead) = self.decided();
            if dead.is_empty() {
                return ready;
            }
            // Leaving something out may decide what follows.
            for Place { node, iteration } in dead {
                let node_id = self.plan.node(node).id.clone();
                self.note(EventBody::NodeSkipped { node_id, iteration, edges: Vec::new() });
            }
        }
    }

    fn decided(&self) -> (Vec<Place>, Vec<Place>) {
        let (mut ready, mut dead) = (Vec::new(), Vec::new());
        let now = self.now();
        for (key, frame) in &self.state.frames {
            for node in self.plan.body(key.owner) {
                let place = Place { node, iteration: key.iteration.clone() };
                match frame.nodes.get(&node) {
                    Some(Standing::Again { at, .. }) if *at <= now => ready.push(place),
                    Some(_) => {}
                    None => match self.way_to(&place) {
                        Some(true) => ready.push(place),
                        Some(false) => dead.push(place),
                        None => {}
                    },
                }
            }
        }
        (ready, dead)
    }

    pub(super) fn is_ready(&self, place: &Place) -> bool {
        match self.state.standing(&self.plan, place) {
            None => self.way_to(place) == Some(true),
            Some(Standing::Again { at, .. }) => *at <= self.now(),
            Some(_) => false,
        }
    }

    /// Whether a way leads to a node, once that is decided.
    fn way_to(&self, place: &Place) -> Option<bool> {
        let frame = self.state.frames.get(&key(&self.plan, place))?;
        if place.iteration.is_empty() && self.plan.is_entry(place.node) {
            return Some(true);
        }
        let awaited = self.plan.awaited(place.node);
        if awaited.is_empty() {
            return None;
        }
        let taken = awaited.iter().filter(|edge| frame.taken.get(*edge) == Some(&true)).count();
        let decided = awaited.iter().all(|edge| frame.taken.contains_key(edge));
        if taken > 0 && (decided || self.plan.takes_any(place.node)) {
            return Some(true).filter(|_| self.has_lane(place, frame));
        }
        decided.then_some(false)
    }

    /// Whether a bounded parallel node has room for one more of its ways.
    fn has_lane(&self, place: &Place, frame: &Frame) -> bool {
        let Some((parallel, _)) = self.plan.lane(place.node) else { return true };
        let Config::Parallel(settings) = &self.plan.node(parallel).config else { return true };
        let room = settings.max_concurrency.and_then(|most| usize::try_from(most).ok()).unwrap_or(usize::MAX);
        let busy = self.plan.lanes(parallel).iter().filter(|lane| {
            let begun = lane.iter().any(|node| frame.nodes.contains_key(node));
            begun && lane.iter().any(|node| !matches!(frame.nodes.get(node), Some(Standing::Over)))
        });
        busy.count() < room
    }

    /// Opens the rounds and items of loops and maps, and ends those that are through; whether anything moved.
    pub(super) fn rounds(&mut self) -> bool {
        let owners = self.state.open().filter_map(|(place, standing)| match standing {
            Standing::Running { attempt, input: Some(input), .. } => {
                Some((place, *attempt, input.as_array().map(Vec::len)))
            }
            _ => None,
        });
        let mut moved = false;
        for (place, attempt, items) in owners.collect::<Vec<_>>() {
            moved |= match items {
                Some(items) => self.items(&place, attempt, items),
                None => self.round(&place, attempt),
            };
        }
        moved
    }

    /// Whether a round is through: every edge that ends it is decided.
    fn is_through(&self, owner: NodeIndex, frame: &Frame) -> bool {
        let mut ends = self.plan.rounds_of(owner);
        ends.all(|edge| frame.ended.contains_key(&edge))
    }

    /// A loop: its first round, the next one, or its end.
    fn round(&mut self, place: &Place, attempt: i32) -> bool {
        let Config::Loop(settings) = &self.plan.node(place.node).config else { return false };
        let last = self.state.rounds(place).max_by_key(|(number, _)| *number);
        let Some((number, frame)) = last else {
            self.open_round(place, 1);
            return true;
        };
        if !self.is_through(place.node, frame) {
            return false;
        }
        let output = self.round_output(place, number);
        let most = i32::try_from(settings.max_iterations).unwrap_or(i32::MAX);
        let mut over = frame.left || number >= most;
        if let Some(until) = settings.until.as_ref().filter(|_| !over) {
            let iteration: Vec<i32> = place.iteration.iter().copied().chain([number]).collect();
            let view =
                View::new(&self.plan, &self.state, &self.around, Some(place.node), &iteration, self.now());
            match view.holds(until) {
                Ok(holds) => over = holds,
                Err(error) => {
                    self.fail(place, attempt, None, faulty("/config/until", &error));
                    return true;
                }
            }
        }
        if over {
            let sent = Sent::On { output, port: OUT.to_owned() };
            self.send(place, None, Ok(sent));
        } else {
            self.open_round(place, number + 1);
        }
        true
    }

    /// A map: as many items as there is room for, and its end.
    fn items(&mut self, place: &Place, attempt: i32, count: usize) -> bool {
        let Config::Map(settings) = &self.plan.node(place.node).config else { return false };
        let room = settings.max_concurrency.and_then(|most| usize::try_from(most).ok()).unwrap_or(usize::MAX);
        let Ok(count) = i32::try_from(count) else {
            self.fail(place, attempt, None, invalid("/config/over", "the list is too long"));
            return true;
        };
        let (mut through, mut begun) = (0, 0);
        for (number, frame) in self.state.rounds(place) {
            begun = begun.max(number);
            through += i32::from(self.is_through(place.node, frame));
        }
        if begun == count && through == count {
            let outputs: Vec<Value> = (1..=count).map(|number| self.round_output(place, number)).collect();
            self.send(place, None, Ok(Sent::On { output: Value::Array(outputs), port: OUT.to_owned() }));
            return true;
        }
        let open = usize::try_from(begun - through).unwrap_or_default();
        let more = i32::try_from(room.saturating_sub(open)).unwrap_or(i32::MAX).min(count - begun);
        (1..=more).for_each(|next| self.open_round(place, begun + next));
        more > 0
    }

    fn open_round(&mut self, owner: &Place, number: i32) {
        let iteration = owner.iteration.iter().copied().chain([number]).collect();
        self.state.frame(&self.plan, FrameKey { owner: Some(owner.node), iteration });
    }

    /// What a round gave: what the nodes gave by which it ended.
    fn round_output(&self, owner: &Place, number: i32) -> Value {
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
}
