//! Where a run of a workflow stands, folded from its journal and from nothing else.

use std::{
    collections::{BTreeMap, HashMap, HashSet, VecDeque},
    sync::Arc,
};

use chrono::{DateTime, Utc};
use conductor_domain::{CallId, Classification, EventBody, HumanTaskId, NodeWait, ProblemView, RunId};
use conductor_storage::Store;
use serde_json::Value;

use super::{
    plan::{EdgeIndex, NodeIndex, Plan, Way},
    tally::Tally,
};
use crate::journal;

/// A node in a round of the loops, and at an item of the maps, that it is in.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) node: NodeIndex,
    /// The numbers of rounds and items, outermost first, from 1.
    pub(crate) iteration: Vec<i32>,
}

/// A body in one round, or for one item; the workflow itself has no owner.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct FrameKey {
    pub(crate) owner: Option<NodeIndex>,
    pub(crate) iteration: Vec<i32>,
}

/// What a node waits for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Waits {
    pub(crate) reason: NodeWait,
    pub(crate) until: Option<DateTime<Utc>>,
    pub(crate) human_task_id: Option<HumanTaskId>,
    pub(crate) event: Option<String>,
}

/// How a node stands that has begun.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Standing {
    Running {
        attempt: i32,
        call_id: Option<CallId>,
        since: DateTime<Utc>,
        input: Option<Value>,
        waits: Option<Waits>,
    },
    /// It failed, and is tried again at a moment.
    Again {
        attempt: i32,
        at: DateTime<Utc>,
    },
    Over,
}

/// What is known of one frame.
#[derive(Clone, Debug, Default)]
pub(crate) struct Frame {
    pub(crate) nodes: BTreeMap<NodeIndex, Standing>,
    /// Edges to nodes of this frame: whether they were followed.
    pub(crate) taken: HashMap<EdgeIndex, bool>,
    /// Edges that end the round: whether they were followed.
    pub(crate) ended: HashMap<EdgeIndex, bool>,
    /// Whether the way led out of the body.
    pub(crate) left: bool,
}

/// What a node gave.
#[derive(Clone, Debug)]
pub(crate) struct Given {
    pub(crate) place: Place,
    pub(crate) output: Arc<Value>,
}

/// A node that failed for good.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    pub(crate) place: Place,
    pub(crate) problem: ProblemView,
}

/// Where a run stands.
#[derive(Clone, Debug, Default)]
pub(crate) struct State {
    /// Whether the run has said that it began.
    pub(crate) started: bool,
    pub(crate) frames: BTreeMap<FrameKey, Frame>,
    /// What nodes gave, in the order in which they finished; each node's last.
    pub(crate) given: Vec<Given>,
    /// Events that arrived and that no node has taken yet.
    pub(crate) events: VecDeque<(String, Value)>,
    /// The runs that calls go on as.
    pub(crate) children: HashMap<RunId, CallId>,
    /// Questions about calls.
    pub(crate) approvals: HashMap<HumanTaskId, CallId>,
    /// Calls of which nobody knows whether they took effect.
    pub(crate) ambiguous: HashSet<CallId>,
    /// What open calls were made with: the tool and the arguments.
    pub(crate) called: HashMap<CallId, (String, Value)>,
    /// The last event of the journal that was taken in.
    pub(crate) read_to: i64,
    /// How often a place has sent the work back.
    pub(crate) returns: HashMap<Place, u32>,
    /// What was said by whoever sent the work back to a place.
    pub(crate) remarks: HashMap<Place, Value>,
    /// How many attempts have begun.
    pub(crate) attempts: u64,
    /// The highest label of what came in.
    pub(crate) label: Classification,
    /// Nodes whose failure ends the run; the first one says why.
    pub(crate) failures: Vec<Failure>,
    /// What each node has done.
    pub(crate) tally: Tally,
}

impl State {
    /// How a run stands, as its journal tells it. Large values are read once it is known which of them still matter: a run
    /// of many rounds takes no more memory than one round.
    pub(crate) async fn of(store: &Store, run: RunId, plan: &Plan) -> conductor_runs::Result<Self> {
        let mut state = Self::default();
        journal::outline(store, run, 0, |event| {
            state.read_to = event.seq;
            state.apply(plan, event.at, &event.parse()?.body);
            Ok(())
        })
        .await?;
        state.fetch(store, run).await?;
        Ok(state)
    }

