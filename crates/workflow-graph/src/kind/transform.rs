//! A node whose output is what it is given, evaluated: it names, joins and calculates.

use serde::Serialize;

use super::Settings;
use crate::fields::Fields;

/// The settings of a transform node: none, its inputs say everything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Transform {}

impl Settings for Transform {
    fn read(_fields: &mut Fields<'_>) -> Self {
        Self {}
    }
}
