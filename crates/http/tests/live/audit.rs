//! Every route that changes something writes exactly one entry of the audit log, and says what happened. A new route is
//! walked here or named with a reason, or this fails.

mod erased;
mod governed;
mod granted;
mod kept;
mod spent;

use std::collections::{BTreeSet, HashSet};

use conductor_domain::{AuditEventId, AuditFilter, PageRequest};
use conductor_mcp_client::testing;
use conductor_storage::Unscoped;
use conductor_test_support::Api;
use serde_json::{Value, json};

use crate::{
    limits,
    world::{World, text},
};

const PASSWORD: &str = "correct horse battery staple";

/// Routes that are not walked, and why.
const ELSEWHERE: [(&str, &str); 13] = [
    ("POST /api/setup", "works once, and made the world of this test"),
    ("POST /api/auth/refresh", "keeps a session alive; `tests/routes/refresh.rs` shows its misuse"),
    ("POST /api/auth/invite/accept", "walked with the invitation"),
    ("POST /api/mcp/servers/{server_id}/confirm-command", "needs a local program; `mcp.rs` confirms one"),
    ("POST /api/mcp/servers/{server_id}/health-check", "asks a server how it is"),
    ("POST /api/mcp/operations/import", "reads a document and keeps nothing"),
    ("POST /api/tasks/{task_id}/decide", "needs a call that waits; walked below"),
    ("POST /api/execute/{execution_id}/cancel", "needs a run that waits; walked below"),
    ("POST /api/hooks/{hook_id}", "needs a signature; `executions/hooks.rs` asks for its entries"),
    ("POST /api/messages/stream", "the same turn as `POST …/messages`, answered as a stream"),
    ("POST /api/v1/identity-providers", "needs a provider; `attacks/a29_oidc.rs` asks for its entries"),
    ("PATCH /api/v1/identity-providers/{identity_provider_id}", "the same"),
    ("DELETE /api/v1/identity-providers/{identity_provider_id}", "the same"),
];

/// What is written later, by whoever works on it.
const LATER: [&str; 2] = ["run.finished", "account.pseudonymised"];

struct Walk<'w> {
    world: &'w World,
    seen: HashSet<AuditEventId>,
    walked: BTreeSet<String>,
}

impl<'w> Walk<'w> {
    async fn new(world: &'w World) -> Self {
        let mut walk = Self { world, seen: HashSet::new(), walked: BTreeSet::new() };
        walk.news().await;
        walk
    }

    /// What was written since the last look, without the ends of runs, which come when they come.
    async fn news(&mut self) -> Vec<String> {
        let rows = self.world.store().unscoped(Unscoped::Administration).audit();
        let page = PageRequest { limit: 10_000, after: None };
        let page = rows.page(&AuditFilter::default(), page).await.unwrap();
        let mut news: Vec<String> = page
            .items
            .into_iter()
            // Ends of runs and of erasures come when they come.
            .filter(|event| self.seen.insert(event.id) && !LATER.contains(&event.event_type.as_str()))
            .map(|event| event.event_type)
            .collect();
        news.sort();
        news
    }

    /// Sends a request that changes something; it writes this one entry.
    async fn step(&mut self, api: &Api, route: &str, ids: &[&str], body: Value, event: &str) -> Value {
        self.steps(api, route, ids, body, &[event]).await
    }

