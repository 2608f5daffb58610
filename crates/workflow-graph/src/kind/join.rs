//! Waits for the ways that lead to it. Every node with several edges waits for all of them; a join may wait for one.

use serde::Serialize;
use serde_json::json;

use super::{About, Settings, about};
use crate::{fields::Fields, word::words};

words! {
    /// For how many of the ways.
    JoinMode {
        All => "all" "For all that are still alive.",
        Any => "any" "For the first.",
    }
}

/// The settings of a join node.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Join {
    /// For how many of the ways it waits.
    pub mode: JoinMode,
}

impl Settings for Join {
    fn read(fields: &mut Fields<'_>) -> Self {
        Self { mode: fields.word("mode").unwrap_or_default() }
    }

    fn about() -> About {
        About {
            name: "Join",
            inputs: "None.",
            output: about::object("What the ways gave that lead here, by their nodes."),
            settings: json!({ "mode": about::word::<JoinMode>("For how many of the ways it waits.") }),
            required: &[],
            example: json!({
                "nodes": [
                    { "id": "begin", "kind": "start" },
                    { "id": "net", "kind": "transform", "inputs": { "value": "{{inputs.net}}" } },
                    { "id": "tax", "kind": "transform", "inputs": { "value": "{{inputs.net * 0.19}}" } },
                    { "id": "both", "kind": "join", "config": { "mode": "all" } },
                ],
                "edges": [
                    { "from": "begin", "to": "net" },
                    { "from": "begin", "to": "tax" },
                    { "from": "net", "to": "both" },
                    { "from": "tax", "to": "both" },
                ],
            }),
        }
    }
}
