//! Reviews of grants, and attributes of people as policies ask about them.

use serde_json::{Value, json};

use crate::{
    content::column,
    world::{World, text},
};

fn by_kind<'a>(items: &'a Value, subject: &str) -> &'a Value {
    let all = items["items"].as_array().unwrap();
    all.iter().find(|item| item["grant"]["subject_email"] == subject).unwrap_or_else(|| panic!("{items}"))
}

#[tokio::test]
async fn a_review_confirms_drops_and_leaves_a_table() {
    let world = World::start().await;
    let agent = text(&world.admin.post("/api/agents", json!({ "name": "Poet" })).await.created()["id"]);
    let (grace, olaf) = (
        world.colleague("grace@example.com", "member").await,
        world.colleague("olaf@example.com", "admin").await,
    );
    for person in [&grace, &olaf] {
        let user = person.get("/api/auth/me").await.ok()["user"]["id"].clone();
        let body = json!({ "resource_type": "agent", "resource_id": agent, "subject_id": user, "access_level": "read" });
        world.admin.post("/api/permissions/grant", body).await.created();
    }
    let base = "/api/permissions/campaigns";
    let due = |when: &str| json!({ "name": "Autumn", "due_at": when });
    grace.post(base, due("2100-01-01T00:00:00Z")).await.problem(403, "role_missing");
    world.admin.post(base, due("2020-01-01T00:00:00Z")).await.problem(422, "validation_failed");
    let opened = world.admin.post(base, due("2100-01-01T00:00:00Z")).await.created();
    assert_eq!(
        (&opened["total"], &opened["confirmed"], &opened["closed_at"]),
        (&json!(2), &json!(0), &Value::Null)
    );
    let path = format!("{base}/{}", text(&opened["id"]));
    let items = olaf.get(&format!("{path}/items")).await.ok();
    let (of_grace, of_olaf) = (by_kind(&items, "grace@example.com"), by_kind(&items, "olaf@example.com"));
    let item = |item: &Value| format!("{path}/items/{}", text(&item["id"]));

    olaf.put(&item(of_olaf), json!({ "decision": "confirm" })).await.problem(403, "own_grant");
    let kept = world.admin.put(&item(of_olaf), json!({ "decision": "confirm" })).await.ok();
    assert_eq!((&kept["decision"], &kept["is_active"]), (&json!("confirm"), &json!(true)));
    let _ = grace.get(&format!("/api/agents/{agent}")).await.ok();
    let dropped = olaf.put(&item(of_grace), json!({ "decision": "drop", "comment": "=moved on" })).await.ok();
    assert_eq!((&dropped["decision"], &dropped["is_active"]), (&json!("drop"), &json!(false)));
    grace.get(&format!("/api/agents/{agent}")).await.problem(404, "not_found");

    let counted = world.admin.get(&path).await.ok();
    assert_eq!((&counted["confirmed"], &counted["dropped"]), (&json!(1), &json!(1)));
    let table = world.admin.get(&format!("{path}/export")).await.status(200);
    assert_eq!(table.header("content-type"), Some("text/csv; charset=utf-8"));
    assert!(
        table.text.contains("grace@example.com") && table.text.contains("\"'=moved on\""),
        "{}",
        table.text
    );
    let closed = world.admin.post(&format!("{path}/close"), json!({})).await.ok();
    assert!(closed["closed_at"].is_string());
    let late = world.admin.put(&item(of_olaf), json!({ "decision": "drop" })).await;
    late.problem(409, "already_decided");
    let _ = olaf.get(&format!("/api/agents/{agent}")).await.ok();

    let stranger = world.stranger().await;
    stranger.get(&path).await.problem(404, "not_found");
    stranger.get(&format!("{path}/items")).await.problem(404, "not_found");
    stranger.put(&item(of_olaf), json!({ "decision": "drop" })).await.problem(404, "not_found");
    let organization = world.organization(&world.admin).await;
    let log =
        world.admin.get(&format!("/api/v1/orgs/{organization}/audit?event_type=grant.reviewed")).await.ok();
    assert_eq!(column(&log, "event_type").len(), 2);
}

#[tokio::test]
async fn policies_ask_about_attributes() {
    let world = World::start().await;
    let grace = world.colleague("grace@example.com", "member").await;
    let user = text(&grace.get("/api/auth/me").await.ok()["user"]["id"]);
    let organization = world.organization(&world.admin).await;
    let policy = json!({
        "name": "Only sales opens agents",
        "rules": [{
            "action": "agent.create", "target": "*", "effect": "deny",
            "conditions": { "attributes": { "department": { "not_equals": "sales" } } },
        }],
    });
    world.admin.post(&format!("/api/v1/orgs/{organization}/policies"), policy).await.created();
    grace.post("/api/agents", json!({ "name": "One" })).await.problem(403, "policy_denied");
    let account = format!("/api/users/{user}");
    for wrong in [
        json!({ "Department": "sales" }),
        json!({ "department": ["sales"] }),
        json!({ "department": " " }),
        json!({ "department": null }),
    ] {
        world.admin.patch(&account, json!({ "attributes": wrong })).await.problem(422, "validation_failed");
    }
    let set = world
        .admin
        .patch(&account, json!({ "attributes": { "department": "sales", "level": 3 } }))
        .await
        .ok();
    assert_eq!(set["attributes"], json!({ "department": "sales", "level": 3 }));
    grace.patch(&account, json!({ "attributes": {} })).await.problem(403, "role_missing");
    let _ = grace.post("/api/agents", json!({ "name": "One" })).await.created();

    // The same in an explanation: of her it is allowed, of somebody without the attribute denied.
    let ask = |user: &str| json!({ "user_id": user, "action": "agent.create", "target": "agent:new" });
    let path = format!("/api/v1/orgs/{organization}/policies/evaluate");
    let hers = world.admin.post(&path, ask(&user)).await.ok();
    assert_eq!(hers["effect"], "allow", "{hers}");
    let olaf = world.colleague("olaf@example.com", "member").await;
    let his = text(&olaf.get("/api/auth/me").await.ok()["user"]["id"]);
    let denied = world.admin.post(&path, ask(&his)).await.ok();
    assert_eq!(denied["effect"], "deny", "{denied}");
    let _ = world.admin.patch(&account, json!({ "attributes": {} })).await.ok();
    grace.post("/api/agents", json!({ "name": "Two" })).await.problem(403, "policy_denied");
}
