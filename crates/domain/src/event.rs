//! The one event vocabulary of runs.
//!
//! Events are rows of `run_events`, lines of the SSE stream, a union in the OpenAPI document and so in the generated
//! client. Every other face (OpenAI, Anthropic, AG-UI, A2A, MCP tasks) is a translation of this list.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::{
    AgentId, ArtifactId, ArtifactKind, CallId, Classification, ConnectorId, ConversationId, Effect,
    GuardFinding, HumanTaskId, MessageId, Obligation, RunId, RunKind, RunStatus, StepId, UserId, WorkflowId,
};

/// One event of a run, as it is stored and sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RunEvent {
    /// The run.
    pub run_id: RunId,
    /// 1, 2, 3 … without gaps; the `id:` of the SSE line.
    pub seq: i64,
    /// When it was written.
    pub at: DateTime<Utc>,
    /// What happened.
    #[serde(flatten)]
    pub body: EventBody,
}

/// Reads a value that is there, null too: a null that was written is no absent value when a journal is read again.
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

/// What kind of step a run took.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum StepKind {
    /// A call of a model.
    Model,
    /// A call of a tool.
    Tool,
    /// A search of knowledge.
    Retrieval,
    /// A node of a workflow.
    Node,
}

/// What a node of a workflow waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum NodeWait {
    /// The run that its call goes on as, or somebody who is to approve the call.
    Call,
    /// The decision of a person.
    Person,
    /// A moment.
    Timer,
    /// An event.
    Event,
}

/// An agent that routing considered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RouteCandidate {
    /// The agent.
    pub agent_id: AgentId,
    /// 0–1, higher fits better.
    pub score: f64,
}

/// An artifact version, named in an event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ArtifactRef {
    /// This version's id.
    pub artifact_id: ArtifactId,
    /// The name that all versions share.
    pub identifier: String,
    /// 1, 2, 3 …
    pub version: i32,
    /// How it is shown.
    #[serde(rename = "artifact_type")]
    pub kind: ArtifactKind,
    /// The title.
    pub title: String,
    /// The language of code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
}

/// A person's answer to an approval.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ApprovalDecision {
    /// This call only.
    AllowOnce,
    /// The same tool for the rest of this conversation.
    AllowInConversation,
    /// The same tool for this agent, from now on.
    AllowAlways,
    /// Not this call.
    Deny,
}

/// The kind of the questions of journals that do not say it yet.
fn approval_of_tool() -> String {
    "tool_approval".to_owned()
}

/// How somebody was told of a question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TaskNotice {
    /// As its node names it: `email`, `slack:#channel`, `web`.
    pub channel: String,
    /// `asked`, `reminded` or `escalated`.
    pub occasion: String,
    /// Who, where it is one person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<UserId>,
    /// The call that tells, where one does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call_id: Option<CallId>,
    /// `open`, `told` or `failed`.
    pub status: String,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When it was told, or failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<DateTime<Utc>>,
}

/// A question to a person, as events and lists show it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HumanTaskView {
    /// The task.
    pub id: HumanTaskId,
    /// The run that waits.
    pub run_id: RunId,
    /// `tool_approval`, `human_step` or `ambiguous_effect`: a call of which nobody knows whether it took effect.
    #[serde(default = "approval_of_tool")]
    pub kind: String,
    /// The tool call that waits or is asked about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call_id: Option<CallId>,
    /// The node of a workflow that waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node_id: Option<String>,
    /// The person behind the run; none where a machine is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<UserId>,
    /// One line.
    pub title: String,
    /// The question as a sentence.
    pub message: String,
    /// `low`, `normal`, `high` or `urgent`.
    pub priority: String,
    /// The tool, where one waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tool: Option<String>,
    /// The server's name, where a tool of one waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server: Option<String>,
    /// Arguments as they will be sent.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub arguments: Option<Value>,
    /// What may be answered.
    pub allowed_decisions: Vec<String>,
    /// Who may answer has one of these roles, such as `organization:admin`, or is named as `user:<id>`; the person
    /// behind the run where there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub approver_roles: Vec<String>,
    /// Whether an answer needs a comment.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub comment_required: bool,
    /// Until when it is to be answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<DateTime<Utc>>,
    /// `pending`, `decided` or `expired`.
    pub status: String,
    /// The answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decision: Option<String>,
    /// Words beside the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// How people were told of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notices: Vec<TaskNotice>,
    /// When it was asked.
    pub created_at: DateTime<Utc>,
    /// When it was answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decided_at: Option<DateTime<Utc>>,
}

