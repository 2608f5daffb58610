//! Agents as tools: another agent takes a task on, as a run of its own below the call.
//!
//! An agent is offered those that its list of tools names; where no agent acts, as in a workflow, every agent is
//! offered that the caller may see and execute.

use std::{collections::HashSet, sync::Arc, time::Duration};

use async_trait::async_trait;
use conductor_access::{Access, Action, Facts};
use conductor_domain::{
    ALL_AGENTS, Agent, AgentId, Caller, Kind, NewRun, Principal, RunId, RunKind, RunTrigger, canonical_json,
    sha256_hex,
};
use conductor_runs::{
    Answer, Approval, CallError, Dispatch, Error, Result, Schema, Tool, ToolSource, problem,
};
use conductor_storage::Store;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::{facts::facts, turn::started};

/// What the name of such a tool begins with.
const PREFIX: &str = "agent_";
/// The longest name that every vendor of models takes.
const LONGEST: usize = 64;
/// The largest schema of an answer, in bytes.
const SCHEMA_BYTES: usize = 50_000;

/// The source of agents as tools.
#[derive(Clone, Debug)]
pub struct Delegates {
    store: Store,
    access: Arc<Access>,
}

/// What an agent is given.
#[derive(Deserialize)]
struct Task {
    input: String,
    #[serde(default)]
    context: Option<Map<String, Value>>,
    #[serde(default)]
    output_schema: Option<Value>,
    #[serde(default)]
    model: Option<String>,
    #[serde(default)]
    provider: Option<String>,
    #[serde(default)]
    tools: Option<Vec<String>>,
    #[serde(default)]
    temperature: Option<f64>,
    #[serde(default)]
    max_rounds: Option<i32>,
}

impl Delegates {
    /// The source over this store.
    #[must_use]
    pub fn new(store: Store, access: Arc<Access>) -> Arc<Self> {
        Arc::new(Self { store, access })
    }

    async fn offered(&self, caller: &Caller, acting: Option<&Agent>) -> crate::Result<Vec<Tool>> {
        let none = |agent: &Agent| !agent.spec.tools.iter().any(|tool| is_name(tool) || tool == ALL_AGENTS);
        if acting.is_some_and(none) {
            return Ok(Vec::new());
        }
        let all = self.callable(caller, acting.map(|agent| agent.id)).await?;
        let tools = all.iter().map(|agent| tool(agent, acting.is_none()));
        Ok(tools.filter(|tool| acting.is_none_or(|agent| agent.spec.lists(&tool.name))).collect())
    }

    /// The agents that a caller may see and execute, one for each slug, without the one that acts.
    async fn callable(&self, caller: &Caller, acting: Option<AgentId>) -> crate::Result<Vec<Agent>> {
        let judge = self.access.judge(caller).await?;
        let mut all = self.store.visible_to(caller).agents().active().await?;
        // Where others elsewhere have the same slug, the organisation's own comes first, then Conductor's.
        all.sort_by_key(|agent| (agent.scope != caller.scope, !agent.is_official));
        let calling = match caller.principal {
            Principal::Agent { agent_id } => Some(agent_id),
            Principal::User { .. } | Principal::ServiceAccount { .. } => None,
        };
        let mut slugs = HashSet::new();
        Ok(all
            .into_iter()
            .filter(|agent| Some(agent.id) != acting && Some(agent.id) != calling)
            .filter(|agent| judge.allows(caller, Action::AgentExecute, &facts(agent)))
            .filter(|agent| slugs.insert(agent.spec.slug.to_ascii_lowercase()))
            .collect())
    }

