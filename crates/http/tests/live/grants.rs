//! Grants, from giving to taking back, and the wishes for them.

use conductor_mcp_client::testing;
use conductor_test_support::Api;
use serde_json::{Value, json};

use crate::{
    content::column,
    world::{World, text},
};

async fn id_of(api: &Api) -> String {
    text(&api.get("/api/auth/me").await.ok()["user"]["id"])
}

async fn private_agent(world: &World, name: &str) -> String {
    text(&world.admin.post("/api/agents", json!({ "name": name })).await.created()["id"])
}

fn grant(kind: &str, id: &str, user: &str, level: &str) -> Value {
    json!({ "resource_type": kind, "resource_id": id, "subject_id": user, "access_level": level })
}

#[tokio::test]
async fn an_agent_opens_as_far_as_it_is_granted_and_closes_at_once() {
    let world = World::start().await;
    let agent = private_agent(&world, "Poet").await;
    let (path, runs) = (format!("/api/agents/{agent}"), format!("/api/agents/{agent}/test"));
    let grace = world.colleague("grace@example.com", "member").await;
    let user = id_of(&grace).await;
    grace.get(&path).await.problem(404, "not_found");

    let given = world.admin.post("/api/permissions/grant", grant("agent", &agent, &user, "read")).await;
    let given = given.created();
    assert_eq!(
        (&given["subject_name"], &given["subject_email"], &given["resource_name"], &given["expires_at"]),
        (&json!("Colleague"), &json!("grace@example.com"), &json!("Poet"), &Value::Null)
    );
    assert_eq!(grace.get(&path).await.ok()["can_edit"], false);
    let listed = grace.get("/api/agents?official=false").await.ok();
    assert_eq!(column(&listed, "id"), [json!(agent)], "lists show what was granted");
    let refused = grace.put(&path, json!({ "description": "x" })).await.problem(403, "policy_denied");
    assert!(refused["detail"].as_str().unwrap().contains("no write"), "{refused}");
    grace.post(&runs, json!({ "input": "hi" })).await.problem(403, "policy_denied");

    world.admin.post("/api/permissions/grant", grant("agent", &agent, &user, "execute")).await.created();
    let _ = grace.post(&runs, json!({ "input": "hi" })).await.created();
    grace.put(&path, json!({ "description": "x" })).await.problem(403, "policy_denied");
    let shares = world.admin.get(&format!("{path}/shares")).await.ok();
    assert_eq!(column(&shares, "access_level"), [json!("execute")], "the new one took the old one's place");
    grace.get(&format!("{path}/shares")).await.problem(403, "role_missing");

    let body = json!({ "user_id": user, "permission_level": "edit" });
    let share = world.admin.post(&format!("{path}/share"), body).await.created();
    assert_eq!(grace.put(&path, json!({ "description": "x" })).await.ok()["description"], "x");
    grace.delete(&path).await.problem(403, "policy_denied");
    assert_eq!(column(&grace.get("/api/permissions/my").await.ok(), "access_level"), [json!("write")]);
    let theirs = world.admin.get(&format!("/api/permissions/users/{user}")).await.ok();
    assert_eq!(column(&theirs, "resource_id"), [json!(agent)]);

    let _ = world.admin.delete(&format!("{path}/share/{}", text(&share["id"]))).await.status(204);
    grace.get(&path).await.problem(404, "not_found");
    assert_eq!(grace.get("/api/agents?official=false").await.ok()["items"], json!([]));
    assert_eq!(grace.get("/api/permissions/my").await.ok()["items"], json!([]));
    world.admin.delete(&format!("{path}/share/{}", text(&share["id"]))).await.problem(404, "not_found");

    let organization = world.organization(&world.admin).await;
    let log = world.admin.get(&format!("/api/v1/orgs/{organization}/audit?event_type=grant.*")).await.ok();
    let events = column(&log, "event_type");
    assert_eq!(events, ["grant.revoked", "grant.created", "grant.created", "grant.created"]);
}

