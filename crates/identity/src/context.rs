//! What an organisation lets its workflows read as `context.<name>`: values that hold for all of them, such as its address or
//! who answers for orders.

use conductor_domain::{CONTEXT_OF_RUNS, FieldError};
use serde_json::Value;

/// The largest context, in bytes of its JSON.
const BYTES: usize = 16 * 1_024;
/// How deep it may be nested.
const DEPTH: usize = 8;
/// The longest name of a field.
const NAME: usize = 64;

/// What is wrong with a context, all of it.
pub(crate) fn faults(context: &Value) -> Vec<FieldError> {
    let Value::Object(fields) = context else {
        return vec![FieldError::new("/context", "invalid", "give an object")];
    };
    let mut faults = Vec::new();
    if context.to_string().len() > BYTES {
        let detail = format!("write at most {BYTES} bytes");
        faults.push(FieldError::new("/context", "too_long", detail));
    }
    for name in fields.keys().filter(|name| CONTEXT_OF_RUNS.contains(&name.as_str())) {
        let detail = format!("choose another name: context.{name} is what each run says of itself");
        faults.push(FieldError::new(format!("/context/{name}"), "reserved", detail));
    }
    if fields.get("company").is_some_and(|company| !company.is_object()) {
        let detail = "give an object: context.company.name is the organisation's name unless it says another";
        faults.push(FieldError::new("/context/company", "invalid", detail));
    }
    look("/context", context, 1, &mut faults);
    faults
}

/// Looks at every name, at any depth: expressions read `context.company.name`, which no other character may break.
fn look(pointer: &str, value: &Value, depth: usize, faults: &mut Vec<FieldError>) {
    if depth > DEPTH {
        faults.push(FieldError::new(pointer, "invalid", format!("nest at most {DEPTH} levels")));
        return;
    }
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                let below = format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"));
                if !is_name(name) {
                    let detail = format!(
                        "name it with 1 to {NAME} letters, digits and underscores, a letter or underscore first"
                    );
                    faults.push(FieldError::new(below.clone(), "invalid", detail));
                }
                look(&below, field, depth + 1, faults);
            }
        }
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                look(&format!("{pointer}/{at}"), item, depth + 1, faults);
            }
        }
        Value::String(text) if text.contains('\0') => {
            faults.push(FieldError::new(pointer, "invalid", "remove the NUL character"));
        }
        _ => {}
    }
}

fn is_name(name: &str) -> bool {
    name.len() <= NAME
        && name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn pointers(context: &Value) -> Vec<String> {
        faults(context).into_iter().map(|fault| fault.pointer).collect()
    }

    #[test]
    fn all_faults_are_told_at_once() {
        assert_eq!(
            pointers(&json!({ "company": { "name": "TechStart", "sites": [{ "city": "Ulm" }] } })),
            [""; 0]
        );
        let wrong = json!({ "run": {}, "a b": 1, "company": "TechStart", "list": [{ "": "a\0" }] });
        let mut found = pointers(&wrong);
        found.sort();
        assert_eq!(
            found,
            ["/context/a b", "/context/company", "/context/list/0/", "/context/list/0/", "/context/run"]
        );
        assert_eq!(pointers(&json!([])), ["/context"]);
        assert_eq!(pointers(&json!({ "a": "x".repeat(BYTES) })), ["/context"]);
        let deep = (0..20).fold(json!(1), |below, _| json!({ "a": below }));
        assert_eq!(pointers(&deep).len(), 1);
    }
}
