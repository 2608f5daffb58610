//! Workflows on the real binary: programs in the sandbox, and runs over kill -9.

use std::{collections::HashMap, time::Duration};

use conductor_test_support::{Api, Event, Server, Target};
use rand::Rng;
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

/// Runs that send something for each of three orders, with pauses between, so that a kill finds each at another point.
fn shipping(target: &Target) -> Value {
    let nodes = json!([
        { "id": "each", "kind": "map", "config": { "over": "input.orders", "item": "order", "max_concurrency": 2 } },
        { "id": "pause", "kind": "wait", "config": { "duration_ms": 15 } },
        { "id": "ship", "kind": "http", "config": {
            "method": "POST", "url": target.url(), "endpoint": "/ship/${input.batch}/{{var.order}}", "body": {},
        } },
        { "id": "look", "kind": "http", "config": { "method": "GET", "url": target.url(), "endpoint": "/look" } },
        { "id": "end", "kind": "end" },
    ]);
    let edges = [
        ("each", "loop", "pause"),
        ("pause", "out", "ship"),
        ("ship", "out", "look"),
        ("look", "out", "each"),
        ("each", "out", "end"),
    ];
    flow("shipping", &nodes, &edges, "each", "end")
}

#[tokio::test]
async fn no_run_is_lost_or_stuck_and_nothing_is_sent_twice_whenever_the_server_dies() {
    const KILLS: usize = 12;
    const RUNS: usize = 4;
    let target = Target::start().await;
    let mut server = Server::configure()
        .env("CONDUCTOR_EGRESS_ALLOW", "127.0.0.1/32")
        .env("CONDUCTOR_LIMIT_USER_PER_MINUTE", "100000")
        .start()
        .await;
    let api = server.set_up().await;
    api.post("/api/workflows/import", shipping(&target)).await.created();
    let mut accepted: HashMap<String, String> = HashMap::new();
    for kill in 0..KILLS {
        for run in 0..RUNS {
            let batch = format!("{kill}-{run}");
            let body =
                json!({ "workflow": "shipping", "inputs": { "batch": batch, "orders": ["a", "b", "c"] } });
            let started = api.post("/api/execute/workflow", body).await.created();
            accepted.insert(text(&started["run"]["id"]), batch);
        }
        // The moment is random on purpose; what is checked holds at every one.
        let moment = Duration::from_millis(rand::rng().random_range(0..180));
        tokio::time::sleep(moment).await;
        server.kill().await;
        server.restart().await;
    }
    let sent = |path: &str| target.asked().iter().filter(|asked| asked.path == path).count();
    let mut doubted = 0;
    for (run, batch) in &accepted {
        // Whoever is asked whether a call took effect looks at the target, as its operator would.
        let mut events = api.events(run, 0).await;
        let mut asked = false;
        let stops = |event: &Event| {
            event.name == "run.finished"
                || (event.name == "approval.requested"
                    && event.data["human_task"]["kind"] == "ambiguous_effect")
        };
        loop {
            let event = events.until_event("the end, or a question", stops).await;
            if event.name == "run.finished" {
                break;
            }
            let task = &event.data["human_task"];
            let took_effect = sent(&text(&task["arguments"]["endpoint"])) > 0;
            asked = true;
            let decision = if took_effect { "took_effect" } else { "repeat" };
            let path = format!("/api/tasks/{}/decide", text(&task["id"]));
            api.post(&path, json!({ "decision": decision })).await.ok();
        }
        doubted += usize::from(asked);
        let report = api.get(&format!("/api/workflows/executions/{run}")).await.ok();
        assert_eq!(report["status"], "completed", "{report}");
        for order in ["a", "b", "c"] {
            assert_eq!(sent(&format!("/ship/{batch}/{order}")), 1, "{batch}/{order}: {report}");
        }
    }
    assert!(doubted * 2 <= KILLS * RUNS, "somebody was asked in {doubted} of {} runs", KILLS * RUNS);
}
