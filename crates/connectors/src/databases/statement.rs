//! The statement that does what a node asks: its own, or one that is made of a table, fields and a condition.

use serde_json::{Map, Value};

use super::{Action, Ask, Engine, Statement, sql};
use crate::{Error, Result};

/// The statement that does what is asked.
pub(super) fn of(ask: &Ask) -> Result<Statement> {
    let engine = ask.engine;
    let missing =
        |field: &str| Error::invalid(format!("/{field}"), format!("{} needs {field}", ask.action.as_str()));
    let table = || {
        let name = ask.collection.as_deref().ok_or_else(|| missing("collection"))?;
        sql::name(engine, "/collection", name, true)
    };
    let (text, values) = match ask.action {
        Action::Query | Action::Select => {
            let text = ask.sql.clone().ok_or_else(|| missing("query"))?;
            (text, ask.params.clone())
        }
        Action::Insert => insert(engine, &table()?, ask.data.as_ref().ok_or_else(|| missing("data"))?)?,
        Action::Update => {
            let Some(Value::Object(fields)) = &ask.data else {
                return Err(Error::invalid("/data", "data is an object: what each column becomes"));
            };
            let sets =
                fields.keys().map(|column| Ok(format!("{} = ?", sql::name(engine, "/data", column, false)?)));
            let sets = sets.collect::<Result<Vec<_>>>()?;
            if sets.is_empty() {
                return Err(Error::invalid("/data", "data names no column"));
            }
            let condition = condition(ask)?;
            let text = format!("UPDATE {} SET {} WHERE {condition}", table()?, sets.join(", "));
            (text, fields.values().chain(&ask.params).cloned().collect())
        }
        Action::Find | Action::Aggregate | Action::Count => {
            return Err(Error::invalid("/action", "SQL has select, insert, update, delete and query"));
        }
        Action::Delete => (format!("DELETE FROM {} WHERE {}", table()?, condition(ask)?), ask.params.clone()),
    };
    sql::check(engine, &text, ask.action.reads())?;
    let (text, placeholders) = sql::numbered(engine, &text, 1)?;
    if placeholders != values.len() {
        let what =
            format!("the statement has {placeholders} placeholders, and there are {} values", values.len());
        return Err(Error::invalid("/params", what));
    }
    Ok(Statement { sql: text, values, reads: ask.action.reads(), action: ask.action })
}

/// The condition by which rows are chosen, which can end nothing around it.
fn condition(ask: &Ask) -> Result<String> {
    let text = ask.sql.as_deref().map(str::trim).filter(|text| !text.is_empty());
    let text =
        text.ok_or_else(|| Error::invalid("/where", format!("{} needs where", ask.action.as_str())))?;
    sql::closed(ask.engine, text)?;
    // A comment to the end of the line would swallow the parenthesis.
    Ok(format!("({text}\n)"))
}

fn insert(engine: Engine, table: &str, data: &Value) -> Result<(String, Vec<Value>)> {
    let rows: Vec<&Map<String, Value>> = match data {
        Value::Object(fields) => vec![fields],
        Value::Array(rows) => rows.iter().filter_map(Value::as_object).collect(),
        _ => Vec::new(),
    };
    let all = data.as_array().map_or(1, Vec::len);
    let Some(first) = rows.first().filter(|first| rows.len() == all && !first.is_empty()) else {
        return Err(Error::invalid(
            "/data",
            "data is an object with a value for each column, or a list of such",
        ));
    };
    let columns = first.keys().map(|column| sql::name(engine, "/data", column, false));
    let columns = columns.collect::<Result<Vec<_>>>()?;
    let mut values = Vec::new();
    for row in &rows {
        if row.len() != first.len() {
            return Err(Error::invalid("/data", "all rows of data name the same columns"));
        }
        for column in first.keys() {
            let value = row.get(column);
            let value =
                value.ok_or_else(|| Error::invalid("/data", "all rows of data name the same columns"))?;
            values.push(value.clone());
        }
    }
    let places = format!("({})", vec!["?"; columns.len()].join(", "));
    let places = vec![places.as_str(); rows.len()].join(", ");
    // PostgreSQL has no last id but what it is asked to return.
    let returning = if engine == Engine::Postgresql { " RETURNING *" } else { "" };
    Ok((format!("INSERT INTO {table} ({}) VALUES {places}{returning}", columns.join(", ")), values))
}
