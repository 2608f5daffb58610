//! Integration: a system that Conductor knows by name is asked for one of its operations. The credential does not go
//! along: whoever asks reads it from the operator's variables.

use conductor_workflow_graph::kind::Integration;
use serde_json::{Map, Value, json};

use super::{Act, Begin, Made, Result, Wanted};
use crate::integrations;

pub(super) fn begin(begin: &Begin<'_>, operation: &Integration) -> Result<Act> {
    let mut arguments = Map::from_iter([("fields".to_owned(), Value::Object(begin.inputs()?))]);
    if let Some(credentials) = &operation.credentials {
        arguments.insert("credentials".to_owned(), json!(credentials));
    }
    if let Some(millis) = begin.node().timeout_ms {
        arguments.insert("timeout_ms".to_owned(), json!(millis));
    }
    let tool = integrations::path(&operation.provider, &operation.operation);
    Ok(Act::Call(Wanted { tool, arguments: Value::Object(arguments), agent_id: None }))
}

/// What the system answered, and that it did.
pub(super) fn made(made: &Made) -> Value {
    let mut output = Map::from_iter([("success".to_owned(), json!(true))]);
    match made.json() {
        Value::Object(fields) => output.extend(fields),
        other => drop(output.insert("data".to_owned(), other)),
    }
    Value::Object(output)
}
