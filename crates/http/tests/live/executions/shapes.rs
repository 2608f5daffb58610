//! The shapes of workflows: one after the other, side by side, by case, round and round, for each, one in the other.

use serde_json::{Value, json};

use super::{again, completed, ended, graph, keep, run, step};
use crate::{
    content::pointers,
    world::{World, text},
};

#[tokio::test]
async fn one_node_after_the_other_reads_what_came_before() {
    let world = World::start().await;
    let nodes = json!([
        { "id": "start", "kind": "start" },
        { "id": "sum", "kind": "transform", "inputs": { "n": "{{input.a + input.b}}", "says": "It is ${input.a}." } },
        { "id": "end", "kind": "end" },
    ]);
    let flow = graph("sums", nodes, &["start -> sum", "sum -> end"]);
    let report = run(&world.admin, &flow, json!({ "a": 2, "b": 3 })).await;
    assert_eq!(completed(&report), &json!({ "n": 5, "says": "It is 2." }));
    assert_eq!(step(&report, "sum")["status"], "completed");
    let run = world.admin.get(&format!("/api/runs/{}", text(&report["execution_id"]))).await.ok();
    assert_eq!((&run["kind"], &run["workflow_version"]), (&json!("workflow"), &json!(1)));
    let path = format!("/api/workflows/{}/executions", text(&run["workflow_id"]));
    assert_eq!(world.admin.get(&path).await.ok()["items"][0]["id"], run["id"]);
    let logs = world.admin.get(&format!("/api/execute/{}/logs", text(&run["id"]))).await.ok();
    assert_eq!(logs["items"][0]["type"], "run.started");
    let status = world.admin.get(&format!("/api/execute/{}/status", text(&run["id"]))).await.ok();
    assert_eq!(status["status"], "success");
}

#[tokio::test]
async fn the_first_case_that_holds_is_followed_and_the_others_are_left_out() {
    let world = World::start().await;
    let nodes = json!([
        { "id": "route", "kind": "condition", "config": { "cases": [
            { "expression": "score >= 70", "port": "hot" },
            { "expression": "score >= 30", "port": "warm" },
            { "port": "else" },
        ] } },
        { "id": "hot", "kind": "transform", "inputs": { "to": "sales" } },
        { "id": "warm", "kind": "transform", "inputs": { "to": "marketing" } },
        { "id": "cold", "kind": "transform", "inputs": { "to": "nobody" } },
        { "id": "end", "kind": "end" },
    ]);
    let edges = [
        "route.hot -> hot",
        "route.warm -> warm",
        "route.else -> cold",
        "hot -> end",
        "warm -> end",
        "cold -> end",
    ];
    keep(&world.admin, &graph("route", nodes, &edges)).await;
    for (score, to, left_out) in [(90, "sales", "warm"), (40, "marketing", "cold"), (3, "nobody", "hot")] {
        let report = again(&world.admin, "route", json!({ "score": score })).await;
        assert_eq!(completed(&report), &json!({ "to": to }));
        assert_eq!(step(&report, left_out)["status"], "skipped");
    }
}

#[tokio::test]
async fn ways_side_by_side_meet_in_a_join() {
    let world = World::start().await;
    let nodes = json!([
        { "id": "fork", "kind": "parallel", "config": { "max_concurrency": 1 } },
        { "id": "a", "kind": "transform", "inputs": { "v": 1 } },
        { "id": "b", "kind": "transform", "inputs": { "v": 2 } },
        { "id": "off", "kind": "transform", "guard": "false", "inputs": { "v": 3 } },
        { "id": "join", "kind": "join" },
        { "id": "end", "kind": "end" },
    ]);
    let edges =
        ["fork -> a", "fork -> b", "fork -> off", "a -> join", "b -> join", "off -> join", "join -> end"];
    let report = run(&world.admin, &graph("meet", nodes, &edges), json!({})).await;
    assert_eq!(completed(&report), &json!({ "a": { "v": 1 }, "b": { "v": 2 } }));
    assert_eq!(step(&report, "off")["status"], "skipped");
}

