//! One pass over a run: from what its journal says to where it can go no further without the world.
//!
//! What needs nobody else (conditions, transforms, joins, rounds) is worked out and journalled in batches. What does —
//! calls, questions, waits — is journalled before it happens, so that a crash at any point finds it in the journal.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use chrono::{DateTime, Utc};
use conductor_domain::{CallId, Caller, EventBody, HumanTaskId, NodeWait, RunSignal, SignalKind};
use conductor_runs::{Held, Result, ToolPath, problem};
use conductor_workflow_graph::OUT;
use serde_json::{Value, json};

use super::{
    calls::Work,
    finish::{deadline, overdue},
    kinds::{self, Act, Begin, Sent, faulty},
    known::Known,
    plan::NodeIndex,
    scope::View,
    state::{Place, Standing},
};

/// Events that are journalled at once at most.
const BATCH: usize = 200;

/// What the signals of a run, or a restart, ask to be looked at.
#[derive(Debug, Default)]
pub(super) struct Nudge {
    pub(super) stop: bool,
    /// A restart knows of nobody what has happened meanwhile.
    pub(super) everything: bool,
    pub(super) calls: HashSet<CallId>,
    pub(super) tasks: HashSet<HumanTaskId>,
}

impl Nudge {
    pub(super) fn all() -> Self {
        Self { everything: true, ..Self::default() }
    }
}

/// A run in the hands of its holder.
pub(super) struct Pass {
    pub(super) held: Held,
    pub(super) known: Known,
    pub(super) caller: Arc<Caller>,
    pub(super) path: Arc<ToolPath>,
    pub(super) most_attempts: u64,
    pub(super) batch: Vec<EventBody>,
    /// Calls that tell people of questions, to be made.
    pub(super) telling: Vec<Work>,
    /// Those that were begun here, with the question that they tell of.
    pub(super) tells: HashMap<CallId, HumanTaskId>,
    /// Questions of which people were reminded.
    pub(super) reminded: HashSet<HumanTaskId>,
}

impl Pass {
    pub(super) fn now(&self) -> DateTime<Utc> {
        self.held.store().clock().now()
    }

    /// Takes an event in, and journals it with those after it.
    pub(super) fn note(&mut self, event: EventBody) {
        let now = self.now();
        debug_assert!(reads_back(&event), "{event:?} would be another one when the run is taken up again");
        self.known.state.apply(&self.known.plan, now, &event);
        self.batch.push(event);
    }

    /// What was noted and not written yet, to be written together with something else.
    pub(super) fn unwritten(&mut self) -> Vec<EventBody> {
        std::mem::take(&mut self.batch)
    }

    /// Writes what was noted.
    pub(super) async fn flush(&mut self) -> Result<()> {
        let batch = self.unwritten();
        if !batch.is_empty() {
            self.held.emit(&batch).await?;
        }
        Ok(())
    }

    /// What was noted is written, and what signals say is heard. Events that carry a name are kept until a node takes them.
    pub(super) async fn hear(&mut self) -> Result<Nudge> {
        let mut nudge = Nudge::default();
        let noted = self.unwritten();
        for signal in self.held.hear(noted).await? {
            if let Some(told) = signal.told() {
                let now = self.now();
                self.known.state.apply(&self.known.plan, now, &told);
                continue;
            }
            let RunSignal { kind, data } = signal;
            let id = |field: &str| data.get(field).and_then(Value::as_str);
            match kind {
                SignalKind::Cancel => nudge.stop = true,
                SignalKind::Timer => {}
                SignalKind::Approve => match id("human_task_id").and_then(|id| id.parse().ok()) {
                    Some(task) => {
                        nudge.calls.extend(self.known.state.approvals.get(&task));
                        nudge.tasks.insert(task);
                    }
                    None => nudge.everything = true,
                },
                SignalKind::Event => {
                    let child = id("run_id").and_then(|child| child.parse().ok());
                    match child.and_then(|child| self.known.state.children.get(&child)) {
                        Some(call) => drop(nudge.calls.insert(*call)),
                        None => nudge.everything = true,
                    }
                }
            }
        }
        Ok(nudge)
    }

