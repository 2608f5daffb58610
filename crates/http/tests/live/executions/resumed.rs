//! Runs that go on from what an earlier one found, and calls of which nobody knows whether they took effect.

use conductor_test_support::{Api, Target};
use serde_json::{Value, json};

use super::{again, completed, ended, graph, keep, run, step};
use crate::{
    content::pointers,
    world::{World, text},
};

/// A node that sends something, so that it is seen how often it is done.
fn send(target: &Target, id: &str, endpoint: &str) -> Value {
    let config = json!({ "method": "POST", "url": target.url(), "endpoint": endpoint, "body": {} });
    json!({ "id": id, "kind": "http", "config": config })
}

/// Sends, divides, ends; it fails where it divides by nothing.
fn divides(target: &Target, name: &str) -> Value {
    let nodes = json!([
        send(target, "send", "/sent/${input.n}"),
        { "id": "divide", "kind": "transform", "inputs": { "share": "{{input.n / input.by}}" } },
        { "id": "end", "kind": "transform", "inputs": { "share": "{{steps.divide.output.share}}" } },
    ]);
    graph(name, nodes, &["send -> divide", "divide -> end"])
}

fn resume_path(execution: &Value) -> String {
    format!("/api/workflows/executions/{}/resume", text(&execution["execution_id"]))
}

/// Goes on from an execution, to the end of the new one.
async fn resume(api: &Api, execution: &Value, body: Value) -> Value {
    let run = api.post(&resume_path(execution), body).await.created()["run"].clone();
    assert_eq!(run["retry_of"], execution["execution_id"]);
    ended(api, &json!({ "execution_id": run["id"] })).await
}

#[tokio::test]
async fn a_run_goes_on_at_the_node_that_failed_and_does_nothing_before_it_again() {
    let (world, target) = (World::start().await, Target::start().await);
    let failed = run(&world.admin, &divides(&target, "divides"), json!({ "n": 8, "by": 0 })).await;
    assert_eq!(
        (&failed["error"]["source"], &failed["error"]["code"]),
        (&json!("divide"), &json!("expression_failed"))
    );
    let report = resume(&world.admin, &failed, json!({ "inputs": { "by": 2 } })).await;
    assert_eq!(completed(&report), &json!({ "share": 4 }));
    assert_eq!(target.asked().len(), 1, "what had been sent is not sent again");
    for (node, attempts) in [("send", 1), ("divide", 1), ("end", 1)] {
        assert_eq!(
            (&step(&report, node)["attempts"], &step(&report, node)["status"]),
            (&json!(attempts), &json!("completed")),
            "{node}"
        );
    }
    // The one before stays as it was, and another one can go on from the one that did.
    let before =
        world.admin.get(&format!("/api/workflows/executions/{}", text(&failed["execution_id"]))).await;
    assert_eq!(before.ok()["status"], "failed");
    let from = json!({ "node_id": "send", "inputs": { "n": 30 } });
    assert_eq!(completed(&resume(&world.admin, &report, from).await), &json!({ "share": 15 }));
    assert_eq!(target.request(2).await.path, "/sent/30");
}

#[tokio::test]
async fn nodes_can_be_different_for_once_or_the_workflow_for_good() {
    let (world, target) = (World::start().await, Target::start().await);
    let grace = world.colleague("grace@example.com", "member").await;
    let mut document = divides(&target, "mends");
    document["outputs"] = json!([{ "name": "share", "from": "steps.divide.output.share" }]);
    let kept = keep(&world.admin, &document).await;
    let one = format!("/api/workflows/{}", text(&kept["id"]));
    world.admin.patch(&one, json!({ "visibility": "organization" })).await.ok();
    let failed = again(&world.admin, "mends", json!({ "n": 8, "by": 0 })).await;

    let other = json!({ "nodes": { "divide": { "inputs": { "share": "{{input.n / 4}}" } } } });
    assert_eq!(completed(&resume(&world.admin, &failed, other.clone()).await), &json!({ "share": 2 }));
    assert_eq!(target.asked().len(), 1);
    // The workflow itself has not changed.
    let graph = world.admin.get(&one).await.ok()["graph"].clone();
    assert_eq!(graph["nodes"][1]["inputs"], json!({ "share": "{{input.n / input.by}}" }));

    // Whoever may only run it cannot change what it does.
    let theirs = again(&grace, "mends", json!({ "n": 8, "by": 0 })).await;
    assert_eq!(theirs["status"], "failed", "{theirs}");
    grace.post(&resume_path(&theirs), other).await.problem(403, "policy_denied");
    assert_eq!(completed(&resume(&grace, &theirs, json!({ "inputs": { "by": 1 } })).await)["share"], 8);

    let mut graph = graph;
    graph["nodes"][1]["inputs"] = json!({ "share": "{{input.n / 8}}" });
    let version = world.admin.patch(&one, json!({ "graph": graph })).await.ok()["version"].clone();
    let report = resume(&world.admin, &failed, json!({ "version": version })).await;
    assert_eq!((completed(&report), &report["workflow_version"]), (&json!({ "share": 1 }), &version));
    // Without saying so it stays with the version that ran.
    let same = resume(&world.admin, &failed, json!({})).await;
    assert_eq!((&same["status"], &same["workflow_version"]), (&json!("failed"), &failed["workflow_version"]));
}

