//! Schedules, from outside: when they start runs, when they keep still, and what is told of them.

use chrono::{DateTime, TimeDelta, Utc};
use conductor_test_support::Api;
use serde_json::{Value, json};

use super::{ended, graph, keep};
use crate::{
    content::column,
    world::{World, text},
};

/// A workflow of one node that starts every hour.
fn hourly(name: &str) -> Value {
    let nodes = json!([{ "id": "t", "kind": "transform", "inputs": { "by": "clock" } }]);
    let mut flow = graph(name, nodes, &[]);
    flow["triggers"] = json!([{ "type": "manual" }, { "type": "schedule", "cron": "0 * * * *" }]);
    flow
}

fn path(workflow: &Value) -> String {
    format!("/api/workflows/{}", text(&workflow["id"]))
}

async fn runs(api: &Api, workflow: &Value) -> Value {
    api.get(&format!("{}/executions", path(workflow))).await.ok()
}

/// The only schedule of a workflow.
async fn schedule(api: &Api, workflow: &Value) -> Value {
    let now = api.get(&path(workflow)).await.ok();
    assert_eq!(now["schedules"].as_array().map(Vec::len), Some(1), "{now}");
    now["schedules"][0].clone()
}

fn moment(value: &Value) -> DateTime<Utc> {
    text(value).parse().unwrap()
}

impl World {
    fn now(&self) -> DateTime<Utc> {
        self.store().clock().now()
    }

    /// What would be started if it were so many hours later.
    async fn hours_later(&self, hours: i64) -> usize {
        self.schedules().run_due(self.now() + TimeDelta::hours(hours)).await.unwrap()
    }
}

#[tokio::test]
async fn a_moment_that_has_come_starts_one_run_whoever_looks() {
    let world = World::start().await;
    let admin = &world.admin;
    let before = world.now();
    let kept = keep(admin, &hourly("hourly")).await;
    let first = &kept["schedules"][0];
    assert_eq!(
        (&first["position"], &first["cron"], &first["time_zone"]),
        (&json!(1), &json!("0 * * * *"), &Value::Null)
    );
    assert_eq!(
        (&first["last_at"], &first["last_run_id"], &first["error"]),
        (&Value::Null, &Value::Null, &Value::Null)
    );
    let next = moment(&first["next_at"]);
    assert!(next > before && next <= before + TimeDelta::hours(1), "{first}");
    let early = next - TimeDelta::seconds(1);
    assert_eq!(world.schedules().run_due(early).await.unwrap(), 0);
    assert_eq!(column(&runs(admin, &kept).await, "id"), [Value::Null; 0]);

    let (one, other) = (world.schedules().clone(), world.schedules().clone());
    let (one, other) = tokio::join!(one.run_due(next), other.run_due(next));
    assert_eq!(one.unwrap() + other.unwrap(), 1, "both started it");
    let list = runs(admin, &kept).await;
    assert_eq!(column(&list, "trigger"), [json!("schedule")]);
    let run = list["items"][0]["id"].clone();
    let report = ended(admin, &json!({ "execution_id": run })).await;
    assert_eq!((&report["status"], &report["outputs"]), (&json!("completed"), &json!({ "by": "clock" })));
    let now = schedule(admin, &kept).await;
    assert_eq!((&now["last_run_id"], &now["error"]), (&run, &Value::Null));
    assert_eq!((moment(&now["last_at"]), moment(&now["next_at"])), (next, next + TimeDelta::hours(1)));

    // What was missed while nobody looked is one run.
    let after = next + TimeDelta::hours(7) + TimeDelta::minutes(1);
    assert_eq!(world.schedules().run_due(after).await.unwrap(), 1);
    assert_eq!(world.schedules().run_due(after).await.unwrap(), 0);
    assert_eq!(moment(&schedule(admin, &kept).await["next_at"]), next + TimeDelta::hours(8));
    assert_eq!(column(&runs(admin, &kept).await, "id").len(), 2);
}

