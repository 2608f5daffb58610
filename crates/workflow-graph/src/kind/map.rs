//! The body runs once for each item of a list; the output is the list of what the body gave.

use serde::Serialize;
use serde_json::json;

use super::{About, Found, Role, Settings, Texts, about};
use crate::{
    Node,
    fields::Fields,
    graph::{LOOP, OUT},
    problem::Code,
};

/// The settings of a map node. The port `loop` begins the body, whose last edge leads back; `out` goes on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Map {
    /// The expression that gives the list.
    pub over: String,
    /// The variable that holds the item in the body; `item` where it is absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub item: Option<String>,
    /// How many items may be worked on at a time; all where it is absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_concurrency: Option<u32>,
}

impl Map {
    /// The variable that holds the item in the body.
    #[must_use]
    pub fn item(&self) -> &str {
        self.item.as_deref().unwrap_or("item")
    }
}

impl Settings for Map {
    fn read(fields: &mut Fields<'_>) -> Self {
        Self {
            over: fields.text("over").unwrap_or_default(),
            item: fields.text("item"),
            max_concurrency: fields.whole("max_concurrency"),
        }
    }

    fn texts<'a>(&'a self, texts: &mut Texts<'a>) {
        if !self.over.is_empty() {
            texts.push("/config/over", Role::Expression, &self.over);
        }
    }

    fn ports(&self) -> Vec<String> {
        vec![OUT.to_owned(), LOOP.to_owned()]
    }

    fn check(&self, _node: &Node, found: &mut Found<'_>) {
        found.require("/config/over", !self.over.is_empty());
        if self.max_concurrency == Some(0) {
            found.error("/config/max_concurrency", Code::InvalidValue, "max_concurrency is at least 1");
        }
    }

    fn about() -> About {
        About {
            name: "For each",
            inputs: "None.",
            output: json!({ "type": "array", "description": "What the body gave, item by item." }),
            settings: json!({
                "over": about::text("The expression that gives the list."),
                "item": about::text("The variable that holds the item in the body; `item` without a name."),
                "max_concurrency": about::whole("How many items may be worked on at a time; all without a number.", 1),
            }),
            required: &["over"],
            example: json!({
                "nodes": [
                    { "id": "begin", "kind": "start" },
                    { "id": "each", "kind": "map", "config": { "over": "inputs.prices", "item": "price" } },
                    { "id": "gross", "kind": "transform", "inputs": { "value": "{{var.price * 1.19}}" } },
                    { "id": "done", "kind": "transform", "inputs": { "prices": "{{steps.each.output}}" } },
                ],
                "edges": [
                    { "from": "begin", "to": "each" },
                    { "from": "each", "port": "loop", "to": "gross" },
                    { "from": "gross", "to": "each" },
                    { "from": "each", "to": "done" },
                ],
            }),
        }
    }
}
