//! Where a workflow ends, and which of its outputs it has there.

use serde::Serialize;
use serde_json::json;

use super::{About, Settings, about};
use crate::{fields::Fields, limits};

/// The settings of an end node.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct End {
    /// The names of the workflow's outputs that are collected here; all where it is empty. Those that were never set
    /// are null.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub outputs: Vec<String>,
}

impl Settings for End {
    fn read(fields: &mut Fields<'_>) -> Self {
        Self { outputs: fields.texts_within("outputs", limits::DECLARED).unwrap_or_default() }
    }

    fn ports(&self) -> Vec<String> {
        Vec::new()
    }

    fn about() -> About {
        About {
            name: "End",
            inputs: "None.",
            output: about::object("The workflow's outputs that are collected here, by their names."),
            settings: json!({ "outputs": about::texts("Which of the workflow's outputs; all without any.") }),
            required: &[],
            example: json!({
                "outputs": [{ "name": "text", "type": "string", "from": "{{steps.greeting.output.text}}" }],
                "nodes": [
                    { "id": "greeting", "kind": "transform", "inputs": { "text": "Hello {{inputs.name}}" } },
                    { "id": "done", "kind": "end", "config": { "outputs": ["text"] } },
                ],
                "edges": [{ "from": "greeting", "to": "done" }],
            }),
        }
    }
}
