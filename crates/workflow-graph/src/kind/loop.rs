//! The body runs until a condition holds.

use serde::Serialize;
use serde_json::json;

use super::{About, Found, Role, Settings, Texts, about};
use crate::{
    Node,
    fields::Fields,
    graph::{LOOP, OUT},
    problem::Code,
};

/// The settings of a loop node. The port `loop` begins the body, whose last edge leads back; `out` goes on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Loop {
    /// The condition that ends it, looked at after each round.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// How many rounds there are at most.
    pub max_iterations: u32,
}

impl Settings for Loop {
    fn read(fields: &mut Fields<'_>) -> Self {
        Self {
            until: fields.text("until"),
            max_iterations: fields.whole("max_iterations").unwrap_or_default(),
        }
    }

    fn texts<'a>(&'a self, texts: &mut Texts<'a>) {
        if let Some(until) = &self.until {
            texts.push("/config/until", Role::Condition, until);
        }
    }

    fn ports(&self) -> Vec<String> {
        vec![OUT.to_owned(), LOOP.to_owned()]
    }

    fn check(&self, _node: &Node, found: &mut Found<'_>) {
        // A loop that nothing bounds is a fault that shows only on the bill.
        if self.max_iterations == 0 {
            found.error(
                "/config/max_iterations",
                Code::MissingField,
                "max_iterations is required, at least 1",
            );
        }
    }

    fn about() -> About {
        About {
            name: "Loop",
            inputs: "None.",
            output: about::any("What the last round gave."),
            settings: json!({
                "until": about::text("The condition that ends it, looked at after each round."),
                "max_iterations": about::whole("How many rounds there are at most.", 1),
            }),
            required: &["max_iterations"],
            example: json!({
                "nodes": [
                    { "id": "begin", "kind": "start" },
                    {
                        "id": "rounds", "kind": "loop",
                        "config": { "until": "steps.look.output.ready", "max_iterations": 5 },
                    },
                    { "id": "look", "kind": "transform", "inputs": { "ready": "{{inputs.stock > 0}}" } },
                    { "id": "done", "kind": "transform", "inputs": { "ready": "{{steps.look.output.ready}}" } },
                ],
                "edges": [
                    { "from": "begin", "to": "rounds" },
                    { "from": "rounds", "port": "loop", "to": "look" },
                    { "from": "look", "to": "rounds" },
                    { "from": "rounds", "to": "done" },
                ],
            }),
        }
    }
}