#[tokio::test]
async fn an_unchanged_schedule_keeps_its_moment_and_a_changed_one_does_not() {
    let world = World::start().await;
    let admin = &world.admin;
    let mut flow = hourly("keeps");
    let kept = keep(admin, &flow).await;
    assert_eq!(world.hours_later(1).await, 1);
    let before = schedule(admin, &kept).await;
    flow["nodes"][0]["inputs"]["by"] = json!("hand");
    flow["triggers"] = json!([flow["triggers"][1]]);
    let now = admin.patch(&path(&kept), json!({ "graph": flow })).await.ok();
    assert_eq!(now["version"], 2);
    for field in ["cron", "next_at", "last_at", "last_run_id"] {
        assert_eq!(now["schedules"][0][field], before[field], "{field}");
    }
    assert_eq!(now["schedules"][0]["position"], 0);
    let now = admin.patch(&path(&kept), json!({ "category": "x" })).await.ok();
    assert_eq!(now["schedules"][0]["next_at"], before["next_at"]);

    flow["triggers"][0]["time_zone"] = json!("Asia/Kolkata");
    let now = admin.patch(&path(&kept), json!({ "graph": flow })).await.ok();
    let changed = &now["schedules"][0];
    assert_eq!((&changed["time_zone"], &changed["last_at"]), (&json!("Asia/Kolkata"), &Value::Null));
    assert_ne!(changed["next_at"], before["next_at"], "half past in UTC");
}

#[tokio::test]
async fn what_is_off_gone_or_of_another_version_keeps_still() {
    let world = World::start().await;
    let admin = &world.admin;
    let flow = hourly("still");
    let kept = keep(admin, &flow).await;
    let off = admin.patch(&path(&kept), json!({ "is_active": false })).await.ok();
    assert_eq!(off["schedules"], json!([]));
    assert_eq!(world.hours_later(2).await, 0);
    let on = admin.patch(&path(&kept), json!({ "is_active": true })).await.ok();
    assert_eq!(on["schedules"].as_array().map(Vec::len), Some(1));

    let mut without = flow.clone();
    without["triggers"] = json!([]);
    let second = admin.patch(&path(&kept), json!({ "graph": without })).await.ok();
    assert_eq!((&second["version"], &second["schedules"]), (&json!(2), &json!([])));
    assert_eq!(world.hours_later(2).await, 0);
    let back = admin.post(&format!("{}/versions/1/rollback", path(&kept)), json!({})).await.ok();
    assert_eq!(back["schedules"].as_array().map(Vec::len), Some(1));

    // A draft does not run, so its schedules do not act.
    let mut broken = flow.clone();
    broken["triggers"][1]["cron"] = json!("61 * * * *");
    let draft = admin.patch(&path(&kept), json!({ "graph": broken })).await.ok();
    assert_eq!((&draft["runnable"], &draft["schedules"]), (&json!(false), &json!([])));
    assert_eq!(column(&json!({ "items": draft["problems"] }), "pointer"), [json!("/triggers/1/cron")]);
    admin.patch(&path(&kept), json!({ "graph": flow })).await.ok();
    let _ = admin.delete(&path(&kept)).await.status(204);
    assert_eq!(world.hours_later(2).await, 0);
}

#[tokio::test]
async fn why_no_run_came_is_told_until_one_does() {
    let world = World::start().await;
    let admin = &world.admin;
    let mut flow = hourly("asks");
    flow["inputs"] = json!([{ "name": "email", "type": "string", "required": true }]);
    let kept = keep(admin, &flow).await;
    assert_eq!(kept["problems"][0]["severity"], "warning", "{kept}");
    assert_eq!(world.hours_later(1).await, 1);
    assert_eq!(world.hours_later(1).await, 0, "what was refused is tried at its next moment");
    let told = schedule(admin, &kept).await;
    assert_eq!(
        (&told["error"]["code"], &told["error"]["detail"], &told["last_run_id"]),
        (&json!("validation_failed"), &json!("email is required"), &Value::Null)
    );
    assert!(moment(&told["next_at"]) > moment(&told["last_at"]), "{told}");
    assert_eq!(column(&runs(admin, &kept).await, "id").len(), 0);
    flow["inputs"][0]["default"] = json!("a@example.com");
    let now = admin.patch(&path(&kept), json!({ "graph": flow })).await.ok();
    assert_eq!(now["schedules"][0]["error"]["code"], "validation_failed", "nothing has come of it yet");
    assert_eq!(world.hours_later(2).await, 1);
    let told = schedule(admin, &kept).await;
    assert_eq!((&told["error"], told["last_run_id"].is_string()), (&Value::Null, true));
}