#[tokio::test]
async fn a_node_whose_guard_does_not_hold_lets_the_work_go_on() {
    let world = World::start().await;
    let nodes = json!([
        { "id": "first", "kind": "transform", "inputs": { "ok": true } },
        { "id": "spare", "kind": "transform", "guard": "{{steps.first.output.ok === false}}", "inputs": { "v": 1 } },
        { "id": "last", "kind": "transform", "inputs": { "spare": "{{steps.spare.output.v}}", "done": true } },
    ]);
    let report =
        run(&world.admin, &graph("guarded", nodes, &["first -> spare", "spare -> last"]), json!({})).await;
    assert_eq!(completed(&report), &json!({ "spare": null, "done": true }));
}

#[tokio::test]
async fn a_map_goes_through_its_list_some_at_a_time_and_keeps_the_order() {
    let world = World::start().await;
    let nodes = json!([
        { "id": "each", "kind": "map", "config": { "over": "input.orders", "item": "order", "max_concurrency": 3 } },
        { "id": "price", "kind": "transform", "inputs": { "total": "{{var.order.n * 2}}" } },
        { "id": "end", "kind": "end" },
    ]);
    let edges = ["each.loop -> price", "price -> each", "each -> end"];
    let flow = graph("orders", nodes, &edges);
    let orders: Vec<Value> = (1..=40).map(|n| json!({ "n": n })).collect();
    let report = run(&world.admin, &flow, json!({ "orders": orders })).await;
    let wanted: Vec<Value> = (1..=40).map(|n| json!({ "total": n * 2 })).collect();
    assert_eq!(completed(&report)["end"], json!(wanted));
    assert_eq!(step(&report, "price")["attempts"], 40);
    let nothing = again(&world.admin, "orders", json!({ "orders": [] })).await;
    assert_eq!(completed(&nothing)["end"], json!([]));
    let wrong = again(&world.admin, "orders", json!({ "orders": "many" })).await;
    assert_eq!((&wrong["status"], &wrong["error"]["source"]), (&json!("failed"), &json!("each")));
}

#[tokio::test]
async fn a_loop_in_a_loop_ends_when_its_criteria_are_met() {
    let world = World::start().await;
    let nodes = json!([
        { "id": "outer", "kind": "loop", "config": { "until": "step.sum.output.n >= 6", "max_iterations": 9 } },
        { "id": "inner", "kind": "loop", "config": { "max_iterations": 2 } },
        { "id": "tick", "kind": "transform", "inputs": { "t": "{{default(step.tick.output.t, 0) + 1}}" } },
        { "id": "sum", "kind": "transform", "inputs": { "n": "{{step.tick.output.t}}" } },
        { "id": "end", "kind": "end" },
    ]);
    let edges = [
        "outer.loop -> inner",
        "inner.loop -> tick",
        "tick -> inner",
        "inner -> sum",
        "sum -> outer",
        "outer -> end",
    ];
    let report = run(&world.admin, &graph("rounds", nodes, &edges), json!({})).await;
    assert_eq!(completed(&report), &json!({ "n": 6 }));
    assert_eq!(step(&report, "tick")["attempts"], 6);
    assert_eq!(step(&report, "sum")["attempts"], 3);
}

#[tokio::test]
async fn a_workflow_runs_in_another_and_its_end_is_the_nodes() {
    let world = World::start().await;
    let nodes = json!([{ "id": "twice", "kind": "transform", "inputs": { "n": "{{input.n * 2}}" } }]);
    keep(&world.admin, &graph("doubles", nodes, &[])).await;
    let nodes = json!([
        { "id": "sub", "kind": "subworkflow", "config": { "workflow": "doubles" }, "inputs": { "n": "{{input.n}}" } },
        { "id": "end", "kind": "transform", "inputs": { "four_times": "{{steps.sub.output.n * 2}}" } },
    ]);
    let report = run(&world.admin, &graph("quadruples", nodes, &["sub -> end"]), json!({ "n": 3 })).await;
    assert_eq!(completed(&report), &json!({ "four_times": 12 }));
    let all = world.admin.events(&text(&report["execution_id"]), 0).await.rest().await;
    let child = all.iter().find(|event| event.name == "tool.delegated").unwrap().data["child_run_id"].clone();
    let child = world.admin.get(&format!("/api/workflows/executions/{}", text(&child))).await.ok();
    assert_eq!(completed(&child), &json!({ "n": 6 }));
}

#[tokio::test]
async fn a_workflow_that_calls_itself_without_end_is_stopped() {
    let world = World::start().await;
    let nodes = json!([{ "id": "sub", "kind": "subworkflow", "config": { "workflow": "itself" } }]);
    let report = run(&world.admin, &graph("itself", nodes, &[]), json!({})).await;
    let report = ended(&world.admin, &report).await;
    assert_eq!((&report["status"], &report["error"]["code"]), (&json!("failed"), &json!("nesting_too_deep")));
}

