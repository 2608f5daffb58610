//! How a workflow does, in figures: every one of them is what really happened, and nobody counts what they do not see.

use conductor_test_support::{Api, Target};
use serde_json::{Value, json};

use super::{again, completed, ended, graph, keep, run};
use crate::{
    content::pointers,
    world::{World, text},
};

fn path(workflow: &Value) -> String {
    format!("/api/workflows/{}/analytics", text(&workflow["id"]))
}

async fn told(api: &Api, workflow: &Value) -> Value {
    api.get(&path(workflow)).await.ok()
}

/// What a node did, in the order: runs, begun, failed, skipped, repeated.
fn did(told: &Value, id: &str) -> [i64; 5] {
    let nodes = told["nodes"].as_array().unwrap();
    let node = nodes.iter().find(|node| node["node_id"] == id).unwrap_or_else(|| panic!("no {id}: {told}"));
    ["runs", "begun", "failed", "skipped", "repeated"].map(|name| node[name].as_i64().unwrap())
}

fn node<'v>(told: &'v Value, id: &str) -> &'v Value {
    told["nodes"].as_array().unwrap().iter().find(|node| node["node_id"] == id).unwrap()
}

fn sums(told: &Value) -> (i64, i64) {
    let pieces = told["over_time"].as_array().unwrap();
    let sum = |name: &str| pieces.iter().map(|piece| piece[name].as_i64().unwrap()).sum();
    (sum("runs"), sum("failed"))
}

/// Goes through a list, sends something that may be tried twice, and takes one of two ways.
fn flow(target: &Target) -> Value {
    let nodes = json!([
        { "id": "each", "kind": "map", "config": { "over": "input.items", "item": "item", "max_concurrency": 2 } },
        { "id": "price", "kind": "transform", "inputs": { "total": "{{var.item * 2}}" } },
        {
            "id": "send", "kind": "http", "name": "Send it", "retry": { "max": 1, "delay_ms": 1, "backoff": "fixed" },
            "config": { "method": "POST", "url": target.url(), "endpoint": "/orders", "body": {} },
        },
        { "id": "route", "kind": "condition", "config": { "cases": [
            { "expression": "score >= 70", "port": "hot" }, { "port": "else" },
        ] } },
        { "id": "hot", "kind": "transform", "inputs": { "to": "sales" } },
        { "id": "cold", "kind": "transform", "inputs": { "to": "nobody" } },
    ]);
    let edges = [
        "each.loop -> price",
        "price -> each",
        "each -> send",
        "send -> route",
        "route.hot -> hot",
        "route.else -> cold",
    ];
    graph("does", nodes, &edges)
}

#[tokio::test]
async fn every_figure_is_what_happened() {
    let (world, target) = (World::start().await, Target::start().await);
    let admin = &world.admin;
    let workflow = keep(admin, &flow(&target)).await;
    let nothing = told(admin, &workflow).await;
    assert_eq!((&nothing["runs"], &nothing["success_rate"]), (&json!(0), &json!(null)));
    assert_eq!((&nothing["nodes"], &nothing["errors"], sums(&nothing)), (&json!([]), &json!([]), (0, 0)));
    let none = json!({ "count": 0, "average_ms": null, "p50_ms": null, "p95_ms": null, "longest_ms": null });
    assert_eq!((&nothing["durations"], &nothing["totals"]), (&none, &json!([])));

    let mut ids = Vec::new();
    for (score, items, answers) in [
        (90, json!([1, 2, 3]), vec![200]),
        (10, json!([1]), vec![503, 200]),
        (10, json!([1]), vec![404]),
        (10, json!([1]), vec![503, 503]),
    ] {
        for status in answers {
            target.push(status, json!(null));
        }
        let report = again(admin, "does", json!({ "score": score, "items": items })).await;
        ids.push(ended(admin, &report).await["execution_id"].clone());
    }
    let all = told(admin, &workflow).await;
    assert_eq!((&all["workflow_id"], &all["reach"]), (&workflow["id"], &json!("organization")));
    assert_eq!((&all["runs"], &all["ended"], &all["success_rate"]), (&json!(4), &json!(4), &json!(0.5)));
    let statuses = json!([{ "status": "failed", "count": 2 }, { "status": "succeeded", "count": 2 }]);
    assert_eq!(all["statuses"], statuses);
    assert_eq!((&all["grouping"], sums(&all)), (&json!("day"), (4, 2)));
    let errors = json!([
        { "code": "404", "count": 1, "newest_run_id": ids[2] },
        { "code": "503", "count": 1, "newest_run_id": ids[3] },
    ]);
    assert_eq!(all["errors"], errors);
    let took = &all["durations"];
    assert_eq!(took["count"], 2);
    let ms = |name: &str| took[name].as_i64().unwrap();
    assert!(ms("p50_ms") <= ms("average_ms") && ms("average_ms") <= ms("p95_ms"), "{took}");
    assert_eq!(ms("p95_ms"), ms("longest_ms"));
    for (id, wanted) in [
        ("each", [4, 4, 0, 0, 0]),
        ("price", [4, 6, 0, 0, 0]),
        ("send", [4, 4, 2, 0, 2]),
        ("route", [2, 2, 0, 0, 0]),
        ("hot", [2, 1, 0, 1, 0]),
        ("cold", [2, 1, 0, 1, 0]),
    ] {
        assert_eq!(did(&all, id), wanted, "{id}: {all}");
    }
    let send = node(&all, "send");
    assert_eq!((&send["name"], &send["error_code"]), (&json!("Send it"), &json!("503")));
    assert_eq!(
        (&send["durations"]["count"], &node(&all, "hot")["durations"]["count"]),
        (&json!(4), &json!(1))
    );
    assert_eq!(
        (&node(&all, "each")["name"], &node(&all, "each")["error_code"]),
        (&json!(null), &json!(null))
    );

    // Another time has other runs; a day as `until` is meant to its end.
    let of = async |query: &str| admin.get(&format!("{}?{query}", path(&workflow))).await.ok();
    let before = of("since=2020-01-01&until=2020-01-31").await;
    assert_eq!((&before["runs"], before["over_time"].as_array().unwrap().len()), (&json!(0), 31));
    let today = world.store().clock().now().date_naive();
    let yesterday = today.pred_opt().unwrap();
    let hours = of(&format!("since={yesterday}&until={today}")).await;
    assert_eq!((&hours["grouping"], sums(&hours)), (&json!("hour"), (4, 2)));
    assert_eq!(hours["over_time"].as_array().unwrap().len(), 48);
}

