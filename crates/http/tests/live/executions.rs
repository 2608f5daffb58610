//! Runs of workflows, from outside: what each kind of node does, what people decide, what fails and how.

mod analysed;
mod broken;
mod calls;
mod chatted;
mod context;
mod flow;
mod hooks;
mod narrowed;
mod nodes;
mod people;
mod published;
mod replayed;
mod resumed;
mod samples;
mod servers;
mod shapes;
mod spent;
mod templates;
mod told;
mod tried;
mod triggers;

use conductor_test_support::Api;
use serde_json::{Value, json};

use crate::world::text;

/// A workflow in the stored form: nodes with an id, and edges as `from -> to` or `from.port -> to`.
pub(crate) fn graph(name: &str, nodes: Value, edges: &[&str]) -> Value {
    let all: Vec<(String, String, String)> = edges
        .iter()
        .map(|edge| {
            let (from, to) = edge.split_once(" -> ").unwrap();
            let (from, port) = from.split_once('.').unwrap_or((from, "out"));
            (from.to_owned(), port.to_owned(), to.to_owned())
        })
        .collect();
    let ids: Vec<String> = nodes.as_array().unwrap().iter().map(|node| text(&node["id"])).collect();
    let targets = |id: &&String| !all.iter().any(|(from, _, to)| to == *id && from != *id);
    let entry: Vec<&String> = ids.iter().filter(targets).take(1).collect();
    let entry = if entry.is_empty() { vec![&ids[0]] } else { entry };
    let exit: Vec<&String> = ids.iter().filter(|id| !all.iter().any(|(from, _, _)| from == *id)).collect();
    let edges: Vec<Value> = all
        .iter()
        .enumerate()
        .map(|(at, (from, port, to))| json!({ "id": format!("e{at}"), "from": from, "port": port, "to": to }))
        .collect();
    json!({
        "schema": "conductor.workflow/1", "name": name, "source_format": "native",
        "nodes": nodes, "edges": edges, "entry": entry, "exit": exit,
    })
}

/// Keeps a workflow and runs it by its name, until it ends or waits for somebody.
pub(crate) async fn run(api: &Api, graph: &Value, inputs: Value) -> Value {
    keep(api, graph).await;
    again(api, &text(&graph["name"]), inputs).await
}

pub(crate) async fn keep(api: &Api, graph: &Value) -> Value {
    api.post("/api/workflows/import", graph.clone()).await.created()
}

pub(crate) async fn again(api: &Api, name: &str, inputs: Value) -> Value {
    api.post(&format!("/api/workflows/execute/{name}"), json!({ "inputs": inputs })).await.ok()
}

/// How a run stands, once it has ended.
pub(crate) async fn ended(api: &Api, execution: &Value) -> Value {
    let id = text(&execution["execution_id"]);
    api.events(&id, 0).await.until("run.finished").await;
    api.get(&format!("/api/workflows/executions/{id}")).await.ok()
}

/// A node of a report.
pub(crate) fn step<'r>(report: &'r Value, id: &str) -> &'r Value {
    let steps = report["steps"].as_array().unwrap();
    steps.iter().find(|step| step["id"] == id).unwrap_or_else(|| panic!("{id} has not begun: {report}"))
}

pub(crate) fn completed(report: &Value) -> &Value {
    assert_eq!((&report["status"], &report["success"]), (&json!("completed"), &json!(true)), "{report}");
    &report["outputs"]
}
