//! a suspended user's key still works (AnythingLLM CVE-2026-32717). Every credential kind dies at once, and so
//! does every stream that was opened with it.

use std::time::Duration;

use conductor_domain::{Revoked, UserChange};
use conductor_storage::Unscoped;
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::{
    machines::{agent, bearer, token, tokens_of},
    world::{Person, World},
};

/// Half of what is promised to a person; the rest is for a loaded machine.
const PROMISED: Duration = Duration::from_secs(1);

/// A stream as the door holds it open: it ends with its caller's credential.
async fn stream(world: &World, authorization: &str) -> JoinHandle<()> {
    let headers = axum::http::HeaderMap::from_iter([(
        axum::http::header::AUTHORIZATION,
        authorization.parse().unwrap(),
    )]);
    let caller =
        world.identity.authenticate(&headers, Default::default(), Default::default()).await.unwrap().caller;
    let identity = world.identity.clone();
    let stream = tokio::spawn(async move { identity.until_revoked(&caller).await });
    tokio::task::yield_now().await;
    assert!(!stream.is_finished());
    stream
}

async fn ended(stream: JoinHandle<()>, what: &str) {
    tokio::time::timeout(PROMISED, stream).await.unwrap_or_else(|_| panic!("{what}: still open")).unwrap();
}

/// A second administrator with a session, an agent's token and a service account's token.
struct Issuer {
    person: Person,
    agent: String,
    account: String,
    agent_token: Value,
    account_token: Value,
}

async fn issuer(world: &World, admin: &Person) -> Issuer {
    let person = world.invite(admin, "grace@example.com", "admin").await;
    let agent = agent(world, admin, "Worker").await;
    let agent_token = token(world, &person, &agent, &["agent.read"]).await;
    let accounts = format!("/api/v1/orgs/{}/service-accounts", admin.organization());
    let body = json!({ "name": "CI", "scope_allowlist": ["agent.read"] });
    let account = world.post(&accounts, body).by(&person).send().await.created();
    let account = account["id"].as_str().unwrap().to_owned();
    let body = json!({ "name": "pipeline", "scopes": ["agent.read"] });
    let path = format!("{accounts}/{account}/tokens");
    let account_token = world.post(&path, body).by(&person).send().await.created();
    Issuer { person, agent, account, agent_token, account_token }
}