/// A problem (RFC 9457) inside an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProblemView {
    /// A stable code; a page of that name stands under `docs/errors/`.
    pub code: String,
    /// One line.
    pub title: String,
    /// What happened and what to do.
    pub detail: String,
    /// Whether the same again may help.
    pub retryable: bool,
}

/// What happened in a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "type")]
pub enum EventBody {
    /// The run began.
    #[serde(rename = "run.started")]
    RunStarted {
        /// What it executes.
        kind: RunKind,
        /// The agent.
        #[serde(skip_serializing_if = "Option::is_none")]
        agent_id: Option<AgentId>,
        /// The workflow.
        #[serde(skip_serializing_if = "Option::is_none")]
        workflow_id: Option<WorkflowId>,
        /// The conversation.
        #[serde(skip_serializing_if = "Option::is_none")]
        conversation_id: Option<ConversationId>,
        /// The message that the run writes.
        #[serde(skip_serializing_if = "Option::is_none")]
        message_id: Option<MessageId>,
    },
    /// The run's status changed.
    #[serde(rename = "run.status")]
    RunStatus {
        /// The new status.
        status: RunStatus,
        /// Why, where it needs a word, such as a model that was replaced by the default.
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// An agent was chosen.
    #[serde(rename = "routing.decided")]
    RoutingDecided {
        /// The chosen agent.
        agent_id: AgentId,
        /// Why, as a sentence.
        reason: String,
        /// Whether the user forced it.
        forced: bool,
        /// Whether nothing fitted and the default answered.
        fallback: bool,
        /// What was considered.
        candidates: Vec<RouteCandidate>,
        /// How long it took.
        latency_ms: i64,
    },
    /// The conversation went from one agent to another.
    #[serde(rename = "agent.handoff")]
    AgentHandoff {
        /// From.
        from_agent_id: AgentId,
        /// To.
        to_agent_id: AgentId,
        /// Why.
        reason: String,
    },
    /// A step began.
    #[serde(rename = "step.started")]
    StepStarted {
        /// The step.
        step_id: StepId,
        /// Its kind.
        kind: StepKind,
        /// The model, tool or node.
        name: String,
    },
    /// A step ended.
    #[serde(rename = "step.finished")]
    StepFinished {
        /// The step.
        step_id: StepId,
        /// Its kind.
        kind: StepKind,
        /// The model, tool or node.
        name: String,
        /// How long it took.
        #[serde(skip_serializing_if = "Option::is_none")]
        duration_ms: Option<i64>,
        /// Why it failed.
        #[serde(skip_serializing_if = "Option::is_none")]
        error: Option<ProblemView>,
        /// What the next step needs to go on, such as a provider's signed thinking.
        #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
        continuation: Option<Value>,
    },
    /// More text of the answer.
    #[serde(rename = "message.delta")]
    MessageDelta {
        /// The message.
        message_id: MessageId,
        /// The text to append.
        text: String,
    },
    /// More of the model's reasoning.
    #[serde(rename = "thinking.delta")]
    ThinkingDelta {
        /// The message.
        message_id: MessageId,
        /// The text to append.
        text: String,
    },
    /// The guards of the policy found something in the answer.
    #[serde(rename = "message.guarded")]
    MessageGuarded {
        /// The message.
        message_id: MessageId,
        /// What they found.
        findings: Vec<GuardFinding>,
    },
    /// The answer is complete, as the API shows it.
    #[serde(rename = "message.completed")]
    MessageCompleted {
        /// The message, as `GET /api/conversations/{id}/messages` lists it.
        message: Value,
    },
    /// A tool call reached the tool path.
    #[serde(rename = "tool.called")]
    ToolCalled {
        /// The call.
        call_id: CallId,
        /// The tool's name as the model wrote it.
        tool: String,
        /// The connector that serves it.
        #[serde(skip_serializing_if = "Option::is_none")]
        connector_id: Option<ConnectorId>,
        /// The connector's name.
        #[serde(skip_serializing_if = "Option::is_none")]
        server: Option<String>,
        /// The arguments, canonical.
        arguments: Value,
        /// The id that the model's provider gave the call.
        #[serde(skip_serializing_if = "Option::is_none")]
        provider_call_id: Option<String>,
    },
    /// The tool path decided.
    #[serde(rename = "tool.decided")]
    ToolDecided {
        /// The call.
        call_id: CallId,
        /// Allow, deny or approve.
        effect: Effect,
        /// The rule that decided.
        #[serde(skip_serializing_if = "Option::is_none")]
        rule_id: Option<String>,
        /// What must be done on the way.
        obligations: Vec<Obligation>,
        /// Why, as one sentence.
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// A tool call goes on as a run of its own; its result comes once that run has ended.
    #[serde(rename = "tool.delegated")]
    ToolDelegated {
        /// The call.
        call_id: CallId,
        /// The run that it goes on as.
        child_run_id: RunId,
    },
    /// A tool call ended.
    #[serde(rename = "tool.result")]
    ToolResult {
        /// The call.
        call_id: CallId,
        /// Whether the tool did what it was asked.
        ok: bool,
        /// What it answered: MCP content blocks.
        content: Value,
        /// How long it took.
        duration_ms: i64,
        /// Whether the answer came from the cache.
        cached: bool,
        /// How often it was dispatched.
        #[serde(default)]
        attempts: i32,
        /// The effect ledger's word: `read_only`, `done`, `failed` or `ambiguous`; none where nothing was sent, or where
        /// the calls of a run of its own have their own.
        #[serde(skip_serializing_if = "Option::is_none")]
        ledger: Option<String>,
        /// How sensitive its answer is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        data_classification: Option<Classification>,
        /// What the guards of the policy found in its answer.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        findings: Vec<GuardFinding>,
    },
    /// A person is asked.
    #[serde(rename = "approval.requested")]
    ApprovalRequested {
        /// The question.
        human_task: HumanTaskView,
    },
    /// Somebody was told of a question, or could not be.
    #[serde(rename = "approval.told")]
    ApprovalTold {
        /// The question.
        human_task_id: HumanTaskId,
        /// How people were told of it so far.
        notices: Vec<TaskNotice>,
    },
    /// A person answered.
    #[serde(rename = "approval.decided")]
    ApprovalDecided {
        /// The question with its answer.
        human_task: HumanTaskView,
    },
    /// An artifact begins.
    #[serde(rename = "artifact.started")]
    ArtifactStarted {
        /// Which.
        #[serde(flatten)]
        artifact: ArtifactRef,
        /// The message it belongs to.
        message_id: MessageId,
    },
    /// More of an artifact.
    #[serde(rename = "artifact.delta")]
    ArtifactDelta {
        /// Which.
        artifact_id: ArtifactId,
        /// The text to append.
        text: String,
    },
    /// An artifact version is stored.
    #[serde(rename = "artifact.completed")]
    ArtifactCompleted {
        /// Which.
        #[serde(flatten)]
        artifact: ArtifactRef,
        /// Its whole content.
        #[serde(skip_serializing_if = "Option::is_none")]
        text: Option<String>,
    },
    /// A workflow node began.
    #[serde(rename = "node.started")]
    NodeStarted {
        /// The node.
        node_id: String,
        /// 1, 2, 3 …
        attempt: i32,
        /// The rounds of the loops, and the numbers of the items, that it is in; the outermost first, from 1.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        iteration: Vec<i32>,
        /// The call that it makes, where it makes one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        call_id: Option<CallId>,
        /// What it is given.
        #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
        input: Option<Value>,
    },
    /// A workflow node waits for something outside.
    #[serde(rename = "node.waiting")]
    NodeWaiting {
        /// The node.
        node_id: String,
        /// As when it began.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        iteration: Vec<i32>,
        /// For what.
        reason: NodeWait,
        /// Until when at the latest.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<DateTime<Utc>>,
        /// The question, where a person is asked.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        human_task_id: Option<HumanTaskId>,
        /// The name of the event.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        event: Option<String>,
    },
    /// A workflow node ended, or one attempt of it failed.
    #[serde(rename = "node.finished")]
    NodeFinished {
        /// The node.
        node_id: String,
        /// 1, 2, 3 …
        attempt: i32,
        /// As when it began.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        iteration: Vec<i32>,
        /// The call that it made.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        call_id: Option<CallId>,
        /// What it gave.
        #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
        output: Option<Value>,
        /// The port it left by; none where it failed and the workflow ends, or where it is tried again.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        port: Option<String>,
        /// The ids of the edges it left by.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        edges: Vec<String>,
        /// The node that the work goes back to where no edge says so.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        back_to: Option<String>,
        /// Why it failed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        error: Option<ProblemView>,
        /// When it is tried again.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_at: Option<DateTime<Utc>>,
        /// How long the attempt took.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        duration_ms: Option<i64>,
    },
    /// A workflow node was left out: its guard did not hold, or no way led to it.
    #[serde(rename = "node.skipped")]
    NodeSkipped {
        /// The node.
        node_id: String,
        /// As when it would have begun.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        iteration: Vec<i32>,
        /// The ids of the edges that are followed nevertheless, where only its guard did not hold.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        edges: Vec<String>,
    },
    /// An event arrived from outside, for a node that waits for it or will.
    #[serde(rename = "event.received")]
    EventReceived {
        /// Its name.
        name: String,
        /// What it carries.
        data: Value,
    },
    /// What a model call took and cost.
    #[serde(rename = "usage")]
    Usage {
        /// The model that answered.
        model: String,
        /// Who served it.
        provider: String,
        /// Tokens in.
        input_tokens: i64,
        /// Tokens out.
        output_tokens: i64,
        /// Tokens read from the provider's cache.
        cached_tokens: i64,
        /// Decimal, such as `0.0042`.
        cost: String,
        /// ISO 4217.
        currency: String,
    },
    /// Nothing follows.
    #[serde(rename = "run.finished")]
    RunFinished {
        /// A final status.
        status: RunStatus,
        /// What the run gave.
        #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
        output: Option<Value>,
        /// Why it did not.
        #[serde(skip_serializing_if = "Option::is_none")]
        error: Option<ProblemView>,
    },
}

impl EventBody {
    /// The event's name: the `event:` line of the stream and the `type` of its JSON.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::RunStarted { .. } => "run.started",
            Self::RunStatus { .. } => "run.status",
            Self::RoutingDecided { .. } => "routing.decided",
            Self::AgentHandoff { .. } => "agent.handoff",
            Self::StepStarted { .. } => "step.started",
            Self::StepFinished { .. } => "step.finished",
            Self::MessageDelta { .. } => "message.delta",
            Self::ThinkingDelta { .. } => "thinking.delta",
            Self::MessageGuarded { .. } => "message.guarded",
            Self::MessageCompleted { .. } => "message.completed",
            Self::ToolCalled { .. } => "tool.called",
            Self::ToolDecided { .. } => "tool.decided",
            Self::ToolDelegated { .. } => "tool.delegated",
            Self::ToolResult { .. } => "tool.result",
            Self::ApprovalRequested { .. } => "approval.requested",
            Self::ApprovalTold { .. } => "approval.told",
            Self::ApprovalDecided { .. } => "approval.decided",
            Self::ArtifactStarted { .. } => "artifact.started",
            Self::ArtifactDelta { .. } => "artifact.delta",
            Self::ArtifactCompleted { .. } => "artifact.completed",
            Self::NodeStarted { .. } => "node.started",
            Self::NodeWaiting { .. } => "node.waiting",
            Self::NodeFinished { .. } => "node.finished",
            Self::NodeSkipped { .. } => "node.skipped",
            Self::EventReceived { .. } => "event.received",
            Self::Usage { .. } => "usage",
            Self::RunFinished { .. } => "run.finished",
        }
    }

    /// Whether this is the last event of its run.
    #[must_use]
    pub const fn is_last(&self) -> bool {
        matches!(self, Self::RunFinished { .. })
    }
}
