//! A node as a step, without what follows it. What was written is read again: whatever does not come back is what a step
//! of this type has no place for, so that no field is forgotten here.

use serde_json::{Map, Value, json};

use super::paths::{PORTS, branches};
use crate::{
    Config, Node,
    fields::{Fields, Sink},
    graph::OUT,
    kind::{Agent, Case, Condition, Database, Http, Integration, Subworkflow, Tool},
    limits::Limits,
    node::{Layout, OnError},
};

/// Fields of the stored form that cannot be said, each with the reason.
type Unsaid = Vec<(String, String)>;

/// Writes a step. Start and end become an empty one, which is none.
pub(super) fn write(node: &Node) -> Result<Map<String, Value>, Unsaid> {
    if let Config::Start(_) | Config::End(_) = node.config {
        return end_of_the_list(node);
    }
    let node = bare(node);
    let word = word(&node.config).map_err(|why| vec![(String::new(), why)])?;
    let mut step = Map::new();
    let mut put = |key: &str, value: Value| step.insert(key.to_owned(), value);
    put("id", json!(node.id));
    put("type", json!(word));
    let condition = match &node.config {
        Config::Condition(condition) => branches(condition).map(|(expression, _, _)| expression),
        _ => node.guard.as_ref(),
    };
    if let Some(condition) = condition {
        put("condition", json!(condition));
    }
    // Steps go on unless they are told to stop.
    if node.on_error == OnError::Stop {
        put("on_error", json!(node.on_error));
    }
    if let Some(config) = config(&node).filter(|config| !config.is_empty()) {
        put("config", Value::Object(config));
    }
    let unsaid = unsaid(&node, word, &step);
    if unsaid.is_empty() { Ok(step) } else { Err(unsaid) }
}

/// A start or an end, which has a place in no list: it may say nothing of its own.
fn end_of_the_list(node: &Node) -> Result<Map<String, Value>, Unsaid> {
    let word = node.config.kind();
    let collects = matches!(&node.config, Config::End(end) if !end.outputs.is_empty());
    let said = [
        ("/inputs", !node.inputs.is_empty()),
        ("/guard", node.guard.is_some()),
        ("/on_error", node.on_error == OnError::Fallback),
        ("/config/outputs", collects),
    ];
    let unsaid: Unsaid = said
        .into_iter()
        .filter(|(_, present)| *present)
        .map(|(field, _)| (field.to_owned(), format!("a list of steps has no {word}, so this has no place")))
        .collect();
    if unsaid.is_empty() { Ok(Map::new()) } else { Err(unsaid) }
}

/// A node without what people alone see, and a condition with the ports of a step.
fn bare(node: &Node) -> Node {
    let mut node = Node { name: None, layout: Layout::default(), ..node.clone() };
    if let Config::Condition(condition) = &node.config
        && let Some((expression, _, _)) = branches(condition)
    {
        let [holds, fails] = PORTS.map(str::to_owned);
        let cases = vec![
            Case { expression: Some(expression.clone()), port: holds },
            Case { expression: None, port: fails },
        ];
        node.config = Condition { cases }.into();
    }
    node
}

/// The type of a step, or why there is none.
fn word(config: &Config) -> Result<&str, String> {
    let why = match config {
        Config::Agent(_) => return Ok("agent"),
        Config::Tool(_) => return Ok("mcp"),
        Config::Http(_) => return Ok("http"),
        Config::Database(_) => return Ok("database"),
        Config::Subworkflow(_) => return Ok("workflow"),
        Config::Integration(integration) => match integration.provider.as_str() {
            provider @ ("slack" | "email" | "shopify" | "google_sheets") => return Ok(provider),
            other => return Err(format!("there is no step of the provider {other:?}")),
        },
        Config::Condition(condition) => match branches(condition) {
            Some(_) => return Ok("conditional"),
            None => "a conditional step has one condition, where it holds and where it does not",
        },
        Config::Parallel(_) => "steps run one at a time, never in parallel",
        Config::Join(_) => {
            "branches of steps meet by themselves at the next one, and there is no step that waits"
        }
        Config::Map(_) => "no step runs for each item of a list",
        Config::Loop(_) => "no step runs again until something holds",
        Config::Code(_) => "no step runs a program",
        Config::Review(_) => "no step reviews others",
        Config::Human(_) => "no step asks a person",
        Config::Wait(_) => "no step waits",
        Config::Transform(_) => "no step only evaluates values",
        other => return Err(format!("there is no step for a node of the kind {}", other.kind())),
    };
    Err(why.to_owned())
}

