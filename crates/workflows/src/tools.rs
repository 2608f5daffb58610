//! Workflows as tools: a workflow runs as a run of its own below the call that asks for it.
//!
//! An agent is offered those that its list of tools names, or all; where no agent acts, as in another workflow, every one is
//! offered that the caller may see and execute.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use conductor_access::{Access, Action, Facts};
use conductor_domain::{Agent, Caller, Kind, Workflow, canonical_json, sha256_hex};
use conductor_runs::{Answer, Approval, CallError, Dispatch, Error, Result, Tool, ToolSource, problem};
use conductor_storage::Store;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::{Execution, Executions, executions::Prepared};

/// What the name of such a tool begins with.
const PREFIX: &str = "workflow_";

/// The source of workflows as tools.
#[derive(Clone, Debug)]
pub struct WorkflowTools {
    store: Store,
    access: Arc<Access>,
    executions: Executions,
}

/// What a workflow is given.
#[derive(Deserialize)]
struct Task {
    #[serde(default)]
    inputs: Option<Value>,
    #[serde(default)]
    version: Option<i32>,
}

impl WorkflowTools {
    /// The source over this store.
    #[must_use]
    pub fn new(store: Store, access: Arc<Access>, executions: Executions) -> Arc<Self> {
        Arc::new(Self { store, access, executions })
    }

    async fn offered(&self, caller: &Caller, acting: Option<&Agent>) -> crate::Result<Vec<Tool>> {
        let none = |agent: &Agent| {
            let mut listed = agent.spec.tools.iter().map(|tool| tool.to_ascii_lowercase());
            !listed.any(|tool| tool.starts_with(PREFIX))
        };
        if acting.is_some_and(none) {
            return Ok(Vec::new());
        }
        let mut all = self.callable(caller).await?;
        all.retain(|workflow| acting.is_none_or(|agent| agent.spec.lists(&name(&workflow.spec.name))));
        // A model has to be told what to give; a node of a workflow says itself what it gives.
        let declared = match acting {
            Some(_) => {
                let running: Vec<_> =
                    all.iter().map(|workflow| (workflow.id, workflow.running_version())).collect();
                self.store.visible_to(caller).workflows().inputs(&running).await?
            }
            None => HashMap::new(),
        };
        Ok(all.iter().map(|workflow| tool(workflow, declared.get(&workflow.id))).collect())
    }

    /// The workflows that a caller may see and execute, one for each name.
    async fn callable(&self, caller: &Caller) -> crate::Result<Vec<Workflow>> {
        let judge = self.access.judge(caller).await?;
        let mut all = self.store.visible_to(caller).workflows().runnable().await?;
        // Where others elsewhere have the same name, the organisation's own comes first, then Conductor's.
        all.sort_by_key(|workflow| (workflow.scope != caller.scope, !workflow.is_official));
        let mut names = HashSet::new();
        Ok(all
            .into_iter()
            .filter(|workflow| judge.allows(caller, Action::WorkflowExecute, &Facts::from(workflow)))
            .filter(|workflow| names.insert(workflow.spec.name.to_ascii_lowercase()))
            .collect())
    }

    async fn begin(&self, tool: &Tool, dispatch: Dispatch) -> Result<Answer, CallError> {
        // That the acting agent lists it, the tool path has checked with the call.
        let callable = self.callable(&dispatch.caller).await.map_err(|error| refused(&error))?;
        let found = callable.into_iter().find(|workflow| path(&workflow.spec.name) == tool.path);
        let Some(workflow) = found else {
            return Err(refused(&crate::Error::Hidden { what: "workflow" }));
        };
        let task: Task = serde_json::from_value(dispatch.arguments.clone())
            .map_err(|error| not_started("validation_failed", error.to_string()))?;
        let execution = Execution { inputs: task.inputs, version: task.version, ..Execution::default() };
        let prepared = self.executions.prepare(&dispatch.caller, workflow, execution, None).await;
        let Prepared { mut run, mut entry, .. } = prepared.map_err(|error| refused(&error))?;
        // A workflow below a call is work like one that is started by itself, and counts for the day like it.
        let counted = self.access.begin_below(&dispatch.caller).await;
        counted.map_err(|error| not_started(error.code(), error.with_end(&**self.store.clock())))?;
        run.data_classification = run.data_classification.max(dispatch.context_label);
        entry.data = json!({ "call_id": dispatch.call_id, "parent_run_id": dispatch.run_id });
        dispatch.start(run, entry).await
    }
}

