//! SQL in the credential, or in anything else that reaches a query (LiteLLM CVE-2026-42208).

use serde_json::json;

use crate::world::{ADMIN, PASSWORD, World};

const PIECES: [&str; 14] = [
    "' OR '1'='1",
    "' OR 1=1 --",
    "\" OR \"\"=\"",
    "'; DROP TABLE users; --",
    "x' UNION SELECT password_hash FROM users --",
    "') OR ('1'='1",
    "\\' OR 1=1 --",
    "%' OR '%'='",
    "1; ATTACH DATABASE '/tmp/a17.db' AS a",
    "'||(SELECT sql FROM sqlite_master)||'",
    "$1",
    "?1",
    ":id",
    "{{7*7}}${7*7}#{7*7}",
];

#[tokio::test]
async fn no_header_is_a_statement() {
    let (world, _) = World::set_up().await;
    let before = world.rows();
    for piece in PIECES {
        for (name, value) in [
            ("authorization", format!("Bearer {piece}")),
            ("authorization", piece.to_owned()),
            ("authorization", format!("Bearer eyJhbGciOiJFZERTQSIsImtpZCI6IicifQ.{piece}.x")),
            ("cookie", format!("__Host-conductor_access={piece}")),
            ("cookie", format!("__Host-conductor_refresh={piece}")),
        ] {
            let answer = world.get("/api/agents").with(name, &value).send().await;
            assert!([400, 401].contains(&answer.status.as_u16()), "{name}: {value}: {}", answer.text());
        }
        let refresh = world.post("/api/auth/refresh", json!({ "refresh_token": piece })).send().await;
        assert!(refresh.status.is_client_error(), "{piece}: {}", refresh.text());
        let login = world.post("/api/auth/login", json!({ "email": piece, "password": piece })).send().await;
        assert!(login.status.is_client_error(), "{piece}: {}", login.text());
        let body = json!({ "email": format!("{ADMIN}{piece}"), "password": PASSWORD });
        let login = world.post("/api/auth/login", body).send().await;
        assert!(login.status.is_client_error(), "{piece}: {}", login.text());
        world.advance(60);
    }
    world.unchanged(&before, "a statement in a header");
    assert!(!std::path::Path::new("/tmp/a17.db").exists());
}

#[tokio::test]
async fn what_is_sought_and_named_is_a_value() {
    let (world, admin) = World::set_up().await;
    let org = admin.organization();
    let made =
        world.post("/api/conversations", json!({ "title": "An ordinary one" })).by(&admin).send().await;
    made.created();
    let before = world.rows();
    for piece in PIECES {
        let quoted: String = piece.bytes().map(|byte| format!("%{byte:02x}")).collect();
        for path in [
            format!("/api/conversations?q={quoted}"),
            format!("/api/agents?q={quoted}&official=false"),
            format!("/api/agents?tag={quoted}"),
            format!("/api/mcp/servers/search?q={quoted}"),
            format!("/api/v1/orgs/{org}/audit?subject={quoted}"),
            format!("/api/v1/orgs/{org}/audit?event_type={quoted}"),
            format!("/api/v1/pricing/models?model_name={quoted}"),
        ] {
            let found = world.get(&path).by(&admin).send().await;
            assert!([200, 422].contains(&found.status.as_u16()), "{path}: {}", found.text());
            if found.status == 200 {
                assert_eq!(found.json()["items"], json!([]), "{piece} finds what it does not name: {path}");
            }
        }
        for path in [
            format!("/api/conversations?cursor={quoted}"),
            format!("/api/conversations/{quoted}"),
            format!("/api/runs/{quoted}"),
            format!("/api/v1/orgs/{quoted}"),
            format!("/api/v1/orgs/{org}/audit?user_id={quoted}"),
        ] {
            let answer = world.get(&path).by(&admin).send().await;
            assert!([400, 404, 422].contains(&answer.status.as_u16()), "{path}: {}", answer.text());
        }
    }
    world.unchanged(&before, "a statement in a query");
    for piece in PIECES {
        let made =
            world.post("/api/conversations", json!({ "title": piece })).by(&admin).send().await.created();
        assert_eq!(made["title"], piece, "a value is kept as it was said");
    }
}
