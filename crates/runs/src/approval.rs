//! A person answers: the answer, its standing form, the signal to the run and the audit entry are one transaction.

use conductor_access::{Access, Action, Facts};
use conductor_domain::{
    AgentId, Caller, Classification, HumanTask, NewAuditEvent, OrganizationId, SignalKind,
};
use conductor_storage::{FeedItem, Store};
use serde_json::json;

use crate::{Error, Result, doubt};

/// Whether an answer holds beyond the one call.
pub(crate) fn holds_on(decision: &str) -> bool {
    matches!(decision, "allow_in_conversation" | "allow_always")
}

/// The tool as it was shown with the question, and the agent that asked.
pub(crate) struct Shown {
    pub(crate) tool: String,
    pub(crate) hash: String,
    pub(crate) agent: Option<AgentId>,
}

/// What somebody says to a question.
pub(crate) struct Answer {
    pub(crate) decision: String,
    pub(crate) comment: Option<String>,
    pub(crate) shown: Option<Shown>,
}

/// Answers a question that the caller may answer, of a run that holds so much. Nobody says yes to what they may not read;
/// no to a call can be said all the same.
pub(crate) async fn decide(
    store: &Store,
    access: &Access,
    caller: &Caller,
    task: HumanTask,
    label: Classification,
    answer: Answer,
) -> Result<HumanTask> {
    let Answer { decision, comment, shown } = answer;
    let id = task.id;
    let asked = &task.approver_roles;
    let answers_as = caller.answers_as();
    let is_asked = asked.iter().any(|one| answers_as.contains(one));
    // A question is in the hands of whoever is to answer it.
    // One of a machine is nobody's own: whoever administers the organisation answers for it.
    let administers =
        ["organization:owner", "organization:admin"].into_iter().any(|role| caller.has_role(role));
    let owner = match task.user_id {
        Some(person) if asked.is_empty() => Some(person),
        None if asked.is_empty() => caller.user_id().filter(|_| administers),
        _ => caller.user_id().filter(|_| is_asked),
    };
    let facts = Facts::new(format!("human_task:{id}"), caller.scope).owned_by(owner);
    let refuses_call = task.kind == "tool_approval" && decision == "deny";
    let facts = if refuses_call { facts } else { facts.labelled(label) };
    if !asked.is_empty() && !is_asked {
        let roles = asked.join(", ");
        let reason = format!("others are asked: {roles}");
        access.refused(caller, Action::HumanTaskDecide, &facts, "approval/roles", &reason).await?;
        return Err(Error::OthersDecide { roles });
    }
    access.require(caller, Action::HumanTaskDecide, &facts).await?;
    if !task.allowed_decisions.contains(&decision) {
        return Err(Error::UnknownDecision { decision, allowed: task.allowed_decisions.join(", ") });
    }
    if task.comment_required && comment.as_deref().is_none_or(|comment| comment.trim().is_empty()) {
        return Err(Error::CommentRequired);
    }
    let user = caller.user_id().ok_or(Error::NotFound { what: "task" })?;
    match task.status.as_str() {
        "pending" => {}
        "decided" => return Err(Error::AlreadyDecided),
        _ => return Err(Error::Ended),
    }
    let standing = shown.and_then(|shown| Standing::of(&task, &decision, shown));
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
                if doubt::is_of_ledger(&task) {
                    doubt::settle(tx, &task).await?;
                } else {
                    tx.runs()
                        .signal(task.run_id, SignalKind::Approve, json!({ "human_task_id": id }))
                        .await?;
                }
                if !task.approver_roles.is_empty() {
                    tx.notify(inbox_changed(tx.scope().organization_id));
                }
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

/// What tells those who are asked for a role to look; every member hears it, so it names nothing.
pub(crate) fn inbox_changed(organization_id: OrganizationId) -> FeedItem {
    FeedItem { organization_id, user_id: None, data: json!({ "type": "inbox.changed" }) }
}

/// An answer that holds beyond one call.
struct Standing {
    tool: String,
    hash: String,
    conversation: Option<conductor_domain::ConversationId>,
    agent: Option<AgentId>,
}

impl Standing {
    fn of(task: &HumanTask, decision: &str, shown: Shown) -> Option<Self> {
        let (conversation, agent) = match decision {
            "allow_in_conversation" => (task.conversation_id, None),
            "allow_always" => (None, shown.agent),
            _ => return None,
        };
        Some(Self { tool: shown.tool, hash: shown.hash, conversation, agent })
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
