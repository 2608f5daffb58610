//! Subworkflow: another workflow runs, with the node's inputs as its own.

use conductor_workflow_graph::kind::Subworkflow;
use serde_json::{Value, json};

use super::{Act, Begin, Made, Result, Wanted};
use crate::tools;

pub(super) fn begin(begin: &Begin<'_>, sub: &Subworkflow) -> Result<Act> {
    let mut arguments = json!({ "inputs": begin.inputs()? });
    if let (Some(version), Some(fields)) = (sub.version, arguments.as_object_mut()) {
        fields.insert("version".to_owned(), json!(version));
    }
    Ok(Act::Call(Wanted { tool: tools::name(&sub.workflow), arguments, agent_id: None }))
}

pub(super) fn made(made: &Made) -> Value {
    made.json()
}
