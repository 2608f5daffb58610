//! Where a workflow begins: a place to draw. What starts it and what it is given stand at the workflow itself.

use serde::Serialize;
use serde_json::json;

use super::{About, Settings, about};
use crate::fields::Fields;

/// The settings of a start node: none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Start {}

impl Settings for Start {
    fn read(_fields: &mut Fields<'_>) -> Self {
        Self {}
    }

    fn about() -> About {
        About {
            name: "Start",
            inputs: "None: what the workflow is given stands at the workflow itself.",
            output: about::any("Nothing."),
            settings: json!({}),
            required: &[],
            example: json!({
                "nodes": [
                    { "id": "begin", "kind": "start" },
                    { "id": "greeting", "kind": "transform", "inputs": { "text": "Hello {{inputs.name}}" } },
                ],
                "edges": [{ "from": "begin", "to": "greeting" }],
            }),
        }
    }
}