#[async_trait]
impl ToolSource for WorkflowTools {
    fn name(&self) -> &'static str {
        "workflows"
    }

    async fn tools(&self, caller: &Caller, agent: Option<&Agent>) -> Result<Vec<Tool>> {
        self.offered(caller, agent).await.map_err(|error| match error {
            crate::Error::Storage(error) => Error::Storage(error),
            crate::Error::Access(error) => Error::Access(error),
            other => Error::Source { source_name: "workflows", source: other.into() },
        })
    }

    async fn call(&self, tool: &Tool, dispatch: Dispatch) -> Result<Answer, CallError> {
        self.begin(tool, dispatch).await
    }
}

/// The name by which a workflow is called. Names of workflows are plain words already.
pub(crate) fn name(workflow: &str) -> String {
    format!("{PREFIX}{}", workflow.to_ascii_lowercase())
}

/// The name by which policies know a workflow.
fn path(workflow: &str) -> String {
    format!("workflow/{}", workflow.to_ascii_lowercase())
}

/// The schema of what a workflow is given: what it declares, or anything.
fn inputs_schema(declared: Option<&Value>) -> Value {
    let says = "What the workflow is given, by the names of its inputs.";
    let inputs: Vec<Input> =
        declared.and_then(|declared| Vec::deserialize(declared).ok()).unwrap_or_default();
    if inputs.is_empty() {
        return json!({ "type": "object", "description": says });
    }
    let required: Vec<&str> = inputs.iter().filter(|input| input.asked()).map(|input| &*input.name).collect();
    let properties: Map<String, Value> =
        inputs.iter().map(|input| (input.name.clone(), input.schema())).collect();
    json!({ "type": "object", "description": says, "properties": properties, "required": required })
}

/// An input as a workflow declares it.
#[derive(Deserialize)]
struct Input {
    name: String,
    #[serde(rename = "type", default)]
    value_type: String,
    #[serde(default)]
    required: bool,
    default: Option<Value>,
}

impl Input {
    /// Whether it has to be given.
    fn asked(&self) -> bool {
        self.required && self.default.is_none()
    }

    fn schema(&self) -> Value {
        let mut schema = Map::new();
        if !matches!(self.value_type.as_str(), "" | "any") {
            schema.insert("type".to_owned(), self.value_type.clone().into());
        }
        if let Some(default) = &self.default {
            schema.insert("default".to_owned(), default.clone());
        }
        schema.into()
    }
}

fn tool(workflow: &Workflow, declared: Option<&Value>) -> Tool {
    let spec = &workflow.spec;
    let path = path(&spec.name);
    // Its words are those of what runs: a draft says something else of itself.
    let (title, said) = match &workflow.published {
        Some(published) => (&published.title, &published.description),
        None => (&spec.title, &spec.description),
    };
    let what = said.as_deref().or(title.as_deref()).unwrap_or("A workflow.");
    let description =
        format!("Runs the workflow {:?} to its end and answers with its outputs. {what}", spec.name);
    let input_schema = json!({
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "inputs": inputs_schema(declared),
            "version": { "type": "integer", "description": "A version of the workflow; the one that runs where it is absent." },
        },
    });
    let hash = sha256_hex(canonical_json(&json!([path, workflow.id, description, input_schema])));
    Tool {
        id: None,
        name: name(&spec.name),
        path,
        connector_id: None,
        server: None,
        description,
        input_schema,
        read_only: false,
        approval: Approval::Never,
        approved_hash: Some(hash.clone()),
        definition_hash: hash,
        owner: workflow.owner_user_id,
        scope: workflow.scope,
        visibility: spec.visibility,
        classification: spec.data_classification,
        labels: Vec::new(),
        official: workflow.is_official,
        timeout: Duration::from_secs(10),
        cache: None,
        call_cost: None,
        delegates: true,
        outbound: false,
        takes_parts: false,
    }
}

fn refused(error: &(impl Kind + std::fmt::Display)) -> CallError {
    not_started(error.code(), error.to_string())
}

fn not_started(code: &str, detail: impl Into<String>) -> CallError {
    CallError { problem: problem(code, "The workflow was not run", detail, false), outcome_unknown: false }
}