    /// Does everything that needs nobody else, and comes back with the calls that are to be made.
    pub(super) async fn settle(&mut self) -> Result<Vec<Work>> {
        let mut works = Vec::new();
        loop {
            self.timers().await?;
            if !self.known.state.failures.is_empty() {
                break;
            }
            let mut moved = self.rounds();
            for place in self.ready() {
                moved = true;
                // What runs before it in this very round may have ended the workflow, or sent it back.
                if self.known.state.failures.is_empty() && self.is_ready(&place) {
                    works.extend(self.begin(place).await?);
                }
                if self.batch.len() >= BATCH {
                    self.flush().await?;
                }
            }
            if !moved {
                break;
            }
        }
        Ok(works)
    }

    /// Begins a node: works it out at once, or says what has to be done for it.
    async fn begin(&mut self, place: Place) -> Result<Option<Work>> {
        let node = self.known.plan.node(place.node);
        let node_id = node.id.clone();
        let attempt = match self.known.state.standing(&self.known.plan, &place) {
            Some(Standing::Again { attempt, .. }) => attempt + 1,
            _ => 1,
        };
        if self.known.state.attempts >= self.most_attempts {
            let most = self.most_attempts;
            let detail =
                format!("This run has begun {most} nodes, as many as a run may. A loop may never end.");
            self.start(&place, attempt, None, None);
            let told = problem("workflow_too_long", "The workflow does not end", detail, false);
            self.end(&place, attempt, None, told);
            return Ok(None);
        }
        if let Some(guard) = node.guard.clone() {
            match self.view(&place).holds(&guard) {
                Ok(true) => {}
                Ok(false) => {
                    let edges = self.edges_by(&place, OUT, &Value::Null).unwrap_or_default();
                    self.note(EventBody::NodeSkipped { node_id, iteration: place.iteration, edges });
                    return Ok(None);
                }
                Err(error) => {
                    self.start(&place, attempt, None, None);
                    self.fail(&place, attempt, None, faulty("/guard", &error));
                    return Ok(None);
                }
            }
        }
        if kinds::calls(&node.config) {
            self.look_up(place.node).await?;
        }
        match self.looking_at(&place, |begin| begin.begin()) {
            Err(problem) => {
                self.start(&place, attempt, None, None);
                self.fail(&place, attempt, None, problem);
                Ok(None)
            }
            Ok(Act::Done { output, port }) => {
                self.start(&place, attempt, None, None);
                self.send(&place, None, Ok(Sent::On { output, port }));
                Ok(None)
            }
            Ok(Act::Body { input }) => {
                self.start(&place, attempt, None, input);
                Ok(None)
            }
            Ok(Act::Wait { until, event }) => {
                self.start(&place, attempt, None, None);
                let by = deadline(self.known.plan.node(place.node), self.now());
                let reason = if event.is_some() { NodeWait::Event } else { NodeWait::Timer };
                let until = until.or(by);
                let (iteration, human_task_id) = (place.iteration, None);
                self.note(EventBody::NodeWaiting { node_id, iteration, reason, until, human_task_id, event });
                Ok(None)
            }
            Ok(Act::Ask(question)) => {
                self.start(&place, attempt, None, None);
                if let Err(problem) = self.ask(&place, *question).await? {
                    self.fail(&place, attempt, None, problem);
                }
                Ok(None)
            }
            Ok(Act::Call(wanted)) => {
                let call_id = CallId::generate(&**self.held.store().clock());
                self.start(&place, attempt, Some(call_id), None);
                let deadline = deadline(self.known.plan.node(place.node), self.now());
                let call = self.call(&place, call_id, wanted);
                self.known.state.called.insert(call_id, (call.name.clone(), call.arguments.clone()));
                Ok(Some(Work { place, call, again: false, deadline }))
            }
        }
    }

