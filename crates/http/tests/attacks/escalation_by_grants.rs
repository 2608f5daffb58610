//! Escalation by granting: giving oneself more, giving longer than one has, giving what is another tenant's, using what
//! has ended, and answering one's own request. Each leaves the row as it was and an entry in the audit log.

use serde_json::{Value, json};

use crate::world::{Person, World};

async fn private_agent(world: &World, by: &Person) -> String {
    let agent = world.post("/api/agents", json!({ "name": "Mine" })).by(by).send().await.created();
    agent["id"].as_str().unwrap().to_owned()
}

async fn give(
    world: &World,
    by: &Person,
    agent: &str,
    to: &Person,
    level: &str,
    until: Option<&str>,
) -> Value {
    let body = json!({
        "resource_type": "agent", "resource_id": agent, "subject_id": to.id(), "access_level": level,
        "expires_at": until,
    });
    world.post("/api/permissions/grant", body).by(by).send().await.created()
}

async fn level_of(world: &World, person: &Person) -> Value {
    world.get("/api/permissions/my").by(person).send().await.ok()["items"][0]["access_level"].clone()
}

async fn denials(world: &World, admin: &Person, rule: &str) -> usize {
    let path = format!("/api/v1/orgs/{}/audit?decision=deny&limit=100", admin.organization());
    let log = world.get(&path).by(admin).send().await.ok();
    log["items"].as_array().unwrap().iter().filter(|entry| entry["rule_id"] == rule).count()
}

/// A moment some hours after the world's clock.
fn later(world: &World, hours: i64) -> String {
    (world.now() + chrono::TimeDelta::hours(hours)).to_rfc3339()
}

#[tokio::test]
async fn nobody_but_owner_and_administrators_grants() {
    let (world, admin) = World::set_up().await;
    let (grace, olaf) = (
        world.invite(&admin, "grace@example.com", "member").await,
        world.invite(&admin, "olaf@example.com", "member").await,
    );
    let agent = private_agent(&world, &admin).await;
    for level in ["read", "execute", "write"] {
        give(&world, &admin, &agent, &grace, level, None).await;
        for wanted in ["read", "admin"] {
            let body = json!({
                "resource_type": "agent", "resource_id": agent, "subject_id": olaf.id(), "access_level": wanted,
            });
            let answer = world.post("/api/permissions/grant", body).by(&grace).send().await;
            assert_eq!(answer.status.as_u16(), 403, "{level} gives {wanted}: {}", answer.text());
        }
        let path = format!("/api/agents/{agent}/permissions");
        let body = json!({ "grants": [{ "subject_id": grace.id(), "access_level": "admin" }] });
        assert_eq!(world.put(&path, body).by(&grace).send().await.status.as_u16(), 403);
        assert_eq!(level_of(&world, &grace).await, level);
    }
    assert_eq!(level_of(&world, &olaf).await, Value::Null);
    world.get(&format!("/api/agents/{agent}")).by(&olaf).send().await.problem(404, "not_found");
}

#[tokio::test]
async fn who_was_given_all_of_it_for_a_time_gives_no_more_and_to_others_only() {
    let (world, admin) = World::set_up().await;
    // Administrators of the organisation hold the permission to share; on another's private row that gives nothing.
    let (grace, olaf) = (
        world.invite(&admin, "grace@example.com", "admin").await,
        world.invite(&admin, "olaf@example.com", "member").await,
    );
    let agent = private_agent(&world, &admin).await;
    let end = later(&world, 8);
    let own = give(&world, &admin, &agent, &grace, "admin", Some(&end)).await;

    let draft = |to: &Person, until: Option<String>| {
        json!({
            "resource_type": "agent", "resource_id": agent, "subject_id": to.id(), "access_level": "admin",
            "expires_at": until,
        })
    };
    let try_it = |body: Value| world.post("/api/permissions/grant", body).by(&grace).send();
    try_it(draft(&grace, None)).await.problem(403, "grant_to_self");
    try_it(draft(&olaf, None)).await.problem(403, "grant_beyond_own");
    try_it(draft(&olaf, Some(later(&world, 9)))).await.problem(403, "grant_beyond_own");
    try_it(draft(&olaf, Some(later(&world, -1)))).await.problem(422, "validation_failed");
    assert_eq!(denials(&world, &admin, "grants/grant_to_self").await, 1);
    assert_eq!(denials(&world, &admin, "grants/grant_beyond_own").await, 2);
    assert_eq!(level_of(&world, &olaf).await, Value::Null);

    // Within it they may; and what they gave ends with their own, all the way down.
    give(&world, &grace, &agent, &olaf, "read", Some(&later(&world, 8))).await;
    world.get(&format!("/api/agents/{agent}")).by(&olaf).send().await.status(200);
    let body = json!({ "grant_id": own["id"] });
    world.post("/api/permissions/revoke", body).by(&admin).send().await.status(204);
    for person in [&grace, &olaf] {
        world.get(&format!("/api/agents/{agent}")).by(person).send().await.problem(404, "not_found");
        assert_eq!(level_of(&world, person).await, Value::Null);
    }
}

