//! Nodes that wait: for people, for moments, for events.

use serde_json::{Value, json};

use super::{again, completed, ended, graph, keep, run, step};
use crate::{
    content::pointers,
    world::{World, text},
};

/// The one open question that somebody may answer.
async fn question(api: &conductor_test_support::Api) -> Value {
    let tasks = api.get("/api/tasks?status=pending").await.ok();
    assert_eq!(tasks["items"].as_array().unwrap().len(), 1, "{tasks}");
    tasks["items"][0].clone()
}

fn decide(task: &Value) -> String {
    format!("/api/tasks/{}/decide", text(&task["id"]))
}

#[tokio::test]
async fn a_person_decides_and_the_decision_is_the_way() {
    let world = World::start().await;
    let nodes = json!([
        { "id": "ask", "kind": "human", "config": {
            "title": "Pay ${input.amount}?", "message": "To ${input.to}.", "priority": "high",
            "decisions": ["approve", "reject"], "comment_required": true,
        } },
        { "id": "pay", "kind": "transform", "inputs": { "paid": "{{input.amount}}", "by": "{{steps.ask.output.comment}}" } },
        { "id": "leave", "kind": "transform", "inputs": { "paid": 0 } },
    ]);
    let flow = graph("pays", nodes, &["ask.decision:approve -> pay", "ask.decision:reject -> leave"]);
    let waiting = run(&world.admin, &flow, json!({ "amount": 40, "to": "ACME" })).await;
    assert_eq!(
        (&waiting["status"], &step(&waiting, "ask")["status"]),
        (&json!("waiting"), &json!("waiting"))
    );
    let task = question(&world.admin).await;
    for (field, value) in [
        ("title", json!("Pay 40?")),
        ("message", json!("To ACME.")),
        ("priority", json!("high")),
        ("allowed_decisions", json!(["approve", "reject"])),
        ("node_id", json!("ask")),
        ("comment_required", json!(true)),
    ] {
        assert_eq!(task[field], value, "{field}");
    }
    let silent = world.admin.post(&decide(&task), json!({ "decision": "approve" })).await;
    assert_eq!(pointers(&silent.problem(422, "validation_failed")), ["/comment"]);
    let maybe = json!({ "decision": "maybe", "comment": "?" });
    world.admin.post(&decide(&task), maybe).await.problem(422, "unknown_decision");
    let yes = json!({ "decision": "approve", "comment": "Agreed." });
    world.admin.post(&decide(&task), yes.clone()).await.ok();
    let report = ended(&world.admin, &waiting).await;
    assert_eq!(completed(&report), &json!({ "paid": 40, "by": "Agreed." }));
    assert_eq!(step(&report, "leave")["status"], "skipped");
    world.admin.post(&decide(&task), yes).await.problem(409, "already_decided");
}

#[tokio::test]
async fn a_question_for_others_is_answered_by_them_alone() {
    let world = World::start().await;
    let grace = world.colleague("grace@example.com", "member").await;
    let linus = world.colleague("linus@example.com", "member").await;
    let nodes = json!([{ "id": "ask", "kind": "human", "config": {
        "title": "May it?", "assignees": ["grace@example.com"], "decisions": ["yes"],
    } }]);
    let waiting = run(&world.admin, &graph("asks-grace", nodes, &[]), json!({})).await;
    let task = question(&grace).await;
    assert_eq!(linus.get("/api/tasks?status=pending").await.ok()["items"], json!([]));
    linus.post(&decide(&task), json!({ "decision": "yes" })).await.problem(404, "not_found");
    world.admin.post(&decide(&task), json!({ "decision": "yes" })).await.problem(403, "others_decide");
    grace.post(&decide(&task), json!({ "decision": "yes" })).await.ok();
    assert_eq!(completed(&ended(&world.admin, &waiting).await)["decision"], "yes");
    let nodes = json!([{ "id": "ask", "kind": "human", "config": {
        "title": "May it?", "assignees": ["nobody@example.com"],
    } }]);
    let report = run(&world.admin, &graph("asks-nobody", nodes, &[]), json!({})).await;
    assert_eq!((&report["status"], &report["error"]["code"]), (&json!("failed"), &json!("node_invalid")));
    assert!(text(&report["error"]["message"]).contains("nobody@example.com"), "{report}");
}

