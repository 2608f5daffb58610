//! an upload without a sign-in, or of another kind than it says, that a browser then runs (Open WebUI
//! CVE-2026-44568).

use crate::{
    canary::{files, id, upload},
    world::World,
};

#[tokio::test]
async fn nobody_uploads_without_a_sign_in() {
    let (world, _) = World::set_up().await;
    let (before, blobs) = (world.rows(), files(world.data()));
    let (kind, body) = upload("a.html", "text/html", b"<script>alert(1)</script>");
    let call = world.call("POST", "/api/files", None).with("content-type", &kind).bytes(body);
    call.send().await.problem(401, "token_missing");
    world.unchanged(&before, "an upload");
    assert_eq!(files(world.data()), blobs);
}

#[tokio::test]
async fn no_browser_runs_what_was_uploaded() {
    let (world, admin) = World::set_up().await;
    for (name, said, bytes) in [
        ("a.png", "image/png", &b"<!doctype html><script>alert(1)</script>"[..]),
        ("a.html", "text/html", b"<!doctype html><script>alert(1)</script>"),
        ("a.svg", "image/svg+xml", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"),
        ("a.svg", "image/png", b"<?xml version='1.0'?><svg onload='alert(1)'/>"),
        ("a.xhtml", "application/xhtml+xml", b"<html xmlns='http://www.w3.org/1999/xhtml'><script/></html>"),
        ("a.xml", "text/xml", b"<?xml-stylesheet href='data:,' type='text/xsl'?><a/>"),
        ("a.js", "text/javascript", b"alert(1)"),
        ("a.pdf", "application/pdf", b"%PDF-1.7\n/OpenAction << /S /JavaScript >>"),
        ("a.gif", "image/gif", b"\x00GIF89a/*<script>alert(1)</script>*/"),
        ("a.htm", "image/png\r\nx-injected: 1", b"<script>alert(1)</script>"),
    ] {
        let (kind, body) = upload(name, said, bytes);
        let call = world.call("POST", "/api/files", None).by(&admin).with("content-type", &kind).bytes(body);
        let answer = call.send().await;
        if answer.status == 422 {
            continue;
        }
        let file = id(&answer.created());
        let content = world.get(&format!("/api/files/{file}/content")).by(&admin).send().await.status(200);
        let kind = content.header("content-type");
        assert!(
            !["html", "svg", "xml", "javascript"].iter().any(|word| kind.contains(word)),
            "{name}: {kind}"
        );
        assert_eq!(content.header("x-content-type-options"), "nosniff");
        assert_eq!(content.header("content-security-policy"), "default-src 'none'; sandbox", "{name}");
        assert!(content.header("content-disposition").starts_with("attachment;"), "{name}: shown in place");
        assert_eq!(content.header("x-injected"), "");
        assert_eq!(content.body, bytes, "{name}");
    }
}

#[tokio::test]
async fn an_artifact_runs_in_a_frame_of_its_own() {
    let (world, _) = World::set_up().await;
    let frame = world.get("/artifact-frame").send().await.status(200);
    let policy = frame.header("content-security-policy");
    for part in ["sandbox allow-scripts;", "default-src 'none'", "form-action 'none'", "base-uri 'none'"] {
        assert!(policy.contains(part), "{part} is not in {policy}");
    }
    for hole in
        ["allow-same-origin", "allow-top-navigation", "allow-popups", "connect-src", "http:", "https:", "*"]
    {
        assert!(!policy.contains(hole), "{hole} is in {policy}");
    }
    // Under any other name it would run in the origin of the page.
    for path in ["/artifact-frame.html", "/assets/../artifact-frame.html", "/index.html"] {
        let answer = world.get(path).send().await;
        assert!(!answer.text().contains("frame()"), "{path}: {}", answer.text());
    }
}
