//! Publishing: one version runs where nobody names one, and what is saved after it is a draft until it is published too.
//!
//! Where nothing is published the newest version runs. The name, and everything beside the graph such as who sees the
//! workflow and whether it is switched on, are the workflow's own and hold at once.

use conductor_access::{Action, Facts};
use conductor_domain::{Caller, PublishedVersion, Workflow, WorkflowId};
use conductor_workflow_graph::{Graph, Severity, problem::Invalid, validate};
use serde_json::json;

use super::{WorkflowView, Workflows, entry, held};
use crate::{Error, Result, runner, schedules};

impl Workflows {
    /// Makes a version, the newest where none is named, the one that runs where nobody names one. Its schedules, events and
    /// webhook act from then on, and those of no other version.
    ///
    /// # Errors
    /// `Hidden` where there is no such version; `Graph` where it cannot run, with everything that is wrong; else as
    /// `update`.
    pub async fn publish(
        &self,
        caller: &Caller,
        id: WorkflowId,
        version: Option<i32>,
        if_match: Option<i32>,
    ) -> Result<WorkflowView> {
        let workflow = self.row(caller, id, Action::WorkflowUpdate).await?;
        let number = version.unwrap_or(workflow.current_version);
        // A version never changes, so that it is looked at before anything is held.
        let graph = self.graph(caller, &workflow, Some(number)).await?;
        self.require_runnable(caller, &graph).await?;
        let by = caller.user_id();
        let entry = entry(caller, "workflow.published", Action::WorkflowUpdate, &workflow);
        let changed = self
            .store
            .scoped(workflow.scope)
            .write(move |tx| {
                Box::pin(async move {
                    let present = held(tx, id, if_match).await?;
                    let published = PublishedVersion {
                        version: number,
                        title: graph.title,
                        description: graph.description,
                        by,
                        at: tx.clock().now(),
                    };
                    let changed = tx.workflows().publish(id, Some(published)).await?;
                    schedules::keep(tx, &changed, &graph.triggers).await?;
                    let mut entry = entry;
                    entry.data = json!({ "version": number, "ran_before": present.running_version() });
                    tx.audit().record(entry).await?;
                    Ok::<_, Error>(changed)
                })
            })
            .await?;
        self.rescheduled.notify_one();
        self.view(caller, changed).await
    }

    /// Goes back to running the newest version, whichever that is. Where nothing is published nothing changes.
    ///
    /// # Errors
    /// As `update`.
    pub async fn unpublish(
        &self,
        caller: &Caller,
        id: WorkflowId,
        if_match: Option<i32>,
    ) -> Result<WorkflowView> {
        let workflow = self.row(caller, id, Action::WorkflowUpdate).await?;
        let entry = entry(caller, "workflow.unpublished", Action::WorkflowUpdate, &workflow);
        let changed = self
            .store
            .scoped(workflow.scope)
            .write(move |tx| {
                Box::pin(async move {
                    let present = held(tx, id, if_match).await?;
                    if present.published.is_none() {
                        return Ok::<_, Error>(present);
                    }
                    let changed = tx.workflows().publish(id, None).await?;
                    schedules::keep_running(tx, &changed).await?;
                    let mut entry = entry;
                    entry.data = json!({
                        "version": changed.running_version(), "ran_before": present.running_version(),
                    });
                    tx.audit().record(entry).await?;
                    Ok(changed)
                })
            })
            .await?;
        self.rescheduled.notify_one();
        self.view(caller, changed).await
    }

    /// Refuses a graph that cannot run, given what exists for the caller, with everything that is wrong.
    pub(crate) async fn require_runnable(&self, caller: &Caller, graph: &Graph) -> Result<()> {
        let mut problems = validate(graph, &self.names(caller).await?);
        problems.retain(|problem| problem.severity == Severity::Error);
        problems.extend(runner::unsupported_nodes(graph));
        if problems.is_empty() { Ok(()) } else { Err(Invalid(problems).into()) }
    }

    /// The version that a workflow is to the caller where it names none.
    pub(crate) async fn shown(&self, caller: &Caller, workflow: &Workflow) -> Result<i32> {
        if workflow.published.is_none() {
            return Ok(workflow.current_version);
        }
        let judge = self.access.judge(caller).await?;
        Ok(shown(workflow, judge.allows(caller, Action::WorkflowUpdate, &Facts::from(workflow))))
    }
}

/// Whoever may change a workflow works on its newest version; to others it is what runs.
pub(super) fn shown(workflow: &Workflow, can_edit: bool) -> i32 {
    if can_edit { workflow.current_version } else { workflow.running_version() }
}
