//! Map: the list whose items its body runs for.

use conductor_workflow_graph::kind::Map;
use serde_json::Value;

use super::{Act, Begin, Result, faulty, invalid};

pub(super) fn begin(begin: &Begin<'_>, map: &Map) -> Result<Act> {
    match begin.view.value(&map.over).map_err(|error| faulty("/config/over", &error))? {
        Value::Array(items) => Ok(Act::Body { input: Some(Value::Array(items)) }),
        Value::Null => Ok(Act::Body { input: Some(Value::Array(Vec::new())) }),
        other => {
            let found = conductor_workflow_graph::expression::describe(&other);
            Err(invalid("/config/over", format!("{} gives {found}, and a map goes through a list", map.over)))
        }
    }
}
