//! Three tenants, each with five kinds of callers and one of everything that has an id.

use std::collections::HashMap;

use conductor_mcp_client::testing;
use conductor_test_support::Api;
use serde_json::{Value, json};

use crate::world::{World, text};

/// The kinds of callers.
pub(super) const ROLES: [&str; 5] = ["owner", "admin", "member", "viewer", "machine"];

/// A tenant.
pub(super) struct Tenant {
    /// What every text of it holds.
    pub(super) mark: String,
    /// Access tokens, in the order of [`ROLES`].
    pub(super) tokens: Vec<String>,
    /// Ids by what they are called in paths and bodies.
    pub(super) ids: HashMap<String, String>,
    /// A second sign-in of the owner's, which a request may end.
    pub(super) spare: String,
}

impl Tenant {
    /// The id that a parameter or field of this name wants.
    pub(super) fn id(&self, name: &str) -> String {
        let name = match name {
            "parent_run_id" => "run_id",
            "connection_id" => "server_id",
            "default_agent_id" => "agent_id",
            "environment_id" => "env_id",
            "organization_id" | "scope_id" => "org_id",
            "parent_message_id" | "current_leaf_id" | "branch" => "message_id",
            "image_ids" | "attachment_ids" => "file_id",
            "owner_user_id" | "subject_id" => "user_id",
            "resource_id" | "target_id" => "agent_id",
            "id" => "rule_id",
            name => name,
        };
        self.ids.get(name).cloned().unwrap_or_else(|| "0192f1c0-7b4e-7a6e-8a53-1d2c3b4a5f61".to_owned())
    }
}

/// The signed-in client's own token.
async fn token(api: &Api, email: &str) -> String {
    let body = json!({ "email": email, "password": PASSWORD });
    text(&api.anonymous().post("/api/auth/login", body).await.ok()["access_token"])
}

const PASSWORD: &str = "correct horse battery staple";

