//! Rotation of the keys of secrets through the door: who may, what it tells, what stands in the audit log.

use serde_json::json;

use crate::world::World;

#[tokio::test]
async fn administrators_of_the_platform_begin_a_rotation_and_see_how_it_stands() {
    let (world, admin) = World::set_up().await;
    let key = json!({ "provider": "openai", "key_name": "work", "api_key": "sk-canary-0123456789" });
    world.post("/api/settings/api-keys", key).by(&admin).send().await.created();
    let state = world.get("/api/v1/secret-keys").by(&admin).send().await.ok();
    assert_eq!((&state["secrets"], &state["secrets_current"]), (&json!(1), &json!(1)), "{state}");
    assert_eq!(state["master_key"]["kind"], "local");
    assert_eq!(state["rotation"], json!(null));

    world.advance(1);
    let begun = world.post("/api/v1/secret-keys/rotate", json!({})).by(&admin).send().await;
    let begun = begun.status(202).json();
    assert_eq!(begun["rotation"]["status"], "running");
    assert_eq!(begun["rotation"]["started_by"], admin.id());
    assert_eq!((&begun["secrets_current"], &begun["tenant_keys_current"]), (&json!(0), &json!(0)), "{begun}");
    let again =
        world.post("/api/v1/secret-keys/rotate", json!({})).by(&admin).send().await.status(202).json();
    assert_eq!(again["rotation"]["id"], begun["rotation"]["id"], "it goes on");
    let path = format!("/api/v1/orgs/{}/audit?event_type=secrets.rotation_started", admin.organization());
    let entries = world.get(&path).by(&admin).send().await.ok();
    assert_eq!(entries["items"].as_array().unwrap().len(), 1, "{entries}");
    assert!(!format!("{state}{begun}{entries}").contains("sk-canary"));
}

#[tokio::test]
async fn nobody_else_does() {
    let (world, admin) = World::set_up().await;
    let owner = world.invite(&admin, "owner@example.com", "admin").await;
    for person in [owner, world.stranger().await] {
        world.get("/api/v1/secret-keys").by(&person).send().await.problem(403, "role_missing");
        let refused = world.post("/api/v1/secret-keys/rotate", json!({})).by(&person).send().await;
        refused.problem(403, "role_missing");
    }
    let state = world.get("/api/v1/secret-keys").by(&admin).send().await.ok();
    assert_eq!(state["rotation"], json!(null));
}

#[tokio::test]
async fn what_a_deleted_organisation_sealed_is_gone_for_good() {
    let (world, admin) = World::set_up().await;
    let created =
        world.post("/api/v1/orgs", json!({ "name": "Short lived" })).by(&admin).send().await.created();
    let org = created["id"].as_str().unwrap();
    let key = json!({ "provider": "openai", "key_name": "work", "api_key": "sk-canary-0123456789" });
    let call = world.post("/api/settings/api-keys", key).by(&admin).with("x-conductor-organization", org);
    call.send().await.created();
    let before = world.get("/api/v1/secret-keys").by(&admin).send().await.ok();
    assert_eq!((&before["secrets"], &before["tenant_keys"]), (&json!(1), &json!(1)), "{before}");
    world.delete(&format!("/api/v1/orgs/{org}")).by(&admin).send().await.status(204);
    let after = world.get("/api/v1/secret-keys").by(&admin).send().await.ok();
    assert_eq!((&after["secrets"], &after["tenant_keys"]), (&json!(0), &json!(0)), "{after}");
}
