//! What can be worked out of a run without anybody else: what its journal says, and what follows from it by the graph alone.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use conductor_domain::{CallId, Clock, EventBody, NodeFigures, NodeWait, ProblemView, RunOutcome, RunStatus};
use conductor_runs::problem;
use conductor_workflow_graph::OUT;
use serde_json::Value;

use super::{
    finish::deadline,
    kinds::{self, Act, Begin, Question, Sent, Wanted, faulty},
    known::Known,
    scope::View,
    state::{Place, Standing},
};

/// Events that are journalled at once at most.
pub(super) const BATCH: usize = 200;

/// A run on its way, and what has happened that nobody has written down yet.
pub(crate) struct Walk {
    pub(super) clock: Arc<dyn Clock>,
    pub(super) known: Known,
    pub(super) most_attempts: u64,
    pub(super) batch: Vec<EventBody>,
}

/// What a node needs somebody else for.
pub(super) enum Needs {
    Call(Wanted),
    Person(Box<Question>),
}

/// How a run has ended.
pub(super) struct Over {
    pub(super) status: RunStatus,
    pub(super) output: Option<Value>,
    pub(super) told: Option<ProblemView>,
}

/// How a run ends: what its row is told, what is shown, and what its nodes did.
#[derive(Debug)]
pub(crate) struct Ending {
    pub(crate) outcome: RunOutcome,
    pub(crate) told: Option<ProblemView>,
    pub(crate) figures: Vec<NodeFigures>,
    /// How long people were waited for.
    pub(crate) waited_ms: i64,
}

impl Ending {
    /// Of a run of which nothing is known but why it cannot be.
    pub(super) fn failed(told: ProblemView) -> Self {
        Self {
            outcome: outcome(RunStatus::Failed, Some(&told)),
            told: Some(told),
            figures: Vec::new(),
            waited_ms: 0,
        }
    }
}

fn outcome(status: RunStatus, told: Option<&ProblemView>) -> RunOutcome {
    RunOutcome {
        error_code: told.map(|told| told.code.clone()),
        error_text: told.map(|told| told.detail.clone()),
        ..RunOutcome::of(status)
    }
}

impl Walk {
    pub(super) fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// Takes an event in, and journals it with those after it.
    pub(super) fn note(&mut self, event: EventBody) {
        let now = self.now();
        debug_assert!(reads_back(&event), "{event:?} would be another one when the run is taken up again");
        self.known.apply(now, &event);
        self.batch.push(event);
    }

    /// What was noted and not written yet, to be written together with something else.
    pub(super) fn unwritten(&mut self) -> Vec<EventBody> {
        std::mem::take(&mut self.batch)
    }

    /// Goes on as far as nobody else is needed, and no further than one batch; whether the run is over with that.
    pub(super) fn alone(&mut self) -> Option<Over> {
        let mut halts = false;
        while self.known.state.failures.is_empty() && self.batch.len() < BATCH {
            let mut moved = self.rounds();
            for place in self.ready() {
                if !kinds::alone(&self.known.plan.node(place.node).config)
                    || self.known.state.attempts >= self.most_attempts
                {
                    halts = true;
                    continue;
                }
                moved = true;
                if self.known.state.failures.is_empty()
                    && self.is_ready(&place)
                    && let Some(attempt) = self.opens(&place)
                {
                    self.act(&place, attempt);
                }
            }
            if !moved {
                return self.over().filter(|over| !halts || over.status != RunStatus::Succeeded);
            }
        }
        self.over().filter(|over| over.status != RunStatus::Succeeded)
    }

    /// How the run has ended, where nothing of it is open or a failure ends it. Nodes that could begin are not asked.
    pub(super) fn over(&self) -> Option<Over> {
        if let Some(failure) = self.known.state.failures.first().cloned() {
            let node = self.known.plan.node(failure.place.node);
            let mut told = failure.problem;
            told.detail = format!("{}: {}", node.name.as_deref().unwrap_or(&node.id), told.detail);
            let status = if told.code == "timed_out" { RunStatus::TimedOut } else { RunStatus::Failed };
            return Some(Over { status, output: None, told: Some(told) });
        }
        if self.known.state.open().next().is_some() {
            return None;
        }
        let output = Some(self.known.outputs(self.now()));
        Some(Over { status: RunStatus::Succeeded, output, told: None })
    }

