//! What runs of workflows spend: on the run, by its nodes, and in the usage ledger, which are of one mind.

use conductor_test_support::{Gate, Provider, Reply};
use serde_json::{Value, json};

use super::{again, completed, ended, graph, keep, step};
use crate::world::{World, text};

/// A decimal of the wire as billionths.
fn nanos(value: &Value) -> i64 {
    conductor_domain::nanos_of_decimal(value.as_str().unwrap()).unwrap()
}

/// Tokens in, tokens out and cost, of whatever has them.
fn spent(value: &Value) -> (i64, i64, i64) {
    let tokens = |name: &str| value[name].as_i64().unwrap_or_else(|| panic!("{name} of {value}"));
    (tokens("input_tokens"), tokens("output_tokens"), nanos(&value["cost"]))
}

fn sum<'v>(values: impl IntoIterator<Item = &'v Value>) -> (i64, i64, i64) {
    let add = |a: (i64, i64, i64), b: (i64, i64, i64)| (a.0 + b.0, a.1 + b.1, a.2 + b.2);
    values.into_iter().map(spent).fold((0, 0, 0), add)
}

/// An installation with an agent of a model that costs something: the catalogue says 0.0025 and 0.01 a thousand tokens.
async fn priced(provider: &Provider) -> World {
    let world = World::with_provider(provider.url(), "sk-scripted").await;
    world.admin.post("/api/agents", json!({ "name": "Sales", "model": "gpt-4o" })).await.created();
    world
}