#[tokio::test]
async fn a_grant_that_has_ended_never_counts_and_is_taken_back_with_an_entry() {
    let (world, admin) = World::set_up().await;
    let grace = world.invite(&admin, "grace@example.com", "member").await;
    let agent = private_agent(&world, &admin).await;
    let path = format!("/api/agents/{agent}");
    give(&world, &admin, &agent, &grace, "write", Some(&later(&world, 1))).await;
    world.put(&path, json!({ "description": "in time" })).by(&grace).send().await.status(200);
    world.advance(60 * 60 + 1);
    // Tokens have ended too by then.
    let (admin, grace) = (world.sign_in(crate::world::ADMIN).await, world.sign_in("grace@example.com").await);
    world.put(&path, json!({ "description": "too late" })).by(&grace).send().await.problem(404, "not_found");
    world.get(&path).by(&grace).send().await.problem(404, "not_found");
    assert_eq!(world.get("/api/agents?official=false").by(&grace).send().await.ok()["items"], json!([]));
    assert_eq!(level_of(&world, &grace).await, Value::Null);
    let check = json!({ "resource_type": "agent", "resource_id": agent, "access_level": "read" });
    assert_eq!(world.post("/api/permissions/check", check).by(&grace).send().await.ok()["allowed"], false);
    assert_eq!(world.get(&path).by(&admin).send().await.ok()["description"], "in time");

    assert_eq!(world.grants.sweep().await.unwrap(), 1);
    assert_eq!(world.grants.sweep().await.unwrap(), 0, "once");
    let log = format!("/api/v1/orgs/{}/audit?event_type=grant.expired", admin.organization());
    let entries = world.get(&log).by(&admin).send().await.ok();
    assert_eq!(entries["items"].as_array().unwrap().len(), 1, "{entries}");
    assert_eq!(entries["items"][0]["subject"], "system:grants");
}

#[tokio::test]
async fn nothing_of_another_tenant_is_granted_and_nobody_of_another_tenant_is_given_anything() {
    let (world, admin) = World::set_up().await;
    let mallory = world.stranger().await;
    let (ours, theirs) = (private_agent(&world, &admin).await, private_agent(&world, &mallory).await);
    let body = |agent: &str, to: &Person, kind: &str| {
        json!({
            "resource_type": "agent", "resource_id": agent, "subject_type": kind, "subject_id": to.id(),
            "access_level": "read",
        })
    };
    let grant = |by, body| world.post("/api/permissions/grant", body).by(by).send();
    grant(&mallory, body(&ours, &mallory, "user")).await.problem(404, "not_found");
    grant(&mallory, body(&ours, &admin, "user")).await.problem(404, "not_found");
    grant(&mallory, body(&theirs, &admin, "user")).await.problem(422, "validation_failed");
    for kind in ["user", "role", "organization", "agent", "service_account"] {
        grant(&admin, body(&ours, &mallory, kind)).await.problem(422, "validation_failed");
    }
    let foreign = json!({ "grants": [{ "subject_id": mallory.id(), "access_level": "read" }] });
    let path = format!("/api/agents/{ours}/permissions");
    world.put(&path, foreign.clone()).by(&admin).send().await.problem(422, "validation_failed");
    world.put(&path, foreign).by(&mallory).send().await.problem(404, "not_found");
    world.get(&format!("/api/agents/{ours}")).by(&mallory).send().await.problem(404, "not_found");
    // A grant's id of one tenant is nothing to another.
    let grace = world.invite(&admin, "grace@example.com", "member").await;
    let given = give(&world, &admin, &ours, &grace, "read", None).await;
    let revoke = json!({ "grant_id": given["id"] });
    world.post("/api/permissions/revoke", revoke).by(&mallory).send().await.problem(404, "not_found");
    world
        .get(&format!("/api/permissions/users/{}", grace.id()))
        .by(&mallory)
        .send()
        .await
        .problem(404, "not_found");
    assert_eq!(level_of(&world, &grace).await, "read");
}

