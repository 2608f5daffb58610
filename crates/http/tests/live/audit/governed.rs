//! The walk goes on over what governs others: policies and their parts, machines and their tokens, second factors.

use conductor_domain::{Clock, SystemClock};
use conductor_test_support::{Api, totp};
use serde_json::{Value, json};

use super::{PASSWORD, Walk};
use crate::world::text;

/// Policies, their rules and their bindings; what only asks writes nothing.
pub(super) async fn policies(w: &mut Walk<'_>, admin: &Api, org: &str) {
    let rule = json!({ "action": "tool.invoke", "target": "tool:nowhere/*", "effect": "deny" });
    let body = json!({ "name": "Tried", "rules": [rule] });
    let policy = w.step(admin, "POST /api/v1/orgs/{org_id}/policies", &[org], body, "policy.created").await;
    let (id, first) = (text(&policy["id"]), text(&policy["rules"][0]["id"]));
    let bound = text(&policy["bindings"][0]["id"]);
    let one = "/api/v1/orgs/{org_id}/policies/{policy_id}";
    let body = json!({ "description": "x" });
    w.step(admin, &format!("PUT {one}"), &[org, &id], body, "policy.updated").await;
    let made = w.step(admin, &format!("POST {one}/rules"), &[org, &id], rule.clone(), "policy.updated").await;
    let body = json!({ "target": "tool:nobody/*" });
    let path = "/api/v1/policies/rules/{rule_id}";
    w.step(admin, &format!("PUT {path}"), &[&text(&made["id"])], body, "policy.updated").await;
    w.step(admin, &format!("DELETE {path}"), &[&first], json!(null), "policy.updated").await;
    let mut named = rule.clone();
    named["policy_id"] = json!(id);
    w.step(admin, "POST /api/v1/policies/rules", &[], named, "policy.updated").await;
    let body = json!({ "policy_id": id, "scope_type": "tool", "scope_id": "files/echo", "priority": 3 });
    w.step(admin, "POST /api/v1/policies/bindings", &[], body, "policy.updated").await;
    let path = "/api/v1/policies/bindings/{binding_id}";
    let body = json!({ "priority": 4 });
    w.step(admin, &format!("PUT {path}"), &[&bound], body, "policy.updated").await;
    w.step(admin, &format!("DELETE {path}"), &[&bound], json!(null), "policy.updated").await;
    let question = json!({ "action": "agent.create", "target": "agent:*" });
    for evaluate in ["/api/v1/orgs/{org_id}/policies/evaluate", "/api/v1/policies/evaluate"] {
        let ids: &[&str] = if evaluate.contains('{') { &[org] } else { &[] };
        w.steps(admin, &format!("POST {evaluate}"), ids, question.clone(), &[]).await;
    }
    let body = json!({ "draft": { "rules": [rule] } });
    w.steps(admin, "POST /api/v1/orgs/{org_id}/policies/backtest", &[org], body, &[]).await;
    w.step(admin, &format!("DELETE {one}"), &[org, &id], json!(null), "policy.deleted").await;
}

/// Service accounts, and the tokens of agents and service accounts.
pub(super) async fn machines(w: &mut Walk<'_>, admin: &Api, org: &str, agent: &str) {
    let accounts = "/api/v1/orgs/{org_id}/service-accounts";
    let body = json!({ "name": "CI", "scope_allowlist": ["agent.read"] });
    let made = w.step(admin, &format!("POST {accounts}"), &[org], body, "service_account.created").await;
    let account = text(&made["id"]);
    let one = format!("{accounts}/{{service_account_id}}");
    let body = json!({ "audience": "x" });
    w.step(admin, &format!("PUT {one}"), &[org, &account], body, "service_account.updated").await;
    let of_agent = "/api/v1/orgs/{org_id}/agents/{agent_id}";
    for (holder, id) in [(of_agent, agent), (one.as_str(), account.as_str())] {
        let body = json!({ "name": "pipeline", "scopes": ["agent.read"] });
        let tokens = format!("{holder}/tokens");
        let issued = w.step(admin, &format!("POST {tokens}"), &[org, id], body, "token.issued").await;
        let ids = [org, id, &text(&issued["jti"])];
        w.step(admin, &format!("POST {tokens}/{{jti}}/revoke"), &ids, json!({}), "token.revoked").await;
        w.step(admin, &format!("DELETE {tokens}/{{jti}}"), &ids, json!(null), "token.deleted").await;
    }
    w.step(admin, &format!("DELETE {one}"), &[org, &account], json!(null), "service_account.deleted").await;
    // What the directory itself does is not in the document: `live/scim.rs` asks for its entries.
    let directory = "PATCH /api/v1/orgs/{org_id}/directory";
    w.step(admin, directory, &[org], json!({ "enabled": true }), "directory.updated").await;
}

/// The second factor of one person.
pub(super) async fn second_factor(w: &mut Walk<'_>, person: &Api) {
    let body = json!({ "password": PASSWORD });
    let begun = w.step(person, "POST /api/auth/mfa", &[], body, "account.mfa_begun").await;
    let code = |steps: i64| totp(&text(&begun["secret"]), SystemClock.now().timestamp() + 30 * steps);
    let body = json!({ "code": code(0) });
    w.step(person, "POST /api/auth/mfa/confirm", &[], body, "account.mfa_enabled").await;
    let again = |code: String| -> Value { json!({ "password": PASSWORD, "code": code }) };
    let route = "POST /api/auth/mfa/recovery-codes";
    let renewed = w.step(person, route, &[], again(code(1)), "account.recovery_codes_renewed").await;
    let body = again(text(&renewed["recovery_codes"][0]));
    w.step(person, "POST /api/auth/mfa/disable", &[], body, "account.mfa_disabled").await;
}
