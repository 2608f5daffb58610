//! Agent: an agent answers, in the form that later nodes read.

use conductor_workflow_graph::{FieldsRead, SourceFormat, ValueType, kind::Agent};
use serde_json::{Map, Value, json};

use super::{Act, Begin, Made, Result, Wanted, faulty, invalid, tool::is_called};

pub(super) fn begin(begin: &Begin<'_>, agent: &Agent) -> Result<Act> {
    let mut context = begin.inputs()?;
    let input = match &agent.prompt {
        Some(prompt) => begin.view.text(prompt).map_err(|error| faulty("/config/prompt", &error))?,
        None => task(&mut context, &begin.around.input),
    };
    if let Some(remarks) = begin.remarks() {
        context.insert("remarks".to_owned(), remarks.clone());
        if let Some(before) = begin.view.before(begin.at) {
            context.insert("your_last_answer".to_owned(), before.clone());
        }
    }
    let mut arguments = Map::new();
    arguments.insert("input".to_owned(), Value::String(input));
    if !context.is_empty() {
        arguments.insert("context".to_owned(), Value::Object(context));
    }
    if let Some(schema) = schema(begin.fields_read(), &agent.output_fields) {
        arguments.insert("output_schema".to_owned(), schema);
    }
    if let Some(model) = &agent.model {
        arguments.insert("model".to_owned(), Value::String(model.name.clone()));
        if let Some(provider) = &model.provider {
            arguments.insert("provider".to_owned(), Value::String(provider.clone()));
        }
    }
    if let Some(tools) = &agent.tools {
        arguments.insert("tools".to_owned(), json!(left(begin, tools)?));
    }
    if let Some(temperature) = agent.temperature {
        arguments.insert("temperature".to_owned(), json!(temperature));
    }
    if let Some(rounds) = agent.max_rounds {
        arguments.insert("max_rounds".to_owned(), json!(rounds));
    }
    Ok(Act::Call(Wanted {
        tool: begin.agent_or_default()?,
        arguments: Value::Object(arguments),
        agent_id: None,
    }))
}

/// The agent's own tools that the node names. A tool that it does not have is not given to it, and one that nobody knows is
/// a mistake, but on canvases, which name tools for people.
fn left<'b>(begin: &Begin<'b>, named: &[String]) -> Result<Vec<&'b str>> {
    let own = begin.own_tools()?;
    let mut left = Vec::new();
    for (at, name) in named.iter().enumerate() {
        let meant = |tool: &&conductor_runs::Tool| is_called(tool, name) || is_called(tool, &spelled(name));
        let before = left.len();
        left.extend(own.iter().filter(meant).map(|tool| tool.name.as_str()));
        let unknown = left.len() == before && !begin.tools.iter().any(|tool| meant(&tool));
        if unknown && begin.plan.graph.source_format != SourceFormat::Canvas {
            let detail = format!("there is no tool {name} that may be used here");
            return Err(invalid(&format!("/config/tools/{at}"), detail));
        }
    }
    left.sort_unstable();
    left.dedup();
    Ok(left)
}

/// A tool's name for people as its name for models.
fn spelled(name: &str) -> String {
    name.trim().replace(' ', "_")
}

/// What it gave: its fields where some were asked for, otherwise its text.
pub(super) fn made(begin: &Begin<'_>, agent: &Agent, made: &Made) -> Value {
    if schema(begin.fields_read(), &agent.output_fields).is_some() {
        return made.json();
    }
    Value::String(made.text())
}

/// What an agent is asked that has no prompt: what its inputs call so, or all of them.
fn task(context: &mut Map<String, Value>, input: &Value) -> String {
    for name in ["input", "prompt", "task", "query", "message", "user_query"] {
        if let Some(Value::String(_)) = context.get(name)
            && let Some(Value::String(text)) = context.remove(name)
        {
            return text;
        }
    }
    if let Some(message) = input.get("message").and_then(Value::as_str) {
        return message.to_owned();
    }
    "Do your part with what you are given.".to_owned()
}

/// The form of an answer: the fields that later nodes read, and those that the node itself names.
fn schema(read: Option<&FieldsRead>, named: &[String]) -> Option<Value> {
    let mut properties = Map::new();
    for (field, value_type) in read.into_iter().flatten() {
        let described = match value_type {
            ValueType::Any => json!({}),
            known => json!({ "type": known.as_str() }),
        };
        properties.insert(field.clone(), described);
    }
    for field in named {
        properties.entry(field).or_insert_with(|| json!({}));
    }
    if properties.is_empty() {
        return None;
    }
    let required: Vec<&String> = properties.keys().collect();
    Some(json!({ "type": "object", "required": required, "properties": properties }))
}
