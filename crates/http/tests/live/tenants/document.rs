//! The document of the API as a generator reads it: operations, the places of ids in them, and bodies that fit.

use serde_json::{Map, Value, json};

/// A route of the document.
#[derive(Clone, Debug)]
pub(super) struct Operation {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) is_open: bool,
    /// Where ids stand.
    pub(super) places: Vec<Place>,
    body: Option<Value>,
}

/// Where an id stands in a request.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    Path(String),
    Query(String),
    /// The names that lead to it; `*` for the first of a list.
    Body(Vec<String>),
}

impl Place {
    /// The name of the field or parameter.
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Path(name) | Self::Query(name) => name,
            Self::Body(names) => names.iter().rev().find(|name| *name != "*").map_or("", String::as_str),
        }
    }
}

/// Says which id belongs to a name.
pub(super) type Ids<'a> = &'a dyn Fn(&str) -> String;

/// What a schema with a reference or alternatives comes to.
fn resolved<'d>(document: &'d Value, schema: &'d Value) -> &'d Value {
    if let Some(to) = schema["$ref"].as_str() {
        return resolved(document, document.pointer(&to[1..]).unwrap());
    }
    let choice = ["oneOf", "anyOf"].into_iter().find_map(|all| schema[all].as_array());
    let first = choice.and_then(|all| all.iter().find(|one| one["type"] != "null"));
    first.map_or(schema, |first| resolved(document, first))
}

fn is(schema: &Value, kind: &str) -> bool {
    schema["type"] == kind || schema["type"].as_array().is_some_and(|kinds| kinds.contains(&json!(kind)))
}

fn is_id(name: &str, schema: &Value) -> bool {
    is(schema, "string")
        && (schema["format"] == "uuid" || name == "id" || name.ends_with("_id") || name.ends_with("_ids"))
        && !["client_id"].contains(&name)
}

fn ids_of(document: &Value, schema: &Value, names: &[String], into: &mut Vec<Place>) {
    let schema = resolved(document, schema);
    let name = names.iter().rev().find(|name| *name != "*").map_or("", String::as_str);
    if is_id(name, schema) {
        into.push(Place::Body(names.to_vec()));
    }
    // Drafts hold policies, which hold lists; nothing is deeper.
    if names.len() > 6 {
        return;
    }
    let below = |name: &str| names.iter().cloned().chain([name.to_owned()]).collect::<Vec<_>>();
    for (name, schema) in schema["properties"].as_object().into_iter().flatten() {
        ids_of(document, schema, &below(name), into);
    }
    if is(schema, "array") {
        ids_of(document, &schema["items"], &below("*"), into);
    }
}

/// Every operation of the document.
pub(super) fn operations(document: &Value) -> Vec<Operation> {
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in ["get", "post", "put", "patch", "delete"] {
            let Some(operation) = item.get(method) else { continue };
            let mut places = Vec::new();
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                let (name, schema) =
                    (parameter["name"].as_str().unwrap(), resolved(document, &parameter["schema"]));
                match parameter["in"].as_str().unwrap() {
                    "path" if !["version", "slug", "code"].contains(&name) => {
                        places.push(Place::Path(name.to_owned()));
                    }
                    "query" if is_id(name, schema) || name == "branch" => {
                        places.push(Place::Query(name.to_owned()));
                    }
                    _ => {}
                }
            }
            let body = operation.pointer("/requestBody/content/application~1json/schema").cloned();
            if let Some(schema) = &body {
                ids_of(document, schema, &[], &mut places);
            }
            // What a sender calls its event is its own word, and the id of nothing.
            if path == "/api/workflows/events" {
                places.clear();
            }
            let is_open =
                operation["security"].as_array().is_some_and(|all| all.iter().all(|one| *one == json!({})));
            let (method, path) = (method.to_uppercase(), path.clone());
            operations.push(Operation { method, path, is_open, places, body });
        }
    }
    operations
}

impl Operation {
    pub(super) fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// The address and the body of a request whose ids are these, and this one at this place.
    pub(super) fn request(
        &self,
        document: &Value,
        ids: Ids,
        place: Option<(&Place, &str)>,
        number: usize,
    ) -> (String, Option<Value>) {
        let at = |wanted: Place| place.filter(|(place, _)| **place == wanted).map(|(_, id)| id.to_owned());
        let path = self.path.split('/').map(|segment| {
            match segment.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
                Some("version") => "1".to_owned(),
                Some("slug" | "code") => "not_found".to_owned(),
                Some(name) => at(Place::Path(name.to_owned())).unwrap_or_else(|| ids(name)),
                None => segment.to_owned(),
            }
        });
        let mut path = path.collect::<Vec<_>>().join("/");
        if let Some((Place::Query(name), id)) = place {
            path = format!("{path}?{name}={id}");
            if name == "resource_id" && ["/grants", "/who"].iter().any(|end| self.path.ends_with(end)) {
                path.push_str("&resource_type=agent");
            }
        }
        let wanted = match place {
            Some((Place::Body(names), id)) => Some((&names[..], id)),
            _ => None,
        };
        let body = self.body.as_ref().map(|schema| sample(document, schema, "", ids, wanted, number));
        (path, body)
    }
}

/// The smallest body that fits, with what leads to the wanted place.
fn sample(
    document: &Value,
    schema: &Value,
    name: &str,
    ids: Ids,
    wanted: Option<(&[String], &str)>,
    number: usize,
) -> Value {
    let schema = resolved(document, schema);
    if let Some((names, id)) = wanted
        && names.is_empty()
    {
        return json!(id);
    }
    if let Some(first) = schema["enum"].as_array().and_then(|all| all.first()) {
        return first.clone();
    }
    if is(schema, "array") {
        let below = wanted.and_then(|(names, id)| Some((names.split_first()?.1, id)));
        let item = || sample(document, &schema["items"], name, ids, below, number);
        return if below.is_some() {
            json!([item()])
        } else if name == "scopes" {
            json!(["agent.read"])
        } else {
            json!([])
        };
    }
    if is(schema, "object") || schema.get("properties").is_some() {
        let required: Vec<&str> =
            schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let mut body = Map::new();
        for (field, schema) in schema["properties"].as_object().into_iter().flatten() {
            let below = wanted.filter(|(names, _)| names.first() == Some(field));
            let below = below.and_then(|(names, id)| Some((names.split_first()?.1, id)));
            if below.is_some() || required.contains(&field.as_str()) {
                body.insert(field.clone(), sample(document, schema, field, ids, below, number));
            }
        }
        if body.get("transport").is_some() {
            body.insert("transport".to_owned(), json!("http"));
            body.insert("endpoint".to_owned(), json!("http://127.0.0.1:9/mcp"));
        }
        return Value::Object(body);
    }
    if is(schema, "string") && is_id(name, schema) {
        return json!(ids(name));
    }
    if is(schema, "string") {
        return match name {
            _ if schema["format"] == "date-time" => json!("2100-01-01T00:00:00Z"),
            "email" => json!(format!("somebody-{number}@example.com")),
            "action" => json!("agent.read"),
            "target" => json!("agent:*"),
            "limit" | "input_cost_per_1k" | "output_cost_per_1k" => json!("1"),
            "provider" => json!("openai_compatible"),
            "api_key" => json!("sk-of-a-generated-request-0001"),
            "decision" => json!("allow_once"),
            "issuer" => json!("http://127.0.0.1:9"),
            "tool" => json!("echo"),
            _ => json!(format!("generated {number}")),
        };
    }
    if is(schema, "boolean") {
        return json!(true);
    }
    schema.get("minimum").cloned().unwrap_or(json!(1))
}
