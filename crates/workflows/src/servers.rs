//! MCP servers that only a workflow describes, as one tool, so that calling them passes the one tool path like everything that
//! leaves the server.
//!
//! Each call opens a session of its own and closes it: nobody registered the server, so nothing of it is kept. The credential
//! is read from the workflow when the call is made, and is only ever a name there.

use std::{collections::BTreeMap, fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use conductor_domain::{Agent, Caller, Classification, Kind, Redacted, RunKind};
use conductor_egress::Guarded;
use conductor_mcp_client::{
    Declines, Endpoint, Error as McpError, Options, ServerSpec, Session, Tool as Offered, ToolCall,
};
use conductor_runs::{Answer, CallError, Dispatch, Result, Schema, Tool, ToolOutput, ToolSource, problem};
use conductor_storage::Store;
use conductor_workflow_graph::Config;
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use url::Url;

use crate::{
    fork,
    requests::{credential, named},
};

/// The tool.
pub(crate) const CALL: &str = "workflow/mcp_call";
/// The longest that a call may take.
const LONGEST: Duration = Duration::from_secs(300);
/// How long one may take that says nothing of it.
const USUAL: Duration = Duration::from_secs(60);

/// A server as a node describes it.
#[derive(Debug, PartialEq)]
pub(crate) struct Described<'a> {
    /// `http` or `sse`.
    pub(crate) transport: &'static str,
    /// Its address, perhaps with names in it.
    pub(crate) url: &'a str,
    /// The tool, where the configuration names one.
    pub(crate) tool: Option<&'a str>,
    /// How it is signed in to.
    pub(crate) auth: Option<&'a Map<String, Value>>,
}

/// What a node says of its server, or why such a server is not called.
pub(crate) fn described(server: &Map<String, Value>) -> std::result::Result<Described<'_>, String> {
    let text = |field: &str| server.get(field).and_then(Value::as_str).filter(|text| !text.is_empty());
    let url = ["url", "base_url", "endpoint"].into_iter().find_map(text);
    let transport = match text("transport").map(str::to_ascii_lowercase).as_deref() {
        Some("stdio") => return Err(NO_PROGRAMS.to_owned()),
        None if server.contains_key("command") => return Err(NO_PROGRAMS.to_owned()),
        None | Some("http" | "streamable_http" | "streamable-http") => "http",
        Some("sse") => "sse",
        Some(other) => return Err(format!("the transport {other} is not spoken here; http and sse are")),
    };
    let url = url.ok_or("a server that only the workflow describes needs its address in `url`")?;
    if server.contains_key("headers") {
        return Err("a server is signed in to by `auth`, and sent no other headers".to_owned());
    }
    let auth = match server.get("auth") {
        None | Some(Value::Null) => None,
        Some(Value::Object(auth)) if auth.get("type").and_then(Value::as_str) == Some("none") => None,
        Some(Value::Object(auth)) => Some(auth),
        Some(_) => return Err("`auth` is an object with a `type`".to_owned()),
    };
    Ok(Described { transport, url, tool: text("tool"), auth })
}

const NO_PROGRAMS: &str = "a workflow starts no programs on this server; register the program as an MCP server, where an \
                           administrator confirms it, or describe a server of transport http or sse";

/// The source of calls.
pub struct McpCalls {
    store: Store,
    egress: Guarded,
    /// Values of the environment that credentials may name.
    secrets: BTreeMap<String, SecretString>,
}

impl fmt::Debug for McpCalls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("McpCalls").field("secrets", &self.secrets.keys()).finish_non_exhaustive()
    }
}

/// A call as a node asks for it.
#[derive(Deserialize)]
struct Asked {
    transport: String,
    url: String,
    tool: Option<String>,
    #[serde(default)]
    arguments: Map<String, Value>,
    /// The node whose credential is shown.
    auth_of: Option<String>,
    timeout_ms: Option<u64>,
}

impl McpCalls {
    /// The source that reaches servers by this client, with credentials from these values of the environment.
    #[must_use]
    pub fn new(store: Store, egress: Guarded, secrets: BTreeMap<String, SecretString>) -> Arc<Self> {
        Arc::new(Self { store, egress, secrets })
    }

