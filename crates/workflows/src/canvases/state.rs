//! What a drawing may hold: React Flow's nodes, edges and viewport, as far as a page has to rely on them. All faults are
//! reported together.

use std::collections::HashSet;

use conductor_domain::FieldError;
use serde_json::Value;

/// The largest drawing as compact JSON, in bytes; a thousand nodes with words on them have room.
const MAX_BYTES: usize = 512 * 1024;
/// Faults of one answer at most: whoever sends a document of another kind needs no list of every line.
const FAULTS: usize = 50;
/// Letters of an id at most.
const ID: usize = 200;

/// Everything that is wrong with a drawing.
pub(super) fn faults(state: &Value) -> Vec<FieldError> {
    let mut faults = Vec::new();
    if !state.is_object() {
        let detail = "give an object with nodes, edges and a viewport";
        faults.push(FieldError::new("/state_json", "invalid", detail));
        return faults;
    }
    if state.to_string().len() > MAX_BYTES {
        let detail = format!("draw less, or in several drawings: one has at most {MAX_BYTES} bytes");
        faults.push(FieldError::new("/state_json", "too_long", detail));
        return faults;
    }
    let nodes = list(state, "nodes", &mut faults);
    let edges = list(state, "edges", &mut faults);
    let known = ids(nodes, "nodes", &mut faults);
    for (at, node) in nodes.iter().enumerate() {
        point(&node["position"], &format!("/state_json/nodes/{at}/position"), &mut faults);
    }
    ids(edges, "edges", &mut faults);
    for (at, edge) in edges.iter().enumerate() {
        for end in ["source", "target"] {
            if !edge[end].as_str().is_some_and(|id| known.contains(id)) {
                let pointer = format!("/state_json/edges/{at}/{end}");
                faults.push(FieldError::new(pointer, "unknown", "name a node of this drawing by its id"));
            }
        }
    }
    viewport(&state["viewport"], &mut faults);
    faults.truncate(FAULTS);
    faults
}

/// The list of this name; a fault and an empty one where there is none.
fn list<'s>(state: &'s Value, name: &str, faults: &mut Vec<FieldError>) -> &'s [Value] {
    match &state[name] {
        Value::Array(items) => items,
        Value::Null => {
            let detail = format!("give a list of {name}; it may be empty");
            faults.push(FieldError::new(format!("/state_json/{name}"), "required", detail));
            &[]
        }
        _ => {
            let detail = format!("give a list of {name}");
            faults.push(FieldError::new(format!("/state_json/{name}"), "invalid", detail));
            &[]
        }
    }
}

/// The ids of a list, each of which is a text of its own.
fn ids<'s>(items: &'s [Value], name: &str, faults: &mut Vec<FieldError>) -> HashSet<&'s str> {
    let mut known = HashSet::new();
    for (at, item) in items.iter().enumerate() {
        let pointer = || format!("/state_json/{name}/{at}/id");
        match item["id"].as_str() {
            Some(id) if !(1..=ID).contains(&id.chars().count()) => {
                faults.push(FieldError::new(pointer(), "invalid", format!("write 1 to {ID} characters")));
            }
            Some(id) if !known.insert(id) => {
                faults.push(FieldError::new(pointer(), "duplicate", "give each its own id"));
            }
            Some(_) => {}
            None => faults.push(FieldError::new(pointer(), "required", "give it an id, as text")),
        }
    }
    known
}

/// Where something is: JSON has no number that is not finite, but some that no page can draw.
fn point(point: &Value, pointer: &str, faults: &mut Vec<FieldError>) {
    for axis in ["x", "y"] {
        if !finite(&point[axis]) {
            let detail = "give a number from -1000000 to 1000000";
            faults.push(FieldError::new(format!("{pointer}/{axis}"), "invalid", detail));
        }
    }
}

fn viewport(viewport: &Value, faults: &mut Vec<FieldError>) {
    if viewport.is_null() {
        return;
    }
    point(viewport, "/state_json/viewport", faults);
    if !viewport["zoom"].as_f64().is_some_and(|zoom| (0.01..=100.0).contains(&zoom)) {
        let detail = "give a number from 0.01 to 100";
        faults.push(FieldError::new("/state_json/viewport/zoom", "invalid", detail));
    }
}

fn finite(number: &Value) -> bool {
    number.as_f64().is_some_and(|number| number.abs() <= 1_000_000.0)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn pointers(state: &Value) -> Vec<String> {
        faults(state).into_iter().map(|fault| fault.pointer).collect()
    }

    #[test]
    fn a_drawing_of_react_flow_is_taken() {
        let node = |id: &str| json!({ "id": id, "position": { "x": 1.5, "y": -2 }, "data": { "label": id } });
        let edge = json!({ "id": "e", "source": "a", "target": "b" });
        let viewport = json!({ "x": 0, "y": 0, "zoom": 1 });
        let drawn = json!({ "nodes": [node("a"), node("b")], "edges": [edge], "viewport": viewport });
        assert_eq!(pointers(&drawn), [""; 0]);
        assert_eq!(pointers(&json!({ "nodes": [], "edges": [] })), [""; 0]);
    }

    #[test]
    fn all_faults_are_told_at_once() {
        assert_eq!(pointers(&json!("drawn")), ["/state_json"]);
        assert_eq!(pointers(&json!({})), ["/state_json/nodes", "/state_json/edges"]);
        let wrong = json!({
            "nodes": [
                { "id": "a", "position": { "x": 1e300, "y": "0" } },
                { "id": "a", "position": { "x": 0, "y": 0 } },
                7,
            ],
            "edges": [{ "id": "e", "source": "a", "target": "gone" }, { "source": "a", "target": "a" }],
            "viewport": { "x": 0, "y": 0, "zoom": 0 },
        });
        assert_eq!(
            pointers(&wrong),
            [
                "/state_json/nodes/1/id",
                "/state_json/nodes/2/id",
                "/state_json/nodes/0/position/x",
                "/state_json/nodes/0/position/y",
                "/state_json/nodes/2/position/x",
                "/state_json/nodes/2/position/y",
                "/state_json/edges/1/id",
                "/state_json/edges/0/target",
                "/state_json/viewport/zoom",
            ]
        );
        let many: Vec<Value> = (0..1_000).map(|_| json!(null)).collect();
        assert_eq!(pointers(&json!({ "nodes": many, "edges": [] })).len(), FAULTS);
        let large = json!({ "nodes": [], "edges": [], "note": "x".repeat(MAX_BYTES) });
        assert_eq!(pointers(&large), ["/state_json"]);
    }
}
