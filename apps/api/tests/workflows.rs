//! Workflows on the real binary: programs in the sandbox, those that would use up everything, and payloads that are too
//! large.

#![expect(clippy::unwrap_used, reason = "clippy knows tests by their attribute, not their helpers")]

use conductor_test_support::{Api, Server, Target};
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

async fn begin(api: &Api, name: &str, inputs: Value) -> String {
    let body = json!({ "workflow": name, "inputs": inputs });
    text(&api.post("/api/execute/workflow", body).await.created()["run"]["id"])
}

async fn ended(api: &Api, run: &str) -> Value {
    api.events(run, 0).await.until("run.finished").await;
    api.get(&format!("/api/workflows/executions/{run}")).await.ok()
}

async fn execute(api: &Api, name: &str, inputs: Value) -> Value {
    let run = begin(api, name, inputs).await;
    ended(api, &run).await
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

/// Programs that would use up everything: how they are written, the code of what becomes of them, and what it says.
const GREEDY: [(&str, &str, &str, &str, &str); 8] = [
    ("forks", "python", "import os\nwhile True: os.fork()", "program_failed", "PermissionError"),
    (
        "forks-on",
        "python",
        "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass",
        "program_timed_out",
        "8s of time",
    ),
    (
        "threads",
        "python",
        "import threading, time\nwhile True: threading.Thread(target=time.sleep, args=(1000,)).start()",
        "program_failed",
        "can't start new thread",
    ),
    (
        "allocates",
        "python",
        "x = []\nwhile True: x.append('x' * 1000000)",
        "program_out_of_memory",
        "536870912 bytes of memory",
    ),
    ("loops", "python", "while True: pass", "program_timed_out", "8s of time"),
    ("loops-too", "javascript", "for (;;) {}", "program_timed_out", "8s of time"),
    (
        "prints",
        "python",
        "while True: print('x' * 1000)",
        "program_output_too_large",
        "larger than 1048576 bytes",
    ),
    ("gives", "python", "x = 'x' * 10_000_000", "program_output_too_large", "larger than 1048576 bytes"),
];

/// A program between a node that gave something and nodes that go on from it, whichever way it ends.
fn between(name: &str, language: &str, code: &str, on_error: &str) -> Value {
    let saying = json!({
        "way": name, "code": "{{steps.bad.output.code}}", "says": "{{steps.bad.output.error}}",
        "kept": "{{steps.first.output.kept}}",
    });
    let again = "answer = kept + '!'";
    let nodes = json!([
        { "id": "first", "kind": "transform", "inputs": { "kept": "{{input.word}}" } },
        {
            "id": "bad", "kind": "code", "config": { "language": language, "code": code }, "on_error": on_error,
            "retry": { "max": 3, "delay_ms": 0, "backoff": "fixed" },
        },
        { "id": "after", "kind": "transform", "inputs": saying },
        {
            "id": "instead", "kind": "code", "config": { "language": "python", "code": again },
            "inputs": { "kept": "{{steps.first.output.kept}}" },
        },
    ]);
    let mut edges = vec![("first", "out", "bad"), ("bad", "out", "after")];
    if on_error == "fallback" {
        edges.push(("bad", "error", "instead"));
    } else {
        edges.push(("after", "out", "instead"));
    }
    let mut document = flow(name, &nodes, &edges, "first", "instead");
    if on_error == "fallback" {
        document["exit"] = json!(["after", "instead"]);
    }
    document
}

fn step<'r>(report: &'r Value, id: &str) -> &'r Value {
    let steps = report["steps"].as_array().unwrap();
    steps.iter().find(|step| step["id"] == id).unwrap_or(&Value::Null)
}

#[tokio::test]
async fn a_program_that_would_use_up_everything_is_an_error_of_its_node() {
    let mut server = Server::configure().env("CONDUCTOR_CODE_WALL_MS", "8000").start().await;
    let api = server.set_up().await;
    let mut runs = Vec::new();
    for (name, language, code, failure, says) in GREEDY {
        for on_error in ["stop", "continue", "fallback"] {
            let name = format!("{name}-{on_error}");
            api.post("/api/workflows/import", between(&name, language, code, on_error)).await.created();
            runs.push((begin(&api, &name, json!({ "word": name })).await, name, on_error, failure, says));
        }
    }
    // It answers while they try.
    api.get("/health").await.ok();
    for (run, name, on_error, failure, says) in runs {
        let report = ended(&api, &run).await;
        assert_eq!(step(&report, "first")["output"]["kept"], name.as_str(), "{report}");
        let bad = step(&report, "bad");
        assert_eq!((&bad["status"], &bad["error"]["code"]), (&json!("failed"), &json!(failure)), "{report}");
        assert!(text(&bad["error"]["detail"]).contains(says), "{report}");
        assert_eq!(bad["attempts"], 1, "the same again meets the same: {report}");
        let after = &step(&report, "after")["output"];
        if on_error == "stop" {
            let error = &report["error"];
            assert_eq!((&report["status"], &error["source"]), (&json!("failed"), &json!("bad")), "{report}");
            assert_eq!(error["code"], failure, "{report}");
            assert!(text(&error["message"]).contains(says), "{report}");
            continue;
        }
        assert_eq!(report["status"], "completed", "{report}");
        assert_eq!(report["outputs"]["answer"], format!("{name}!"), "{report}");
        if on_error == "continue" {
            assert_eq!((&after["code"], &after["kept"]), (&json!(failure), &json!(name)), "{report}");
            assert!(text(&after["says"]).contains(says), "{report}");
        } else {
            assert_eq!(after, &Value::Null, "{report}");
        }
    }
    api.get("/health").await.ok();
    assert!(!server.process().has_ended());
}

