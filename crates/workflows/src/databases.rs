//! Data sources as tools, one for each kind of database and action, so that they pass the one tool path like everything
//! that leaves the server.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use conductor_connectors::{Action, Ask, Databases as Asked, Engine};
use conductor_domain::{Agent, Caller, Kind};
use conductor_runs::{Answer, CallError, Dispatch, Result, Tool, ToolOutput, ToolSource, problem};
use conductor_workflow_graph::kind::{Action as GraphAction, Database, DatabaseType};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::requests::gate;

/// The longest that a call may take.
const LONGEST: Duration = Duration::from_secs(300);
/// The longest that a statement may take, so that the database ends it and not we.
const STATEMENT: Duration = Duration::from_secs(290);
/// How long one may take that says nothing of it.
const USUAL: Duration = Duration::from_secs(30);

/// The source of statements.
#[derive(Clone, Debug)]
pub struct Databases {
    databases: Asked,
}

/// A statement as a node asks for it.
#[derive(Deserialize)]
struct Arguments {
    data_source: String,
    sql: Option<String>,
    #[serde(default)]
    params: Vec<Value>,
    query: Option<Value>,
    collection: Option<String>,
    data: Option<Value>,
    timeout_ms: Option<u64>,
}

impl Databases {
    /// The source over these databases.
    #[must_use]
    pub fn new(databases: Asked) -> Arc<Self> {
        Arc::new(Self { databases })
    }

    async fn run(&self, tool: &Tool, dispatch: Dispatch) -> Result<ToolOutput, CallError> {
        let Some((engine, action)) = all().find(|(engine, action)| path(*engine, *action) == tool.path)
        else {
            return Err(not_sent("not_found", "there is no such operation"));
        };
        let databases = self.databases.gated(gate(&dispatch));
        let asked: Arguments = serde_json::from_value(dispatch.arguments)
            .map_err(|error| not_sent("validation_failed", error.to_string()))?;
        let ask = Ask {
            engine,
            action,
            data_source: asked.data_source,
            sql: asked.sql,
            params: asked.params,
            query: asked.query,
            collection: asked.collection,
            data: asked.data,
            timeout: asked.timeout_ms.map_or(USUAL, Duration::from_millis).min(STATEMENT),
        };
        let said = databases.run(&ask, &dispatch.cancel).await;
        let said = said.map_err(|error| CallError {
            problem: problem(
                error.code(),
                "The database gave no answer",
                error.to_string(),
                error.retryable(),
            ),
            outcome_unknown: error.outcome_unknown(),
        })?;
        match said {
            Ok(answer) => Ok(ToolOutput::text(Value::Object(answer).to_string())),
            Err(failure) => Err(CallError {
                problem: problem(&failure.code, "The database refused", failure.message, failure.retryable),
                outcome_unknown: false,
            }),
        }
    }
}

#[async_trait]
impl ToolSource for Databases {
    fn name(&self) -> &'static str {
        "databases"
    }

    /// Nodes have them; agents do not.
    async fn tools(&self, _caller: &Caller, agent: Option<&Agent>) -> Result<Vec<Tool>> {
        if agent.is_some() {
            return Ok(Vec::new());
        }
        Ok(all().map(|(engine, action)| tool(engine, action)).collect())
    }

    /// The account: what it reaches fails together.
    fn target(&self, tool: &Tool, arguments: &Value) -> Option<String> {
        let engine = tool.path.split_once('/')?.1.split_once('.')?.0;
        let data_source = arguments.get("data_source").and_then(Value::as_str)?;
        Some(Asked::account(Engine::named(engine)?, data_source))
    }

    async fn call(&self, tool: &Tool, dispatch: Dispatch) -> Result<Answer, CallError> {
        self.run(tool, dispatch).await.map(Answer::Done)
    }
}

/// Every kind of database with each of its actions.
fn all() -> impl Iterator<Item = (Engine, Action)> {
    let actions = |engine: Engine| engine.actions().iter().map(move |action| (engine, *action));
    Engine::ALL.into_iter().flat_map(actions)
}

/// The name by which policies know an action.
fn path(engine: Engine, action: Action) -> String {
    format!("database/{}.{}", engine.as_str(), action.as_str())
}