impl Issuer {
    fn credentials(&self) -> [(&'static str, String); 3] {
        [
            ("session", format!("Bearer {}", self.person.token)),
            ("agent token", bearer(&self.agent_token)),
            ("service account token", bearer(&self.account_token)),
        ]
    }
}

#[tokio::test]
async fn every_kind_dies_with_its_person() {
    for end in ["closed", "left", "switched off"] {
        let (world, admin) = World::set_up().await;
        let issuer = issuer(&world, &admin).await;
        let mut streams = Vec::new();
        for (kind, authorization) in issuer.credentials() {
            world.get("/api/agents").with("authorization", &authorization).send().await.status(200);
            streams.push((kind, authorization.clone(), stream(&world, &authorization).await));
        }
        let member = format!("/api/v1/orgs/{}/members/{}", admin.organization(), issuer.person.id());
        let off = json!({ "is_active": false });
        let account = format!("/api/users/{}", issuer.person.id());
        match end {
            "closed" => world.patch(&account, off).by(&admin).send().await.status(200),
            "left" => world.delete(&member).by(&admin).send().await.status(204),
            _ => world.patch(&member, off).by(&admin).send().await.status(200),
        };
        let org = format!("/api/v1/orgs/{}/agents", admin.organization());
        for (kind, authorization, stream) in streams {
            ended(stream, &format!("{end}: {kind}")).await;
            let answer = world.get(&org).with("authorization", &authorization).send().await;
            // Whoever left keeps a session, for other organisations; this one is gone for it.
            let refused = if kind == "session" && end != "closed" { 404 } else { 401 };
            assert_eq!(answer.status.as_u16(), refused, "{end}: {kind}: {}", answer.text());
        }
    }
}

#[tokio::test]
async fn a_token_dies_with_what_it_was_issued_to() {
    let (world, admin) = World::set_up().await;
    let issuer = issuer(&world, &admin).await;
    let org = admin.organization();
    let account = format!("/api/v1/orgs/{org}/service-accounts/{}", issuer.account);
    let (agent_token, account_token) = (bearer(&issuer.agent_token), bearer(&issuer.account_token));
    let dead = async |authorization: &str, what: &str| {
        let answer = world.get("/api/agents").with("authorization", authorization).send().await;
        assert_eq!(answer.status.as_u16(), 401, "{what}: {}", answer.text());
        answer.problem(401, "token_revoked");
    };

    let open = stream(&world, &account_token).await;
    world.patch(&account, json!({ "enabled": false })).by(&admin).send().await.ok();
    ended(open, "switched off").await;
    dead(&account_token, "switched off").await;
    world.patch(&account, json!({ "enabled": true })).by(&admin).send().await.ok();
    world.get("/api/agents").with("authorization", &account_token).send().await.status(200);
    // A narrower allowlist takes what was given before.
    world.patch(&account, json!({ "scope_allowlist": ["run.read"] })).by(&admin).send().await.ok();
    let narrowed = world.get("/api/agents").with("authorization", &account_token).send().await;
    narrowed.problem(403, "scope_missing");
    world.delete(&account).by(&admin).send().await.status(204);
    dead(&account_token, "deleted").await;

    let open = stream(&world, &agent_token).await;
    let jti = issuer.agent_token["jti"].as_str().unwrap();
    let path = format!("{}/{jti}", tokens_of(&admin, &issuer.agent));
    world.post(&format!("{path}/revoke"), json!({})).by(&admin).send().await.ok();
    ended(open, "revoked").await;
    dead(&agent_token, "revoked").await;
    world.delete(&path).by(&admin).send().await.status(204);
    dead(&agent_token, "deleted").await;

    let again = token(&world, &admin, &issuer.agent, &["agent.read"]).await;
    world.get("/api/agents").with("authorization", &bearer(&again)).send().await.status(200);
    world.delete(&format!("/api/agents/{}", issuer.agent)).by(&admin).send().await.status(204);
    world.advance(1);
    dead(&bearer(&again), "agent deleted").await;
}

/// Another node changed the rows: this process is told by them alone.
#[tokio::test]
async fn what_another_process_ends_is_heard_of() {
    let (world, admin) = World::set_up().await;
    let issuer = issuer(&world, &admin).await;
    let watching = tokio::spawn(world.identity.clone().watch());
    let mut streams = Vec::new();
    for (kind, authorization) in issuer.credentials() {
        streams.push((kind, stream(&world, &authorization).await));
    }
    let id = issuer.person.id().parse().unwrap();
    let rows = world.store.unscoped(Unscoped::Administration);
    let change = UserChange { is_active: Some(false), ..Default::default() };
    rows.write(move |tx| Box::pin(async move { tx.users().update(id, change).await })).await.unwrap();
    for (kind, stream) in streams {
        ended(stream, kind).await;
    }
    // The clock has not moved: what was remembered is dropped, not outlived.
    for (kind, authorization) in issuer.credentials() {
        let answer = world.get("/api/agents").with("authorization", &authorization).send().await;
        assert_eq!(answer.status.as_u16(), 401, "{kind}");
    }
    let told = rows.revocations().since(chrono::DateTime::UNIX_EPOCH).await.unwrap();
    assert!(told.iter().any(|(_, revoked)| *revoked == Some(Revoked::User(id))));
    watching.abort();
}

#[tokio::test]
async fn streams_end_with_their_tokens_time() {
    let (world, admin) = World::set_up().await;
    let agent = agent(&world, &admin, "Worker").await;
    let expires_at = chrono::DateTime::from_timestamp(1_800_000_061, 0).unwrap().to_rfc3339();
    let body = json!({ "name": "short", "scopes": ["agent.read"], "expires_at": expires_at });
    let issued = world.post(&tokens_of(&admin, &agent), body).by(&admin).send().await.created();
    world.get("/api/agents").with("authorization", &bearer(&issued)).send().await.status(200);
    world.advance(70);
    let late = world.get("/api/agents").with("authorization", &bearer(&issued)).send().await;
    late.problem(401, "token_expired");
}