    /// Reads the large values that still matter.
    async fn fetch(&mut self, store: &Store, run: RunId) -> conductor_storage::Result<()> {
        for given in &mut self.given {
            store.fetch(run, Arc::make_mut(&mut given.output)).await?;
        }
        for standing in self.frames.values_mut().flat_map(|frame| frame.nodes.values_mut()) {
            if let Standing::Running { input: Some(input), .. } = standing {
                store.fetch(run, input).await?;
            }
        }
        let arguments = self.called.values_mut().map(|(_, arguments)| arguments);
        let events = self.events.iter_mut().map(|(_, data)| data);
        for value in arguments.chain(events).chain(self.remarks.values_mut()) {
            store.fetch(run, value).await?;
        }
        Ok(())
    }

    /// Takes in what happened.
    pub(crate) fn apply(&mut self, plan: &Plan, at: DateTime<Utc>, body: &EventBody) {
        self.tally.take(at, body);
        match body {
            EventBody::RunStarted { .. } => self.started = true,
            EventBody::NodeStarted { node_id, attempt, iteration, call_id, input } => {
                let Some(place) = place(plan, node_id, iteration) else { return };
                self.attempts += 1;
                let (attempt, call_id, input) = (*attempt, *call_id, input.clone());
                let running = Standing::Running { attempt, call_id, since: at, input, waits: None };
                self.frame_of(plan, &place).nodes.insert(place.node, running);
            }
            EventBody::NodeWaiting { node_id, iteration, reason, until, human_task_id, event } => {
                let Some(place) = place(plan, node_id, iteration) else { return };
                if let Some(Standing::Running { waits, .. }) =
                    self.frame_of(plan, &place).nodes.get_mut(&place.node)
                {
                    let (reason, until, human_task_id) = (*reason, *until, *human_task_id);
                    *waits = Some(Waits { reason, until, human_task_id, event: event.clone() });
                }
            }
            EventBody::NodeFinished {
                node_id,
                attempt,
                iteration,
                call_id,
                output,
                port,
                edges,
                back_to,
                error,
                retry_at,
                ..
            } => {
                let Some(place) = place(plan, node_id, iteration) else { return };
                call_id.iter().for_each(|call_id| drop(self.called.remove(call_id)));
                if let Some(at) = *retry_at {
                    let again = Standing::Again { attempt: *attempt, at };
                    self.frame_of(plan, &place).nodes.insert(place.node, again);
                    return;
                }
                self.take_event(plan, &place, error.is_none());
                self.frame_of(plan, &place).nodes.insert(place.node, Standing::Over);
                if let (Some(problem), None) = (error, port) {
                    self.failures.push(Failure { place, problem: problem.clone() });
                    return;
                }
                self.remarks.remove(&place);
                self.give(plan, &place, output.clone().unwrap_or_default());
                self.close(plan, &place);
                self.leave(plan, &place, edges);
                if let Some(target) = back_to.as_ref().and_then(|id| plan.find(id)) {
                    self.go_back(plan, &place, target);
                }
            }
            EventBody::NodeSkipped { node_id, iteration, edges } => {
                let Some(place) = place(plan, node_id, iteration) else { return };
                self.frame_of(plan, &place).nodes.insert(place.node, Standing::Over);
                self.leave(plan, &place, edges);
            }
            EventBody::EventReceived { name, data } => self.events.push_back((name.clone(), data.clone())),
            EventBody::ToolCalled { call_id, tool, arguments, .. } => {
                // Whoever made it may have said so before its journal did.
                self.called.entry(*call_id).or_insert_with(|| (tool.clone(), arguments.clone()));
            }
            EventBody::ToolDelegated { call_id, child_run_id } => {
                self.children.insert(*child_run_id, *call_id);
            }
            EventBody::ToolResult { call_id, ledger, data_classification, .. } => {
                self.label = self.label.max(data_classification.unwrap_or(Classification::Public));
                if ledger.as_deref() == Some("ambiguous") {
                    self.ambiguous.insert(*call_id);
                }
            }
            EventBody::ApprovalRequested { human_task } => {
                if let Some(call_id) = human_task.call_id {
                    self.approvals.insert(human_task.id, call_id);
                }
            }
            _ => {}
        }
    }

