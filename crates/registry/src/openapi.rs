//! Reads an OpenAPI 3 document into the operations of an API. It is data of whoever offers the API: nothing in it is fetched,
//! and what cannot be taken over is told with its place.

mod schemas;

use conductor_access::{Action, Facts};
use conductor_domain::{
    ApiAuth, ApiMethod, ApiOperation, ApiSpec, AuthType, Caller, ConnectorId, FREE_REQUEST,
};
use conductor_workflow_graph::{Limits, Syntax, parse};
use serde_json::{Map, Value, json};

use self::schemas::{Part, Schemas};
use crate::{
    Error, Registry, Result,
    api::{OPERATIONS, elsewhere, is_name, unfit, unpaired},
};

/// What was left out and is told one by one.
const TOLD: usize = 100;
/// Characters of a description.
const WORDS: usize = 1_000;

/// An API as its document describes it, ready to be looked at and registered.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ImportedApi {
    /// Its title.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// The address of its first server, where that is a whole one.
    pub endpoint: Option<String>,
    /// How it is signed in to.
    pub auth_type: AuthType,
    /// The header of the credential.
    pub auth_header: Option<String>,
    /// Its operations.
    pub api: ApiSpec,
    /// JSON pointer and reason of everything that was left out.
    pub left_out: Vec<(String, String)>,
}

impl Registry {
    /// Reads an OpenAPI 3 document. Nothing is kept.
    ///
    /// # Errors
    /// `Invalid` with the place of what cannot be read, or a refusal.
    pub async fn import_api(&self, caller: &Caller, document: &str) -> Result<ImportedApi> {
        let id = ConnectorId::generate(&**self.store.clock());
        let facts = Facts::new(format!("connector:{id}"), caller.scope).owned_by(caller.user_id());
        self.access.require(caller, Action::ConnectorCreate, &facts).await?;
        read(document)
    }
}

fn read(document: &str) -> Result<ImportedApi> {
    let root = parse(document, Syntax::of(document), &Limits::default()).map_err(|problem| {
        let place = problem.position.map(|at| format!(" (line {}, column {})", at.line, at.column));
        invalid("", format!("{}{}", problem.message, place.unwrap_or_default()))
    })?;
    if !root.get("openapi").and_then(Value::as_str).is_some_and(|version| version.starts_with("3.")) {
        return Err(invalid("/openapi", "this is no OpenAPI document of version 3".to_owned()));
    }
    let Some(paths) = root.get("paths").and_then(Value::as_object) else {
        return Err(invalid("/paths", "the document describes no paths".to_owned()));
    };
    let text = |pointer: &str| root.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let mut imported = ImportedApi {
        name: cut(text("/info/title"), 100),
        description: cut(text("/info/description"), WORDS),
        endpoint: server(&root),
        ..ImportedApi::default()
    };
    security(&root, &mut imported);
    for (path, item) in paths {
        for method in ApiMethod::ALL {
            let word = method.as_str().to_ascii_lowercase();
            let Some(described) = item.get(&word) else { continue };
            let pointer = format!("/paths/{}/{word}", path.replace('~', "~0").replace('/', "~1"));
            let read = if imported.api.operations.len() < OPERATIONS {
                operation(&root, path, *method, item, described)
            } else {
                Err(format!("an API has at most {OPERATIONS} operations here"))
            };
            match read {
                Ok(mut operation) => {
                    operation.name = free_name(&operation.name, &imported.api.operations);
                    imported.api.operations.push(operation);
                }
                Err(why) if imported.left_out.len() < TOLD => imported.left_out.push((pointer, why)),
                Err(_) => {}
            }
        }
    }
    if imported.api.operations.is_empty() {
        let why = imported.left_out.first();
        let why = why.map(|(at, why)| format!("no operation can be taken over; {at}: {why}"));
        return Err(invalid(
            "/paths",
            why.unwrap_or_else(|| "the document describes no operation".to_owned()),
        ));
    }
    Ok(imported)
}

fn invalid(pointer: &str, says: String) -> Error {
    Error::Invalid { faults: vec![(format!("/document{pointer}"), says)] }
}

fn cut(text: &str, most: usize) -> String {
    text.trim().chars().take(most).collect()
}

/// The address of the first server, with its variables at what they are by default.
fn server(root: &Value) -> Option<String> {
    let server = root.pointer("/servers/0")?;
    let mut url = server.get("url")?.as_str()?.to_owned();
    for (name, variable) in server.get("variables").and_then(Value::as_object).into_iter().flatten() {
        let value = variable.get("default").and_then(Value::as_str).unwrap_or_default();
        url = url.replace(&format!("{{{name}}}"), value);
    }
    let whole = url.starts_with("https://") || url.starts_with("http://");
    (whole && !url.contains(['{', '?', '#'])).then(|| url.trim_end_matches('/').to_owned())
}

