//! A node whose output is what it is given, evaluated: it names, joins and calculates.

use serde::Serialize;
use serde_json::json;

use super::{About, Settings, about};
use crate::fields::Fields;

/// The settings of a transform node: none, its inputs say everything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Transform {}

impl Settings for Transform {
    fn read(_fields: &mut Fields<'_>) -> Self {
        Self {}
    }

    fn about() -> About {
        About {
            name: "Transform",
            inputs: "The fields of its output, each with expressions.",
            output: about::object("Its inputs, evaluated."),
            settings: json!({}),
            required: &[],
            example: json!({
                "nodes": [{
                    "id": "person", "kind": "transform",
                    "inputs": { "name": "{{inputs.first}} {{inputs.last}}", "grown_up": "{{inputs.age >= 18}}" },
                }],
                "edges": [],
            }),
        }
    }
}