#[tokio::test]
async fn a_question_that_nobody_answers_in_time_goes_to_others() {
    let world = World::start().await;
    let grace = world.colleague("grace@example.com", "member").await;
    let nodes = json!([{ "id": "ask", "kind": "human", "config": {
        "title": "Now?", "decisions": ["yes"], "due_ms": 50, "escalate_to": ["grace@example.com"],
    } }]);
    let waiting = run(&world.admin, &graph("escalates", nodes, &[]), json!({})).await;
    let id = text(&waiting["execution_id"]);
    let for_grace = |event: &conductor_test_support::Event| {
        event.name == "approval.requested" && !event.data["human_task"]["approver_roles"].is_null()
    };
    world.admin.events(&id, 0).await.until_event("the question goes to Grace", for_grace).await;
    let task = question(&grace).await;
    grace.post(&decide(&task), json!({ "decision": "yes" })).await.ok();
    completed(&ended(&world.admin, &waiting).await);

    let nodes = json!([{ "id": "ask", "kind": "human", "config": { "title": "Now?", "due_ms": 50 } }]);
    let waiting = run(&world.admin, &graph("expires", nodes, &[]), json!({})).await;
    let report = ended(&world.admin, &waiting).await;
    assert_eq!((&report["status"], &report["error"]["code"]), (&json!("failed"), &json!("timed_out")));
    assert_eq!(world.admin.get("/api/tasks?status=pending").await.ok()["items"], json!([]));
}

#[tokio::test]
async fn a_decision_can_send_the_work_back_and_its_words_go_along() {
    let world = World::start().await;
    let nodes = json!([
        { "id": "draft", "kind": "transform", "inputs": {
            "n": "{{default(step.draft.output.n, 0) + 1}}", "said": "{{step.check.output.comment}}",
        } },
        { "id": "check", "kind": "human", "config": { "title": "Draft {{steps.draft.output.n}}", "decisions": ["good", "again"] } },
        { "id": "end", "kind": "transform", "inputs": { "n": "{{steps.draft.output.n}}", "said": "{{steps.draft.output.said}}" } },
    ]);
    let edges = ["draft -> check", "check.decision:good -> end", "check.decision:again -> draft"];
    let waiting = run(&world.admin, &graph("drafts", nodes, &edges), json!({})).await;
    let id = text(&waiting["execution_id"]);
    let mut events = world.admin.events(&id, 0).await;
    for round in 1..=20 {
        let title = format!("Draft {round}");
        let asked = |event: &conductor_test_support::Event| {
            event.name == "approval.requested" && event.data["human_task"]["title"] == title.as_str()
        };
        events.until_event(&title, asked).await;
        let task = question(&world.admin).await;
        let decision = if round == 20 { "good" } else { "again" };
        let body = json!({ "decision": decision, "comment": format!("after {round}") });
        world.admin.post(&decide(&task), body).await.ok();
    }
    let report = ended(&world.admin, &waiting).await;
    assert_eq!(completed(&report), &json!({ "n": 20, "said": "after 19" }));
}

