//! Workflows on the real binary: programs in the sandbox.

use conductor_test_support::{Api, Server};
use serde_json::{Value, json};

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}

fn flow(name: &str, nodes: &Value, edges: &[(&str, &str, &str)], entry: &str, exit: &str) -> Value {
    let edges: Vec<Value> = edges
        .iter()
        .enumerate()
        .map(|(at, (from, port, to))| json!({ "id": format!("e{at}"), "from": from, "port": port, "to": to }))
        .collect();
    json!({
        "schema": "conductor.workflow/1", "name": name, "source_format": "native",
        "nodes": nodes, "edges": edges, "entry": [entry], "exit": [exit],
    })
}

async fn execute(api: &Api, name: &str, inputs: Value) -> Value {
    let body = json!({ "workflow": name, "inputs": inputs });
    let run = text(&api.post("/api/execute/workflow", body).await.created()["run"]["id"]);
    api.events(&run, 0).await.until("run.finished").await;
    api.get(&format!("/api/workflows/executions/{run}")).await.ok()
}

/// The pricing of the proposal sample.
const PRICING: &str = "
hours = {'partner': 100, 'manager': 300, 'consultant': 800}
rates = {'partner': 450, 'manager': 275, 'consultant': 175}
cost = sum(hours[who] * rates[who] for who in hours)
margin = 0.25
base_price = cost / (1 - margin)
factor = 0.9 if win_probability < 50 else 1.0
final_price = base_price * factor
print(f'Recommended price: ${final_price:,.0f}')
";

#[tokio::test]
async fn a_program_reads_what_the_workflow_knows_and_gives_what_it_assigns() {
    let mut server = Server::configure().start().await;
    let api = server.set_up().await;
    let nodes = json!([
        { "id": "score", "kind": "transform", "inputs": { "win_probability": "{{input.score}}" } },
        { "id": "price", "kind": "code", "config": { "language": "python", "code": PRICING } },
        { "id": "round", "kind": "code", "inputs": { "exact": "{{final_price}}" }, "config": {
            "language": "javascript", "code": "const rounded = Math.round(exact);",
        } },
        { "id": "end", "kind": "transform", "inputs": {
            "price": "{{steps.round.output.rounded}}", "cost": "{{steps.price.output.cost}}",
            "says": "{{steps.price.output.stdout}}",
        } },
    ]);
    let edges = [("score", "out", "price"), ("price", "out", "round"), ("round", "out", "end")];
    api.post("/api/workflows/import", flow("pricing", &nodes, &edges, "score", "end")).await.created();
    for (score, price) in [(40, 321_000), (60, 356_667)] {
        let report = execute(&api, "pricing", json!({ "score": score })).await;
        assert_eq!(report["status"], "completed", "{report}");
        assert_eq!(
            (&report["outputs"]["price"], &report["outputs"]["cost"]),
            (&json!(price), &json!(267_500))
        );
        assert!(text(&report["outputs"]["says"]).starts_with("Recommended price: $3"), "{report}");
    }

    for (name, code, error) in [
        ("reads", "secret = open('/etc/passwd').read()", "program_failed"),
        ("connects", "import socket\nsocket.create_connection(('127.0.0.1', 8420))", "program_failed"),
        ("divides", "x = 1 / 0", "program_failed"),
        ("imports", "import numpy", "program_failed"),
    ] {
        let nodes =
            json!([{ "id": "run", "kind": "code", "config": { "language": "python", "code": code } }]);
        api.post("/api/workflows/import", flow(name, &nodes, &[], "run", "run")).await.created();
        let report = execute(&api, name, json!({})).await;
        assert_eq!(
            (&report["status"], &report["error"]["source"]),
            (&json!("failed"), &json!("run")),
            "{report}"
        );
        assert_eq!(report["error"]["code"], error, "{report}");
    }
    let packages = json!([{ "id": "run", "kind": "code", "config": { "language": "python", "code": "x = 1", "packages": ["requests"] } }]);
    api.post("/api/workflows/import", flow("packaged", &packages, &[], "run", "run")).await.created();
    let report = execute(&api, "packaged", json!({})).await;
    assert_eq!(report["error"]["code"], "package_not_approved", "{report}");
    api.get("/health").await.ok();
}
