//! Time passes, or an event arrives.

use serde::Serialize;
use serde_json::json;

use super::{About, Found, Settings, Texts, about};
use crate::{Node, fields::Fields, problem::Code};

/// The settings of a wait node: one of the three.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Wait {
    /// For so long.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<u64>,
    /// Until this time, in ISO 8601.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// For an event or webhook of this name; what it carries is the output.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
}

impl Settings for Wait {
    fn read(fields: &mut Fields<'_>) -> Self {
        Self {
            duration_ms: fields.whole("duration_ms"),
            until: fields.text("until"),
            event: fields.text("event"),
        }
    }

    fn texts<'a>(&'a self, texts: &mut Texts<'a>) {
        texts.template("until", &self.until);
        texts.template("event", &self.event);
    }

    fn check(&self, _node: &Node, found: &mut Found<'_>) {
        let ways = [self.duration_ms.is_some(), self.until.is_some(), self.event.is_some()];
        if ways.into_iter().filter(|given| *given).count() != 1 {
            let message = "a wait node has one of duration_ms, until and event";
            found.error("/config", Code::MissingField, message);
        }
    }

    fn about() -> About {
        About {
            name: "Wait",
            inputs: "None.",
            output: about::any("What the event carried; nothing after a time."),
            settings: json!({
                "duration_ms": about::whole("For so long; one of the three.", 0),
                "until": about::text("Until this time, in ISO 8601; one of the three."),
                "event": about::text("For an event or webhook of this name; one of the three."),
            }),
            required: &[],
            example: json!({
                "nodes": [{ "id": "minute", "kind": "wait", "config": { "duration_ms": 60_000 } }],
                "edges": [],
            }),
        }
    }
}
