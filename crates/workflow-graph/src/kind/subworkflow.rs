//! Another workflow runs, with the node's inputs as its own.

use serde::Serialize;

use super::{Found, Settings};
use crate::{Node, fields::Fields};

/// The settings of a subworkflow node.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Subworkflow {
    /// The workflow, by name.
    pub workflow: String,
    /// Its version; the published one where it is absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<u32>,
}

impl Settings for Subworkflow {
    fn read(fields: &mut Fields<'_>) -> Self {
        Self { workflow: fields.text("workflow").unwrap_or_default(), version: fields.whole("version") }
    }

    fn check(&self, _node: &Node, found: &mut Found<'_>) {
        found.require("/config/workflow", !self.workflow.is_empty());
    }
}
