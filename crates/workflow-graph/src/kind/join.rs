//! Waits for the ways that lead to it. Every node with several edges waits for all of them; a join may wait for one.

use serde::Serialize;

use super::Settings;
use crate::{fields::Fields, word::words};

words! {
    /// For how many of the ways.
    JoinMode {
        All => "all" "For all that are still alive.",
        Any => "any" "For the first.",
    }
}

/// The settings of a join node.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Join {
    /// For how many of the ways it waits.
    pub mode: JoinMode,
}

impl Settings for Join {
    fn read(fields: &mut Fields<'_>) -> Self {
        Self { mode: fields.word("mode").unwrap_or_default() }
    }
}
