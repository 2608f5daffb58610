//! Tools of connectors for the tool path: which ones a caller's agent has, and how one is called.

use std::{collections::HashMap, time::Duration};

use async_trait::async_trait;
use conductor_domain::{Agent, AgentConnector, Caller, Connector, ConnectorId, ConnectorTool};
use conductor_mcp_client::{Error as McpError, ToolCall};
use conductor_runs::{
    Answer, Approval, CallError, Dispatch, Error as RunError, Tool, ToolOutput, ToolSource, problem,
};
use serde_json::{Map, Value, json};

use crate::{Error, Registry, error::told};

/// How long one call may take.
const CALL: Duration = Duration::from_secs(60);
/// The capability by which an agent has the tools of every server that its caller may see.
const ALL_CONNECTORS: &str = "all_connectors";

/// Which servers an agent has: all that its caller may see, or those it is connected to.
struct Reach {
    all: bool,
    connected: HashMap<ConnectorId, AgentConnector>,
}

impl Reach {
    fn allows(&self, connector: ConnectorId, tool: &str) -> bool {
        match self.connected.get(&connector) {
            Some(connected) => connected.allows_tool(tool),
            None => self.all,
        }
    }
}

impl Registry {
    async fn reach(&self, caller: &Caller, agent: Option<&Agent>) -> conductor_storage::Result<Reach> {
        let Some(agent) = agent else { return Ok(Reach { all: true, connected: HashMap::new() }) };
        let agents = self.store.visible_to(caller).agents();
        let all = agent.spec.capabilities.get(ALL_CONNECTORS).and_then(Value::as_bool).unwrap_or(false);
        let connected = agents.connectors(&[agent.id]).await?.remove(&agent.id).unwrap_or_default();
        Ok(Reach { all, connected: connected.into_iter().map(|one| (one.connector_id, one)).collect() })
    }

    async fn offered(&self, caller: &Caller, agent: Option<&Agent>) -> conductor_storage::Result<Vec<Tool>> {
        let reach = self.reach(caller, agent).await?;
        if !reach.all && reach.connected.is_empty() {
            return Ok(Vec::new());
        }
        let view = self.store.visible_to(caller);
        let connectors = view.connectors().enabled().await?;
        let ids: Vec<ConnectorId> = connectors.iter().map(|connector| connector.id).collect();
        let rows = view.tools().of_connectors(&ids).await?;
        let usable: Vec<(&Connector, ConnectorTool)> = rows
            .into_iter()
            .filter(|row| row.enabled && row.present && reach.allows(row.connector_id, &row.name))
            .filter_map(|row| {
                let connector = connectors.iter().find(|connector| connector.id == row.connector_id)?;
                Some((connector, row))
            })
            .collect();
        let mut count: HashMap<String, usize> = HashMap::new();
        for (_, row) in &usable {
            *count.entry(row.name.clone()).or_default() += 1;
        }
        Ok(usable
            .into_iter()
            .map(|(connector, row)| {
                let path = format!("{}/{}", connector.spec.slug, row.name);
                let name = match (agent, count.get(&row.name)) {
                    (None, _) => path.clone(),
                    // Two servers with a tool of one name: the model is told which is whose.
                    (Some(_), Some(2..)) => format!("{}__{}", connector.spec.slug, row.name),
                    (Some(_), _) => row.name.clone(),
                };
                tool(connector, row, name, path)
            })
            .collect())
    }

    async fn dispatch(&self, tool: &Tool, dispatch: Dispatch) -> Result<ToolOutput, CallError> {
        let server = tool.server.clone().unwrap_or_default();
        let connector = match tool.connector_id {
            Some(id) => self.store.visible_to(&dispatch.caller).connectors().find(id).await,
            None => Ok(None),
        };
        let connector = match connector {
            Ok(Some(connector)) => connector,
            _ => return Err(not_sent("not_found", &server, "the server is no longer available")),
        };
        let (_, name) = tool.path.split_once('/').unwrap_or(("", &tool.path));
        if let Some(api) = &connector.spec.api {
            return self.request(&connector, api, name, dispatch).await;
        }
        let session = self.session(&connector).await.map_err(|error| self.failed(&connector, error))?;
        let still_held = dispatch.still_held();
        let call = ToolCall {
            name: name.to_owned(),
            arguments: match dispatch.arguments {
                Value::Object(map) => map,
                _ => Map::new(),
            },
            timeout: Some(dispatch.timeout),
            cancel: dispatch.cancel,
            idempotency_key: Some(dispatch.idempotency_key),
        };
        if let Err(error) = still_held().await {
            return Err(not_sent("lease_lost", &server, &error.to_string()));
        }
        match session.call_tool(call).await {
            Ok(output) => {
                let mut content = output.content;
                if content.is_empty()
                    && let Some(structured) = output.structured
                {
                    content.push(json!({ "type": "text", "text": structured.to_string() }));
                }
                Ok(ToolOutput { content, is_error: output.is_error })
            }
            Err(error) => {
                if let Err(failure) = self.note(&connector, &error, None).await {
                    tracing::warn!(
                        error = &failure as &dyn std::error::Error,
                        "a server's health is not noted"
                    );
                }
                Err(unanswered(&server, &error))
            }
        }
    }

    fn failed(&self, connector: &Connector, error: Error) -> CallError {
        match error {
            Error::Server(error) => unanswered(&connector.spec.name, &error),
            other => {
                use conductor_domain::Kind;
                not_sent(other.code(), &connector.spec.name, &other.to_string())
            }
        }
    }
}

#[async_trait]
impl ToolSource for Registry {
    fn name(&self) -> &'static str {
        "mcp"
    }

    async fn tools(&self, caller: &Caller, agent: Option<&Agent>) -> conductor_runs::Result<Vec<Tool>> {
        self.offered(caller, agent).await.map_err(RunError::from)
    }

    async fn call(&self, tool: &Tool, dispatch: Dispatch) -> Result<Answer, CallError> {
        self.dispatch(tool, dispatch).await.map(Answer::Done)
    }
}

fn tool(connector: &Connector, row: ConnectorTool, name: String, path: String) -> Tool {
    Tool {
        id: Some(row.id),
        name,
        path,
        connector_id: Some(connector.id),
        server: Some(connector.spec.name.clone()),
        description: row.description,
        input_schema: row.input_schema,
        read_only: row.read_only,
        approval: if row.asks { Approval::Ask } else { Approval::Never },
        definition_hash: row.definition_hash,
        approved_hash: row.approved_hash,
        owner: connector.created_by_user_id,
        scope: connector.scope,
        visibility: connector.spec.visibility,
        classification: connector.spec.data_classification,
        labels: connector.spec.labels(),
        official: connector.origin == conductor_domain::Origin::Official,
        timeout: CALL,
        cache: connector
            .spec
            .cache_ttl_seconds
            .and_then(|seconds| u64::try_from(seconds).ok())
            .filter(|seconds| *seconds > 0)
            .map(Duration::from_secs),
        call_cost: row.call_cost,
        delegates: false,
        outbound: true,
        takes_parts: connector.spec.api.is_some(),
    }
}

fn unanswered(server: &str, error: &McpError) -> CallError {
    let mut problem = told(server, error);
    if error.outcome_unknown() {
        problem.detail =
            format!("{}. It may or may not have taken effect.", problem.detail.trim_end_matches('.'));
    }
    CallError { problem, outcome_unknown: error.outcome_unknown() }
}

fn not_sent(code: &str, server: &str, detail: &str) -> CallError {
    CallError {
        problem: problem(code, &format!("{server} was not called"), detail, false),
        outcome_unknown: false,
    }
}