    /// What is written of the end of the run.
    pub(super) fn ending(&mut self, over: Over) -> Ending {
        let Over { status, output, told } = over;
        let mut outcome = outcome(status, told.as_ref());
        outcome.output = output;
        outcome.data_classification = self.known.state.label;
        let now = self.now();
        let tally = &mut self.known.state.tally;
        Ending { outcome, told, figures: tally.figures(), waited_ms: tally.waited_ms(now) }
    }

    /// Which attempt at a node may begin; none where it is left out, or the run has begun as many as it may.
    pub(super) fn opens(&mut self, place: &Place) -> Option<i32> {
        let node = self.known.plan.node(place.node);
        let node_id = node.id.clone();
        let attempt = match self.known.state.standing(&self.known.plan, place) {
            Some(Standing::Again { attempt, .. }) => attempt + 1,
            _ => 1,
        };
        if self.known.state.attempts >= self.most_attempts {
            let most = self.most_attempts;
            let detail =
                format!("This run has begun {most} nodes, as many as a run may. A loop may never end.");
            self.start(place, attempt, None, None);
            let told = problem("workflow_too_long", "The workflow does not end", detail, false);
            self.end(place, attempt, None, told);
            return None;
        }
        if let Some(guard) = node.guard.clone() {
            match self.view(place).holds(&guard) {
                Ok(true) => {}
                Ok(false) => {
                    let edges = self.edges_by(place, OUT, &Value::Null).unwrap_or_default();
                    let iteration = place.iteration.clone();
                    self.note(EventBody::NodeSkipped { node_id, iteration, edges });
                    return None;
                }
                Err(error) => {
                    self.start(place, attempt, None, None);
                    self.fail(place, attempt, None, faulty("/guard", &error));
                    return None;
                }
            }
        }
        Some(attempt)
    }

    /// Works a node out that needs nobody else, or says what it needs.
    pub(super) fn act(&mut self, place: &Place, attempt: i32) -> Option<Needs> {
        match self.looking_at(place, |begin| begin.begin()) {
            Err(problem) => {
                self.start(place, attempt, None, None);
                self.fail(place, attempt, None, problem);
            }
            Ok(Act::Done { output, port }) => {
                self.start(place, attempt, None, None);
                self.send(place, None, Ok(Sent::On { output, port }));
            }
            Ok(Act::Body { input }) => self.start(place, attempt, None, input),
            Ok(Act::Wait { until, event }) => {
                self.start(place, attempt, None, None);
                let node = self.known.plan.node(place.node);
                let (node_id, by) = (node.id.clone(), deadline(node, self.now()));
                let reason = if event.is_some() { NodeWait::Event } else { NodeWait::Timer };
                let until = until.or(by);
                let (iteration, human_task_id) = (place.iteration.clone(), None);
                self.note(EventBody::NodeWaiting { node_id, iteration, reason, until, human_task_id, event });
            }
            Ok(Act::Ask(question)) => return Some(Needs::Person(question)),
            Ok(Act::Call(wanted)) => return Some(Needs::Call(wanted)),
        }
        None
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

    /// When the run has something to do again that nobody will tell it of.
    pub(super) fn wakes_at(&self) -> Option<DateTime<Utc>> {
        let moments = self.known.state.open().filter_map(|(place, standing)| match standing {
            Standing::Again { at, .. } => Some(*at),
            Standing::Running { waits: Some(waits), since, .. } => {
                // How long a person may take is said by the question alone.
                let late = deadline(self.known.plan.node(place.node), *since);
                let late = late.filter(|_| waits.reason != NodeWait::Person);
                [waits.until, late].into_iter().flatten().min()
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
