//! a known default signs sessions (Flowise CVE-2026-56278). There is no default secret and no default account;
//! `apps/api/tests/faults.rs` starts the binary with weak ones, and it does not start.

use serde_json::json;

use crate::world::World;

#[tokio::test]
async fn nobody_is_there_before_somebody_was_let_in() {
    let world = World::new().await;
    let rows = world.rows();
    assert_eq!(rows.get("users").map_or(0, std::collections::BTreeSet::len), 0, "{:?}", rows.get("users"));
    for (email, password) in [
        ("admin", "admin"),
        ("admin@example.com", "admin"),
        ("admin@localhost", "password"),
        ("admin@conductor.local", "conductor"),
        ("root@localhost", "root"),
        ("user@flowiseai.com", "1234"),
        ("test@example.com", "test"),
        ("admin@admin.com", "changeme"),
    ] {
        let body = json!({ "email": email, "password": password });
        let answer = world.post("/api/auth/login", body).send().await;
        assert!(answer.status.is_client_error(), "{email}: {}", answer.text());
    }
}

#[test]
fn known_secrets_are_refused_whatever_they_sign() {
    for secret in [
        "flowise",
        "langflow",
        "changeme",
        "secret",
        "conductor",
        "password",
        "supersecretkey",
        "n8n",
        "openwebui",
        "your-secret-key",
        "jwt_secret",
        "please-change-me",
        "CHANGEME123",
    ] {
        assert!(conductor_secrets::check_text(secret, 32).is_err(), "{secret}");
        assert!(
            conductor_secrets::check_text(&format!("{secret}{secret}{secret}{secret}{secret}"), 32).is_err(),
            "{secret}"
        );
    }
    for key in [[0; 32], [7; 32], std::array::from_fn(|at| u8::try_from(at).unwrap())] {
        assert!(conductor_secrets::check_bytes(&key).is_err(), "{key:?}");
    }
    assert!(conductor_secrets::check_bytes(b"changeme-changeme-changeme-12345").is_err());
}
