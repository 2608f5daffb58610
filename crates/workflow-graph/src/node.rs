//! A node: what every kind has in common.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::{fields::Fields, graph::ERROR, kind::Config, word::words};

words! {
    /// What happens when a node has failed for good.
    OnError {
        Stop => "stop" "The workflow fails.",
        Continue => "continue" "The failure is the node's output, with `success: false`, and the workflow goes on.",
        Fallback => "fallback" "The workflow goes on by the port `error`.",
    }
}

words! {
    /// How the delay between attempts grows.
    Backoff {
        Exponential => "exponential" "It doubles.",
        Fixed => "fixed" "It stays.",
    }
}

/// How often a failed node is tried again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Retry {
    /// How often at most, after the first attempt.
    pub max: u32,
    /// How long before the first repetition.
    pub delay_ms: u64,
    /// How that grows.
    pub backoff: Backoff,
}

/// Where and how the designer draws a node.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Layout {
    /// From the left.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub x: Option<i32>,
    /// From the top.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub y: Option<i32>,
    /// An emoji, where it is not the kind's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub icon: Option<String>,
    /// `#rrggbb`, where it is not the kind's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub color: Option<String>,
}

impl Layout {
    pub(crate) fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// A node of a workflow.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Node {
    /// Its id, unique in the workflow.
    pub id: String,
    /// Its name for people, where that is not its id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What it does, and how.
    #[serde(flatten)]
    pub config: Config,
    /// The agent that does it: the agent itself of an agent node, the acting one of others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// What it is given, with templates at any depth: a tool's arguments, an integration's fields, a subworkflow's
    /// inputs, the globals of code, the values of a transform.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub inputs: Map<String, Value>,
    /// An expression; the node is skipped where it does not hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub guard: Option<String>,
    /// What happens when it fails.
    pub on_error: OnError,
    /// How often it is tried again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry: Option<Retry>,
    /// How long one attempt may take.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u64>,
    /// Where it is drawn.
    #[serde(skip_serializing_if = "Layout::is_default")]
    pub layout: Layout,
}

impl Node {
    /// A node of this id that does this.
    #[must_use]
    pub fn new(id: impl Into<String>, config: impl Into<Config>) -> Self {
        Self { id: id.into(), config: config.into(), ..Self::default() }
    }

    /// The ports that edges may leave it by.
    #[must_use]
    pub fn ports(&self) -> Vec<String> {
        let mut ports = self.config.ports();
        if self.on_error == OnError::Fallback {
            ports.push(ERROR.to_owned());
        }
        ports
    }

    /// Reads what every form of a node has in common, beside id, name, kind and place.
    pub(crate) fn read_common(&mut self, fields: &mut Fields<'_>) {
        self.agent = fields.text("agent");
        self.inputs = fields.object("inputs").unwrap_or_default();
        self.guard = fields.text("guard");
        self.on_error = match fields.text("on_error").as_deref() {
            // The word of the format's table.
            Some("port") => OnError::Fallback,
            _ => fields.word("on_error").unwrap_or_default(),
        };
        self.timeout_ms = fields.whole("timeout_ms");
        self.retry = fields.fields("retry").map(|mut retry| {
            let read = Retry {
                max: retry.whole("max").unwrap_or_default(),
                delay_ms: retry.whole("delay_ms").unwrap_or_default(),
                backoff: retry.word("backoff").unwrap_or_default(),
            };
            retry.finish();
            read
        });
    }
}

impl Layout {
    pub(crate) fn read(fields: &mut Fields<'_>) -> Self {
        Self {
            x: fields.whole("x"),
            y: fields.whole("y"),
            icon: fields.text("icon"),
            color: fields.text("color"),
        }
    }
}
