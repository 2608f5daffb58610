//! Webhooks, from outside: what starts a run, what does not, and that the one tells nothing of the other.

use base64::{Engine, prelude::BASE64_STANDARD};
use chrono::TimeDelta;
use conductor_domain::{Clock, SystemClock};
use conductor_test_support::{Answer, Api};
use hmac::{Hmac, KeyInit, Mac};
use reqwest::Method;
use serde_json::{Value, json};
use sha2::Sha256;

use super::{ended, graph, keep};
use crate::{
    content::column,
    world::{World, text},
};

/// A workflow that gives back what it was given.
fn hooked(name: &str) -> Value {
    let nodes = json!([{ "id": "t", "kind": "transform", "inputs": { "given": "${inputs}" } }]);
    let mut flow = graph(name, nodes, &[]);
    flow["triggers"] = json!([{ "type": "manual" }, { "type": "webhook" }]);
    flow
}

fn path(workflow: &Value) -> String {
    format!("/api/workflows/{}", text(&workflow["id"]))
}

async fn webhook(api: &Api, workflow: &Value) -> Value {
    api.get(&path(workflow)).await.ok()["webhook"].clone()
}

async fn runs(api: &Api, workflow: &Value) -> usize {
    let list = api.get(&format!("{}/executions", path(workflow))).await.ok();
    column(&list, "id").iter().filter(|id| id.is_string()).count()
}

async fn rotate(api: &Api, workflow: &Value) -> String {
    let answer = api.post(&format!("{}/webhook/rotate", path(workflow)), json!({})).await;
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let secret = text(&answer.ok()["secret"]);
    assert!(secret.starts_with("whsec_"), "{secret}");
    secret
}

/// Whoever has a secret, and sends with it.
#[derive(Clone)]
pub(super) struct Sender {
    api: Api,
    path: String,
    key: Vec<u8>,
}

impl Sender {
    pub(super) async fn of(world: &World, owner: &Api, workflow: &Value) -> Self {
        let secret = rotate(owner, workflow).await;
        let path = text(&webhook(owner, workflow).await["path"]);
        Self { api: world.anonymous(), path, key: key(&secret) }
    }

    fn signature(&self, id: &str, at: i64, body: &str) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).unwrap();
        mac.update(format!("{id}.{at}.{body}").as_bytes());
        format!("v1,{}", BASE64_STANDARD.encode(mac.finalize().into_bytes()))
    }

    /// Sends a message as it is signed now.
    pub(super) async fn send(&self, id: &str, body: &Value) -> Answer {
        let (at, body) = (SystemClock.now().timestamp(), body.to_string());
        let signature = self.signature(id, at, &body);
        self.raw(id, at, &signature, &body).await
    }

    async fn raw(&self, id: &str, at: i64, signature: &str, body: &str) -> Answer {
        let api = self
            .api
            .with("webhook-id", id)
            .with("webhook-timestamp", &at.to_string())
            .with("webhook-signature", signature);
        api.raw(Method::POST, &self.path, "application/json", body).await
    }
}

fn key(secret: &str) -> Vec<u8> {
    BASE64_STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap()
}

pub(super) fn begun(answer: &Answer) -> Value {
    assert_eq!(answer.status, 202, "{answer}");
    json!({ "execution_id": answer.json()["run_id"] })
}

