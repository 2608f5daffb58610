//! `/api/files`.

use serde_json::json;

use crate::{
    content::{column, pointers},
    world::{World, text},
};

/// The largest file that a server takes where nobody says otherwise.
const MAX_FILE: usize = 25 * 1_024 * 1_024;
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";

#[tokio::test]
async fn a_picture_is_named_by_its_bytes_and_shown_in_place() {
    let world = World::start().await;
    let uploaded = world.admin.upload("/api/files", "../a \u{fc}.exe", "application/x-msdownload", PNG).await;
    let location = uploaded.header("location").unwrap().to_owned();
    let file = uploaded.created();
    assert_eq!((&file["name"], &file["mime_type"]), (&json!("a \u{fc}.exe"), &json!("image/png")));
    assert_eq!(file["size_bytes"], PNG.len());
    assert_eq!(world.admin.get(&location).await.ok(), file);
    let content = world.admin.get(&text(&file["url"])).await.status(200);
    assert_eq!(content.header("content-type"), Some("image/png"));
    assert_eq!(content.header("content-disposition"), Some("inline; filename*=UTF-8''a%20%C3%BC.exe"));
    assert_eq!(content.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(content.header("content-security-policy"), Some("default-src 'none'; sandbox"));
    let tag = content.header("etag").unwrap().to_owned();
    let _ = world.admin.with("if-none-match", &tag).get(&text(&file["url"])).await.status(304);
}

#[tokio::test]
async fn a_page_that_poses_as_a_picture_is_a_download() {
    let world = World::start().await;
    for (name, bytes) in [
        ("photo.png", "<!doctype html><script>alert(1)</script>"),
        ("drawing.svg", "<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"),
    ] {
        let file = world.admin.upload("/api/files", name, "image/png", bytes).await.created();
        assert_eq!(file["mime_type"], "text/plain; charset=utf-8");
        let content = world.admin.get(&text(&file["url"])).await.status(200);
        assert_eq!(content.header("content-type"), Some("text/plain; charset=utf-8"));
        assert!(content.header("content-disposition").unwrap().starts_with("attachment;"));
        assert_eq!(content.text, bytes);
    }
}

#[tokio::test]
async fn uploads_have_one_shape_and_a_limit() {
    let world = World::start().await;
    let empty = world.admin.upload("/api/files", "a.txt", "text/plain", "").await;
    empty.problem(422, "file_empty");
    let whole = world.admin.upload("/api/files", "a.txt", "text/plain", "a".repeat(MAX_FILE)).await.created();
    assert_eq!(whole["size_bytes"], MAX_FILE);
    let large = world.admin.upload("/api/files", "a.txt", "text/plain", "a".repeat(MAX_FILE + 1)).await;
    large.problem(413, "file_too_large");
    let posing = json!({ "file": { "path": "/etc/passwd" } });
    world.admin.post("/api/files", posing).await.problem(415, "unsupported_media_type");
    let multipart = "multipart/form-data; boundary=b";
    let other =
        "--b\r\ncontent-disposition: form-data; name=\"avatar\"; filename=\"a\"\r\n\r\nx\r\n--b--\r\n";
    let refused = world.admin.raw(reqwest::Method::POST, "/api/files", multipart, other).await;
    assert_eq!(pointers(&refused.problem(422, "unknown_field")), ["/avatar"]);
    world
        .admin
        .raw(reqwest::Method::POST, "/api/files", multipart, "--b--\r\n")
        .await
        .problem(422, "validation_failed");
    let cut = "--b\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\nx";
    world.admin.raw(reqwest::Method::POST, "/api/files", multipart, cut).await.problem(422, "upload_broken");
    assert_eq!(
        column(&world.admin.get("/api/files").await.ok(), "id"),
        [whole["id"].clone()],
        "nothing else was kept"
    );
}

#[tokio::test]
async fn a_file_goes_along_with_a_message() {
    let world = World::start().await;
    let picture = world.admin.upload("/api/files", "a.png", "image/png", PNG).await.created();
    let words = world.admin.upload("/api/files", "a.txt", "text/plain", "words").await.created();
    let id = world.open().await;
    let path = format!("/api/conversations/{id}/messages");
    let body = json!({ "content": "", "image_ids": [picture["id"]], "attachment_ids": [words["id"]] });
    let sent = world.admin.post(&path, body).await.created();
    world.finished(&sent).await;
    let message = &world.messages(&id).await[0];
    assert_eq!(
        (&message["images"][0]["url"], &message["images"][0]["name"]),
        (&picture["url"], &json!("a.png"))
    );
    assert_eq!(message["attachments"][0]["id"], words["id"]);
    let posing = world.admin.post(&path, json!({ "content": "x", "image_ids": [words["id"]] })).await;
    posing.problem(422, "not_an_image");
}

#[tokio::test]
async fn a_deleted_file_is_gone() {
    let world = World::start().await;
    let file = world.admin.upload("/api/files", "a.png", "image/png", PNG).await.created();
    let path = format!("/api/files/{}", text(&file["id"]));
    let _ = world.admin.delete(&path).await.status(204);
    world.admin.get(&path).await.problem(404, "not_found");
    world.admin.get(&text(&file["url"])).await.problem(404, "not_found");
    assert_eq!(world.admin.get("/api/files").await.ok()["items"], json!([]));
}