#[tokio::test]
async fn a_loop_goes_on_with_its_rounds_after_each_answer_in_its_body() {
    let world = World::start().await;
    let nodes = json!([
        { "id": "rounds", "kind": "loop", "config": {
            "until": "{{steps.check.output.decision == \"good\"}}", "max_iterations": 10,
        } },
        { "id": "draft", "kind": "transform", "inputs": { "n": "{{context.iteration.rounds}}" } },
        { "id": "check", "kind": "human", "config": { "title": "Draft {{steps.draft.output.n}}", "decisions": ["good", "again"] } },
        { "id": "end", "kind": "transform", "inputs": { "said": "{{steps.rounds.output}}" } },
    ]);
    let edges = [
        "rounds.loop -> draft",
        "draft -> check",
        "check.decision:good -> rounds",
        "check.decision:again -> rounds",
        "rounds -> end",
    ];
    let waiting = run(&world.admin, &graph("loops", nodes, &edges), json!({})).await;
    let id = text(&waiting["execution_id"]);
    let mut events = world.admin.events(&id, 0).await;
    for round in 1..=5 {
        let title = format!("Draft {round}");
        let asked = |event: &conductor_test_support::Event| {
            event.name == "approval.requested" && event.data["human_task"]["title"] == title.as_str()
        };
        events.until_event(&title, asked).await;
        let decision = if round == 5 { "good" } else { "again" };
        world.admin.post(&decide(&question(&world.admin).await), json!({ "decision": decision })).await.ok();
    }
    let report = ended(&world.admin, &waiting).await;
    assert_eq!(completed(&report)["said"]["decision"], "good");
}

#[tokio::test]
async fn a_wait_ends_with_its_moment_or_its_event() {
    let world = World::start().await;
    let nodes = json!([
        { "id": "pause", "kind": "wait", "config": { "duration_ms": 30 } },
        { "id": "until", "kind": "wait", "config": { "until": "{{input.when}}" } },
        { "id": "paid", "kind": "wait", "config": { "event": "paid-${input.order}" } },
        { "id": "end", "kind": "transform", "inputs": { "amount": "{{steps.paid.output.amount}}" } },
    ]);
    let flow = graph("waits", nodes, &["pause -> until", "until -> paid", "paid -> end"]);
    let when = json!({ "when": "2020-01-01T00:00:00Z", "order": 7 });
    let waiting = run(&world.admin, &flow, when.clone()).await;
    let id = text(&waiting["execution_id"]);
    let path = format!("/api/workflows/executions/{id}/events");
    drop(world.admin.post(&path, json!({ "name": "other", "data": 1 })).await.status(202));
    drop(world.admin.post(&path, json!({ "name": "paid-7", "data": { "amount": 12 } })).await.status(202));
    assert_eq!(completed(&ended(&world.admin, &waiting).await), &json!({ "amount": 12 }));
    world.admin.post(&path, json!({ "name": "paid-7" })).await.problem(409, "run_ended");
    world.admin.post(&path, json!({ "name": " " })).await.problem(422, "validation_failed");

    // An event that comes before its node is kept for it.
    let nodes = json!([
        { "id": "first", "kind": "wait", "config": { "event": "one" } },
        { "id": "second", "kind": "wait", "config": { "event": "two" } },
    ]);
    let waiting = run(&world.admin, &graph("early", nodes, &["first -> second"]), json!({})).await;
    let path = format!("/api/workflows/executions/{}/events", text(&waiting["execution_id"]));
    drop(world.admin.post(&path, json!({ "name": "two", "data": "2" })).await.status(202));
    drop(world.admin.post(&path, json!({ "name": "one", "data": "1" })).await.status(202));
    assert_eq!(completed(&ended(&world.admin, &waiting).await)["second"], "2");
    let bad = again(&world.admin, "waits", json!({ "when": "tomorrow", "order": 1 })).await;
    assert_eq!((&bad["error"]["source"], &bad["error"]["code"]), (&json!("until"), &json!("node_invalid")));
}

#[tokio::test]
async fn a_waiting_run_can_be_stopped_and_its_question_goes_away() {
    let world = World::start().await;
    let nodes = json!([{ "id": "ask", "kind": "human", "config": { "title": "May it?" } }]);
    keep(&world.admin, &graph("stops", nodes, &[])).await;
    let nodes = json!([{ "id": "sub", "kind": "subworkflow", "config": { "workflow": "stops" } }]);
    let kept = keep(&world.admin, &graph("stops-outer", nodes, &[])).await;
    let path = format!("/api/workflows/{}/execute", text(&kept["id"]));
    let outer = text(&world.admin.post(&path, json!({ "test": true })).await.created()["run"]["id"]);
    let delegated = world.admin.events(&outer, 0).await.until("tool.delegated").await;
    let inner = text(&delegated.data["child_run_id"]);
    world.admin.events(&inner, 0).await.until("approval.requested").await;
    drop(world.admin.post(&format!("/api/execute/{outer}/cancel"), json!({})).await.status(202));
    for run in [outer, inner] {
        let ended = world.admin.events(&run, 0).await.until("run.finished").await;
        assert_eq!(ended.data["status"], "cancelled");
    }
    assert_eq!(world.admin.get("/api/tasks?status=pending").await.ok()["items"], json!([]));
}