#[tokio::test]
async fn a_signed_message_is_one_run_however_often_it_comes() {
    let world = World::start().await;
    let admin = &world.admin;
    let kept = keep(admin, &hooked("hooked")).await;
    let fresh = &kept["webhook"];
    assert_eq!(fresh["path"], format!("/api/hooks/{}", text(&fresh["id"])));
    for field in ["secret_at", "last_at", "last_run_id", "error"] {
        assert_eq!(fresh[field], Value::Null, "{field}");
    }
    let sender = Sender::of(&world, admin, &kept).await;
    let body = json!({ "order": 7, "by": { "name": "Ada" } });
    let first = begun(&sender.send("msg_1", &body).await);
    let report = ended(admin, &first).await;
    assert_eq!(report["outputs"], json!({ "given": body }), "without declared inputs everything is given");
    assert_eq!((&report["run"]["trigger"], &report["status"]), (&json!("webhook"), &json!("completed")));
    let told = webhook(admin, &kept).await;
    assert_eq!((&told["last_run_id"], &told["error"]), (&first["execution_id"], &Value::Null));
    assert!(told["last_at"].is_string() && told["secret_at"].is_string(), "{told}");

    // Again, later, and at once from several sides: the run that there is.
    let again = sender.send("msg_1", &body).await;
    assert_eq!(begun(&again), first);
    let (one, other) = tokio::join!(sender.send("msg_2", &body), sender.send("msg_2", &body));
    assert_eq!(begun(&one), begun(&other));
    sender.send("msg_1", &json!({ "order": 8 })).await.problem(409, "webhook_id_reused");
    assert_eq!(runs(admin, &kept).await, 2);

    let audit = format!("/api/v1/orgs/{}/audit?limit=100", world.organization(admin).await);
    let log = admin.get(&audit).await.ok();
    let started =
        log["items"].as_array().unwrap().iter().filter(|entry| entry["event_type"] == "run.started");
    let of: Vec<Value> = started.map(|entry| entry["event_data"].clone()).collect();
    let by = |message: &str| json!({ "hook_id": fresh["id"], "message_id": message });
    assert_eq!(of, [by("msg_2"), by("msg_1")], "{log}");
}

#[tokio::test]
async fn what_is_not_signed_right_and_just_now_is_one_answer() {
    let world = World::start().await;
    let admin = &world.admin;
    let kept = keep(admin, &hooked("hooked")).await;
    let other = keep(admin, &hooked("other")).await;
    let unready = Sender { api: world.anonymous(), path: text(&kept["webhook"]["path"]), key: vec![0; 32] };
    let mut answers = vec![unready.send("m", &json!({})).await];
    let sender = Sender::of(&world, admin, &kept).await;
    let foreign = Sender::of(&world, admin, &other).await;
    let body = json!({ "a": 1 }).to_string();
    let now = SystemClock.now();
    let (at, signature) = (now.timestamp(), sender.signature("m", now.timestamp(), &body));
    // Forged, moved to another message, moment or body, without a version, cut.
    answers.push(sender.raw("m", at, "v1,AAAA", &body).await);
    answers.push(sender.raw("m", at, "", &body).await);
    answers.push(sender.raw("m", at, &signature.replace("v1,", ""), &body).await);
    answers.push(sender.raw("m", at, &signature.replace("v1,", "v1a,"), &body).await);
    answers.push(sender.raw("m2", at, &signature, &body).await);
    answers.push(sender.raw("m", at + 1, &signature, &body).await);
    answers.push(sender.raw("m", at, &signature, &json!({ "a": 2 }).to_string()).await);
    answers.push(sender.raw("m", at, &signature, &format!("{body} ")).await);
    answers.push(sender.raw("m", at, &signature, "").await);
    // What stands behind the moment cannot be moved before it.
    let long = format!("{at}.{body}");
    answers.push(sender.raw("m", at, &sender.signature("m", at, &long), &body).await);
    // Signed right, but too long ago, or not yet.
    for moved in [TimeDelta::minutes(-6), TimeDelta::minutes(6), TimeDelta::days(-400)] {
        let at = (now + moved).timestamp();
        answers.push(sender.raw("m", at, &sender.signature("m", at, &body), &body).await);
    }
    // By the secret of another hook, to a hook that is none, to one that was never there.
    let stolen = Sender { path: sender.path.clone(), ..foreign.clone() };
    answers.push(stolen.send("m", &json!({})).await);
    for id in ["0192f1c0-7b4e-7a6e-8a53-1d2c3b4a5f61", "00000000-0000-0000-0000-000000000000", "none", "%00"]
    {
        let nowhere = Sender { path: format!("/api/hooks/{id}"), ..sender.clone() };
        answers.push(nowhere.send("m", &json!({})).await);
    }
    // With an account that may do everything.
    let by_admin = Sender { api: admin.clone(), ..unready.clone() };
    answers.push(by_admin.send("m", &json!({})).await);
    // Deleted, and without its trigger.
    let _ = admin.delete(&path(&other)).await.status(204);
    answers.push(foreign.send("m", &json!({})).await);
    let details: Vec<Value> = answers
        .into_iter()
        .map(|answer| {
            let problem = answer.problem(401, "webhook_signature_invalid");
            json!([problem["detail"], problem["title"], problem["errors"]])
        })
        .collect();
    assert!(details.iter().all(|detail| *detail == details[0]), "{details:?}");
    assert_eq!((runs(admin, &kept).await, &webhook(admin, &kept).await["last_at"]), (0, &Value::Null));

    // The same bytes with the same signature are taken where nothing was moved.
    assert_eq!(sender.raw("m", at, &signature, &body).await.status, 202);
    let edge = (now - TimeDelta::minutes(4)).timestamp();
    let several = format!("v1,AAAA {} v2,x", sender.signature("edge", edge, &body));
    assert_eq!(sender.raw("edge", edge, &several, &body).await.status, 202);
}

