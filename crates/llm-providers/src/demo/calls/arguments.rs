//! Reads a tool's arguments out of the text behind its name, shaped by the tool's schema.

use serde_json::{Map, Value};

const LEADS: &[&str] = &["with", "to", "on", "for", "say", "as", "about", "in", "of"];
const WORDS: &[&str] =
    &["tool", "the", "args", "arguments", "argument", "parameters", "params", "input", "and"];

/// Whether arguments stand at the beginning of a text.
pub(super) fn follow(text: &str) -> bool {
    let (start, _) = skip_lead(text);
    let rest = &text[start..];
    json_at(rest).is_some() || pair_at(rest).is_some()
}

/// The arguments at the beginning of a text, and how much of it they take.
pub(super) fn read(text: &str, schema: &Value) -> (Value, usize) {
    let (start, led) = skip_lead(text);
    let rest = &text[start..];
    if let Some((value, length)) = json_at(rest) {
        return (coerce_all(value, schema), start + length);
    }
    let (pairs, length) = pairs(rest, schema);
    if !pairs.is_empty() {
        return (Value::Object(pairs), start + length);
    }
    let property = only_property(schema).filter(|_| led);
    if let Some((name, property)) = property {
        let (value, length) = lone_value(rest);
        if !value.is_empty() {
            let arguments = Map::from_iter([(name.clone(), coerce(Value::String(value), property))]);
            return (Value::Object(arguments), start + length);
        }
    }
    (Value::Object(Map::new()), 0)
}

/// Steps over "with the arguments:" and the like; tells whether a word led to a value.
fn skip_lead(text: &str) -> (usize, bool) {
    let (mut at, mut led) = (0, false);
    loop {
        let rest = &text[at..];
        let space = rest.len() - rest.trim_start_matches([' ', '\n', '\t', '\r', '(', ',', ':']).len();
        if space > 0 {
            led |= rest[..space].contains([':', '(']);
            at += space;
            continue;
        }
        let length = rest.find(|letter: char| !letter.is_alphabetic()).unwrap_or(rest.len());
        let word = rest[..length].to_lowercase();
        // "to=…" is a pair and no lead.
        let is_pair = pair_at(rest).is_some();
        if !is_pair && LEADS.contains(&word.as_str()) {
            led = true;
        } else if is_pair || !WORDS.contains(&word.as_str()) {
            break;
        }
        at += length;
    }
    (at, led || text[at..].starts_with(['"', '\'', '`']))
}

/// A JSON object at the beginning of a text, in a code fence or without.
fn json_at(text: &str) -> Option<(Value, usize)> {
    let fence = text.strip_prefix("```").map(|inside| {
        let language = inside.find(|letter: char| !letter.is_alphabetic()).unwrap_or(inside.len());
        let after = &inside[language..];
        3 + language + (after.len() - after.trim_start().len())
    });
    let start = fence.unwrap_or_default();
    if !text[start..].starts_with('{') {
        return None;
    }
    let mut values = serde_json::Deserializer::from_str(&text[start..]).into_iter::<Value>();
    let value = values.next()?.ok()?;
    let mut end = start + values.byte_offset();
    if fence.is_some() {
        let after = &text[end..];
        let trimmed = after.trim_start();
        if let Some(closed) = trimmed.strip_prefix("```") {
            end = text.len() - closed.len();
        }
    }
    Some((value, end))
}

fn pairs(text: &str, schema: &Value) -> (Map<String, Value>, usize) {
    let mut pairs = Map::new();
    let mut at = 0;
    while let Some((key, value, length)) = pair_at(&text[at..]) {
        let (name, property) = property(schema, key);
        pairs
            .insert(name, property.map_or_else(|| guess(&value), |property| coerce(value.clone(), property)));
        at += length;
        let rest = &text[at..];
        let next = rest.trim_start_matches([' ', '\n', '\t', ',', ';']);
        let next = next.strip_prefix("and ").or_else(|| next.strip_prefix("& ")).unwrap_or(next);
        if pair_at(next).is_none() {
            break;
        }
        at += rest.len() - next.len();
    }
    (pairs, at)
}

