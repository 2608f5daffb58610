//! HTTP requests of nodes as tools, so that they pass the one tool path like everything that leaves the server.
//!
//! A call names the node whose credential it shows, and the credential is read from the workflow when the request is
//! sent: neither journal nor log ever holds it.

use std::{collections::BTreeMap, fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use conductor_connectors::{Auth, Gate, HttpClient, HttpRequest};
use conductor_domain::{Agent, Caller, Kind, RunKind};
use conductor_runs::{Answer, CallError, Dispatch, Result, Tool, ToolOutput, ToolSource, problem};
use conductor_storage::Store;
use conductor_workflow_graph::{Config, kind::Http};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use url::Url;

use crate::fork;

/// The tool that reads.
pub(crate) const READ: &str = "http/read";
/// The tool whose requests may change something.
pub(crate) const REQUEST: &str = "http/request";
/// The longest that a request may take.
const LONGEST: Duration = Duration::from_secs(300);

/// The source of HTTP requests.
pub struct Requests {
    store: Store,
    client: HttpClient,
    /// Values of the environment that credentials may name.
    secrets: BTreeMap<String, SecretString>,
}

impl fmt::Debug for Requests {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Requests").field("secrets", &self.secrets.keys()).finish_non_exhaustive()
    }
}

/// A request as a node asks for it.
#[derive(Deserialize)]
struct Asked {
    method: String,
    url: String,
    endpoint: Option<String>,
    #[serde(default)]
    headers: Map<String, Value>,
    #[serde(default)]
    query: Map<String, Value>,
    body: Option<Value>,
    /// The node whose credential is shown.
    auth_of: Option<String>,
    timeout_ms: Option<u64>,
}

impl Requests {
    /// The source that sends by this client, with credentials from these values of the environment.
    #[must_use]
    pub fn new(store: Store, client: HttpClient, secrets: BTreeMap<String, SecretString>) -> Arc<Self> {
        Arc::new(Self { store, client, secrets })
    }

    async fn send(&self, dispatch: Dispatch) -> Result<ToolOutput, CallError> {
        let asked: Asked = serde_json::from_value(dispatch.arguments.clone())
            .map_err(|error| not_sent("validation_failed", error.to_string()))?;
        let auth = self.auth(&dispatch, asked.auth_of.as_deref()).await?;
        let request = HttpRequest {
            method: asked.method,
            url: asked.url,
            endpoint: asked.endpoint,
            headers: asked.headers,
            query: asked.query,
            body: asked.body,
            auth,
            timeout: asked.timeout_ms.map(Duration::from_millis).map(|timeout| timeout.min(LONGEST)),
            idempotency_key: Some(dispatch.idempotency_key.clone()),
        };
        let answer =
            self.client.gated(gate(&dispatch)).send(&request, &dispatch.cancel).await.map_err(|error| {
                CallError {
                    problem: problem(
                        error.code(),
                        "The request got no answer",
                        error.to_string(),
                        error.retryable(),
                    ),
                    outcome_unknown: error.outcome_unknown(),
                }
            })?;
        if let Some(failure) = &answer.error {
            let data =
                if answer.data.is_null() { String::new() } else { format!(" It said: {}", answer.data) };
            let detail: String = format!("{}{data}", failure.message).chars().take(2_000).collect();
            let told = problem(&failure.code, "The target refused or failed", detail, failure.retryable);
            return Err(CallError { problem: told, outcome_unknown: false });
        }
        let text = serde_json::to_string(&answer).unwrap_or_default();
        Ok(ToolOutput::text(text))
    }

    /// The credential of the node that asks, in the version of the workflow that runs.
    async fn auth(&self, dispatch: &Dispatch, node: Option<&str>) -> Result<Auth, CallError> {
        let run = self.store.visible_to(&dispatch.caller).runs().find(dispatch.run_id).await;
        let run = run.map_err(|error| not_sent("internal", error.to_string()))?;
        let Some(run) = run.filter(|run| run.kind == RunKind::Workflow) else {
            let detail =
                "HTTP requests are made by the nodes of workflows. Put it into a workflow and run that.";
            return Err(not_sent("node_invalid", detail));
        };
        let Some(node) = node else { return Ok(Auth::None) };
        let graph = fork::graph(&self.store, &dispatch.caller, &run).await;
        let graph = graph.map_err(|error| not_sent("internal", error.to_string()))?.and_then(Result::ok);
        let found = graph.as_ref().and_then(|graph| graph.node(node)).map(|node| &node.config);
        let Some(Config::Http(Http { auth: Some(auth), .. })) = found else {
            return Err(not_sent("node_invalid", format!("The workflow has no credential at {node}.")));
        };
        let mut fields = Map::new();
        for (name, value) in &auth.fields {
            let value = match value {
                Value::String(text) => Value::String(credential(&self.secrets, name, text)?),
                other => other.clone(),
            };
            fields.insert(name.clone(), value);
        }
        Auth::read(auth.auth_type.as_str(), &fields)
            .map_err(|error| not_sent(error.code(), error.to_string()))
    }
}