    async fn begin(&self, tool: &Tool, dispatch: Dispatch) -> Result<Answer, CallError> {
        // That the acting agent lists it, the tool path has checked with the call.
        let callable = self.callable(&dispatch.caller, dispatch.agent_id).await;
        let mut callable = callable.map_err(|error| refused(&error))?.into_iter();
        let agent = callable.find(|agent| path(&agent.spec.slug) == tool.path);
        let agent = agent.ok_or_else(|| refused(&crate::Error::Gone { what: "agent" }))?;
        let executes = self.access.require(&dispatch.caller, Action::AgentExecute, &facts(&agent)).await;
        executes.map_err(|error| refused(&error))?;
        let task: Task = serde_json::from_value(dispatch.arguments.clone())
            .map_err(|error| not_started("validation_failed", error.to_string()))?;
        if let Some(schema) = &task.output_schema {
            if schema.to_string().len() > SCHEMA_BYTES {
                let detail = format!("The schema is longer than {SCHEMA_BYTES} bytes.");
                return Err(not_started("validation_failed", detail));
            }
            Schema::read(schema).map_err(|why| {
                not_started("validation_failed", format!("output_schema is no JSON Schema: {why}"))
            })?;
        }
        let clock = &**self.store.clock();
        // A task is work like a turn, so nobody gets round the day's limit by way of another agent.
        let counted = self.access.begin_below(&dispatch.caller).await;
        counted.map_err(|error| not_started(error.code(), error.with_end(clock)))?;
        let id = RunId::generate(clock);
        let mut entry = started(&dispatch.caller, id, Action::AgentExecute, format!("agent:{}", agent.id));
        entry.data_classification = Some(agent.spec.data_classification);
        entry.data = json!({ "call_id": dispatch.call_id, "parent_run_id": dispatch.run_id });
        let run = NewRun {
            agent_id: Some(agent.id),
            input: Some(given(task)),
            data_classification: dispatch.context_label,
            // The place in the tree, the person and the door are the call's.
            ..NewRun::new(id, RunKind::Agent, RunTrigger::Event)
        };
        dispatch.start(run, entry).await
    }
}

#[async_trait]
impl ToolSource for Delegates {
    fn name(&self) -> &'static str {
        "agents"
    }

    async fn tools(&self, caller: &Caller, agent: Option<&Agent>) -> Result<Vec<Tool>> {
        self.offered(caller, agent).await.map_err(|error| match error {
            crate::Error::Storage(error) => Error::Storage(error),
            crate::Error::Access(error) => Error::Access(error),
            other => Error::Source { source_name: "agents", source: other.into() },
        })
    }

    async fn call(&self, tool: &Tool, dispatch: Dispatch) -> Result<Answer, CallError> {
        self.begin(tool, dispatch).await
    }
}

/// Whether an agent's list of tools may hold this as the name of another agent.
pub(crate) fn is_name(tool: &str) -> bool {
    let rest = tool.strip_prefix(PREFIX).unwrap_or_default();
    !rest.is_empty()
        && tool.len() <= LONGEST
        && rest.chars().all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_'))
}

/// Whether it may hold this as the name of a workflow, which another service offers.
pub(crate) fn is_workflow(tool: &str) -> bool {
    let rest = tool.strip_prefix("workflow_").unwrap_or_default();
    !rest.is_empty()
        && tool.len() <= LONGEST
        && rest.chars().all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_'))
}

/// The name by which a model calls an agent. One that vendors would not take is told apart by a piece of its hash.
fn name(slug: &str) -> String {
    let slug = slug.to_ascii_lowercase();
    let plain = format!("{PREFIX}{slug}");
    if is_name(&plain) {
        return plain;
    }
    let hash: String = sha256_hex(&slug).chars().take(8).collect();
    let letters = slug.chars().map(|letter| if letter == '.' { '_' } else { letter });
    let kept: String = letters.take(LONGEST - PREFIX.len() - 1 - hash.len()).collect();
    format!("{PREFIX}{kept}_{hash}")
}

/// The name by which policies know an agent.
fn path(slug: &str) -> String {
    format!("agent/{}", slug.to_ascii_lowercase())
}

