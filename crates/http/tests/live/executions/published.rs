//! Publishing, from outside: which version runs where nobody names one, whose triggers act, and who says so.

use chrono::TimeDelta;
use conductor_test_support::{Provider, Reply};
use serde_json::{Value, json};

use super::{
    again, completed, graph,
    hooks::{Sender, begun},
    keep,
};
use crate::{
    content::{column, pointers},
    world::{World, text},
};

/// A workflow that says one word, with its own schedule and event.
fn says(word: &str, minute: u8) -> Value {
    let nodes = json!([{ "id": "t", "kind": "transform", "inputs": { "word": word } }]);
    let mut flow = graph("kept", nodes, &[]);
    flow["description"] = json!(format!("Says {word}."));
    flow["triggers"] = json!([
        { "type": "manual" },
        { "type": "schedule", "cron": format!("{minute} * * * *") },
        { "type": "webhook" },
        { "type": "event", "name": format!("say.{word}") },
    ]);
    flow
}

fn path(workflow: &Value) -> String {
    format!("/api/workflows/{}", text(&workflow["id"]))
}

fn publish(workflow: &Value) -> String {
    format!("{}/publish", path(workflow))
}

/// What entries of this type say, the newest first.
async fn told(world: &World, event: &str) -> Vec<Value> {
    let org = world.organization(&world.admin).await;
    let log = format!("/api/v1/orgs/{org}/audit?event_type={event}&limit=100");
    column(&world.admin.get(&log).await.ok(), "event_data")
}

/// Everything that starts the workflow.
struct Doors {
    world: World,
    provider: Provider,
    kept: Value,
    sender: Sender,
    clerk: Value,
}

impl Doors {
    async fn open() -> Self {
        let provider = Provider::start().await;
        let world = World::with_provider(provider.url(), "sk-scripted").await;
        let kept = keep(&world.admin, &says("one", 0)).await;
        let nodes = json!([{ "id": "sub", "kind": "subworkflow", "config": { "workflow": "kept" } }]);
        keep(&world.admin, &graph("outer", nodes, &[])).await;
        let sender = Sender::of(&world, &world.admin, &kept).await;
        let body = json!({ "name": "Clerk", "model": "gpt-4o", "tools": ["workflow_kept"] });
        let clerk = world.admin.post("/api/agents", body).await.created();
        Self { world, provider, kept, sender, clerk }
    }

    async fn save(&self, graph: Value) -> Value {
        self.world.admin.patch(&path(&self.kept), json!({ "graph": graph })).await.ok()
    }

    async fn version(&self, run: &Value) -> Value {
        let run = self.world.admin.get(&format!("/api/runs/{}", text(run))).await.ok();
        run["workflow_version"].clone()
    }

    /// The version that the run below this one has.
    async fn below(&self, run: &Value) -> Value {
        let delegated = self.world.admin.events(&text(run), 0).await.until("tool.delegated").await;
        self.version(&delegated.data["child_run_id"]).await
    }

    async fn execute(&self, body: Value) -> Value {
        let path = format!("{}/execute", path(&self.kept));
        self.world.admin.post(&path, body).await.created()["run"]["workflow_version"].clone()
    }

    async fn tell(&self, word: &str) -> Vec<Value> {
        let event = json!({ "name": format!("say.{word}") });
        let told = self.world.admin.post("/api/workflows/events", event).await.status(202).json();
        told["workflows"].as_array().unwrap().clone()
    }

