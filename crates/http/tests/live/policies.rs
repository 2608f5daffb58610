//! Policies from the first word to the last: what an administrator writes decides the next call.

use conductor_mcp_client::testing;
use conductor_test_support::Api;
use serde_json::{Value, json};

use crate::world::{World, text};

/// An installation with one server, and the call of its tool.
struct Policed {
    world: World,
    peer: testing::Server,
    policies: String,
    call: Value,
}

impl Policed {
    async fn start() -> Self {
        let (world, peer) = (World::start().await, testing::Server::start("2025-06-18").await.unwrap());
        let server = world.register(&peer, "Files").await;
        let organization = world.organization(&world.admin).await;
        let call = json!({ "server_id": server["id"], "tool": "echo", "arguments": { "amount": 14_820 } });
        Self { world, peer, policies: format!("/api/v1/orgs/{organization}/policies"), call }
    }

    async fn write(&self, name: &str, rules: Value) -> Value {
        self.world.admin.post(&self.policies, json!({ "name": name, "rules": rules })).await.created()
    }

    /// How the call ends.
    async fn outcome(&self) -> &'static str {
        self.outcome_of(&self.call).await
    }

    async fn outcome_of(&self, call: &Value) -> &'static str {
        let answer = self.world.admin.post("/api/mcp/execute/tool", call.clone()).await;
        if answer.status == 403 {
            answer.problem(403, "policy_denied");
            return "denied";
        }
        assert_eq!(answer.created()["run"]["status"], "succeeded");
        "succeeded"
    }

    async fn evaluate(&self, api: &Api, question: Value) -> Value {
        api.post(&format!("{}/evaluate", self.policies), question).await.ok()
    }
}

