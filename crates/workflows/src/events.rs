//! Starts workflows when somebody tells that something has happened: every one that waits for an event of this name where
//! the caller acts, and that the caller may run.
//!
//! The runs are the owners', as those of schedules and webhooks are: whoever lets an event start a workflow says what is
//! done in their name. As the caller they would do whatever the authors of shared workflows like with the rights of whoever
//! tells the event. What the caller may not start by hand is not started by an event either.
//!
//! All that comes of an event is one transaction, with the id that the sender gave it: a crash leaves everything or
//! nothing, and what is told twice starts nothing twice, however many servers hear it.

use std::{collections::HashSet, sync::Arc};

use conductor_access::{Access, Action};
use conductor_domain::{
    Caller, ErrorKind, EventStart, FieldError, Kind, NewAuditEvent, RunId, RunTrigger, StartError, ToldEvent,
    Workflow, WorkflowId, canonical_json, sha256_hex,
};
use conductor_storage::Store;
use conductor_workflow_graph::{EVENT_NAME, is_event_name};
use serde_json::{Map, Value, json};

use crate::{
    Error, Execution, Executions, Result,
    executions::Ready,
    hooks::REMEMBERED,
    owner::{begin, detail},
};

/// How many workflows one event starts, where nobody says otherwise.
const MOST: u64 = 50;
/// The longest id of an event, in characters.
const EVENT_ID: usize = 200;

/// Something that happened.
#[derive(Clone, Debug)]
pub struct Event {
    /// What: the name that workflows wait for.
    pub name: String,
    /// What there is to know of it: given to the inputs of its fields' names, and as a whole to an input `event`.
    pub data: Map<String, Value>,
    /// What the sender calls it, where it may tell it again.
    pub id: Option<String>,
}

/// Events that start workflows.
#[derive(Clone, Debug)]
pub struct Events {
    store: Store,
    access: Arc<Access>,
    executions: Executions,
    /// How many workflows one event starts.
    most: u64,
}

impl Events {
    /// The service over these rows, starting runs through `executions`.
    #[must_use]
    pub fn new(store: Store, access: Arc<Access>, executions: Executions) -> Self {
        Self { store, access, executions, most: MOST }
    }

    /// The same with another number of workflows that one event starts.
    #[must_use]
    pub fn starting(self, most: u64) -> Self {
        Self { most, ..self }
    }

    /// Starts every workflow that waits for this event where the caller acts, as its owner, and says of each what came of
    /// it. One that does not start keeps no other from it. What the caller may not see is neither started nor told of.
    ///
    /// # Errors
    /// `Invalid` where name or id cannot be; `TooWide` where it would start too many; `Reused` where another event was
    /// told under this id; a refusal where the caller runs no workflows or asks too often. Nothing is started then.
    pub async fn tell(&self, caller: &Caller, event: Event) -> Result<Vec<EventStart>> {
        self.access.require_scope(caller, Action::WorkflowExecute).await?;
        check(&event)?;
        self.access.begin(caller).await?;
        let body = json!({ "name": event.name, "data": event.data });
        let body_hash = sha256_hex(canonical_json(&body));
        if let Some(id) = &event.id {
            // Asked again where the runs are written; here it spares the looking.
            let earlier = self.store.visible_to(caller).told_events().find(id).await?;
            if let Some(earlier) = earlier {
                return self.again(caller, earlier, &body_hash).await;
            }
        }
        let rows = self.store.visible_to(caller).workflows();
        let workflows = rows.started_by(&event.name, self.most.saturating_add(1)).await?;
        if u64::try_from(workflows.len()).is_ok_and(|found| found > self.most) {
            return Err(Error::TooWide { name: event.name, most: self.most });
        }
        let mut ready = Vec::with_capacity(workflows.len());
        for workflow in workflows {
            let id = workflow.id;
            if let Some(one) = self.ready(caller, workflow, &event).await? {
                ready.push((id, one));
            }
        }
        match self.write(caller, event, body_hash.clone(), ready).await? {
            Written::Now(starts) => Ok(starts),
            Written::Before(earlier) => self.again(caller, earlier, &body_hash).await,
        }
    }

