//! How a run of a workflow stands, node by node, as its journal tells it.

use std::time::Duration;

use conductor_domain::{Caller, EventBody, NodeShare, NodeWait, ProblemView, Run, RunId, RunKind, RunStatus};
use conductor_runs::{Runs, StoredEvent, problem_of};
use serde_json::Value;

use crate::{Error, Executions, Result, Trial, trial};

/// How many events are read at once.
const PAGE: u64 = 500;

/// A run of a workflow with what its nodes did.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// The run.
    pub run: Run,
    /// Its nodes in the order in which they first began, each as it stood last.
    pub nodes: Vec<NodeReport>,
    /// The node whose failure ended the run, and why.
    pub failure: Option<(Option<String>, ProblemView)>,
    /// The draft of a policy that it is tried under, and what that decided.
    pub trial: Option<Trial>,
}

/// How a node stands.
#[derive(Clone, Debug, PartialEq)]
pub struct NodeReport {
    /// The node.
    pub node_id: String,
    /// `running`, `waiting`, `completed`, `failed` or `skipped`.
    pub status: &'static str,
    /// How often it was begun, rounds and repetitions included.
    pub attempts: i32,
    /// What it gave last.
    pub output: Option<Value>,
    /// Why it failed last, also where the workflow went on from that.
    pub error: Option<ProblemView>,
    /// How long its last attempt took.
    pub duration_ms: Option<i64>,
    /// What all its attempts spent, with everything below them.
    pub spent: NodeShare,
}

impl Executions {
    /// The same once the run has ended, waits for a person or an event, or `patience` runs out.
    ///
    /// # Errors
    /// As `report`.
    pub async fn settled(
        &self,
        caller: &Caller,
        runs: &Runs,
        id: RunId,
        patience: Duration,
    ) -> Result<Report> {
        runs.rested(caller, id, patience, rests()).await?;
        self.report(caller, runs, id).await
    }

    /// A run of a workflow with what its nodes did.
    ///
    /// # Errors
    /// `Hidden` where the caller does not see it, or it is a run of something else.
    pub async fn report(&self, caller: &Caller, runs: &Runs, id: RunId) -> Result<Report> {
        let run = runs.find(caller, id).await?;
        if run.kind != RunKind::Workflow {
            return Err(Error::Hidden { what: "execution" });
        }
        let mut nodes: Vec<NodeReport> = Vec::new();
        let (mut after, mut failed) = (0, None);
        loop {
            let page = runs.events(caller, id, after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = last.seq;
            for event in page.iter().filter(|event| event.name.starts_with("node.")) {
                if let Ok(parsed) = event.parse() {
                    take(&mut nodes, &mut failed, parsed.body);
                }
            }
        }
        for share in runs.shares(caller, &run).await? {
            if let Some(node) = nodes.iter_mut().find(|node| node.node_id == share.node_id) {
                node.spent = share;
            }
        }
        let ended = run.status.is_final() && run.status != RunStatus::Succeeded;
        let failure = problem_of(&run).filter(|_| ended).map(|problem| (failed, problem));
        let trial = trial::of(&self.store, caller, runs, &run).await?;
        Ok(Report { run, nodes, failure, trial })
    }
}

/// Tells of one event after the other whether nothing more comes by itself after it: the run has ended, or rests while a
/// person or an event is waited for.
fn rests() -> impl FnMut(&StoredEvent) -> conductor_runs::Result<bool> {
    let mut outside = false;
    move |event| match event.name.as_str() {
        "approval.requested" => {
            outside = true;
            Ok(false)
        }
        "node.waiting" => {
            let waits = event.parse()?.body;
            let reasons = [NodeWait::Person, NodeWait::Event];
            outside |= matches!(waits, EventBody::NodeWaiting { reason, .. } if reasons.contains(&reason));
            Ok(false)
        }
        "run.status" if outside => {
            Ok(matches!(event.parse()?.body, EventBody::RunStatus { status: RunStatus::Waiting, .. }))
        }
        _ => Ok(event.is_last()),
    }
}

fn take(nodes: &mut Vec<NodeReport>, failed: &mut Option<String>, body: EventBody) {
    match body {
        EventBody::NodeStarted { node_id, .. } => {
            let node = of(nodes, node_id);
            node.status = "running";
            node.attempts += 1;
        }
        EventBody::NodeWaiting { node_id, .. } => of(nodes, node_id).status = "waiting",
        EventBody::NodeSkipped { node_id, .. } => of(nodes, node_id).status = "skipped",
        EventBody::NodeFinished { node_id, output, port, error, retry_at, duration_ms, .. } => {
            if error.is_some() && port.is_none() && retry_at.is_none() {
                *failed = Some(node_id.clone());
            }
            let node = of(nodes, node_id);
            node.status = match (&error, retry_at) {
                (None, _) => "completed",
                (Some(_), Some(_)) => "waiting",
                (Some(_), None) => "failed",
            };
            node.output = output.or_else(|| node.output.take());
            node.error = error;
            node.duration_ms = duration_ms;
        }
        _ => {}
    }
}

fn of(nodes: &mut Vec<NodeReport>, node_id: String) -> &mut NodeReport {
    let at = nodes.iter().position(|node| node.node_id == node_id).unwrap_or_else(|| {
        nodes.push(NodeReport {
            node_id,
            status: "running",
            attempts: 0,
            output: None,
            error: None,
            duration_ms: None,
            spent: NodeShare::default(),
        });
        nodes.len() - 1
    });
    &mut nodes[at]
}
