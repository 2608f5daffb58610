//! Another workflow runs, with the node's inputs as its own.

use serde::Serialize;
use serde_json::json;

use super::{About, Found, Settings, about};
use crate::{Node, fields::Fields};

/// The settings of a subworkflow node.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Subworkflow {
    /// The workflow, by name.
    pub workflow: String,
    /// Its version; the published one where it is absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<u32>,
}

impl Settings for Subworkflow {
    fn read(fields: &mut Fields<'_>) -> Self {
        Self { workflow: fields.text("workflow").unwrap_or_default(), version: fields.whole("version") }
    }

    fn check(&self, _node: &Node, found: &mut Found<'_>) {
        found.require("/config/workflow", !self.workflow.is_empty());
    }

    fn about() -> About {
        About {
            name: "Workflow",
            inputs: "The other workflow's inputs.",
            output: about::any("What the other workflow gave."),
            settings: json!({
                "workflow": about::text("The workflow, by name."),
                "version": about::whole("Its version; the published one without a number.", 1),
            }),
            required: &["workflow"],
            example: json!({
                "nodes": [{
                    "id": "person", "kind": "subworkflow", "config": { "workflow": "example-transform" },
                    "inputs": { "first": "{{inputs.first}}", "last": "{{inputs.last}}", "age": 36 },
                }],
                "edges": [],
            }),
        }
    }
}
