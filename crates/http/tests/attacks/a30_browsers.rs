//! a page of another site reaches the server through somebody's browser: by a name that was pointed at it, by a
//! form, by a script with cookies, by a WebSocket (rmcp RUSTSEC-2026-0189, OpenClaw CVE-2026-25253).

use serde_json::json;

use crate::world::{ADMIN, PASSWORD, World};

/// The cookies of a browser that is signed in.
async fn cookies(world: &World) -> String {
    let body = json!({ "email": ADMIN, "password": PASSWORD });
    let login = world.post("/api/auth/login", body).page().send().await.status(200);
    let all = login.cookies();
    // The refresh cookie goes to its own path only.
    all.split("; ").find(|cookie| cookie.starts_with("__Host-conductor_access=")).unwrap().to_owned()
}

#[tokio::test]
async fn a_foreign_name_is_not_answered() {
    let (world, admin) = World::set_up().await;
    let before = world.rows();
    for host in [
        "evil.example",
        "evil.example:8420",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "localhost@evil.example",
        "127.0.0.1:8420@evil.example",
        "evil.example#localhost",
        "rebind.127.0.0.1.nip.io",
        "",
        "[::1].evil.example",
    ] {
        for path in
            ["/", "/health", "/openapi.json", "/api/auth/me", "/api/agents", "/artifact-frame", "/metrics"]
        {
            let call = world.get(path).by(&admin).without("host").with("host", host);
            let answer = call.send().await;
            assert_eq!(answer.status, 403, "{host}: {}", answer.text());
            answer.problem(403, "host_refused");
        }
        let call = world.post("/api/conversations", json!({})).by(&admin).without("host").with("host", host);
        call.send().await.problem(403, "host_refused");
    }
    let call = world.get("/api/agents").by(&admin).without("host");
    call.send().await.problem(403, "host_refused");
    world.unchanged(&before, "a foreign name");
}

#[tokio::test]
async fn a_foreign_page_changes_nothing_with_somebodys_cookie() {
    let (world, _) = World::set_up().await;
    let cookie = cookies(&world).await;
    world.get("/api/auth/me").with("cookie", &cookie).send().await.status(200);
    let before = world.rows();
    let foreign = [
        "https://evil.example",
        "null",
        "http://127.0.0.1:9999",
        "http://localhost:8420",
        "https://127.0.0.1:8420.evil.example",
        "http://127.0.0.1",
        "file://",
        "chrome-extension://abcdef",
        "",
    ];
    for origin in foreign {
        for mark in [false, true] {
            let call =
                world.post("/api/conversations", json!({})).with("cookie", &cookie).with("origin", origin);
            let call = if mark { call.with("x-conductor-csrf", "1") } else { call };
            let answer = call.send().await;
            assert_eq!(answer.status, 403, "{origin}: {}", answer.text());
            assert_eq!(answer.header("access-control-allow-origin"), "");
        }
        // A script reads nothing either, and is not told that it might.
        let read = world.get("/api/auth/me").with("cookie", &cookie).with("origin", origin).send().await;
        assert_eq!(read.status, 403, "{origin}: {}", read.text());
        let ask = world.call("OPTIONS", "/api/conversations", None).with("origin", origin);
        let ask = ask.with("access-control-request-method", "POST").send().await;
        for header in [
            "access-control-allow-origin",
            "access-control-allow-credentials",
            "access-control-allow-methods",
        ] {
            assert_eq!(ask.header(header), "", "{origin}: {header}");
        }
    }
    // What forms send needs no question beforehand: it is refused for its kind, its mark or its origin.
    for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"] {
        for (method, path) in [
            ("POST", "/api/conversations"),
            ("POST", "/api/auth/logout"),
            ("POST", "/api/settings/api-keys"),
            ("POST", "/api/mcp/servers"),
            ("DELETE", "/api/settings/api-keys/0192f1c0-7b4e-7a6e-8a53-1d2c3b4a5f60"),
        ] {
            let call = world.call(method, path, None).with("cookie", &cookie).with("content-type", kind);
            let answer = call.bytes("{}").send().await;
            assert!(
                [403, 415].contains(&answer.status.as_u16()),
                "{method} {path} {kind}: {}",
                answer.text()
            );
        }
    }
    let socket = world.get("/api/events").with("cookie", &cookie).with("origin", "https://evil.example");
    let socket = socket.with("upgrade", "websocket").with("connection", "upgrade");
    socket.send().await.problem(403, "origin_refused");
    world.unchanged(&before, "a foreign page");
    // The page itself is let in.
    world.post("/api/conversations", json!({})).with("cookie", &cookie).page().send().await.created();
}

#[tokio::test]
async fn cookies_stay_with_this_site() {
    let (world, _) = World::set_up().await;
    let body = json!({ "email": ADMIN, "password": PASSWORD });
    let login = world.post("/api/auth/login", body).page().send().await.status(200);
    let set: Vec<_> =
        login.headers.get_all("set-cookie").iter().map(|value| value.to_str().unwrap().to_owned()).collect();
    assert!(set.len() >= 2, "{set:?}");
    for cookie in set {
        let lower = cookie.to_ascii_lowercase();
        assert!(cookie.starts_with("__Host-"), "{cookie}");
        assert!(
            lower.contains("httponly") && lower.contains("secure") && lower.contains("path=/"),
            "{cookie}"
        );
        assert!(lower.contains("samesite=lax") || lower.contains("samesite=strict"), "{cookie}");
        assert!(!lower.contains("domain="), "{cookie}");
    }
}
