//! Starting runs of workflows, finding them again, and telling them that something has happened.

use std::sync::Arc;

use chrono::{DateTime, SecondsFormat, Utc};
use conductor_access::{Access, Action, Facts};
use conductor_domain::{
    CONTEXT_OF_RUNS, Caller, Classification, Concurrency, FieldError, NewAuditEvent, NewRun, Page,
    PageRequest, Run, RunFilter, RunId, RunKind, RunLimits, RunTrigger, SignalKind, Workflow, WorkflowId,
    nanos_of_decimal,
};
use conductor_runs::{FeedItem, Runs};
use conductor_storage::{ScopedTx, Store};
use conductor_workflow_graph::{Graph, ValueType};
use serde_json::{Map, Value, json};

use crate::{
    Error, Result, RunnerOptions, Workflows,
    fork::{self, Fork},
    runner::{Opening, said},
};

/// How many runs of one workflow wait in line, where nobody says otherwise.
const LINE: u64 = 100;
/// The longest name of an event, in characters.
const EVENT_NAME: usize = 200;
/// The field of a run's input that says what started it.
pub(crate) const TRIGGER: &str = "trigger";
/// The field of a run's input that says what its organisation said of what it reads.
pub(crate) const CONTEXT: &str = "context";
/// The input that gets all of what happened.
const WHOLE_EVENT: &str = "event";

/// Which workflow is meant.
#[derive(Clone, Debug)]
pub enum Meant {
    /// The one of this id.
    Id(WorkflowId),
    /// The one that is run by this name.
    Name(String),
}

/// A run of a workflow that is asked for.
#[derive(Clone, Debug, Default)]
pub struct Execution {
    /// What the workflow is given: an object, by the names of its inputs.
    pub inputs: Option<Value>,
    /// A version of its graph. Where absent, the published one, else the newest; a try-out runs what whoever starts it is
    /// shown.
    pub version: Option<i32>,
    /// What happened, where that starts it and nobody names inputs: they are taken from it.
    pub event: Option<Map<String, Value>>,
    /// The name of what happened, where it has one: expressions read it.
    pub event_name: Option<String>,
    /// The door that asks.
    pub trigger: Option<RunTrigger>,
    /// The moment that it is started for, such as that of a schedule; now where absent.
    pub at: Option<DateTime<Utc>>,
}

/// The run that one goes on from.
#[derive(Debug)]
pub(crate) struct Earlier {
    pub(crate) fork: Fork,
    /// The label of what it found.
    pub(crate) label: Classification,
    /// What started it, as its input tells.
    pub(crate) trigger: Option<Value>,
    /// What its organisation said, as its input tells.
    pub(crate) context: Option<Value>,
}

/// Runs of workflows, as doors start and see them.
#[derive(Clone, Debug)]
pub struct Executions {
    pub(crate) store: Store,
    pub(crate) access: Arc<Access>,
    pub(crate) workflows: Workflows,
    /// How runs are bounded, and what they may read, as their runner has it.
    pub(crate) options: Arc<RunnerOptions>,
    /// How many runs of one workflow may wait in line.
    line: u64,
}

impl Executions {
    /// The service over these workflows.
    #[must_use]
    pub fn new(store: Store, access: Arc<Access>, workflows: Workflows) -> Self {
        Self { store, access, workflows, options: Arc::default(), line: LINE }
    }

    /// The same as a runner with these options has it: the beginning of a run is worked out where it is asked for.
    #[must_use]
    pub fn run_by(self, options: RunnerOptions) -> Self {
        Self { options: Arc::new(options), ..self }
    }

    /// The same with another number of runs that may wait in line, for each workflow that has them one after the other.
    #[must_use]
    pub fn lining_up(self, most: u64) -> Self {
        Self { line: most, ..self }
    }

    /// Starts a run; the runner takes it from there.
    ///
    /// # Errors
    /// `Hidden`; `Off` where it is switched off; `Busy` where it has one run at a time and one is open; `Graph` where it
    /// cannot run, with everything that is wrong; `Invalid` where its inputs are not what it asks for; a refusal.
    pub async fn start(&self, caller: &Caller, meant: Meant, execution: Execution) -> Result<Run> {
        let workflow = self.find(caller, meant).await?;
        self.write(caller, workflow, execution, None).await
    }

    /// Writes a run of a workflow, for whoever may run it.
    pub(crate) async fn write(
        &self,
        caller: &Caller,
        workflow: Workflow,
        execution: Execution,
        earlier: Option<Earlier>,
    ) -> Result<Run> {
        let ready = self.ready(caller, workflow, execution, earlier).await?;
        self.store.scoped(caller.scope).write(move |tx| Box::pin(async move { ready.begin(tx).await })).await
    }

