//! Where a workflow begins: a place to draw. What starts it and what it is given stand at the workflow itself.

use serde::Serialize;

use super::Settings;
use crate::fields::Fields;

/// The settings of a start node: none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Start {}

impl Settings for Start {
    fn read(_fields: &mut Fields<'_>) -> Self {
        Self {}
    }
}
