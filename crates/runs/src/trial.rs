//! Runs that are tried under a draft of a policy: what they are tried under, and what the run that they go on from knows.

use conductor_domain::{CallId, EventBody, Policy, Run, RunId, RunKind, canonical_json};
use conductor_storage::Store;
use serde::Deserialize;
use serde_json::Value;

use crate::{Result, ToolOutput};

/// The field of a run's input that says what it goes on from.
pub const FORK: &str = "fork";

/// How many events are read at once.
const PAGE: u64 = 500;

/// What a run is tried under.
#[derive(Debug, Deserialize)]
pub(crate) struct Trial {
    /// The run that it goes on from.
    run_id: RunId,
    /// The draft.
    pub(crate) policy: Policy,
}

impl Trial {
    /// What the run at the top of a tree is tried under, where it is.
    pub(crate) fn of(run: &Run) -> Option<serde_json::Result<Self>> {
        let fork = run.input.as_ref().filter(|_| run.kind == RunKind::Workflow)?.get(FORK)?;
        fork.get("policy").filter(|policy| !policy.is_null())?;
        Some(Self::deserialize(fork))
    }

    /// What the run before was answered when it made the same call. The newest answer is taken; one that failed is none.
    pub(crate) async fn answered(
        &self,
        store: &Store,
        tool: &str,
        arguments: &Value,
    ) -> Result<Option<ToolOutput>> {
        let wanted = canonical_json(arguments);
        let (mut after, mut same, mut found) = (0, Vec::<CallId>::new(), None);
        loop {
            let page = store.outlines_after(self.run_id, after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = last.seq;
            for event in
                page.iter().filter(|event| matches!(event.name.as_str(), "tool.called" | "tool.result"))
            {
                match event.parse()?.body {
                    EventBody::ToolCalled { call_id, tool: called, mut arguments, .. } if called == tool => {
                        store.fetch(self.run_id, &mut arguments).await?;
                        if canonical_json(&arguments) == wanted {
                            same.push(call_id);
                        }
                    }
                    EventBody::ToolResult { call_id, ok: true, content, .. } if same.contains(&call_id) => {
                        found = Some(content);
                    }
                    _ => {}
                }
            }
        }
        let Some(mut content) = found else { return Ok(None) };
        store.fetch(self.run_id, &mut content).await?;
        Ok(match content {
            Value::Array(content) => Some(ToolOutput { content, is_error: false }),
            // It has been emptied since.
            _ => None,
        })
    }
}
