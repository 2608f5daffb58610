//! setting tracing, webhooks or exports on another tenant's app (Dify CVE-2026-41947). What configures a tenant is
//! the tenant's: policies and their bindings, budgets, service accounts, environments, keys.

use serde_json::{Value, json};

use crate::{
    canary::{id, words},
    world::World,
};

#[tokio::test]
async fn what_configures_a_tenant_is_out_of_reach_for_others() {
    let (world, admin) = World::set_up().await;
    let stranger = world.stranger().await;
    let org = format!("/api/v1/orgs/{}", admin.organization());
    let make = async |path: &str, body: Value| id(&world.post(path, body).by(&admin).send().await.created());
    let rule = json!({ "effect": "deny", "action": "tool.invoke", "target": "*" });
    let policy = make(&format!("{org}/policies"), json!({ "name": "Mine", "rules": [rule] })).await;
    let binding = json!({ "policy_id": policy, "scope_type": "org", "scope_id": admin.organization() });
    let binding = make("/api/v1/policies/bindings", binding).await;
    let rules = world.get(&format!("/api/v1/policies/rules?policy_id={policy}")).by(&admin).send().await.ok();
    let rule_id = id(&rules["items"][0]);
    let budget = json!({ "name": "Mine", "scope": "organization", "period": "month", "limit": "10" });
    let budget = make(&format!("{org}/budgets"), budget).await;
    let account = make(&format!("{org}/service-accounts"), json!({ "name": "CI" })).await;
    let environment = admin.session["environment"]["id"].as_str().unwrap().to_owned();
    let key = json!({ "provider": "openai", "key_name": "work", "api_key": "sk-canary-4f1c9a77e2b04d5c" });
    let key = make("/api/settings/api-keys", key).await;
    let before = world.rows();
    for (method, path, body) in [
        ("PUT", format!("{org}/policies/{policy}"), json!({ "is_active": false })),
        ("DELETE", format!("{org}/policies/{policy}"), json!(null)),
        ("POST", format!("{org}/policies/{policy}/rules"), rule.clone()),
        ("POST", format!("{org}/policies"), json!({ "name": "Theirs" })),
        ("PUT", format!("/api/v1/policies/rules/{rule_id}"), json!({ "effect": "allow" })),
        ("DELETE", format!("/api/v1/policies/rules/{rule_id}"), json!(null)),
        ("PUT", format!("/api/v1/policies/bindings/{binding}"), json!({ "priority": 1 })),
        ("DELETE", format!("/api/v1/policies/bindings/{binding}"), json!(null)),
        ("PUT", format!("{org}/budgets/{budget}"), json!({ "limit": "1" })),
        ("DELETE", format!("{org}/budgets/{budget}"), json!(null)),
        ("PUT", format!("{org}/service-accounts/{account}"), json!({ "enabled": true })),
        ("DELETE", format!("{org}/service-accounts/{account}"), json!(null)),
        (
            "POST",
            format!("{org}/service-accounts/{account}/tokens"),
            json!({ "name": "x", "scopes": ["agent.read"] }),
        ),
        ("PUT", format!("{org}/environments/{environment}"), json!({ "name": "x" })),
        ("PUT", org.clone(), json!({ "name": "x" })),
        ("PUT", org.clone(), json!({ "requires_mfa": true })),
        ("DELETE", format!("/api/settings/api-keys/{key}"), json!(null)),
        (
            "POST",
            format!("/api/settings/api-keys/{key}/rotate"),
            json!({ "api_key": "sk-of-the-attacker-0000" }),
        ),
    ] {
        let body = Some(body).filter(|body| !body.is_null());
        let answer = world.call(method, &path, body).by(&stranger).send().await;
        assert_eq!(answer.status.as_u16(), 404, "{method} {path}: {}", answer.text());
    }
    // In the body, into what is his own.
    let own = format!("/api/v1/orgs/{}", stranger.organization());
    for (path, body) in [
        ("/api/v1/policies/rules".to_owned(), {
            let mut body = rule.clone();
            body["policy_id"] = json!(policy);
            body
        }),
        (
            "/api/v1/policies/bindings".to_owned(),
            json!({ "policy_id": policy, "scope_type": "org", "scope_id": stranger.organization() }),
        ),
        (format!("{own}/policies"), json!({ "name": "x", "environment_id": environment })),
        (format!("{own}/service-accounts"), json!({ "name": "x", "environment_id": environment })),
        (
            format!("{own}/budgets"),
            json!({ "name": "x", "scope": "environment", "target_id": environment, "period": "month", "limit": "1" }),
        ),
    ] {
        let answer = world.post(&path, body.clone()).by(&stranger).send().await;
        let status = answer.status.as_u16();
        assert!([403, 404, 422].contains(&status), "{path} {body}: {status} {}", answer.text());
        let _ = words(answer);
    }
    world.unchanged(&before, "foreign configuration");

    // A binding names whatever its author likes, and binds within the author's organisation alone.
    let judged = async || {
        let question = json!({ "action": "conversation.create", "target": "conversation:new" });
        let told = world.post("/api/v1/policies/evaluate", question).by(&admin).send().await.ok();
        (told["effect"].clone(), told["rule_id"].clone())
    };
    let before = judged().await;
    let everything = json!({ "effect": "deny", "action": "*", "target": "*" });
    let binding = json!({ "scope_type": "org", "scope_id": admin.organization(), "priority": 1_000 });
    let policy = json!({ "name": "x", "rules": [everything], "bindings": [binding] });
    world.post(&format!("{own}/policies"), policy).by(&stranger).send().await.created();
    assert_eq!(judged().await, before);
    world.post("/api/conversations", json!({})).by(&admin).send().await.created();
}
