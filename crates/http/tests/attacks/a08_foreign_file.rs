//! attaching a foreign file to one's own chat, then reading it there (Open WebUI CVE-2026-45402). Who owns it is
//! asked when it is attached and again when it is read.

use serde_json::{Value, json};

use crate::{
    canary::{NOBODY, id, upload, words},
    world::World,
};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";

#[tokio::test]
async fn a_foreign_file_is_neither_attached_nor_read_nor_deleted() {
    let (world, admin) = World::set_up().await;
    let colleague = world.invite(&admin, "grace@example.com", "member").await;
    let stranger = world.stranger().await;
    let (kind, body) = upload("a.png", "image/png", PNG);
    let call = world.call("POST", "/api/files", None).by(&admin).with("content-type", &kind).bytes(body);
    let file = id(&call.send().await.created());
    let agent = id(&world.post("/api/agents", json!({ "name": "Mine" })).by(&admin).send().await.created());
    let server = json!({ "name": "Mine", "transport": "http", "endpoint": "https://mcp.example.com/mcp" });
    let server = id(&world.post("/api/mcp/servers", server).by(&admin).send().await.created());
    for person in [&stranger, &colleague] {
        let own = id(&world.post("/api/conversations", json!({})).by(person).send().await.created());
        let mine = world.post("/api/agents", json!({ "name": "My own" })).by(person).send().await;
        world.get(&format!("/api/mcp/servers/{server}")).by(person).send().await.problem(404, "not_found");
        let before = world.rows();
        let same = async |method: &str, path: &str, make: &dyn Fn(&str) -> Value, foreign: &str| {
            let answer = world.call(method, path, Some(make(foreign))).by(person).send().await;
            let status = answer.status.as_u16();
            assert!([404, 422].contains(&status), "{method} {path}: {status}: {}", answer.text());
            let absent = world.call(method, path, Some(make(NOBODY))).by(person).send().await;
            assert_eq!(words(answer), words(absent), "{method} {path}");
        };
        let messages = format!("/api/conversations/{own}/messages");
        for field in ["image_ids", "attachment_ids"] {
            same("POST", &messages, &|file| json!({ "content": "Look", field: [file] }), &file).await;
        }
        same(
            "PUT",
            &format!("/api/conversations/{own}/agent"),
            &|agent| json!({ "agent_id": agent }),
            &agent,
        )
        .await;
        same("POST", "/api/conversations", &|agent| json!({ "agent_id": agent }), &agent).await;
        same("PUT", "/api/auth/profile", &|agent| json!({ "default_agent_id": agent }), &agent).await;
        if mine.status == 201 {
            let mine = format!("/api/agents/{}", id(&mine.json()));
            let with = |server: &str| json!({ "mcp_servers": [{ "server_id": server }] });
            same("PUT", &mine, &with, &server).await;
            let one = |server: &str| json!({ "server_id": server });
            same("POST", &format!("{mine}/mcp-servers"), &one, &server).await;
            same("PUT", &mine, &|server| json!({ "connection_id": server }), &server).await;
        }
        for path in [format!("/api/files/{file}"), format!("/api/files/{file}/content")] {
            world.get(&path).by(person).send().await.problem(404, "not_found");
        }
        let one = format!("/api/files/{file}");
        world.patch(&one, json!({ "name": "x" })).by(person).send().await.problem(404, "not_found");
        world.delete(&one).by(person).send().await.problem(404, "not_found");
        world.unchanged(&before, "a foreign file");
    }
    let content = world.get(&format!("/api/files/{file}/content")).by(&admin).send().await.status(200);
    assert_eq!(content.body, PNG, "and it is as it was");
}
