//! a key's restriction bypassed by sending it another way (Open WebUI CVE-2026-45339).

use serde_json::json;

use crate::{
    machines::{agent, bearer, token, tokens_of},
    world::World,
};

#[tokio::test]
async fn a_token_has_the_same_scopes_by_every_carrier() {
    let (world, admin) = World::set_up().await;
    let agent = agent(&world, &admin, "Reader").await;
    let issued = token(&world, &admin, &agent, &["agent.read"]).await;
    let text = issued["token"].as_str().unwrap();
    let cookie = format!("__Host-conductor_access={text}");
    let rename = json!({ "name": "Taken over" });
    let path = format!("/api/agents/{agent}");
    for (name, value) in [("authorization", bearer(&issued)), ("cookie", cookie.clone())] {
        world.get("/api/agents").with(name, &value).send().await.status(200);
        let put = world.put(&path, rename.clone()).page().with(name, &value);
        put.send().await.problem(403, "scope_missing");
        world.get("/api/v1/orgs").with(name, &value).send().await.problem(403, "scope_missing");
    }
    // What is no carrier carries nothing.
    for (name, value) in [
        ("x-api-key", text.to_owned()),
        ("x-api-key", bearer(&issued)),
        ("api-key", text.to_owned()),
        ("x-auth-token", text.to_owned()),
        ("x-goog-api-key", text.to_owned()),
        ("proxy-authorization", bearer(&issued)),
        ("x-forwarded-authorization", bearer(&issued)),
        ("cookie", format!("access_token={text}")),
        ("cookie", format!("__Host-conductor_refresh={text}")),
    ] {
        let answer = world.get("/api/agents").with(name, &value).send().await;
        answer.problem(401, "token_missing");
    }
    let query = world.get(&format!("/api/agents?access_token={text}")).send().await;
    // Nothing reads it, and the answer does not say it again.
    let refused = query.problem(422, "unknown_field").to_string();
    assert!(refused.contains("?access_token") && !refused.contains(text), "{refused}");
    let renamed = world.get(&path).by(&admin).send().await.ok();
    assert_eq!(renamed["name"], "Reader");
}

#[tokio::test]
async fn two_carriers_are_refused_whatever_they_hold() {
    let (world, admin) = World::set_up().await;
    let agent = agent(&world, &admin, "Reader").await;
    let narrow = token(&world, &admin, &agent, &["tool.read"]).await;
    let cookie = format!("__Host-conductor_access={}", admin.token);
    for call in [
        world.get("/api/agents").with("authorization", &bearer(&narrow)).with("cookie", &cookie),
        world.get("/api/agents").with("authorization", &bearer(&narrow)).by(&admin),
        world.get("/api/agents").with("cookie", &cookie).with("cookie", &cookie),
        world.get("/api/agents").with("authorization", "Basic YTpi").by(&admin),
    ] {
        call.send().await.problem(400, "two_credentials");
    }
}

#[tokio::test]
async fn scopes_are_those_of_the_row_and_not_of_the_token() {
    // A-R2 beside it: what a client says of its scopes counts for nothing.
    let (world, admin) = World::set_up().await;
    let agent = agent(&world, &admin, "Reader").await;
    let issued = token(&world, &admin, &agent, &["agent.read"]).await;
    let call = world
        .post(&tokens_of(&admin, &agent), json!({ "name": "more", "scopes": ["agent.read"] }))
        .with("authorization", &bearer(&issued))
        .with("x-conductor-scopes", "agent_token.create agent.*")
        .with("x-scopes", "*");
    call.send().await.problem(403, "not_a_person");
    let listed = world.get(&tokens_of(&admin, &agent)).by(&admin).send().await.ok();
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
}
