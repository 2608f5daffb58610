//! reading any document by its id (Dify CVE-2026-41949). Whatever holds content answers a stranger's id like one
//! that nobody has.

use serde_json::json;

use crate::{
    canary::{NOBODY, id, upload, words},
    world::World,
};

#[tokio::test]
async fn no_document_is_read_by_its_id_alone() {
    let (world, admin) = World::set_up().await;
    let stranger = world.stranger().await;
    let (kind, body) = upload("plan.txt", "text/plain", b"canary-a10");
    let call = world.call("POST", "/api/files", None).by(&admin).with("content-type", &kind).bytes(body);
    let file = id(&call.send().await.created());
    let agent = json!({ "name": "Mine", "system_prompt": "canary-a10", "visibility": "organization" });
    let agent = id(&world.post("/api/agents", agent).by(&admin).send().await.created());
    let conversation = id(&world
        .post("/api/conversations", json!({ "title": "canary-a10" }))
        .by(&admin)
        .send()
        .await
        .created());
    let path = format!("/api/conversations/{conversation}/messages");
    let sent = world.post(&path, json!({ "content": "canary-a10" })).by(&admin).send().await.created();
    let organization = admin.organization();
    let (message, run) = (id(&sent["reply"]), id(&sent["run"]));
    let before = world.rows();
    for (template, foreign) in [
        ("/api/files/{id}", &file),
        ("/api/files/{id}/content", &file),
        ("/api/artifacts/{id}", &file),
        ("/api/artifacts/{id}/versions", &file),
        ("/api/agents/{id}", &agent),
        ("/agents/{id}", &agent),
        ("/api/agents/{id}/versions", &agent),
        ("/api/agents/{id}/available-tools", &agent),
        ("/api/conversations/{id}", &conversation),
        ("/api/conversations/{id}/messages", &conversation),
        ("/api/conversations/{id}/messages?branch=all", &conversation),
        ("/api/conversations/{id}/artifacts", &conversation),
        ("/api/messages/{id}/thinking", &message),
        ("/api/runs/{id}", &run),
        ("/api/runs/{id}/steps", &run),
        ("/api/v1/orgs/{id}", &organization),
        ("/api/v1/orgs/{id}/agents", &organization),
        ("/api/v1/orgs/{id}/runs", &organization),
        ("/api/v1/orgs/{id}/audit", &organization),
        ("/api/v1/orgs/{id}/audit/export?format=csv", &organization),
        ("/api/v1/orgs/{id}/audit/compliance", &organization),
        ("/api/v1/orgs/{id}/members", &organization),
    ] {
        let answer = world.get(&template.replace("{id}", foreign)).by(&stranger).send().await;
        assert!(!answer.text().contains("canary-a10"), "{template}: {}", answer.text());
        let absent = world.get(&template.replace("{id}", NOBODY)).by(&stranger).send().await;
        let (answer, absent) = (words(answer), words(absent));
        assert_eq!(answer, absent, "{template}");
        assert_eq!(answer.0, 404, "{template}");
    }
    // What is his own, under the organisation that is not: the tenant is part of the question.
    let mixed = format!("/api/v1/orgs/{}/agents/{agent}", stranger.organization());
    world.get(&mixed).by(&stranger).send().await.problem(404, "not_found");
    world.unchanged(&before, "reading");
}