/// How requests are signed in, by the first scheme that can be.
fn security(root: &Value, imported: &mut ImportedApi) {
    let schemes = root.pointer("/components/securitySchemes").and_then(Value::as_object);
    for scheme in schemes.into_iter().flat_map(Map::values) {
        let text = |field: &str| scheme.get(field).and_then(Value::as_str).unwrap_or_default();
        let named = Some(text("name").to_owned()).filter(|name| !name.is_empty());
        match (text("type"), text("scheme").to_ascii_lowercase().as_str(), text("in")) {
            ("http", "bearer", _) => imported.auth_type = AuthType::Bearer,
            ("http", "basic", _) => imported.auth_type = AuthType::Basic,
            ("apiKey", _, "header") => {
                imported.auth_type = AuthType::ApiKey;
                imported.auth_header = named;
            }
            ("apiKey", _, "query") => {
                imported.auth_type = AuthType::ApiKey;
                imported.api.auth.query = named;
            }
            ("oauth2", ..) => {
                let Some(flow) = scheme.pointer("/flows/clientCredentials") else { continue };
                let scopes = flow.get("scopes").and_then(Value::as_object);
                let scopes: Vec<&str> = scopes.into_iter().flat_map(Map::keys).map(String::as_str).collect();
                imported.auth_type = AuthType::OAuth2;
                imported.api.auth = ApiAuth {
                    token_url: flow.get("tokenUrl").and_then(Value::as_str).map(str::to_owned),
                    scope: Some(scopes.join(" ")).filter(|scopes| !scopes.is_empty()),
                    ..ApiAuth::default()
                };
            }
            _ => continue,
        }
        return;
    }
}

fn operation(
    root: &Value,
    path: &str,
    method: ApiMethod,
    item: &Value,
    described: &Value,
) -> Result<ApiOperation, String> {
    if let Some(why) = elsewhere(path).or_else(|| unpaired(path)) {
        return Err(why.to_owned());
    }
    let text = |field: &str| described.get(field).and_then(Value::as_str).unwrap_or_default().trim();
    let mut description = text("summary").to_owned();
    if !text("description").is_empty() && text("description") != description {
        description = format!("{description}\n\n{}", text("description")).trim().to_owned();
    }
    let given = name_of(text("operationId"));
    let mut operation = ApiOperation {
        name: if given.is_empty() { name_of(&format!("{} {path}", method.as_str())) } else { given },
        method,
        endpoint: path.to_owned(),
        description: cut(&description, WORDS),
        input_schema: None,
        read_only: matches!(method, ApiMethod::Get | ApiMethod::Head | ApiMethod::Options),
    };
    let schemas = Schemas::of(root);
    let mut parts = schemas.parameters(item, described)?;
    for name in operation.placeholders() {
        let known = parts[0].properties.contains_key(name);
        if !known {
            parts[0].add(name, json!({ "type": "string" }), true);
        }
    }
    let mut whole = Part::default();
    if let Some(schemas::Body { schema, required, content_type }) = schemas.body(described)? {
        whole.add("body", schema, required);
        if let Some(content_type) = content_type {
            parts[2].add("Content-Type", json!({ "const": content_type }), true);
        }
    }
    for (name, part) in ["path", "query", "headers"].into_iter().zip(parts) {
        if !part.properties.is_empty() {
            let required = !part.required.is_empty();
            whole.add(name, part.schema(), required);
        }
    }
    let schema = whole.schema();
    if let Some(why) = unfit(&schema) {
        return Err(format!("its schema cannot be used: {why}"));
    }
    operation.input_schema = Some(schema);
    Ok(operation)
}

/// A name of letters, digits and underscores from whatever the document calls it.
fn name_of(text: &str) -> String {
    if is_name(text) {
        return text.to_owned();
    }
    let mut name = String::new();
    for character in text.to_lowercase().chars() {
        if character.is_ascii_alphanumeric() {
            name.push(character);
        } else if !name.is_empty() && !name.ends_with('_') {
            name.push('_');
        }
    }
    name.truncate(60);
    name.trim_end_matches('_').to_owned()
}

/// The name, or the name with the first number that is free.
fn free_name(name: &str, taken: &[ApiOperation]) -> String {
    let free = |name: &str| {
        name != FREE_REQUEST && !taken.iter().any(|operation| operation.name.eq_ignore_ascii_case(name))
    };
    let short: String = name.chars().take(60).collect();
    let numbered = (2..).map(|number| format!("{short}_{number}"));
    std::iter::once(name.to_owned()).chain(numbered).find(|name| free(name)).unwrap_or_default()
}

#[cfg(test)]
mod tests;