    /// Ends what has waited long enough: timers, events and persons that are overdue, calls that take too long.
    async fn timers(&mut self) -> Result<()> {
        let now = self.now();
        let waiting = self.known.state.open().filter_map(|(place, standing)| match standing {
            Standing::Running { attempt, call_id, since, waits: Some(waits), .. } => {
                Some((place, *attempt, *call_id, *since, waits.clone()))
            }
            _ => None,
        });
        for (place, attempt, call_id, since, waits) in waiting.collect::<Vec<_>>() {
            let late =
                deadline(self.known.plan.node(place.node), since).is_some_and(|deadline| deadline <= now);
            let due = waits.until.is_some_and(|until| until <= now);
            match waits.reason {
                NodeWait::Timer if due => {
                    let output = json!({ "waited_until": waits.until });
                    self.send(&place, None, Ok(Sent::On { output, port: OUT.to_owned() }));
                }
                NodeWait::Event => {
                    let name = waits.event.as_deref().unwrap_or_default();
                    let arrived = self.known.state.events.iter().find(|(event, _)| event == name);
                    if let Some((_, data)) = arrived {
                        let sent = Sent::On { output: data.clone(), port: OUT.to_owned() };
                        self.send(&place, None, Ok(sent));
                    } else if late {
                        self.fail(&place, attempt, None, overdue("The event did not arrive in time."));
                    }
                }
                NodeWait::Person if due => self.escalate(&place, attempt, waits.human_task_id).await?,
                NodeWait::Person => {
                    if let (Some(until), Some(task)) = (waits.until, waits.human_task_id) {
                        self.remind(&place, since, until, task).await?;
                    }
                }
                NodeWait::Call if late => {
                    self.stop_call(call_id).await?;
                    self.fail(&place, attempt, call_id, overdue("The node took longer than it may."));
                }
                NodeWait::Timer if late => {
                    self.fail(&place, attempt, None, overdue("The node waits longer than it may."));
                }
                NodeWait::Timer | NodeWait::Call => {}
            }
        }
        Ok(())
    }

    pub(super) fn start(
        &mut self,
        place: &Place,
        attempt: i32,
        call_id: Option<CallId>,
        input: Option<Value>,
    ) {
        let (node_id, iteration) = (self.known.plan.node(place.node).id.clone(), place.iteration.clone());
        self.note(EventBody::NodeStarted { node_id, attempt, iteration, call_id, input });
    }

    pub(super) fn view<'a>(&'a self, place: &'a Place) -> View<'a> {
        self.known.view(place, self.now())
    }

    pub(super) fn looking_at<T>(&self, place: &Place, look: impl FnOnce(&Begin<'_>) -> T) -> T {
        self.known.looking_at(place, self.now(), look)
    }

    /// Looks up what a node may call, once a pass.
    pub(super) async fn look_up(&mut self, node: NodeIndex) -> Result<()> {
        if self.known.offers.is_none() {
            let agents = self.held.store().visible_to(&self.caller).agents().active().await?;
            self.known.offers = Some((agents, self.path.tools(&self.caller, None).await));
        }
        let place = Place { node, iteration: Vec::new() };
        let acting = self.looking_at(&place, |begin| begin.acting()).ok().flatten();
        if let Some(agent) = acting.filter(|agent| !self.known.acting.contains_key(agent)) {
            let tools = self.path.tools_by_id(&self.caller, Some(agent)).await;
            self.known.acting.insert(agent, tools);
        }
        Ok(())
    }

    /// When the run has something to do again that nobody will tell it of.
    pub(super) fn wakes_at(&self) -> Option<DateTime<Utc>> {
        let moments = self.known.state.open().filter_map(|(place, standing)| match standing {
            Standing::Again { at, .. } => Some(*at),
            Standing::Running { waits: Some(waits), since, .. } => {
                // How long a person may take is said by the question alone.
                let late = deadline(self.known.plan.node(place.node), *since);
                let late = late.filter(|_| waits.reason != NodeWait::Person);
                let remind = waits.until.filter(|_| waits.reason == NodeWait::Person);
                let remind = remind.and_then(|until| self.reminds_at(&place, *since, until));
                let remind = remind.filter(|at| *at > self.now());
                [waits.until, late, remind].into_iter().flatten().min()
            }
            _ => None,
        });
        moments.min()
    }
}

/// Whether an event is the same once it has been read from the journal: what is folded now is what will be folded then.
fn reads_back(event: &EventBody) -> bool {
    let read = serde_json::to_value(event).and_then(serde_json::from_value::<EventBody>);
    read.is_ok_and(|read| read == *event)
}