fn deny(target: &str) -> Value {
    json!([{ "action": "tool.invoke", "target": target, "effect": "deny" }])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_decides_from_the_next_call_on() {
    let it = Policed::start().await;
    assert_eq!(it.outcome().await, "succeeded");
    let policy = it.write("No files", deny("tool:files/*")).await;
    assert_eq!((&policy["version"], &policy["mode"]), (&json!(1), &json!("enforced")));
    assert_eq!(policy["bindings"][0]["scope_type"], "org");
    let calls = it.peer.received().len();
    assert_eq!(it.outcome().await, "denied");
    assert_eq!(it.peer.received().len(), calls, "a denied call reaches nobody");

    let path = format!("{}/{}", it.policies, text(&policy["id"]));
    let off = it.world.admin.patch(&path, json!({ "is_active": false })).await.ok();
    assert_eq!((&off["is_active"], &off["version"]), (&json!(false), &json!(2)));
    assert_eq!(it.outcome().await, "succeeded");
    it.world.admin.put(&path, json!({ "is_active": true, "mode": "shadow" })).await.ok();
    assert_eq!(it.outcome().await, "succeeded", "a policy that watches denies nothing");
    drop(it.world.admin.delete(&path).await.status(204));
    it.world.admin.get(&path).await.problem(404, "not_found");
    // The name is free again.
    it.write("No files", json!([])).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn conditions_on_arguments_and_bindings_to_places_hold() {
    let it = Policed::start().await;
    let rule = json!([{
        "action": "tool.invoke", "target": "tool:files/echo", "effect": "deny",
        "conditions": { "arguments": { "/amount": { "at_least": 10_000 } } },
    }]);
    let policy = it.write("Large amounts", rule).await;
    assert_eq!(it.outcome().await, "denied");
    let small = json!({ "server_id": it.call["server_id"], "tool": "echo", "arguments": { "amount": 12 } });
    assert_eq!(it.outcome_of(&small).await, "succeeded");

    // Bound to a role that the caller does not have, it says nothing.
    let binding = format!("/api/v1/policies/bindings/{}", text(&policy["bindings"][0]["id"]));
    let moved = json!({ "scope_type": "role", "scope_id": "organization:viewer" });
    let bound = it.world.admin.patch(&binding, moved).await.ok();
    assert_eq!((&bound["scope_id"], &bound["policy_id"]), (&json!("organization:viewer"), &policy["id"]));
    assert_eq!(it.outcome().await, "succeeded");
    let more =
        json!({ "policy_id": policy["id"], "scope_type": "tool", "scope_id": "files/echo", "priority": 3 });
    let second = it.world.admin.post("/api/v1/policies/bindings", more).await.created();
    assert_eq!(it.outcome().await, "denied");
    let path = format!("/api/v1/policies/bindings/{}", text(&second["id"]));
    drop(it.world.admin.delete(&path).await.status(204));
    it.world.admin.get(&path).await.problem(404, "not_found");
    assert_eq!(it.outcome().await, "succeeded");
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_are_written_one_by_one_too() {
    let it = Policed::start().await;
    let policy = it.write("Piecemeal", json!([])).await;
    let rules = format!("{}/{}/rules", it.policies, text(&policy["id"]));
    let rule = json!({ "action": "tool.invoke", "target": "tool:files/*", "effect": "deny" });
    let made = it.world.admin.post(&rules, rule.clone()).await.created();
    assert_eq!(it.outcome().await, "denied");
    let path = format!("/api/v1/policies/rules/{}", text(&made["id"]));
    it.world.admin.put(&path, json!({ "target": "tool:other/*" })).await.ok();
    assert_eq!(it.world.admin.get(&path).await.ok()["target"], "tool:other/*");
    assert_eq!(it.outcome().await, "succeeded");

    let mut named = rule;
    named["policy_id"] = policy["id"].clone();
    let second = it.world.admin.post("/api/v1/policies/rules", named).await.created();
    let list = format!("/api/v1/policies/rules?policy_id={}", text(&policy["id"]));
    assert_eq!(it.world.admin.get(&list).await.ok()["items"].as_array().unwrap().len(), 2);
    drop(it.world.admin.delete(&format!("/api/v1/policies/rules/{}", text(&second["id"]))).await.status(204));
    assert_eq!(it.outcome().await, "succeeded");
    let whole = it.world.admin.get(&format!("{}/{}", it.policies, text(&policy["id"]))).await.ok();
    assert_eq!((&whole["version"], whole["rules"].as_array().unwrap().len()), (&json!(5), 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_is_not_stored() {
    let it = Policed::start().await;
    let refused = |body: Value| it.world.admin.post(&it.policies, body);
    let bad = json!({ "name": "Bad", "rules": [{ "action": "tool.fly", "target": "*", "effect": "deny" }] });
    let problem = refused(bad).await.problem(422, "validation_failed");
    assert_eq!(problem["errors"][0]["pointer"], "/rules/0");
    assert!(problem["errors"][0]["detail"].as_str().unwrap().contains("tool.fly"), "{problem}");
    let bad = json!({
        "name": "Bad", "rules": [{ "action": "*", "target": "a*b", "effect": "deny", "conditions": { "moon": 1 } }],
        "bindings": [{ "scope_type": "env", "scope_id": "nowhere" }],
    });
    let problem = refused(bad).await.problem(422, "validation_failed");
    let pointers: Vec<&str> =
        problem["errors"].as_array().unwrap().iter().map(|one| one["pointer"].as_str().unwrap()).collect();
    assert_eq!(pointers, ["/rules/0", "/bindings/0"]);
    refused(json!({ "name": "" })).await.problem(422, "validation_failed");
    refused(json!({ "name": "baseline/mine" })).await.problem(422, "validation_failed");
    refused(json!({ "name": "x", "weight": 1 })).await.problem(422, "unknown_field");
    refused(json!({ "name": "x", "environment_id": "0192f1c0-7b4e-7a6e-8a53-1d2c3b4a5f60" }))
        .await
        .problem(422, "validation_failed");
    it.write("Twice", json!([])).await;
    refused(json!({ "name": "Twice" })).await.problem(409, "name_taken");
    let stale = it.world.admin.get(&it.policies).await.ok()["items"][0].clone();
    assert_eq!(stale["name"], "Twice");
    assert_eq!(it.outcome().await, "succeeded");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_baseline_is_read_and_switched_but_not_changed() {
    let it = Policed::start().await;
    let all = it.world.admin.get(&it.policies).await.ok();
    let find = |name: &str| {
        all["items"].as_array().unwrap().iter().find(|one| one["name"] == name).cloned().unwrap()
    };
    let baseline = find("baseline/tools-follow-visibility");
    assert_eq!((&baseline["is_baseline"], &baseline["rules"][0]["effect"]), (&json!(true), &json!("allow")));
    let path = format!("{}/{}", it.policies, text(&baseline["id"]));
    it.world.admin.put(&path, json!({ "rules": [] })).await.problem(409, "policy_built_in");
    it.world
        .admin
        .put(&path, json!({ "is_active": false, "name": "x" }))
        .await
        .problem(409, "policy_built_in");
    it.world.admin.delete(&path).await.problem(409, "policy_built_in");
    it.world.admin.patch(&path, json!({ "is_active": false })).await.ok();
    assert_eq!(it.world.admin.get(&path).await.ok()["is_active"], false);
    assert_eq!(it.outcome().await, "denied", "tool calls are denied by default");
    it.world.admin.patch(&path, json!({ "is_active": true })).await.ok();
    assert_eq!(it.outcome().await, "succeeded");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_locks_themselves_out() {
    let it = Policed::start().await;
    let all = json!([{ "action": "policy.*", "target": "*", "effect": "deny" }]);
    it.world
        .admin
        .post(&it.policies, json!({ "name": "Never again", "rules": all }))
        .await
        .problem(409, "policy_locks_out");
    let mild = json!([{ "action": "policy.*", "target": "*", "effect": "deny", "conditions": { "no_roles": ["organization:owner"] } }]);
    it.write("Owners only", mild).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_is_explained_before_it_is_made() {
    let it = Policed::start().await;
    let question =
        json!({ "action": "tool.invoke", "target": "tool:files/echo", "arguments": { "amount": 1 } });
    let now = it.evaluate(&it.world.admin, question.clone()).await;
    assert_eq!(
        (&now["effect"], &now["rule_id"]),
        (&json!("allow"), &json!("baseline/tools-follow-visibility"))
    );
    let sources: Vec<&str> =
        now["trace"].as_array().unwrap().iter().map(|step| step["source"].as_str().unwrap()).collect();
    assert_eq!(sources, ["tenant", "roles", "access", "clearance", "policies"]);

    // A draft is asked without being stored.
    let mut tried = question.clone();
    tried["draft"] = json!({ "rules": deny("tool:files/*") });
    let then = it.evaluate(&it.world.admin, tried).await;
    assert_eq!((&then["effect"], &then["decision"]), (&json!("deny"), &json!("deny")));
    assert_eq!(it.outcome().await, "succeeded");

    let policy = it.write("No files", deny("tool:files/*")).await;
    let then = it.evaluate(&it.world.admin, question.clone()).await;
    assert_eq!(then["rule_id"], policy["rules"][0]["id"]);
    assert!(then["reason"].as_str().unwrap().contains("No files"), "{then}");
    // And what a change would give back.
    let mut tried = question;
    (tried["policy_id"], tried["draft"]) = (policy["id"].clone(), json!({ "is_active": false }));
    assert_eq!(it.evaluate(&it.world.admin, tried).await["effect"], "allow");
    let wrong = json!({ "action": "fly", "target": "*" });
    it.world.admin.post("/api/v1/policies/evaluate", wrong).await.problem(422, "validation_failed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_is_held_against_what_was_decided() {
    let it = Policed::start().await;
    for _ in 0..3 {
        assert_eq!(it.outcome().await, "succeeded");
    }
    let path = format!("{}/backtest", it.policies);
    let test = it.world.admin.post(&path, json!({ "draft": { "rules": deny("tool:files/*") } })).await.ok();
    assert_eq!((&test["replayed"], &test["stricter"], &test["looser"]), (&json!(3), &json!(3), &json!(0)));
    let flip = &test["flips"][0];
    assert_eq!((&flip["before"], &flip["after"]), (&json!("allow"), &json!("deny")));
    assert_eq!(flip["target"], "tool:files/echo");
    // Arguments are those of the calls.
    let large = json!([{ "action": "tool.invoke", "target": "*", "effect": "deny", "conditions": { "arguments": { "/amount": { "at_least": 20_000 } } } }]);
    let test = it.world.admin.post(&path, json!({ "draft": { "rules": large } })).await.ok();
    assert_eq!((&test["unchanged"], &test["flips"]), (&json!(3), &json!([])));
    it.world.admin.post(&path, json!({ "draft": {}, "days": 0 })).await.problem(422, "validation_failed");
    assert_eq!(it.outcome().await, "succeeded", "a backtest changes nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn policies_belong_to_their_organisation() {
    let it = Policed::start().await;
    let policy = it.write("Ours", deny("tool:files/*")).await;
    let (path, rule) = (
        format!("{}/{}", it.policies, text(&policy["id"])),
        format!("/api/v1/policies/rules/{}", text(&policy["rules"][0]["id"])),
    );
    let stranger = it.world.stranger().await;
    stranger.get(&it.policies).await.problem(404, "not_found");
    stranger.get(&path).await.problem(404, "not_found");
    stranger.patch(&path, json!({ "is_active": false })).await.problem(404, "not_found");
    stranger.delete(&path).await.problem(404, "not_found");
    stranger.get(&rule).await.problem(404, "not_found");
    stranger.delete(&rule).await.problem(404, "not_found");
    let theirs = it.world.organization(&stranger).await;
    stranger
        .get(&format!("/api/v1/orgs/{theirs}/policies/{}", text(&policy["id"])))
        .await
        .problem(404, "not_found");
    assert_eq!(it.outcome().await, "denied");
}
