//! What a failure does to a workflow: it ends, goes on, goes another way, or is tried again.

use conductor_test_support::Target;
use serde_json::{Value, json};

use super::{again, completed, graph, keep, run, step};
use crate::{
    quiet::everything,
    world::{CRM_TOKEN, World, text},
};

fn post(target: &Target, more: &Value) -> Value {
    let mut node = json!({
        "id": "send", "kind": "http",
        "config": { "method": "POST", "url": target.url(), "endpoint": "/orders/${input.id}", "body": { "id": "{{input.id}}" } },
    });
    for (field, value) in more.as_object().unwrap() {
        node[field] = value.clone();
    }
    node
}

#[tokio::test]
async fn a_request_is_sent_with_a_credential_that_no_record_holds() {
    let world = World::start().await;
    let target = Target::start().await;
    let mut node = post(&target, &json!({}));
    node["config"]["auth"] = json!({ "type": "bearer", "token": "{{env.CRM_TOKEN}}" });
    node["config"]["query"] = json!({ "dry": true });
    let end = json!({ "id": "end", "kind": "transform", "inputs": { "n": "{{steps.send.output.data.n}}", "s": "{{steps.send.output.status_code}}" } });
    target.push(201, json!({ "n": 5 }));
    let flow = graph("orders", json!([node, end]), &["send -> end"]);
    let report = run(&world.admin, &flow, json!({ "id": 9 })).await;
    assert_eq!(completed(&report), &json!({ "n": 5, "s": 201 }));
    let asked = target.request(1).await;
    assert_eq!((asked.method.as_str(), asked.path.as_str()), ("POST", "/orders/9?dry=true"));
    assert_eq!(asked.body, json!({ "id": 9 }));
    assert_eq!(asked.headers["authorization"], format!("Bearer {CRM_TOKEN}"));
    assert!(asked.headers.contains_key("idempotency-key"));
    let id = text(&report["execution_id"]);
    assert!(!everything(&world, &id).await.contains(CRM_TOKEN), "something holds it");

    // The credential is no value of the environment that expressions read.
    let nodes = json!([{ "id": "t", "kind": "transform", "inputs": { "a": "{{env.ADMIN_URL}}", "t": "{{env.CRM_TOKEN}}" } }]);
    let report = run(&world.admin, &graph("reads", nodes, &[]), json!({})).await;
    assert_eq!(report["error"]["code"], "expression_failed");
}

#[tokio::test]
async fn a_credential_that_the_server_does_not_have_is_told_before_anything_is_sent() {
    let world = World::start().await;
    let target = Target::start().await;
    let mut node = post(&target, &json!({}));
    for (auth, says) in [
        (json!({ "type": "bearer" }), "token"),
        (json!({ "type": "bearer", "token": "{{env.OTHER}}" }), "CONDUCTOR_WORKFLOW_SECRETS"),
        (json!({ "type": "bearer", "token": "{{input.id}}" }), "CONDUCTOR_WORKFLOW_SECRETS"),
    ] {
        node["config"]["auth"] = auth;
        let name = format!("without-{}", rand::random::<u32>());
        let report = run(&world.admin, &graph(&name, json!([node]), &[]), json!({ "id": 1 })).await;
        assert_eq!((&report["status"], &report["error"]["source"]), (&json!("failed"), &json!("send")));
        assert!(text(&report["error"]["message"]).contains(says), "{report}");
    }
    assert!(target.asked().is_empty());
}

