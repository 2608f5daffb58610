//! The walk goes on over workflows and their drawings.

use conductor_test_support::Api;
use serde_json::json;

use super::Walk;
use crate::world::text;

pub(super) async fn workflows(w: &mut Walk<'_>, admin: &Api) {
    let grace = w.world.colleague("workflows@example.com", "member").await;
    let user = text(&grace.get("/api/auth/me").await.ok()["user"]["id"]);
    w.news().await;

    let made =
        w.step(admin, "POST /api/workflows", &[], json!({ "name": "walked" }), "workflow.created").await;
    let id = text(&made["id"]);
    let one = "/api/workflows/{workflow_id}";
    let title = json!({ "title": "Walked" });
    w.step(admin, &format!("PUT {one}"), &[&id], title, "workflow.updated").await;
    w.step(admin, &format!("PATCH {one}"), &[&id], json!({ "category": "x" }), "workflow.updated").await;
    let back = format!("POST {one}/versions/{{version}}/rollback");
    w.step(admin, &back, &[&id, "1"], json!({}), "workflow.rolled_back").await;
    w.step(admin, &format!("POST {one}/publish"), &[&id], json!({}), "workflow.published").await;
    w.step(admin, &format!("POST {one}/unpublish"), &[&id], json!({}), "workflow.unpublished").await;
    let mut document = made["graph"].clone();
    document["name"] = json!("brought");
    w.step(admin, "POST /api/workflows/import", &[], document.clone(), "workflow.imported").await;
    w.steps(admin, "POST /api/workflows/check", &[], document.clone(), &[]).await;
    let folder = w.world.workflows_folder();
    std::fs::create_dir_all(&folder).unwrap();
    document["name"] = json!("loaded");
    std::fs::write(folder.join("walked.json"), document.to_string()).unwrap();
    let path = json!({ "filePath": "walked.json" });
    w.step(admin, "POST /api/workflows/load", &[], path, "workflow.imported").await;
    let template = "POST /api/workflow-templates/{template_id}/instantiate";
    w.step(admin, template, &["code-generation"], json!({}), "workflow.created").await;
    w.step(admin, &format!("POST {one}/execute"), &[&id], json!({}), "run.started").await;
    w.step(admin, "POST /api/workflows/execute/{name}", &["walked"], json!({}), "run.started").await;
    w.step(admin, "POST /api/execute/workflow", &[], json!({ "workflow": "walked" }), "run.started").await;
    let nodes = json!([{ "id": "wait", "kind": "wait", "config": { "event": "paid" } }]);
    admin.post("/api/workflows/import", crate::executions::graph("waits", nodes, &[])).await.created();
    let waits = admin.post("/api/workflows/execute/waits", json!({})).await.ok();
    w.news().await;
    let tell = "POST /api/workflows/executions/{execution_id}/events";
    w.step(admin, tell, &[&text(&waits["execution_id"])], json!({ "name": "paid" }), "run.told").await;
    let walked = admin.post("/api/workflows/execute/walked", json!({})).await.ok();
    let resume = "POST /api/workflows/executions/{execution_id}/resume";
    let from = json!({ "node_id": "start" });
    w.news().await;
    w.step(admin, resume, &[&text(&walked["execution_id"])], from, "run.started").await;
    let replay = "POST /api/workflows/executions/{execution_id}/replay";
    w.steps(admin, replay, &[&text(&walked["execution_id"])], json!(null), &[]).await;
    let mut hooked = made["graph"].clone();
    hooked["name"] = json!("hooked");
    hooked["triggers"] = json!([{ "type": "webhook" }]);
    let hooked = admin.post("/api/workflows/import", hooked).await.created();
    w.news().await;
    let rotate = format!("POST {one}/webhook/rotate");
    for _ in 0..2 {
        w.step(admin, &rotate, &[&text(&hooked["id"])], json!({}), "workflow.hook_rotated").await;
    }
    let mut told = made["graph"].clone();
    told["name"] = json!("told");
    told["triggers"] = json!([{ "type": "event", "name": "order.paid" }]);
    admin.post("/api/workflows/import", told).await.created();
    w.news().await;
    let events = ["run.started", "workflow.event_told"];
    let paid = json!({ "name": "order.paid" });
    w.steps(admin, "POST /api/workflows/events", &[], paid, &events).await;
    w.steps(admin, &format!("POST {one}/export"), &[&id], json!({ "format": "canvas" }), &[]).await;
    let clone = w.step(admin, &format!("POST {one}/clone"), &[&id], json!({}), "workflow.cloned").await;
    let share = json!({ "user_id": user, "permission_level": "read" });
    let shared = w.step(admin, &format!("POST {one}/share"), &[&id], share, "grant.created").await;
    let ids = [id.as_str(), &text(&shared["id"])];
    w.step(admin, &format!("DELETE {one}/share/{{share_id}}"), &ids, json!(null), "grant.revoked").await;
    let tags = format!("POST {one}/tags");
    let tagged = w.step(admin, &tags, &[&id], json!({ "tags": ["Walks"] }), "workflow.tagged").await;
    let tag = [id.as_str(), &text(&tagged["items"][0]["id"])];
    let untag = format!("DELETE {one}/tags/{{tag_id}}");
    w.step(admin, &untag, &tag, json!(null), "workflow.untagged").await;
    let only = json!({ "grants": [{ "subject_id": user, "access_level": "read" }] });
    w.step(admin, &format!("PUT {one}/permissions"), &[&id], only, "grant.created").await;
    let rate = format!("POST {one}/rate");
    w.step(&grace, &rate, &[&id], json!({ "rating": 4 }), "workflow.rated").await;
    canvases(w, admin, &id).await;
    let id = text(&clone["id"]);
    w.step(admin, &format!("DELETE {one}"), &[&id], json!(null), "workflow.deleted").await;
}

async fn canvases(w: &mut Walk<'_>, admin: &Api, workflow: &str) {
    let org = w.world.organization(admin).await;
    w.news().await;
    let all = "/api/v1/orgs/{org_id}/canvas";
    let one = format!("{all}/{{canvas_id}}");
    let drawn = json!({ "name": "Walked", "state_json": { "nodes": [], "edges": [] } });
    let made = w.step(admin, &format!("POST {all}"), &[&org], drawn.clone(), "canvas.created").await;
    let ids = [org.as_str(), &text(&made["id"])];
    w.step(admin, &format!("PUT {one}"), &ids, drawn, "canvas.updated").await;
    let of = json!({ "workflow_id": workflow });
    w.step(admin, &format!("PATCH {one}"), &ids, of, "canvas.updated").await;
    w.step(admin, &format!("DELETE {one}"), &ids, json!(null), "canvas.deleted").await;
}