    async fn send(&self, dispatch: Dispatch) -> Result<ToolOutput, CallError> {
        let asked: Asked = serde_json::from_value(dispatch.arguments.clone())
            .map_err(|error| not_sent("validation_failed", error.to_string()))?;
        let header = self.auth(&dispatch, asked.auth_of.as_deref()).await?;
        self.egress.check(&asked.url).map_err(|error| not_sent("egress_refused", error.to_string()))?;
        let endpoint =
            Endpoint::new(&asked.url, self.egress.client().clone()).and_then(|endpoint| match &header {
                Some((name, value)) => endpoint.with_header(name, value),
                None => Ok(endpoint),
            });
        let endpoint = endpoint.map_err(|error| unreached(&error))?;
        let spec = match asked.transport.as_str() {
            "sse" => ServerSpec::Sse(endpoint),
            _ => ServerSpec::Http(endpoint),
        };
        let patience = asked.timeout_ms.map_or(USUAL, Duration::from_millis).min(LONGEST);
        let options = Options { request: patience, ..Options::default() };
        let options = Options { handshake: options.handshake.min(patience), ..options };
        let session = tokio::select! {
            biased;
            () = dispatch.cancel.cancelled() => return Err(not_sent("cancelled", "the run was cancelled")),
            session = Session::connect(&spec, Arc::new(Declines), options) => session,
        };
        let session = session.map_err(|error| unreached(&error))?;
        let called = call(&session, asked, patience, dispatch).await;
        session.close().await;
        called
    }

    /// The header by which the node that asks signs in, in the version of the workflow that runs.
    async fn auth(
        &self,
        dispatch: &Dispatch,
        node: Option<&str>,
    ) -> Result<Option<(String, Redacted<String>)>, CallError> {
        let run = self.store.visible_to(&dispatch.caller).runs().find(dispatch.run_id).await;
        let run = run.map_err(|error| not_sent("internal", error.to_string()))?;
        let Some(run) = run.filter(|run| run.kind == RunKind::Workflow) else {
            let detail = "Servers that nobody registered are called by the nodes of workflows alone.";
            return Err(not_sent("node_invalid", detail));
        };
        let Some(node) = node else { return Ok(None) };
        let graph = fork::graph(&self.store, &dispatch.caller, &run).await;
        let graph =
            graph.map_err(|error| not_sent("internal", error.to_string()))?.and_then(std::result::Result::ok);
        let config = graph.as_ref().and_then(|graph| graph.node(node)).map(|node| &node.config);
        let server = match config {
            Some(Config::Tool(tool)) => tool.server.as_ref(),
            _ => None,
        };
        let auth = server.and_then(|server| described(server).ok()).and_then(|described| described.auth);
        let Some(auth) = auth else {
            return Err(not_sent("node_invalid", format!("The workflow has no credential at {node}.")));
        };
        self.header(auth).map(Some)
    }

    fn header(&self, auth: &Map<String, Value>) -> Result<(String, Redacted<String>), CallError> {
        let text = |fields: &[&'static str]| {
            fields.iter().find_map(|field| Some((*field, auth.get(*field).and_then(Value::as_str)?)))
        };
        let secret = |fields: &[&'static str]| {
            let Some((field, text)) = text(fields) else {
                let detail =
                    format!("auth needs {}: a name such as {{{{env.CRM_TOKEN}}}}.", fields.join(" or "));
                return Err(not_sent("node_invalid", detail));
            };
            if named(text).is_none() {
                let detail =
                    format!("auth.{field} stands in the workflow itself; name a credential of the server.");
                return Err(not_sent("node_invalid", detail));
            }
            credential(&self.secrets, field, text)
        };
        let named_header = text(&["header", "name"]).map(|(_, name)| name.to_owned());
        match auth.get("type").and_then(Value::as_str).unwrap_or("bearer") {
            "bearer" => {
                let token = secret(&["token", "access_token", "value"])?;
                Ok(("Authorization".to_owned(), Redacted::new(format!("Bearer {token}"))))
            }
            "api_key" => {
                let key = secret(&["value", "api_key", "key", "token"])?;
                Ok((named_header.unwrap_or_else(|| "X-API-Key".to_owned()), Redacted::new(key)))
            }
            "custom_header" => {
                let value = secret(&["value", "token"])?;
                let name = named_header
                    .ok_or_else(|| not_sent("node_invalid", "auth of type custom_header needs a header."))?;
                Ok((name, Redacted::new(value)))
            }
            other => {
                let detail = format!("auth.type {other} is none of bearer, api_key, custom_header and none.");
                Err(not_sent("node_invalid", detail))
            }
        }
    }
}