    async fn steps(&mut self, api: &Api, route: &str, ids: &[&str], body: Value, events: &[&str]) -> Value {
        let (method, template) = route.split_once(' ').unwrap();
        let mut ids = ids.iter();
        let path: Vec<String> = template
            .split('/')
            .map(
                |part| {
                    if part.starts_with('{') { (*ids.next().unwrap()).to_owned() } else { part.to_owned() }
                },
            )
            .collect();
        let path = path.join("/");
        let answer = match method {
            "POST" => api.post(&path, body).await,
            "PUT" => api.put(&path, body).await,
            "PATCH" => api.patch(&path, body).await,
            _ => api.delete(&path).await,
        };
        assert!((200..300).contains(&answer.status), "{answer}");
        let said: Value = serde_json::from_str(&answer.text).unwrap_or_default();
        // A call that waits for an answer does not end by itself.
        if let Some(run) = said["run"]["id"].as_str().filter(|_| !template.contains("execute/tool")) {
            api.events(run, 0).await.rest().await;
        }
        assert_eq!(self.news().await, events, "{route}");
        self.walked.insert(route.to_owned());
        said
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_change_is_one_entry() {
    let (world, peer) = (World::start().await, testing::Server::start("2025-06-18").await.unwrap());
    let admin = world.admin.clone();
    let org = world.organization(&admin).await;
    let mut walk = Walk::new(&world).await;
    let w = &mut walk;
    let id = |said: Value| text(&said["id"]);

    // Conversations, messages, artifacts, files.
    let conversation = id(w
        .step(&admin, "POST /api/conversations", &[], json!({ "model": "demo" }), "conversation.created")
        .await);
    let c: &str = &conversation;
    w.step(
        &admin,
        "PUT /api/conversations/{conversation_id}",
        &[c],
        json!({ "title": "x" }),
        "conversation.updated",
    )
    .await;
    let share = "POST /api/conversations/{conversation_id}/share";
    let link = id(w.step(&admin, share, &[c], json!({}), "share.created").await);
    let later = json!({ "expires_at": conductor_domain::Clock::now(&conductor_domain::SystemClock) + chrono::TimeDelta::days(2) });
    w.step(&admin, "PUT /api/share/{token}/settings", &[&link], later, "share.updated").await;
    w.step(&admin, "DELETE /api/share/{token}", &[&link], json!(null), "share.revoked").await;
    w.step(
        &admin,
        "PUT /api/conversations/{conversation_id}/pin",
        &[c],
        json!({ "pinned": true }),
        "conversation.updated",
    )
    .await;
    w.step(
        &admin,
        "PUT /api/conversations/{conversation_id}/archive",
        &[c],
        json!({ "archived": false }),
        "conversation.updated",
    )
    .await;
    w.step(
        &admin,
        "PUT /api/conversations/{conversation_id}/agent",
        &[c],
        json!({ "agent_id": world.agent() }),
        "conversation.updated",
    )
    .await;
    let body = json!({ "content": "Make an HTML page about green tea." });
    let sent =
        w.step(&admin, "POST /api/conversations/{conversation_id}/messages", &[c], body, "run.started").await;
    let (question, reply) = (text(&sent["message"]["id"]), text(&sent["reply"]["id"]));
    w.step(&admin, "POST /api/messages/{message_id}/regenerate", &[&reply], json!({}), "run.started").await;
    let body = json!({ "content": "y", "resend": false });
    w.step(&admin, "PUT /api/messages/{message_id}", &[&question], body, "message.edited").await;
    let copy = id(w
        .step(
            &admin,
            "POST /api/conversations/{conversation_id}/duplicate",
            &[c],
            json!({}),
            "conversation.duplicated",
        )
        .await);
    let body = json!({ "message_id": reply });
    w.step(&admin, "POST /api/conversations/{conversation_id}/branch", &[c], body, "conversation.branched")
        .await;
    let artifacts = admin.get(&format!("/api/conversations/{c}/artifacts")).await.ok();
    let artifact = text(&artifacts["items"][0]["id"]);
    let edited = w
        .step(
            &admin,
            "PUT /api/artifacts/{artifact_id}",
            &[&artifact],
            json!({ "content": "<p>x" }),
            "artifact.updated",
        )
        .await;
    let artifact = id(edited);
    w.step(&admin, "POST /api/artifacts/{artifact_id}/fork", &[&artifact], json!({}), "artifact.forked")
        .await;
    w.step(&admin, "DELETE /api/artifacts/{artifact_id}", &[&artifact], json!(null), "artifact.deleted")
        .await;
    w.step(&admin, "DELETE /api/messages/{message_id}", &[&question], json!(null), "message.deleted").await;
    w.step(
        &admin,
        "DELETE /api/conversations/{conversation_id}",
        &[&copy],
        json!(null),
        "conversation.deleted",
    )
    .await;
    let file = id(admin.upload("/api/files", "a.txt", "text/plain", "words").await.created());
    assert_eq!(w.news().await, ["file.created"]);
    w.walked.insert("POST /api/files".to_owned());
    let body = json!({ "data_classification": "public" });
    w.step(&admin, "PATCH /api/files/{file_id}", &[&file], body, "file.updated").await;
    w.step(&admin, "DELETE /api/files/{file_id}", &[&file], json!(null), "file.deleted").await;

    // Agents.
    let agent = id(w
        .step(&admin, "POST /api/agents", &[], json!({ "name": "Helper", "model": "demo" }), "agent.created")
        .await);
    let a: &str = &agent;
    w.step(&admin, "PUT /api/agents/{agent_id}", &[a], json!({ "description": "x" }), "agent.updated").await;
    w.step(
        &admin,
        "POST /api/agents/{agent_id}/versions/{version}/rollback",
        &[a, "1"],
        json!({}),
        "agent.rolled_back",
    )
    .await;
    w.step(&admin, "POST /api/agents/{agent_id}/fork", &[a], json!({}), "agent.forked").await;
    let clone =
        id(w.step(&admin, "POST /api/agents/{agent_id}/clone", &[a], json!({}), "agent.cloned").await);
    w.step(&admin, "POST /api/agents/{agent_id}/test", &[a], json!({ "input": "Hello" }), "run.started")
        .await;
    w.step(&admin, "POST /api/execute/agent", &[], json!({ "agent_id": a, "input": "Hello" }), "run.started")
        .await;

    // Servers and tools.
    let body = json!({ "name": "Files", "transport": "http", "endpoint": peer.url() });
    let server = id(w.step(&admin, "POST /api/mcp/servers", &[], body, "connector.created").await);
    let s: &str = &server;
    w.step(&admin, "POST /api/mcp/servers/{server_id}/connect", &[s], json!({}), "connector.connected").await;
    w.step(&admin, "POST /api/mcp/servers/{server_id}/discover", &[s], json!({}), "connector.discovered")
        .await;
    w.step(&admin, "POST /api/mcp/servers/{server_id}/restart", &[s], json!({}), "connector.restarted").await;
    let tools = admin.get(&format!("/api/mcp/servers/{s}/tools")).await.ok();
    let tool = text(&tools["items"][0]["id"]);
    let body = json!({ "read_only": true });
    w.step(&admin, "PUT /api/mcp/servers/{server_id}/tools/{tool_id}", &[s, &tool], body, "tool.updated")
        .await;
    let body = json!({ "server_id": s });
    w.step(&admin, "POST /api/agents/{agent_id}/mcp-servers", &[a], body, "agent.server_connected").await;
    let body = json!({ "allowed_tools": ["echo"] });
    w.step(
        &admin,
        "PUT /api/agents/{agent_id}/mcp-servers/{server_id}",
        &[a, s],
        body,
        "agent.server_connected",
    )
    .await;
    w.step(
        &admin,
        "DELETE /api/agents/{agent_id}/mcp-servers/{server_id}",
        &[a, s],
        json!(null),
        "agent.server_disconnected",
    )
    .await;
    let body = json!({ "server_id": s, "tool": "echo", "arguments": { "word": "hello" } });
    w.step(&admin, "POST /api/mcp/execute/tool", &[], body.clone(), "run.started").await;
    w.step(&admin, "POST /api/v1/orgs/{org_id}/runs/execute", &[&org], body, "run.started").await;
    let uri = admin.get(&format!("/api/mcp/servers/{s}/resources")).await.ok()["items"][0]["uri"].clone();
    let body = json!({ "server_id": s, "uri": uri.as_str().unwrap_or("memo://one") });
    let read = admin.post("/api/mcp/read/resource", body).await;
    assert!(read.status == 200 || read.status >= 500, "{read}");
    assert_eq!(w.news().await, ["connector.resource_read"]);
    w.walked.insert("POST /api/mcp/read/resource".to_owned());
    // A call that waits: answered, and another one given up.
    let waits =
        |agreed: bool| json!({ "approval": if agreed { "never" } else { "ask" }, "read_only": false });
    w.step(
        &admin,
        "PUT /api/mcp/servers/{server_id}/tools/{tool_id}",
        &[s, &tool],
        waits(false),
        "tool.updated",
    )
    .await;
    for (route, event) in [
        ("POST /api/tasks/{task_id}/decide", "approval.decided"),
        ("POST /api/execute/{execution_id}/cancel", "run.cancelled"),
    ] {
        let body = json!({ "server_id": s, "tool": "echo", "arguments": { "word": route } });
        let called = w.step(&admin, "POST /api/mcp/execute/tool", &[], body, "run.started").await;
        let run = text(&called["run"]["id"]);
        let task = text(&admin.get("/api/tasks?status=pending").await.ok()["items"][0]["id"]);
        let (target, body) = match event {
            "run.cancelled" => (&run, json!({})),
            _ => (&task, json!({ "decision": "allow_once" })),
        };
        w.step(&admin, route, &[target], body, event).await;
        admin.events(&run, 0).await.rest().await;
        assert_eq!(w.news().await, Vec::<String>::new(), "{event}");
    }
    w.step(
        &admin,
        "PUT /api/mcp/servers/{server_id}",
        &[s],
        json!({ "description": "x" }),
        "connector.updated",
    )
    .await;
    w.step(&admin, "DELETE /api/mcp/servers/{server_id}", &[s], json!(null), "connector.deleted").await;
    granted::grants(w, &admin).await;
    governed::policies(w, &admin, &org).await;
    governed::machines(w, &admin, &org, a).await;
    kept::workflows(w, &admin).await;
    w.step(&admin, "DELETE /api/agents/{agent_id}", &[&clone], json!(null), "agent.deleted").await;

    // Settings and accounts.
    w.step(
        &admin,
        "PUT /api/settings",
        &[],
        json!({ "preferences": { "theme": "dark" } }),
        "account.profile_updated",
    )
    .await;
    let body = json!({ "custom_instructions": "Be brief." });
    w.step(&admin, "PUT /api/settings/custom-instructions", &[], body, "account.profile_updated").await;
    w.step(&admin, "PUT /api/auth/profile", &[], json!({ "name": "Ada A." }), "account.profile_updated")
        .await;
    w.step(&admin, "PUT /api/v1/auth/me", &[], json!({ "first_name": "Ada" }), "account.profile_updated")
        .await;
    let body = json!({ "provider": "openai", "key_name": "work", "api_key": "sk-canary-4f1c9a77e2b04d5c" });
    let key = id(w.step(&admin, "POST /api/settings/api-keys", &[], body, "api_key.created").await);
    let body = json!({ "api_key": "sk-canary-the-second-0987" });
    w.step(&admin, "POST /api/settings/api-keys/{key_id}/rotate", &[&key], body, "api_key.rotated").await;
    let rotate = "POST /api/v1/secret-keys/rotate";
    w.step(&admin, rotate, &[], json!({}), "secrets.rotation_started").await;
    w.step(&admin, "DELETE /api/settings/api-keys/{key_id}", &[&key], json!(null), "api_key.deleted").await;
    let body =
        json!({ "email": "eve@example.org", "password": PASSWORD, "first_name": "Eve", "last_name": "E" });
    w.steps(
        &admin.anonymous(),
        "POST /api/v1/auth/register",
        &[],
        body,
        &["account.registered", "account.signed_in"],
    )
    .await;
    let body = json!({ "email": "eve@example.org", "password": PASSWORD });
    let anonymous = admin.anonymous();
    w.step(&anonymous, "POST /api/v1/auth/login", &[], body.clone(), "account.signed_in").await;
    let session = w.step(&anonymous, "POST /api/auth/login", &[], body.clone(), "account.signed_in").await;
    let eve = admin.signed_in(&session);
    let (eve_id, eves) = (text(&session["user"]["id"]), text(&session["organization"]["id"]));
    let other = anonymous.post("/api/auth/login", body.clone()).await.ok();
    w.news().await;
    let sessions = eve.get("/api/auth/sessions").await.ok();
    let newest = text(&sessions["items"][0]["id"]);
    w.step(&eve, "DELETE /api/auth/sessions/{session_id}", &[&newest], json!(null), "session.ended").await;
    assert_ne!(other["access_token"], session["access_token"]);
    w.step(
        &admin,
        "PUT /api/users/{user_id}/role",
        &[&eve_id],
        json!({ "role": "power_user" }),
        "account.updated",
    )
    .await;
    let body = json!({ "data_clearance_level": "confidential" });
    w.step(&admin, "PATCH /api/users/{user_id}", &[&eve_id], body, "account.updated").await;

    // Organisations, environments, members.
    let team =
        id(w.step(&eve, "POST /api/v1/orgs", &[], json!({ "name": "Second" }), "organization.created").await);
    w.step(
        &eve,
        "PUT /api/v1/orgs/{org_id}",
        &[&team],
        json!({ "website": "https://example.org" }),
        "organization.updated",
    )
    .await;
    let siem = json!({
        "endpoint": "https://siem.example.com/in", "credential": "bearer", "secret": "a secret of the siem".replace(' ', "-"),
        "enabled": false,
    });
    let path = "PUT /api/v1/orgs/{org_id}/audit/forward";
    w.step(&eve, path, &[&team], siem, "audit.forward_updated").await;
    let path = "DELETE /api/v1/orgs/{org_id}/audit/forward";
    w.step(&eve, path, &[&team], json!(null), "audit.forward_deleted").await;
    let week = json!({ "conversation_days": 7, "run_days": null });
    w.step(&eve, "PUT /api/v1/orgs/{org_id}/retention", &[&team], week, "retention.updated").await;
    w.step(
        &eve,
        "POST /api/v1/auth/me/orgs",
        &[],
        json!({ "organization_id": eves }),
        "account.organization_switched",
    )
    .await;
    let body = json!({ "name": "Staging", "type": "staging" });
    let stage = id(w
        .step(&eve, "POST /api/v1/orgs/{org_id}/environments", &[&team], body, "environment.created")
        .await);
    let body = json!({ "name": "Stage" });
    w.step(
        &eve,
        "PUT /api/v1/orgs/{org_id}/environments/{env_id}",
        &[&team, &stage],
        body,
        "environment.updated",
    )
    .await;
    w.step(
        &eve,
        "DELETE /api/v1/orgs/{org_id}/environments/{env_id}",
        &[&team, &stage],
        json!(null),
        "environment.deleted",
    )
    .await;
    w.step(&eve, "DELETE /api/v1/orgs/{org_id}", &[&team], json!(null), "organization.deleted").await;
    let body = json!({ "email": "grace@example.com", "role": "member" });
    let invited = w
        .step(&admin, "POST /api/v1/orgs/{org_id}/members", &[&org], body.clone(), "membership.created")
        .await;
    w.step(&admin, "POST /api/v1/orgs/{org_id}/members", &[&org], body, "membership.invited_again").await;
    let grace = text(&invited["member"]["user_id"]);
    w.step(
        &admin,
        "PATCH /api/v1/orgs/{org_id}/members/{user_id}",
        &[&org, &grace],
        json!({ "role": "viewer" }),
        "membership.updated",
    )
    .await;
    w.step(
        &admin,
        "DELETE /api/v1/orgs/{org_id}/members/{user_id}",
        &[&org, &grace],
        json!(null),
        "membership.deleted",
    )
    .await;
    let role = limits::role(&admin, "viewer").await;
    let body = json!({ "max_api_calls_per_day": 1000 });
    w.step(&admin, "PATCH /api/roles/{role_id}", &[&role], body, "role.updated").await;
    spent::prices_and_budgets(w, &admin, &org).await;
    governed::second_factor(w, &eve).await;
    erased::people(w, &admin).await;
    w.step(&eve, "POST /api/auth/logout", &[], json!({}), "session.ended").await;
    let session = anonymous.post("/api/auth/login", body_of_eve()).await.ok();
    w.news().await;
    w.step(&admin.signed_in(&session), "POST /api/v1/auth/logout", &[], json!({}), "session.ended").await;
    complete(&world, &walk.walked).await;
}

fn body_of_eve() -> Value {
    json!({ "email": "eve@example.org", "password": PASSWORD })
}

/// Every route of the document that changes something was walked, or is named with a reason.
async fn complete(world: &World, walked: &BTreeSet<String>) {
    let document = world.admin.get("/openapi.json").await.ok();
    let paths = document["paths"].as_object().unwrap();
    let mut missing = Vec::new();
    for (path, item) in paths {
        for method in ["post", "put", "patch", "delete"] {
            if item.get(method).is_none() {
                continue;
            }
            // PATCH and PUT are one function, and so are the twins of a path under `/api/v1/orgs/{org_id}`.
            let short = path.replacen("/api/v1/orgs/{org_id}/", "/api/", 1);
            let known = [path.as_str(), short.as_str()].iter().any(|path| {
                let methods =
                    if method == "patch" || method == "put" { vec!["PUT", "PATCH"] } else { vec![method] };
                methods.iter().any(|method| {
                    let route = format!("{} {path}", method.to_uppercase());
                    walked.contains(&route) || ELSEWHERE.iter().any(|(named, _)| *named == route)
                })
            });
            if !known {
                missing.push(format!("{} {path}", method.to_uppercase()));
            }
        }
    }
    assert!(missing.is_empty(), "nobody knows what these write into the audit log: {missing:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_refusal_is_one_entry() {
    let world = World::start().await;
    let admin = world.admin.clone();
    let org = world.organization(&admin).await;
    let (viewer, colleague) = (
        world.colleague("vera@example.com", "viewer").await,
        world.colleague("grace@example.com", "admin").await,
    );
    let agent = text(
        &admin.post("/api/agents", json!({ "name": "Ours", "visibility": "organization" })).await.created()["id"],
    );
    let owner = text(&admin.get("/api/auth/me").await.ok()["user"]["id"]);
    let mut walk = Walk::new(&world).await;
    let members = format!("/api/v1/orgs/{org}/members");
    for answer in [
        viewer.post("/api/agents", json!({ "name": "x" })).await,
        viewer.put(&format!("/api/agents/{agent}"), json!({ "name": "x" })).await,
        viewer.delete(&format!("/api/agents/{agent}")).await,
        viewer.post("/api/conversations", json!({})).await,
        viewer.post(&members, json!({ "email": "x@example.com", "role": "member" })).await,
        viewer.get(&format!("/api/v1/orgs/{org}/audit")).await,
        viewer.get("/api/users").await,
        colleague.post(&members, json!({ "email": "x@example.com", "role": "owner" })).await,
        colleague.patch(&format!("{members}/{owner}"), json!({ "role": "member" })).await,
        colleague.delete(&format!("{members}/{owner}")).await,
        admin.delete(&format!("/api/agents/{}", world.agent())).await,
    ] {
        assert_eq!(answer.status, 403, "{answer}");
    }
    assert_eq!(walk.news().await, vec!["access.denied"; 11]);
    let wrong = json!({ "email": "ada@example.com", "password": "not the password at all" });
    admin.anonymous().post("/api/auth/login", wrong).await.problem(401, "sign_in_refused");
    let nobody = json!({ "email": "nobody@example.com", "password": "not the password at all" });
    admin.anonymous().post("/api/auth/login", nobody).await.problem(401, "sign_in_refused");
    assert_eq!(walk.news().await, vec!["account.sign_in_refused"; 2]);
    // The administrators of the organisation see the attempts on their people, and not what was typed.
    let page = admin.get(&format!("/api/v1/orgs/{org}/audit?event_type=account.sign_in_refused")).await.ok();
    assert_eq!(page["items"].as_array().unwrap().len(), 1, "{page}");
    assert!(!page.to_string().contains("not the password"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_look_at_something_confidential_is_an_entry_too() {
    let world = World::start().await;
    let admin = world.admin.clone();
    let me = text(&admin.get("/api/auth/me").await.ok()["user"]["id"]);
    admin.patch(&format!("/api/users/{me}"), json!({ "data_clearance_level": "restricted" })).await.ok();
    let body = json!({ "name": "Payroll", "data_classification": "confidential" });
    let agent = text(&admin.post("/api/agents", body).await.created()["id"]);
    let plain = text(&admin.post("/api/agents", json!({ "name": "Plain" })).await.created()["id"]);
    let mut walk = Walk::new(&world).await;
    admin.get(&format!("/api/agents/{agent}")).await.ok();
    assert_eq!(walk.news().await, ["data.accessed"]);
    admin.get(&format!("/api/agents/{plain}")).await.ok();
    assert_eq!(walk.news().await, Vec::<String>::new());
    let org = world.organization(&admin).await;
    let page = admin.get(&format!("/api/v1/orgs/{org}/audit?event_type=data.accessed")).await.ok();
    let entry = &page["items"][0];
    assert_eq!(
        (&entry["data_classification"], &entry["resource_id"]),
        (&json!("confidential"), &json!(agent))
    );
}
