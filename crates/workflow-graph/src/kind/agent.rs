//! An agent answers: one of the registry, or one that is described here.

use serde::Serialize;
use serde_json::json;

use super::{About, Found, Settings, Texts, about};
use crate::{Node, fields::Fields, limits, problem::Code};

/// The settings of an agent node. The agent's name stands at the node; without one, prompt and model describe it.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Agent {
    /// What it is asked; without one, its inputs are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prompt: Option<String>,
    /// The model, where it is not the agent's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<Model>,
    /// How freely it answers, where that is not the agent's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f64>,
    /// The tools that it may use here, of its own; none of them where the list is empty, all where there is no list. What
    /// the agent may do is said in one place, so a node can take from that and add nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tools: Option<Vec<String>>,
    /// How often it may call tools before it has to answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_rounds: Option<u32>,
    /// Fields that its answer must have, beside those that later nodes read.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub output_fields: Vec<String>,
}

/// A model, as canvas documents name it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Model {
    /// Whose it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// Its name at the provider.
    pub name: String,
    /// Its name for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
}

impl Settings for Agent {
    fn read(fields: &mut Fields<'_>) -> Self {
        Self {
            prompt: fields.text("prompt"),
            model: fields.fields("model").map(|mut model| {
                let read = Model {
                    provider: model.text("provider"),
                    name: model.required_text("name"),
                    display_name: model.text("display_name"),
                };
                model.finish();
                read
            }),
            temperature: fields.number("temperature"),
            tools: fields.texts_within("tools", limits::TOOLS),
            max_rounds: fields.whole("max_rounds"),
            output_fields: fields.texts("output_fields").unwrap_or_default(),
        }
    }

    fn texts<'a>(&'a self, texts: &mut Texts<'a>) {
        texts.template("prompt", &self.prompt);
    }

    fn check(&self, node: &Node, found: &mut Found<'_>) {
        if node.agent.is_none() && self.prompt.is_none() {
            found.error("/agent", Code::MissingField, "an agent node names an agent or has a prompt");
        }
        if self.temperature.is_some_and(|temperature| !(0.0..=2.0).contains(&temperature)) {
            found.error("/config/temperature", Code::InvalidValue, "temperature lies between 0 and 2");
        }
        if self.max_rounds.is_some_and(|rounds| rounds > limits::ROUNDS) {
            let message = format!("an agent calls tools in at most {} rounds", limits::ROUNDS);
            found.error("/config/max_rounds", Code::InvalidValue, message);
        }
        for (tool, name) in self.tools.iter().flatten().enumerate() {
            if name.trim().is_empty() || name.chars().count() > limits::TOOL_NAME {
                let message = format!("the name of a tool has 1 to {} characters", limits::TOOL_NAME);
                found.error(&format!("/config/tools/{tool}"), Code::InvalidValue, message);
            }
        }
    }

    fn about() -> About {
        About {
            name: "Agent",
            inputs: "What the agent is to know, beside its prompt.",
            output: about::any("What it says: a text, or the fields that later nodes read."),
            settings: json!({
                "prompt": about::text("What it is asked, a template; without one, its inputs are."),
                "model": {
                    "type": "object", "additionalProperties": false, "required": ["name"],
                    "description": "The model, where it is not the agent's own.",
                    "properties": {
                        "provider": about::text("Who serves it, by name or vendor."),
                        "name": about::text("Its name at the provider."),
                        "display_name": about::text("Its name for people."),
                    },
                },
                "temperature": about::number("How freely it answers.", 0, 2),
                "tools": about::texts("Those of the agent's own tools that it may use here; none where the list is empty."),
                "max_rounds": about::whole("How often it may call tools before it has to answer.", 0),
                "output_fields": about::texts("Fields that its answer must have, beside those that later nodes read."),
            }),
            required: &[],
            example: json!({
                "nodes": [{
                    "id": "score", "kind": "agent",
                    "config": {
                        "prompt": "How urgent is this, from 0 to 1, and why? {{inputs.message}}",
                        "temperature": 0.2, "output_fields": ["urgency", "why"],
                    },
                }],
                "edges": [],
            }),
        }
    }
}
