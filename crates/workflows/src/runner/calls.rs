//! Calls of nodes: what is made, what comes back, and what a restart takes on.

use std::{collections::HashSet, sync::Arc};

use chrono::{DateTime, Utc};
use conductor_domain::{CallId, EventBody, NodeWait, ProblemView, RunStatus, SignalKind};
use conductor_runs::{Call, Invoked, Result, problem};
use serde_json::json;

use crate::journal;

use super::{
    finish::{deadline, overdue},
    kinds::{self, Act, Made, Wanted},
    pass::{Nudge, Pass},
    state::{Place, Standing, Waits},
};

/// What the same call meets again, however often it is made.
const LASTING: [&str; 10] = [
    "node_invalid",
    "validation_failed",
    "egress_refused",
    "run_budget_exceeded",
    "response_too_large",
    "package_not_approved",
    "program_failed",
    "program_out_of_memory",
    "program_output_too_large",
    "program_timed_out",
];

/// A call to be made or taken on, out of the pass's hands until it comes back.
pub(super) struct Work {
    pub(super) place: Place,
    pub(super) call: Call,
    /// Whether it was begun before.
    pub(super) again: bool,
    pub(super) deadline: Option<DateTime<Utc>>,
}

/// A call that came back.
pub(super) struct Back {
    pub(super) place: Place,
    pub(super) call_id: CallId,
    pub(super) invoked: Invoked,
    pub(super) timed_out: bool,
}

impl Pass {
    /// Calls that the nudge asks to be taken on, unless they are under way here.
    pub(super) async fn calls_on(&mut self, nudge: &Nudge, under_way: &HashSet<CallId>) -> Result<Vec<Work>> {
        let open = self.known.state.open().filter_map(|(place, standing)| match standing {
            // Of one whose outcome nobody knows, a person is asked.
            Standing::Running { waits: Some(Waits { reason: NodeWait::Person, .. }), .. } => None,
            Standing::Running { call_id: Some(call_id), since, .. }
                if (nudge.everything || nudge.calls.contains(call_id)) && !under_way.contains(call_id) =>
            {
                let deadline = deadline(self.known.plan.node(place.node), *since);
                Some((place, *call_id, deadline))
            }
            _ => None,
        });
        let mut works = Vec::new();
        for (place, call_id, deadline) in open.collect::<Vec<_>>() {
            self.look_up(place.node).await?;
            match self.wanted(&place, call_id) {
                Ok(wanted) => {
                    let call = self.call(&place, call_id, wanted);
                    works.push(Work { place, call, again: true, deadline });
                }
                Err(problem) => self.send(&place, Some(call_id), Err(problem)),
            }
        }
        Ok(works)
    }

    /// Stops the run that a call goes on as.
    pub(super) async fn stop_call(&self, call_id: Option<CallId>) -> Result<()> {
        let children: Vec<_> =
            self.known.state.children.iter().map(|(child, call)| (*child, *call)).collect();
        let child = children.into_iter().find(|(_, call)| Some(*call) == call_id).map(|(child, _)| child);
        let Some(child) = child else { return Ok(()) };
        self.held
            .write(move |tx| {
                Box::pin(async move { tx.tx.runs().signal(child, SignalKind::Cancel, json!({})).await })
            })
            .await
    }

