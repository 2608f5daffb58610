//! The texts of a graph that was not read from steps, in the one syntax that all readers of steps know: `{{…}}`, with
//! `inputs.x` and `steps.x.output`. What was read from steps stays as it was written.

use serde_json::{Map, Value};

use crate::{
    Expression, Node, Template,
    hybrid::step::moved,
    kind::{Role, Text},
};

/// Respells the texts of a step that was written from a node.
pub(super) fn respell(node: &Node, step: &mut Map<String, Value>) {
    let moved = match step.get("type").and_then(Value::as_str) {
        None => return,
        Some("conditional") => vec![("/config/cases/0/expression", "/condition")],
        Some(word) => moved(word),
    };
    let mut whole = Value::Object(std::mem::take(step));
    for text in node.texts() {
        let Some(spelt) = spell(&text) else { continue };
        let elsewhere = moved.iter().find_map(|(stored, written)| {
            text.pointer.strip_prefix(*stored).map(|rest| format!("{written}{rest}"))
        });
        if let Some(place) = whole.pointer_mut(elsewhere.as_deref().unwrap_or(&text.pointer)) {
            *place = Value::String(spelt);
        }
    }
    if let Value::Object(again) = whole {
        *step = again;
    }
}

/// The text in double braces, where it is in another syntax and can be read.
fn spell(text: &Text<'_>) -> Option<String> {
    match text.role {
        Role::Template if !text.text.contains("${") => None,
        Role::Template => Template::parse(text.text).ok()?.in_braces(),
        Role::Condition | Role::Expression if text.text.trim_start().starts_with("{{") => None,
        Role::Condition | Role::Expression => {
            let expression = Expression::parse(text.text).ok()?;
            // What is at the limits of an expression may be beyond them in longer words.
            Some(format!("{{{{{expression:#}}}}}")).filter(|spelt| Expression::parse(spelt).is_ok())
        }
    }
}
