//! End: the workflow's outputs, as far as they are set where it ends.

use conductor_workflow_graph::kind::End;
use serde_json::{Map, Value};

use super::{Act, Begin, Result};

pub(super) fn begin(begin: &Begin<'_>, end: &End) -> Result<Act> {
    let declared = &begin.plan.graph.outputs;
    if declared.is_empty() && end.outputs.is_empty() {
        return Ok(Act::done(begin.arrived()));
    }
    let mut outputs = Map::new();
    for output in
        declared.iter().filter(|output| end.outputs.is_empty() || end.outputs.contains(&output.name))
    {
        // On a way that sets it not at all, an output is null.
        let value = begin.view.value(output.from.as_deref().unwrap_or(&output.name)).unwrap_or_default();
        outputs.insert(output.name.clone(), value);
    }
    for name in end.outputs.iter().filter(|name| !declared.iter().any(|output| output.name == **name)) {
        outputs.insert(name.clone(), begin.view.value(name).unwrap_or_default());
    }
    Ok(Act::done(Value::Object(outputs)))
}
