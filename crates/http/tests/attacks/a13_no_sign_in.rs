//! routes for monitoring that read and delete chats without a sign-in (Langflow CVE-2026-21445). Every route of the
//! document, with every method, without a credential and with broken ones.

use serde_json::json;

use crate::{
    canary::{NOBODY, id},
    world::World,
};

#[tokio::test]
async fn nothing_is_read_or_changed_without_a_credential() {
    let (world, admin) = World::set_up().await;
    let conversation = id(&world
        .post("/api/conversations", json!({ "title": "canary-a13" }))
        .by(&admin)
        .send()
        .await
        .created());
    let document = world.get("/openapi.json").send().await.ok();
    let before = world.rows();
    let mut walked = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        let is_open = |method: &str| {
            item.pointer(&format!("/{method}/security")).is_some_and(|all| all == &json!([{}]))
        };
        let filled = path.split('/').map(|segment| match segment {
            "{conversation_id}" => &conversation,
            segment if segment.starts_with('{') => NOBODY,
            segment => segment,
        });
        let filled = filled.collect::<Vec<_>>().join("/");
        for method in ["get", "post", "put", "patch", "delete", "head"] {
            let known = item.get(if method == "head" { "get" } else { method }).is_some();
            if is_open(if method == "head" { "get" } else { method }) {
                continue;
            }
            for credential in [
                None,
                Some("Bearer "),
                Some("Bearer null"),
                Some("Bearer undefined"),
                Some("Basic OjphZG1pbg=="),
            ] {
                let call = world.call(&method.to_uppercase(), &filled, (method != "get").then(|| json!({})));
                let call = match credential {
                    Some(credential) => call.with("authorization", credential),
                    None => call,
                };
                let answer = call.send().await;
                let expected: &[u16] = if known { &[401] } else { &[401, 404, 405] };
                assert!(
                    expected.contains(&answer.status.as_u16())
                        || (credential.is_some() && answer.status == 400),
                    "{method} {path} {credential:?}: {} {}",
                    answer.status,
                    answer.text()
                );
                assert!(!answer.text().contains("canary-a13"), "{}", answer.text());
                walked += 1;
            }
        }
    }
    assert!(walked > 1_000, "{walked} requests");
    world.unchanged(&before, "without a credential");
}

#[tokio::test]
async fn what_is_public_says_nothing_of_anybody() {
    let (world, admin) = World::set_up().await;
    let body = json!({ "title": "canary-a13" });
    let conversation = id(&world.post("/api/conversations", body).by(&admin).send().await.created());
    for path in [
        "/health",
        "/ready",
        "/metrics",
        "/api/setup/status",
        "/api/auth/oidc/providers",
        "/openapi.json",
        "/api/v1/monitor/messages",
        "/api/v1/monitor/builds",
        "/api/monitor",
        "/api/debug",
        "/api/v1/validate/code",
        "/actuator/env",
        "/.env",
        "/debug/pprof",
        "/admin",
    ] {
        let answer = world.get(path).send().await;
        let text = answer.text();
        for secret in ["canary-a13", &conversation, &admin.id(), &admin.organization(), crate::world::ADMIN] {
            assert!(!text.contains(secret), "{path} tells {secret}: {text}");
        }
        if path.starts_with("/api/") && !["setup", "oidc"].iter().any(|open| path.contains(open)) {
            assert_eq!(answer.status, 404, "{path}");
        }
    }
}