    /// A run of a workflow at the top of its tree, for whoever may run it.
    pub(crate) async fn ready(
        &self,
        caller: &Caller,
        workflow: Workflow,
        execution: Execution,
        earlier: Option<Earlier>,
    ) -> Result<Ready> {
        self.access.begin(caller).await?;
        let (id, concurrency, name) = (workflow.id, workflow.spec.concurrency, workflow.spec.name.clone());
        let goes_on = earlier.is_some();
        let Prepared { run, entry, graph } = self.prepare(caller, workflow, execution, earlier).await?;
        let run = NewRun {
            user_id: caller.user_id(),
            actor: caller.machine(),
            token_id: caller.token_id,
            address: caller.address,
            ..run
        };
        // One that goes on from another begins with what stands of that; one that waits in line has not begun.
        let opening = match goes_on || concurrency == Concurrency::Queue {
            true => None,
            false => Some(Opening::of(&self.store, caller, &run, graph, &self.options).await?),
        };
        let line = self.line;
        Ok(Ready { run, entry, opening, caller: caller.clone(), id, name, concurrency, line })
    }

    /// A page of a workflow's runs that the caller may see, newest first.
    ///
    /// # Errors
    /// `Hidden`.
    pub async fn page(
        &self,
        caller: &Caller,
        runs: &Runs,
        id: WorkflowId,
        page: PageRequest,
    ) -> Result<Page<Run>> {
        self.workflows.row(caller, id, Action::WorkflowRead).await?;
        let filter =
            RunFilter { workflow_id: Some(id), kind: Some(RunKind::Workflow), ..RunFilter::default() };
        Ok(runs.page(caller, filter, page).await?)
    }

    /// Tells a run that something has happened which a node of it waits for, or will.
    ///
    /// # Errors
    /// `Hidden`; `Ended` where it is over; `Invalid` where the event has no name.
    pub async fn tell(
        &self,
        caller: &Caller,
        runs: &Runs,
        id: RunId,
        name: String,
        data: Value,
    ) -> Result<Run> {
        let run = runs.find(caller, id).await?;
        if run.kind != RunKind::Workflow {
            return Err(Error::Hidden { what: "execution" });
        }
        if name.trim().is_empty() || name.chars().count() > EVENT_NAME {
            let detail = format!("an event has a name of at most {EVENT_NAME} characters");
            return Err(Error::Invalid { faults: vec![FieldError::new("/name", "invalid_value", detail)] });
        }
        runs.require(caller, Action::RunCancel, &run).await?;
        if run.status.is_final() {
            return Err(Error::Ended);
        }
        let entry = NewAuditEvent::by(caller, "run.told", Action::RunCancel.as_str(), format!("run:{id}"))
            .on("run", id.as_uuid());
        let told = json!({ "name": name, "data": data });
        self.store
            .scoped(run.scope)
            .write(move |tx| {
                Box::pin(async move {
                    tx.audit().record(entry).await?;
                    tx.runs().signal(id, SignalKind::Event, told).await
                })
            })
            .await
            .map_err(|error: conductor_storage::Error| Error::from(error))?;
        Ok(run)
    }

    /// The workflow that is meant, once the caller may run it.
    async fn find(&self, caller: &Caller, meant: Meant) -> Result<Workflow> {
        let id = match meant {
            Meant::Id(id) => id,
            Meant::Name(name) => {
                let mut named = self.store.visible_to(caller).workflows().named(&name).await?;
                named.sort_by_key(|workflow| (workflow.scope != caller.scope, !workflow.is_official));
                named.first().ok_or(Error::Hidden { what: "workflow" })?.id
            }
        };
        self.workflows.row(caller, id, Action::WorkflowExecute).await
    }

    /// What the organisation says of what a graph reads, for the run to keep: it reads that until its end, and whoever goes
    /// through it again reads the same. `before` is what a run read that this one goes on from.
    async fn said(
        &self,
        caller: &Caller,
        graph: &Graph,
        before: Option<Value>,
    ) -> Result<Option<Map<String, Value>>> {
        let read = graph.context_read();
        let foreign = |name: &String| !CONTEXT_OF_RUNS.contains(&name.as_str());
        if read.as_ref().is_some_and(|read| !read.iter().any(foreign)) {
            return Ok(None);
        }
        let id = caller.scope.organization_id;
        let organization = self.store.visible_to(caller).organizations().find(id).await?;
        let mut said = organization.as_ref().map(said).unwrap_or_default();
        if let Some(read) = read {
            // What is not said is kept as that.
            let fields = read.into_iter().filter(foreign);
            said = fields.map(|name| (name.clone(), said.remove(&name).unwrap_or_default())).collect();
        }
        if let Some(Value::Object(before)) = before {
            said.extend(before);
        }
        Ok(Some(said))
    }

