//! The beginning of a run, worked out where the run is asked for: what needs nobody else is in the journal from the commit
//! on that makes the run, and a workflow that asks nobody for anything is over with it. Nobody has seen the run before, so
//! that a crash loses nothing.

use conductor_domain::{Caller, EventBody, NewRun, Run, RunStatus};
use conductor_runs::HeldTx;
use conductor_storage::{ScopedTx, Store};
use conductor_workflow_graph::Graph;

use super::{
    RunnerOptions,
    known::Known,
    plan::Plan,
    scope::{Started, Surroundings},
    state::State,
    walk::{Ending, Walk},
};

/// How a run begins.
#[derive(Debug)]
pub(crate) struct Opening {
    events: Vec<EventBody>,
    /// How it ends, where it is over with that.
    ending: Option<Ending>,
}

impl Opening {
    /// How a run of a graph begins that is about to be written.
    pub(crate) async fn of(
        store: &Store,
        caller: &Caller,
        run: &NewRun,
        graph: Graph,
        options: &RunnerOptions,
    ) -> conductor_storage::Result<Self> {
        let started = Started {
            id: run.id,
            scope: caller.scope,
            trigger: run.trigger,
            at: store.clock().now(),
            user_id: run.user_id,
            version: run.workflow_version,
            input: run.input.as_ref(),
        };
        let around = Surroundings::of(store, caller, started, &graph, &options.env).await?;
        let mut walk = Walk {
            clock: std::sync::Arc::clone(store.clock()),
            known: Known::new(Plan::new(graph), State::default(), around),
            most_attempts: options.nodes_per_run,
            batch: Vec::new(),
        };
        walk.note(EventBody::RunStarted {
            kind: run.kind,
            agent_id: None,
            workflow_id: run.workflow_id,
            conversation_id: run.conversation_id,
            message_id: run.message_id,
        });
        walk.note(EventBody::RunStatus { status: RunStatus::Running, reason: None });
        let over = walk.alone();
        let events = walk.unwritten();
        Ok(Self { events, ending: over.map(|over| walk.ending(over)) })
    }

    /// Writes the run as far as it has come; the runner takes it from there.
    pub(crate) async fn write(self, tx: ScopedTx<'_>, new: NewRun) -> conductor_storage::Result<Run> {
        let Some(ending) = self.ending else {
            let run = tx.runs().create(new).await?;
            tx.journal(run.id, run.fencing_token).append(&self.events).await?;
            return Ok(run);
        };
        let run = tx.runs().create_begun(new).await?;
        let (id, workflow) = (run.id, run.workflow_id);
        HeldTx::of_new(tx, run).finish_at_once(self.events, ending.outcome, ending.told).await?;
        if let Some(workflow) = workflow {
            tx.node_stats().write(workflow, id, ending.figures, ending.waited_ms).await?;
        }
        tx.runs().get(id).await
    }
}
