//! How a run of a workflow stands, node by node, as its journal tells it.

use std::{collections::HashMap, time::Duration};

use conductor_domain::{
    CallId, Caller, ConnectorId, EventBody, NodeShare, NodeWait, ProblemView, Run, RunId, RunKind, RunStatus,
};
use conductor_runs::{Runs, StoredEvent, problem_of};
use serde_json::{Map, Value, json};

use crate::{Error, Executions, Result, Trial, requests::host, servers::CALL, trial};

/// How many events are read at once.
const PAGE: u64 = 500;

/// A run of a workflow with what its nodes did.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// The run.
    pub run: Run,
    /// Its nodes in the order in which they first began, each as it stood last.
    pub nodes: Vec<NodeReport>,
    /// What ended the run, where it did not end well.
    pub failure: Option<Failure>,
    /// The draft of a policy that it is tried under, and what that decided.
    pub trial: Option<Trial>,
}

/// Why a run of a workflow ended, in one shape whatever failed.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    /// The node; none where the workflow itself could not go on.
    pub source: Option<String>,
    /// What the node's call went to: a server by its name, a system that Conductor knows, or `transient_<node>` for what
    /// only the node describes.
    pub connector: Option<String>,
    /// Why.
    pub problem: ProblemView,
    /// What is known of the attempt that failed last.
    pub details: Map<String, Value>,
}

/// A node's last failure, with its call where it made one.
struct Failed {
    node_id: String,
    problem: ProblemView,
    call: Option<Made>,
    details: Map<String, Value>,
}

/// A call as far as a failure tells of it.
#[derive(Default)]
struct Made {
    tool: String,
    connector: Option<(ConnectorId, String)>,
    host: Option<String>,
    sent: i32,
    ledger: Option<String>,
}

/// What is read of a run's journal.
#[derive(Default)]
struct Reading {
    nodes: Vec<NodeReport>,
    failed: Option<Failed>,
    /// Calls whose nodes have not ended.
    calls: HashMap<CallId, Made>,
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
        let (mut reading, mut after) = (Reading::default(), 0);
        loop {
            let page = runs.events(caller, id, after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = last.seq;
            let told =
                |name: &str| name.starts_with("node.") || matches!(name, "tool.called" | "tool.result");
            for event in page.iter().filter(|event| told(&event.name)) {
                if let Ok(parsed) = event.parse() {
                    reading.take(parsed.body);
                }
            }
        }
        let Reading { mut nodes, failed, .. } = reading;
        for share in runs.shares(caller, &run).await? {
            if let Some(node) = nodes.iter_mut().find(|node| node.node_id == share.node_id) {
                node.spent = share;
            }
        }
        let ended = run.status.is_final() && run.status != RunStatus::Succeeded;
        let failure = problem_of(&run).filter(|_| ended).map(|problem| failure(problem, failed));
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

impl Reading {
    fn take(&mut self, body: EventBody) {
        match body {
            EventBody::NodeStarted { node_id, .. } => {
                let node = of(&mut self.nodes, node_id);
                node.status = "running";
                node.attempts += 1;
            }
            EventBody::NodeWaiting { node_id, .. } => of(&mut self.nodes, node_id).status = "waiting",
            EventBody::NodeSkipped { node_id, .. } => of(&mut self.nodes, node_id).status = "skipped",
            EventBody::ToolCalled { call_id, tool, connector_id, server, arguments, .. } => {
                let host = host(&arguments);
                let made = Made { tool, connector: connector_id.zip(server), host, ..Made::default() };
                self.calls.insert(call_id, made);
            }
            EventBody::ToolResult { call_id, attempts, ledger, .. } => {
                if let Some(made) = self.calls.get_mut(&call_id) {
                    (made.sent, made.ledger) = (attempts, ledger);
                }
            }
            EventBody::NodeFinished {
                node_id,
                call_id,
                attempt,
                output,
                port,
                error,
                retry_at,
                duration_ms,
                ..
            } => {
                let call = call_id.and_then(|call| self.calls.remove(&call));
                if let Some(problem) = error.clone().filter(|_| port.is_none() && retry_at.is_none()) {
                    let mut details = Map::from_iter([("attempt".to_owned(), json!(attempt))]);
                    details.extend(duration_ms.map(|took| ("duration_ms".to_owned(), json!(took))));
                    self.failed = Some(Failed { node_id: node_id.clone(), problem, call, details });
                }
                let node = of(&mut self.nodes, node_id);
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
}

/// What a run ended by, as the node says it that did not end well. A run that was stopped, or that has used up what it may
/// spend, was not ended by a node, whatever failed before.
fn failure(problem: ProblemView, failed: Option<Failed>) -> Failure {
    let Some(failed) = failed else {
        return Failure { source: None, connector: None, problem, details: Map::new() };
    };
    let Failed { node_id, problem: own, call, mut details } = failed;
    let problem =
        if own.code == problem.code { ProblemView { title: problem.title, ..own } } else { problem };
    let connector = call.as_ref().and_then(|made| made.connector(&node_id));
    if let Ok(status) = problem.code.parse::<u16>() {
        details.insert("status_code".to_owned(), json!(status));
    }
    details.extend(call.map(Made::told).into_iter().flatten());
    Failure { source: Some(node_id), connector, problem, details }
}

impl Made {
    /// What the call went to.
    fn connector(&self, node_id: &str) -> Option<String> {
        if let Some((_, name)) = &self.connector {
            return Some(name.clone());
        }
        match self.tool.split_once('/')? {
            ("http", _) => Some(format!("transient_{node_id}")),
            _ if self.tool == CALL => Some(format!("transient_{node_id}")),
            ("integration" | "database", what) => what.split('.').next().map(str::to_owned),
            _ => None,
        }
    }

    fn told(self) -> Vec<(String, Value)> {
        let Self { tool, connector, host, sent, ledger } = self;
        let mut told = vec![("tool".to_owned(), json!(tool)), ("sent".to_owned(), json!(sent))];
        told.extend(connector.map(|(id, _)| ("connector_id".to_owned(), json!(id))));
        told.extend(host.map(|host| ("host".to_owned(), json!(host))));
        told.extend(ledger.map(|word| ("effect".to_owned(), json!(word))));
        told
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