#[tokio::test]
async fn whole_roles_and_the_organisation_are_granted_too() {
    let world = World::start().await;
    let body = json!({ "name": "Poet", "data_classification": "public" });
    let agent = text(&world.admin.post("/api/agents", body).await.created()["id"]);
    let path = format!("/api/agents/{agent}");
    let (grace, vera) = (
        world.colleague("grace@example.com", "member").await,
        world.colleague("vera@example.com", "viewer").await,
    );
    let roles = world.admin.get("/api/roles?limit=100").await.ok();
    let role = roles["items"].as_array().unwrap().iter().find(|role| {
        (role["scope"].as_str(), role["role_name"].as_str()) == (Some("organization"), Some("member"))
    });
    let member = role.unwrap()["id"].clone();
    let grants = json!([{ "subject_type": "role", "subject_id": member, "access_level": "write" }]);
    let set = world.admin.put(&format!("{path}/permissions"), json!({ "grants": grants })).await.ok();
    assert_eq!(set["items"][0]["subject_name"], "organization:member");
    assert_eq!(grace.get(&path).await.ok()["can_edit"], true);
    vera.get(&path).await.problem(404, "not_found");

    let organization = world.organization(&world.admin).await;
    let grants =
        json!([{ "subject_type": "organization", "subject_id": organization, "access_level": "read" }]);
    let set = world.admin.put(&format!("{path}/permissions"), json!({ "grants": grants })).await.ok();
    assert_eq!(set["items"].as_array().unwrap().len(), 1, "the list is the whole of it: {set}");
    assert_eq!(grace.get(&path).await.ok()["can_edit"], false);
    let _ = vera.get(&path).await.ok();
    let stranger = world.stranger().await;
    stranger.get(&path).await.problem(404, "not_found");

    let _ = world.admin.put(&format!("{path}/permissions"), json!({ "grants": [] })).await.ok();
    vera.get(&path).await.problem(404, "not_found");
}

#[tokio::test]
async fn a_granted_server_brings_its_tools() {
    let world = World::start().await;
    let peer = testing::Server::start("2025-06-18").await.unwrap();
    let server = text(&world.register(&peer, "Echo").await["id"]);
    let grace = world.colleague("grace@example.com", "member").await;
    let user = id_of(&grace).await;
    let path = format!("/api/mcp/servers/{server}");
    let call = json!({ "server_id": server, "tool": "echo", "arguments": { "word": "hello" } });
    grace.get(&path).await.problem(404, "not_found");
    grace.post("/api/mcp/execute/tool", call.clone()).await.problem(404, "not_found");

    let read = json!({ "user_id": user, "access_level": "read" });
    world.admin.post(&format!("{path}/grant-access"), read).await.created();
    assert!(!grace.get(&format!("{path}/tools")).await.ok()["items"].as_array().unwrap().is_empty());
    let refused = grace.post("/api/mcp/execute/tool", call.clone()).await;
    assert_eq!(refused.status, 403, "seeing a tool is not calling it: {refused}");

    let execute = json!({ "user_id": user, "access_level": "execute" });
    world.admin.post(&format!("{path}/grant-access"), execute).await.created();
    let called = grace.post("/api/mcp/execute/tool", call.clone()).await.created();
    assert_eq!(called["ok"], true, "{called}");
    let held = world.admin.get(&format!("{path}/permissions")).await.ok();
    assert_eq!(column(&held, "access_level"), [json!("execute")]);

    let _ = world.admin.delete(&format!("{path}/revoke-access/{user}")).await.status(204);
    grace.get(&path).await.problem(404, "not_found");
    grace.post("/api/mcp/execute/tool", call).await.problem(404, "not_found");
    world.admin.delete(&format!("{path}/revoke-access/{user}")).await.problem(404, "not_found");
    let body = json!({ "user_id": user, "access_level": "clone" });
    world.admin.post(&format!("{path}/grant-access"), body).await.problem(422, "validation_failed");
}