#[tokio::test]
async fn a_hook_stays_with_its_trigger_and_goes_with_it() {
    let world = World::start().await;
    let admin = &world.admin;
    let mut flow = hooked("stays");
    let kept = keep(admin, &flow).await;
    let sender = Sender::of(&world, admin, &kept).await;
    let before = webhook(admin, &kept).await;
    flow["triggers"] = json!([{ "type": "webhook" }, { "type": "schedule", "cron": "0 * * * *" }]);
    let now = admin.patch(&path(&kept), json!({ "graph": flow })).await.ok();
    assert_eq!((&now["version"], &now["webhook"]), (&json!(2), &before));

    // Off it takes nothing, and says so to whoever may deliver; on again everything is as it was.
    let off = admin.patch(&path(&kept), json!({ "is_active": false })).await.ok();
    assert_eq!(off["webhook"], before);
    sender.send("m", &json!({})).await.problem(409, "workflow_off");
    assert_eq!(webhook(admin, &kept).await["error"]["code"], "workflow_off");
    admin.patch(&path(&kept), json!({ "is_active": true })).await.ok();
    begun(&sender.send("m", &json!({})).await);
    assert_eq!(webhook(admin, &kept).await["error"], Value::Null);

    // A draft cannot run.
    let mut broken = flow.clone();
    broken["triggers"][1]["cron"] = json!("61 * * * *");
    let draft = admin.patch(&path(&kept), json!({ "graph": broken })).await.ok();
    assert_eq!((&draft["runnable"], &draft["webhook"]["id"]), (&json!(false), &before["id"]));
    sender.send("draft", &json!({})).await.problem(422, "workflow_invalid");

    let mut two = flow.clone();
    two["triggers"] = json!([{ "type": "webhook" }, { "type": "webhook" }]);
    let told = admin.patch(&path(&kept), json!({ "graph": two })).await.ok();
    assert_eq!(column(&json!({ "items": told["problems"] }), "pointer"), [json!("/triggers/1")]);
    assert_eq!(told["runnable"], false);

    flow["triggers"] = json!([]);
    let without = admin.patch(&path(&kept), json!({ "graph": flow })).await.ok();
    assert_eq!(without["webhook"], Value::Null);
    sender.send("gone", &json!({})).await.problem(401, "webhook_signature_invalid");
    admin.post(&format!("{}/webhook/rotate", path(&kept)), json!({})).await.problem(404, "not_found");
    let back = admin.post(&format!("{}/versions/2/rollback", path(&kept)), json!({})).await.ok();
    assert_ne!(back["webhook"]["id"], before["id"], "what is back is another one");
    assert_eq!(back["webhook"]["secret_at"], Value::Null);

    // A copy is somebody's own, with an address and a secret of its own.
    let copy = admin.post(&format!("{}/clone", path(&kept)), json!({})).await.created();
    assert_ne!(copy["webhook"]["id"], back["webhook"]["id"]);
    assert_eq!(copy["webhook"]["secret_at"], Value::Null);
}

