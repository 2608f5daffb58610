//! Reads a workflow in any of the three forms, prints what is wrong with it, and writes it as a canvas document.
//!
//! Run with `cargo run -p conductor-workflow-graph --example import [file]`.
#![expect(clippy::print_stdout, reason = "an example shows its answers")]

use conductor_workflow_graph::{Limits, Names, import, to_canvas};

const ORDERS: &str = include_str!("../tests/fixtures/hybrid/intelligent-order-processing.yaml");

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let text = match std::env::args().nth(1) {
        Some(file) => std::fs::read_to_string(file)?,
        None => ORDERS.to_owned(),
    };
    let imported = import(&text, &Limits::default(), &Names::any());
    for problem in &imported.problems {
        println!("{problem}");
    }
    let Some(graph) = imported.graph else { return Ok(()) };
    for node in &graph.nodes {
        let fields = graph.fields_read_from(&node.id);
        let fields: Vec<_> = fields.iter().map(|(field, of)| format!("{field}: {of}")).collect();
        println!("{} ({}) gives {{ {} }}", node.id, node.config.kind(), fields.join(", "));
    }
    println!("{}", serde_json::to_string_pretty(&to_canvas(&graph))?);
    Ok(())
}