/// The kind of database that a node speaks to, and the tool that does what the node does; `None` where nobody here knows
/// how to ask it.
pub(crate) fn of(node: &Database) -> Option<(Engine, String)> {
    let engine = match node.db_type {
        DatabaseType::Mysql => Engine::Mysql,
        DatabaseType::Postgresql => Engine::Postgresql,
        DatabaseType::Mongodb => Engine::Mongodb,
        _ => return None,
    };
    let action = match node.action {
        GraphAction::Query => Action::Query,
        GraphAction::Select => Action::Select,
        GraphAction::Insert => Action::Insert,
        GraphAction::Update => Action::Update,
        GraphAction::Delete => Action::Delete,
        GraphAction::Find => Action::Find,
        GraphAction::Aggregate => Action::Aggregate,
        GraphAction::Count => Action::Count,
        _ => return None,
    };
    if !engine.actions().contains(&action) {
        return None;
    }
    Some((engine, path(engine, action)))
}

/// Every kind of database, for people.
pub(crate) fn known() -> String {
    Engine::ALL.map(Engine::as_str).join(", ")
}

fn tool(engine: Engine, action: Action) -> Tool {
    let mut properties = Map::new();
    properties.insert(
        "data_source".to_owned(),
        json!({ "type": "string", "maxLength": 100, "description": "Its account is one of the operator's." }),
    );
    let mut required = vec!["data_source"];
    let mut field = |name: &'static str, schema: Value| {
        properties.insert(name.to_owned(), schema);
        required.push(name);
    };
    let mongo = engine == Engine::Mongodb;
    if mongo && !matches!(action, Action::Insert) {
        field(
            "query",
            json!({ "type": ["object", "array"], "description": "A filter, or the stages of a pipeline." }),
        );
    }
    if !mongo && !matches!(action, Action::Insert) {
        let what = "A statement, or the condition of the rows, with ? for each of its values.";
        field("sql", json!({ "type": "string", "maxLength": 100_000, "description": what }));
        field("params", json!({ "type": "array", "description": "The values, which are bound." }));
    }
    if mongo || !matches!(action, Action::Select | Action::Query) {
        field(
            "collection",
            json!({ "type": "string", "maxLength": 200, "description": "The table or collection." }),
        );
    }
    if matches!(action, Action::Insert | Action::Update) {
        field("data", json!({ "type": ["object", "array"], "description": "A value for each column." }));
    }
    properties.insert("timeout_ms".to_owned(), json!({ "type": "integer", "minimum": 1 }));
    let input_schema = json!({
        "type": "object",
        "additionalProperties": false,
        "required": required,
        "properties": properties,
    });
    let does = match action {
        Action::Select | Action::Find | Action::Aggregate | Action::Count => {
            "Asks a database; nothing can be changed by it"
        }
        Action::Insert => "Adds rows or documents",
        Action::Update => "Changes rows or documents",
        Action::Delete => "Deletes rows or documents",
        Action::Query => "Has a database carry out any one statement",
    };
    let description = format!("{does}, for a node of a workflow.");
    Tool {
        read_only: action.reads(),
        outbound: true,
        ..Tool::of_conductor(&path(engine, action), &description, input_schema, LONGEST)
    }
}

fn not_sent(code: &str, detail: impl Into<String>) -> CallError {
    let unsent = problem(code, "Nothing was sent", detail, false);
    CallError { problem: unsent, outcome_unknown: false }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_reads_is_told_from_what_changes_something() {
        let tools: Vec<Tool> = all().map(|(engine, action)| tool(engine, action)).collect();
        assert_eq!(tools.len(), 16);
        for tool in &tools {
            assert!(tool.outbound, "{}", tool.path);
            let asks =
                ["select", "find", "aggregate", "count"].iter().any(|action| tool.path.ends_with(action));
            assert_eq!(tool.read_only, asks, "{}", tool.path);
        }
    }

    #[test]
    fn a_node_is_known_by_its_kind_of_database_and_its_action() {
        let node = |db_type, action| Database { db_type, action, ..Database::default() };
        let (_, tool) = of(&node(DatabaseType::Mysql, GraphAction::Select)).unwrap();
        assert_eq!(tool, "database/mysql.select");
        assert!(of(&node(DatabaseType::Bigquery, GraphAction::Select)).is_none());
        assert!(of(&node(DatabaseType::Postgresql, GraphAction::Aggregate)).is_none());
    }
}
