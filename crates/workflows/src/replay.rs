//! Replays of ended runs: the same once more from the journal, with no call, no question and no wait.

use conductor_access::{Action, Facts};
use conductor_domain::{Caller, RunId, RunKind};
use conductor_runs::Runs;
use serde_json::Value;

use crate::{
    Error, Executions, Result, fork, journal,
    runner::{self, Difference, Known, Plan, State, Surroundings},
};

/// What a replay came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Replay {
    /// How many endings of nodes were worked out again.
    pub nodes: u64,
    /// Where it came to something else; none where the run is explained by its journal.
    pub differences: Vec<Difference>,
    /// What the workflow gives, worked out again; none where the run did not come to its end.
    pub outputs: Option<Value>,
}

impl Executions {
    /// Goes through an ended run once more. Everything that its nodes worked out is worked out again from what calls, people
    /// and events said then, and compared with what the journal says.
    ///
    /// # Errors
    /// `Hidden`; `Running` before its end; `Emptied` where a policy let nothing be kept of it.
    pub async fn replay(&self, caller: &Caller, runs: &Runs, id: RunId) -> Result<Replay> {
        let run = runs.find(caller, id).await?;
        let (RunKind::Workflow, Some(workflow)) = (run.kind, run.workflow_id) else {
            return Err(Error::Hidden { what: "execution" });
        };
        if !run.status.is_final() {
            return Err(Error::Running);
        }
        let workflow = self.workflows.row(caller, workflow, Action::WorkflowRead).await?;
        let facts = Facts::from(&workflow).labelled(run.data_classification);
        self.access.require(caller, Action::WorkflowRead, &facts).await?;
        if run.input.is_none() || self.store.visible_to(caller).runs().kept_nothing_of_calls(id).await? {
            return Err(Error::Emptied);
        }
        let graph = fork::graph(&self.store, caller, &run).await?.and_then(std::result::Result::ok);
        let graph = graph.ok_or(Error::Hidden { what: "version" })?;
        // It is the person behind the run whom expressions read, whoever looks at it.
        let around = Surroundings::of(&self.store, caller, &run, &graph, &self.options.env).await?;
        let mut replay = runner::Replay::new(Known::new(Plan::new(graph), State::default(), around));
        journal::each(&self.store, id, |event| {
            replay.take(event.at, &event.parse()?.body);
            Ok(())
        })
        .await?;
        Ok(Replay { nodes: replay.nodes, differences: replay.differences, outputs: replay.outputs })
    }
}
