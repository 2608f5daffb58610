//! A model looks at the work and says how sure it is of it.

use serde::Serialize;

use super::{Found, Settings, Texts};
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
}