#[tokio::test]
async fn nobody_acts_as_the_owner_through_a_schedule() {
    let world = World::start().await;
    let (admin, member) = (&world.admin, world.colleague("grace@example.com", "member").await);
    let flow = hourly("shared");
    let kept = keep(admin, &flow).await;
    let user = text(&member.get("/api/auth/me").await.ok()["user"]["id"]);
    let share = json!({ "user_id": user, "permission_level": "edit" });
    let _ = admin.post(&format!("{}/share", path(&kept)), share).await.created();
    let mut theirs = flow.clone();
    theirs["nodes"][0]["inputs"]["by"] = json!("grace");
    let changed = member.patch(&path(&kept), json!({ "graph": theirs })).await.ok();
    assert_eq!(changed["schedules"].as_array().map(Vec::len), Some(1), "{changed}");
    assert_eq!(world.hours_later(1).await, 1);
    assert_eq!(schedule(&member, &kept).await["error"]["code"], "version_unconfirmed");
    assert_eq!(column(&runs(admin, &kept).await, "id").len(), 0);
    let _ = admin.post(&format!("{}/versions/2/rollback", path(&kept)), json!({})).await.ok();
    assert_eq!(world.hours_later(2).await, 1);
    assert_eq!(schedule(admin, &kept).await["error"], Value::Null);

    // Somebody who may not act any more starts nothing.
    let own = keep(&member, &hourly("own")).await;
    let account = format!("/api/users/{user}");
    admin.patch(&account, json!({ "is_active": false })).await.ok();
    assert_eq!(world.hours_later(3).await, 2);
    let store = world.store();
    let rows = store.unscoped(conductor_storage::Unscoped::Schedules).schedules();
    let due = rows.due(world.now() + TimeDelta::hours(9), 9).await.unwrap();
    let of_member = due.iter().find(|row| row.workflow_id.to_string() == text(&own["id"])).unwrap();
    let error = of_member.last_error.as_ref().map(|error| error.code.as_str());
    assert_eq!((error, of_member.last_run_id), (Some("owner_missing"), None));
}

#[tokio::test]
async fn others_see_nothing_of_a_schedule() {
    let world = World::start().await;
    let (admin, stranger) = (&world.admin, world.stranger().await);
    let kept = keep(admin, &hourly("private")).await;
    let theirs = keep(&stranger, &hourly("private")).await;
    assert_eq!(world.hours_later(1).await, 2);
    stranger.get(&path(&kept)).await.problem(404, "not_found");
    stranger.get(&format!("{}/executions", path(&kept))).await.problem(404, "not_found");
    let (ours, others) = (schedule(admin, &kept).await, schedule(&stranger, &theirs).await);
    for (api, run) in [(&stranger, &ours["last_run_id"]), (admin, &others["last_run_id"])] {
        api.get(&format!("/api/workflows/executions/{}", text(run))).await.problem(404, "not_found");
    }
}

/// A workflow that waits until it is told to go on, and what starting it does while it waits.
async fn waiting(api: &Api, name: &str, concurrency: &str) -> Value {
    let nodes = json!([{ "id": "wait", "kind": "wait", "config": { "event": "go" } }]);
    let mut flow = graph(name, nodes, &[]);
    flow["triggers"] = json!([{ "type": "schedule", "cron": "0 * * * *" }]);
    let kept = keep(api, &flow).await;
    assert_eq!(kept["concurrency"], "allow");
    let set = api.patch(&path(&kept), json!({ "concurrency": concurrency })).await.ok();
    assert_eq!((&set["concurrency"], &set["version"]), (&json!(concurrency), &json!(1)));
    kept
}

async fn start(api: &Api, workflow: &Value) -> Value {
    let begun = api.post(&format!("{}/execute", path(workflow)), json!({})).await.created();
    json!({ "execution_id": begun["run"]["id"] })
}

async fn go(api: &Api, execution: &Value) -> Value {
    let told = format!("/api/workflows/executions/{}/events", text(&execution["execution_id"]));
    api.post(&told, json!({ "name": "go" })).await.ok();
    ended(api, execution).await
}

