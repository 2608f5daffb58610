//! A-25: a JSON body that poses as an uploaded file and names a path of the server (n8n CVE-2026-21858).

use serde_json::json;

use crate::{
    canary::{files, id, upload},
    world::World,
};

#[tokio::test]
async fn a_file_comes_as_bytes_or_not_at_all() {
    let (world, admin) = World::set_up().await;
    let conversation = id(&world.post("/api/conversations", json!({})).by(&admin).send().await.created());
    let before = world.rows();
    let stored = || files(world.data());
    let blobs = stored();
    for body in [
        json!({ "file": { "path": "/etc/passwd", "filepath": "/etc/passwd", "originalFilename": "x" } }),
        json!({ "files": { "file": { "filepath": "/proc/self/environ", "mimetype": "text/plain", "size": 1 } } }),
        json!({ "file": "/etc/passwd" }),
        json!([{ "path": "file:///etc/passwd" }]),
    ] {
        for kind in
            ["application/json", "text/plain", "application/x-www-form-urlencoded", "", "multipart/form-data"]
        {
            let call = world.call("POST", "/api/files", None).by(&admin).with("content-type", kind);
            let answer = call.bytes(body.to_string()).send().await;
            assert!(
                [415, 422].contains(&answer.status.as_u16()),
                "{kind}: {} {}",
                answer.status,
                answer.text()
            );
        }
        // A form whose part is JSON is a file that holds JSON.
        let messages = format!("/api/conversations/{conversation}/messages");
        for field in ["image_ids", "attachment_ids", "files", "attachments"] {
            let message = json!({ "content": "x", field: [body] });
            let answer = world.post(&messages, message).by(&admin).send().await;
            assert_eq!(answer.status, 422, "{field}: {}", answer.text());
        }
        for path in ["/etc/passwd", "../../master.key", "file:///etc/passwd"] {
            let message = json!({ "content": "x", "attachment_ids": [path] });
            let answer = world.post(&messages, message).by(&admin).send().await;
            assert_eq!(answer.status, 422, "{path}: {}", answer.text());
        }
    }
    world.unchanged(&before, "a path in JSON");
    assert_eq!(stored(), blobs);
    let (kind, body) = upload("passwd", "application/json", br#"{"path":"/etc/passwd"}"#);
    let call = world.call("POST", "/api/files", None).by(&admin).with("content-type", &kind).bytes(body);
    let file = id(&call.send().await.created());
    let content = world.get(&format!("/api/files/{file}/content")).by(&admin).send().await.status(200);
    assert_eq!(content.text(), r#"{"path":"/etc/passwd"}"#);
}