#[tokio::test]
async fn a_run_that_goes_on_counts_what_it_does_itself_and_a_run_below_counts_for_its_own_workflow() {
    let world = World::start().await;
    let admin = &world.admin;
    let nodes = json!([
        { "id": "first", "kind": "transform", "inputs": { "n": "{{input.n}}" } },
        { "id": "divide", "kind": "transform", "inputs": { "share": "{{input.n / input.by}}" } },
        { "id": "end", "kind": "end" },
    ]);
    let inner = keep(admin, &graph("divides", nodes, &["first -> divide", "divide -> end"])).await;
    let failed = again(admin, "divides", json!({ "n": 8, "by": 0 })).await;
    let resume = format!("/api/workflows/executions/{}/resume", text(&failed["execution_id"]));
    let resumed = admin.post(&resume, json!({ "inputs": { "by": 2 } })).await.created();
    completed(&ended(admin, &json!({ "execution_id": resumed["run"]["id"] })).await);
    let all = told(admin, &inner).await;
    assert_eq!((&all["runs"], &all["success_rate"]), (&json!(2), &json!(0.5)));
    assert_eq!(did(&all, "first"), [1, 1, 0, 0, 0], "what was taken over is not done again: {all}");
    assert_eq!(did(&all, "divide"), [2, 2, 1, 0, 0]);
    assert_eq!(node(&all, "divide")["error_code"], "expression_failed");

    let nodes = json!([{
        "id": "sub", "kind": "subworkflow", "config": { "workflow": "divides" },
        "inputs": { "n": "{{input.n}}", "by": "{{input.by}}" },
    }]);
    let outer = keep(admin, &graph("asks", nodes, &[])).await;
    let report = again(admin, "asks", json!({ "n": 8, "by": 4 })).await;
    completed(&ended(admin, &report).await);
    let (above, below) = (told(admin, &outer).await, told(admin, &inner).await);
    assert_eq!((&above["runs"], &below["runs"]), (&json!(1), &json!(3)));
    assert_eq!((did(&above, "sub"), above["nodes"].as_array().unwrap().len()), ([1, 1, 0, 0, 0], 1));
    assert_eq!(did(&below, "first"), [2, 2, 0, 0, 0]);
}

#[tokio::test]
async fn a_run_that_is_stopped_has_ended_but_not_well() {
    let world = World::start().await;
    let nodes = json!([
        { "id": "wait", "kind": "wait", "config": { "event": "paid" } },
        { "id": "end", "kind": "end" },
    ]);
    let workflow = keep(&world.admin, &graph("waits", nodes, &["wait -> end"])).await;
    let open = again(&world.admin, "waits", json!({})).await;
    let now = told(&world.admin, &workflow).await;
    assert_eq!((&now["runs"], &now["ended"], &now["success_rate"]), (&json!(1), &json!(0), &json!(null)));
    assert_eq!((&now["statuses"][0]["status"], &now["nodes"]), (&json!("waiting"), &json!([])));
    let id = text(&open["execution_id"]);
    let _ = world.admin.post(&format!("/api/execute/{id}/cancel"), json!({})).await.status(202);
    ended(&world.admin, &open).await;
    let then = told(&world.admin, &workflow).await;
    assert_eq!((&then["ended"], &then["success_rate"], sums(&then)), (&json!(1), &json!(0.0), (1, 0)));
    assert_eq!((did(&then, "wait"), &then["errors"]), ([1, 1, 0, 0, 0], &json!([])));
    assert_eq!(node(&then, "wait")["durations"]["count"], 0);
}