#[tokio::test]
async fn one_run_at_a_time_where_the_workflow_says_so() {
    let world = World::start().await;
    let admin = &world.admin;
    let single = waiting(admin, "single", "skip").await;
    let execute = format!("{}/execute", path(&single));
    let (one, other) = tokio::join!(admin.post(&execute, json!({})), admin.post(&execute, json!({})));
    let mut answers = [one, other];
    answers.sort_by_key(|answer| answer.status);
    let [begun, refused] = answers;
    let first = json!({ "execution_id": begun.created()["run"]["id"] });
    refused.problem(409, "workflow_busy");
    admin.post("/api/workflows/execute/single", json!({})).await.problem(409, "workflow_busy");
    assert_eq!(world.hours_later(1).await, 1);
    let told = schedule(admin, &single).await;
    assert_eq!((&told["error"]["code"], &told["last_run_id"]), (&json!("workflow_busy"), &Value::Null));
    assert_eq!(column(&runs(admin, &single).await, "id").len(), 1);

    // A call belongs to the run that makes it: it neither waits nor counts.
    let nodes = json!([{ "id": "sub", "kind": "subworkflow", "config": { "workflow": "single" } }]);
    let above = keep(admin, &graph("above", nodes, &[])).await;
    let above = text(&start(admin, &above).await["execution_id"]);
    let delegated = admin.events(&above, 0).await.until("tool.delegated").await;
    admin.events(&text(&delegated.data["child_run_id"]), 0).await.until("node.waiting").await;
    assert_eq!(go(admin, &first).await["status"], "completed");
    let second = start(admin, &single).await;
    assert_eq!(go(admin, &second).await["status"], "completed");
}

#[tokio::test]
async fn a_new_run_takes_the_place_of_the_open_one_where_the_workflow_says_so() {
    let world = World::start().await;
    let admin = &world.admin;
    let newest = waiting(admin, "newest", "cancel_previous").await;
    let first = start(admin, &newest).await;
    let second = start(admin, &newest).await;
    assert_eq!(ended(admin, &first).await["status"], "cancelled");
    assert_eq!(world.hours_later(1).await, 1);
    assert_eq!(ended(admin, &second).await["status"], "cancelled");
    let third = schedule(admin, &newest).await["last_run_id"].clone();
    assert_eq!(go(admin, &json!({ "execution_id": third })).await["status"], "completed");
    let wrong = json!({ "concurrency": "later" });
    let _ = admin.patch(&path(&newest), wrong).await.status(422);
    let reset = admin.patch(&path(&newest), json!({ "concurrency": null })).await.ok();
    assert_eq!(reset["concurrency"], "allow");
}

/// The runs of a workflow, oldest first, with where they stand.
async fn standing(api: &Api, workflow: &Value) -> Vec<Value> {
    let mut all = column(&runs(api, workflow).await, "status");
    all.reverse();
    all
}

