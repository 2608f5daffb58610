//! Every route of the document: without a token, and as a stranger. A new route is walked without being asked.

use std::collections::{BTreeSet, HashMap};

use serde_json::{Value, json};

use crate::world::{Person, World};

/// What answers without a sign-in.
const PUBLIC: [&str; 17] = [
    "GET /health",
    "GET /ready",
    "GET /metrics",
    "GET /artifact-frame",
    "GET /docs/errors/{code}",
    "GET /api/setup/status",
    "POST /api/setup",
    "POST /api/auth/login",
    "POST /api/v1/auth/login",
    "POST /api/auth/refresh",
    "POST /api/v1/auth/register",
    "POST /api/auth/invite/accept",
    "GET /api/auth/oidc/providers",
    "GET /api/auth/oidc/{slug}/start",
    "GET /api/auth/oidc/callback",
    "POST /api/hooks/{hook_id}",
    "GET /api/share/{token}",
];

struct Operation {
    method: String,
    path: String,
    value: Value,
}

impl Operation {
    fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    fn is_public(&self) -> bool {
        PUBLIC.contains(&self.name().as_str())
    }
}

async fn document(world: &World) -> (Value, Vec<Operation>) {
    let document = world.get("/openapi.json").send().await.ok();
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in ["get", "post", "put", "patch", "delete"] {
            if let Some(value) = item.get(method) {
                let value = value.clone();
                operations.push(Operation { method: method.to_uppercase(), path: path.clone(), value });
            }
        }
    }
    assert!(operations.len() > 40, "{} operations", operations.len());
    (document, operations)
}

/// The smallest body that a schema allows.
fn sample(document: &Value, schema: &Value) -> Value {
    if let Some(reference) = schema["$ref"].as_str() {
        return sample(document, document.pointer(&reference[1..]).unwrap());
    }
    for choice in ["oneOf", "anyOf"] {
        if let Some(first) =
            schema[choice].as_array().and_then(|all| all.iter().find(|one| one["type"] != "null"))
        {
            return sample(document, first);
        }
    }
    if let Some(parts) = schema["allOf"].as_array() {
        let mut whole = serde_json::Map::new();
        for part in parts {
            whole.extend(sample(document, part).as_object().cloned().unwrap_or_default());
        }
        return Value::Object(whole);
    }
    if let Some(first) = schema["enum"].as_array().and_then(|all| all.first()) {
        return first.clone();
    }
    let kind = match &schema["type"] {
        Value::Array(kinds) => kinds.iter().find(|kind| **kind != "null").cloned().unwrap_or_default(),
        kind => kind.clone(),
    };
    match kind.as_str() {
        Some("string") if schema["format"] == "date-time" => json!("2100-01-01T00:00:00Z"),
        Some("string") if schema["format"] == "uuid" => json!("0192f1c0-7b4e-7a6e-8a53-1d2c3b4a5f60"),
        Some("string") => json!("sample"),
        Some("integer" | "number") => schema.get("minimum").cloned().unwrap_or(json!(1)),
        Some("boolean") => json!(true),
        Some("array") => json!([]),
        _ => {
            let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
            let fields =
                required.map(|name| (name.to_owned(), sample(document, &schema["properties"][name])));
            Value::Object(fields.collect())
        }
    }
}

fn body(document: &Value, operation: &Operation) -> Option<Value> {
    let schema = operation.value.pointer("/requestBody/content/application~1json/schema")?;
    Some(sample(document, schema))
}

fn fill(path: &str, ids: &HashMap<&str, String>) -> String {
    let mut filled = String::new();
    for segment in path.split('/').skip(1) {
        let name = segment.strip_prefix('{').and_then(|name| name.strip_suffix('}'));
        let unknown = || "0192f1c0-7b4e-7a6e-8a53-1d2c3b4a5f60".to_owned();
        filled.push('/');
        filled.push_str(&match name {
            Some("version") => "1".to_owned(),
            Some(name) => ids.get(name).cloned().unwrap_or_else(unknown),
            None => segment.to_owned(),
        });
    }
    filled
}

#[tokio::test]
async fn without_a_token_nothing_is_given() {
    let (world, _) = World::set_up().await;
    let (document, operations) = document(&world).await;
    let mut walked = 0;
    for operation in &operations {
        let name = operation.name();
        let declared_public =
            operation.value["security"].as_array().is_some_and(|all| all.iter().all(|one| *one == json!({})));
        assert_eq!(
            declared_public,
            operation.is_public(),
            "{name}: the document and the list of public routes differ"
        );
        if operation.is_public() {
            continue;
        }
        let path = fill(&operation.path, &HashMap::new());
        let answer = world.call(&operation.method, &path, body(&document, operation)).send().await;
        assert_eq!(answer.status, 401, "{name}: {}", answer.text());
        answer.problem(401, "token_missing");
        walked += 1;
    }
    assert!(walked > 30, "{walked} routes walked");
}

#[tokio::test]
async fn a_stranger_finds_nothing() {
    let (world, admin) = World::set_up().await;
    let stranger = world.stranger().await;
    let ids = belongings(&world, &admin).await;
    let (document, operations) = document(&world).await;
    let mut walked = 0;
    for operation in
        operations.iter().filter(|operation| !operation.is_public() && operation.path.contains('{'))
    {
        let path = fill(&operation.path, &ids);
        let call = world.call(&operation.method, &path, body(&document, operation)).by(&stranger);
        let answer = call.send().await;
        let hidden = [403, 404].contains(&answer.status.as_u16());
        assert!(hidden, "{} as a stranger: {} {}", operation.name(), answer.status, answer.text());
        walked += 1;
    }
    assert!(walked > 20, "{walked} routes walked");
    // And nothing of it happened.
    let me = world.get("/api/auth/me").by(&admin).send().await.ok();
    assert_eq!((&me["organization"]["name"], &me["user"]["role"]), (&json!("Example"), &json!("admin")));
}

