//! The first case that holds is followed: two ways or many.

use serde::Serialize;
use serde_json::json;

use super::{About, Found, Role, Settings, Texts, about};
use crate::{Node, fields::Fields, graph::ELSE, limits, problem::Code};

/// The settings of a condition node.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Condition {
    /// The cases, in the order in which they are tried. Where none holds, no port is followed.
    pub cases: Vec<Case>,
}

/// A case and where it leads.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Case {
    /// The condition; without one the case always holds, and it is the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expression: Option<String>,
    /// The port that is followed.
    pub port: String,
}

impl Case {
    /// The port of the case at `index`, where the document names none.
    pub(crate) fn default_port(index: usize, expression: Option<&String>) -> String {
        if expression.is_some() { format!("case:{index}") } else { ELSE.to_owned() }
    }
}

impl Settings for Condition {
    fn read(fields: &mut Fields<'_>) -> Self {
        let cases =
            fields.each_within("cases", limits::PORTS).into_iter().enumerate().map(|(index, mut case)| {
                let expression = case.text("expression");
                let port = case.text("port");
                case.finish();
                Case {
                    port: port.unwrap_or_else(|| Case::default_port(index, expression.as_ref())),
                    expression,
                }
            });
        Self { cases: cases.collect() }
    }

    fn texts<'a>(&'a self, texts: &mut Texts<'a>) {
        for (index, case) in self.cases.iter().enumerate() {
            if let Some(expression) = &case.expression {
                texts.push(format!("/config/cases/{index}/expression"), Role::Condition, expression);
            }
        }
    }

    fn ports(&self) -> Vec<String> {
        self.cases.iter().map(|case| case.port.clone()).collect()
    }

    fn check(&self, _node: &Node, found: &mut Found<'_>) {
        found.require("/config/cases", !self.cases.is_empty());
        for (index, case) in self.cases.iter().enumerate() {
            let field = format!("/config/cases/{index}");
            if case.expression.is_none() && index + 1 < self.cases.len() {
                let message = "a case without a condition always holds, so it has to be the last";
                found.error(&field, Code::InvalidValue, message);
            }
            if self.cases.iter().take(index).any(|earlier| earlier.port == case.port) {
                let message = format!("the port {} belongs to an earlier case", case.port);
                found.error(&format!("{field}/port"), Code::DuplicateId, message);
            }
        }
    }

    fn about() -> About {
        About {
            name: "Condition",
            inputs: "None.",
            output: about::any("Which port was followed."),
            settings: json!({
                "cases": {
                    "type": "array", "description": "The cases, in the order in which they are tried.",
                    "minItems": 1, "maxItems": limits::PORTS,
                    "items": {
                        "type": "object", "additionalProperties": false,
                        "properties": {
                            "expression": about::text("The condition; only the last case may be without one."),
                            "port": about::text("The port that is followed."),
                        },
                    },
                },
            }),
            required: &["cases"],
            example: json!({
                "nodes": [
                    {
                        "id": "size", "kind": "condition",
                        "config": { "cases": [{ "expression": "inputs.total >= 100", "port": "large" }, { "port": "small" }] },
                    },
                    { "id": "asks", "kind": "transform", "inputs": { "approval": true } },
                    { "id": "goes", "kind": "transform", "inputs": { "approval": false } },
                ],
                "edges": [
                    { "from": "size", "port": "large", "to": "asks" },
                    { "from": "size", "port": "small", "to": "goes" },
                ],
            }),
        }
    }
}
