//! What may begin now: nodes whose ways are decided, the next rounds of loops, the next items of maps.

use conductor_domain::EventBody;
use conductor_workflow_graph::{Config, OUT};
use serde_json::Value;

use super::{
    kinds::{Sent, faulty, invalid},
    scope::View,
    state::{Frame, FrameKey, Place, Standing, key},
    walk::Walk,
};

impl Walk {
    /// Nodes whose ways are decided: those to begin, and those that nothing leads to, which are left out at once.
    pub(super) fn ready(&mut self) -> Vec<Place> {
        self.known.state.frame(&self.known.plan, FrameKey::default());
        loop {
            let (ready, dead) = self.decided();
            if dead.is_empty() {
                return ready;
            }
            // Leaving something out may decide what follows.
            for Place { node, iteration } in dead {
                let node_id = self.known.plan.node(node).id.clone();
                self.note(EventBody::NodeSkipped { node_id, iteration, edges: Vec::new() });
            }
        }
    }

    fn decided(&self) -> (Vec<Place>, Vec<Place>) {
        let (mut ready, mut dead) = (Vec::new(), Vec::new());
        let now = self.now();
        for (key, frame) in &self.known.state.frames {
            for node in self.known.plan.body(key.owner) {
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
        match self.known.state.standing(&self.known.plan, place) {
            None => self.way_to(place) == Some(true),
            Some(Standing::Again { at, .. }) => *at <= self.now(),
            Some(_) => false,
        }
    }

    /// Whether a way leads to a node, once that is decided.
    fn way_to(&self, place: &Place) -> Option<bool> {
        let frame = self.known.state.frames.get(&key(&self.known.plan, place))?;
        if place.iteration.is_empty() && self.known.plan.is_entry(place.node) {
            return Some(true);
        }
        let awaited = self.known.plan.awaited(place.node);
        if awaited.is_empty() {
            return None;
        }
        let taken = awaited.iter().filter(|edge| frame.taken.get(*edge) == Some(&true)).count();
        let decided = awaited.iter().all(|edge| frame.taken.contains_key(edge));
        if taken > 0 && (decided || self.known.plan.takes_any(place.node)) {
            return Some(true).filter(|_| self.has_lane(place, frame));
        }
        decided.then_some(false)
    }

    /// Whether a bounded parallel node has room for one more of its ways.
    fn has_lane(&self, place: &Place, frame: &Frame) -> bool {
        let Some((parallel, _)) = self.known.plan.lane(place.node) else { return true };
        let Config::Parallel(settings) = &self.known.plan.node(parallel).config else { return true };
        let room = settings.max_concurrency.and_then(|most| usize::try_from(most).ok()).unwrap_or(usize::MAX);
        let busy = self.known.plan.lanes(parallel).iter().filter(|lane| {
            let begun = lane.iter().any(|node| frame.nodes.contains_key(node));
            begun && lane.iter().any(|node| !matches!(frame.nodes.get(node), Some(Standing::Over)))
        });
        busy.count() < room
    }

    /// Opens the rounds and items of loops and maps, and ends those that are through; whether anything moved.
    pub(super) fn rounds(&mut self) -> bool {
        let owners = self.known.state.open().filter_map(|(place, standing)| match standing {
            Standing::Running { attempt, input, .. }
                if self.known.plan.node(place.node).config.has_body() =>
            {
                Some((place, *attempt, input.as_ref().and_then(Value::as_array).map(Vec::len)))
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

    /// A loop: its first round, the next one, or its end.
    fn round(&mut self, place: &Place, attempt: i32) -> bool {
        let Config::Loop(settings) = &self.known.plan.node(place.node).config else { return false };
        let last = self.known.state.rounds(place).max_by_key(|(number, _)| *number);
        let Some((number, frame)) = last else {
            self.open_round(place, 1);
            return true;
        };
        if !self.known.is_through(place.node, frame) {
            return false;
        }
        let output = self.known.round_output(place, number);
        let most = i32::try_from(settings.max_iterations).unwrap_or(i32::MAX);
        let mut over = frame.left || number >= most;
        if let Some(until) = settings.until.as_ref().filter(|_| !over) {
            let iteration: Vec<i32> = place.iteration.iter().copied().chain([number]).collect();
            let view = View::new(
                &self.known.plan,
                &self.known.state,
                &self.known.around,
                Some(place.node),
                &iteration,
                self.now(),
            );
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
        let Config::Map(settings) = &self.known.plan.node(place.node).config else { return false };
        let room = settings.max_concurrency.and_then(|most| usize::try_from(most).ok()).unwrap_or(usize::MAX);
        let Ok(count) = i32::try_from(count) else {
            self.fail(place, attempt, None, invalid("/config/over", "the list is too long"));
            return true;
        };
        let (mut through, mut begun) = (0, 0);
        for (number, frame) in self.known.state.rounds(place) {
            begun = begun.max(number);
            through += i32::from(self.known.is_through(place.node, frame));
        }
        if begun == count && through == count {
            let outputs: Vec<Value> =
                (1..=count).map(|number| self.known.round_output(place, number)).collect();
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
        self.known.state.frame(&self.known.plan, FrameKey { owner: Some(owner.node), iteration });
    }
}