    pub(crate) fn standing(&self, plan: &Plan, place: &Place) -> Option<&Standing> {
        self.frames.get(&key(plan, place))?.nodes.get(&place.node)
    }

    /// Everything that has begun and is not over.
    pub(crate) fn open<'a>(&'a self) -> impl Iterator<Item = (Place, &'a Standing)> + 'a {
        self.frames.iter().flat_map(|(key, frame)| {
            let open = frame.nodes.iter().filter(|(_, standing)| !matches!(standing, Standing::Over));
            open.map(move |(node, standing)| {
                (Place { node: *node, iteration: key.iteration.clone() }, standing)
            })
        })
    }

    /// The frame that a node is in; a round is known by the first thing that happens in it.
    pub(crate) fn frame_of(&mut self, plan: &Plan, place: &Place) -> &mut Frame {
        self.frame(plan, key(plan, place))
    }

    /// Begins a frame where there is none.
    pub(crate) fn frame(&mut self, plan: &Plan, key: FrameKey) -> &mut Frame {
        if let (Some(owner), false, Some((last, outer))) =
            (key.owner, self.frames.contains_key(&key), key.iteration.split_last())
            && !plan.is_map(owner)
        {
            // Of a loop only the newest round is looked at again.
            let place = Place { node: owner, iteration: outer.to_vec() };
            let earlier =
                |body: &FrameKey| body.iteration.get(outer.len()).is_some_and(|number| number < last);
            for body in self.below(plan, &place).into_iter().filter(earlier) {
                self.frames.remove(&body);
            }
        }
        self.frames.entry(key).or_insert_with_key(|key| {
            let into = key.owner.map(|owner| plan.outgoing(owner)).unwrap_or_default();
            let into = into.iter().filter(|edge| plan.way(**edge) == Way::Into);
            Frame { taken: into.map(|edge| (*edge, true)).collect(), ..Frame::default() }
        })
    }

    /// The frames of a loop or map, by the number of round or item.
    pub(crate) fn rounds<'a>(&'a self, owner: &'a Place) -> impl Iterator<Item = (i32, &'a Frame)> + 'a {
        let depth = owner.iteration.len();
        self.frames.iter().filter_map(move |(key, frame)| {
            let inside = key.owner == Some(owner.node) && key.iteration.starts_with(&owner.iteration);
            Some((*key.iteration.get(depth)?, frame)).filter(|_| inside && key.iteration.len() == depth + 1)
        })
    }

    /// The newest output of a node, as seen from a round or item.
    pub(crate) fn output(&self, plan: &Plan, node: NodeIndex, from: &[i32]) -> Option<&Arc<Value>> {
        let seen = |given: &&Given| given.place.node == node && sees(plan, from, &given.place);
        self.given.iter().rev().find(seen).map(|given| &given.output)
    }

    fn give(&mut self, plan: &Plan, place: &Place, output: Value) {
        // What an earlier round gave is over once this one has given something.
        self.given
            .retain(|given| given.place.node != place.node || !sees(plan, &place.iteration, &given.place));
        self.given.push(Given { place: place.clone(), output: Arc::new(output) });
    }

    /// A wait that ended well has taken its event.
    fn take_event(&mut self, plan: &Plan, place: &Place, well: bool) {
        let Some(Standing::Running { waits: Some(waits), .. }) = self.standing(plan, place) else { return };
        let Some(name) = waits.event.clone().filter(|_| well) else { return };
        if let Some(at) = self.events.iter().position(|(event, _)| *event == name) {
            self.events.remove(at);
        }
    }

    /// A loop or map that is over: its rounds are forgotten, and nothing leaves them any more.
    fn close(&mut self, plan: &Plan, owner: &Place) {
        let inside = self.below(plan, owner);
        if inside.is_empty() {
            return;
        }
        let mut out: Vec<(FrameKey, EdgeIndex)> = Vec::new();
        for body in &inside {
            self.frames.remove(body);
            for node in plan.body(body.owner) {
                let place = Place { node, iteration: body.iteration.clone() };
                out.extend(
                    plan.outgoing(node)
                        .iter()
                        .filter_map(|edge| Some((outside(plan, &place, *edge)?, *edge))),
                );
            }
        }
        for (key, edge) in out {
            if !inside.contains(&key) {
                self.frame(plan, key).taken.entry(edge).or_insert(false);
            }
        }
        if plan.is_map(owner.node) {
            let depth = owner.iteration.len();
            let node = owner.node;
            self.given.retain(|given| {
                let within = given.place.iteration.len() > depth
                    && given.place.iteration.starts_with(&owner.iteration);
                !(within && plan.owners(given.place.node).contains(&node))
            });
        }
    }

    /// The frames of a loop or map, and those inside them.
    fn below(&self, plan: &Plan, owner: &Place) -> Vec<FrameKey> {
        let inside = |key: &&FrameKey| {
            key.iteration.starts_with(&owner.iteration)
                && key.owner.is_some_and(|body| body == owner.node || plan.owners(body).contains(&owner.node))
        };
        self.frames.keys().filter(inside).cloned().collect()
    }

    /// Follows some edges of a node that is over, and none of the others.
    fn leave(&mut self, plan: &Plan, place: &Place, edges: &[String]) {
        let mut back = None;
        for edge in plan.outgoing(place.node) {
            let taken = edges.contains(&plan.edge(*edge).id);
            match plan.way(*edge) {
                Way::On => {
                    self.frame_of(plan, place).taken.insert(*edge, taken);
                }
                Way::Round => {
                    self.frame_of(plan, place).ended.insert(*edge, taken);
                }
                Way::Out if taken => {
                    self.frame_of(plan, place).left = true;
                    if let Some(key) = outside(plan, place, *edge) {
                        self.frame(plan, key).taken.insert(*edge, true);
                    }
                }
                Way::Back if taken => back = plan.target(*edge),
                Way::Out | Way::Back | Way::Into | Way::Astray => {}
            }
        }
        if let Some(target) = back {
            self.go_back(plan, place, target);
        }
    }

    /// Everything from a node on is to be done again. What it gave before can still be read.
    fn go_back(&mut self, plan: &Plan, from: &Place, target: NodeIndex) {
        *self.returns.entry(from.clone()).or_default() += 1;
        let said = self.output(plan, from.node, &from.iteration).map(|said| Value::clone(said));
        let to = Place { node: target, iteration: from.iteration.clone() };
        self.remarks.insert(to, said.unwrap_or_default());
        let region = plan.region(target);
        let again: Vec<Place> =
            region.iter().map(|node| Place { node: *node, iteration: from.iteration.clone() }).collect();
        for place in &again {
            for key in self.below(plan, place) {
                self.frames.remove(&key);
            }
            let frame = self.frame_of(plan, place);
            frame.nodes.remove(&place.node);
            for edge in plan.outgoing(place.node) {
                frame.taken.remove(edge);
                frame.ended.remove(edge);
            }
        }
    }
}

/// The place that an event names.
pub(crate) fn place(plan: &Plan, id: &str, iteration: &[i32]) -> Option<Place> {
    Some(Place { node: plan.find(id)?, iteration: iteration.to_vec() })
}

/// The frame that a place is in.
pub(crate) fn key(plan: &Plan, place: &Place) -> FrameKey {
    FrameKey { owner: plan.home(place.node), iteration: place.iteration.clone() }
}

/// The frame that an edge leads out to.
fn outside(plan: &Plan, place: &Place, edge: EdgeIndex) -> Option<FrameKey> {
    if plan.way(edge) != Way::Out {
        return None;
    }
    let target = plan.target(edge)?;
    let depth = plan.owners(target).len();
    Some(FrameKey { owner: plan.home(target), iteration: place.iteration.get(..depth)?.to_vec() })
}

/// Whether something given at a place is seen from a round or item: items of one map do not see each other's.
pub(crate) fn sees(plan: &Plan, from: &[i32], place: &Place) -> bool {
    let owners = plan.owners(place.node);
    owners
        .iter()
        .zip(&place.iteration)
        .zip(from)
        .all(|((owner, theirs), ours)| !plan.is_map(*owner) || theirs == ours)
}