    /// The version that each door starts while what runs says this word.
    async fn versions(&self, word: &str) -> Vec<Value> {
        let admin = &self.world.admin;
        let by_id = self.execute(json!({})).await;
        let report = again(admin, "kept", json!({})).await;
        assert_eq!(completed(&report), &json!({ "word": word }));

        let soon = self.world.store().clock().now() + TimeDelta::minutes(61);
        assert_eq!(self.world.schedules().run_due(soon).await.unwrap(), 1, "the schedule of what runs");
        let now = admin.get(&path(&self.kept)).await.ok();
        let scheduled = self.version(&now["schedules"][0]["last_run_id"]).await;
        let hooked = self.version(&begun(&self.sender.send(word, &json!({})).await)["execution_id"]).await;
        let told = self.tell(word).await;
        assert_eq!(told.len(), 1, "{told:?}");
        let told = self.version(&told[0]["run_id"]).await;

        self.provider.push(Reply::call("workflow_kept", &json!({})));
        self.provider.push(Reply::text("It was said."));
        let body = json!({ "agent_id": self.clerk["id"], "input": "Say it." });
        let turn = admin.post("/api/execute/agent", body).await.created()["run"]["id"].clone();
        admin.events(&text(&turn), 0).await.until("run.finished").await;
        let asked = self.provider.requests();
        let offered = asked[asked.len() - 2].body["tools"].to_string();
        assert!(offered.contains(&format!("Says {word}.")), "an agent reads of what runs: {offered}");
        let called = self.below(&turn).await;
        let outer = again(admin, "outer", json!({})).await;
        assert_eq!(outer["success"], true, "{outer}");
        let below = self.below(&outer["execution_id"]).await;
        vec![by_id, report["workflow_version"].clone(), scheduled, hooked, told, called, below]
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_door_runs_what_is_published() {
    let doors = Doors::open().await;
    let admin = &doors.world.admin;
    for field in ["published_version", "published_at", "published_by_user_id"] {
        assert_eq!(doors.kept[field], Value::Null, "{field}");
    }
    let answer = admin.post(&publish(&doors.kept), json!({ "version": 1 })).await;
    assert_eq!(answer.header("etag"), Some("\"2\""), "a change, and no version");
    let published = answer.ok();
    assert_eq!((&published["published_version"], &published["version"]), (&json!(1), &json!(1)));
    assert_eq!(published["published_by_user_id"], published["owner_user_id"]);

    let draft = doors.save(says("two", 30)).await;
    assert_eq!(
        (&draft["version"], &draft["published_version"], &draft["graph_version"]),
        (&json!(2), &json!(1), &json!(2))
    );
    assert_eq!(draft["graph"]["nodes"][0]["inputs"]["word"], "two", "who may change it works on the newest");
    assert_eq!(draft["schedules"][0]["cron"], "0 * * * *", "the triggers are those of what runs");
    assert_eq!(draft["webhook"]["id"], doors.kept["webhook"]["id"]);
    assert_eq!(doors.versions("one").await, [1; 7]);
    assert_eq!(doors.tell("two").await, [Value::Null; 0]);
    assert_eq!(doors.execute(json!({ "test": true })).await, 2, "a try-out is of the draft");
    assert_eq!(doors.execute(json!({ "test": true, "version": 1 })).await, 1);
    assert_eq!(doors.execute(json!({ "version": 2 })).await, 2);

    let published = admin.post(&publish(&doors.kept), json!({})).await.ok();
    assert_eq!((&published["published_version"], &published["version"]), (&json!(2), &json!(2)));
    assert_eq!(published["schedules"][0]["cron"], "30 * * * *");
    assert_eq!(doors.versions("two").await, [2; 7]);
    assert_eq!(doors.tell("one").await, [Value::Null; 0]);

    // What is beside the graph is no part of a version, and a change of it lets the triggers be.
    let off = admin.patch(&path(&doors.kept), json!({ "is_active": false })).await.ok();
    assert_eq!(off["schedules"], json!([]));
    doors.save(says("three", 45)).await;
    let on = admin.patch(&path(&doors.kept), json!({ "is_active": true })).await.ok();
    assert_eq!((&on["version"], &on["schedules"][0]["cron"]), (&json!(3), &json!("30 * * * *")));

    let unpublish = format!("{}/unpublish", path(&doors.kept));
    let newest = admin.post(&unpublish, json!({})).await.ok();
    assert_eq!(
        (&newest["published_version"], &newest["schedules"][0]["cron"]),
        (&Value::Null, &json!("45 * * * *"))
    );
    assert_eq!(doors.versions("three").await, [3; 7]);
    let same = admin.post(&unpublish, json!({})).await.ok();
    assert_eq!(same["revision"], newest["revision"], "there was nothing to take back");
    let said = told(&doors.world, "workflow.published").await;
    assert_eq!(said, [json!({ "version": 2, "ran_before": 1 }), json!({ "version": 1, "ran_before": 1 })]);
    let said = told(&doors.world, "workflow.unpublished").await;
    assert_eq!(said, [json!({ "version": 3, "ran_before": 2 })]);
}

#[tokio::test]
async fn what_cannot_run_is_not_published_and_stops_nothing_as_a_draft() {
    let world = World::start().await;
    let admin = &world.admin;
    let kept = keep(admin, &says("one", 0)).await;
    let mut broken = says("two", 0);
    broken["triggers"][1]["cron"] = json!("61 * * * *");
    let draft = admin.patch(&path(&kept), json!({ "graph": broken })).await.ok();
    assert_eq!((&draft["version"], &draft["runnable"]), (&json!(2), &json!(false)));
    let refused = admin.post(&publish(&kept), json!({})).await.problem(422, "workflow_invalid");
    assert_eq!(pointers(&refused), ["/triggers/1/cron"]);
    for version in [0, 3, -1] {
        admin.post(&publish(&kept), json!({ "version": version })).await.problem(404, "not_found");
    }
    admin.post(&publish(&kept), json!({ "vresion": 1 })).await.problem(422, "unknown_field");
    assert_eq!(admin.get(&path(&kept)).await.ok()["published_version"], Value::Null);

    let published = admin.post(&publish(&kept), json!({ "version": 1 })).await.ok();
    assert_eq!(
        (&published["runnable"], &published["schedules"][0]["cron"]),
        (&json!(true), &json!("0 * * * *"))
    );
    assert_eq!(published["problems"][0]["pointer"], "/triggers/1/cron", "that is told of the draft");
    assert_eq!(completed(&again(admin, "kept", json!({})).await), &json!({ "word": "one" }));
    let test = admin.post(&format!("{}/execute", path(&kept)), json!({ "test": true })).await;
    test.problem(422, "workflow_invalid");

    // An old one comes back as a draft; it runs once it is published.
    let back = admin.post(&format!("{}/versions/1/rollback", path(&kept)), json!({})).await.ok();
    assert_eq!((&back["version"], &back["published_version"]), (&json!(3), &json!(1)));
    admin.patch(&path(&kept), json!({ "graph": broken })).await.ok();
    let newest = admin.post(&format!("{}/unpublish", path(&kept)), json!({})).await.ok();
    assert_eq!((&newest["runnable"], &newest["schedules"]), (&json!(false), &json!([])));
    let run = admin.post("/api/workflows/execute/kept", json!({})).await;
    run.problem(422, "workflow_invalid");
}

#[tokio::test]
async fn whoever_may_not_change_it_is_shown_what_runs_and_publishes_nothing() {
    let world = World::start().await;
    let admin = &world.admin;
    let kept = keep(admin, &says("one", 0)).await;
    let (member, stranger) = (world.colleague("grace@example.com", "member").await, world.stranger().await);
    let unpublish = format!("{}/unpublish", path(&kept));
    for address in [&publish(&kept), &unpublish] {
        stranger.post(address, json!({})).await.problem(404, "not_found");
        member.post(address, json!({})).await.problem(404, "not_found");
        world.anonymous().post(address, json!({})).await.problem(401, "token_missing");
    }
    admin.patch(&path(&kept), json!({ "visibility": "organization" })).await.ok();
    admin.post(&publish(&kept), json!({})).await.ok();
    admin.patch(&path(&kept), json!({ "graph": says("two", 0), "title": "Two" })).await.ok();
    for address in [&publish(&kept), &unpublish] {
        stranger.post(address, json!({})).await.problem(404, "not_found");
        member.post(address, json!({})).await.problem(403, "policy_denied");
    }
    let seen = member.get(&path(&kept)).await.ok();
    for (field, value) in [
        ("version", json!(2)),
        ("published_version", json!(1)),
        ("graph_version", json!(1)),
        ("title", Value::Null),
        ("description", json!("Says one.")),
    ] {
        assert_eq!(seen[field], value, "{field}");
    }
    let word = |graph: &Value| graph["nodes"][0]["inputs"]["word"].clone();
    assert_eq!(word(&seen["graph"]), "one");
    let listed = member.get("/api/workflows?official=false").await.ok();
    assert_eq!(column(&listed, "description"), ["Says one."]);
    let listed = admin.get("/api/workflows?official=false").await.ok();
    assert_eq!(column(&listed, "title"), ["Two"]);
    let written = member.post(&format!("{}/export", path(&kept)), json!({ "format": "stored" })).await.ok();
    assert_eq!(word(&written), "one");
    let copied = member.post(&format!("{}/clone", path(&kept)), json!({})).await.created();
    assert_eq!((word(&copied["graph"]), &copied["name"]), (json!("one"), &json!("kept-copy")));
    assert_eq!((&copied["version"], &copied["published_version"]), (&json!(1), &Value::Null));
    let copied = admin.post(&format!("{}/clone", path(&kept)), json!({})).await.created();
    assert_eq!(word(&copied["graph"]), "two", "who may change it copies the newest");
    let tried = member.post(&format!("{}/execute", path(&kept)), json!({ "test": true })).await.created();
    assert_eq!(tried["run"]["workflow_version"], 1, "they try what they see");
    // Drafts are no secret, they only do not run.
    let versions = member.get(&format!("{}/versions", path(&kept))).await.ok();
    assert_eq!(column(&versions, "version"), [2, 1]);
}

#[tokio::test]
async fn only_what_the_owner_publishes_starts_by_itself() {
    let world = World::start().await;
    let (admin, member) = (&world.admin, world.colleague("grace@example.com", "member").await);
    let kept = keep(admin, &says("one", 0)).await;
    let user = text(&member.get("/api/auth/me").await.ok()["user"]["id"]);
    let share = json!({ "user_id": user, "permission_level": "edit" });
    let _ = admin.post(&format!("{}/share", path(&kept)), share).await.created();
    let mut hour = 0;
    let mut started = async || {
        hour += 1;
        let later = world.store().clock().now() + TimeDelta::hours(hour) + TimeDelta::minutes(1);
        assert_eq!(world.schedules().run_due(later).await.unwrap(), 1);
        admin.get(&path(&kept)).await.ok()["schedules"][0].clone()
    };
    assert_eq!(started().await["error"], Value::Null);

    // Even one that the owner made: which of them act in the owner's name is the owner's to say.
    member.post(&publish(&kept), json!({ "version": 1 })).await.ok();
    assert_eq!(started().await["error"]["code"], "version_unconfirmed");
    admin.post(&publish(&kept), json!({ "version": 1 })).await.ok();
    assert_eq!(started().await["error"], Value::Null);

    let mut theirs = says("two", 0);
    theirs["nodes"][0]["inputs"]["word"] = json!("grace");
    member.patch(&path(&kept), json!({ "graph": theirs })).await.ok();
    assert_eq!(started().await["error"], Value::Null, "a draft of theirs is not run");
    member.post(&publish(&kept), json!({})).await.ok();
    assert_eq!(started().await["error"]["code"], "version_unconfirmed");
    member.post(&format!("{}/unpublish", path(&kept)), json!({})).await.ok();
    assert_eq!(started().await["error"]["code"], "version_unconfirmed");
    admin.post(&publish(&kept), json!({ "version": 2 })).await.ok();
    let confirmed = started().await;
    assert_eq!(confirmed["error"], Value::Null, "what the owner publishes is the owner's, whoever made it");
    let run = admin.get(&format!("/api/runs/{}", text(&confirmed["last_run_id"]))).await.ok();
    assert_eq!((&run["workflow_version"], &run["trigger"]), (&json!(2), &json!("schedule")));
}

#[tokio::test]
async fn of_two_who_publish_at_once_one_is_told_that_it_changed() {
    let world = World::start().await;
    let admin = &world.admin;
    let kept = keep(admin, &says("one", 0)).await;
    admin.patch(&path(&kept), json!({ "graph": says("two", 30) })).await.ok();
    let (one, other) = (admin.with("if-match", "\"2\""), admin.with("if-match", "\"2\""));
    let address = publish(&kept);
    let (one, other) = tokio::join!(
        one.post(&address, json!({ "version": 1 })),
        other.post(&address, json!({ "version": 2 })),
    );
    let (won, lost, version) = if one.status == 200 { (one, other, 1) } else { (other, one, 2) };
    lost.problem(412, "version_conflict");
    assert_eq!(won.ok()["published_version"], version);
    let now = admin.get(&path(&kept)).await.ok();
    let cron = if version == 1 { "0 * * * *" } else { "30 * * * *" };
    assert_eq!((&now["published_version"], &now["schedules"][0]["cron"]), (&json!(version), &json!(cron)));
    assert_eq!(told(&world, "workflow.published").await.len(), 1);
    let stale = admin.with("if-match", "\"2\"").post(&format!("{}/unpublish", path(&kept)), json!({})).await;
    stale.problem(412, "version_conflict");
}
