//! Calls that died with their server outside of workflows: whether one took effect a person is asked, and the answer says
//! how the ledger has it. Nothing waits for it, since what the call was made for goes on without it or is over. Runs of
//! workflows ask by themselves, and go on as they are told.

use conductor_domain::{CallId, EffectState, HumanTask, NewHumanTask, RunKind};
use conductor_storage::{FeedItem, Result, ScopedTx};
use serde_json::json;

use crate::held::HeldTx;

/// The kind of such a question, as workflows have it for theirs.
const KIND: &str = "ambiguous_effect";
/// It took effect.
const TOOK_EFFECT: &str = "took_effect";
/// It did not.
const NO_EFFECT: &str = "no_effect";

/// Asks whoever is behind the run. Every organisation has somebody who can find out.
pub(crate) async fn ask(held: &HeldTx<'_>, call_id: CallId, tool: Option<String>) -> Result<()> {
    let run = held.run();
    if run.kind == RunKind::Workflow {
        return Ok(());
    }
    let name = tool.as_deref().unwrap_or("a tool");
    let message = format!(
        "The server was restarted while a call of {name} was under way, and whether it took effect is not known. It is \
         not made again. Look at the target: the answer is kept with the call, and nothing else follows from it."
    );
    let task = NewHumanTask {
        run_id: run.id,
        call_id: Some(call_id),
        user_id: run.user_id,
        node_id: None,
        conversation_id: None,
        kind: KIND.to_owned(),
        title: format!("Did the call of “{name}” take effect?"),
        message,
        priority: "high".to_owned(),
        tool,
        server: None,
        binding_hash: None,
        arguments: None,
        allowed_decisions: [TOOK_EFFECT, NO_EFFECT].map(str::to_owned).to_vec(),
        approver_roles: Vec::new(),
        comment_required: false,
        due_at: None,
    };
    held.tx.human_tasks().create(task).await?;
    held.tx.notify(FeedItem {
        organization_id: run.scope.organization_id,
        user_id: run.user_id,
        data: json!({ "type": "inbox.changed" }),
    });
    Ok(())
}

/// Whether nothing but the ledger hears the answer.
pub(crate) fn is_of_ledger(task: &HumanTask) -> bool {
    task.kind == KIND && task.node_id.is_none()
}

/// Keeps what a person has said of a call.
pub(crate) async fn settle(tx: ScopedTx<'_>, task: &HumanTask) -> Result<()> {
    let (effects, Some(call_id)) = (tx.effects(), task.call_id) else { return Ok(()) };
    if effects.find(task.run_id, call_id).await? != Some(EffectState::Ambiguous) {
        return Ok(());
    }
    let took = task.decision.as_deref() == Some(TOOK_EFFECT);
    let state = if took { EffectState::Done } else { EffectState::Failed };
    effects.settle(task.run_id, call_id, state).await
}