#[tokio::test]
async fn a_new_secret_leaves_the_one_before_a_day_and_no_more() {
    let world = World::start().await;
    let admin = &world.admin;
    let kept = keep(admin, &hooked("rotated")).await;
    let first = Sender::of(&world, admin, &kept).await;
    let second = Sender { key: key(&rotate(admin, &kept).await), ..first.clone() };
    assert_ne!(first.key, second.key);
    begun(&first.send("first", &json!({})).await);
    begun(&second.send("second", &json!({})).await);
    let third = Sender { key: key(&rotate(admin, &kept).await), ..first.clone() };
    first.send("late", &json!({})).await.problem(401, "webhook_signature_invalid");
    begun(&second.send("third", &json!({})).await);
    begun(&third.send("fourth", &json!({})).await);

    // A day later.
    world.database().change("UPDATE workflow_hooks SET secret_at = '2020-01-01T00:00:00+00:00'").await;
    second.send("a day after", &json!({})).await.problem(401, "webhook_signature_invalid");
    begun(&third.send("fifth", &json!({})).await);
    // And none of them lies open anywhere.
    let rows = world.database().rows();
    assert!(rows.contains_key("workflow_hook_deliveries") && rows.contains_key("secrets"));
    for sender in [&first, &second, &third] {
        let secret = BASE64_STANDARD.encode(&sender.key);
        assert!(!rows.values().flatten().any(|row| row.contains(&secret)), "a secret lies open");
    }
}

#[tokio::test]
async fn the_body_fills_the_inputs_that_there_are() {
    let world = World::start().await;
    let admin = &world.admin;
    let mut flow = hooked("inputs");
    flow["inputs"] = json!([
        { "name": "email", "type": "string", "required": true },
        { "name": "count", "type": "integer", "default": 3 },
        { "name": "event", "type": "object" },
    ]);
    let kept = keep(admin, &flow).await;
    let sender = Sender::of(&world, admin, &kept).await;
    let body = json!({ "email": "a@example.com", "event": "order.paid", "more": [1] });
    let report = ended(admin, &begun(&sender.send("m", &body).await)).await;
    let given = json!({ "email": "a@example.com", "event": body, "count": 3 });
    assert_eq!(report["outputs"]["given"], given);

    let wrong = sender.send("wrong", &json!({ "count": "x" })).await.problem(422, "validation_failed");
    assert_eq!(column(&json!({ "items": wrong["errors"] }), "pointer"), [json!("/email"), json!("/count")]);
    let told = webhook(admin, &kept).await;
    assert_eq!(told["error"]["code"], "validation_failed");
    assert_eq!(told["last_run_id"], report["execution_id"], "the last that there was");
    // What was refused is not used up: the sender mends it and sends it again.
    begun(&sender.send("wrong", &body).await);

    for (text, status, code) in
        [("[1]", 422, "validation_failed"), ("", 400, "invalid_json"), ("{", 400, "invalid_json")]
    {
        let at = SystemClock.now().timestamp();
        let answer = sender.raw("odd", at, &sender.signature("odd", at, text), text).await;
        answer.problem(status, code);
    }
    let deep = format!("{{\"email\":{}{}}}", "[".repeat(99), "]".repeat(99));
    let at = SystemClock.now().timestamp();
    sender.raw("deep", at, &sender.signature("deep", at, &deep), &deep).await.problem(400, "invalid_json");
    let large = format!("{{\"email\":\"{}\"}}", "a".repeat(3 * 1024 * 1024));
    sender.raw("large", at, "v1,AAAA", &large).await.problem(413, "body_too_large");
    assert_eq!(runs(admin, &kept).await, 2);
}

