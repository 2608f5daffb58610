//! A run that is tried under a draft of a policy, beside the run that it goes on from: what was decided of the calls of
//! each.

use std::collections::HashMap;

use conductor_domain::{CallId, Caller, Effect, EventBody, Policy, Run, RunId};
use conductor_runs::Runs;
use conductor_storage::Store;

use crate::{Result, fork::Fork, journal};

/// How many decisions are listed; all are counted.
const LISTED: usize = 500;

/// What a run was tried under, and what that decided.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    /// The draft.
    pub policy: Policy,
    /// How many calls were decided.
    pub decided: usize,
    /// How many of them otherwise than in the run before.
    pub different: usize,
    /// What was decided of calls that this run made itself, in their order.
    pub decisions: Vec<TrialDecision>,
}

/// What was decided of a call.
#[derive(Clone, Debug, PartialEq)]
pub struct TrialDecision {
    /// The node that made it.
    pub node_id: Option<String>,
    /// Its round or item.
    pub iteration: Vec<i32>,
    /// The tool.
    pub tool: String,
    /// What was decided at this place in the run before; none where nothing was.
    pub before: Option<Effect>,
    /// What was decided.
    pub effect: Effect,
    /// The rule that decided.
    pub rule: Option<String>,
    /// Why, as one sentence.
    pub reason: Option<String>,
    /// Whether the answer was taken over from the run before.
    pub known: bool,
}

/// Where a call is made: the node and its round or item.
type At = (Option<String>, Vec<i32>);

#[derive(Default)]
struct Calls {
    places: HashMap<CallId, At>,
    tools: HashMap<CallId, String>,
    /// As they were first decided: a question that was answered is decided again.
    decided: Vec<(CallId, Effect, Option<String>, Option<String>)>,
    known: Vec<CallId>,
}

impl Calls {
    async fn of(store: &Store, run: RunId) -> conductor_runs::Result<Self> {
        let mut calls = Self::default();
        journal::outline(store, run, 0, |event| {
            if matches!(event.name.as_str(), "node.started" | "tool.called" | "tool.decided" | "tool.result")
            {
                calls.take(event.parse()?.body);
            }
            Ok(())
        })
        .await?;
        Ok(calls)
    }

    fn take(&mut self, body: EventBody) {
        match body {
            EventBody::NodeStarted { node_id, iteration, call_id: Some(call_id), .. } => {
                self.places.insert(call_id, (Some(node_id), iteration));
            }
            EventBody::ToolCalled { call_id, tool, .. } => drop(self.tools.insert(call_id, tool)),
            EventBody::ToolDecided { call_id, effect, rule_id, reason, .. }
                if self.decided.iter().all(|(known, ..)| *known != call_id) =>
            {
                self.decided.push((call_id, effect, rule_id, reason));
            }
            EventBody::ToolResult { call_id, ledger: Some(ledger), .. } if ledger == "from_journal" => {
                self.known.push(call_id);
            }
            _ => {}
        }
    }

    fn at(&self, call: CallId) -> At {
        self.places.get(&call).cloned().unwrap_or_default()
    }
}

/// What a run was tried under and what that decided; none where it was not tried under anything. Of a run before that the
/// caller does not see, nothing is said.
pub(crate) async fn of(store: &Store, caller: &Caller, runs: &Runs, run: &Run) -> Result<Option<Trial>> {
    let Some(Fork { run_id, policy: Some(policy), .. }) = Fork::of(run) else { return Ok(None) };
    let own = Calls::of(store, run.id).await?;
    // What was taken over was decided there, whoever may see it.
    let earlier = Calls::of(store, run_id).await?;
    let visible = match runs.find(caller, run_id).await {
        Ok(_) => true,
        Err(conductor_runs::Error::NotFound { .. }) => false,
        Err(error) => return Err(error.into()),
    };
    let before: HashMap<At, Effect> = earlier
        .decided
        .iter()
        .filter(|_| visible)
        .map(|(call, effect, ..)| (earlier.at(*call), *effect))
        .collect();
    let taken: Vec<CallId> = earlier.decided.iter().map(|(call, ..)| *call).collect();
    let mut trial = Trial { policy, decided: 0, different: 0, decisions: Vec::new() };
    for (call, effect, rule, reason) in own.decided.iter().filter(|(call, ..)| !taken.contains(call)) {
        let at = own.at(*call);
        let before = before.get(&at).copied();
        trial.decided += 1;
        trial.different += usize::from(before.is_some_and(|before| before != *effect));
        if trial.decisions.len() < LISTED {
            trial.decisions.push(TrialDecision {
                tool: own.tools.get(call).cloned().unwrap_or_default(),
                before,
                effect: *effect,
                rule: rule.clone(),
                reason: reason.clone(),
                known: own.known.contains(call),
                node_id: at.0,
                iteration: at.1,
            });
        }
    }
    Ok(Some(trial))
}
