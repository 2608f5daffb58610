//! A run that goes on from what an earlier run found, with changes of its own to the graph.

use conductor_domain::{Caller, EventBody, FieldError, Policy, Run, RunId};
pub(crate) use conductor_runs::FORK as FIELD;
use conductor_storage::Store;
use conductor_workflow_graph::{Graph, Node};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    journal,
    runner::{Again, Plan, State, place},
};

/// What a run goes on from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Fork {
    /// The earlier run.
    pub(crate) run_id: RunId,
    /// The node that is done again with everything after it; none where it goes on where the earlier one stopped.
    pub(crate) node_id: Option<String>,
    /// The round or item of that node.
    #[serde(default)]
    pub(crate) iteration: Vec<i32>,
    /// What is different about nodes, as merge patches (RFC 7396) of how they are stored.
    #[serde(default)]
    pub(crate) nodes: Map<String, Value>,
    /// The draft of a policy that it is tried under.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) policy: Option<Policy>,
}

impl Fork {
    /// What a run goes on from, where it does.
    pub(crate) fn of(run: &Run) -> Option<Self> {
        let fork = run.input.as_ref()?.get(FIELD)?;
        serde_json::from_value(fork.clone()).ok()
    }

    /// The graph with the changes.
    ///
    /// # Errors
    /// What cannot be changed so, for each node.
    pub(crate) fn change(&self, graph: &mut Graph) -> Result<(), Vec<FieldError>> {
        let mut faults = Vec::new();
        for (id, patch) in &self.nodes {
            let fault = |code, detail: String| FieldError::new(format!("/nodes/{id}"), code, detail);
            let Some(at) = graph.nodes.iter().position(|node| node.id == *id) else {
                faults.push(fault("unknown_node", format!("the workflow has no node {id}")));
                continue;
            };
            match changed(graph, at, patch) {
                Ok(changed) => *graph = changed,
                Err(why) => faults.push(fault("invalid_value", why)),
            }
        }
        if faults.is_empty() { Ok(()) } else { Err(faults) }
    }
}

/// What stands of the earlier run: its journal without what is done again.
pub(crate) async fn standing(
    store: &Store,
    plan: &Plan,
    fork: &Fork,
) -> conductor_runs::Result<Vec<EventBody>> {
    let state = State::of(store, fork.run_id, plan).await?;
    let from = fork.node_id.as_deref().and_then(|id| place(plan, id, &fork.iteration));
    let again = Again::of(plan, &state, from.as_ref());
    let mut bodies = Vec::new();
    journal::each(store, fork.run_id, |event| {
        let body = event.parse()?.body;
        if again.keeps(plan, &body) {
            bodies.push(body);
        }
        Ok(())
    })
    .await?;
    Ok(bodies)
}

/// The graph that a run of a workflow runs: the version that it names, with its own changes.
pub(crate) async fn graph(
    store: &Store,
    caller: &Caller,
    run: &Run,
) -> conductor_storage::Result<Option<Result<Graph, String>>> {
    let (Some(workflow), Some(version)) = (run.workflow_id, run.workflow_version) else { return Ok(None) };
    let Some(version) = store.visible_to(caller).workflows().version(workflow, version).await? else {
        return Ok(None);
    };
    let mut graph: Graph = match serde_json::from_value(version.document) {
        Ok(graph) => graph,
        Err(error) => return Ok(Some(Err(error.to_string()))),
    };
    let changed = Fork::of(run).map_or(Ok(()), |fork| fork.change(&mut graph));
    Ok(Some(match changed {
        Ok(()) => Ok(graph),
        Err(faults) => {
            let faults: Vec<String> = faults.into_iter().map(|fault| fault.detail).collect();
            Err(faults.join("; "))
        }
    }))
}

/// The graph with another node in the place of one.
fn changed(graph: &Graph, at: usize, patch: &Value) -> Result<Graph, String> {
    if patch.pointer("/config/auth").is_some() {
        return Err("a credential is changed in the workflow itself, never in a run".to_owned());
    }
    let mut document = serde_json::to_value(graph).map_err(|error| error.to_string())?;
    if let Some(node) = document.get_mut("nodes").and_then(|nodes| nodes.get_mut(at)) {
        merge(node, patch);
    }
    let changed: Graph = serde_json::from_value(document).map_err(|error| error.to_string())?;
    let same =
        |before: &Node, after: &Node| before.id == after.id && before.config.kind() == after.config.kind();
    match changed.nodes.get(at).filter(|after| same(&graph.nodes[at], after)) {
        Some(_) => Ok(changed),
        None => {
            Err("a node keeps its id and its kind; change the workflow itself for another one".to_owned())
        }
    }
}

/// Applies a merge patch, as RFC 7396 section 2 has it.
fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Value::Object(target) = target else { return };
    for (name, value) in patch {
        if value.is_null() {
            target.remove(name);
        } else {
            merge(target.entry(name).or_insert(Value::Null), value);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::merge;

    /// The examples of RFC 7396, appendix A.
    #[test]
    fn patches_are_merged_as_the_rfc_says() {
        for (target, patch, result) in [
            (json!({"a": "b"}), json!({"a": "c"}), json!({"a": "c"})),
            (json!({"a": "b"}), json!({"b": "c"}), json!({"a": "b", "b": "c"})),
            (json!({"a": "b"}), json!({"a": null}), json!({})),
            (json!({"a": "b", "b": "c"}), json!({"a": null}), json!({"b": "c"})),
            (json!({"a": ["b"]}), json!({"a": "c"}), json!({"a": "c"})),
            (json!({"a": "c"}), json!({"a": ["b"]}), json!({"a": ["b"]})),
            (json!({"a": {"b": "c"}}), json!({"a": {"b": "d", "c": null}}), json!({"a": {"b": "d"}})),
            (json!({"a": [{"b": "c"}]}), json!({"a": [1]}), json!({"a": [1]})),
            (json!(["a", "b"]), json!(["c", "d"]), json!(["c", "d"])),
            (json!({"a": "b"}), json!(["c"]), json!(["c"])),
            (json!({"a": "foo"}), json!(null), json!(null)),
            (json!({"e": null}), json!({"a": 1}), json!({"e": null, "a": 1})),
            (json!([1, 2]), json!({"a": "b", "c": null}), json!({"a": "b"})),
            (json!({}), json!({"a": {"bb": {"ccc": null}}}), json!({"a": {"bb": {}}})),
        ] {
            let mut merged = target.clone();
            merge(&mut merged, &patch);
            assert_eq!(merged, result, "{target} with {patch}");
        }
    }
}
