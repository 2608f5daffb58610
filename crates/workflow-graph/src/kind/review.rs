//! A model looks at the work and says how sure it is of it.

use serde::Serialize;
use serde_json::json;

use super::{About, Found, Settings, Texts, about};
use crate::{
    Node,
    fields::Fields,
    graph::{FAIL, OUT},
    problem::Code,
};

/// The settings of a review node. Below its confidence it leaves by `fail`; without an edge there, the work goes back
/// once to the nearest agent before it, with the remarks.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Review {
    /// What it looks at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prompt: Option<String>,
    /// How sure it has to be, from 0 to 1; 0.9 where it is absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_confidence: Option<f64>,
    /// How often the work may come back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_rounds: Option<u32>,
}

impl Settings for Review {
    fn read(fields: &mut Fields<'_>) -> Self {
        Self {
            prompt: fields.text("prompt"),
            min_confidence: fields.number("min_confidence"),
            max_rounds: fields.whole("max_rounds"),
        }
    }

    fn texts<'a>(&'a self, texts: &mut Texts<'a>) {
        texts.template("prompt", &self.prompt);
    }

    fn ports(&self) -> Vec<String> {
        vec![OUT.to_owned(), FAIL.to_owned()]
    }

    fn check(&self, _node: &Node, found: &mut Found<'_>) {
        found.require("/config/prompt", self.prompt.is_some());
        if self.min_confidence.is_some_and(|confidence| !(0.0..=1.0).contains(&confidence)) {
            let message = "min_confidence lies between 0 and 1";
            found.error("/config/min_confidence", Code::InvalidValue, message);
        }
    }

    fn about() -> About {
        About {
            name: "Self-review",
            inputs: "None: it looks at what the ways gave that lead here.",
            output: about::fields(
                "What the review says.",
                json!({
                    "passed": about::flag("Whether it is sure enough."),
                    "confidence": about::number("How sure it is.", 0, 1),
                    "remarks": about::text("What has to change."),
                }),
            ),
            settings: json!({
                "prompt": about::text("What it looks at, a template."),
                "min_confidence": about::number("How sure it has to be; 0.9 without a number.", 0, 1),
                "max_rounds": about::whole("How often the work may come back.", 0),
            }),
            required: &["prompt"],
            example: json!({
                "nodes": [
                    { "id": "write", "kind": "agent", "config": { "prompt": "Write an offer for {{inputs.company}}." } },
                    {
                        "id": "check", "kind": "review",
                        "config": { "prompt": "Has the offer a price and a date?", "min_confidence": 0.8 },
                    },
                ],
                "edges": [{ "from": "write", "to": "check" }],
            }),
        }
    }
}
