//! A-R2: scopes that the client declares itself (OpenClaw GHSA-rqpp-rjj8-7wv8). They are those of the token's row.

use serde_json::json;

use crate::{
    machines::{agent, bearer, token},
    world::World,
};

#[tokio::test]
async fn no_word_of_the_client_widens_a_token() {
    let (world, admin) = World::set_up().await;
    let agent = agent(&world, &admin, "Reader").await;
    let issued = token(&world, &admin, &agent, &["agent.read"]).await;
    let before = world.rows();
    let all = "agent.* agent.update conversation.create admin *";
    for header in [
        "x-scopes",
        "x-conductor-scopes",
        "scope",
        "x-oauth-scopes",
        "x-role",
        "x-permissions",
        "x-openclaw-scopes",
    ] {
        for (method, path, body) in [
            ("PUT", format!("/api/agents/{agent}?"), json!({ "name": "x" })),
            ("POST", "/api/conversations".to_owned(), json!({})),
            ("GET", format!("/api/v1/orgs/{}/audit", admin.organization()), json!(null)),
        ] {
            let body = Some(body).filter(|body| !body.is_null());
            let call =
                world.call(method, &path, body).with("authorization", &bearer(&issued)).with(header, all);
            call.send().await.status(403);
        }
    }
    for body in [
        json!({ "name": "x", "scopes": ["*"] }),
        json!({ "name": "x", "role": "admin" }),
        json!({ "scope": all }),
    ] {
        let call = world.put(&format!("/api/agents/{agent}"), body).with("authorization", &bearer(&issued));
        let answer = call.send().await;
        assert!([403, 422].contains(&answer.status.as_u16()), "{}", answer.text());
    }
    let query = format!("/api/agents?scope={}", all.replace(' ', "%20"));
    let answer = world.get(&query).with("authorization", &bearer(&issued)).send().await;
    answer.problem(422, "unknown_field");
    // A sign-in asks for no scopes and no role.
    let login = json!({ "email": crate::world::ADMIN, "password": crate::world::PASSWORD, "scope": all });
    world.post("/api/auth/login", login).send().await.problem(422, "unknown_field");
    world.unchanged_but(&before, "a declared scope", &["issued_tokens"]);
    let listed = world.get(&crate::machines::tokens_of(&admin, &agent)).by(&admin).send().await.ok();
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
    assert_eq!(listed["items"][0]["scopes"], json!(["agent.read"]));
}
