//! All ways out are followed at once, some at a time.

use serde::Serialize;
use serde_json::json;

use super::{About, Found, Settings, about};
use crate::{Node, fields::Fields, problem::Code};

/// The settings of a parallel node. Nodes run in parallel without one; it bounds how many.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Parallel {
    /// How many of its ways may run at a time; all where it is absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_concurrency: Option<u32>,
}

impl Settings for Parallel {
    fn read(fields: &mut Fields<'_>) -> Self {
        Self { max_concurrency: fields.whole("max_concurrency") }
    }

    fn check(&self, _node: &Node, found: &mut Found<'_>) {
        if self.max_concurrency == Some(0) {
            found.error("/config/max_concurrency", Code::InvalidValue, "max_concurrency is at least 1");
        }
    }

    fn about() -> About {
        About {
            name: "Parallel",
            inputs: "None.",
            output: about::any("Nothing."),
            settings: json!({
                "max_concurrency": about::whole("How many of its ways may run at a time; all without a number.", 1),
            }),
            required: &[],
            example: json!({
                "nodes": [
                    { "id": "both", "kind": "parallel", "config": { "max_concurrency": 2 } },
                    { "id": "net", "kind": "transform", "inputs": { "value": "{{inputs.net}}" } },
                    { "id": "tax", "kind": "transform", "inputs": { "value": "{{inputs.net * 0.19}}" } },
                ],
                "edges": [{ "from": "both", "to": "net" }, { "from": "both", "to": "tax" }],
            }),
        }
    }
}
