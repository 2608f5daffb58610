//! Where a workflow ends, and which of its outputs it has there.

use serde::Serialize;

use super::Settings;
use crate::{fields::Fields, limits};

/// The settings of an end node.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct End {
    /// The names of the workflow's outputs that are collected here; all where it is empty. Those that were never set
    /// are null.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub outputs: Vec<String>,
}

impl Settings for End {
    fn read(fields: &mut Fields<'_>) -> Self {
        Self { outputs: fields.texts_within("outputs", limits::DECLARED).unwrap_or_default() }
    }

    fn ports(&self) -> Vec<String> {
        Vec::new()
    }
}
