//! APIs as connectors: what a description has to hold to, and the tools that follow from it.

use std::collections::{BTreeMap, BTreeSet};

use conductor_access::{Action, Facts};
use conductor_domain::{
    ApiMethod, ApiOperation, ApiSpec, AuthType, Caller, Connector, ConnectorSpec, FREE_REQUEST, SeenTool,
    canonical_json, sha256_hex,
};
use conductor_runs::Schema;
use conductor_storage::ScopedTx;
use serde_json::{Map, Value, json};

use crate::{Error, Registry, Result, ServerDraft};

/// Operations of one API at most: each is a tool that models may be told of.
pub(crate) const OPERATIONS: usize = 200;
/// Bytes of one operation's schema at most.
pub(crate) const SCHEMA_BYTES: usize = 64 * 1024;
/// The parts of a request that arguments fill.
const PARTS: [&str; 4] = ["path", "query", "headers", "body"];

/// The tools that an API's description makes, and which of them whoever wrote it may accept.
pub(crate) struct Described {
    seen: Vec<SeenTool>,
    /// Whether each changes nothing.
    accepted: BTreeMap<String, bool>,
}

impl Described {
    /// Brings the tools in line with the description. What is new or changed, and nobody who may accept it wrote, waits.
    pub(crate) async fn bring(
        self,
        tx: ScopedTx<'_>,
        connector: &Connector,
    ) -> conductor_storage::Result<()> {
        let sync = tx.tools().sync(connector, self.seen).await?;
        let news: BTreeSet<&String> = sync.added.iter().chain(&sync.changed).collect();
        let accepted = self.accepted.into_iter().filter(|(name, _)| news.contains(name)).collect();
        tx.tools().accept(connector.id, &accepted).await
    }
}

impl Registry {
    /// The tools of an API as it is to be; `None` for an MCP server, which is asked for its own.
    pub(crate) async fn described(
        &self,
        caller: &Caller,
        spec: &ConnectorSpec,
        facts: &Facts,
    ) -> Result<Option<Described>> {
        let Some(api) = &spec.api else { return Ok(None) };
        let judge = self.access.judge(caller).await?;
        let operations = operations(api);
        let may = |name: &str| {
            let mut facts = facts.clone().within(facts.target.clone());
            facts.target = format!("tool:{}/{name}", spec.slug);
            judge.allows(caller, Action::ToolApprove, &facts)
        };
        let accepted = operations
            .iter()
            .filter(|operation| may(&operation.name))
            .map(|operation| (operation.name.clone(), operation.read_only))
            .collect();
        Ok(Some(Described { seen: operations.iter().map(seen).collect(), accepted }))
    }
}

/// The operations of an API with the free one, where that is allowed.
pub(crate) fn operations(api: &ApiSpec) -> Vec<ApiOperation> {
    let mut operations = api.operations.clone();
    if api.free_requests {
        operations.push(ApiOperation {
            name: FREE_REQUEST.to_owned(),
            method: ApiMethod::Post,
            endpoint: String::new(),
            description: "Sends any request below the address of this API.".to_owned(),
            input_schema: Some(free_schema()),
            read_only: false,
        });
    }
    operations
}

fn free_schema() -> Value {
    let methods: Vec<&str> = ApiMethod::ALL.iter().map(|method| method.as_str()).collect();
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["method", "endpoint"],
        "properties": {
            "method": { "enum": methods },
            "endpoint": { "type": "string", "maxLength": 8_000, "description": "What is added to the API's address." },
            "headers": { "type": "object" },
            "query_params": { "type": "object" },
            "body": {},
        },
    })
}

/// The schema of an operation's arguments: its own, or what its endpoint and method say.
pub(crate) fn input_schema(operation: &ApiOperation) -> Value {
    if let Some(schema) = &operation.input_schema {
        return schema.clone();
    }
    let (mut properties, mut required) = (Map::new(), Vec::new());
    let names = operation.placeholders();
    if !names.is_empty() {
        let each: Map<String, Value> = names
            .iter()
            .map(|name| ((*name).to_owned(), json!({ "type": ["string", "number", "boolean"] })))
            .collect();
        let path =
            json!({ "type": "object", "additionalProperties": false, "required": names, "properties": each });
        properties.insert("path".to_owned(), path);
        required.push("path");
    }
    properties.insert("query".to_owned(), json!({ "type": "object" }));
    if matches!(operation.method, ApiMethod::Post | ApiMethod::Put | ApiMethod::Patch) {
        properties.insert("body".to_owned(), json!({}));
    }
    json!({ "type": "object", "additionalProperties": false, "required": required, "properties": properties })
}

