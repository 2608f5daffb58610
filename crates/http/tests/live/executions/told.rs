//! Events that start workflows, from outside: who begins, as whom, and that nobody is told of what is hidden.

use conductor_test_support::Api;
use serde_json::{Value, json};

use super::{ended, graph, keep};
use crate::{
    content::column,
    world::{World, text},
};

const TELL: &str = "/api/workflows/events";

/// A workflow that gives back what it was given, and waits for this event.
fn waiting(name: &str, event: &str) -> Value {
    let nodes = json!([{ "id": "t", "kind": "transform", "inputs": { "given": "${inputs}" } }]);
    let mut flow = graph(name, nodes, &[]);
    flow["triggers"] = json!([{ "type": "manual" }, { "type": "event", "name": event }]);
    flow
}

fn path(workflow: &Value) -> String {
    format!("/api/workflows/{}", text(&workflow["id"]))
}

/// What came of an event, workflow by workflow.
async fn tell(api: &Api, event: Value) -> Vec<Value> {
    let answer = api.post(TELL, event).await.status(202).json();
    answer["workflows"].as_array().unwrap().clone()
}

/// The workflows that an event started, and nothing but those.
async fn started(api: &Api, event: Value) -> Vec<Value> {
    let told = tell(api, event).await;
    assert!(told.iter().all(|one| one["run_id"].is_string() && one["error"].is_null()), "{told:?}");
    told.into_iter().map(|one| one["workflow_id"].clone()).collect()
}

async fn runs(api: &Api, workflow: &Value) -> usize {
    column(&api.get(&format!("{}/executions", path(workflow))).await.ok(), "id").len()
}

async fn report(api: &Api, start: &Value) -> Value {
    ended(api, &json!({ "execution_id": start["run_id"] })).await
}