#[tokio::test]
async fn nobody_answers_their_own_request() {
    let (world, admin) = World::set_up().await;
    let grace = world.invite(&admin, "grace@example.com", "admin").await;
    let shared = json!({ "name": "Shared", "visibility": "organization" });
    let agent = world.post("/api/agents", shared).by(&admin).send().await.created();
    let agent = agent["id"].as_str().unwrap().to_owned();
    // Of the shared row grace manages everything; of a private one she asks for a part, gets all, and asks again.
    let private = private_agent(&world, &admin).await;
    let wish =
        json!({ "resource_type": "agent", "resource_id": private, "access_level": "admin", "reason": "x" });
    let asked = world.post("/api/permissions/request", wish).by(&grace).send().await.created();
    let path = format!("/api/permissions/requests/{}", asked["id"].as_str().unwrap());
    world.put(&format!("{path}/approve"), json!({})).by(&grace).send().await.problem(403, "own_request");
    world
        .put(&format!("{path}/deny"), json!({ "reason": "x" }))
        .by(&grace)
        .send()
        .await
        .problem(403, "own_request");
    give(&world, &admin, &private, &grace, "admin", Some(&later(&world, 1))).await;
    world.put(&format!("{path}/approve"), json!({})).by(&grace).send().await.problem(403, "own_request");
    assert_eq!(denials(&world, &admin, "grants/own_request").await, 3);
    let body = json!({ "resource_type": "agent", "resource_id": agent, "subject_id": grace.id(), "access_level": "admin" });
    world.post("/api/permissions/grant", body).by(&grace).send().await.problem(403, "grant_to_self");
    world
        .put(&format!("{path}/approve"), json!({ "status": "approved" }))
        .by(&admin)
        .send()
        .await
        .problem(422, "unknown_field");
    world.put(&format!("{path}/approve"), json!({})).by(&admin).send().await.status(200);
}

#[tokio::test]
async fn no_field_of_a_grant_is_smuggled_in() {
    let (world, admin) = World::set_up().await;
    let grace = world.invite(&admin, "grace@example.com", "member").await;
    let agent = private_agent(&world, &admin).await;
    let base = json!({ "resource_type": "agent", "resource_id": agent, "subject_id": grace.id(), "access_level": "read" });
    for (field, value) in [
        ("organization_id", json!(admin.organization())),
        ("granted_by_user_id", json!(grace.id())),
        ("granted_under_id", Value::Null),
        ("is_active", json!(true)),
        ("granted_at", json!("2020-01-01T00:00:00Z")),
        ("version", json!(9)),
        ("kind", json!("permission")),
    ] {
        let mut body = base.clone();
        body[field] = value;
        world.post("/api/permissions/grant", body).by(&admin).send().await.problem(422, "unknown_field");
    }
    let mut wish =
        json!({ "resource_type": "agent", "resource_id": agent, "access_level": "read", "reason": "x" });
    for field in ["user_id", "status", "decided_by", "grant_id"] {
        wish[field] = json!(admin.id());
        world
            .post("/api/permissions/request", wish.clone())
            .by(&grace)
            .send()
            .await
            .problem(422, "unknown_field");
        wish.as_object_mut().unwrap().remove(field);
    }
    assert_eq!(level_of(&world, &grace).await, Value::Null);
}

#[tokio::test]
async fn who_leaves_and_comes_back_has_nothing_of_what_was_granted() {
    let (world, admin) = World::set_up().await;
    let grace = world.invite(&admin, "grace@example.com", "member").await;
    let agent = private_agent(&world, &admin).await;
    give(&world, &admin, &agent, &grace, "write", None).await;
    let members = format!("/api/v1/orgs/{}/members", admin.organization());
    world.delete(&format!("{members}/{}", grace.id())).by(&admin).send().await.status(204);
    let back = json!({ "email": "grace@example.com", "role": "member" });
    world.post(&members, back).by(&admin).send().await.created();
    let grace = world.sign_in("grace@example.com").await;
    let path = format!("/api/v1/orgs/{}/agents/{agent}", admin.organization());
    world.get(&path).by(&grace).send().await.problem(404, "not_found");
}

#[tokio::test]
async fn a_wish_for_what_is_anothers_comes_to_nothing() {
    let (world, admin) = World::set_up().await;
    let stranger = world.stranger().await;
    let team = world.post("/api/v1/auth/me/orgs", json!({ "name": "Their team" })).by(&stranger).send().await;
    team.created();
    let owner = world.sign_in("mallory@example.com").await;
    let member = world.invite(&owner, "trudy@example.com", "member").await;
    let agent = private_agent(&world, &admin).await;
    // Asking tells nothing, whatever it is asked for; and nobody of one's own can give what is not theirs.
    let wish = |id: &str| json!({ "resource_type": "agent", "resource_id": id, "access_level": "admin", "reason": "x" });
    let absent = "0192f1c0-7b4e-7a6e-8a53-1d2c3b4a5f60";
    for id in [agent.as_str(), absent] {
        let asked =
            world.post("/api/permissions/request", wish(id)).by(&member).send().await.status(201).json();
        assert_eq!(asked["resource_name"], Value::Null, "{asked}");
        let approve = format!("/api/permissions/requests/{}/approve", asked["id"].as_str().unwrap());
        world.put(&approve, json!({})).by(&owner).send().await.problem(404, "not_found");
    }
    for person in [&owner, &member] {
        world.get(&format!("/api/agents/{agent}")).by(person).send().await.problem(404, "not_found");
        assert_eq!(level_of(&world, person).await, Value::Null);
    }
    // Nor is the owner of the agent asked by somebody of another tenant.
    let asked = world.get("/api/permissions/requests").by(&admin).send().await.ok();
    assert_eq!(asked["items"], json!([]));
}