fn seen(operation: &ApiOperation) -> SeenTool {
    let input_schema = input_schema(operation);
    let definition = json!({
        "name": operation.name,
        "description": operation.description,
        "method": operation.method.as_str(),
        "endpoint": operation.endpoint,
        "inputSchema": input_schema,
        "read_only": operation.read_only,
    });
    SeenTool {
        name: operation.name.clone(),
        display_name: operation.name.clone(),
        description: operation.description.clone(),
        definition_hash: sha256_hex(canonical_json(&definition)),
        definition,
        input_schema,
        output_schema: None,
    }
}

/// Checks what only an API has; each fault is a JSON pointer and what to change.
pub(crate) fn check(spec: &ConnectorSpec, api: &ApiSpec, fault: &mut impl FnMut(&str, String)) {
    if spec.endpoint.as_deref().is_some_and(|url| url.contains(['?', '#'])) {
        let says = "the address of an API has no query and no fragment; operations have them";
        fault("/endpoint", says.to_owned());
    }
    if api.operations.is_empty() && !api.free_requests {
        fault("/api/operations", "describe at least one operation, or allow free requests".to_owned());
    }
    if api.operations.len() > OPERATIONS {
        fault("/api/operations", format!("an API has at most {OPERATIONS} operations here"));
        return;
    }
    let mut names = BTreeSet::new();
    for (index, operation) in api.operations.iter().enumerate() {
        let at = |field: &str| format!("/api/operations/{index}/{field}");
        if !is_name(&operation.name) {
            let says = "a name has 1 to 64 letters, digits, underscores, hyphens and dots";
            fault(&at("name"), says.to_owned());
        } else if !names.insert(operation.name.to_ascii_lowercase()) {
            fault(&at("name"), "another operation has this name".to_owned());
        } else if api.free_requests && operation.name.eq_ignore_ascii_case(FREE_REQUEST) {
            fault(&at("name"), "this is the name of the free request; choose another".to_owned());
        }
        if let Some(says) = elsewhere(&operation.endpoint).or_else(|| unpaired(&operation.endpoint)) {
            fault(&at("endpoint"), says.to_owned());
        }
        if let Some(says) = operation.input_schema.as_ref().and_then(unfit) {
            fault(&at("input_schema"), says);
        }
    }
    let auth = &api.auth;
    let missing = |text: &Option<String>| text.as_deref().is_none_or(|text| text.trim().is_empty());
    match spec.auth_type {
        AuthType::OAuth2 => {
            if missing(&auth.token_url) {
                fault("/api/auth/token_url", "say where tokens are given".to_owned());
            }
            if missing(&auth.client_id) {
                fault("/api/auth/client_id", "say which client asks for tokens".to_owned());
            }
        }
        AuthType::Basic if missing(&auth.username) => {
            fault("/api/auth/username", "say who signs in".to_owned());
        }
        AuthType::Basic if auth.username.as_deref().is_some_and(|name| name.contains(':')) => {
            fault("/api/auth/username", "a user name holds no colon".to_owned());
        }
        _ => {}
    }
}

/// Whether a text can be the name of an operation.
pub(crate) fn is_name(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'))
}

/// Why an endpoint would lead, or seem to lead, away from the address of its API.
pub(crate) fn elsewhere(endpoint: &str) -> Option<&'static str> {
    if endpoint.contains(|odd: char| matches!(odd, '\\' | '#') || odd.is_control() || odd.is_whitespace()) {
        return Some("an endpoint contains no backslash, no hash, no space and no control character");
    }
    let path = endpoint.split('?').next().unwrap_or_default();
    if path.starts_with("//") || path.starts_with(['@', ':']) || path.contains("://") {
        return Some("an endpoint is added to the API's address and is none itself; begin it with one slash");
    }
    let steps =
        |segment: &str| matches!(segment.to_ascii_lowercase().replace("%2e", ".").as_str(), "." | "..");
    if path.split('/').any(steps) {
        return Some("an endpoint contains no step to another folder (`.` or `..`)");
    }
    None
}