#[tokio::test]
async fn what_an_expression_cannot_do_is_told_at_its_node() {
    let world = World::start().await;
    let nodes = json!([
        { "id": "share", "kind": "condition", "name": "Share it", "config": { "cases": [
            { "expression": "total / people > 3", "port": "yes" }, { "port": "else" },
        ] } },
        { "id": "end", "kind": "end" },
    ]);
    let flow = graph("shares", nodes, &["share.yes -> end", "share.else -> end"]);
    let report = run(&world.admin, &flow, json!({ "total": 1, "people": 0 })).await;
    assert_eq!((&report["status"], &report["error"]["source"]), (&json!("failed"), &json!("share")));
    assert_eq!(report["error"]["code"], "expression_failed");
    assert!(text(&report["error"]["message"]).contains("division by zero"), "{report}");
}

#[tokio::test]
async fn inputs_are_held_against_what_the_workflow_asks_for() {
    let world = World::start().await;
    let mut flow =
        graph("asks", json!([{ "id": "t", "kind": "transform", "inputs": { "e": "{{input.email}}" } }]), &[]);
    flow["inputs"] = json!([
        { "name": "email", "type": "string", "required": true },
        { "name": "count", "type": "integer", "default": 3 },
    ]);
    flow["outputs"] = json!([{ "name": "count", "type": "integer", "from": "input.count" }, { "name": "e", "type": "string" }]);
    let kept = keep(&world.admin, &flow).await;
    let path = format!("/api/workflows/{}/execute", text(&kept["id"]));
    let refused = async |body: Value| {
        let told = world.admin.post(&path, body).await.problem(422, "validation_failed");
        pointers(&told).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(refused(json!({})).await, ["/inputs/email"]);
    assert_eq!(refused(json!({ "inputs": { "email": 1 } })).await, ["/inputs/email"]);
    let two = json!({ "inputs": { "email": "a@example.com", "count": "x", "other": 1 } });
    assert_eq!(refused(two).await, ["/inputs/other", "/inputs/count"]);
    let report = again(&world.admin, "asks", json!({ "email": "a@example.com" })).await;
    assert_eq!(completed(&report), &json!({ "count": 3, "e": "a@example.com" }));
}

#[tokio::test]
async fn what_cannot_run_is_refused_before_it_begins() {
    let world = World::start().await;
    let admin = &world.admin;
    let nodes = json!([{ "id": "calc", "kind": "database", "config": {
        "data_source": "primary", "db_type": "bigquery", "action": "query", "query": "SELECT 1",
    } }]);
    let kept =
        admin.post("/api/workflows/import?draft=true", graph("unsupported", nodes, &[])).await.created();
    let path = format!("/api/workflows/{}/execute", text(&kept["id"]));
    let refused = admin.post(&path, json!({})).await.problem(422, "workflow_invalid");
    assert!(refused.to_string().contains("/nodes/0"), "{refused}");
    let nodes = json!([{ "id": "t", "kind": "transform", "inputs": { "v": 1 } }]);
    let kept = keep(admin, &graph("off", nodes, &[])).await;
    let one = format!("/api/workflows/{}", text(&kept["id"]));
    admin.patch(&one, json!({ "is_active": false })).await.ok();
    admin.post("/api/workflows/execute/off", json!({})).await.problem(409, "workflow_off");
    admin.post("/api/workflows/execute/unknown", json!({})).await.problem(404, "not_found");
    let neither = admin.post("/api/execute/workflow", json!({})).await.problem(422, "validation_failed");
    assert_eq!(pointers(&neither), ["/workflow_id"]);
    admin.patch(&one, json!({ "is_active": true })).await.ok();
    let started = admin.post("/api/execute/workflow", json!({ "workflow": "OFF" })).await.created();
    assert_eq!(started["run"]["kind"], "workflow");
    let stranger = world.stranger().await;
    stranger.post(&format!("{one}/execute"), json!({})).await.problem(404, "not_found");
    let run = text(&started["run"]["id"]);
    stranger.get(&format!("/api/workflows/executions/{run}")).await.problem(404, "not_found");
    let told =
        stranger.post(&format!("/api/workflows/executions/{run}/events"), json!({ "name": "x" })).await;
    told.problem(404, "not_found");
}
