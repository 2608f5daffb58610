//! Database: a data source is read or changed. Values of templates are bound: what leaves here is a statement with `?`
//! and the values beside it, and that is also what whoever approves the call sees.

use conductor_connectors::{Engine, Piece, bind};
use conductor_workflow_graph::{
    expression,
    kind::{Action, Database},
};
use serde_json::{Map, Value, json};

use super::{Act, Begin, Made, Result, Wanted, faulty, invalid, unsupported};
use crate::databases;

pub(super) fn begin(begin: &Begin<'_>, database: &Database) -> Result<Act> {
    let Some((engine, tool)) = databases::of(database) else {
        return Err(unsupported(&begin.node().config));
    };
    let mut arguments = Map::from_iter([("data_source".to_owned(), json!(database.data_source))]);
    if engine == Engine::Mongodb {
        documents(begin, database, &mut arguments)?;
        return Ok(call(begin, tool, arguments));
    }
    let params = begin.view.fill(&Value::Array(database.params.clone()));
    let params = params.map_err(|error| faulty("/config/params", &error))?;
    let params = params.as_array().map(Vec::as_slice).unwrap_or_default();
    match database.action {
        Action::Insert => {}
        Action::Update | Action::Delete => {
            let text = database.filter.as_deref().unwrap_or_default();
            arguments.extend(statement(begin, engine, "where", text, params)?);
        }
        _ => {
            let text = database.query.as_ref().and_then(Value::as_str).unwrap_or_default();
            arguments.extend(statement(begin, engine, "query", text, params)?);
        }
    }
    let writes = matches!(database.action, Action::Insert | Action::Update);
    if writes || database.action == Action::Delete {
        arguments.insert("collection".to_owned(), collection(database)?);
    }
    if writes {
        let data = database.data.clone().unwrap_or_default();
        let data = begin.view.fill(&data).map_err(|error| faulty("/config/data", &error))?;
        arguments.insert("data".to_owned(), data);
    }
    Ok(call(begin, tool, arguments))
}

fn call(begin: &Begin<'_>, tool: String, mut arguments: Map<String, Value>) -> Act {
    if let Some(millis) = begin.node().timeout_ms {
        arguments.insert("timeout_ms".to_owned(), json!(millis));
    }
    Act::Call(Wanted { tool, arguments: Value::Object(arguments), agent_id: None })
}

/// A name is no value: it cannot be bound, and so it is not taken from anywhere.
fn collection(database: &Database) -> Result<Value> {
    let name = database.collection.clone().unwrap_or_default();
    if name.contains("{{") || name.contains("${") {
        let what = "the name of a table or collection is written out, without expressions";
        return Err(invalid("/config/collection", what));
    }
    Ok(json!(name))
}

/// What MongoDB is asked: objects whose operators are the author's own.
fn documents(begin: &Begin<'_>, database: &Database, arguments: &mut Map<String, Value>) -> Result<()> {
    arguments.insert("collection".to_owned(), collection(database)?);
    if database.action != Action::Insert {
        let all = || json!({});
        let asks = matches!(database.action, Action::Find | Action::Count);
        // What changes something says which documents are meant, if only by an empty object.
        let filter = database.filter.clone().map(Value::String);
        let query = match database.query.as_ref().or(filter.as_ref()) {
            None if asks => all(),
            None => return Err(invalid("/config/query", "it says which documents are meant: {} for all")),
            // The older form has texts only.
            Some(Value::String(text)) => serde_json::from_str(text)
                .map_err(|error| invalid("/config/query", format!("this is no object in JSON: {error}")))?,
            Some(query) => query.clone(),
        };
        arguments.insert("query".to_owned(), filled(begin, "query", &query)?);
    }
    if matches!(database.action, Action::Insert | Action::Update) {
        let data = database.data.clone().unwrap_or_default();
        arguments.insert("data".to_owned(), filled(begin, "data", &data)?);
    }
    Ok(())
}

/// A value with its templates evaluated. An operator is none that an expression gave: whoever fills a field of a form must
/// not be able to turn a comparison into another one.
fn filled(begin: &Begin<'_>, field: &str, value: &Value) -> Result<Value> {
    match value {
        Value::String(_) => {
            let given =
                begin.view.fill(value).map_err(|error| faulty(&format!("/config/{field}"), &error))?;
            if operates(&given) {
                let what = "an expression gave an object with operators ($…): they are written out";
                return Err(invalid(&format!("/config/{field}"), what));
            }
            Ok(given)
        }
        Value::Array(items) => {
            items.iter().map(|item| filled(begin, field, item)).collect::<Result<_>>().map(Value::Array)
        }
        Value::Object(fields) => {
            let fields = fields.iter().map(|(name, part)| Ok((name.clone(), filled(begin, field, part)?)));
            fields.collect::<Result<_>>().map(Value::Object)
        }
        other => Ok(other.clone()),
    }
}

/// Whether a value has operators, at any depth.
fn operates(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().any(operates),
        Value::Object(fields) => fields.iter().any(|(name, field)| name.starts_with('$') || operates(field)),
        _ => false,
    }
}

/// A statement with its values.
fn statement(
    begin: &Begin<'_>,
    engine: Engine,
    field: &str,
    text: &str,
    params: &[Value],
) -> Result<Map<String, Value>> {
    let pieces = begin.view.pieces(text).map_err(|error| faulty(&format!("/config/{field}"), &error))?;
    let pieces: Vec<Piece> = pieces
        .into_iter()
        .map(|piece| match piece {
            expression::Piece::Text(text) => Piece::Text(text),
            expression::Piece::Value(value) => Piece::Value(value),
        })
        .collect();
    let bound = bind(engine, &pieces, params).map_err(|error| invalid(&format!("/config/{field}"), error))?;
    Ok(Map::from_iter([
        ("sql".to_owned(), json!(bound.sql)),
        ("params".to_owned(), Value::Array(bound.values)),
    ]))
}

pub(super) fn made(made: &Made) -> Value {
    made.json()
}
