//! Documents in the form with steps, of every type of step and with branches in branches.

use proptest::{collection::vec, option, prelude::*, sample::select};
use serde_json::{Map, Value, json};

use crate::generate::text;

/// A sound document; ids are given last, in the order of the document.
pub(crate) fn document() -> impl Strategy<Value = Value> {
    (option::of(text()), chain()).prop_map(|(description, mut steps)| {
        number(&mut steps, &mut 0);
        let mut document = Map::from_iter([("name".to_owned(), json!("generated"))]);
        document.extend(description.map(|description| ("description".to_owned(), json!(description))));
        document.insert("steps".to_owned(), Value::Array(steps));
        Value::Object(document)
    })
}

/// At least one step, so that there is a first one.
fn chain() -> impl Strategy<Value = Vec<Value>> {
    let step = plain().prop_recursive(4, 24, 4, |inner| {
        let branch = || vec(inner.clone(), 0..3);
        prop_oneof![
            2 => inner.clone(),
            1 => (said(), option::of(on_error()), branch(), branch()).prop_map(
                |(condition, on_error, if_true, if_false)| {
                    let mut step = json!({ "type": "conditional", "condition": condition });
                    put(&mut step, "on_error", on_error.map(Value::from));
                    put(&mut step, "if_true", Some(json!(if_true)));
                    put(&mut step, "if_false", (!if_false.is_empty()).then(|| json!(if_false)));
                    step
                }
            ),
        ]
    });
    vec(step, 1..6)
}

fn plain() -> BoxedStrategy<Value> {
    (config(), option::of(text()), option::of(on_error()))
        .prop_map(|((word, config), guard, on_error)| {
            let mut step = json!({ "type": word, "config": config });
            put(&mut step, "condition", guard.map(Value::from));
            put(&mut step, "on_error", on_error.map(Value::from));
            step
        })
        .boxed()
}

fn on_error() -> impl Strategy<Value = &'static str> {
    select(vec!["stop", "continue"])
}

/// A text that has to be there.
fn said() -> impl Strategy<Value = String> {
    text().prop_map(|text| if text.is_empty() { "{{inputs.x > 1}}".to_owned() } else { text })
}

fn value() -> BoxedStrategy<Value> {
    prop_oneof![
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        text().prop_map(Value::from),
        vec(text(), 0..3).prop_map(|texts| json!(texts)),
        vec((text(), text()), 0..3).prop_map(|fields| {
            let fields = fields.into_iter().map(|(key, text)| (key, Value::from(text)));
            Value::Object(fields.collect())
        }),
    ]
    .boxed()
}

fn object() -> BoxedStrategy<Map<String, Value>> {
    vec((text(), value()), 0..3).prop_map(|fields| fields.into_iter().collect()).boxed()
}

/// Boxed, as the others: a tree of such trees, not optimised, is more than a thread's stack.
fn config() -> BoxedStrategy<(&'static str, Value)> {
    prop_oneof![
        (said(), option::of(text()), option::of(object()))
            .prop_map(|(tool, agent, parameters)| {
                ("mcp", some(json!({ "tool_name": tool, "agent_type": agent, "parameters": parameters })))
            })
            .boxed(),
        (said(), said(), option::of(select(vec![0.0, 0.25, 1.0])))
            .prop_map(|(agent, prompt, temperature)| {
                ("agent", some(json!({ "agentType": agent, "prompt": prompt, "temperature": temperature })))
            })
            .boxed(),
        (operation(), option::of(value()), vec(value(), 0..3), option::of(text()), option::of(value()))
            .prop_map(|(operation, query, params, collection, data)| {
                let fields = json!({
                    "operation": operation, "query": query, "params": params, "collection": collection,
                    "data": data, "where": collection,
                });
                ("database", some(fields))
            })
            .boxed(),
        (said(), select(vec!["GET", "POST"]), object(), option::of(value()), any::<bool>())
            .prop_map(|(url, method, headers, body, idempotent)| {
                let auth = json!({ "type": "bearer", "token": "{{env.TOKEN}}" });
                let auth = idempotent.then_some(auth);
                let fields = json!({
                    "url": url, "method": method, "headers": headers, "body": body, "auth": auth,
                    "idempotent": idempotent,
                });
                ("http", some(fields))
            })
            .boxed(),
        (said(), option::of(object()))
            .prop_map(|(workflow, inputs)| {
                ("workflow", some(json!({ "workflow": workflow, "inputs": inputs })))
            })
            .boxed(),
        (value(), option::of(value()))
            .prop_map(|(channel, blocks)| {
                let fields = json!({ "operation": "messages.send", "channel": channel, "blocks": blocks });
                ("slack", some(fields))
            })
            .boxed(),
        (value(), option::of(select(vec!["send", "other"])))
            .prop_map(|(to, operation)| {
                ("email", some(json!({ "to": to, "subject": "s", "operation": operation })))
            })
            .boxed(),
        (said(), option::of(value()))
            .prop_map(|(operation, data)| {
                (
                    "shopify",
                    some(json!({ "operation": operation, "data": data, "credentials": "OWN_SHOPIFY" })),
                )
            })
            .boxed(),
        (select(vec!["google_sheets", "googlesheets"]), value())
            .prop_map(|(word, values)| {
                (word, json!({ "operation": "values.append", "range": "A1", "values": values }))
            })
            .boxed(),
    ]
    .boxed()
}

fn operation() -> impl Strategy<Value = String> {
    let words = (select(vec!["mysql", "mongodb"]), select(vec!["select", "insert", "find"]));
    ("[a-z]{1,8}", words).prop_map(|(source, (db_type, action))| format!("{source}.{db_type}.{action}"))
}

/// Only what was chosen.
fn some(mut fields: Value) -> Value {
    if let Some(fields) = fields.as_object_mut() {
        fields.retain(|_, value| !value.is_null());
    }
    fields
}

fn put(step: &mut Value, key: &str, value: Option<Value>) {
    if let (Some(step), Some(value)) = (step.as_object_mut(), value) {
        step.insert(key.to_owned(), value);
    }
}

fn number(steps: &mut [Value], next: &mut usize) {
    for step in steps {
        put(step, "id", Some(json!(format!("step_{next}"))));
        *next += 1;
        for branch in ["if_true", "if_false"] {
            if let Some(steps) = step.get_mut(branch).and_then(Value::as_array_mut) {
                number(steps, next);
            }
        }
    }
}