#[tokio::test]
async fn no_query_may_hold_what_the_operation_does_not_read() {
    let (world, admin) = World::set_up().await;
    let (document, operations) = document(&world).await;
    for operation in &operations {
        let name = operation.name();
        // Sign-in providers add parameters of their own.
        if name == "GET /api/auth/oidc/callback" {
            continue;
        }
        let path = format!("{}?limits=1", fill(&operation.path, &HashMap::new()));
        let call = world.call(&operation.method, &path, body(&document, operation)).by(&admin);
        let problem = call.send().await.problem(422, "unknown_field");
        assert_eq!(problem["errors"][0]["pointer"], "?limits", "{name}: {problem}");
    }
    // And nothing of it happened.
    assert_eq!(world.get("/api/conversations?").by(&admin).send().await.ok()["items"], json!([]));
}

/// Rows of the administrator, by the name of the path parameter they stand for.
async fn belongings(world: &World, admin: &Person) -> HashMap<&'static str, String> {
    let id = |value: &Value| value["id"].as_str().unwrap().to_owned();
    let mut ids = HashMap::from([
        ("org_id", admin.organization()),
        ("env_id", admin.session["environment"]["id"].as_str().unwrap().to_owned()),
        ("user_id", admin.id()),
    ]);
    let sessions = world.get("/api/auth/sessions").by(admin).send().await.ok();
    ids.insert("session_id", id(&sessions["items"][0]));
    let key = json!({ "provider": "openai", "key_name": "work", "api_key": "sk-canary-4f1c9a77e2b04d5c" });
    ids.insert("key_id", id(&world.post("/api/settings/api-keys", key).by(admin).send().await.created()));
    let agent = json!({ "name": "Private helper" });
    let agent = id(&world.post("/api/agents", agent).by(admin).send().await.created());
    let org = format!("/api/v1/orgs/{}", admin.organization());
    let token = json!({ "name": "worker", "scopes": ["agent.read"] });
    let tokens = format!("{org}/agents/{agent}/tokens");
    ids.insert("jti", id(&world.post(&tokens, token).by(admin).send().await.created()));
    ids.insert("agent_id", agent);
    let workflow = json!({ "name": "private-workflow" });
    ids.insert("workflow_id", id(&world.post("/api/workflows", workflow).by(admin).send().await.created()));
    let canvas = json!({ "name": "Private drawing", "state_json": { "nodes": [], "edges": [] } });
    let canvases = format!("{org}/canvas");
    ids.insert("canvas_id", id(&world.post(&canvases, canvas).by(admin).send().await.created()));
    let account = json!({ "name": "CI" });
    let accounts = format!("{org}/service-accounts");
    ids.insert("service_account_id", id(&world.post(&accounts, account).by(admin).send().await.created()));
    let conversation = world.post("/api/conversations", json!({})).by(admin).send().await.created();
    let messages = format!("/api/conversations/{}/messages", id(&conversation));
    let sent = world.post(&messages, json!({ "content": "Hello" })).by(admin).send().await.created();
    ids.insert("conversation_id", id(&conversation));
    ids.insert("message_id", id(&sent["message"]));
    ids.insert("run_id", id(&sent["run"]));
    ids.insert("execution_id", id(&sent["run"]));
    let server =
        json!({ "name": "Private server", "transport": "http", "endpoint": "https://mcp.example.com/mcp" });
    ids.insert("server_id", id(&world.post("/api/mcp/servers", server).by(admin).send().await.created()));
    ids
}

#[tokio::test]
async fn the_document_is_whole() {
    let (document, operations) = document(&World::new().await).await;
    let mut ids = BTreeSet::new();
    for operation in &operations {
        let name = operation.name();
        let id =
            operation.value["operationId"].as_str().unwrap_or_else(|| panic!("{name} has no operationId"));
        assert!(ids.insert(id.to_owned()), "{name}: operationId {id} is taken");
        assert!(operation.value["tags"][0].is_string(), "{name} has no tag");
        assert!(operation.value["responses"]["default"].is_object(), "{name} has no problem");
        for parameter in operation.path.split('{').skip(1).filter_map(|rest| rest.split('}').next()) {
            let listed = operation.value["parameters"].as_array().into_iter().flatten();
            let found = listed.filter(|one| one["in"] == "path").any(|one| one["name"] == parameter);
            assert!(found, "{name}: the parameter {parameter} is not described");
        }
    }
    references(&document, &document);
    assert!(document["components"]["schemas"]["RunEvent"].is_object());
}

/// Every `$ref` leads somewhere.
fn references(document: &Value, value: &Value) {
    match value {
        Value::Object(fields) => {
            if let Some(reference) = fields.get("$ref").and_then(Value::as_str) {
                assert!(document.pointer(&reference[1..]).is_some(), "{reference} leads nowhere");
            }
            fields.values().for_each(|value| references(document, value));
        }
        Value::Array(items) => items.iter().for_each(|value| references(document, value)),
        _ => {}
    }
}