pub(crate) fn unpaired(endpoint: &str) -> Option<&'static str> {
    let mut rest = endpoint;
    while let Some(at) = rest.find(['{', '}']) {
        let parameter = rest.get(at..).and_then(|text| text.strip_prefix('{')?.split_once('}'));
        match parameter {
            Some((name, after)) if !name.is_empty() && !name.contains(['{', '/']) => rest = after,
            _ => return Some("write parameters of the path as {name}"),
        }
    }
    None
}

pub(crate) fn unfit(schema: &Value) -> Option<String> {
    if schema.to_string().len() > SCHEMA_BYTES {
        return Some(format!("a schema has at most {SCHEMA_BYTES} bytes"));
    }
    if !schema.is_object() {
        return Some("a schema is an object".to_owned());
    }
    let others: Vec<&str> = schema
        .get("properties")
        .and_then(Value::as_object)
        .into_iter()
        .flat_map(Map::keys)
        .map(String::as_str)
        .filter(|name| !PARTS.contains(name))
        .collect();
    if !others.is_empty() {
        return Some(format!(
            "arguments stand in path, query, headers and body, not in {}",
            others.join(", ")
        ));
    }
    Schema::read(schema).err()
}

/// A connector stays what it is, and a credential is not sent to another address than the one it was entered for.
pub(crate) fn stays(before: &Connector, draft: &ServerDraft) -> Result<()> {
    let fault = |pointer: &str, says: &str| {
        Err(Error::Invalid { faults: vec![(pointer.to_owned(), says.to_owned())] })
    };
    if before.spec.api.is_some() != draft.spec.api.is_some() {
        return fault("/api", "an MCP server does not become an API, nor the other way round; add a new one");
    }
    let token_url = |spec: &ConnectorSpec| spec.api.as_ref().and_then(|api| api.auth.token_url.clone());
    let moved =
        before.spec.endpoint != draft.spec.endpoint || token_url(&before.spec) != token_url(&draft.spec);
    let kept =
        before.secret_ref.is_some() && draft.secret.is_none() && draft.spec.auth_type != AuthType::None;
    if kept && moved {
        return fault("/secret", "the address is another; enter the credential for it");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_that_lead_away_are_told() {
        for endpoint in [
            "//evil.example",
            "https://evil.example/",
            "/https://evil.example",
            "@evil.example",
            ":80/",
            "/a/../b",
            "..",
            "/a/%2E%2e/b",
            "/a/.",
            "/a\\b",
            "/a b",
            "/a#b",
            "/a\r\nX: 1",
        ] {
            assert!(elsewhere(endpoint).is_some(), "{endpoint:?}");
        }
        for endpoint in ["", "/", "/users/@me", "items", "/a/{b}.json?c=..&d=https://x.example/"] {
            assert!(elsewhere(endpoint).is_none(), "{endpoint:?}");
        }
    }

    #[test]
    fn braces_come_in_pairs_around_names() {
        for endpoint in ["/{", "/}", "/{}", "/{a/b}", "/{a}}", "/{{a}}"] {
            assert!(unpaired(endpoint).is_some(), "{endpoint:?}");
        }
        for endpoint in ["/", "/{a}", "/{a}/{b}.json?c={d}"] {
            assert!(unpaired(endpoint).is_none(), "{endpoint:?}");
        }
    }

    #[test]
    fn a_schema_follows_from_the_endpoint() {
        let operation = ApiOperation {
            name: "find".to_owned(),
            method: ApiMethod::Get,
            endpoint: "/items/{id}".to_owned(),
            description: String::new(),
            input_schema: None,
            read_only: true,
        };
        let schema = Schema::read(&input_schema(&operation)).unwrap();
        assert!(schema.fits(&json!({ "path": { "id": "a" } })).is_ok());
        for unfit in [json!({}), json!({ "path": {} }), json!({ "path": { "id": "a" }, "url": "x" })] {
            assert!(schema.fits(&unfit).is_err(), "{unfit}");
        }
    }
}