#[tokio::test]
async fn who_is_asked_is_reminded_once_before_it_is_too_late() {
    let world = World::start().await;
    let grace = world.colleague("grace@example.com", "member").await;
    let nodes = json!([{ "id": "ask", "kind": "human", "config": {
        "title": "Now?", "decisions": ["yes"], "due_ms": 400, "channels": ["web", "pager"],
        "escalate_to": ["grace@example.com"],
    } }]);
    let waiting = run(&world.admin, &graph("reminds", nodes, &[]), json!({})).await;
    let id = text(&waiting["execution_id"]);
    let escalated = |event: &conductor_test_support::Event| {
        let notices = event.data["human_task"]["notices"].as_array();
        notices.is_some_and(|all| all.iter().any(|notice| notice["occasion"] == "escalated"))
    };
    world.admin.events(&id, 0).await.until_event("the question goes to Grace", escalated).await;
    let task = question(&grace).await;
    let notices: Vec<(&str, &str)> = task["notices"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|notice| notice["channel"] == "web")
        .map(|notice| (notice["occasion"].as_str().unwrap(), notice["status"].as_str().unwrap()))
        .collect();
    assert_eq!(notices, [("asked", "told"), ("reminded", "told"), ("escalated", "told")], "{task}");
    let failed =
        task["notices"].as_array().unwrap().iter().find(|notice| notice["channel"] == "pager").unwrap();
    assert!(text(&failed["reason"]).contains("slack:#channel"), "{failed}");
    grace.post(&decide(&task), json!({ "decision": "yes" })).await.ok();
    completed(&ended(&world.admin, &waiting).await);
}

#[tokio::test]
async fn what_is_urgent_stays_urgent_also_when_it_goes_to_others() {
    let world = World::start().await;
    let grace = world.colleague("grace@example.com", "member").await;
    for priority in ["low", "normal", "high", "urgent"] {
        let nodes = json!([{ "id": "ask", "kind": "human", "config": {
            "title": "Now?", "decisions": ["yes"], "priority": priority,
        } }]);
        let waiting = run(&world.admin, &graph(&format!("asks-{priority}"), nodes, &[]), json!({})).await;
        let task = question(&world.admin).await;
        assert_eq!(task["priority"], priority);
        world.admin.post(&decide(&task), json!({ "decision": "yes" })).await.ok();
        completed(&ended(&world.admin, &waiting).await);
    }
    for (priority, then) in [("low", "high"), ("urgent", "urgent")] {
        let nodes = json!([{ "id": "ask", "kind": "human", "config": {
            "title": "Now?", "decisions": ["yes"], "priority": priority, "due_ms": 50,
            "escalate_to": ["grace@example.com"],
        } }]);
        let flow = graph(&format!("escalates-{priority}"), nodes, &[]);
        let waiting = run(&world.admin, &flow, json!({})).await;
        let for_grace = |event: &conductor_test_support::Event| {
            event.name == "approval.requested" && !event.data["human_task"]["approver_roles"].is_null()
        };
        let id = text(&waiting["execution_id"]);
        let event =
            world.admin.events(&id, 0).await.until_event("the question goes to Grace", for_grace).await;
        assert_eq!(event.data["human_task"]["priority"], then);
        let task = question(&grace).await;
        grace.post(&decide(&task), json!({ "decision": "yes" })).await.ok();
        completed(&ended(&world.admin, &waiting).await);
    }
}
