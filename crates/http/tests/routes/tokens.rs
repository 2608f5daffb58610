//! Tokens of machines: issued within their issuer's rights, shown once, ended, removed; and what they can do.

use chrono::{DateTime, TimeDelta};
use serde_json::{Value, json};

use crate::world::{Person, World};

async fn agent(world: &World, by: &Person) -> String {
    let body = json!({ "name": "Worker", "visibility": "organization" });
    world.post("/api/agents", body).by(by).send().await.created()["id"].as_str().unwrap().to_owned()
}

fn tokens(of: &Person, agent: &str) -> String {
    format!("/api/v1/orgs/{}/agents/{agent}/tokens", of.organization())
}

fn bearer(token: &Value) -> String {
    format!("Bearer {}", token["token"].as_str().unwrap())
}

fn faults(problem: &Value) -> Vec<(String, String)> {
    let errors = problem["errors"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    errors.map(|error| (text(&error["pointer"]), text(&error["code"]))).collect()
}

#[tokio::test]
async fn a_token_is_shown_once_used_revoked_and_deleted() {
    let (world, admin) = World::set_up().await;
    let agent = agent(&world, &admin).await;
    let path = tokens(&admin, &agent);
    let body = json!({ "name": " Night job ", "scopes": ["agent.read", "tool.*"], "metadata": { "ticket": "OPS-7" } });
    let answer = world.post(&path, body).by(&admin).with("idempotency-key", "once-0001").send().await;
    assert_eq!(answer.header("cache-control"), "no-store");
    let issued = answer.created();
    let jti = issued["jti"].as_str().unwrap();
    assert_eq!(
        (&issued["id"], &issued["name"], &issued["status"]),
        (&issued["jti"], &json!("Night job"), &json!("active"))
    );
    assert_eq!((&issued["agent_id"], &issued["kind"]), (&json!(agent), &json!("agent")));
    assert_eq!(issued["issued_by_id"], json!(admin.id()));

    let listed = world.get(&path).by(&admin).send().await;
    assert!(!listed.text().contains(issued["token"].as_str().unwrap()), "the text is shown once");
    let listed = listed.ok();
    assert_eq!(
        (&listed["items"][0]["jti"], &listed["items"][0]["metadata"]["ticket"]),
        (&json!(jti), &json!("OPS-7"))
    );

    let agents = world.get("/api/agents").with("authorization", &bearer(&issued)).send().await.ok();
    let names: Vec<&str> =
        agents["items"].as_array().unwrap().iter().map(|item| item["name"].as_str().unwrap()).collect();
    assert!(names.contains(&"Worker"), "{names:?}");
    let used = world.get(&path).by(&admin).send().await.ok();
    assert!(used["items"][0]["last_used_at"].is_string(), "{used}");

    let one = format!("{path}/{jti}");
    world.delete(&one).by(&admin).send().await.problem(409, "token_active");
    let revoked = world.post(&format!("{one}/revoke"), json!({})).by(&admin).send().await.ok();
    assert_eq!((&revoked["status"], &revoked["revoked_by_id"]), (&json!("revoked"), &json!(admin.id())));
    world.advance(5);
    let again = world.post(&format!("{one}/revoke"), json!({})).by(&admin).send().await.ok();
    assert_eq!(again["revoked_at"], revoked["revoked_at"], "ended once");
    let dead = world.get("/api/agents").with("authorization", &bearer(&issued)).send().await;
    dead.problem(401, "token_revoked");
    world.delete(&one).by(&admin).send().await.status(204);
    world.delete(&one).by(&admin).send().await.problem(404, "not_found");
    let dead = world.get("/api/agents").with("authorization", &bearer(&issued)).send().await;
    dead.problem(401, "token_revoked");
}

#[tokio::test]
async fn an_expired_token_may_be_deleted_without_being_revoked() {
    let (world, admin) = World::set_up().await;
    let path = tokens(&admin, &agent(&world, &admin).await);
    let at = |seconds: i64| DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap().to_rfc3339();
    let ask = |expires_at: String| {
        let body = json!({ "name": "x", "scopes": ["agent.read"], "expires_at": expires_at });
        world.post(&path, body).by(&admin).send()
    };
    for (expires_at, code) in [(at(30), "too_soon"), (at(-1), "too_soon"), (at(90 * 86_400 + 60), "too_late")]
    {
        let problem = ask(expires_at).await.problem(422, "validation_failed");
        assert_eq!(faults(&problem), [("/expires_at".to_owned(), code.to_owned())]);
    }
    let longest = ask(at(90 * 86_400)).await.created();
    assert_eq!(longest["status"], "active");
    let usual =
        world.post(&path, json!({ "name": "x", "scopes": ["agent.read"] })).by(&admin).send().await.created();
    let expires_at: DateTime<chrono::Utc> = usual["expires_at"].as_str().unwrap().parse().unwrap();
    assert_eq!(expires_at, DateTime::from_timestamp(1_800_000_000, 0).unwrap() + TimeDelta::days(30));

    let short = ask(at(60)).await.created();
    world.advance(70);
    let one = format!("{path}/{}", short["jti"].as_str().unwrap());
    let listed = world.get(&path).by(&admin).send().await.ok();
    let mut items = listed["items"].as_array().unwrap().iter();
    assert_eq!(items.find(|item| item["jti"] == short["jti"]).unwrap()["status"], "expired");
    world.delete(&one).by(&admin).send().await.status(204);
}

#[tokio::test]
async fn no_token_does_more_than_its_issuer() {
    let (world, admin) = World::set_up().await;
    let agent = agent(&world, &admin).await;
    let helper = world.invite(&admin, "helper@example.com", "admin").await;
    let path = tokens(&admin, &agent);
    let ask = async |by: &Person, scopes: &[&str]| {
        world.post(&path, json!({ "name": "x", "scopes": scopes })).by(by).send().await
    };
    // What is the owner's alone; what is the platform's; what no machine does; what is no action; nothing at all.
    for (scope, code) in [
        ("organization.delete", "scope_too_wide"),
        ("connector.*", "scope_too_wide"),
        ("user.manage", "scope_of_people"),
        ("settings.*", "scope_of_people"),
        ("agent_token.*", "scope_of_people"),
        ("*", "scope_too_wide"),
        ("agent", "unknown_scope"),
        ("agent.*.read", "unknown_scope"),
        ("", "unknown_scope"),
    ] {
        let problem = ask(&helper, &["agent.read", scope]).await.problem(422, "validation_failed");
        assert_eq!(faults(&problem), [("/scopes/1".to_owned(), code.to_owned())], "{scope}");
    }
    let problem = ask(&helper, &[]).await.problem(422, "validation_failed");
    assert_eq!(faults(&problem), [("/scopes".to_owned(), "required".to_owned())]);
    assert_eq!(
        ask(&admin, &["organization.delete"]).await.created()["scopes"],
        json!(["organization.delete"])
    );
    // Members and strangers issue none.
    let member = world.invite(&admin, "grace@example.com", "member").await;
    ask(&member, &["agent.read"]).await.problem(403, "role_missing");
    ask(&world.stranger().await, &["agent.read"]).await.problem(404, "not_found");

    // And what the issuer loses, the token loses.
    let issued = ask(&helper, &["environment.create", "environment.read"]).await.created();
    let environments = format!("/api/v1/orgs/{}/environments", admin.organization());
    let create = |name: &str| {
        let body = json!({ "name": name, "type": "dev" });
        world.post(&environments, body).with("authorization", &bearer(&issued)).send()
    };
    create("one").await.created();
    let change = json!({ "role": "member" });
    let membership = format!("/api/v1/orgs/{}/members/{}", admin.organization(), helper.id());
    world.patch(&membership, change).by(&admin).send().await.ok();
    create("two").await.problem(403, "role_missing");
    world.get(&environments).with("authorization", &bearer(&issued)).send().await.ok();
}

#[tokio::test]
async fn an_agent_of_others_gets_no_token_here() {
    let (world, admin) = World::set_up().await;
    let official = world.get("/api/agents?official=true").by(&admin).send().await.ok();
    let official = official["items"][0]["id"].as_str().unwrap().to_owned();
    let body = json!({ "name": "x", "scopes": ["agent.read"] });
    world.post(&tokens(&admin, &official), body).by(&admin).send().await.problem(404, "not_found");
    world.get(&tokens(&admin, &official)).by(&admin).send().await.problem(404, "not_found");
}

#[tokio::test]
async fn a_service_accounts_tokens_stay_within_its_allowlist_and_its_stage() {
    let (world, admin) = World::set_up().await;
    let org = format!("/api/v1/orgs/{}", admin.organization());
    let stage = json!({ "name": "staging", "type": "staging" });
    let staging = world.post(&format!("{org}/environments"), stage).by(&admin).send().await.created();
    let body = json!({
        "name": "CI", "scope_allowlist": ["agent.read", "environment.read"], "environment_id": staging["id"],
    });
    let account = world.post(&format!("{org}/service-accounts"), body).by(&admin).send().await.created();
    let path = format!("{org}/service-accounts/{}", account["id"].as_str().unwrap());
    let ask = async |scopes: &[&str]| {
        world
            .post(&format!("{path}/tokens"), json!({ "name": "x", "scopes": scopes }))
            .by(&admin)
            .send()
            .await
    };
    let problem = ask(&["agent.*"]).await.problem(422, "validation_failed");
    assert_eq!(faults(&problem), [("/scopes/0".to_owned(), "scope_not_allowed".to_owned())]);
    let issued = ask(&["agent.read", "environment.read"]).await.created();
    assert_eq!((&issued["service_account_id"], &issued["kind"]), (&account["id"], &json!("service_account")));

    let call = |path: &str| world.get(path).with("authorization", &bearer(&issued));
    call("/api/agents").send().await.ok();
    let production = admin.session["environment"]["id"].as_str().unwrap();
    call("/api/agents").with("x-conductor-environment", production).send().await.problem(404, "not_found");
    call(&format!("{org}/environments")).send().await.ok();
    // Another organisation of the issuer is not the token's.
    let mine = world.get("/api/v1/auth/me/orgs").by(&admin).send().await.ok();
    let other = mine["items"].as_array().unwrap().iter().find(|one| one["is_personal"] == true).unwrap();
    let other = format!("/api/v1/orgs/{}/agents", other["id"].as_str().unwrap());
    call(&other).send().await.problem(404, "not_found");

    world.patch(&path, json!({ "enabled": false })).by(&admin).send().await.ok();
    ask(&["agent.read"]).await.problem(409, "service_account_disabled");
}

#[tokio::test]
async fn what_is_for_people_is_closed_to_machines() {
    let (world, admin) = World::set_up().await;
    let agent = agent(&world, &admin).await;
    let scopes = [
        "agent.*",
        "conversation.*",
        "message.*",
        "artifact.*",
        "file.*",
        "tool.*",
        "run.*",
        "human_task.*",
        "environment.*",
        "membership.*",
        "organization.read",
        "service_account.*",
    ];
    let body = json!({ "name": "wide", "scopes": scopes });
    let issued = world.post(&tokens(&admin, &agent), body).by(&admin).send().await.created();
    let document = world.get("/openapi.json").send().await.ok();
    let mut closed = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in ["get", "post", "put", "patch", "delete"] {
            let Some(operation) = item.get(method) else { continue };
            let is_public =
                operation["security"].as_array().is_some_and(|all| all.iter().all(|one| *one == json!({})));
            if is_public {
                continue;
            }
            let path = path
                .replace("{org_id}", &admin.organization())
                .split('/')
                .map(|part| if part.starts_with('{') { "0192f1c0-7b4e-7a6e-8a53-1d2c3b4a5f60" } else { part })
                .collect::<Vec<_>>()
                .join("/");
            let body = (method != "get" && method != "delete").then(|| json!({}));
            let call =
                world.call(&method.to_uppercase(), &path, body).with("authorization", &bearer(&issued));
            let answer = call.send().await;
            assert_ne!(answer.status.as_u16(), 401, "{method} {path}");
            assert!(answer.status.as_u16() < 500, "{method} {path}: {}", answer.text());
            closed += usize::from(answer.status == 403 && answer.json()["code"] == "not_a_person");
        }
    }
    assert!(closed > 40, "{closed} operations are closed");
    for path in [
        "/api/auth/me",
        "/api/auth/sessions",
        "/api/auth/mfa",
        "/api/settings",
        "/api/settings/api-keys",
        "/api/users",
        "/api/conversations",
        "/api/files",
    ] {
        let answer = world.get(path).with("authorization", &bearer(&issued)).send().await;
        answer.problem(403, "not_a_person");
    }
    let denied = "/api/v1/orgs/{org_id}/members";
    let path = denied.replace("{org_id}", &admin.organization());
    let body = json!({ "email": "mallory@example.com", "role": "admin" });
    world.post(&path, body).with("authorization", &bearer(&issued)).send().await.problem(403, "not_a_person");
    let members = world.get(&path).by(&admin).send().await.ok();
    assert_eq!(members["items"].as_array().unwrap().len(), 1);
}