/// Makes a tenant with one of everything.
pub(super) async fn tenant(world: &World, peer: &testing::Server, number: usize) -> Tenant {
    let mark = format!("canary{number}");
    let email = |role: &str| format!("{role}@{mark}.example.com");
    let body =
        json!({ "email": email("owner"), "password": PASSWORD, "first_name": mark, "last_name": "Owner" });
    let session = world.anonymous().post("/api/v1/auth/register", body).await.status(201).json();
    let owner = world.anonymous().signed_in(&session);
    owner.post("/api/v1/auth/me/orgs", json!({ "name": format!("{mark} team") })).await.created();
    let mut owner = world.anonymous().with_token(&token(&owner, &email("owner")).await);
    let me = owner.get("/api/auth/me").await.ok();
    let mut ids = HashMap::new();
    let mut keep = |name: &str, id: &Value| ids.insert(name.to_owned(), text(id));
    keep("org_id", &me["organization"]["id"]);
    keep("env_id", &me["environment"]["id"]);
    keep("user_id", &me["user"]["id"]);
    let org = format!("/api/v1/orgs/{}", text(&me["organization"]["id"]));

    let mut tokens = vec![token(&owner, &email("owner")).await];
    let mut member = owner.clone();
    for role in ["admin", "member", "viewer"] {
        let body = json!({ "email": email(role), "role": role, "name": format!("{mark} {role}") });
        let invited = owner.post(&format!("{org}/members"), body).await.status(201).json();
        let link = text(&invited["invite_link"]);
        let body = json!({ "token": link.split("token=").nth(1).unwrap(), "password": PASSWORD });
        owner.anonymous().post("/api/auth/invite/accept", body).await.ok();
        tokens.push(token(&owner, &email(role)).await);
        if role == "member" {
            member = world.anonymous().with_token(tokens.last().unwrap());
        }
    }
    let spare = token(&owner, &email("owner")).await;
    let sessions = owner.get("/api/auth/sessions?limit=100").await.ok();
    keep("session_id", &sessions["items"][0]["id"]);
    owner = world.anonymous().with_token(&tokens[0]);

    let id = async |api: &Api, path: &str, body: Value| api.post(path, body).await.created()["id"].clone();
    let agent =
        id(&owner, "/api/agents", json!({ "name": format!("{mark} agent"), "visibility": "organization" }))
            .await;
    let private = id(&owner, "/api/agents", json!({ "name": format!("{mark} private") })).await;
    keep("agent_id", &agent);
    let workflow = json!({ "name": format!("{mark}-workflow"), "visibility": "organization" });
    let workflow = id(&owner, "/api/workflows", workflow).await;
    keep("workflow_id", &workflow);
    let words = json!({ "tags": [format!("{mark} tag")] });
    let tagged = owner.post(&format!("/api/workflows/{}/tags", text(&workflow)), words).await.ok();
    keep("tag_id", &tagged["items"][0]["id"]);
    let rating = json!({ "rating": 3, "review": format!("{mark} review") });
    member.post(&format!("/api/workflows/{}/rate", text(&workflow)), rating).await.ok();
    let drawn = json!({ "nodes": [], "edges": [] });
    let canvas = json!({ "name": format!("{mark} drawing"), "workflow_id": workflow, "state_json": drawn });
    keep("canvas_id", &id(&owner, &format!("{org}/canvas"), canvas).await);
    let path = format!("/api/workflows/{}/execute", text(&workflow));
    keep("execution_id", &owner.post(&path, json!({})).await.created()["run"]["id"]);
    let server = json!({ "name": format!("{mark} server"), "transport": "http", "endpoint": peer.url() });
    let server = id(&owner, "/api/mcp/servers", server).await;
    keep("server_id", &server);
    let path = format!("/api/mcp/servers/{}", text(&server));
    let found = owner.post(&format!("{path}/discover"), json!({})).await.ok();
    keep("tool_id", &found["tools"][0]["id"]);
    let ask = json!({ "approval": "ask" });
    owner.put(&format!("{path}/tools/{}", text(&found["tools"][0]["id"])), ask).await.ok();
    let call = json!({ "server_id": server, "tool": "echo", "arguments": { "word": mark } });
    let called = owner.post("/api/mcp/execute/tool", call).await.created();
    assert_eq!(called["run"]["status"], "waiting", "{called}");
    let tasks = owner.get("/api/tasks?status=pending").await.ok();
    keep("task_id", &tasks["items"][0]["id"]);

    let conversation = json!({ "model": "demo", "title": format!("{mark} conversation") });
    let conversation = id(&owner, "/api/conversations", conversation).await;
    keep("conversation_id", &conversation);
    let content = json!({ "content": format!("Make an HTML page about {mark}.") });
    let path = format!("/api/conversations/{}", text(&conversation));
    let sent = owner.post(&format!("{path}/messages"), content).await.created();
    owner.events(&text(&sent["run"]["id"]), 0).await.rest().await;
    keep("message_id", &sent["message"]["id"]);
    keep("run_id", &sent["run"]["id"]);
    let artifacts = owner.get(&format!("{path}/artifacts")).await.ok();
    keep("artifact_id", &artifacts["items"][0]["id"]);
    let file = owner.upload("/api/files", "a.txt", "text/plain", mark.as_str()).await.created();
    keep("file_id", &file["id"]);

    let user = member.get("/api/auth/me").await.ok()["user"]["id"].clone();
    let share = json!({ "user_id": user, "permission_level": "read" });
    let agents = format!("/api/agents/{}", text(&agent));
    let share = id(&owner, &format!("{agents}/share"), share).await;
    keep("share_id", &share);
    keep("grant_id", &share);
    let wish =
        json!({ "resource_type": "agent", "resource_id": agent, "access_level": "write", "reason": mark });
    keep("request_id", &id(&member, "/api/permissions/request", wish).await);
    let review = json!({ "name": format!("{mark} review"), "due_at": "2100-01-01T00:00:00Z" });
    let review = id(&owner, "/api/permissions/campaigns", review).await;
    keep("campaign_id", &review);
    let items = owner.get(&format!("/api/permissions/campaigns/{}/items", text(&review))).await.ok();
    keep("item_id", &items["items"][0]["id"]);

    let key = json!({
        "provider": "openai_compatible", "key_name": mark, "api_key": "sk-canary-4f1c9a77e2b04d5c",
        "base_url": "http://127.0.0.1:9/v1", "models": ["nobody-answers"],
    });
    keep("key_id", &id(&owner, "/api/settings/api-keys", key).await);
    let token = json!({ "name": mark, "scopes": ["agent.read"] });
    keep("jti", &id(&owner, &format!("{org}/agents/{}/tokens", text(&private)), token).await);
    let account = json!({ "name": format!("{mark} machine"), "scope_allowlist": MACHINE });
    let account = id(&owner, &format!("{org}/service-accounts"), account).await;
    keep("service_account_id", &account);
    let machine = json!({ "name": mark, "scopes": MACHINE });
    let machine =
        owner.post(&format!("{org}/service-accounts/{}/tokens", text(&account)), machine).await.created();
    tokens.push(text(&machine["token"]));

    let rule = json!({ "effect": "deny", "action": "tool.invoke", "target": mark });
    let another = json!({ "name": format!("{mark} another"), "rules": [rule] });
    keep("another_policy", &id(&owner, &format!("{org}/policies"), another).await);
    let policy = json!({ "name": mark, "rules": [rule] });
    let policy = owner.post(&format!("{org}/policies"), policy).await.created();
    keep("policy_id", &policy["id"]);
    keep("rule_id", &policy["rules"][0]["id"]);
    let binding = json!({ "policy_id": policy["id"], "scope_type": "org", "scope_id": "*" });
    keep("binding_id", &id(&owner, "/api/v1/policies/bindings", binding).await);
    let budget = json!({ "name": mark, "scope": "organization", "period": "month", "limit": "10" });
    keep("budget_id", &id(&owner, &format!("{org}/budgets"), budget).await);
    let log = owner.get(&format!("{org}/audit?limit=1")).await.ok();
    keep("event_id", &log["items"][0]["id"]);
    Tenant { mark, tokens, ids, spare }
}

/// All that a machine's token can be given here.
const MACHINE: [&str; 8] = [
    "agent.*",
    "connector.read",
    "tool.*",
    "run.*",
    "budget.read",
    "usage.read",
    "organization.read",
    "environment.*",
];
