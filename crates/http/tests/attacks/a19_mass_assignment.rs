//! mass assignment of a password's hash, a role or a tenant (Flowise CVE-2026-56276). Every column of the rows is
//! added to every PUT and PATCH of the document that takes a body.

use serde_json::{Value, json};

use crate::world::{Person, World};

/// Columns that no body may name, beside what each route lists itself.
const COLUMNS: [&str; 24] = [
    "id",
    "organization_id",
    "user_id",
    "owner_user_id",
    "created_by_user_id",
    "password_hash",
    "platform_role",
    "platform_role_id",
    "token_version",
    "is_official",
    "is_personal",
    "mfa",
    "mfa_enabled",
    "secret_ref",
    "deleted_at",
    "created_at",
    "updated_at",
    "issued_by_id",
    "revoked_at",
    "jti",
    "actor",
    "token_id",
    "key_hash",
    "fencing_token",
];

#[tokio::test]
async fn no_write_takes_a_column_that_is_not_its_own() {
    let (world, admin) = World::set_up().await;
    let document = world.get("/openapi.json").send().await.ok();
    let before = world.get("/api/auth/me").by(&admin).send().await.ok();
    let mut tried = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in ["put", "patch"] {
            let schema = item.pointer(&format!("/{method}/requestBody/content/application~1json/schema"));
            let Some(schema) = schema else { continue };
            let schema = schema["$ref"].as_str().map_or(schema, |to| document.pointer(&to[1..]).unwrap());
            let path = fill(path, &admin);
            for column in COLUMNS.iter().filter(|column| schema["properties"].get(**column).is_none()) {
                let body = json!({ *column: injected(column) });
                let answer = world.call(&method.to_uppercase(), &path, Some(body)).by(&admin).send().await;
                let status = answer.status.as_u16();
                assert_eq!(status, 422, "{method} {path} takes {column}: {}", answer.text());
                let fault = answer.json()["code"].as_str().unwrap().to_owned();
                assert!(["unknown_field", "validation_failed"].contains(&fault.as_str()), "{path}: {fault}");
                tried += 1;
            }
        }
    }
    assert!(tried > 200, "{tried} columns tried");
    let after = world.get("/api/auth/me").by(&admin).send().await.ok();
    assert_eq!(before["user"], after["user"], "and nothing was written");
}

fn injected(column: &str) -> Value {
    match column {
        "mfa" => json!({ "confirmed_at": null }),
        column if column.starts_with("is_") || column == "mfa_enabled" => json!(true),
        "token_version" | "fencing_token" => json!(99),
        _ => json!("0192f1c0-7b4e-7a6e-8a53-1d2c3b4a5f60"),
    }
}

fn fill(path: &str, admin: &Person) -> String {
    let segments = path.split('/').map(|segment| match segment {
        "{org_id}" => admin.organization(),
        "{env_id}" => admin.session["environment"]["id"].as_str().unwrap().to_owned(),
        "{user_id}" => admin.id(),
        segment if segment.starts_with('{') => "0192f1c0-7b4e-7a6e-8a53-1d2c3b4a5f60".to_owned(),
        segment => segment.to_owned(),
    });
    segments.collect::<Vec<_>>().join("/")
}
