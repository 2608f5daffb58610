//! Many operations in one request (RFC 7644, section 3.7). Each is what it would be by itself: one transaction, one
//! decision, one entry in the audit log; that they came together makes them no whole.

use std::collections::{BTreeSet, HashMap};

use axum::{extract::State, http::StatusCode};
use conductor_identity::{BULK_OPERATIONS, Provisioner, ScimKind};
use serde_json::{Value, json};

use super::{
    Answer,
    answer::{Refusal, Resource},
    request::{BulkBody, Directory, expected},
};
use crate::AppState;

/// What a reference to something that the same request makes begins with.
const REFERENCE: &str = "bulkId:";

/// One operation, as far as it can be read.
struct Operation {
    method: String,
    path: String,
    bulk_id: Option<String>,
    version: Option<String>,
    data: Value,
}

/// What an operation is asked of.
struct Target {
    kind: ScimKind,
    id: Option<String>,
}

/// Answers with what became of each operation, in the order in which they were worked on: what refers to something that
/// is made further down waits for it.
pub(super) async fn run(
    Directory(by): Directory,
    State(state): State<AppState>,
    BulkBody(body): BulkBody,
) -> Answer {
    let most_faults = match &body["failOnErrors"] {
        Value::Null => usize::MAX,
        limit => limit
            .as_u64()
            .and_then(|limit| usize::try_from(limit).ok())
            .filter(|limit| *limit > 0)
            .ok_or_else(|| syntax("failOnErrors is a number above zero."))?,
    };
    let sent = body["Operations"].as_array().ok_or_else(|| syntax("Operations is a list."))?;
    if sent.len() > BULK_OPERATIONS {
        let detail = format!("One request takes {BULK_OPERATIONS} operations at most.");
        return Err(Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, None, detail));
    }
    let mut waiting: Vec<Operation> = sent.iter().map(read).collect::<Result<_, _>>()?;
    let mut named = BTreeSet::new();
    for name in waiting.iter().filter_map(|operation| operation.bulk_id.as_deref()) {
        if !named.insert(name.to_owned()) {
            return Err(syntax(&format!("bulkId {name:?} is used twice.")));
        }
    }
    let (mut made, mut results, mut faults) = (HashMap::new(), Vec::new(), 0);
    while faults < most_faults && !waiting.is_empty() {
        let ready =
            waiting.iter().position(|operation| needs(operation).all(|name| made.contains_key(&name)));
        // What is left refers to itself in a circle, or to nothing that was made.
        let operation = waiting.remove(ready.unwrap_or(0));
        let done = match ready {
            Some(_) => one(&state, &by, &operation, &made).await,
            None => Err(Refusal::new(
                StatusCode::CONFLICT,
                Some("invalidValue"),
                "It refers to a bulkId that nothing was made under before it.",
            )),
        };
        if let (Ok((_, Some(whole))), Some(name)) = (&done, &operation.bulk_id)
            && let Some(id) = whole["id"].as_str()
        {
            made.insert(name.clone(), id.to_owned());
        }
        faults += usize::from(done.is_err());
        results.push(told(&by, &operation, done));
    }
    Ok(Resource::plain(json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkResponse"],
        "Operations": results,
    })))
}

fn read(sent: &Value) -> Result<Operation, Refusal> {
    let text = |name: &str| sent[name].as_str().map(str::to_owned);
    let method = text("method").ok_or_else(|| syntax("Each operation has a method."))?.to_ascii_uppercase();
    let path = text("path").ok_or_else(|| syntax("Each operation has a path."))?;
    let bulk_id = text("bulkId").filter(|name| !name.is_empty());
    if method == "POST" && bulk_id.is_none() {
        return Err(syntax("Each POST has a bulkId."));
    }
    Ok(Operation { method, path, bulk_id, version: text("version"), data: sent["data"].clone() })
}

/// The names of what an operation refers to.
fn needs(operation: &Operation) -> impl Iterator<Item = String> {
    let mut names = Vec::new();
    if let Some((_, name)) = operation.path.split_once(REFERENCE) {
        names.push(name.to_owned());
    }
    gather(&operation.data, &mut names);
    names.into_iter()
}