    /// The run of a workflow and the entry of the log about it, once everything is as it has to be. Who asks, and where in
    /// the tree it stands, the writer adds.
    pub(crate) async fn prepare(
        &self,
        caller: &Caller,
        workflow: Workflow,
        execution: Execution,
        earlier: Option<Earlier>,
    ) -> Result<Prepared> {
        let label =
            earlier.as_ref().map(|earlier| earlier.label).max(Some(workflow.spec.data_classification));
        let label = label.unwrap_or_default();
        let facts = Facts::from(&workflow).labelled(label);
        self.access.require(caller, Action::WorkflowExecute, &facts).await?;
        if !workflow.spec.is_active {
            return Err(Error::Off { name: workflow.spec.name });
        }
        let trigger = execution.trigger.unwrap_or(RunTrigger::Api);
        let version = match execution.version {
            Some(version) => version,
            None if trigger == RunTrigger::Test => self.workflows.shown(caller, &workflow).await?,
            None => workflow.running_version(),
        };
        let mut graph = self.workflows.graph(caller, &workflow, Some(version)).await?;
        let read_before = earlier.as_ref().and_then(|earlier| earlier.context.clone());
        let (fork, before) = earlier.map(|earlier| (earlier.fork, earlier.trigger)).unzip();
        // Expressions read it, so a run that goes on from another one reads what that one read.
        let started = before.flatten().unwrap_or_else(|| {
            let at = execution.at.unwrap_or_else(|| self.store.clock().now());
            let at = at.to_rfc3339_opts(SecondsFormat::Millis, true);
            match &execution.event_name {
                Some(name) => json!({ "kind": trigger, "at": at, "event": name }),
                None => json!({ "kind": trigger, "at": at }),
            }
        });
        if let Some(fork) = &fork {
            fork.change(&mut graph).map_err(|faults| Error::Invalid { faults })?;
        }
        self.workflows.require_runnable(caller, &graph).await?;
        let given = execution.event.map(|event| Value::Object(told(&graph, event))).or(execution.inputs);
        let inputs = inputs(&graph, given)?;
        let id = RunId::generate(&**self.store.clock());
        let mut entry = NewAuditEvent::by(
            caller,
            "run.started",
            Action::WorkflowExecute.as_str(),
            format!("workflow:{}", workflow.id),
        )
        .on("run", id)
        .labelled(label);
        entry.run_id = Some(id);
        let mut input = json!({ "workflow": graph.name, "inputs": inputs, TRIGGER: started });
        if let (Some(said), Some(fields)) =
            (self.said(caller, &graph, read_before).await?, input.as_object_mut())
        {
            fields.insert(CONTEXT.to_owned(), Value::Object(said));
        }
        if let (Some(fork), Some(fields)) = (&fork, input.as_object_mut()) {
            fields.insert(fork::FIELD.to_owned(), json!(fork));
            entry.data = json!({ "retry_of": fork.run_id, "node_id": fork.node_id });
            if let Some(policy) = &fork.policy {
                let name = &policy.name;
                entry.data["policy"] = json!({ "id": policy.id, "name": name, "version": policy.version });
            }
        }
        let run = NewRun {
            workflow_id: Some(workflow.id),
            workflow_version: Some(version),
            retry_of: fork.map(|fork| fork.run_id),
            input: Some(input),
            data_classification: label,
            limits: limits(&graph),
            ..NewRun::new(id, RunKind::Workflow, trigger)
        };
        Ok(Prepared { run, entry, graph })
    }
}

/// A run of a graph, as it is to be written.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub(crate) run: NewRun,
    pub(crate) entry: NewAuditEvent,
    pub(crate) graph: Graph,
}

/// A run at the top of its tree that only has to be written.
#[derive(Debug)]
pub(crate) struct Ready {
    run: NewRun,
    opening: Option<Opening>,
    pub(crate) entry: NewAuditEvent,
    caller: Caller,
    id: WorkflowId,
    name: String,
    concurrency: Concurrency,
    line: u64,
}

