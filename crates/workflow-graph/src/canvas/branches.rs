//! The branches of a conditional and the connections drawn from it, which say the same twice and have to agree.

use std::collections::HashSet;

use serde_json::{Map, Value, json};

use super::settings::without_nulls;
use crate::{
    Edge,
    fields::Fields,
    kind::{Case, Condition},
    limits,
    problem::Code,
};

/// A branch, and the node that it says to lead to.
pub(super) struct Branch {
    port: String,
    target: Option<i64>,
    pointer: String,
}

/// Reads the branches of a conditional.
pub(super) fn read(fields: &mut Fields<'_>) -> (Condition, Vec<Branch>) {
    let (mut cases, mut branches) = (Vec::new(), Vec::new());
    for (index, mut branch) in fields.each_within("branches", limits::PORTS).into_iter().enumerate() {
        let word = branch.required_text("type");
        let condition = branch.text("condition").filter(|condition| !condition.trim().is_empty());
        let expression = match word.as_str() {
            "if" | "" => {
                if condition.is_none() {
                    branch.refuse("condition", Code::MissingField, "condition is required");
                }
                Some(condition.unwrap_or_default())
            }
            "else" => {
                if condition.is_some() {
                    let message = "else has no condition; a branch with one is an if";
                    branch.refuse("condition", Code::InvalidValue, message);
                }
                None
            }
            other => {
                branch.refuse_word("type", other, ["if", "else"].into_iter());
                condition
            }
        };
        let target = branch.whole("targetNodeId");
        let port = branch.text("port");
        let port = port.unwrap_or_else(|| Case::default_port(index, expression.as_ref()));
        branches.push(Branch { port: port.clone(), target, pointer: branch.at("targetNodeId") });
        cases.push(Case { expression, port });
        branch.finish();
    }
    (Condition { cases }, branches)
}

/// Gives the connections from a conditional their ports. `plain` are those that name none, by their place in `edges`.
/// What a branch and a connection do not agree on is handed to `refuse` with its pointer.
pub(super) fn connect(
    branches: &[Branch],
    edges: &mut [Edge],
    mut plain: Vec<usize>,
    id: &str,
    id_of: &dyn Fn(i64) -> String,
    mut refuse: impl FnMut(String, String),
) -> Vec<usize> {
    for branch in branches {
        let Some(target) = branch.target else { continue };
        let target_id = id_of(target);
        let drawn = |edge: &Edge| edge.from == id && edge.to == target_id;
        let has_port = edges
            .iter()
            .enumerate()
            .any(|(index, edge)| drawn(edge) && edge.port == branch.port && !plain.contains(&index));
        if has_port {
            continue;
        }
        let free = plain.iter().position(|index| edges.get(*index).is_some_and(drawn));
        match free.map(|position| plain.remove(position)).and_then(|index| edges.get_mut(index)) {
            Some(edge) => edge.port.clone_from(&branch.port),
            None => refuse(
                branch.pointer.clone(),
                format!("the branch leads to {target}, and no connection of its own is drawn there"),
            ),
        }
    }
    plain
}

/// Whether the branches alone tell which connection is which.
pub(super) fn tell(condition: &Condition, edges: &[&Edge]) -> bool {
    let known = edges.iter().all(|edge| condition.cases.iter().any(|case| case.port == edge.port));
    let mut seen = HashSet::new();
    let ports = condition.cases.iter().all(|case| seen.insert(&case.port));
    seen.clear();
    let left = edges.iter().all(|edge| seen.insert(&edge.port));
    seen.clear();
    known && ports && left && edges.iter().all(|edge| seen.insert(&edge.to))
}

/// Writes the branches of a conditional.
pub(super) fn write(
    condition: &Condition,
    edges: &[&Edge],
    number_of: impl Fn(&str) -> Option<i64>,
) -> Map<String, Value> {
    let branches = condition.cases.iter().enumerate().map(|(index, case)| {
        let target = edges.iter().find(|edge| edge.port == case.port).and_then(|edge| number_of(&edge.to));
        let implied = Case::default_port(index, case.expression.as_ref());
        without_nulls(json!({
            "type": if case.expression.is_some() { "if" } else { "else" },
            "condition": case.expression.as_deref().unwrap_or_default(),
            "targetNodeId": target,
            "port": (case.port != implied).then_some(&case.port),
        }))
    });
    let branches: Vec<_> = branches.collect();
    Map::from_iter([("branches".to_owned(), Value::from(branches))])
}
