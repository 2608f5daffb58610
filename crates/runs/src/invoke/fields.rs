//! What of a tool's answer may be shown: rows that a policy leaves out, and fields that it hides. Both happen before
//! anybody reads the answer, so that neither a model nor the journal holds what is left out.

use std::collections::BTreeSet;

use conductor_domain::{Caller, Obligation};
use serde_json::{Value, json};

use super::guard::texts;
use crate::mask::MASK;

/// The answer as the obligations leave it.
pub(super) fn shown(content: Vec<Value>, obligations: &[Obligation], caller: &Caller) -> Value {
    let mut content = Value::Array(content);
    let mut withheld = 0;
    for obligation in obligations {
        if let Obligation::FilterRows { rows, field, values, attribute } = obligation {
            let kept = kept(values, attribute.as_deref(), caller);
            match filter(&mut content, rows, field, &kept) {
                Some(count) => withheld += count,
                None => return unreadable(rows),
            }
        }
    }
    for obligation in obligations {
        if let Obligation::MaskFields { pointers } = obligation {
            mask(&mut content, pointers);
        }
    }
    if let (1.., Some(blocks)) = (withheld, content.as_array_mut()) {
        let note = format!("{withheld} rows of this answer are left out, which may not be read here.");
        blocks.push(json!({ "type": "text", "text": note }));
    }
    content
}

/// The values whose rows are kept: those that the rule names, and those that the caller has. One without the attribute
/// has none, and is shown no row.
fn kept(values: &[Value], attribute: Option<&str>, caller: &Caller) -> BTreeSet<String> {
    let own = match attribute {
        None => Value::Null,
        Some("user_id") => caller.user_id().map(|id| Value::String(id.to_string())).unwrap_or_default(),
        Some(name) => caller.attributes.get(name).cloned().unwrap_or_default(),
    };
    let own = match own {
        Value::Null => Vec::new(),
        Value::Array(own) => own,
        one => vec![one],
    };
    values.iter().chain(&own).map(word).collect()
}

