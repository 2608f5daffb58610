//! Condition: the first case that holds is followed.

use conductor_workflow_graph::kind::Condition;
use serde_json::json;

use super::{Act, Begin, Result, faulty};

pub(super) fn begin(begin: &Begin<'_>, condition: &Condition) -> Result<Act> {
    for (index, case) in condition.cases.iter().enumerate() {
        let holds = match &case.expression {
            None => true,
            Some(text) => begin
                .view
                .holds(text)
                .map_err(|error| faulty(&format!("/config/cases/{index}/expression"), &error))?,
        };
        if holds {
            return Ok(Act::Done { output: json!({ "branch": case.port }), port: case.port.clone() });
        }
    }
    Ok(Act::Done { output: json!({ "branch": null }), port: conductor_workflow_graph::ELSE.to_owned() })
}
