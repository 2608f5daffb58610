//! A question that waits for a person.

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::{CallId, ConversationId, HumanTaskId, HumanTaskView, RunId, TaskNotice, UserId};

/// Which questions are meant; every one by default.
#[derive(Clone, Copy, Debug, Default)]
pub struct TaskFilter {
    /// `pending`, `decided` or `expired`.
    pub status: Option<&'static str>,
    /// Of this run and of all that it began, however far below.
    pub root_run_id: Option<RunId>,
}

impl TaskFilter {
    /// Those that nobody has answered.
    #[must_use]
    pub const fn pending() -> Self {
        Self { status: Some("pending"), root_run_id: None }
    }
}

/// A question to be asked.
#[derive(Clone, Debug, PartialEq)]
pub struct NewHumanTask {
    /// The run that waits.
    pub run_id: RunId,
    /// The tool call that waits.
    pub call_id: Option<CallId>,
    /// Who is asked first: the person behind the run.
    pub user_id: Option<UserId>,
    /// The node of a workflow that waits.
    pub node_id: Option<String>,
    /// The conversation, for approvals that hold in it.
    pub conversation_id: Option<ConversationId>,
    /// `tool_approval`, `human_step` or `ambiguous_effect`.
    pub kind: String,
    /// One line.
    pub title: String,
    /// The question as a sentence.
    pub message: String,
    /// `low`, `normal`, `high` or `urgent`.
    pub priority: String,
    /// The tool that waits.
    pub tool: Option<String>,
    /// Its server.
    pub server: Option<String>,
    /// The hash of tool definition and arguments that the answer is bound to.
    pub binding_hash: Option<String>,
    /// The arguments as they will be sent.
    pub arguments: Option<Value>,
    /// What may be answered.
    pub allowed_decisions: Vec<String>,
    /// Who may answer has one of these roles, or is named as `user:<id>`; the person behind the run where there are none.
    pub approver_roles: Vec<String>,
    /// Whether an answer needs words.
    pub comment_required: bool,
    /// Until when it is to be answered.
    pub due_at: Option<DateTime<Utc>>,
}

/// A question, as its row holds it.
#[derive(Clone, Debug, PartialEq)]
pub struct HumanTask {
    /// The question.
    pub id: HumanTaskId,
    /// The run that waits.
    pub run_id: RunId,
    /// The tool call that waits.
    pub call_id: Option<CallId>,
    /// Who is asked first.
    pub user_id: Option<UserId>,
    /// The node of a workflow that waits.
    pub node_id: Option<String>,
    /// The conversation.
    pub conversation_id: Option<ConversationId>,
    /// `tool_approval`, `human_step` or `ambiguous_effect`.
    pub kind: String,
    /// One line.
    pub title: String,
    /// The question as a sentence.
    pub message: String,
    /// `low`, `normal`, `high` or `urgent`.
    pub priority: String,
    /// The tool that waits.
    pub tool: Option<String>,
    /// Its server.
    pub server: Option<String>,
    /// The hash of tool definition and arguments that the answer is bound to.
    pub binding_hash: Option<String>,
    /// The arguments as they will be sent.
    pub arguments: Option<Value>,
    /// What may be answered.
    pub allowed_decisions: Vec<String>,
    /// Who may answer has one of these roles, or is named as `user:<id>`; the person behind the run where there are none.
    pub approver_roles: Vec<String>,
    /// Whether an answer needs words.
    pub comment_required: bool,
    /// Until when it is to be answered.
    pub due_at: Option<DateTime<Utc>>,
    /// `pending`, `decided` or `expired`.
    pub status: String,
    /// The answer.
    pub decision: Option<String>,
    /// Words beside the answer.
    pub comment: Option<String>,
    /// Who answered.
    pub decided_by: Option<UserId>,
    /// When.
    pub decided_at: Option<DateTime<Utc>>,
    /// How people were told of it.
    pub notices: Vec<TaskNotice>,
    /// When it was asked.
    pub created_at: DateTime<Utc>,
}

impl HumanTask {
    /// The question as events and lists show it.
    #[must_use]
    pub fn view(&self) -> HumanTaskView {
        HumanTaskView {
            id: self.id,
            run_id: self.run_id,
            kind: self.kind.clone(),
            call_id: self.call_id,
            node_id: self.node_id.clone(),
            user_id: self.user_id,
            title: self.title.clone(),
            message: self.message.clone(),
            priority: self.priority.clone(),
            tool: self.tool.clone(),
            server: self.server.clone(),
            arguments: self.arguments.clone(),
            allowed_decisions: self.allowed_decisions.clone(),
            approver_roles: self.approver_roles.clone(),
            comment_required: self.comment_required,
            due_at: self.due_at,
            status: self.status.clone(),
            decision: self.decision.clone(),
            comment: self.comment.clone(),
            notices: self.notices.clone(),
            created_at: self.created_at,
            decided_at: self.decided_at,
        }
    }
}