    /// The run that an event asks of a workflow, or why there can be none; nothing where the caller is not to know of it.
    async fn ready(
        &self,
        caller: &Caller,
        workflow: Workflow,
        event: &Event,
    ) -> Result<Option<Result<Ready>>> {
        let execution = Execution {
            event: Some(event.data.clone()),
            event_name: Some(event.name.clone()),
            trigger: Some(RunTrigger::Event),
            ..Execution::default()
        };
        let id = workflow.id;
        let may = self.executions.workflows.row(caller, id, Action::WorkflowExecute).await;
        let ready = match may {
            Ok(_) => self.executions.ready_as_owner(id, execution, caller.address).await,
            Err(error) => Err(error),
        };
        match ready {
            Ok(mut ready) => {
                ready.entry.data = json!({ "event": event.name, "event_id": event.id });
                Ok(Some(Ok(ready)))
            }
            Err(error) => match error.kind() {
                ErrorKind::NotFound => Ok(None),
                // What may be over in a moment is nothing to be told: the sender tries again.
                ErrorKind::Unavailable | ErrorKind::Internal => Err(error),
                // Also that one owner asks too often: it is no reason to start nothing of the others'.
                _ => Ok(Some(Err(error))),
            },
        }
    }

    /// Writes the runs, what came of each workflow, and the id with it.
    async fn write(
        &self,
        caller: &Caller,
        event: Event,
        body_hash: String,
        ready: Vec<(WorkflowId, Result<Ready>)>,
    ) -> Result<Written> {
        let action = Action::WorkflowExecute.as_str();
        let entry = NewAuditEvent::by(caller, "workflow.event_told", action, "workflow:*".to_owned());
        let Event { name, id, .. } = event;
        let claimed = id.map(|event_id| ToldEvent {
            event_id,
            name: name.clone(),
            body_hash,
            starts: Vec::new(),
            expires_at: self.store.clock().now() + REMEMBERED,
        });
        self.store
            .scoped(caller.scope)
            .write(move |tx| {
                Box::pin(async move {
                    if let Some(event) = &claimed {
                        // Of two at once, one waits here for the runs of the other.
                        if let Some(earlier) = tx.told_events().claim(event).await? {
                            return Ok(Written::Before(earlier));
                        }
                    }
                    let mut starts = Vec::with_capacity(ready.len());
                    for (workflow_id, ready) in ready {
                        starts.push(start(workflow_id, begin(ready, tx).await?.map(|run| run.id)));
                    }
                    if let Some(event) = &claimed {
                        tx.told_events().keep(&event.event_id, &starts).await?;
                    }
                    let runs: Vec<RunId> = starts.iter().filter_map(|start| start.run_id).collect();
                    let event_id = claimed.map(|event| event.event_id);
                    let mut entry = entry;
                    entry.data = json!({ "event": name, "event_id": event_id, "run_ids": runs });
                    tx.audit().record(entry).await?;
                    Ok::<_, Error>(Written::Now(starts))
                })
            })
            .await
    }

    /// What came of an event that was told before, as far as the caller may see it.
    async fn again(&self, caller: &Caller, earlier: ToldEvent, body_hash: &str) -> Result<Vec<EventStart>> {
        if earlier.body_hash != body_hash {
            return Err(Error::Reused);
        }
        let ids: Vec<WorkflowId> = earlier.starts.iter().map(|start| start.workflow_id).collect();
        let seen = self.store.visible_to(caller).workflows().find_many(&ids).await?;
        let seen: HashSet<WorkflowId> = seen.into_iter().map(|workflow| workflow.id).collect();
        Ok(earlier.starts.into_iter().filter(|start| seen.contains(&start.workflow_id)).collect())
    }
}

/// What the transaction of an event found.
#[derive(Debug)]
enum Written {
    /// Nobody had told it: what came of it.
    Now(Vec<EventStart>),
    /// Somebody else did a moment before.
    Before(ToldEvent),
}

fn start(workflow_id: WorkflowId, came: Result<RunId>) -> EventStart {
    match came {
        Ok(run_id) => EventStart { workflow_id, run_id: Some(run_id), error: None },
        Err(error) => {
            tracing::info!(%error, workflow.id = %workflow_id, "an event started no run");
            let error = StartError { code: error.code().to_owned(), detail: detail(&error) };
            EventStart { workflow_id, run_id: None, error: Some(error) }
        }
    }
}

fn check(event: &Event) -> Result<()> {
    let mut faults = Vec::new();
    if !is_event_name(&event.name) {
        let detail =
            format!("an event has a name of 1 to {EVENT_NAME} letters, digits, `.`, `_`, `-` and `:`");
        faults.push(FieldError::new("/name", "invalid_value", detail));
    }
    if event.id.as_ref().is_some_and(|id| id.is_empty() || id.chars().count() > EVENT_ID) {
        let detail = format!("the id of an event has 1 to {EVENT_ID} characters");
        faults.push(FieldError::new("/id", "invalid_value", detail));
    }
    if faults.is_empty() { Ok(()) } else { Err(Error::Invalid { faults }) }
}