#[tokio::test]
async fn nobody_counts_what_they_do_not_see() {
    let world = World::start().await;
    let admin = &world.admin;
    let nodes = json!([{ "id": "t", "kind": "transform", "inputs": { "v": "{{1}}" } }]);
    completed(&run(admin, &graph("shared", nodes.clone(), &[]), json!({})).await);
    let list = admin.get("/api/workflows").await.ok();
    let workflow = list["items"][0].clone();
    let one = format!("/api/workflows/{}", text(&workflow["id"]));
    let (member, stranger) = (world.colleague("grace@example.com", "member").await, world.stranger().await);
    member.get(&path(&workflow)).await.problem(404, "not_found");
    stranger.get(&path(&workflow)).await.problem(404, "not_found");
    let _ = world.anonymous().get(&path(&workflow)).await.status(401);
    admin.patch(&one, json!({ "visibility": "organization" })).await.ok();
    stranger.get(&path(&workflow)).await.problem(404, "not_found");

    // Who may read the workflow counts the runs that its list shows: a member its own, an administrator all.
    let own = told(&member, &workflow).await;
    assert_eq!((&own["reach"], &own["runs"], &own["nodes"]), (&json!("own"), &json!(0), &json!([])));
    completed(&again(&member, "shared", json!({})).await);
    let own = told(&member, &workflow).await;
    assert_eq!((&own["runs"], did(&own, "t")), (&json!(1), [1, 1, 0, 0, 0]));
    let all = told(admin, &workflow).await;
    assert_eq!((&all["runs"], did(&all, "t")), (&json!(2), [2, 2, 0, 0, 0]));

    // What is public shows others how it does with them, and not here; one of the same name is another one.
    admin.patch(&one, json!({ "visibility": "public" })).await.ok();
    let theirs = told(&stranger, &workflow).await;
    assert_eq!((&theirs["runs"], &theirs["nodes"], sums(&theirs)), (&json!(0), &json!([]), (0, 0)));
    let namesake = keep(&stranger, &graph("shared-too", nodes, &[])).await;
    completed(&again(&stranger, "shared-too", json!({})).await);
    assert_eq!(told(&stranger, &namesake).await["runs"], 1);
    assert_eq!(told(admin, &workflow).await["runs"], 2);
    admin.get(&path(&namesake)).await.problem(404, "not_found");
}

#[tokio::test]
async fn times_that_cannot_be_are_told_by_their_place() {
    let world = World::start().await;
    let nodes = json!([{ "id": "t", "kind": "transform", "inputs": { "v": "{{1}}" } }]);
    let workflow = keep(&world.admin, &graph("timed", nodes, &[])).await;
    for (query, pointer) in [
        ("since=yesterday", "?since"),
        ("until=31.12.2026", "?until"),
        ("since=2026-11-02&until=2026-11-01", "?since"),
        ("since=2025-01-01&until=2026-11-01", "?since"),
        ("since=1969-12-31&until=1970-01-03", "?since"),
    ] {
        let refused = world.admin.get(&format!("{}?{query}", path(&workflow))).await;
        assert_eq!(pointers(&refused.problem(422, "validation_failed")), [pointer], "{query}");
    }
    let unknown = world.admin.get(&format!("{}?from=2026-11-01", path(&workflow))).await;
    assert_eq!(pointers(&unknown.problem(422, "unknown_field")), ["?from"]);
}

#[tokio::test]
async fn what_people_took_is_told_apart_from_what_the_workflow_took() {
    let world = World::start().await;
    let nodes = json!([
        { "id": "ask", "kind": "human", "config": { "title": "May it?", "decisions": ["yes"] } },
        { "id": "end", "kind": "transform", "inputs": { "n": 1 } },
    ]);
    let workflow = keep(&world.admin, &graph("asks-people", nodes, &["ask -> end"])).await;
    let waiting = again(&world.admin, "asks-people", json!({})).await;
    let nobody = told(&world.admin, &workflow).await;
    assert_eq!((&nobody["waited"]["count"], &nobody["worked"]["count"]), (&json!(0), &json!(0)));
    let task = world.admin.get("/api/tasks?status=pending").await.ok()["items"][0]["id"].clone();
    let decide = format!("/api/tasks/{}/decide", text(&task));
    world.admin.post(&decide, json!({ "decision": "yes" })).await.ok();
    completed(&ended(&world.admin, &waiting).await);
    let all = told(&world.admin, &workflow).await;
    assert_eq!((&all["durations"]["count"], &all["worked"]["count"]), (&json!(1), &json!(1)), "{all}");
    let ms = |durations: &Value| durations["p50_ms"].as_i64().unwrap_or_default();
    assert_eq!(ms(&all["worked"]), (ms(&all["durations"]) - ms(&all["waited"])).max(0), "{all}");
    assert_eq!(
        ms(&node(&all, "ask")["waited"]),
        ms(&all["waited"]),
        "the one question is all that it waits for"
    );
    assert_eq!(node(&all, "end")["waited"]["count"], 0);
}
