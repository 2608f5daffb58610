//! an answer that carries data out by an image or a link that loads by itself (EchoLeak CVE-2025-32711). No page
//! that Conductor serves lets a browser fetch anything from anywhere else; the browser's own test of it is with the page.

use crate::world::World;

/// The sources of one directive.
fn sources<'a>(policy: &'a str, directive: &str) -> Vec<&'a str> {
    let found = policy.split(';').map(str::trim).find(|part| part.split(' ').next() == Some(directive));
    found.map(|part| part.split(' ').skip(1).collect()).unwrap_or_default()
}

#[tokio::test]
async fn no_page_loads_from_another_host() {
    let (world, _) = World::set_up().await;
    let pages = [
        "/",
        "/c/0192f1c0-7b4e-7a6e-8a53-1d2c3b4a5f60",
        "/settings/profile",
        "/artifact-frame",
        "/docs",
        "/nowhere",
    ];
    for path in pages {
        let answer = world.get(path).send().await;
        let policy = answer.header("content-security-policy");
        let fallback = sources(&policy, "default-src");
        assert!(fallback == ["'self'"] || fallback == ["'none'"], "{path}: {policy}");
        for directive in [
            "img-src",
            "connect-src",
            "media-src",
            "font-src",
            "frame-src",
            "style-src",
            "script-src",
            "object-src",
        ] {
            for source in sources(&policy, directive) {
                let local = ["'self'", "'none'", "data:", "blob:", "'unsafe-inline'"].contains(&source)
                    || source.starts_with("'sha256-")
                    || (path == "/artifact-frame" && source == "'unsafe-eval'");
                assert!(local, "{path} may load {directive} from {source}");
            }
        }
        assert_eq!(answer.header("referrer-policy"), "no-referrer", "{path}");
        assert!(!answer.header("link").contains("preload"), "{path}");
    }
}
