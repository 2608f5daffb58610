//! The embedded page, its policies, and the documents.

use crate::world::World;

#[tokio::test]
async fn the_page_answers_for_its_own_addresses() {
    let world = World::new().await;
    for path in [
        "/",
        "/c/0192f1c0",
        "/setup?token=x",
        "/sign-in",
        "/library/agents/new",
        "/settings/keys",
        "/governance/policies",
        "/runs/1",
    ] {
        let page = world.get(path).send().await.status(200);
        assert!(page.text().contains("<title>Conductor</title>"), "{path}");
        assert_eq!(page.header("cache-control"), "no-cache");
        let policy = page.header("content-security-policy");
        assert!(
            policy.contains("script-src 'self';") && policy.contains("frame-ancestors 'self'"),
            "{policy}"
        );
        assert_eq!(page.header("x-content-type-options"), "nosniff");
    }
}

#[tokio::test]
async fn hashed_files_are_kept_and_compressed() {
    let world = World::new().await;
    let plain = world.get("/assets/app-1a2b3c.js").send().await.status(200);
    assert_eq!(plain.header("cache-control"), "public, max-age=31536000, immutable");
    assert_eq!(
        (plain.header("content-encoding"), plain.header("vary")),
        (String::new(), "Accept-Encoding".to_owned())
    );
    let brotli =
        world.get("/assets/app-1a2b3c.js").with("accept-encoding", "gzip, br").send().await.status(200);
    assert_eq!((brotli.header("content-encoding").as_str(), brotli.text().as_str()), ("br", "brotli"));
    assert_eq!(brotli.header("content-type"), "text/javascript");
    for hidden in
        ["/assets/app-9.js", "/assets/app-1a2b3c.js.br", "/artifact-frame.html", "/assets/../index.html"]
    {
        world.get(hidden).send().await.problem(404, "not_found");
    }
}

#[tokio::test]
async fn artifacts_run_in_an_origin_of_their_own() {
    let world = World::new().await;
    let frame = world.get("/artifact-frame").send().await.status(200);
    let policy = frame.header("content-security-policy");
    assert!(policy.starts_with("sandbox allow-scripts; default-src 'none'"), "{policy}");
    assert!(!policy.contains("allow-same-origin") && !policy.contains("connect-src"), "{policy}");
}

#[tokio::test]
async fn the_documents_are_served_offline() {
    let world = World::new().await;
    let document = world.get("/openapi.json").send().await.ok();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"), "{}", document["openapi"]);
    let page = world.get("/docs").send().await.status(200).text();
    assert!(!page.contains("https://") && !page.contains("\"./"), "{page}");
    for file in page.split('"').filter(|part| part.starts_with("/docs/")) {
        world.get(file).send().await.status(200);
    }
    let script = world.get("/docs/swagger-initializer.js").send().await.status(200).text();
    assert!(script.contains("/openapi.json"), "{script}");
    assert_eq!(world.get("/docs/errors/not_found").send().await.status(200).text(), "# Not found");
    world.get("/docs/errors/nothing").send().await.problem(404, "not_found");
}