/// What the audit log says of events that were told, the newest first.
async fn entries(world: &World) -> Vec<Value> {
    let org = world.organization(&world.admin).await;
    let log = format!("/api/v1/orgs/{org}/audit?event_type=workflow.event_told&limit=100");
    world.admin.get(&log).await.ok()["items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn everyone_who_waits_for_an_event_begins_and_nobody_else() {
    let world = World::start().await;
    let admin = &world.admin;
    let one = keep(admin, &waiting("one", "order.paid")).await;
    let mut flow = waiting("two", "order.paid");
    flow["inputs"] = json!([
        { "name": "amount", "type": "integer", "required": true },
        { "name": "currency", "type": "string", "default": "EUR" },
        { "name": "event", "type": "object" },
    ]);
    let two = keep(admin, &flow).await;
    let other = keep(admin, &waiting("other", "order.paid.late")).await;
    let data = json!({ "amount": 7, "by": { "name": "Ada" } });
    let told = tell(admin, json!({ "name": "order.paid", "data": data })).await;
    let ids: Vec<&Value> = told.iter().map(|one| &one["workflow_id"]).collect();
    assert_eq!(ids, [&one["id"], &two["id"]], "the oldest first");
    let first = report(admin, &told[0]).await;
    assert_eq!(first["outputs"], json!({ "given": data }), "without declared inputs everything is given");
    assert_eq!((&first["run"]["trigger"], &first["status"]), (&json!("event"), &json!("completed")));
    let given = json!({ "amount": 7, "currency": "EUR", "event": data });
    assert_eq!(report(admin, &told[1]).await["outputs"]["given"], given);
    assert_eq!(runs(admin, &other).await, 0);

    // Nobody waits for these; the case counts.
    for name in ["order.refunded", "Order.paid", "order"] {
        assert_eq!(tell(admin, json!({ "name": name })).await, [Value::Null; 0], "{name}");
    }
    let log = entries(&world).await;
    assert_eq!(log.len(), 4, "one entry for each that was told: {log:?}");
    let last = &log[3]["event_data"];
    assert_eq!((&last["event"], &last["event_id"]), (&json!("order.paid"), &Value::Null), "{last}");
    assert_eq!(last["run_ids"], json!([told[0]["run_id"], told[1]["run_id"]]));
}

#[tokio::test]
async fn one_that_cannot_begin_keeps_no_other_from_it() {
    let world = World::start().await;
    let admin = &world.admin;
    let mut strict = waiting("strict", "paid");
    strict["inputs"] = json!([{ "name": "amount", "type": "integer", "required": true }]);
    let strict = keep(admin, &strict).await;
    let single = keep(admin, &waiting("single", "paid")).await;
    let nodes = json!([{ "id": "wait", "kind": "wait", "config": { "event": "go" } }]);
    let mut busy = graph("busy", nodes, &[]);
    busy["triggers"] = json!([{ "type": "event", "name": "paid" }]);
    let busy = keep(admin, &busy).await;
    admin.patch(&path(&busy), json!({ "concurrency": "skip" })).await.ok();
    let _ = admin.post(&format!("{}/execute", path(&busy)), json!({})).await.created();

    let told = tell(admin, json!({ "name": "paid", "data": { "amount": "much" } })).await;
    let [wrong, right, open] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!((&wrong["workflow_id"], &wrong["run_id"]), (&strict["id"], &Value::Null));
    assert_eq!(wrong["error"], json!({ "code": "validation_failed", "detail": "amount is a integer" }));
    assert_eq!((&right["workflow_id"], &right["error"]), (&single["id"], &Value::Null));
    assert_eq!(report(admin, right).await["status"], "completed");
    assert_eq!((&open["workflow_id"], &open["error"]["code"]), (&busy["id"], &json!("workflow_busy")));
    assert_eq!((runs(admin, &strict).await, runs(admin, &busy).await), (0, 1));
}

#[tokio::test]
async fn the_same_event_is_one_however_often_it_is_told() {
    let world = World::start().await;
    let admin = &world.admin;
    let kept = keep(admin, &waiting("paid", "paid")).await;
    let event = json!({ "name": "paid", "id": "evt_1", "data": { "a": 1, "b": [2] } });
    let first = tell(admin, event.clone()).await;
    assert_eq!(first.len(), 1, "{first:?}");
    // Again, later, in another order of fields, and by others who wait since.
    let later = keep(admin, &waiting("later", "paid")).await;
    let turned = json!({ "id": "evt_1", "data": { "b": [2], "a": 1 }, "name": "paid" });
    assert_eq!(tell(admin, event.clone()).await, first);
    assert_eq!(tell(admin, turned).await, first);
    assert_eq!((runs(admin, &kept).await, runs(admin, &later).await), (1, 0));
    assert_eq!(entries(&world).await.len(), 1, "nothing happened when it was told again");

    // At once from several sides.
    let twice = json!({ "name": "paid", "id": "evt_2" });
    let (one, other) = tokio::join!(tell(admin, twice.clone()), tell(admin, twice));
    assert_eq!((&one, one.len()), (&other, 2));
    assert_eq!((runs(admin, &kept).await, runs(admin, &later).await), (2, 1));

    // One id is one event, its name included.
    for wrong in [
        json!({ "name": "paid", "id": "evt_1" }),
        json!({ "name": "paid", "id": "evt_1", "data": { "a": 2, "b": [2] } }),
        json!({ "name": "other", "id": "evt_1", "data": { "a": 1, "b": [2] } }),
    ] {
        admin.post(TELL, wrong).await.problem(409, "webhook_id_reused");
    }
    // Without an id every telling is another event, and other tenants have ids of their own.
    assert_eq!(started(admin, json!({ "name": "paid" })).await.len(), 2);
    assert_eq!(started(admin, json!({ "name": "paid" })).await.len(), 2);
    let stranger = world.stranger().await;
    assert_eq!(tell(&stranger, event.clone()).await, [Value::Null; 0]);
    assert_eq!(runs(admin, &kept).await, 4);

    // A day later it is forgotten.
    world.database().change("UPDATE workflow_events SET expires_at = '2020-01-01T00:00:00+00:00'").await;
    let anew = tell(admin, event).await;
    assert_eq!(anew.len(), 2);
    assert!(anew.iter().all(|start| start["run_id"] != first[0]["run_id"]), "{anew:?}");
}

#[tokio::test]
async fn what_is_no_event_is_told_so() {
    let world = World::start().await;
    let admin = &world.admin;
    let long = "a".repeat(101);
    for name in ["", " ", "order paid", "ordér", "a/b", "{a}", long.as_str()] {
        let problem = admin.post(TELL, json!({ "name": name })).await.problem(422, "validation_failed");
        assert_eq!(problem["errors"][0]["pointer"], "/name", "{name:?}: {problem}");
    }
    let _ = admin.post(TELL, json!({ "name": &long[1..], "data": null })).await.status(422);
    assert_eq!(tell(admin, json!({ "name": &long[1..], "data": {} })).await, [Value::Null; 0]);
    for id in [String::new(), "i".repeat(201)] {
        let problem = admin.post(TELL, json!({ "name": "a", "id": id })).await;
        assert_eq!(problem.problem(422, "validation_failed")["errors"][0]["pointer"], "/id");
    }
    for (wrong, pointer) in [
        (json!({}), "/name"),
        (json!({ "name": "a", "data": [1] }), "/data"),
        (json!({ "name": "a", "workflow": "x" }), "/workflow"),
    ] {
        let problem = admin.post(TELL, wrong).await.status(422).json();
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
    }
    assert_eq!(entries(&world).await.len(), 1);

    // A trigger of such a name, and a second one of the same, make a draft.
    let mut flow = waiting("wrong", "order paid");
    let odd = admin.post("/api/workflows", json!({ "name": "wrong", "graph": flow })).await.created();
    assert_eq!(column(&json!({ "items": odd["problems"] }), "pointer"), [json!("/triggers/1/name")]);
    assert_eq!(odd["runnable"], false);
    let paid = json!({ "type": "event", "name": "paid" });
    flow["triggers"] = json!([paid, { "type": "event", "name": "sent" }, paid]);
    let two = admin.patch(&path(&odd), json!({ "graph": flow })).await.ok();
    assert_eq!(column(&json!({ "items": two["problems"] }), "pointer"), [json!("/triggers/2/name")]);
    assert_eq!(tell(admin, json!({ "name": "paid" })).await, [Value::Null; 0], "a draft waits for nothing");
    flow["triggers"] = json!([paid, { "type": "event", "name": "sent" }]);
    admin.patch(&path(&odd), json!({ "graph": flow })).await.ok();
    for name in ["paid", "sent"] {
        assert_eq!(started(admin, json!({ "name": name })).await, [odd["id"].clone()], "{name}");
    }
}

#[tokio::test]
async fn who_waits_is_what_the_newest_graph_says() {
    let world = World::start().await;
    let admin = &world.admin;
    let mut flow = waiting("changes", "paid");
    flow["triggers"] = json!([]);
    let kept = keep(admin, &flow).await;
    let paid = json!({ "name": "paid" });
    let nobody = [Value::Null; 0];
    assert_eq!(tell(admin, paid.clone()).await, nobody);
    flow = waiting("changes", "paid");
    admin.patch(&path(&kept), json!({ "graph": flow })).await.ok();
    assert_eq!(started(admin, paid.clone()).await, [kept["id"].clone()]);

    // Back to the version that waited for nothing, and forth again.
    let back = |version| format!("{}/versions/{version}/rollback", path(&kept));
    admin.post(&back(1), json!({})).await.ok();
    assert_eq!(tell(admin, paid.clone()).await, nobody);
    admin.post(&back(2), json!({})).await.ok();
    assert_eq!(started(admin, paid.clone()).await, [kept["id"].clone()]);

    admin.patch(&path(&kept), json!({ "is_active": false })).await.ok();
    assert_eq!(tell(admin, paid.clone()).await, nobody, "what is off waits for nothing");
    admin.patch(&path(&kept), json!({ "is_active": true })).await.ok();

    // A copy waits as well; what is deleted does not.
    let copy = admin.post(&format!("{}/clone", path(&kept)), json!({})).await.created();
    assert_eq!(started(admin, paid.clone()).await, [kept["id"].clone(), copy["id"].clone()]);
    let _ = admin.delete(&path(&kept)).await.status(204);
    assert_eq!(started(admin, paid).await, [copy["id"].clone()]);
}

#[tokio::test]
async fn an_event_starts_what_its_teller_may_run_as_its_owner() {
    let world = World::start().await;
    let (admin, member) = (&world.admin, world.colleague("grace@example.com", "member").await);
    let (viewer, stranger) = (world.colleague("vera@example.com", "viewer").await, world.stranger().await);
    let private = keep(admin, &waiting("private", "paid")).await;
    let mut flow = waiting("shared", "paid");
    flow["nodes"][0]["inputs"] = json!({ "by": "${context.user.email}" });
    let shared = keep(admin, &flow).await;
    admin.patch(&path(&shared), json!({ "visibility": "organization" })).await.ok();
    let public = keep(&stranger, &waiting("public", "paid")).await;
    stranger.patch(&path(&public), json!({ "visibility": "public" })).await.ok();

    // The other tenant's is not started, not even where everybody sees it; nor is what is somebody's own.
    let told = tell(&member, json!({ "name": "paid", "id": "by-grace" })).await;
    assert_eq!(column(&json!({ "items": told }), "workflow_id"), [shared["id"].clone()], "{told:?}");
    let report = report(admin, &told[0]).await;
    let by = &report["outputs"]["by"];
    assert_ne!(by, "grace@example.com", "the run is the owner's, not the teller's: {report}");
    assert!(by.as_str().is_some_and(|by| by.contains('@')), "{report}");
    assert_eq!((runs(admin, &private).await, runs(&stranger, &public).await), (0, 0));

    // Whoever may not run what it sees starts nothing, and is told why.
    let refused = tell(&viewer, json!({ "name": "paid" })).await;
    assert_eq!(column(&json!({ "items": refused }), "workflow_id"), [shared["id"].clone()]);
    assert_eq!(
        (&refused[0]["run_id"], &refused[0]["error"]["code"]),
        (&Value::Null, &json!("clearance_too_low"))
    );
    world.anonymous().post(TELL, json!({ "name": "paid" })).await.problem(401, "token_missing");

    // What was told before tells nobody of what it may not see.
    let all = tell(admin, json!({ "name": "paid", "id": "by-admin" })).await;
    assert_eq!(all.len(), 2, "{all:?}");
    let again = tell(&member, json!({ "name": "paid", "id": "by-admin" })).await;
    assert_eq!(again, [all[1].clone()]);
    assert_eq!(tell(&stranger, json!({ "name": "paid", "id": "by-admin" })).await.len(), 1, "its own");
    assert_eq!((runs(admin, &private).await, runs(&stranger, &public).await), (1, 1));
}

#[tokio::test]
async fn a_machine_tells_with_the_scope_that_running_takes() {
    let world = World::start().await;
    let kept = keep(&world.admin, &waiting("shared", "paid")).await;
    world.admin.patch(&path(&kept), json!({ "visibility": "organization" })).await.ok();
    let accounts = format!("/api/v1/orgs/{}/service-accounts", world.organization(&world.admin).await);
    let scopes = json!(["workflow.execute", "workflow.read"]);
    let account = world.admin.post(&accounts, json!({ "name": "CI", "scope_allowlist": scopes })).await;
    let tokens = format!("{accounts}/{}/tokens", text(&account.created()["id"]));
    let machine = async |scope: &str| {
        let issued = world.admin.post(&tokens, json!({ "name": scope, "scopes": [scope] })).await.created();
        world.anonymous().with_token(&text(&issued["token"]))
    };
    let event = json!({ "name": "paid" });
    machine("workflow.read").await.post(TELL, event.clone()).await.problem(403, "scope_missing");
    assert_eq!(started(&machine("workflow.execute").await, event).await, [kept["id"].clone()]);
}

#[tokio::test]
async fn an_event_that_too_many_wait_for_starts_none() {
    let world = World::start().await;
    let admin = &world.admin;
    let mut last = Value::Null;
    for number in 0..51 {
        last = keep(admin, &waiting(&format!("w{number}"), "crowd")).await;
    }
    let problem = admin.post(TELL, json!({ "name": "crowd" })).await.problem(409, "event_too_wide");
    assert!(text(&problem["detail"]).contains("50"), "{problem}");
    assert_eq!((runs(admin, &last).await, entries(&world).await.len()), (0, 0));
    let _ = admin.delete(&path(&last)).await.status(204);
    assert_eq!(started(admin, json!({ "name": "crowd" })).await.len(), 50);
}

#[tokio::test]
async fn a_run_knows_the_event_that_started_it() {
    let world = World::start().await;
    let admin = &world.admin;
    let inputs = json!({ "kind": "${context.trigger.kind}", "event": "${context.trigger.event}" });
    let mut flow = graph("told", json!([{ "id": "t", "kind": "transform", "inputs": inputs }]), &[]);
    flow["triggers"] = json!([{ "type": "event", "name": "order:paid" }]);
    keep(admin, &flow).await;
    let told = tell(admin, json!({ "name": "order:paid" })).await;
    let expected = json!({ "kind": "event", "event": "order:paid" });
    assert_eq!(report(admin, &told[0]).await["outputs"], expected);
}