/// Finds the tool on its server, holds the arguments against its schema and calls it.
async fn call(
    session: &Session,
    asked: Asked,
    patience: Duration,
    dispatch: Dispatch,
) -> Result<ToolOutput, CallError> {
    let tools = tokio::select! {
        biased;
        () = dispatch.cancel.cancelled() => return Err(not_sent("cancelled", "the run was cancelled")),
        tools = session.list_tools() => tools,
    };
    let tools = tools.map_err(|error| unreached(&error))?;
    let tool = chosen(&tools, asked.tool.as_deref()).map_err(|detail| not_sent("node_invalid", detail))?;
    let arguments = Value::Object(asked.arguments);
    Schema::read(&tool.input_schema).and_then(|schema| schema.fits(&arguments)).map_err(|why| {
        not_sent("validation_failed", format!("The arguments do not fit {}: {why}", tool.name))
    })?;
    let call = ToolCall {
        name: tool.name.clone(),
        arguments: match arguments {
            Value::Object(map) => map,
            _ => Map::new(),
        },
        timeout: Some(patience),
        cancel: dispatch.cancel.clone(),
        idempotency_key: Some(dispatch.idempotency_key.clone()),
    };
    let still_held = dispatch.still_held();
    if let Err(error) = still_held().await {
        return Err(not_sent("lease_lost", error.to_string()));
    }
    let output = session.call_tool(call).await.map_err(|error| CallError {
        problem: problem(error.code(), "The MCP server did not answer", error.to_string(), true),
        outcome_unknown: error.outcome_unknown(),
    })?;
    let mut content = output.content;
    if content.is_empty()
        && let Some(structured) = output.structured
    {
        content.push(json!({ "type": "text", "text": structured.to_string() }));
    }
    Ok(ToolOutput { content, is_error: output.is_error })
}

/// The tool of this name, or the only one.
fn chosen<'t>(tools: &'t [Offered], name: Option<&str>) -> std::result::Result<&'t Offered, String> {
    match (name, tools) {
        (Some(name), _) => tools
            .iter()
            .find(|tool| tool.name == name)
            .ok_or_else(|| format!("The MCP server has no tool {name}.")),
        (None, [one]) => Ok(one),
        (None, []) => Err("The MCP server has no tools.".to_owned()),
        (None, _) => Err("The MCP server has several tools; name the one that is meant.".to_owned()),
    }
}

#[async_trait]
impl ToolSource for McpCalls {
    fn name(&self) -> &'static str {
        "workflow_mcp"
    }

    /// Nodes have it; agents do not.
    async fn tools(&self, _caller: &Caller, agent: Option<&Agent>) -> Result<Vec<Tool>> {
        if agent.is_some() {
            return Ok(Vec::new());
        }
        let input_schema = json!({
            "type": "object",
            "additionalProperties": false,
            "required": ["transport", "url"],
            "properties": {
                "transport": { "enum": ["http", "sse"] },
                "url": { "type": "string", "maxLength": 8_000 },
                "tool": { "type": "string", "description": "The tool's name at its server." },
                "arguments": { "type": "object" },
                "auth_of": { "type": "string", "description": "The node whose credential is shown." },
                "timeout_ms": { "type": "integer", "minimum": 1 },
            },
        });
        let description = "Calls a tool of an MCP server that only the workflow describes, for a node of it.";
        Ok(vec![Tool {
            outbound: true,
            // As a registered server's results where nobody says how sensitive they are.
            classification: Classification::default(),
            ..Tool::of_conductor(CALL, description, input_schema, LONGEST)
        }])
    }

    /// The server's host.
    fn target(&self, _tool: &Tool, arguments: &Value) -> Option<String> {
        let url = Url::parse(arguments.get("url")?.as_str()?).ok()?;
        let host = url.host_str()?;
        Some(url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")))
    }

    async fn call(&self, _tool: &Tool, dispatch: Dispatch) -> Result<Answer, CallError> {
        self.send(dispatch).await.map(Answer::Done)
    }
}

/// The call itself had not been sent.
fn unreached(error: &McpError) -> CallError {
    CallError {
        problem: problem(error.code(), "The MCP server was not reached", error.to_string(), true),
        outcome_unknown: false,
    }
}

fn not_sent(code: &str, detail: impl Into<String>) -> CallError {
    let unsent = problem(code, "The MCP server was not called", detail, false);
    CallError { problem: unsent, outcome_unknown: false }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(server: &Value) -> std::result::Result<(&'static str, String), String> {
        described(server.as_object().unwrap()).map(|server| (server.transport, server.url.to_owned()))
    }

    #[test]
    fn only_servers_at_an_address_are_called() {
        let url = "https://mcp.example/mcp";
        assert_eq!(read(&json!({ "url": url })).unwrap(), ("http", url.to_owned()));
        assert_eq!(read(&json!({ "base_url": url, "transport": "SSE" })).unwrap(), ("sse", url.to_owned()));
        for refused in [
            json!({ "transport": "stdio", "command": "sh" }),
            json!({ "command": "sh", "url": url }),
            json!({ "transport": "ws", "url": url }),
            json!({ "transport": "http" }),
            json!({ "url": url, "headers": { "Authorization": "Bearer x" } }),
            json!({ "url": url, "auth": "bearer" }),
        ] {
            assert!(read(&refused).is_err(), "{refused}");
        }
    }
}
