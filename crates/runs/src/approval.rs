//! A person answers: the answer, its standing form, the signal to the run and the audit entry are one transaction.

use conductor_access::{Access, Action, Facts};
use conductor_domain::{AgentId, Caller, HumanTask, HumanTaskId, NewAuditEvent, Run, SignalKind};
use conductor_storage::{FeedItem, Store};
use serde_json::json;

use crate::{Error, Result};

/// Answers a question that the caller may answer.
pub(crate) async fn decide(
    store: &Store,
    access: &Access,
    caller: &Caller,
    id: HumanTaskId,
    decision: String,
    comment: Option<String>,
    definition_hash: Option<String>,
) -> Result<HumanTask> {
    let task = store.visible_to(caller).human_tasks().find(id).await?;
    let task = task.ok_or(Error::NotFound { what: "task" })?;
    let facts = Facts::new(format!("human_task:{id}"), caller.scope).owned_by(task.user_id);
    access.require(caller, Action::HumanTaskDecide, &facts).await?;
    if !task.allowed_decisions.contains(&decision) {
        return Err(Error::UnknownDecision { decision, allowed: task.allowed_decisions.join(", ") });
    }
    let user = caller.user_id().ok_or(Error::NotFound { what: "task" })?;
    let run =
        store.visible_to(caller).runs().find(task.run_id).await?.ok_or(Error::NotFound { what: "run" })?;
    if task.status == "decided" {
        return Err(Error::AlreadyDecided);
    }
    if run.status.is_final() {
        return Err(Error::Ended);
    }
    let standing = Standing::of(&task, &run, &decision, definition_hash);
    let mut entry = NewAuditEvent::by(
        caller,
        "approval.decided",
        Action::HumanTaskDecide.as_str(),
        format!("human_task:{id}"),
    )
    .on("human_task", id.as_uuid());
    entry.run_id = Some(task.run_id);
    entry.data = json!({ "decision": decision, "tool": task.tool });
    store
        .scoped(caller.scope)
        .write(move |tx| {
            Box::pin(async move {
                let task = tx.human_tasks().decide(id, user, &decision, comment).await?;
                if let Some(standing) = standing {
                    standing.write(tx, user).await?;
                }
                tx.audit().record(entry).await?;
                tx.runs().signal(task.run_id, SignalKind::Approve, json!({ "human_task_id": id })).await?;
                tx.notify(FeedItem {
                    organization_id: tx.scope().organization_id,
                    user_id: task.user_id,
                    data: json!({
                        "type": "approval.decided",
                        "human_task_id": id,
                        "run_id": task.run_id,
                        "conversation_id": task.conversation_id,
                    }),
                });
                Ok(task)
            })
        })
        .await
        .map_err(|error: conductor_storage::Error| match error {
            conductor_storage::Error::Stale => Error::AlreadyDecided,
            other => other.into(),
        })
}

/// An answer that holds beyond one call.
struct Standing {
    tool: String,
    hash: String,
    conversation: Option<conductor_domain::ConversationId>,
    agent: Option<AgentId>,
}

impl Standing {
    fn of(task: &HumanTask, run: &Run, decision: &str, hash: Option<String>) -> Option<Self> {
        let (conversation, agent) = match decision {
            "allow_in_conversation" => (task.conversation_id, None),
            "allow_always" => (None, run.agent_id),
            _ => return None,
        };
        Some(Self { tool: task.tool.clone()?, hash: hash?, conversation, agent })
    }

    async fn write(
        self,
        tx: conductor_storage::ScopedTx<'_>,
        user: conductor_domain::UserId,
    ) -> conductor_storage::Result<()> {
        let approvals = tx.tool_approvals();
        match (self.conversation, self.agent) {
            (Some(conversation), _) => approvals.allow_in(user, &self.tool, &self.hash, conversation).await,
            (None, Some(agent)) => approvals.allow_for(user, &self.tool, &self.hash, agent).await,
            (None, None) => Ok(()),
        }
    }
}
