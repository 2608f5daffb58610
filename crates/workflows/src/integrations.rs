//! Operations of systems that Conductor knows by name as tools, so that they pass the one tool path like everything that
//! leaves the server.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use conductor_connectors::{Operation, Providers, Task};
use conductor_domain::{Agent, Caller, Kind};
use conductor_runs::{Answer, CallError, Dispatch, Result, Tool, ToolOutput, ToolSource, problem};
use conductor_workflow_graph::kind::Integration;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::requests::gate;

/// The longest that an operation may take.
const LONGEST: Duration = Duration::from_secs(300);
/// How long one may take that says nothing of it.
const USUAL: Duration = Duration::from_secs(30);

/// The source of operations.
#[derive(Clone, Debug)]
pub struct Integrations {
    providers: Providers,
}

/// An operation as a node asks for it.
#[derive(Deserialize)]
struct Asked {
    fields: Map<String, Value>,
    credentials: Option<String>,
    timeout_ms: Option<u64>,
}

impl Integrations {
    /// The source over these systems.
    #[must_use]
    pub fn new(providers: Providers) -> Arc<Self> {
        Arc::new(Self { providers })
    }

    async fn run(&self, tool: &Tool, dispatch: Dispatch) -> Result<ToolOutput, CallError> {
        let known = Providers::operations().find(|known| path(known.provider, known.name) == tool.path);
        let Some(operation) = known else {
            return Err(not_sent("not_found", "there is no such operation"));
        };
        let providers = self.providers.gated(gate(&dispatch));
        let asked: Asked = serde_json::from_value(dispatch.arguments)
            .map_err(|error| not_sent("validation_failed", error.to_string()))?;
        let task = Task {
            fields: asked.fields,
            credentials: asked.credentials,
            idempotency_key: dispatch.idempotency_key,
            timeout: asked.timeout_ms.map_or(USUAL, Duration::from_millis).min(LONGEST),
        };
        let said = providers.run(operation, &task, &dispatch.cancel).await;
        let said = said.map_err(|error| CallError {
            problem: problem(error.code(), "The system gave no answer", error.to_string(), error.retryable()),
            outcome_unknown: error.outcome_unknown(),
        })?;
        match said {
            Ok(answer) => Ok(ToolOutput::text(Value::Object(answer).to_string())),
            Err(failure) => Err(CallError {
                problem: problem(&failure.code, "The system refused", failure.message, failure.retryable),
                outcome_unknown: false,
            }),
        }
    }
}

#[async_trait]
impl ToolSource for Integrations {
    fn name(&self) -> &'static str {
        "integrations"
    }

    /// Nodes have them; agents do not.
    async fn tools(&self, _caller: &Caller, agent: Option<&Agent>) -> Result<Vec<Tool>> {
        if agent.is_some() {
            return Ok(Vec::new());
        }
        Ok(Providers::operations().map(tool).collect())
    }

    /// The system, by this account: another account may be at another address.
    fn target(&self, tool: &Tool, arguments: &Value) -> Option<String> {
        let provider = tool.path.split_once('/')?.1.split_once('.')?.0;
        let account = arguments.get("credentials").and_then(Value::as_str);
        Some(account.map_or_else(|| provider.to_owned(), |account| format!("{provider} by {account}")))
    }

    async fn call(&self, tool: &Tool, dispatch: Dispatch) -> Result<Answer, CallError> {
        self.run(tool, dispatch).await.map(Answer::Done)
    }
}

/// The name by which policies know an operation.
pub(crate) fn path(provider: &str, operation: &str) -> String {
    format!("integration/{provider}.{operation}")
}

/// Whether a node's operation is one of these.
pub(crate) fn knows(node: &Integration) -> bool {
    Providers::operations().any(|known| known.provider == node.provider && known.name == node.operation)
}

/// Every operation, for people.
pub(crate) fn known() -> String {
    let all = Providers::operations().map(|known| format!("{} {}", known.provider, known.name));
    all.collect::<Vec<_>>().join(", ")
}

fn tool(operation: &Operation) -> Tool {
    let input_schema = json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["fields"],
        "properties": {
            "fields": (operation.fields)(),
            "credentials": { "type": "string", "description": "What the names of the operator's variables begin with." },
            "timeout_ms": { "type": "integer", "minimum": 1 },
        },
    });
    let path = path(operation.provider, operation.name);
    Tool {
        read_only: operation.read_only,
        outbound: true,
        ..Tool::of_conductor(&path, operation.description, input_schema, LONGEST)
    }
}

pub(crate) fn not_sent(code: &str, detail: impl Into<String>) -> CallError {
    let unsent = problem(code, "Nothing was sent", detail, false);
    CallError { problem: unsent, outcome_unknown: false }
}
