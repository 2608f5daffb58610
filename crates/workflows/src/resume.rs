//! Going on from what an ended run found: at the node that failed, or at any other, with changes or without.

use conductor_access::Action;
use conductor_domain::{Caller, FieldError, Policy, Run, RunId, RunKind, RunTrigger};
use conductor_runs::Runs;
use serde_json::{Map, Value};

use crate::{
    Error, Execution, Executions, Result,
    executions::{CONTEXT, Earlier, TRIGGER},
    fork::Fork,
    runner::{Plan, State, Unfit, place_of},
};

/// How a run goes on from another.
#[derive(Clone, Debug, Default)]
pub struct Resume {
    /// The node that is done again with everything after it; the one that failed where absent.
    pub node_id: Option<String>,
    /// The round or item of that node, outermost first, from 1; the newest where absent.
    pub iteration: Option<Vec<i32>>,
    /// Inputs that are different; the others stay as they were.
    pub inputs: Map<String, Value>,
    /// What is different about nodes, in this run alone, as merge patches of how they are stored.
    pub nodes: Map<String, Value>,
    /// A version of the graph; the one that ran where absent.
    pub version: Option<i32>,
    /// A draft of a policy to try it under; that of the earlier run where absent.
    pub policy: Option<Policy>,
}

impl Executions {
    /// Starts a run that takes over what an ended one found, and goes on from there. The ended one stays as it is.
    ///
    /// # Errors
    /// `Hidden`; `Running` before its end; `Emptied` where a policy let nothing be kept of it; `Invalid` where it cannot
    /// go on from there, or cannot be changed so; a refusal, also for whoever changes nodes of a workflow that others
    /// keep; and everything that starting a run refuses.
    pub async fn resume(&self, caller: &Caller, runs: &Runs, id: RunId, resume: Resume) -> Result<Run> {
        let before = runs.find(caller, id).await?;
        let (RunKind::Workflow, Some(workflow)) = (before.kind, before.workflow_id) else {
            return Err(Error::Hidden { what: "execution" });
        };
        let changes = !resume.nodes.is_empty();
        // Whoever changes what a node does changes the workflow, if only for once.
        let action = if changes { Action::WorkflowUpdate } else { Action::WorkflowExecute };
        let workflow = self.workflows.row(caller, workflow, action).await?;
        if !before.status.is_final() {
            return Err(Error::Running);
        }
        let view = self.store.visible_to(caller);
        if before.input.is_none() || view.runs().kept_nothing_of_calls(id).await? {
            return Err(Error::Emptied);
        }
        let version = resume.version.or(before.workflow_version);
        // What was only tried is not let go by going on from it.
        let policy = resume.policy.or_else(|| Fork::of(&before).and_then(|fork| fork.policy));
        let mut fork = Fork { run_id: id, node_id: None, iteration: Vec::new(), nodes: resume.nodes, policy };
        let mut graph = self.workflows.graph(caller, &workflow, version).await?;
        fork.change(&mut graph).map_err(|faults| Error::Invalid { faults })?;
        let plan = Plan::new(graph);
        let state = State::of(&self.store, id, &plan).await?;
        let from = place_of(&plan, &state, resume.node_id.as_deref(), resume.iteration.as_deref());
        if let Some(from) = from.map_err(unfit)? {
            fork.node_id = Some(plan.node(from.node).id.clone());
            fork.iteration = from.iteration;
        }
        let mut inputs = before.input.as_ref().and_then(|input| input.get("inputs")).cloned();
        if let Some(Value::Object(inputs)) = &mut inputs {
            inputs.extend(resume.inputs);
        }
        let execution = Execution { inputs, version, trigger: Some(RunTrigger::Api), ..Execution::default() };
        let trigger = before.input.as_ref().and_then(|input| input.get(TRIGGER)).cloned();
        let context = before.input.as_ref().and_then(|input| input.get(CONTEXT)).cloned();
        let earlier = Earlier { fork, label: before.data_classification, trigger, context };
        self.write(caller, workflow, execution, Some(earlier)).await
    }
}

fn unfit(why: Unfit) -> Error {
    let (at, detail) = match why {
        Unfit::Unknown => ("/node_id", "the workflow has no such node in this round or item".to_owned()),
        Unfit::Over(owner) => {
            let detail = format!(
                "the round or item that this node was in is over; name {owner} to do all of it again"
            );
            ("/node_id", detail)
        }
        Unfit::Nowhere => ("/node_id", "the run has ended well; name the node to go on from".to_owned()),
    };
    Error::Invalid { faults: vec![FieldError::new(at, "invalid_value", detail)] }
}
