//! Ended runs gone through once more, with nothing but their journal.

use conductor_test_support::{Provider, Reply, Target};
use serde_json::{Value, json};

use super::{again, completed, ended, graph, keep, run, step};
use crate::world::{World, text};

async fn replay(world: &World, execution: &Value) -> Value {
    let path = format!("/api/workflows/executions/{}/replay", text(&execution["execution_id"]));
    world.admin.post(&path, json!(null)).await.ok()
}

#[tokio::test]
async fn a_run_of_every_kind_comes_out_the_same_with_no_call() {
    let (provider, target) = (Provider::start().await, Target::start().await);
    let world = World::with_provider(provider.url(), "sk-scripted").await;
    world.admin.post("/api/agents", json!({ "name": "Sales", "model": "gpt-4o" })).await.created();
    let nodes = json!([
        { "id": "score", "kind": "agent", "agent": "sales", "config": { "prompt": "Score ${input.lead}." } },
        { "id": "route", "kind": "condition", "config": { "cases": [
            { "expression": "{{steps.score.output.points >= 70}}", "port": "hot" }, { "port": "else" },
        ] } },
        { "id": "cold", "kind": "transform", "inputs": { "why": "cold" } },
        { "id": "each", "kind": "map", "config": { "over": "input.lines", "item": "line", "max_concurrency": 2 } },
        { "id": "send", "kind": "http", "config": {
            "method": "POST", "url": target.url(), "endpoint": "/lines/{{var.line}}", "body": {},
        } },
        { "id": "rounds", "kind": "loop", "config": { "max_iterations": 5, "until": "steps.count.output.n >= 3" } },
        { "id": "count", "kind": "transform", "inputs": { "n": "{{default(steps.count.output.n, 0) + 1}}" } },
        { "id": "when", "kind": "transform", "inputs": { "at": "{{now}}" } },
        { "id": "ask", "kind": "human", "config": { "title": "Sell?", "decisions": ["yes", "no"] } },
        { "id": "end", "kind": "transform", "inputs": {
            "points": "{{steps.score.output.points}}", "sent": "{{steps.each.output}}", "n": "{{steps.rounds.output.n}}",
            "said": "{{steps.ask.output.comment}}",
        } },
    ]);
    let edges = [
        "score -> route",
        "route.hot -> each",
        "route.else -> cold",
        "each.loop -> send",
        "send -> each",
        "each -> rounds",
        "rounds.loop -> count",
        "count -> rounds",
        "rounds -> when",
        "when -> ask",
        "ask.decision:yes -> end",
    ];
    provider.push(Reply::text("{\"points\": 90}"));
    let waiting =
        run(&world.admin, &graph("sells", nodes, &edges), json!({ "lead": "x", "lines": ["a", "b", "c"] }))
            .await;
    assert_eq!(waiting["status"], "waiting", "{waiting}");
    let early = format!("/api/workflows/executions/{}/replay", text(&waiting["execution_id"]));
    world.admin.post(&early, json!(null)).await.problem(409, "run_not_ended");
    let task = world.admin.get("/api/tasks?status=pending").await.ok()["items"][0].clone();
    let yes = json!({ "decision": "yes", "comment": "Do." });
    world.admin.post(&format!("/api/tasks/{}/decide", text(&task["id"])), yes).await.ok();
    let report = ended(&world.admin, &waiting).await;
    let outputs = completed(&report).clone();
    assert_eq!((&outputs["points"], &outputs["n"], &outputs["said"]), (&json!(90), &json!(3), &json!("Do.")));
    assert_eq!(step(&report, "cold")["status"], "skipped");

    let (asked, sent) = (provider.requests().len(), target.asked().len());
    let replayed = replay(&world, &report).await;
    assert_eq!((&replayed["identical"], &replayed["differences"]), (&json!(true), &json!([])), "{replayed}");
    assert_eq!(replayed["outputs"], outputs);
    // score, route, three lines, each, three counts, rounds, when, ask, end
    assert_eq!(replayed["nodes"], 13, "{replayed}");
    assert_eq!((provider.requests().len(), target.asked().len()), (asked, sent), "something was called");
    world.stranger().await.post(&early, json!(null)).await.problem(404, "not_found");
}

#[tokio::test]
async fn a_run_that_failed_or_went_on_from_another_is_explained_too() {
    let world = World::start().await;
    let nodes = json!([
        { "id": "start", "kind": "start" },
        { "id": "share", "kind": "transform", "inputs": { "n": "{{8 / input.by}}" } },
        { "id": "end", "kind": "transform", "inputs": { "n": "{{steps.share.output.n}}" } },
    ]);
    keep(&world.admin, &graph("shares", nodes, &["start -> share", "share -> end"])).await;
    let failed = again(&world.admin, "shares", json!({ "by": 0 })).await;
    let replayed = replay(&world, &failed).await;
    assert_eq!((&replayed["identical"], &replayed["outputs"]), (&json!(true), &json!(null)), "{replayed}");
    let path = format!("/api/workflows/executions/{}/resume", text(&failed["execution_id"]));
    let on = world.admin.post(&path, json!({ "inputs": { "by": 2 } })).await.created()["run"]["id"].clone();
    let report = ended(&world.admin, &json!({ "execution_id": on })).await;
    completed(&report);
    // What was taken over is explained by the run that it came from, whose inputs were others.
    let replayed = replay(&world, &report).await;
    assert_eq!((&replayed["identical"], &replayed["nodes"]), (&json!(true), &json!(2)), "{replayed}");
}