#[tokio::test]
async fn a_granted_conversation_brings_its_messages_and_artifacts() {
    let world = World::start().await;
    let conversation = world.open().await;
    let sent = world.say(&conversation, "Make an HTML page about green tea.").await;
    let (path, message) = (format!("/api/conversations/{conversation}"), text(&sent["message"]["id"]));
    let grace = world.colleague("grace@example.com", "member").await;
    let user = id_of(&grace).await;
    grace.get(&path).await.problem(404, "not_found");

    world
        .admin
        .post("/api/permissions/grant", grant("conversation", &conversation, &user, "read"))
        .await
        .created();
    let _ = grace.get(&path).await.ok();
    let said = grace.get(&format!("{path}/messages")).await.ok();
    assert_eq!(said["items"].as_array().unwrap().len(), 2);
    let artifacts = grace.get(&format!("{path}/artifacts")).await.ok();
    let artifact = format!("/api/artifacts/{}", text(&artifacts["items"][0]["id"]));
    let _ = grace.get(&artifact).await.ok();
    for refused in [
        grace.post(&format!("{path}/messages"), json!({ "content": "x" })).await,
        grace.put(&path, json!({ "title": "x" })).await,
        grace.put(&artifact, json!({ "content": "x" })).await,
        grace.delete(&format!("/api/messages/{message}")).await,
        grace.delete(&path).await,
    ] {
        assert_eq!(refused.status, 403, "{refused}");
    }
    world
        .admin
        .post("/api/permissions/grant", grant("conversation", &conversation, &user, "write"))
        .await
        .created();
    assert_eq!(grace.put(&path, json!({ "title": "Tea" })).await.ok()["title"], "Tea");
    let spoken =
        grace.post(&format!("{path}/messages"), json!({ "content": "And the price?" })).await.created();
    grace.events(&text(&spoken["run"]["id"]), 0).await.rest().await;
    assert_eq!(world.messages(&conversation).await.len(), 4, "and its owner reads it");
    grace.delete(&path).await.problem(403, "policy_denied");
}

#[tokio::test]
async fn a_wish_is_told_answered_and_becomes_a_grant_with_an_end() {
    let world = World::start().await;
    let agent = private_agent(&world, "Poet").await;
    let grace = world.colleague("grace@example.com", "member").await;
    let other = world.colleague("olaf@example.com", "admin").await;
    let mut feed = world.admin.stream("/api/events").await;
    let wish = json!({
        "resource_type": "agent", "resource_id": agent, "access_level": "execute", "reason": "the launch", "hours": 8,
    });
    let asked = grace.post("/api/permissions/request", wish.clone()).await.created();
    assert_eq!((&asked["status"], &asked["resource_name"]), (&json!("pending"), &Value::Null));
    let _ = feed.until("access_request.created").await;
    grace.post("/api/permissions/request", wish).await.problem(409, "request_open");

    // The same answer for what is not there, and nobody is told.
    let nothing = json!({
        "resource_type": "agent", "resource_id": "0192f1c0-7b4e-7a6e-8a53-1d2c3b4a5f60",
        "access_level": "execute", "reason": "the launch", "hours": 8,
    });
    let unknown = grace.post("/api/permissions/request", nothing).await.created();
    assert_eq!((&unknown["status"], &unknown["resource_name"]), (&asked["status"], &asked["resource_name"]));

    let inbox = world.admin.get("/api/permissions/requests?status=pending").await.ok();
    assert_eq!(column(&inbox, "id"), [asked["id"].clone()]);
    let mine = &inbox["items"][0];
    assert_eq!(
        (&mine["can_decide"], &mine["user_name"], &mine["resource_name"], &mine["reason"]),
        (&json!(true), &json!("Colleague"), &json!("Poet"), &json!("the launch"))
    );
    assert_eq!(
        other.get("/api/permissions/requests").await.ok()["items"],
        json!([]),
        "a private row is its owner's"
    );
    assert_eq!(grace.get("/api/permissions/requests").await.ok()["items"], json!([]));
    assert_eq!(
        grace.get("/api/permissions/requests?mine=true").await.ok()["items"].as_array().unwrap().len(),
        2
    );

    let path = format!("/api/permissions/requests/{}", text(&asked["id"]));
    other.put(&format!("{path}/approve"), json!({})).await.problem(404, "not_found");
    let mut told = grace.stream("/api/events").await;
    let approved = world.admin.put(&format!("{path}/approve"), json!({ "comment": "fine" })).await.ok();
    assert_eq!((&approved["status"], &approved["comment"]), (&json!("approved"), &json!("fine")));
    let _ = told.until("access_request.decided").await;
    let held = grace.get("/api/permissions/my").await.ok();
    assert_eq!(column(&held, "id"), [approved["grant_id"].clone()]);
    let lasts: chrono::DateTime<chrono::Utc> = text(&held["items"][0]["expires_at"]).parse().unwrap();
    let asked_at: chrono::DateTime<chrono::Utc> = text(&asked["created_at"]).parse().unwrap();
    assert_eq!((lasts - asked_at).num_hours(), 8);
    let _ = grace.get(&format!("/api/agents/{agent}")).await.ok();
    world
        .admin
        .put(&format!("{path}/deny"), json!({ "reason": "late" }))
        .await
        .problem(409, "already_decided");
    let again =
        json!({ "resource_type": "agent", "resource_id": agent, "access_level": "read", "reason": "x" });
    grace.post("/api/permissions/request", again).await.problem(409, "already_granted");
}

