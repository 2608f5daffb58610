//! The Conductor form and the stored form, which are read as one: a node that names no kind is an agent or, with a
//! tool, a tool.

mod read;
mod write;

pub(crate) use read::{edge_id, inputs, outputs, read, triggers, within};
pub(crate) use write::write;
