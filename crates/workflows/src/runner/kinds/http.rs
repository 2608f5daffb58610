//! Http: an address is requested. The credential does not go along: whoever sends the request reads it from the workflow.

use conductor_workflow_graph::kind::{AuthType, Http, Method};
use serde_json::{Map, Value};

use super::{Act, Begin, Made, Result, Wanted, faulty};
use crate::requests::{READ, REQUEST};

pub(super) fn begin(begin: &Begin<'_>, http: &Http) -> Result<Act> {
    let text = |field: &str, template: &str| {
        begin.view.text(template).map_err(|error| faulty(&format!("/config/{field}"), &error))
    };
    let fields = |field: &str, fields: &Map<String, Value>| {
        begin.view.fields(fields).map_err(|error| faulty(&format!("/config/{field}"), &error))
    };
    let mut request = Map::new();
    request.insert("method".to_owned(), http.method.as_str().into());
    request.insert("url".to_owned(), text("url", &http.url)?.into());
    if let Some(endpoint) = &http.endpoint {
        request.insert("endpoint".to_owned(), text("endpoint", endpoint)?.into());
    }
    if !http.headers.is_empty() {
        request.insert("headers".to_owned(), fields("headers", &http.headers)?.into());
    }
    if !http.query.is_empty() {
        request.insert("query".to_owned(), fields("query", &http.query)?.into());
    }
    if let Some(body) = &http.body {
        let body = begin.view.fill(body).map_err(|error| faulty("/config/body", &error))?;
        request.insert("body".to_owned(), body);
    }
    if http.auth.as_ref().is_some_and(|auth| auth.auth_type != AuthType::None) {
        request.insert("auth_of".to_owned(), begin.node().id.clone().into());
    }
    if let Some(millis) = begin.node().timeout_ms {
        request.insert("timeout_ms".to_owned(), millis.into());
    }
    if http.idempotent {
        request.insert("idempotent".to_owned(), true.into());
    }
    let reads = matches!(http.method, Method::Get | Method::Head | Method::Options);
    let tool = if reads { READ } else { REQUEST }.to_owned();
    Ok(Act::Call(Wanted { tool, arguments: Value::Object(request), agent_id: None }))
}

pub(super) fn made(made: &Made) -> Value {
    made.json()
}