fn gather(value: &Value, names: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                match field.as_str().and_then(|text| text.strip_prefix(REFERENCE)) {
                    Some(reference) if name == "value" => names.push(reference.to_owned()),
                    _ => gather(field, names),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| gather(item, names)),
        _ => {}
    }
}

/// Puts ids in the place of references.
fn resolve(value: &mut Value, made: &HashMap<String, String>) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields.iter_mut() {
                let id = field.as_str().and_then(|text| made.get(text.strip_prefix(REFERENCE)?)).cloned();
                match id {
                    Some(id) if name == "value" => *field = Value::String(id),
                    _ => resolve(field, made),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| resolve(item, made)),
        _ => {}
    }
}

async fn one(
    state: &AppState,
    by: &Provisioner,
    operation: &Operation,
    made: &HashMap<String, String>,
) -> Result<(StatusCode, Option<Value>), Refusal> {
    let Target { kind, id } = target(&operation.path, made)?;
    let (identity, version) = (&state.identity, operation.version.as_deref().and_then(expected));
    let mut data = operation.data.clone();
    resolve(&mut data, made);
    let whole = match (operation.method.as_str(), id) {
        ("POST", None) => {
            return Ok((StatusCode::CREATED, Some(identity.scim_create(by, kind, &data).await?)));
        }
        ("PUT", Some(id)) => match kind {
            ScimKind::User => identity.scim_replace_user(by, &id, data, version).await?,
            ScimKind::Group => identity.scim_replace_group(by, &id, data, version).await?,
        },
        ("PATCH", Some(id)) => match kind {
            ScimKind::User => identity.scim_patch_user(by, &id, data, version).await?,
            ScimKind::Group => identity.scim_patch_group(by, &id, data, version).await?,
        },
        ("DELETE", Some(id)) => {
            match kind {
                ScimKind::User => identity.scim_delete_user(by, &id, version).await?,
                ScimKind::Group => identity.scim_delete_group(by, &id, version).await?,
            }
            return Ok((StatusCode::NO_CONTENT, None));
        }
        (method, _) => {
            let detail = format!("{} takes no {method} here.", operation.path);
            return Err(Refusal::new(StatusCode::METHOD_NOT_ALLOWED, None, detail));
        }
    };
    Ok((StatusCode::OK, Some(whole)))
}

fn target(path: &str, made: &HashMap<String, String>) -> Result<Target, Refusal> {
    let mut parts = path.trim_start_matches('/').split('/');
    let kind = match parts.next() {
        Some("Users") => ScimKind::User,
        Some("Groups") => ScimKind::Group,
        _ => return Err(Refusal::not_found()),
    };
    let id = parts.next().filter(|id| !id.is_empty()).map(|id| match id.strip_prefix(REFERENCE) {
        Some(name) => made.get(name).cloned().unwrap_or_default(),
        None => id.to_owned(),
    });
    match parts.next() {
        None => Ok(Target { kind, id }),
        Some(_) => Err(Refusal::not_found()),
    }
}

fn told(
    by: &Provisioner,
    operation: &Operation,
    done: Result<(StatusCode, Option<Value>), Refusal>,
) -> Value {
    let mut told = json!({ "method": operation.method });
    if let Some(name) = &operation.bulk_id {
        told["bulkId"] = json!(name);
    }
    match done {
        Ok((status, whole)) => {
            told["status"] = json!(status.as_u16().to_string());
            let meta = whole.map(|whole| whole["meta"].clone()).unwrap_or_default();
            for name in ["location", "version"] {
                if meta[name].is_string() {
                    told[name] = meta[name].clone();
                }
            }
        }
        Err(refusal) => {
            let (status, body) = refusal.told();
            told["status"] = json!(status.as_u16().to_string());
            told["response"] = body;
        }
    }
    // What failed to be made is nowhere.
    if told["location"].is_null() && operation.method != "POST" {
        told["location"] = json!(format!("{}/{}", by.base(), operation.path.trim_start_matches('/')));
    }
    told
}

fn syntax(detail: &str) -> Refusal {
    Refusal::new(StatusCode::BAD_REQUEST, Some("invalidSyntax"), detail)
}