/// The agent as a tool. Nodes of workflows may say which model it asks and who serves that, how freely, which of its tools
/// it is left, and how often it may call them; other agents may not.
fn tool(agent: &Agent, of_nodes: bool) -> Tool {
    let spec = &agent.spec;
    let path = path(&spec.slug);
    let what = if spec.description.is_empty() { "Another agent." } else { spec.description.as_str() };
    let description = format!(
        "Gives a task to the agent {:?} and answers with what it says. {what} It sees nothing but what it is given here.",
        spec.name
    );
    let mut input_schema = json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["input"],
        "properties": {
            "input": { "type": "string", "minLength": 1, "maxLength": 200_000, "description": "The task." },
            "context": { "type": "object", "description": "What it is to know for it." },
            "output_schema": {
                "type": "object",
                "description": "A JSON Schema, where the answer has to be JSON that fits it.",
            },
        },
    });
    if of_nodes {
        input_schema["properties"]["model"] = json!({ "type": "string", "maxLength": 200 });
        input_schema["properties"]["provider"] = json!({ "type": "string", "maxLength": 200 });
        input_schema["properties"]["tools"] =
            json!({ "type": "array", "maxItems": 1000, "items": { "type": "string", "maxLength": 200 } });
        input_schema["properties"]["temperature"] = json!({ "type": "number", "minimum": 0, "maximum": 2 });
        input_schema["properties"]["max_rounds"] = json!({ "type": "integer", "minimum": 0, "maximum": 100 });
    }
    let hash = sha256_hex(canonical_json(&json!([path, agent.id, description, input_schema])));
    Tool {
        id: None,
        name: name(&spec.slug),
        path,
        connector_id: None,
        server: None,
        description,
        input_schema,
        read_only: false,
        approval: Approval::Never,
        approved_hash: Some(hash.clone()),
        definition_hash: hash,
        owner: agent.owner_user_id,
        scope: agent.scope,
        visibility: spec.visibility,
        classification: spec.data_classification,
        labels: Facts::from(agent).labels,
        official: agent.is_official,
        timeout: Duration::from_secs(10),
        cache: None,
        call_cost: None,
        delegates: true,
        outbound: false,
        takes_parts: false,
    }
}

/// What the run is given.
fn given(task: Task) -> Value {
    let mut given = Map::new();
    given.insert("input".to_owned(), Value::String(task.input));
    if let Some(context) = task.context {
        given.insert("context".to_owned(), Value::Object(context));
    }
    if let Some(schema) = task.output_schema {
        given.insert("output_schema".to_owned(), schema);
    }
    if let Some(model) = task.model {
        given.insert("model".to_owned(), Value::String(model));
    }
    if let Some(provider) = task.provider {
        given.insert("provider".to_owned(), Value::String(provider));
    }
    if let Some(tools) = task.tools {
        given.insert("tools".to_owned(), json!(tools));
    }
    if let Some(temperature) = task.temperature {
        given.insert("temperature".to_owned(), json!(temperature));
    }
    if let Some(rounds) = task.max_rounds {
        given.insert("max_rounds".to_owned(), json!(rounds));
    }
    Value::Object(given)
}

fn refused(error: &(impl Kind + std::fmt::Display)) -> CallError {
    not_started(error.code(), error.to_string())
}

fn not_started(code: &str, detail: impl Into<String>) -> CallError {
    CallError { problem: problem(code, "The agent was not asked", detail, false), outcome_unknown: false }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_slug_has_a_name_that_vendors_take_and_no_two_share_one() {
        assert_eq!(name("Sales-agent"), "agent_sales-agent");
        let long = "a".repeat(100);
        let names = [name("a.b"), name("a_b"), name("a-b"), name(&long), name(&long[1..])];
        assert!(names.iter().all(|name| is_name(name)), "{names:?}");
        assert_eq!(names.iter().collect::<HashSet<_>>().len(), names.len(), "{names:?}");
    }

    #[test]
    fn other_words_are_no_names_of_agents() {
        for word in
            ["create_artifact", "agent_", "agent_a b", "agent/a", &format!("agent_{}", "a".repeat(59))]
        {
            assert!(!is_name(word), "{word}");
        }
    }
}