#[tokio::test]
async fn items_that_were_through_stay_through() {
    let (world, target) = (World::start().await, Target::start().await);
    let nodes = json!([
        { "id": "each", "kind": "map", "config": { "over": "input.orders", "item": "order", "max_concurrency": 1 } },
        send(&target, "send", "/order/{{var.order.id}}"),
        { "id": "check", "kind": "transform", "inputs": { "share": "{{1 / var.order.by}}" } },
        { "id": "end", "kind": "transform", "inputs": { "all": "{{steps.each.output}}" } },
    ]);
    let flow =
        graph("orders", nodes, &["each.loop -> send", "send -> check", "check -> each", "each -> end"]);
    let given = json!({ "orders": [{ "id": "a", "by": 1 }, { "id": "b", "by": 0 }, { "id": "c", "by": 1 }] });
    let failed = run(&world.admin, &flow, given).await;
    assert_eq!(failed["error"]["source"], "check", "{failed}");
    let mended = json!({ "nodes": { "check": { "inputs": { "share": "{{var.order.id}}" } } } });
    let report = resume(&world.admin, &failed, mended.clone()).await;
    // The first item was through before; the others are done as the new run has it.
    assert_eq!(completed(&report)["all"], json!([{ "share": 1 }, { "share": "b" }, { "share": "c" }]));
    let sent = |path: &str| target.asked().iter().filter(|asked| asked.path == path).count();
    assert_eq!((sent("/order/a"), sent("/order/b"), sent("/order/c")), (1, 1, 1));

    // Of a map that is through only the whole can be done again.
    let inside = world.admin.post(&resume_path(&report), json!({ "node_id": "check" })).await;
    let told = inside.problem(422, "validation_failed");
    assert_eq!(pointers(&told), ["/node_id"]);
    assert!(told.to_string().contains("name each"), "{told}");
    let whole = json!({ "node_id": "each", "nodes": mended["nodes"] });
    completed(&resume(&world.admin, &report, whole).await);
    assert_eq!((sent("/order/a"), sent("/order/b"), sent("/order/c")), (2, 2, 2));
}

#[tokio::test]
async fn what_no_run_can_go_on_from_is_said() {
    let (world, target) = (World::start().await, Target::start().await);
    let stranger = world.stranger().await;
    let failed = run(&world.admin, &divides(&target, "refuses"), json!({ "n": 8, "by": 0 })).await;
    let path = resume_path(&failed);
    stranger.post(&path, json!({})).await.problem(404, "not_found");
    for (body, at) in [
        (json!({ "node_id": "nothing" }), "/node_id"),
        (json!({ "node_id": "divide", "iteration": [3] }), "/node_id"),
        (json!({ "nodes": { "nothing": {} } }), "/nodes/nothing"),
        (json!({ "nodes": { "divide": { "kind": "end" } } }), "/nodes/divide"),
        (json!({ "nodes": { "divide": { "id": "other" } } }), "/nodes/divide"),
        (
            json!({ "nodes": { "send": { "config": { "auth": { "type": "bearer", "token": "x" } } } } }),
            "/nodes/send",
        ),
        (json!({ "nodes": { "divide": 5 } }), "/nodes/divide"),
    ] {
        let told = world.admin.post(&path, body.clone()).await.problem(422, "validation_failed");
        assert_eq!(pointers(&told), [at], "{body}");
    }
    let broken = json!({ "nodes": { "divide": { "inputs": { "share": "{{1 +}}" } } } });
    world.admin.post(&path, broken).await.problem(422, "workflow_invalid");
    world.admin.post(&path, json!({ "version": 9 })).await.problem(404, "not_found");

    let well = again(&world.admin, "refuses", json!({ "n": 8, "by": 1 })).await;
    completed(&well);
    let told = world.admin.post(&resume_path(&well), json!({})).await.problem(422, "validation_failed");
    assert_eq!(pointers(&told), ["/node_id"]);

    let nodes = json!([{ "id": "wait", "kind": "wait", "config": { "event": "never" } }]);
    let waiting = run(&world.admin, &graph("waits-on", nodes, &[]), json!({})).await;
    world.admin.post(&resume_path(&waiting), json!({})).await.problem(409, "run_not_ended");
    let cancel = format!("/api/execute/{}/cancel", text(&waiting["execution_id"]));
    drop(world.admin.post(&cancel, json!({})).await.status(202));
    ended(&world.admin, &waiting).await;
    // One that was stopped goes on where it stood.
    let on = world.admin.post(&resume_path(&waiting), json!({})).await.created()["run"].clone();
    world.admin.events(&text(&on["id"]), 0).await.until("node.waiting").await;
    let told = json!({ "name": "never", "data": "at last" });
    let path = format!("/api/workflows/executions/{}/events", text(&on["id"]));
    drop(world.admin.post(&path, told).await.status(202));
    completed(&ended(&world.admin, &json!({ "execution_id": on["id"] })).await);
}