#[tokio::test]
async fn a_target_that_refuses_is_one_error_whatever_it_says() {
    let world = World::start().await;
    let target = Target::start().await;
    keep(&world.admin, &graph("refused", json!([post(&target, &json!({}))]), &[])).await;
    target.push(429, json!({ "error": "slow down" }));
    let report = again(&world.admin, "refused", json!({ "id": 1 })).await;
    let error = &report["error"];
    assert_eq!(
        (&error["source"], &error["code"], &error["retryable"]),
        (&json!("send"), &json!("429"), &json!(true))
    );
    assert!(text(&error["message"]).contains("slow down"), "{report}");
    let details = &error["details"];
    assert_eq!(
        (&error["connector"], &details["status_code"], &details["tool"], &details["sent"]),
        (&json!("transient_send"), &json!(429), &json!("http/request"), &json!(1)),
        "{report}"
    );
    assert!(target.url().contains(&text(&details["host"])), "{report}");
    assert!(details["attempt"] == 1 && details["duration_ms"].is_number(), "{report}");
    let nodes = json!([{ "id": "send", "kind": "http", "config": { "method": "GET", "url": "http://127.0.0.1:9/x" } }]);
    let report = run(&world.admin, &graph("nobody", nodes, &[]), json!({})).await;
    let error = &report["error"];
    assert_eq!(
        (&error["code"], &error["connector"], &error["details"]["host"]),
        (&json!("connection_error"), &json!("transient_send"), &json!("127.0.0.1:9"))
    );
    // What fails without a call tells of none.
    let nodes = json!([{ "id": "sum", "kind": "transform", "inputs": { "n": "{{1 / input.id}}" } }]);
    let report = run(&world.admin, &graph("nothing", nodes, &[]), json!({ "id": 0 })).await;
    let error = &report["error"];
    assert_eq!(
        (&error["source"], &error["code"], &error["connector"], &error["details"]["attempt"]),
        (&json!("sum"), &json!("expression_failed"), &Value::Null, &json!(1)),
        "{report}"
    );
    let shut_in = World::shut_in().await;
    let report =
        run(&shut_in.admin, &graph("inside", json!([post(&target, &json!({}))]), &[]), json!({ "id": 1 }))
            .await;
    assert_eq!(report["status"], "failed");
    assert_eq!(target.asked().len(), 1, "a private address was reached");
}

#[tokio::test]
async fn a_failed_node_is_tried_again_as_often_as_it_says() {
    let world = World::start().await;
    let target = Target::start().await;
    let retry = json!({ "retry": { "max": 2, "delay_ms": 10, "backoff": "exponential" } });
    keep(&world.admin, &graph("tries", json!([post(&target, &retry)]), &[])).await;
    target.push(503, json!(null));
    target.push(500, json!(null));
    target.push(200, json!({ "n": 1 }));
    let waiting = again(&world.admin, "tries", json!({ "id": 1 })).await;
    assert_eq!(completed(&waiting)["data"], json!({ "n": 1 }));
    assert_eq!(step(&waiting, "send")["attempts"], 3);
    for _ in 0..3 {
        target.push(503, json!(null));
    }
    let report = again(&world.admin, "tries", json!({ "id": 1 })).await;
    assert_eq!((&report["status"], &report["error"]["code"]), (&json!("failed"), &json!("503")));
    assert_eq!(target.asked().len(), 6);
    // What is wrong stays wrong.
    target.push(404, json!(null));
    again(&world.admin, "tries", json!({ "id": 1 })).await;
    assert_eq!(target.asked().len(), 7);
}

#[tokio::test]
async fn after_a_failure_the_work_goes_on_or_another_way() {
    let world = World::start().await;
    let target = Target::start().await;
    let after = json!({ "id": "after", "kind": "transform", "inputs": {
        "ok": "{{steps.send.output.success}}", "why": "{{steps.send.output.code}}",
    } });
    let nodes = json!([post(&target, &json!({ "on_error": "continue" })), after]);
    keep(&world.admin, &graph("goes-on", nodes, &["send -> after"])).await;
    target.push(500, json!(null));
    let report = again(&world.admin, "goes-on", json!({ "id": 1 })).await;
    assert_eq!(completed(&report), &json!({ "ok": false, "why": "500" }));
    assert_eq!(step(&report, "send")["status"], "failed");
    let nodes = json!([
        post(&target, &json!({ "on_error": "fallback" })),
        { "id": "good", "kind": "transform", "inputs": { "by": "target" } },
        { "id": "spare", "kind": "transform", "inputs": { "by": "spare" } },
    ]);
    keep(&world.admin, &graph("other-way", nodes, &["send -> good", "send.error -> spare"])).await;
    target.push(500, json!(null));
    assert_eq!(
        completed(&again(&world.admin, "other-way", json!({ "id": 1 })).await),
        &json!({ "by": "spare" })
    );
    assert_eq!(
        completed(&again(&world.admin, "other-way", json!({ "id": 1 })).await),
        &json!({ "by": "target" })
    );
}