/// `key=value` or `key: value` at the beginning of a text.
fn pair_at(text: &str) -> Option<(&str, Value, usize)> {
    let key_end = text.find(|letter: char| !letter.is_alphanumeric() && !"_-.".contains(letter))?;
    let key = text.get(..key_end).filter(|key| !key.is_empty())?;
    let after = text[key_end..].trim_start_matches(' ');
    let after = after.strip_prefix('=').or_else(|| after.strip_prefix(':'))?;
    // `http://…` is no pair.
    if after.starts_with('/') && text[key_end..].starts_with(':') {
        return None;
    }
    let rest = after.trim_start_matches(' ');
    let start = text.len() - rest.len();
    if rest.starts_with(['{', '[']) {
        let mut values = serde_json::Deserializer::from_str(rest).into_iter::<Value>();
        if let Some(Ok(value)) = values.next() {
            return Some((key, value, start + values.byte_offset()));
        }
    }
    let (value, length) = quoted(rest).unwrap_or_else(|| {
        let end = rest.find([' ', '\n', '\t', ',', ';', ')']).unwrap_or(rest.len());
        (rest[..end].trim_end_matches(['.', '!', '?']).to_owned(), end)
    });
    (length > 0).then(|| (key, Value::String(value), start + length))
}

fn quoted(text: &str) -> Option<(String, usize)> {
    let quote = text.chars().next().filter(|letter| matches!(letter, '"' | '\'' | '`'))?;
    let inside = &text[1..];
    let end = inside.find(quote)?;
    Some((inside[..end].to_owned(), end + 2))
}

/// A quoted text, or the rest of the line.
fn lone_value(text: &str) -> (String, usize) {
    quoted(text).unwrap_or_else(|| {
        let end = text.find('\n').unwrap_or(text.len());
        (text[..end].trim().to_owned(), end)
    })
}

/// The one property that a text can be meant for: the only required one, or the only one.
fn only_property(schema: &Value) -> Option<(&String, &Value)> {
    let properties = schema.get("properties")?.as_object()?;
    let required: Vec<&str> = schema
        .get("required")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    match required.as_slice() {
        [only] => properties.iter().find(|(name, _)| name.as_str() == *only),
        [] if properties.len() == 1 => properties.iter().next(),
        _ => None,
    }
}

/// The schema's name and shape of a key, whatever its case.
fn property<'s>(schema: &'s Value, key: &str) -> (String, Option<&'s Value>) {
    let properties = schema.get("properties").and_then(Value::as_object);
    let found = properties.and_then(|properties| {
        properties
            .get_key_value(key)
            .or_else(|| properties.iter().find(|(name, _)| name.eq_ignore_ascii_case(key)))
    });
    found.map_or_else(|| (key.to_owned(), None), |(name, shape)| (name.clone(), Some(shape)))
}

fn coerce_all(arguments: Value, schema: &Value) -> Value {
    let Value::Object(fields) = arguments else {
        return arguments;
    };
    let coerced = fields.into_iter().map(|(key, value)| {
        let (name, shape) = property(schema, &key);
        let value = match shape {
            Some(shape) => coerce(value, shape),
            None => value,
        };
        (name, value)
    });
    Value::Object(coerced.collect())
}

/// A value as its schema wants it, where it can be read so; else as it is, for the tool to refuse.
fn coerce(value: Value, shape: &Value) -> Value {
    let wanted = shape.get("type").and_then(|kind| match kind {
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null"),
        kind => kind.as_str(),
    });
    match (wanted, &value) {
        (Some("integer" | "number" | "boolean" | "array" | "object"), Value::String(text)) => {
            serde_json::from_str(text.trim()).unwrap_or(value)
        }
        (Some("string"), Value::Number(_) | Value::Bool(_)) => Value::String(value.to_string()),
        (None, Value::String(_)) if shape.get("enum").is_none() => guess(&value),
        _ => value,
    }
}

/// A number or a boolean where a text reads like one.
fn guess(value: &Value) -> Value {
    match value.as_str().map(serde_json::from_str::<Value>) {
        Some(Ok(read @ (Value::Number(_) | Value::Bool(_)))) => read,
        _ => value.clone(),
    }
}