/// A text of a credential: as it stands, or the value of the environment that it names as a whole.
pub(crate) fn credential(
    secrets: &BTreeMap<String, SecretString>,
    field: &str,
    text: &str,
) -> Result<String, CallError> {
    let Some(inner) = named(text) else {
        if text.contains("{{") || text.contains("${") {
            let detail = format!("auth.{field} is either a value or one name such as {{{{env.CRM_TOKEN}}}}.");
            return Err(not_sent("node_invalid", detail));
        }
        return Ok(text.to_owned());
    };
    let name = inner.trim().strip_prefix("env.").unwrap_or_default();
    match secrets.get(name) {
        Some(secret) => Ok(secret.expose_secret().to_owned()),
        None => {
            let detail = format!(
                "auth.{field} names {inner}, and the server has no such credential. Credentials are variables of its \
                 environment that CONDUCTOR_WORKFLOW_SECRETS lists."
            );
            Err(not_sent("node_invalid", detail))
        }
    }
}

/// What a text names as a whole, where it does.
pub(crate) fn named(text: &str) -> Option<&str> {
    ["{{", "${"].iter().find_map(|open| {
        let close = if *open == "{{" { "}}" } else { "}" };
        text.trim().strip_prefix(open)?.strip_suffix(close)
    })
}

#[async_trait]
impl ToolSource for Requests {
    fn name(&self) -> &'static str {
        "http"
    }

    /// Nodes have them; agents do not.
    async fn tools(&self, _caller: &Caller, agent: Option<&Agent>) -> Result<Vec<Tool>> {
        if agent.is_some() {
            return Ok(Vec::new());
        }
        let read = "Requests an address by GET, HEAD or OPTIONS, for a node of a workflow.";
        let change = "Requests an address by a method that may change something, for a node of a workflow.";
        Ok(vec![
            tool(READ, read, &["GET", "HEAD", "OPTIONS"]),
            tool(REQUEST, change, &["POST", "PUT", "PATCH", "DELETE"]),
        ])
    }

    fn honours_key(&self, tool: &Tool, arguments: &Value) -> bool {
        tool.path == REQUEST && arguments.get("idempotent") == Some(&Value::Bool(true))
    }

    /// The host: its pages fail together, and a wrong path is an answer.
    fn target(&self, _tool: &Tool, arguments: &Value) -> Option<String> {
        host(arguments)
    }

    async fn call(&self, _tool: &Tool, dispatch: Dispatch) -> Result<Answer, CallError> {
        self.send(dispatch).await.map(Answer::Done)
    }
}

fn tool(path: &str, description: &str, methods: &[&str]) -> Tool {
    let input_schema = json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["method", "url"],
        "properties": {
            "method": { "enum": methods },
            "url": { "type": "string", "maxLength": 8_000 },
            "endpoint": { "type": "string", "maxLength": 8_000 },
            "headers": { "type": "object" },
            "query": { "type": "object" },
            "body": {},
            "auth_of": { "type": "string", "description": "The node whose credential is shown." },
            "timeout_ms": { "type": "integer", "minimum": 1 },
            "idempotent": {
                "type": "boolean",
                "description": "Whether the target does it once however often it comes with one Idempotency-Key.",
            },
        },
    });
    Tool {
        read_only: path == READ,
        outbound: true,
        ..Tool::of_conductor(path, description, input_schema, LONGEST)
    }
}

/// The host that a call names by its address, without what stands behind it.
pub(crate) fn host(arguments: &Value) -> Option<String> {
    let url = Url::parse(arguments.get("url")?.as_str()?).ok()?;
    let host = url.host_str()?;
    Some(url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")))
}

/// Asks whether the run is still held.
pub(crate) fn gate(dispatch: &Dispatch) -> Gate {
    let held = dispatch.still_held();
    Gate::new(move || {
        let asked = held();
        Box::pin(async move { Ok(asked.await?) })
    })
}

fn not_sent(code: &str, detail: impl Into<String>) -> CallError {
    let unsent = problem(code, "The request was not sent", detail, false);
    CallError { problem: unsent, outcome_unknown: false }
}