#[tokio::test]
async fn runs_go_one_after_the_other_where_the_workflow_says_so() {
    let world = World::start().await;
    let admin = &world.admin;
    let line = waiting(admin, "line", "queue").await;
    let first = start(admin, &line).await;
    admin.events(&text(&first["execution_id"]), 0).await.until("node.waiting").await;
    let second = start(admin, &line).await;
    assert_eq!(world.hours_later(1).await, 1);
    let third = json!({ "execution_id": schedule(admin, &line).await["last_run_id"] });
    let fourth = start(admin, &line).await;
    // What happens meanwhile is not lost, and nobody begins by it.
    let told = format!("/api/workflows/executions/{}/events", text(&fourth["execution_id"]));
    admin.post(&told, json!({ "name": "go" })).await.ok();
    assert_eq!(standing(admin, &line).await, ["waiting", "pending", "pending", "pending"]);
    let shown = admin.get(&format!("/api/runs/{}", text(&third["execution_id"]))).await.ok();
    assert_eq!((&shown["in_line"], &shown["started_at"]), (&json!(true), &Value::Null));

    // Calls of it belong to the runs that make them.
    let nodes = json!([{ "id": "sub", "kind": "subworkflow", "config": { "workflow": "line" } }]);
    let above = keep(admin, &graph("above", nodes, &[])).await;
    let above = text(&start(admin, &above).await["execution_id"]);
    let delegated = admin.events(&above, 0).await.until("tool.delegated").await;
    admin.events(&text(&delegated.data["child_run_id"]), 0).await.until("node.waiting").await;

    // One that is stopped leaves the line at once.
    let stop = format!("/api/execute/{}/cancel", text(&third["execution_id"]));
    admin.post(&stop, json!({})).await.ok();
    assert_eq!(ended(admin, &third).await["status"], "cancelled");
    assert_eq!(standing(admin, &line).await, ["waiting", "pending", "cancelled", "pending", "waiting"]);

    // An end lets the next one begin, and it alone.
    assert_eq!(go(admin, &first).await["status"], "completed");
    admin.events(&text(&second["execution_id"]), 0).await.until("node.waiting").await;
    assert_eq!(standing(admin, &line).await, ["succeeded", "waiting", "cancelled", "pending", "waiting"]);
    let stop = format!("/api/execute/{}/cancel", text(&second["execution_id"]));
    admin.post(&stop, json!({})).await.ok();
    // The fourth was told already.
    assert_eq!(ended(admin, &fourth).await["status"], "completed");
    assert_eq!(ended(admin, &second).await["status"], "cancelled");
}

#[tokio::test]
async fn a_line_has_an_end() {
    let world = World::start().await;
    let admin = &world.admin;
    let line = waiting(admin, "line", "queue").await;
    let first = start(admin, &line).await;
    admin.events(&text(&first["execution_id"]), 0).await.until("node.waiting").await;
    let execute = format!("{}/execute", path(&line));
    for _ in 0..100 {
        let _ = admin.post(&execute, json!({})).await.created();
    }
    admin.post(&execute, json!({})).await.problem(409, "workflow_busy");
    assert_eq!(world.hours_later(1).await, 1);
    assert_eq!(schedule(admin, &line).await["error"]["code"], "workflow_busy");
}

#[tokio::test]
async fn a_run_knows_what_started_it_and_for_when() {
    let world = World::start().await;
    let admin = &world.admin;
    let inputs = json!({ "kind": "${context.trigger.kind}", "at": "${context.trigger.at}" });
    let nodes = json!([
        { "id": "t", "kind": "transform", "inputs": inputs },
        { "id": "again", "kind": "transform", "inputs": inputs },
    ]);
    let mut flow = graph("told", nodes, &["t -> again"]);
    flow["triggers"] = json!([{ "type": "schedule", "cron": "0 * * * *" }]);
    let kept = keep(admin, &flow).await;
    let due = moment(&kept["schedules"][0]["next_at"]);
    // It is late, and still the moment that was due.
    assert_eq!(world.schedules().run_due(due + TimeDelta::minutes(7)).await.unwrap(), 1);
    let run = schedule(admin, &kept).await["last_run_id"].clone();
    let report = ended(admin, &json!({ "execution_id": run })).await;
    assert_eq!(report["outputs"]["kind"], "schedule", "{report}");
    assert_eq!(moment(&report["outputs"]["at"]), due);

    // Who goes on from it reads the same, and so does a replay.
    let executions = "/api/workflows/executions";
    let resume = format!("{executions}/{}/resume", text(&run));
    let after = admin.post(&resume, json!({ "node_id": "again" })).await.created()["run"]["id"].clone();
    let report = ended(admin, &json!({ "execution_id": after })).await;
    assert_eq!((&report["run"]["trigger"], &report["outputs"]["kind"]), (&json!("api"), &json!("schedule")));
    assert_eq!(moment(&report["outputs"]["at"]), due);
    for run in [&run, &after] {
        let replay = format!("{executions}/{}/replay", text(run));
        assert_eq!(admin.post(&replay, json!({})).await.ok()["identical"], true);
    }
    let by_hand = start(admin, &kept).await;
    let report = ended(admin, &by_hand).await;
    let (asked, told) = (moment(&report["run"]["queued_at"]), moment(&report["outputs"]["at"]));
    assert_eq!(report["outputs"]["kind"], "api");
    assert!((asked - told).abs() < TimeDelta::seconds(5), "{report}");
}