/// How values are held against each other: `7` and `"7"` are one, as attributes of people often are text.
fn word(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Leaves out rows whose field is none of what is kept, and how many; `None` where no list is found in which rows could
/// be told apart.
fn filter(content: &mut Value, rows: &str, field: &str, kept: &BTreeSet<String>) -> Option<usize> {
    let mut withheld = 0;
    for text in texts(content) {
        let mut inner: Value = serde_json::from_str(text).ok()?;
        let mut lists = 0;
        let mut read = true;
        at(&mut inner, rows, &mut |list| {
            let Value::Array(list) = list else {
                read = false;
                return;
            };
            lists += 1;
            let before = list.len();
            list.retain(|row| row.pointer(field).is_some_and(|value| kept.contains(&word(value))));
            withheld += before - list.len();
        });
        if lists == 0 || !read {
            return None;
        }
        *text = inner.to_string();
    }
    // What is no text cannot be read here: a picture of all rows would be all rows.
    let readable = |block: &Value| block["type"] == "text" || block.pointer("/resource/text").is_some();
    content.as_array()?.iter().all(readable).then_some(withheld)
}

fn mask(content: &mut Value, pointers: &[String]) {
    for text in texts(content) {
        *text = masked(text, pointers);
    }
}

/// A text without the fields, in all the JSON that it is or that stands among its words. What holds none of them stays as
/// it is written.
fn masked(text: &str, pointers: &[String]) -> String {
    let (mut told, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(start) = rest.find(['{', '[']) {
        let (words, json) = rest.split_at(start);
        told.push_str(words);
        let mut values = serde_json::Deserializer::from_str(json).into_iter::<Value>();
        let value = values.next();
        // Where it is no JSON after all, the bracket is a word like the others.
        let end = if matches!(value, Some(Ok(_))) { values.byte_offset() } else { 1 };
        let (json, after) = json.split_at(end);
        let mut value = value.and_then(std::result::Result::ok);
        match value.as_mut().and_then(|value| hide(value, pointers).then_some(value)) {
            Some(masked) => told.push_str(&masked.to_string()),
            None => told.push_str(json),
        }
        rest = after;
    }
    told.push_str(rest);
    told
}

/// Whether there was anything to hide.
fn hide(value: &mut Value, pointers: &[String]) -> bool {
    let mut hidden = false;
    for pointer in pointers {
        at(value, pointer, &mut |field| {
            *field = Value::String(MASK.to_owned());
            hidden = true;
        });
    }
    hidden
}

/// Does something with every value that a pointer leads to, of which `*` stands for each element of a list and each field
/// of an object. A field that holds JSON as text is looked into like an object.
fn at(value: &mut Value, pointer: &str, act: &mut dyn FnMut(&mut Value)) {
    let Some(rest) = pointer.strip_prefix('/') else {
        act(value);
        return;
    };
    let (segment, below) = match rest.find('/') {
        Some(end) => rest.split_at(end),
        None => (rest, ""),
    };
    let key = segment.replace("~1", "/").replace("~0", "~");
    match value {
        Value::Object(fields) if segment == "*" => {
            for value in fields.values_mut() {
                at(value, below, act);
            }
        }
        Value::Array(items) if segment == "*" => {
            for value in items {
                at(value, below, act);
            }
        }
        Value::Object(fields) => {
            if let Some(value) = fields.get_mut(&key) {
                at(value, below, act);
            }
        }
        Value::Array(items) => {
            if let Some(value) = key.parse().ok().and_then(|index: usize| items.get_mut(index)) {
                at(value, below, act);
            }
        }
        Value::String(text) => {
            if let Ok(mut inner @ (Value::Object(_) | Value::Array(_))) = serde_json::from_str(text) {
                at(&mut inner, pointer, act);
                *text = inner.to_string();
            }
        }
        _ => {}
    }
}

fn unreadable(rows: &str) -> Value {
    let place = if rows.is_empty() { "at its top".to_owned() } else { format!("at {rows}") };
    json!([{
        "type": "text",
        "text": format!(
            "The answer of this tool was withheld: only some of its rows may be read here, and it has no list of rows \
             {place} in which they could be told apart. Tell the user, and go on without it."
        ),
    }])
}

#[cfg(test)]
mod tests {
    use conductor_domain::{Classification, EnvironmentId, OrganizationId, Principal, Scope, UserId};

    use super::*;

    fn text(value: &Value) -> Vec<Value> {
        vec![json!({ "type": "text", "text": value.to_string() })]
    }

    fn caller(attributes: Value) -> Caller {
        Caller {
            principal: Principal::User { user_id: UserId::from_uuid(uuid::Uuid::nil()) },
            scope: Scope {
                organization_id: OrganizationId::from_uuid(uuid::Uuid::nil()),
                environment_id: EnvironmentId::from_uuid(uuid::Uuid::nil()),
            },
            organizations: Vec::new(),
            roles: Vec::new(),
            clearance: Classification::Internal,
            attributes,
            token_scopes: None,
            session_id: None,
            token_id: None,
            address: None,
        }
    }

    fn read(content: &Value) -> Value {
        serde_json::from_str(content[0]["text"].as_str().unwrap()).unwrap()
    }

    #[test]
    fn fields_are_hidden_wherever_a_pattern_leads() {
        let pointers = ["/customers/*/email", "/total", "/raw/iban", "/*/secret", "/a~1b"].map(str::to_owned);
        let obligations = [Obligation::MaskFields { pointers: pointers.to_vec() }];
        let value = json!({
            "customers": [{ "name": "Ada", "email": "a@x" }, { "email": "b@x" }, 7],
            "total": 3, "raw": "{\"iban\":\"DE1\",\"bic\":\"X\"}", "one": { "secret": 1 }, "a/b": 2,
        });
        let content = shown(text(&value), &obligations, &caller(json!({})));
        let shown = read(&content);
        assert_eq!(shown["customers"], json!([{ "name": "Ada", "email": MASK }, { "email": MASK }, 7]));
        assert_eq!(
            (&shown["total"], &shown["one"]["secret"], &shown["a/b"]),
            (&json!(MASK), &json!(MASK), &json!(MASK))
        );
        let raw: Value = serde_json::from_str(shown["raw"].as_str().unwrap()).unwrap();
        assert_eq!(raw, json!({ "iban": MASK, "bic": "X" }));
        let among = vec![json!({ "type": "text", "text": "It costs [about] {\"total\":3,\"n\":1} {not" })];
        let among = super::shown(among, &obligations, &caller(json!({})));
        assert_eq!(among[0]["text"], format!("It costs [about] {{\"total\":\"{MASK}\",\"n\":1}} {{not"));
        let plain = vec![json!({ "type": "text", "text": "no JSON" })];
        assert_eq!(super::shown(plain.clone(), &obligations, &caller(json!({}))), Value::Array(plain));
    }

    #[test]
    fn rows_are_left_out_by_value_and_by_attribute() {
        let rows = json!([{ "team": "sales", "n": 1 }, { "team": "hr", "n": 2 }, { "n": 3 }, { "team": 7 }]);
        let by = |values: Vec<Value>, attribute: Option<&str>| Obligation::FilterRows {
            rows: String::new(),
            field: "/team".to_owned(),
            values,
            attribute: attribute.map(str::to_owned),
        };
        let numbers = |obligation: Obligation, attributes: Value| {
            let content = shown(text(&rows), &[obligation], &caller(attributes));
            (read(&content), content[1]["text"].as_str().unwrap_or_default().to_owned())
        };
        let (kept, note) = numbers(by(vec![json!("hr"), json!("7")], None), json!({}));
        assert_eq!(kept, json!([{ "team": "hr", "n": 2 }, { "team": 7 }]));
        assert!(note.starts_with("2 rows"), "{note}");
        let (kept, _) = numbers(by(vec![], Some("team")), json!({ "team": ["sales", "legal"] }));
        assert_eq!(kept, json!([{ "team": "sales", "n": 1 }]));
        let (kept, note) = numbers(by(vec![], Some("team")), json!({}));
        assert_eq!((kept, note.starts_with("4 rows")), (json!([]), true));
    }

    #[test]
    fn what_holds_no_rows_is_withheld() {
        let filter = |rows: &str| {
            [Obligation::FilterRows {
                rows: rows.to_owned(),
                field: "/team".to_owned(),
                values: vec![json!("hr")],
                attribute: None,
            }]
        };
        let inside = json!({ "data": [{ "rows": [{ "team": "hr" }, { "team": "x" }] }, { "rows": [{ "team": "y" }] }] });
        let content = shown(text(&inside), &filter("/data/*/rows"), &caller(json!({})));
        assert_eq!(read(&content), json!({ "data": [{ "rows": [{ "team": "hr" }] }, { "rows": [] }] }));
        let image = json!({ "type": "image", "data": "AA==", "mimeType": "image/png" });
        let secret = json!([{ "team": "canary" }]);
        for content in [
            vec![json!({ "type": "text", "text": "canary" })],
            text(&json!({ "rows": "canary" })),
            [text(&secret), vec![json!({ "type": "text", "text": "canary" })]].concat(),
            [text(&secret), vec![image]].concat(),
        ] {
            let gone = shown(content, &filter(""), &caller(json!({})));
            assert!(gone.to_string().contains("withheld") && !gone.to_string().contains("canary"), "{gone}");
        }
    }
}