#[tokio::test]
async fn a_refusal_says_why() {
    let world = World::start().await;
    let agent = private_agent(&world, "Poet").await;
    let grace = world.colleague("grace@example.com", "member").await;
    let wish =
        json!({ "resource_type": "agent", "resource_id": agent, "access_level": "write", "reason": "x" });
    let asked = text(&grace.post("/api/permissions/request", wish.clone()).await.created()["id"]);
    let path = format!("/api/permissions/requests/{asked}");
    world
        .admin
        .put(&format!("{path}/deny"), json!({ "reason": " " }))
        .await
        .problem(422, "validation_failed");
    let denied = world.admin.put(&format!("{path}/deny"), json!({ "reason": "read will do" })).await.ok();
    assert_eq!((&denied["status"], &denied["grant_id"]), (&json!("denied"), &Value::Null));
    let mine = grace.get("/api/permissions/requests?mine=true&status=denied").await.ok();
    assert_eq!(column(&mine, "comment"), [json!("read will do")]);
    grace.get(&format!("/api/agents/{agent}")).await.problem(404, "not_found");
    let _ = grace.post("/api/permissions/request", wish).await.created();
}

#[tokio::test]
async fn a_wish_is_taken_back_by_who_has_it_before_anybody_answers() {
    let world = World::start().await;
    let agent = private_agent(&world, "Poet").await;
    let grace = world.colleague("grace@example.com", "member").await;
    let wish =
        json!({ "resource_type": "agent", "resource_id": agent, "access_level": "write", "reason": "x" });
    let asked = text(&grace.post("/api/permissions/request", wish.clone()).await.created()["id"]);
    let path = format!("/api/permissions/requests/{asked}");

    // Neither who is asked takes it back, nor anybody else.
    let other = world.colleague("olaf@example.com", "admin").await;
    for foreign in [&world.admin, &other, &world.stranger().await] {
        foreign.delete(&path).await.problem(404, "not_found");
    }
    let mut feed = world.admin.stream("/api/events").await;
    let _ = grace.delete(&path).await.status(204);
    let _ = feed.until("access_request.withdrawn").await;
    let _ = grace.delete(&path).await.status(204);
    let mine = grace.get("/api/permissions/requests?mine=true&status=withdrawn").await.ok();
    assert_eq!(column(&mine, "id"), [json!(asked)]);
    assert_eq!(world.admin.get("/api/permissions/requests?status=pending").await.ok()["items"], json!([]));
    world.admin.put(&format!("{path}/approve"), json!({})).await.problem(409, "already_decided");
    let denied = world.admin.put(&format!("{path}/deny"), json!({ "reason": "late" })).await;
    denied.problem(409, "already_decided");

    // The same may be asked again, and what was answered stays answered.
    let again = text(&grace.post("/api/permissions/request", wish).await.created()["id"]);
    let path = format!("/api/permissions/requests/{again}");
    world.admin.put(&format!("{path}/deny"), json!({ "reason": "read will do" })).await.ok();
    grace.delete(&path).await.problem(409, "already_decided");
}

