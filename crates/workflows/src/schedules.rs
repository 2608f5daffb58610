//! Starts workflows when their schedules say so.
//!
//! A schedule of a workflow that is switched on and can run is a row with its next moment, written in the transaction
//! that changes the workflow. Whoever takes a moment sets the next one in the transaction that writes the run, and only
//! where the row still has the moment that was read: of several servers one starts the run, and a crash leaves both or
//! neither. Moments that passed while no server ran are one run, not many.

use std::{collections::BTreeSet, time::Duration};

use chrono::{DateTime, Utc};
use conductor_domain::{ErrorKind, Kind, NewSchedule, RunTrigger, Workflow, WorkflowSchedule};
use conductor_storage::{ScopedTx, Store, Unscoped};
use conductor_workflow_graph::{TimeTable, Trigger};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::{
    Execution, Executions, Result,
    document::restored,
    executions::Ready,
    owner::{begin, detail},
};

/// How many schedules are looked at in one round.
const ROUND: u64 = 100;
/// The longest sleep: what another server changed is seen by then.
const LONGEST: Duration = Duration::from_secs(30);
/// The shortest sleep, after a round that left something due, or failed.
const SHORTEST: Duration = Duration::from_millis(500);

/// The schedules of every tenant.
#[derive(Clone, Debug)]
pub struct Schedules {
    store: Store,
    executions: Executions,
}

impl Schedules {
    /// The service over these rows, starting runs through `executions`.
    #[must_use]
    pub fn new(store: Store, executions: Executions) -> Self {
        Self { store, executions }
    }

    /// Starts what is due until `stop` is cancelled.
    pub async fn run(self, stop: CancellationToken) {
        loop {
            if let Err(error) = self.run_due(self.store.clock().now()).await {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "what is scheduled cannot be started"
                );
            }
            let pause = self.pause().await;
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.executions.workflows.rescheduled.notified() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// Takes the moments that have come by `now`, at most a hundred, and starts their runs. How many were taken.
    ///
    /// # Errors
    /// When storage fails; what was not taken is still due, and the others were looked at.
    pub async fn run_due(&self, now: DateTime<Utc>) -> Result<usize> {
        let due = self.store.unscoped(Unscoped::Schedules).schedules().due(now, ROUND).await?;
        let (mut taken, mut failed) = (0, None);
        for schedule in due {
            match self.take(schedule, now).await {
                Ok(true) => taken += 1,
                Ok(false) => {}
                Err(error) => failed = Some(error),
            }
        }
        failed.map_or(Ok(taken), Err)
    }

    async fn pause(&self) -> Duration {
        let now = self.store.clock().now();
        match self.store.unscoped(Unscoped::Schedules).schedules().next().await {
            Ok(Some(next)) => (next - now).to_std().unwrap_or(SHORTEST).clamp(SHORTEST, LONGEST),
            Ok(None) => LONGEST,
            Err(error) => {
                tracing::error!(%error, "when schedules are due cannot be read");
                LONGEST
            }
        }
    }

    /// Whether this server took the moment.
    async fn take(&self, due: WorkflowSchedule, now: DateTime<Utc>) -> Result<bool> {
        let table = TimeTable::read(&due.cron, due.time_zone.as_deref()).ok();
        let next = table.and_then(|table| table.next(now));
        let ready = self.ready(&due).await;
        // What may be over in a moment is no answer: the schedule stays due.
        let ready = match ready {
            Err(error) if error.kind() == ErrorKind::Unavailable => return Err(error),
            ready => ready,
        };
        self.store
            .scoped(due.scope)
            .write(move |tx| {
                Box::pin(async move {
                    let Some(next) = next else {
                        tx.schedules().end(due.id).await?;
                        return Ok(false);
                    };
                    // Whoever changes the workflow holds it before its schedules; so does whoever takes one.
                    tx.workflows().hold(due.workflow_id).await?;
                    if !tx.schedules().take(&due, next).await? {
                        return Ok(false);
                    }
                    match begin(ready, tx).await? {
                        Ok(run) => tx.schedules().tell(due.id, Ok(run.id)).await?,
                        Err(error) => {
                            tracing::info!(%error, workflow.id = %due.workflow_id, "a schedule started no run");
                            tx.schedules().tell(due.id, Err((error.code(), &detail(&error)))).await?;
                        }
                    }
                    Ok(true)
                })
            })
            .await
    }

    /// The run that the schedule asks for, once everything is as it has to be.
    async fn ready(&self, due: &WorkflowSchedule) -> Result<Ready> {
        let execution =
            Execution { trigger: Some(RunTrigger::Schedule), at: Some(due.next_at), ..Execution::default() };
        let mut ready = self.executions.ready_as_owner(due.workflow_id, execution, None).await?;
        ready.entry.data = json!({ "schedule_id": due.id, "scheduled_at": due.next_at });
        Ok(ready)
    }
}

/// The same as `keep` with what the graph of the version that runs says.
pub(crate) async fn keep_running(tx: ScopedTx<'_>, workflow: &Workflow) -> Result<()> {
    let version = tx.workflows().version(workflow.id, workflow.running_version()).await?;
    keep(tx, workflow, &restored(version.document)?.triggers).await
}

/// Makes the schedules of a workflow, and the events that start it, what the graph that runs says, where it may run; else
/// there are none. Its hook stays as long as the graph has one: its address and secret are known to others.
pub(crate) async fn keep(tx: ScopedTx<'_>, workflow: &Workflow, triggers: &[Trigger]) -> Result<()> {
    let now = tx.clock().now();
    let acts = workflow.spec.is_active && workflow.is_sound();
    let schedules = triggers.iter().zip(0..).filter(|_| acts).filter_map(|(trigger, position)| {
        let Trigger::Schedule { cron, time_zone } = trigger else { return None };
        let next_at = TimeTable::read(cron, time_zone.as_deref()).ok()?.next(now)?;
        Some(NewSchedule { position, cron: cron.clone(), time_zone: time_zone.clone(), next_at })
    });
    tx.schedules().replace(workflow.id, schedules.collect()).await?;
    let events = triggers.iter().filter(|_| acts).filter_map(|trigger| match trigger {
        Trigger::Event { name } => Some(name.clone()),
        _ => None,
    });
    // Workflows that were kept before a second one of a name was an error may have one.
    let events: BTreeSet<String> = events.collect();
    tx.told_events().replace(workflow.id, events.into_iter().collect()).await?;
    Ok(tx.hooks().keep(workflow.id, triggers.contains(&Trigger::Webhook)).await?)
}