#[tokio::test]
async fn nobody_acts_as_the_owner_through_a_hook() {
    let world = World::start().await;
    let (admin, member) = (&world.admin, world.colleague("grace@example.com", "member").await);
    let stranger = world.stranger().await;
    let flow = hooked("shared");
    let kept = keep(admin, &flow).await;
    let rotation = format!("{}/webhook/rotate", path(&kept));
    let user = text(&member.get("/api/auth/me").await.ok()["user"]["id"]);
    stranger.post(&rotation, json!({})).await.problem(404, "not_found");
    member.post(&rotation, json!({})).await.problem(404, "not_found");
    let share = json!({ "user_id": user, "permission_level": "edit" });
    let _ = admin.post(&format!("{}/share", path(&kept)), share).await.created();
    member.post(&rotation, json!({})).await.problem(403, "owner_only");
    world.anonymous().post(&rotation, json!({})).await.problem(401, "token_missing");
    let sender = Sender::of(&world, admin, &kept).await;

    // What another person made of it is not run, whoever signed.
    let mut theirs = flow.clone();
    theirs["nodes"][0]["inputs"]["by"] = json!("grace");
    member.patch(&path(&kept), json!({ "graph": theirs })).await.ok();
    sender.send("m", &json!({})).await.problem(409, "version_unconfirmed");
    assert_eq!(webhook(admin, &kept).await["error"]["code"], "version_unconfirmed");
    let _ = admin.post(&format!("{}/versions/2/rollback", path(&kept)), json!({})).await.ok();
    begun(&sender.send("m", &json!({})).await);

    // Somebody who may not act any more starts nothing; nor does an account whose organisation it was.
    let own = keep(&member, &hooked("own")).await;
    let theirs = Sender::of(&world, &member, &own).await;
    begun(&theirs.send("before", &json!({})).await);
    admin.patch(&format!("/api/users/{user}"), json!({ "is_active": false })).await.ok();
    theirs.send("after", &json!({})).await.problem(409, "owner_missing");
}

#[tokio::test]
async fn a_hook_is_held_to_what_the_workflow_and_the_limits_say() {
    let world = World::start().await;
    let admin = &world.admin;
    let nodes = json!([{ "id": "wait", "kind": "wait", "config": { "event": "go" } }]);
    let mut flow = graph("single", nodes, &[]);
    flow["triggers"] = json!([{ "type": "webhook" }]);
    let kept = keep(admin, &flow).await;
    admin.patch(&path(&kept), json!({ "concurrency": "skip" })).await.ok();
    let sender = Sender::of(&world, admin, &kept).await;
    let first = begun(&sender.send("one", &json!({})).await);
    sender.send("two", &json!({})).await.problem(409, "workflow_busy");
    assert_eq!(webhook(admin, &kept).await["error"]["code"], "workflow_busy");
    assert_eq!(begun(&sender.send("one", &json!({})).await), first, "what came before is no new start");
    let told = format!("/api/workflows/executions/{}/events", text(&first["execution_id"]));
    admin.post(&told, json!({ "name": "go" })).await.ok();
    ended(admin, &first).await;
    let second = begun(&sender.send("two", &json!({})).await);
    assert_ne!(second, first, "what was refused may come again");

    // Whoever guesses is held back, at hooks that are there and at others alike, and nobody else is by that.
    for path in [sender.path.clone(), "/api/hooks/0192f1c0-7b4e-7a6e-8a53-1d2c3b4a5f00".to_owned()] {
        let guesser = Sender { path, key: vec![1; 32], ..sender.clone() };
        let mut refused = None;
        for _ in 0..400 {
            let answer = guesser.raw("m", 1, "v1,AAAA", "{}").await;
            if answer.status == 429 {
                refused = Some(answer);
                break;
            }
            answer.problem(401, "webhook_signature_invalid");
        }
        refused.expect("nobody was held back").problem(429, "rate_limited");
    }
}
