//! What a run did, one line each: calls of models and tools, and the runs it started. Read from its journal.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use conductor_domain::{
    Caller, Effect, EventBody, Page, PageRequest, ProblemView, Run, RunFilter, RunId, RunStatus, StepId,
};

use crate::{Result, Runs, StoredEvent};

/// Rows read at once.
const PAGE: u64 = 1_000;

/// One step of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// The step; a tool call's own id for a call.
    pub id: StepId,
    /// `model`, `tool`, `retrieval` or `node`; for other runs that were started, their kind.
    pub kind: &'static str,
    /// The model, tool or node.
    pub name: String,
    /// Where it stands.
    pub status: RunStatus,
    /// The run that did it, where it has one of its own.
    pub child_run_id: Option<RunId>,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When it ended.
    pub ended_at: Option<DateTime<Utc>>,
    /// How long it took.
    pub duration_ms: Option<i64>,
    /// Why it failed.
    pub error: Option<ProblemView>,
}

impl Runs {
    /// A page of a run's steps, oldest first.
    ///
    /// # Errors
    /// `NotFound` when the caller may not see the run.
    pub async fn steps(&self, caller: &Caller, id: RunId, page: PageRequest) -> Result<Page<Step>> {
        let run = self.find(caller, id).await?;
        let mut steps = Steps::default();
        let mut after = 0;
        loop {
            let events = self.events(caller, id, after, PAGE).await?;
            let Some(last) = events.last() else { break };
            after = last.seq;
            for event in events.iter().filter(|event| concerns(event)) {
                steps.apply(event.at, event.parse()?.body);
            }
        }
        for child in self.children(caller, id).await?.into_iter().rev() {
            steps.attach(child);
        }
        let steps = steps.end(run.status);
        let skip = page.after.as_deref().and_then(|after| after.parse().ok()).unwrap_or(0_usize);
        let numbered: Vec<(usize, Step)> = (1..).zip(steps).skip(skip).collect();
        Ok(Page::cut(numbered, page.limit, |(number, _)| number.to_string()).map(|(_, step)| step))
    }

    async fn children(&self, caller: &Caller, id: RunId) -> Result<Vec<Run>> {
        let filter = RunFilter { parent_run_id: Some(id), ..RunFilter::default() };
        Ok(self.page(caller, filter, PageRequest { limit: PAGE, after: None }).await?.items)
    }
}

/// Text is most of a journal and no step; it is passed over unread.
fn concerns(event: &StoredEvent) -> bool {
    event.name.starts_with("step.") || event.name.starts_with("tool.") || event.name == "approval.decided"
}

#[derive(Default)]
struct Steps {
    steps: Vec<Step>,
    places: HashMap<StepId, usize>,
}

impl Steps {
    fn apply(&mut self, at: DateTime<Utc>, body: EventBody) {
        match body {
            EventBody::StepStarted { step_id, kind, name } => {
                let kind = match kind {
                    conductor_domain::StepKind::Model => "model",
                    conductor_domain::StepKind::Tool => "tool",
                    conductor_domain::StepKind::Retrieval => "retrieval",
                    conductor_domain::StepKind::Node => "node",
                };
                self.open(step_id, kind, name, at);
            }
            EventBody::StepFinished { step_id, duration_ms, error, .. } => {
                let status = if error.is_some() { RunStatus::Failed } else { RunStatus::Succeeded };
                self.close(step_id, status, at, duration_ms);
                self.change(step_id, |step| step.error = error);
            }
            EventBody::ToolCalled { call_id, tool, .. } => {
                self.open(StepId::from_uuid(call_id.as_uuid()), "tool", tool, at);
            }
            EventBody::ToolDecided { call_id, effect, .. } => {
                let status = match effect {
                    Effect::Allow => RunStatus::Running,
                    Effect::Approve => RunStatus::Waiting,
                    Effect::Deny => RunStatus::Denied,
                };
                self.change(StepId::from_uuid(call_id.as_uuid()), |step| step.status = status);
            }
            EventBody::ApprovalDecided { human_task } => {
                let Some(call_id) = human_task.call_id else { return };
                self.change(StepId::from_uuid(call_id.as_uuid()), |step| step.status = RunStatus::Running);
            }
            EventBody::ToolResult { call_id, ok, duration_ms, .. } => {
                let status = if ok { RunStatus::Succeeded } else { RunStatus::Failed };
                self.close(StepId::from_uuid(call_id.as_uuid()), status, at, Some(duration_ms));
            }
            _ => {}
        }
    }

    /// A child run knows more exactly than the journal how it ended; one that is no call is a step of its own.
    fn attach(&mut self, child: Run) {
        let id = StepId::from_uuid(child.id.as_uuid());
        if !self.places.contains_key(&id) {
            self.open(id, child.kind.as_str(), child.tool_name.clone().unwrap_or_default(), child.created_at);
        }
        self.change(id, |step| {
            step.child_run_id = Some(child.id);
            step.status = child.status;
            step.ended_at = step.ended_at.or(child.ended_at);
            step.duration_ms = step.duration_ms.or(child.duration_ms);
            step.error = problem_of(&child);
        });
    }

    /// What was open when the run ended, ended with it.
    fn end(mut self, run: RunStatus) -> Vec<Step> {
        for step in self.steps.iter_mut().filter(|step| run.is_final() && !step.status.is_final()) {
            step.status = run;
        }
        self.steps
    }

    fn open(&mut self, id: StepId, kind: &'static str, name: String, at: DateTime<Utc>) {
        self.places.insert(id, self.steps.len());
        self.steps.push(Step {
            id,
            kind,
            name,
            status: RunStatus::Running,
            child_run_id: None,
            started_at: at,
            ended_at: None,
            duration_ms: None,
            error: None,
        });
    }

    fn close(&mut self, id: StepId, status: RunStatus, at: DateTime<Utc>, duration_ms: Option<i64>) {
        self.change(id, |step| {
            // A refused call has a result too: the refusal.
            if step.status != RunStatus::Denied {
                step.status = status;
            }
            step.ended_at = Some(at);
            step.duration_ms = duration_ms;
        });
    }

    fn change(&mut self, id: StepId, change: impl FnOnce(&mut Step)) {
        if let Some(step) = self.places.get(&id).and_then(|place| self.steps.get_mut(*place)) {
            change(step);
        }
    }
}

/// A run's failure as people read it.
#[must_use]
pub fn problem_of(run: &Run) -> Option<ProblemView> {
    let code = run.error_code.as_deref()?;
    let words = code.replace('_', " ");
    let mut letters = words.chars();
    let title = letters.next().map(|first| first.to_ascii_uppercase().to_string() + letters.as_str());
    Some(ProblemView {
        code: code.to_owned(),
        title: title.unwrap_or_default(),
        detail: run.error_text.clone().unwrap_or_default(),
        retryable: matches!(run.status, RunStatus::Interrupted | RunStatus::TimedOut),
    })
}
