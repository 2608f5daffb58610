//! The walk goes on over what people give each other: grants, wishes for them, reviews.

use conductor_test_support::Api;
use serde_json::{Value, json};

use super::Walk;
use crate::world::text;

/// An answer that writes two entries: what was said, and what became of the grant.
const APPROVED: [&str; 2] = ["access_request.approved", "grant.created"];
const DROPPED: [&str; 2] = ["grant.reviewed", "grant.revoked"];

pub(super) async fn grants(w: &mut Walk<'_>, admin: &Api) {
    let agent = text(&admin.post("/api/agents", json!({ "name": "Granted" })).await.created()["id"]);
    let server = json!({ "name": "Granted", "transport": "http", "endpoint": "https://example.com/mcp" });
    let server = text(&admin.post("/api/mcp/servers", server).await.created()["id"]);
    let grace = w.world.colleague("granted@example.com", "member").await;
    let user = text(&grace.get("/api/auth/me").await.ok()["user"]["id"]);
    w.news().await;

    let body =
        json!({ "resource_type": "agent", "resource_id": agent, "subject_id": user, "access_level": "read" });
    let give = "POST /api/permissions/grant";
    let given = w.step(admin, give, &[], body.clone(), "grant.created").await;
    let revoke = json!({ "grant_id": given["id"] });
    w.step(admin, "POST /api/permissions/revoke", &[], revoke, "grant.revoked").await;
    let one = "/api/agents/{agent_id}";
    let share = json!({ "user_id": user, "permission_level": "read" });
    let shared = w.step(admin, &format!("POST {one}/share"), &[&agent], share, "grant.created").await;
    let ids = [agent.as_str(), &text(&shared["id"])];
    w.step(admin, &format!("DELETE {one}/share/{{share_id}}"), &ids, json!(null), "grant.revoked").await;
    let only = json!({ "grants": [{ "subject_id": user, "access_level": "read" }] });
    w.step(admin, &format!("PUT {one}/permissions"), &[&agent], only.clone(), "grant.created").await;
    w.steps(admin, &format!("PUT {one}/permissions"), &[&agent], only, &[]).await;
    let access = json!({ "user_id": user, "access_level": "read" });
    let path = "/api/mcp/servers/{server_id}";
    w.step(admin, &format!("POST {path}/grant-access"), &[&server], access, "grant.created").await;
    let ids = [server.as_str(), &user];
    w.step(admin, &format!("DELETE {path}/revoke-access/{{user_id}}"), &ids, json!(null), "grant.revoked")
        .await;
    w.steps(admin, "POST /api/permissions/check", &[], json!({ "permission": "agent.read" }), &[]).await;

    let trial =
        json!({ "resource_type": "agent", "resource_id": agent, "subject_id": user, "access_level": "read" });
    w.steps(admin, "POST /api/permissions/preview", &[], trial, &[]).await;

    let wish = |level: &str| json!({ "resource_type": "agent", "resource_id": agent, "access_level": level, "reason": "x" });
    let ask = "POST /api/permissions/request";
    let asked = w.step(&grace, ask, &[], wish("execute"), "access_request.created").await;
    let answer = "PUT /api/permissions/requests/{request_id}";
    let id = text(&asked["id"]);
    w.steps(admin, &format!("{answer}/approve"), &[&id], json!({}), &APPROVED).await;
    let asked = w.step(&grace, ask, &[], wish("write"), "access_request.created").await;
    let id = text(&asked["id"]);
    w.step(admin, &format!("{answer}/deny"), &[&id], json!({ "reason": "x" }), "access_request.denied").await;

    let asked = w.step(&grace, ask, &[], wish("write"), "access_request.created").await;
    let (withdraw, id) = ("DELETE /api/permissions/requests/{request_id}", text(&asked["id"]));
    w.step(&grace, withdraw, &[&id], json!(null), "access_request.withdrawn").await;

    let campaigns = "/api/permissions/campaigns";
    let body = json!({ "name": "Autumn", "due_at": "2100-01-01T00:00:00Z" });
    let opened = w.step(admin, &format!("POST {campaigns}"), &[], body, "access_campaign.opened").await;
    let review = text(&opened["id"]);
    let items: Value = admin.get(&format!("{campaigns}/{review}/items")).await.ok();
    let ids = [review.as_str(), &text(&items["items"][0]["id"])];
    let item = format!("PUT {campaigns}/{{campaign_id}}/items/{{item_id}}");
    w.step(admin, &item, &ids, json!({ "decision": "confirm" }), "grant.reviewed").await;
    w.steps(admin, &item, &ids, json!({ "decision": "drop" }), &DROPPED).await;
    let close = format!("POST {campaigns}/{{campaign_id}}/close");
    w.step(admin, &close, &[&review], json!({}), "access_campaign.closed").await;
}
