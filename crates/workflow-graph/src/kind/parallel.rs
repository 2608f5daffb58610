//! All ways out are followed at once, some at a time.

use serde::Serialize;

use super::{Found, Settings};
use crate::{Node, fields::Fields, problem::Code};

/// The settings of a parallel node. Nodes run in parallel without one; it bounds how many.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Parallel {
    /// How many of its ways may run at a time; all where it is absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_concurrency: Option<u32>,
}

impl Settings for Parallel {
    fn read(fields: &mut Fields<'_>) -> Self {
        Self { max_concurrency: fields.whole("max_concurrency") }
    }

    fn check(&self, _node: &Node, found: &mut Found<'_>) {
        if self.max_concurrency == Some(0) {
            found.error("/config/max_concurrency", Code::InvalidValue, "max_concurrency is at least 1");
        }
    }
}