fn asks(id: &str, prompt: &str) -> Value {
    json!({ "id": id, "kind": "agent", "agent": "sales", "config": { "prompt": prompt } })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_its_nodes_and_the_ledger_say_the_same_of_what_was_spent() {
    let provider = Provider::start().await;
    let world = priced(&provider).await;
    keep(&world.admin, &graph("below", json!([asks("inner", "Say ${input.n}.")]), &[])).await;
    let mut first = asks("first", "Greet.");
    first["retry"] = json!({ "max": 1, "delay_ms": 1 });
    let nodes = json!([
        first,
        { "id": "each", "kind": "map", "config": { "over": "input.lines", "item": "line", "max_concurrency": 3 } },
        asks("line", "Read {{var.line}}."),
        { "id": "sub", "kind": "subworkflow", "config": { "workflow": "below" }, "inputs": { "n": "{{1}}" } },
        { "id": "end", "kind": "transform", "inputs": { "n": "{{1}}" } },
    ]);
    let edges = ["first -> each", "each.loop -> line", "line -> each", "each -> sub", "sub -> end"];
    let kept = keep(&world.admin, &graph("spends", nodes, &edges)).await;
    // The first attempt is cut in the middle, and what was seen of it is charged about.
    provider.push(Reply::text("half of an ").cut());
    for _ in 0..5 {
        provider.push(Reply::text("Done.").usage(1_000, 100));
    }
    let begun = again(&world.admin, "spends", json!({ "lines": ["a", "b", "c"] })).await;
    let report = ended(&world.admin, &begun).await;
    completed(&report);
    let whole = spent(&report["run"]);
    assert!(whole.0 > 5_000 && whole.1 > 500 && whole.2 > 5 * 3_500_000, "the cut attempt counts: {whole:?}");
    assert_eq!(sum(report["steps"].as_array().unwrap()), whole, "{report}");
    assert_eq!(step(&report, "first")["attempts"], 2);
    assert!(spent(step(&report, "first")) > (1_000, 100, 3_500_000));
    assert_eq!(spent(step(&report, "line")), (3_000, 300, 10_500_000));
    assert_eq!(spent(step(&report, "sub")), (1_000, 100, 3_500_000));
    assert_eq!(spent(step(&report, "end")), (0, 0, 0));

    let id = text(&kept["id"]);
    let page = world.admin.get(&format!("/api/workflows/{id}/executions")).await.ok();
    assert_eq!(spent(&page["items"][0]), whole);
    let org = world.organization(&world.admin).await;
    for path in [format!("/api/v1/orgs/{org}/runs/cost-summary"), format!("/api/usage/workflows/{id}")] {
        assert_eq!(spent(&world.admin.get(&path).await.ok()["totals"][0]), whole, "{path}");
    }
    // What runs below another run is counted for both workflows, and for neither twice.
    let named = world.admin.get("/api/workflows?limit=10").await.ok();
    let below =
        named["items"].as_array().unwrap().iter().find(|workflow| workflow["name"] == "below").unwrap();
    let below = text(&below["id"]);
    let usage = world.admin.get(&format!("/api/usage/workflows/{below}")).await.ok();
    assert_eq!(spent(&usage["totals"][0]), (1_000, 100, 3_500_000));
    let page = world.admin.get(&format!("/api/workflows/{below}/executions")).await.ok();
    assert_eq!(spent(&page["items"][0]), (1_000, 100, 3_500_000));
    // Whoever is outside sees neither.
    let stranger = world.stranger().await;
    stranger.get(&format!("/api/usage/workflows/{id}")).await.problem(404, "not_found");
    let execution = format!("/api/workflows/executions/{}", text(&report["execution_id"]));
    stranger.get(&execution).await.problem(404, "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sum_grows_while_a_run_goes_on_and_what_was_spent_stays_when_it_is_stopped() {
    let provider = Provider::start().await;
    let world = priced(&provider).await;
    let nodes = json!([asks("one", "First."), asks("two", "Then.")]);
    let kept = keep(&world.admin, &graph("grows", nodes, &["one -> two"])).await;
    let gate = Gate::closed();
    provider.push(Reply::text("Done.").usage(1_000, 100));
    provider.push(Reply::text("Never.").wait(&gate).usage(1_000, 100));
    let path = format!("/api/workflows/{}/execute", text(&kept["id"]));
    let run = text(&world.admin.post(&path, json!({})).await.created()["run"]["id"]);
    let mut events = world.admin.events(&run, 0).await;
    // The second node has begun once its call goes on as a run.
    events.until("node.finished").await;
    events.until("tool.delegated").await;
    let report = world.admin.get(&format!("/api/workflows/executions/{run}")).await.ok();
    // It may have put itself down until the agent answers, or not yet.
    assert!(["running", "waiting"].contains(&report["status"].as_str().unwrap()), "{report}");
    assert_eq!(spent(&report["run"]), (1_000, 100, 3_500_000));
    assert_eq!(spent(step(&report, "two")), (0, 0, 0));
    let _ = world.admin.post(&format!("/api/execute/{run}/cancel"), json!({})).await.status(202);
    let report = ended(&world.admin, &json!({ "execution_id": run })).await;
    assert_eq!(report["status"], "cancelled");
    assert!(spent(&report["run"]) >= (1_000, 100, 3_500_000), "{report}");
    assert_eq!(spent(step(&report, "one")), (1_000, 100, 3_500_000));
    gate.open();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_has_taken_what_its_workflow_lets_it_take_asks_no_model_again() {
    let provider = Provider::start().await;
    let world = priced(&provider).await;
    keep(&world.admin, &graph("below", json!([asks("inner", "Say it.")]), &[])).await;
    let nodes = json!([
        asks("one", "First."),
        { "id": "sub", "kind": "subworkflow", "config": { "workflow": "below" },
          "retry": { "max": 3, "delay_ms": 1 } },
    ]);
    for (name, limits, says) in [
        ("tokens", json!({ "max_tokens": 1_100 }), "may take 1100 tokens, and this one has taken 1100"),
        ("costs", json!({ "max_cost_usd": 0.0035 }), "may spend 0.0035 USD, and this one has spent 0.0035"),
    ] {
        let mut limited = graph(name, nodes.clone(), &["one -> sub"]);
        limited["limits"] = limits.clone();
        let kept = keep(&world.admin, &limited).await;
        assert_eq!(kept["graph"]["limits"], limits);
        provider.push(Reply::text("Done.").usage(1_000, 100));
        let asked = provider.requests().len();
        let begun = again(&world.admin, name, json!({})).await;
        let report = ended(&world.admin, &begun).await;
        let error = &report["error"];
        assert_eq!(
            (&report["status"], &error["source"], &error["code"], &error["retryable"]),
            (&json!("failed"), &json!("sub"), &json!("run_budget_exceeded"), &json!(false)),
            "{report}"
        );
        assert!(text(&error["message"]).contains(says), "{error}");
        assert_eq!(step(&report, "sub")["attempts"], 1, "the same again helps nothing");
        assert_eq!(provider.requests().len(), asked + 1, "the second node asks no model");
        assert_eq!(spent(&report["run"]), (1_000, 100, 3_500_000));
    }
    // Another run begins with nothing taken, and one with a higher limit goes on from where it stopped.
    let mut limited = graph("tokens", nodes, &["one -> sub"]);
    limited["limits"] = json!({ "max_tokens": 5_000 });
    let id = text(&world.admin.get("/api/workflows?q=tokens").await.ok()["items"][0]["id"]);
    world.admin.patch(&format!("/api/workflows/{id}"), json!({ "graph": limited })).await.ok();
    for _ in 0..2 {
        provider.push(Reply::text("Done.").usage(1_000, 100));
    }
    let begun = again(&world.admin, "tokens", json!({})).await;
    completed(&ended(&world.admin, &begun).await);
    for (limits, pointer) in [
        (json!({ "max_tokens": 0 }), "/limits/max_tokens"),
        (json!({ "max_tokens": "many" }), "/limits/max_tokens"),
        (json!({ "max_cost_usd": -1 }), "/limits/max_cost_usd"),
        (json!({ "max_coins": 1 }), "/limits/max_coins"),
    ] {
        let mut wrong = graph("wrong", json!([asks("one", "First.")]), &[]);
        wrong["limits"] = limits;
        let checked = world.admin.post("/api/workflows/check", wrong).await.ok();
        let problems = checked["problems"].as_array().unwrap();
        assert!(problems.iter().any(|problem| problem["pointer"] == pointer), "{checked}");
    }
}