    /// Takes in a call that came back.
    pub(super) async fn took(&mut self, back: Back) -> Result<()> {
        let Back { place, call_id, invoked, timed_out } = back;
        if self.told(call_id, &invoked).await? {
            return Ok(());
        }
        let attempt = match self.known.state.standing(&self.known.plan, &place) {
            Some(Standing::Running { waits: Some(Waits { reason: NodeWait::Person, .. }), .. }) => {
                return Ok(());
            }
            Some(Standing::Running { attempt, call_id: Some(own), .. }) if *own == call_id => *attempt,
            // It was sent back meanwhile, and what it gave belongs to nobody.
            _ => return Ok(()),
        };
        // The path journals what happens to a call; what a label, a child or a question says is there.
        self.read_calls().await?;
        match invoked {
            Invoked::Done { ok: true, content } => {
                let made = Made(content);
                let sent = self.looking_at(&place, |begin| begin.made(&made));
                self.send(&place, Some(call_id), sent);
            }
            Invoked::Done { ok: false, content } if self.known.state.ambiguous.contains(&call_id) => {
                let question = self.whether(&place, call_id, &Made(content));
                if let Err(nobody) = self.ask(&place, question).await? {
                    self.fail(&place, attempt, Some(call_id), nobody);
                }
            }
            Invoked::Done { ok: false, content } => {
                let told = if timed_out {
                    overdue("The node took longer than it may.")
                } else {
                    self.why(call_id, &Made(content)).await?
                };
                self.fail(&place, attempt, Some(call_id), told);
            }
            Invoked::Waiting(_) | Invoked::Child(_) => {
                let waits = match self.known.state.standing(&self.known.plan, &place) {
                    Some(Standing::Running { waits, .. }) => waits.is_some(),
                    _ => false,
                };
                if !waits {
                    let node = self.known.plan.node(place.node);
                    let until = match self.known.state.standing(&self.known.plan, &place) {
                        Some(Standing::Running { since, .. }) => deadline(node, *since),
                        _ => None,
                    };
                    let (node_id, iteration) = (node.id.clone(), place.iteration);
                    let (reason, human_task_id, event) = (NodeWait::Call, None, None);
                    self.note(EventBody::NodeWaiting {
                        node_id,
                        iteration,
                        reason,
                        until,
                        human_task_id,
                        event,
                    });
                }
            }
        }
        Ok(())
    }

    /// What the path has journalled since it was last read.
    pub(super) async fn read_calls(&mut self) -> Result<()> {
        let (held, known) = (&self.held, &mut self.walk.known);
        journal::outline(held.store(), held.run().id, known.state.read_to, |event| {
            known.state.read_to = event.seq;
            if event.name.starts_with("tool.") || event.name.starts_with("approval.") {
                known.apply(event.at, &event.parse()?.body);
            }
            Ok(())
        })
        .await
    }

    /// Why a call gave no answer.
    async fn why(&self, call_id: CallId, made: &Made) -> Result<ProblemView> {
        let id = call_id.as_uuid().into();
        let row = self.held.write(move |tx| Box::pin(async move { tx.tx.runs().find(id).await })).await?;
        let (code, status) = row.map_or((None, RunStatus::Failed), |row| (row.error_code, row.status));
        let code = code.unwrap_or_else(|| "tool_failed".to_owned());
        let again = match code.parse::<u16>() {
            // A target that answered has said whether the same again may help.
            Ok(status) => matches!(status, 408 | 425 | 429 | 500..=599),
            Err(_) => {
                let passing =
                    matches!(status, RunStatus::Failed | RunStatus::TimedOut | RunStatus::Interrupted);
                passing && !LASTING.contains(&code.as_str())
            }
        };
        Ok(problem(&code, "The call failed", made.text(), again))
    }

    /// The call that a node has begun: as the journal has it, or as its place says where it has not come so far.
    fn wanted(&self, place: &Place, call_id: CallId) -> kinds::Result<Wanted> {
        if let Some((tool, arguments)) = self.known.state.called.get(&call_id) {
            let agent_id = self.looking_at(place, |begin| begin.acting())?;
            return Ok(Wanted { tool: tool.clone(), arguments: arguments.clone(), agent_id });
        }
        match self.looking_at(place, |begin| begin.begin())? {
            Act::Call(wanted) => Ok(wanted),
            _ => Err(kinds::unsupported(&self.known.plan.node(place.node).config)),
        }
    }

    pub(super) fn call(&self, place: &Place, call_id: CallId, wanted: Wanted) -> Call {
        let run = self.held.run();
        let Wanted { tool, arguments, agent_id } = wanted;
        Call {
            call_id,
            name: tool,
            provider_call_id: None,
            arguments,
            caller: Arc::clone(&self.caller),
            agent_id,
            left: None,
            conversation_id: run.conversation_id,
            message_id: None,
            node_id: Some(self.known.plan.node(place.node).id.clone()),
            context_label: run.data_classification.max(self.known.state.label),
        }
    }
}
