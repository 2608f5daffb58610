//! Agents, service accounts and their tokens, as the attacks need them.

use serde_json::{Value, json};

use crate::world::{Person, World};

/// An agent that the whole organisation sees.
pub(crate) async fn agent(world: &World, by: &Person, name: &str) -> String {
    let body = json!({ "name": name, "visibility": "organization" });
    let agent = world.post("/api/agents", body).by(by).send().await.created();
    agent["id"].as_str().unwrap().to_owned()
}

/// The path of an agent's tokens.
pub(crate) fn tokens_of(by: &Person, agent: &str) -> String {
    format!("/api/v1/orgs/{}/agents/{agent}/tokens", by.organization())
}

/// A fresh token of an agent, with its text.
pub(crate) async fn token(world: &World, by: &Person, agent: &str, scopes: &[&str]) -> Value {
    let body = json!({ "name": "test", "scopes": scopes });
    world.post(&tokens_of(by, agent), body).by(by).send().await.created()
}

/// `Authorization` of a token.
pub(crate) fn bearer(token: &Value) -> String {
    format!("Bearer {}", token["token"].as_str().unwrap())
}
