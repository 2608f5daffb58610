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
        // A name is no value: it cannot be bound, and so it is not taken from anywhere.
        let name = database.collection.clone().unwrap_or_default();
        if name.contains("{{") || name.contains("${") {
            return Err(invalid(
                "/config/collection",
                "the name of a table is written out, without expressions",
            ));
        }
        arguments.insert("collection".to_owned(), json!(name));
    }
    if writes {
        let data = database.data.clone().unwrap_or_default();
        let data = begin.view.fill(&data).map_err(|error| faulty("/config/data", &error))?;
        arguments.insert("data".to_owned(), data);
    }
    if let Some(millis) = begin.node().timeout_ms {
        arguments.insert("timeout_ms".to_owned(), json!(millis));
    }
    Ok(Act::Call(Wanted { tool, arguments: Value::Object(arguments), agent_id: None }))
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