/// A request that a target notes and never answers, and the question about it.
async fn doubt(world: &World, target: &Target, name: &str) -> (Value, Value) {
    target.push_silence();
    let mut node = send(target, "send", "/pay");
    node["timeout_ms"] = json!(400);
    let end = json!({ "id": "end", "kind": "transform", "inputs": { "paid": "{{steps.send.output.paid}}" } });
    let waiting = run(&world.admin, &graph(name, json!([node, end]), &["send -> end"]), json!({})).await;
    assert_eq!(waiting["status"], "waiting", "{waiting}");
    let tasks = world.admin.get("/api/tasks?status=pending").await.ok();
    let task = tasks["items"][0].clone();
    for (field, value) in [
        ("kind", json!("ambiguous_effect")),
        ("node_id", json!("send")),
        ("allowed_decisions", json!(["took_effect", "repeat", "fail"])),
    ] {
        assert_eq!(task[field], value, "{field}");
    }
    assert_eq!(task["arguments"]["endpoint"], "/pay");
    (waiting, task)
}

#[tokio::test]
async fn a_person_says_whether_a_call_took_effect_that_got_no_answer() {
    let (world, target) = (World::start().await, Target::start().await);
    let decide = async |task: &Value, body: Value| {
        world.admin.post(&format!("/api/tasks/{}/decide", text(&task["id"])), body).await.ok()
    };
    let (waiting, task) = doubt(&world, &target, "pays").await;
    decide(&task, json!({ "decision": "took_effect", "comment": "{\"paid\": 12}" })).await;
    assert_eq!(completed(&ended(&world.admin, &waiting).await), &json!({ "paid": 12 }));
    assert_eq!(target.asked().len(), 1, "nothing was sent again");

    let (waiting, task) = doubt(&world, &target, "pays-again").await;
    decide(&task, json!({ "decision": "repeat" })).await;
    let report = ended(&world.admin, &waiting).await;
    assert_eq!((&report["status"], target.asked().len()), (&json!("completed"), 3), "{report}");
    assert_eq!(step(&report, "send")["attempts"], 2);

    let (waiting, task) = doubt(&world, &target, "pays-not").await;
    decide(&task, json!({ "decision": "fail", "comment": "The bank does not know." })).await;
    let report = ended(&world.admin, &waiting).await;
    assert_eq!(report["error"]["code"], "outcome_unknown");
    assert!(text(&report["error"]["message"]).contains("The bank does not know."), "{report}");
    assert_eq!(target.asked().len(), 4);
}

#[tokio::test]
async fn a_target_that_knows_a_request_again_is_asked_once_more_and_no_person() {
    let (world, target) = (World::start().await, Target::start().await);
    target.push_silence();
    let mut node = send(&target, "send", "/pay");
    node["timeout_ms"] = json!(400);
    node["config"]["idempotent"] = json!(true);
    completed(&run(&world.admin, &graph("pays-by-key", json!([node]), &[]), json!({})).await);
    let asked = target.asked();
    let keys: Vec<_> = asked.iter().map(|asked| asked.headers["idempotency-key"].to_str().unwrap()).collect();
    assert!(keys.len() == 2 && keys[0] == keys[1], "{keys:?}");
    let tasks = world.admin.get("/api/tasks?status=pending").await.ok();
    assert_eq!(tasks["items"], json!([]));
}
