//! A person decides.

use serde::Serialize;
use serde_json::json;

use super::{About, Found, Settings, Texts, about};
use crate::{Node, fields::Fields, graph::OUT, limits, problem::Code, word::words};

words! {
    /// How urgent a decision is.
    Priority {
        Normal => "normal" "As everything.",
        Low => "low" "Whenever there is time.",
        High => "high" "Before the others.",
        Urgent => "urgent" "Now.",
    }
}

/// The settings of a human node. Each decision has its port `decision:<name>`; the first one leaves by `out` where that
/// has no edge, and another without an edge sends the work back once to the nearest agent before it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Human {
    /// What it is about, in a line.
    pub title: String,
    /// What is to be looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// How urgent it is.
    pub priority: Priority,
    /// What can be decided; `approve` and `reject` where it is empty.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub decisions: Vec<String>,
    /// Who may decide: users, roles, teams; whoever may run the workflow where it is empty.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub assignees: Vec<String>,
    /// How they are told.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub channels: Vec<String>,
    /// Whether a decision needs a comment.
    pub comment_required: bool,
    /// How long there is to decide.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due_ms: Option<u64>,
    /// Who decides when that has passed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub escalate_to: Vec<String>,
}

impl Human {
    /// What can be decided.
    #[must_use]
    pub fn decisions(&self) -> Vec<&str> {
        if self.decisions.is_empty() {
            return vec!["approve", "reject"];
        }
        self.decisions.iter().map(String::as_str).collect()
    }
}

impl Settings for Human {
    fn read(fields: &mut Fields<'_>) -> Self {
        Self {
            title: fields.text("title").unwrap_or_default(),
            message: fields.text("message"),
            priority: fields.word("priority").unwrap_or_default(),
            decisions: fields.texts_within("decisions", limits::PORTS).unwrap_or_default(),
            assignees: fields.texts("assignees").unwrap_or_default(),
            channels: fields.texts("channels").unwrap_or_default(),
            comment_required: fields.boolean("comment_required").unwrap_or_default(),
            due_ms: fields.whole("due_ms"),
            escalate_to: fields.texts("escalate_to").unwrap_or_default(),
        }
    }

    fn texts<'a>(&'a self, texts: &mut Texts<'a>) {
        texts.template("title", &self.title);
        texts.template("message", &self.message);
    }

    fn ports(&self) -> Vec<String> {
        let decisions = self.decisions().into_iter().map(|decision| format!("decision:{decision}"));
        std::iter::once(OUT.to_owned()).chain(decisions).collect()
    }

    fn check(&self, _node: &Node, found: &mut Found<'_>) {
        found.require("/config/title", !self.title.is_empty());
        for (index, decision) in self.decisions.iter().enumerate() {
            if decision.is_empty() || self.decisions.iter().take(index).any(|earlier| earlier == decision) {
                let message = "each decision has a name of its own";
                found.error(&format!("/config/decisions/{index}"), Code::DuplicateId, message);
            }
        }
        if !self.escalate_to.is_empty() && self.due_ms.is_none() {
            let message = "escalation needs due_ms, after which it happens";
            found.error("/config/due_ms", Code::MissingField, message);
        }
    }

    fn about() -> About {
        About {
            name: "Human approval",
            inputs: "None.",
            output: about::fields(
                "What was decided.",
                json!({
                    "decision": about::text("The decision."),
                    "comment": about::text("What was said with it."),
                    "decided_by": about::text("Who decided."),
                    "decided_at": about::text("When."),
                }),
            ),
            settings: json!({
                "title": about::text("What it is about, in a line; a template."),
                "message": about::text("What is to be looked at; a template."),
                "priority": about::word::<Priority>("How urgent it is."),
                "decisions": about::texts("What can be decided; `approve` and `reject` without any."),
                "assignees": about::texts("Who may decide; whoever may run the workflow without any."),
                "channels": about::texts("How they are told."),
                "comment_required": about::flag("Whether a decision needs a comment."),
                "due_ms": about::whole("How long there is to decide.", 0),
                "escalate_to": about::texts("Who decides when that has passed."),
            }),
            required: &["title"],
            example: json!({
                "nodes": [
                    {
                        "id": "ask", "kind": "human",
                        "config": { "title": "Pay {{inputs.amount}}?", "priority": "high", "decisions": ["approve", "reject"] },
                    },
                    { "id": "paid", "kind": "transform", "inputs": { "paid": true } },
                    { "id": "unpaid", "kind": "transform", "inputs": { "paid": false } },
                ],
                "edges": [
                    { "from": "ask", "port": "decision:approve", "to": "paid" },
                    { "from": "ask", "port": "decision:reject", "to": "unpaid" },
                ],
            }),
        }
    }
}
