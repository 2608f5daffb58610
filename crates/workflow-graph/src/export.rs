//! A graph as a document again: loss-free in each form, and texts as they were written.

use serde_json::Value;

use crate::{Graph, canvas, conductor};

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
