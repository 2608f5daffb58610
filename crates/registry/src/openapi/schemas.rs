//! The schemas of an operation: its parameters and its body as one JSON Schema without references.

use std::cell::Cell;

use serde_json::{Map, Value, json};

use super::{WORDS, cut};

/// References within references that are followed; deeper ones take anything.
const NESTED: usize = 12;
/// Values of one operation's schemas, so that references do not make it endless.
const VALUES: usize = 2_000;
/// Keywords that say nothing of what is allowed, and those that older versions wrote otherwise.
const DROPPED: [&str; 7] =
    ["example", "examples", "xml", "externalDocs", "discriminator", "nullable", "deprecated"];

/// An object of arguments.
#[derive(Default)]
pub(super) struct Part {
    pub(super) properties: Map<String, Value>,
    pub(super) required: Vec<String>,
}

impl Part {
    pub(super) fn add(&mut self, name: &str, schema: Value, required: bool) {
        self.properties.insert(name.to_owned(), schema);
        self.required.retain(|one| one != name);
        if required {
            self.required.push(name.to_owned());
        }
    }

    pub(super) fn schema(self) -> Value {
        json!({
            "type": "object",
            "additionalProperties": false,
            "required": self.required,
            "properties": self.properties,
        })
    }
}

/// The schemas of one operation, without references.
pub(super) struct Schemas<'a> {
    root: &'a Value,
    room: Cell<usize>,
}

/// What an operation says of its body.
pub(super) struct Body {
    pub(super) schema: Value,
    pub(super) required: bool,
    /// Where it is not JSON.
    pub(super) content_type: Option<&'static str>,
}

impl<'a> Schemas<'a> {
    /// Those of a document, for one operation.
    pub(super) fn of(root: &'a Value) -> Self {
        Self { root, room: Cell::new(VALUES) }
    }

    /// Path, query and headers: those of the path, and those of the operation, which go before.
    pub(super) fn parameters(&self, item: &Value, described: &Value) -> Result<[Part; 3], String> {
        let mut parts = [Part::default(), Part::default(), Part::default()];
        let lists = [item.get("parameters"), described.get("parameters")];
        for parameter in lists.into_iter().flatten().filter_map(Value::as_array).flatten() {
            let parameter = self.followed(parameter);
            let text = |field: &str| parameter.get(field).and_then(Value::as_str).unwrap_or_default();
            let (name, place) = (text("name"), text("in"));
            let required = parameter.get("required") == Some(&Value::Bool(true));
            let part = match place {
                "path" => &mut parts[0],
                "query" => &mut parts[1],
                // These say how requests are framed and signed in, which is not for arguments.
                "header" if ["accept", "authorization"].contains(&name.to_ascii_lowercase().as_str()) => {
                    continue;
                }
                "header" => &mut parts[2],
                "cookie" if !required => continue,
                other => {
                    return Err(format!("the parameter {name} stands in {other}, which is not sent here"));
                }
            };
            if name.is_empty() {
                return Err("a parameter has no name".to_owned());
            }
            let schema = parameter.get("schema").map_or_else(|| json!({}), |schema| self.plain(schema));
            part.add(name, with_words(schema, text("description")), required || place == "path");
        }
        Ok(parts)
    }

    /// The body's schema, whether it has to be there, and its content type where that is not JSON.
    pub(super) fn body(&self, described: &Value) -> Result<Option<Body>, String> {
        const FORM: &str = "application/x-www-form-urlencoded";
        let Some(body) = described.get("requestBody").map(|body| self.followed(body)) else {
            return Ok(None);
        };
        let required = body.get("required") == Some(&Value::Bool(true));
        let kinds = body.get("content").and_then(Value::as_object);
        let kind = |fits: fn(&str) -> bool| {
            kinds.into_iter().flatten().find(|(kind, _)| fits(kind)).map(|(_, media)| media)
        };
        let json =
            kind(|kind| kind.starts_with("application/json") || kind.contains("+json") || kind == "*/*");
        let (media, content_type) = match json {
            Some(media) => (media, None),
            None => match kind(|kind| kind == FORM) {
                Some(media) => (media, Some(FORM)),
                None if required => return Err("its body is neither JSON nor a form".to_owned()),
                None => return Ok(None),
            },
        };
        let schema = media.get("schema").map_or_else(|| json!({}), |schema| self.plain(schema));
        Ok(Some(Body { schema, required, content_type }))
    }

    fn local(&self, reference: &str) -> Option<&Value> {
        self.root.pointer(reference.strip_prefix('#')?)
    }

    /// What a reference leads to, where it is one.
    fn followed<'v>(&'v self, value: &'v Value) -> &'v Value {
        let mut value = value;
        for _ in 0..NESTED {
            match value.get("$ref").and_then(Value::as_str).and_then(|reference| self.local(reference)) {
                Some(found) => value = found,
                None => break,
            }
        }
        value
    }

    /// A schema as JSON Schema has it now, without references. What leads back to itself takes anything.
    fn plain(&self, schema: &Value) -> Value {
        self.inlined(schema, &mut Vec::new())
    }

    fn inlined(&self, schema: &Value, trail: &mut Vec<String>) -> Value {
        if self.room.get() == 0 {
            return json!({});
        }
        self.room.set(self.room.get() - 1);
        let Some(fields) = schema.as_object() else { return schema.clone() };
        if let Some(reference) = fields.get("$ref").and_then(Value::as_str) {
            let found = self.local(reference);
            let Some(found) =
                found.filter(|_| trail.len() < NESTED && !trail.iter().any(|one| one == reference))
            else {
                return json!({});
            };
            trail.push(reference.to_owned());
            let inlined = self.inlined(found, trail);
            trail.pop();
            return inlined;
        }
        let mut plain = Map::new();
        for (name, value) in fields {
            let value = match name.as_str() {
                name if DROPPED.contains(&name) => continue,
                // OpenAPI 3.0 says here whether the bound itself is outside.
                "exclusiveMinimum" | "exclusiveMaximum" if value.is_boolean() => continue,
                "properties" | "patternProperties" => {
                    let fields = value.as_object().into_iter().flatten();
                    let each = fields.map(|(name, schema)| (name.clone(), self.inlined(schema, trail)));
                    Value::Object(each.collect())
                }
                "items" | "additionalProperties" | "not" => self.inlined(value, trail),
                "allOf" | "anyOf" | "oneOf" => {
                    let items = value.as_array().into_iter().flatten();
                    Value::Array(items.map(|schema| self.inlined(schema, trail)).collect())
                }
                _ => value.clone(),
            };
            plain.insert(name.clone(), value);
        }
        if fields.get("nullable") == Some(&Value::Bool(true)) {
            return json!({ "anyOf": [plain, { "type": "null" }] });
        }
        Value::Object(plain)
    }
}

fn with_words(mut schema: Value, words: &str) -> Value {
    if let Some(fields) = schema.as_object_mut().filter(|_| !words.trim().is_empty()) {
        fields.entry("description").or_insert_with(|| cut(words, WORDS).into());
    }
    schema
}
