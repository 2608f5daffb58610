//! A graph as a document again: loss-free in the forms of nodes, refused where steps cannot say it, and texts as they were
//! written.

use serde_json::Value;

use crate::{Graph, canvas, conductor, hybrid, problem::Unsayable};

/// The Conductor form: short for agents and tools of MCP servers, with the stored form's fields for everything else.
#[must_use]
pub fn to_conductor(graph: &Graph) -> Value {
    conductor::write(graph)
}

/// The canvas form.
#[must_use]
pub fn to_canvas(graph: &Graph) -> Value {
    canvas::write(graph)
}

/// The Hybrid form, of a workflow that is a list of steps with branches.
///
/// # Errors
///
/// It is none: everything that steps cannot say, with the node and the reason.
pub fn to_hybrid(graph: &Graph) -> Result<Value, Unsayable> {
    hybrid::write(graph)
}

/// A document as YAML.
#[must_use]
pub fn to_yaml(document: &Value) -> String {
    let options = serde_saphyr::ser_options! {
        compact_list_indent: false,
        // Prompts and sentences stay on the line on which they were written.
        folded_wrap_chars: usize::MAX,
    };
    // The writer refuses settings and types that a tree of values does not have; JSON would be YAML too.
    serde_saphyr::to_string_with_options(document, options).unwrap_or_else(|_| document.to_string())
}