#[tokio::test]
async fn one_asks_before_one_tries() {
    let world = World::start().await;
    let agent = private_agent(&world, "Poet").await;
    let grace = world.colleague("grace@example.com", "member").await;
    let check =
        |level: &str| json!({ "resource_type": "agent", "resource_id": agent, "access_level": level });
    let hidden = grace.post("/api/permissions/check", check("read")).await.ok();
    let nothing = json!({
        "resource_type": "agent", "resource_id": "0192f1c0-7b4e-7a6e-8a53-1d2c3b4a5f60", "access_level": "read",
    });
    assert_eq!(hidden, grace.post("/api/permissions/check", nothing).await.ok());
    assert_eq!(hidden["allowed"], false);

    let user = id_of(&grace).await;
    world.admin.post("/api/permissions/grant", grant("agent", &agent, &user, "execute")).await.created();
    for (level, allowed) in
        [("read", true), ("execute", true), ("clone", false), ("write", false), ("admin", false)]
    {
        let answer = grace.post("/api/permissions/check", check(level)).await.ok();
        assert_eq!(answer["allowed"], allowed, "{level}: {answer}");
        let own = world.admin.post("/api/permissions/check", check(level)).await.ok();
        assert_eq!(own["allowed"], true, "{level}: {own}");
    }
    let roles = |word: &str| json!({ "permission": word });
    assert_eq!(grace.post("/api/permissions/check", roles("agent.create")).await.ok()["allowed"], true);
    assert_eq!(grace.post("/api/permissions/check", roles("policy.create")).await.ok()["allowed"], false);
    grace.post("/api/permissions/check", json!({})).await.problem(422, "validation_failed");
}

#[tokio::test]
async fn a_row_that_goes_takes_its_grants_with_it() {
    let world = World::start().await;
    let agent = private_agent(&world, "Poet").await;
    let grace = world.colleague("grace@example.com", "member").await;
    let user = id_of(&grace).await;
    world.admin.post("/api/permissions/grant", grant("agent", &agent, &user, "read")).await.created();
    let _ = world.admin.delete(&format!("/api/agents/{agent}")).await.status(204);
    assert_eq!(grace.get("/api/permissions/my").await.ok()["items"], json!([]));
    assert_eq!(world.admin.get("/api/permissions/grants").await.ok()["items"], json!([]));
}

#[tokio::test]
async fn what_asks_for_a_permission_is_run_by_those_who_have_it() {
    let world = World::start().await;
    let grace = world.colleague("grace@example.com", "member").await;
    let asks = |name: &str| {
        json!({
            "name": name, "visibility": "organization", "data_classification": "public",
            "required_permissions": ["agent.execute", "budget.update"],
        })
    };
    let agent = text(&world.admin.post("/api/agents", asks("Treasurer")).await.created()["id"]);
    let test = format!("/api/agents/{agent}/test");
    grace.get(&format!("/api/agents/{agent}")).await.ok();
    let refused = grace.post(&test, json!({ "input": "hi" })).await.problem(403, "role_missing");
    assert!(refused["detail"].as_str().unwrap().contains("budget.update"), "{refused}");
    let opened = grace.post("/api/conversations", json!({ "agent_id": agent })).await;
    opened.problem(403, "role_missing");
    let _ = world.admin.post(&test, json!({ "input": "hi" })).await.created();

    let nodes = json!([{ "id": "end", "kind": "end", "config": {} }]);
    let mut flow = json!({
        "schema": "conductor.workflow/1", "name": "closes", "source_format": "native", "nodes": nodes, "edges": [],
        "entry": ["end"], "exit": ["end"],
    });
    flow = json!({ "graph": flow });
    for (field, value) in asks("closes").as_object().unwrap() {
        flow[field] = value.clone();
    }
    world.admin.post("/api/workflows", flow).await.created();
    let execute = json!({ "workflow": "closes", "inputs": {} });
    grace.post("/api/execute/workflow", execute.clone()).await.problem(403, "role_missing");
    world.admin.post("/api/execute/workflow", execute).await.created();

    // What nobody asks for any more, everybody runs again.
    let path = format!("/api/agents/{agent}");
    world.admin.put(&path, json!({ "required_permissions": ["agent.execute"] })).await.ok();
    let _ = grace.post(&test, json!({ "input": "hi" })).await.created();
}
