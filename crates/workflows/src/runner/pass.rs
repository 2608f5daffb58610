//! One pass over a run: from what its journal says to where it can go no further without the world.
//!
//! What needs nobody else (conditions, transforms, joins, rounds) is worked out and journalled in batches. What does —
//! calls, questions, waits — is journalled before it happens, so that a crash at any point finds it in the journal.

use std::{
    collections::{HashMap, HashSet},
    ops::{Deref, DerefMut},
    sync::Arc,
};

use chrono::{DateTime, Utc};
use conductor_domain::{CallId, Caller, HumanTaskId, NodeWait, RunSignal, SignalKind};
use conductor_runs::{Held, Result, ToolPath};
use conductor_workflow_graph::OUT;
use serde_json::{Value, json};

use super::{
    calls::Work,
    finish::{deadline, overdue},
    kinds::{self, Sent},
    plan::NodeIndex,
    state::{Place, Standing},
    walk::{BATCH, Needs, Walk},
};

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

/// A run in the hands of its holder, with what it needs of others.
pub(super) struct Pass {
    pub(super) held: Held,
    pub(super) caller: Arc<Caller>,
    pub(super) path: Arc<ToolPath>,
    pub(super) walk: Walk,
    /// Calls that tell people of questions, to be made.
    pub(super) telling: Vec<Work>,
    /// Those that were begun here, with the question that they tell of.
    pub(super) tells: HashMap<CallId, HumanTaskId>,
    /// Questions of which people were reminded.
    pub(super) reminded: HashSet<HumanTaskId>,
}

// A pass walks; that some of its steps need somebody is all that it adds.
impl Deref for Pass {
    type Target = Walk;

    fn deref(&self) -> &Walk {
        &self.walk
    }
}

impl DerefMut for Pass {
    fn deref_mut(&mut self) -> &mut Walk {
        &mut self.walk
    }
}

impl Pass {
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
                self.known.apply(now, &told);
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
        let Some(attempt) = self.opens(&place) else { return Ok(None) };
        if kinds::calls(&self.known.plan.node(place.node).config) {
            self.look_up(place.node).await?;
        }
        match self.act(&place, attempt) {
            None => Ok(None),
            Some(Needs::Person(question)) => {
                self.start(&place, attempt, None, None);
                if let Err(problem) = self.ask(&place, *question).await? {
                    self.fail(&place, attempt, None, problem);
                }
                Ok(None)
            }
            Some(Needs::Call(wanted)) => {
                let call_id = CallId::generate(&*self.clock);
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

    /// Looks up what a node may call, once a pass.
    pub(super) async fn look_up(&mut self, node: NodeIndex) -> Result<()> {
        if self.known.offers.is_none() {
            let agents = self.held.store().visible_to(&self.caller).agents().active().await?;
            self.known.offers = Some((agents, self.path.tools(&self.caller, None).await));
        }
        let place = Place { node, iteration: Vec::new() };
        let acting = self.looking_at(&place, |begin| begin.looks_into());
        if let Some(agent) = acting.filter(|agent| !self.known.acting.contains_key(agent)) {
            let tools = self.path.tools_by_id(&self.caller, Some(agent)).await;
            self.known.acting.insert(agent, tools);
        }
        Ok(())
    }

    /// When the run has something to do again that nobody will tell it of: reminders too.
    pub(super) fn wakes_at(&self) -> Option<DateTime<Utc>> {
        let reminders = self.known.state.open().filter_map(|(place, standing)| match standing {
            Standing::Running { waits: Some(waits), since, .. } if waits.reason == NodeWait::Person => {
                self.reminds_at(&place, *since, waits.until?).filter(|at| *at > self.now())
            }
            _ => None,
        });
        reminders.chain(self.walk.wakes_at()).min()
    }
}
