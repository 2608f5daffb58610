//! Tool: a tool of the registry is called, through a server or by its name alone.

use conductor_runs::Tool as Offered;
use conductor_workflow_graph::{SourceFormat, kind::Tool};
use serde_json::{Map, Value, json};

use super::{Act, Begin, Made, Result, Wanted, faulty, invalid};
use crate::servers::{CALL, described};

pub(super) fn begin(begin: &Begin<'_>, tool: &Tool) -> Result<Act> {
    if let Some(server) = &tool.server {
        return described_here(begin, tool, server);
    }
    let acting = begin.acting()?;
    let found = find(begin.choice()?, tool)?;
    let mut arguments = begin.inputs()?;
    if found.takes_parts {
        arguments = arranged(arguments, &found.input_schema);
    }
    let arguments = Value::Object(arguments);
    Ok(Act::Call(Wanted { tool: found.name.clone(), arguments, agent_id: acting }))
}

/// The payload of an operation, part by part. Other tools' canvases write it as one object without parts: what the path wants
/// goes there, the rest into the body, or into the query of an operation without one.
fn arranged(payload: Map<String, Value>, schema: &Value) -> Map<String, Value> {
    const PARTS: [&str; 7] = ["path", "query", "headers", "body", "method", "endpoint", "query_params"];
    if payload.is_empty() || payload.keys().any(|key| PARTS.contains(&key.as_str())) {
        return payload;
    }
    let in_path = |key: &String| {
        schema.pointer("/properties/path/properties").is_some_and(|path| path.get(key).is_some())
    };
    let (path, rest): (Map<String, Value>, Map<String, Value>) =
        payload.into_iter().partition(|(key, _)| in_path(key));
    let of_rest = if schema.pointer("/properties/body").is_some() { "body" } else { "query" };
    let parts = [("path", path), (of_rest, rest)].into_iter().filter(|(_, fields)| !fields.is_empty());
    parts.map(|(part, fields)| (part.to_owned(), Value::Object(fields))).collect()
}

/// A server that only the workflow describes. The credential does not go along: whoever makes the call reads it from the
/// workflow.
fn described_here(begin: &Begin<'_>, tool: &Tool, server: &Map<String, Value>) -> Result<Act> {
    let server = described(server).map_err(|why| invalid("/config/server", why))?;
    let url = begin.view.text(server.url).map_err(|error| faulty("/config/server/url", &error))?;
    let mut call = Map::new();
    call.insert("transport".to_owned(), server.transport.into());
    call.insert("url".to_owned(), url.into());
    if let Some(name) = tool.tool.as_deref().or(server.tool) {
        call.insert("tool".to_owned(), name.into());
    }
    call.insert("arguments".to_owned(), begin.inputs()?.into());
    if server.auth.is_some() {
        call.insert("auth_of".to_owned(), begin.node().id.clone().into());
    }
    if let Some(millis) = begin.node().timeout_ms {
        call.insert("timeout_ms".to_owned(), millis.into());
    }
    Ok(Act::Call(Wanted { tool: CALL.to_owned(), arguments: Value::Object(call), agent_id: None }))
}

/// What it gave, in the words of the form that the workflow was written in.
pub(super) fn made(begin: &Begin<'_>, tool: &Tool, made: &Made) -> Value {
    match begin.plan.graph.source_format {
        SourceFormat::Hybrid => json!({
            "success": true,
            "result": made.json(),
            "tool_name": tool.tool,
            "agent_type": begin.node().agent,
        }),
        _ => made.json(),
    }
}

/// Whether a tool goes by this name: the one that models call it by, its path, or the end of that.
pub(super) fn is_called(tool: &Offered, name: &str) -> bool {
    let last = tool.path.rsplit_once('/').map_or(tool.path.as_str(), |(_, last)| last);
    [tool.name.as_str(), tool.path.as_str(), last].iter().any(|one| one.eq_ignore_ascii_case(name))
}

/// The tool that a node means: of its server where it names one, otherwise the only one of this name.
fn find<'t>(tools: &'t [Offered], wanted: &Tool) -> Result<&'t Offered> {
    let named = |tool: &&Offered| match &wanted.tool {
        None => true,
        Some(name) => is_called(tool, name),
    };
    let served = |tool: &&Offered| match &wanted.connector {
        None => true,
        Some(server) => {
            let slug = tool.path.split_once('/').map_or("", |(slug, _)| slug);
            tool.server.as_deref().is_some_and(|name| name.eq_ignore_ascii_case(server))
                || slug.eq_ignore_ascii_case(server)
                || tool.connector_id.is_some_and(|id| id.to_string() == *server)
        }
    };
    let found: Vec<&Offered> = tools.iter().filter(served).filter(named).collect();
    let what = match (&wanted.connector, &wanted.tool) {
        (Some(server), Some(tool)) => format!("{tool} of {server}"),
        (Some(server), None) => format!("of {server}"),
        (None, tool) => tool.clone().unwrap_or_default(),
    };
    match found.as_slice() {
        [one] => Ok(*one),
        [] => Err(invalid("/config/tool", format!("there is no tool {what} that may be used here"))),
        several => {
            let paths: Vec<&str> = several.iter().map(|tool| tool.path.as_str()).take(10).collect();
            let detail =
                format!("several tools are meant by {what}: {}; name the server too", paths.join(", "));
            Err(invalid("/config/tool", detail))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(payload: Value, schema: &Value) -> Value {
        match payload {
            Value::Object(payload) => Value::Object(arranged(payload, schema)),
            other => other,
        }
    }

    #[test]
    fn a_payload_without_parts_is_put_where_the_operation_takes_it() {
        let path = json!({ "properties": { "key": { "type": "string" } } });
        let reads = json!({ "properties": { "path": path, "query": {} } });
        let writes = json!({ "properties": { "path": path, "query": {}, "body": {} } });
        let payload = json!({ "key": "A-1", "title": "x" });
        assert_eq!(
            parts(payload.clone(), &reads),
            json!({ "path": { "key": "A-1" }, "query": { "title": "x" } })
        );
        assert_eq!(parts(payload, &writes), json!({ "path": { "key": "A-1" }, "body": { "title": "x" } }));
        let arranged = json!({ "body": { "key": 1 } });
        assert_eq!(parts(arranged.clone(), &writes), arranged);
        assert_eq!(parts(json!({}), &writes), json!({}));
    }
}