/// The configuration of a step, as far as its type has words for it.
fn config(node: &Node) -> Option<Map<String, Value>> {
    let fields = match &node.config {
        Config::Agent(Agent { prompt, temperature, .. }) => json!({
            "agentType": node.agent, "temperature": temperature, "prompt": prompt,
        }),
        Config::Tool(Tool { tool, .. }) => json!({
            "tool_name": tool, "agent_type": node.agent, "parameters": unless_empty(&node.inputs),
        }),
        Config::Database(database) => self::database(database),
        Config::Http(http) => self::http(http),
        Config::Subworkflow(Subworkflow { workflow, .. }) => {
            json!({ "workflow": workflow, "inputs": unless_empty(&node.inputs) })
        }
        Config::Integration(Integration { provider, operation, credentials }) => {
            // Mail knows a single operation, which its steps do not name.
            let named = provider != "email" || operation != "send";
            let mut fields = Map::new();
            fields.extend(named.then(|| ("operation".to_owned(), json!(operation))));
            fields.extend(credentials.as_ref().map(|account| ("credentials".to_owned(), json!(account))));
            for (key, value) in &node.inputs {
                // An input of such a name would be taken for the operation; it does not come back, and is refused.
                fields.entry(key.as_str()).or_insert_with(|| value.clone());
            }
            // Nulls among the inputs are theirs.
            return Some(fields);
        }
        _ => return None,
    };
    let Value::Object(fields) = fields else { return None };
    Some(fields.into_iter().filter(|(_, value)| !value.is_null()).collect())
}

fn unless_empty(map: &Map<String, Value>) -> Option<&Map<String, Value>> {
    Some(map).filter(|map| !map.is_empty())
}

fn database(database: &Database) -> Value {
    let Database { data_source, db_type, action, query, params, collection, data, filter } = database;
    json!({
        "operation": format!("{data_source}.{db_type}.{action}"),
        "collection": collection,
        "query": query,
        "params": Some(params).filter(|params| !params.is_empty()),
        "data": data,
        "where": filter,
    })
}

fn http(http: &Http) -> Value {
    let Http { method, url, endpoint: _, headers, query, body, auth, idempotent } = http;
    json!({
        "method": method,
        "url": url,
        "headers": unless_empty(headers),
        "query": unless_empty(query),
        "body": body,
        "auth": auth,
        "idempotent": idempotent.then_some(true),
    })
}

/// What of a node does not come back from its step.
fn unsaid(node: &Node, word: &str, step: &Map<String, Value>) -> Unsaid {
    let sink = Sink::default();
    let document = json!({ "name": "step", "steps": [step] });
    let read = Fields::of(&document, String::new(), None, &sink)
        .map(|fields| super::super::read(fields, &Limits::default()).graph);
    let again = read.as_ref().and_then(|graph| graph.nodes.first());
    if again == Some(node) && sink.is_empty() {
        return Unsaid::new();
    }
    let mut unsaid: Unsaid = Vec::new();
    let mut lost = |fields: &Value, again: Option<&Value>, at: &str| {
        for (field, value) in fields.as_object().into_iter().flatten() {
            let config = field == "config" && value.is_object();
            if !config && again.and_then(|again| again.get(field)) != Some(value) {
                let why = match (field.as_str(), node.on_error) {
                    ("on_error", OnError::Fallback) => {
                        format!("a step stops or goes on where it fails, and has no port besides {OUT}")
                    }
                    _ => format!("a step of the type {word} has no place for this {field}"),
                };
                unsaid.push((format!("{at}/{field}"), why));
            }
        }
    };
    let (said, again) = (json!(node), json!(again));
    lost(&said, Some(&again), "");
    if let Some(config) = said.get("config") {
        lost(config, again.get("config"), "/config");
    }
    // What the step needs and the node does not have.
    for problem in sink.into_problems() {
        unsaid.push((String::new(), format!("as a step of the type {word}: {}", problem.message)));
    }
    if unsaid.is_empty() {
        unsaid.push((String::new(), format!("a step of the type {word} does not say all of it")));
    }
    unsaid
}