impl Ready {
    /// Writes the run, for the runner to take it from there.
    ///
    /// # Errors
    /// `Busy` and `Full`, with nothing written, where the workflow has one run at a time and one is open, or too many wait.
    pub(crate) async fn begin(mut self, tx: ScopedTx<'_>) -> Result<Run> {
        if self.concurrency != Concurrency::Allow {
            // Of two starts at once, one sees the run of the other.
            tx.workflows().hold(self.id).await?;
        }
        match self.concurrency {
            Concurrency::Allow => {}
            Concurrency::Skip => {
                if !tx.runs().open_of(self.id).await?.is_empty() {
                    return Err(Error::Busy { name: self.name });
                }
            }
            Concurrency::CancelPrevious => self.stop_others(tx).await?,
            Concurrency::Queue => {
                if tx.runs().in_line_of(self.id).await? >= self.line {
                    return Err(Error::Full { name: self.name, most: self.line });
                }
                // Also where none is open: who comes next sees it in its place.
                self.run.in_line = true;
            }
        }
        let (id, workflow, user_id) = (self.run.id, self.run.workflow_id, self.run.user_id);
        tx.audit().record(self.entry).await?;
        tx.notify(FeedItem {
            organization_id: self.caller.scope.organization_id,
            user_id,
            data: json!({ "type": "run.started", "run_id": id, "workflow_id": workflow }),
        });
        Ok(match self.opening {
            Some(opening) => opening.write(tx, self.run).await?,
            None => tx.runs().create(self.run).await?,
        })
    }
}

impl Ready {
    /// Stops what is open of the workflow.
    async fn stop_others(&self, tx: ScopedTx<'_>) -> Result<()> {
        for id in tx.runs().open_of(self.id).await? {
            let action = Action::RunCancel.as_str();
            let mut entry = NewAuditEvent::by(&self.caller, "run.cancelled", action, format!("run:{id}"))
                .on("run", id.as_uuid());
            entry.data = json!({ "concurrency": self.concurrency, "followed_by": self.run.id });
            tx.audit().record(entry).await?;
            tx.runs().signal(id, SignalKind::Cancel, json!({})).await?;
        }
        Ok(())
    }
}

/// What an event gives a workflow: all of it as the input `event`, and its fields as the inputs of their names. What is no
/// input is left out where the workflow declares its inputs.
fn told(graph: &Graph, event: Map<String, Value>) -> Map<String, Value> {
    let declares = |name: &str| graph.inputs.iter().any(|input| input.name == name);
    let whole = declares(WHOLE_EVENT).then(|| Value::Object(event.clone()));
    let mut given = event;
    if !graph.inputs.is_empty() {
        given.retain(|name, _| declares(name));
    }
    given.extend(whole.map(|whole| (WHOLE_EVENT.to_owned(), whole)));
    given
}

/// What a run may take, as rows have it.
fn limits(graph: &Graph) -> RunLimits {
    RunLimits {
        max_tokens: graph.limits.max_tokens.map(i64::from),
        max_cost_nanos: graph.limits.max_cost_usd.and_then(|usd| nanos_of_decimal(&format!("{usd:.9}"))),
    }
}

/// The inputs of a run: what was given, with defaults, held against what the workflow declares.
fn inputs(graph: &Graph, given: Option<Value>) -> Result<Map<String, Value>> {
    let mut faults = Vec::new();
    let mut inputs = match given {
        None | Some(Value::Null) => Map::new(),
        Some(Value::Object(inputs)) => inputs,
        Some(_) => {
            let fault = FieldError::new("/inputs", "wrong_type", "inputs are an object, by name");
            return Err(Error::Invalid { faults: vec![fault] });
        }
    };
    if graph.inputs.is_empty() {
        return Ok(inputs);
    }
    for name in inputs.keys().filter(|name| !graph.inputs.iter().any(|input| input.name == **name)) {
        let known: Vec<&str> = graph.inputs.iter().map(|input| input.name.as_str()).collect();
        let detail = format!("the workflow has no input {name}; it has {}", known.join(", "));
        faults.push(FieldError::new(format!("/inputs/{name}"), "unknown_field", detail));
    }
    for input in &graph.inputs {
        let at = format!("/inputs/{}", input.name);
        match inputs.get(&input.name).filter(|value| !value.is_null()) {
            Some(value) if !is(value, input.value_type) => {
                faults.push(FieldError::new(
                    at,
                    "wrong_type",
                    format!("{} is a {}", input.name, input.value_type),
                ));
            }
            Some(_) => {}
            None => match &input.default {
                Some(default) => drop(inputs.insert(input.name.clone(), default.clone())),
                None if input.required => {
                    faults.push(FieldError::new(at, "required", format!("{} is required", input.name)));
                }
                // What is not given reads as null, and not as a mistake.
                None => drop(inputs.insert(input.name.clone(), Value::Null)),
            },
        }
    }
    if faults.is_empty() { Ok(inputs) } else { Err(Error::Invalid { faults }) }
}

fn is(value: &Value, wanted: ValueType) -> bool {
    match wanted {
        ValueType::String => value.is_string(),
        ValueType::Number => value.is_number(),
        ValueType::Integer => value.is_i64() || value.is_u64(),
        ValueType::Boolean => value.is_boolean(),
        ValueType::Array => value.is_array(),
        ValueType::Object => value.is_object(),
        _ => true,
    }
}
