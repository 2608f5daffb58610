//! a public API that believes its parameters (n8n CVE-2026-42227, `?projectId=`). A foreign id in a query answers
//! nothing, whichever door it comes through; `tests/live/tenants.rs` tries every parameter of every route.

use serde_json::json;

use crate::{canary::id, world::World};

#[tokio::test]
async fn a_foreign_id_in_a_query_answers_nothing() {
    let (world, admin) = World::set_up().await;
    let stranger = world.stranger().await;
    let agent = json!({ "name": "canary-a12", "visibility": "organization" });
    let agent = id(&world.post("/api/agents", agent).by(&admin).send().await.created());
    let conversation = json!({ "title": "canary-a12", "agent_id": agent });
    let conversation = id(&world.post("/api/conversations", conversation).by(&admin).send().await.created());
    let path = format!("/api/conversations/{conversation}/messages");
    let sent = world.post(&path, json!({ "content": "canary-a12" })).by(&admin).send().await.created();
    let (run, own) = (id(&sent["run"]), stranger.organization());
    let (user, environment) = (admin.id(), admin.session["environment"]["id"].as_str().unwrap().to_owned());
    for path in [
        format!("/api/v1/orgs/{own}/runs?agent_id={agent}"),
        format!("/api/v1/orgs/{own}/runs?conversation_id={conversation}"),
        format!("/api/v1/orgs/{own}/runs?parent_run_id={run}"),
        format!("/api/v1/orgs/{own}/audit?user_id={user}"),
        format!("/api/v1/orgs/{own}/audit?resource_id={conversation}"),
        format!("/api/v1/orgs/{own}/audit/export?user_id={user}"),
        format!("/api/v1/orgs/{own}/runs/cost-summary?agent_id={agent}"),
        format!("/api/v1/orgs/{own}/runs/cost-by-user?user_id={user}"),
        format!("/api/v1/orgs/{own}/runs/cost-over-time?environment_id={environment}"),
        format!("/api/usage/daily?user_id={user}"),
        "/api/agents?q=canary-a12".to_owned(),
        "/api/conversations?q=canary-a12".to_owned(),
        "/api/mcp/servers/search?q=canary".to_owned(),
    ] {
        let answer = world.get(&path).by(&stranger).send().await;
        assert!([200, 404].contains(&answer.status.as_u16()), "{path}: {} {}", answer.status, answer.text());
        for secret in ["canary-a12", &agent, &conversation, &run] {
            // What was asked for may be repeated in the address of a problem.
            let told = answer.text().replace(&path, "");
            assert!(!told.contains(secret), "{path} tells {secret}: {}", answer.text());
        }
    }
    // Parameters that no route has are refused, and nobody's tenant is one.
    for parameter in ["organization_id", "org_id", "project_id", "projectId", "tenant", "user"] {
        let path = format!("/api/agents?{parameter}={}", admin.organization());
        world.get(&path).by(&stranger).send().await.problem(422, "unknown_field");
    }
    // Headers choose no tenant either.
    for header in
        ["x-organization-id", "x-org-id", "x-tenant", "x-user-id", "x-forwarded-user", "x-original-url"]
    {
        let call = world.get("/api/auth/me").by(&stranger).with(header, &admin.organization());
        assert_eq!(call.send().await.ok()["organization"]["id"], own, "{header}");
    }
}