const MIB: usize = 1024 * 1024;

/// The most memory that a server has had so far.
fn most_memory(server: &mut Server) -> usize {
    let id = server.process().id().unwrap();
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() * 1024
}

#[tokio::test]
async fn payloads_of_50_mb_are_told_their_limit_and_are_not_held_in_memory() {
    let target = Target::start().await;
    let mut server = Server::configure().env("CONDUCTOR_EGRESS_ALLOW", "127.0.0.1/32").start().await;
    let api = server.set_up().await;
    let fetches = |name: &str, method: &str, on_error: &str| {
        let mut config = json!({ "method": method, "url": target.url() });
        if method == "POST" {
            config["body"] = json!({});
        }
        let nodes = json!([
            { "id": "fetch", "kind": "http", "config": config, "on_error": on_error },
            { "id": "end", "kind": "transform", "inputs": {
                "ok": "{{steps.fetch.output.success}}", "code": "{{steps.fetch.output.code}}",
            } },
        ]);
        flow(name, &nodes, &[("fetch", "out", "end")], "fetch", "end")
    };
    for document in [
        fetches("reads", "GET", "stop"),
        fetches("goes-on", "GET", "continue"),
        fetches("sends", "POST", "stop"),
    ] {
        api.post("/api/workflows/import", document).await.created();
    }
    // So that what a first request takes is not counted.
    assert_eq!(execute(&api, "reads", json!({})).await["outputs"]["ok"], true);
    let before = most_memory(&mut server);

    let large = "x".repeat(50 * MIB);
    let too_large = "the answer is larger than 10485760 bytes";
    for _ in 0..3 {
        target.push(200, json!(large));
        let report = execute(&api, "reads", json!({})).await;
        assert_eq!((&report["status"], &report["error"]["source"]), (&json!("failed"), &json!("fetch")));
        assert_eq!(report["error"]["code"], "response_too_large", "{report}");
        assert!(text(&report["error"]["message"]).contains(too_large), "{report}");
    }
    target.push(200, json!(large));
    let report = execute(&api, "goes-on", json!({})).await;
    assert_eq!(report["outputs"], json!({ "ok": false, "code": "response_too_large" }), "{report}");

    // What was sent may have taken effect: a person is asked, and told why nobody knows.
    target.push(200, json!(large));
    let run = begin(&api, "sends", json!({})).await;
    let asked = api.events(&run, 0).await.until("approval.requested").await.data["human_task"].clone();
    assert_eq!(asked["kind"], "ambiguous_effect", "{asked}");
    assert!(text(&asked["message"]).contains(too_large), "{asked}");
    let decide = format!("/api/tasks/{}/decide", text(&asked["id"]));
    api.post(&decide, json!({ "decision": "took_effect" })).await.ok();
    assert_eq!(ended(&api, &run).await["status"], "completed");

    let body = json!({ "workflow": "reads", "inputs": { "text": large } }).to_string();
    for _ in 0..3 {
        let path = "/api/execute/workflow";
        let answer = api.raw(reqwest::Method::POST, path, "application/json", body.clone()).await;
        let problem = answer.problem(413, "body_too_large");
        assert!(text(&problem["detail"]).contains("4194304 bytes"), "{problem}");
    }
    let grown = most_memory(&mut server).saturating_sub(before) / MIB;
    assert!(grown < 100, "400 MiB were sent to it, and it grew by {grown} MiB");

    // What is smaller works.
    let inputs = json!({ "text": "x".repeat(4 * MIB - 1_000) });
    assert_eq!(execute(&api, "reads", inputs).await["status"], "completed");
    target.push(200, json!("x".repeat(5 * MIB)));
    assert_eq!(execute(&api, "reads", json!({})).await["outputs"]["ok"], true);
}
