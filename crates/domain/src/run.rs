//! The words of the run tree.

use std::net::IpAddr;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    AgentId, CallId, Classification, ConnectorId, ConversationId, EventBody, MessageId, RunId, RunLimits,
    Scope, TokenId, ToolId, UserId, WorkflowId, classification::words,
};

/// What a run executes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum RunKind {
    /// A turn of a conversation.
    Chat,
    /// An agent on its own.
    Agent,
    /// A workflow.
    Workflow,
    /// A node of a workflow.
    Node,
    /// One tool call.
    Tool,
}

/// Where a run stands. All but the first three are final; a retry is a new run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum RunStatus {
    /// Accepted, not started.
    Pending,
    /// A worker holds it.
    Running,
    /// Parked until a person, a timer or a child run answers.
    Waiting,
    /// Ended well.
    Succeeded,
    /// Ended with an error.
    Failed,
    /// Stopped by someone.
    Cancelled,
    /// Stopped by its time limit.
    TimedOut,
    /// Refused by a policy or a person.
    Denied,
    /// Cut by a crash or a restart; what it had is kept.
    Interrupted,
}

impl RunStatus {
    /// Whether nothing follows.
    #[must_use]
    pub const fn is_final(self) -> bool {
        !matches!(self, Self::Pending | Self::Running | Self::Waiting)
    }
}

/// Which door started a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum RunTrigger {
    /// A message in a conversation.
    Chat,
    /// A call of our own API.
    Api,
    /// The Claude agent face.
    Claude,
    /// The MCP gateway.
    Mcp,
    /// A schedule.
    Schedule,
    /// A webhook.
    Webhook,
    /// An event inside the platform.
    Event,
    /// A try-out from a page.
    Test,
}

words!(RunKind { Chat = "chat", Agent = "agent", Workflow = "workflow", Node = "node", Tool = "tool" });
words!(RunStatus {
    Pending = "pending",
    Running = "running",
    Waiting = "waiting",
    Succeeded = "succeeded",
    Failed = "failed",
    Cancelled = "cancelled",
    TimedOut = "timed_out",
    Denied = "denied",
    Interrupted = "interrupted",
});
words!(RunTrigger {
    Chat = "chat",
    Api = "api",
    Claude = "claude",
    Mcp = "mcp",
    Schedule = "schedule",
    Webhook = "webhook",
    Event = "event",
    Test = "test",
});

/// A run, as its row holds it.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// The run.
    pub id: RunId,
    /// Whose it is.
    pub scope: Scope,
    /// What it executes.
    pub kind: RunKind,
    /// Where it stands.
    pub status: RunStatus,
    /// The run that started it.
    pub parent_run_id: Option<RunId>,
    /// The run at the top of its tree; its own id there.
    pub root_run_id: RunId,
    /// The run that this one tries again.
    pub retry_of: Option<RunId>,
    /// Who started it.
    pub user_id: Option<UserId>,
    /// The machine that started it by its own token, as its subject is written.
    pub actor: Option<String>,
    /// The token it started it with.
    pub token_id: Option<TokenId>,
    /// Where it was asked from.
    pub address: Option<IpAddr>,
    /// The agent.
    pub agent_id: Option<AgentId>,
    /// The workflow.
    pub workflow_id: Option<WorkflowId>,
    /// The version of its graph.
    pub workflow_version: Option<i32>,
    /// The node of the workflow that started it.
    pub node_id: Option<String>,
    /// The call of a tool run.
    pub call_id: Option<CallId>,
    /// The tool of a tool run.
    pub tool_id: Option<ToolId>,
    /// The connector of a tool run.
    pub connector_id: Option<ConnectorId>,
    /// The tool's name.
    pub tool_name: Option<String>,
    /// The conversation of a turn.
    pub conversation_id: Option<ConversationId>,
    /// The message that a turn writes.
    pub message_id: Option<MessageId>,
    /// The door that started it.
    pub trigger: RunTrigger,
    /// What it was given.
    pub input: Option<Value>,
    /// What it gave.
    pub output: Option<Value>,
    /// A stable code of its failure.
    pub error_code: Option<String>,
    /// Its failure in words.
    pub error_text: Option<String>,
    /// The model that answered.
    pub model_name: Option<String>,
    /// Tokens in.
    pub input_tokens: i64,
    /// Tokens out.
    pub output_tokens: i64,
    /// Cost in billionths of the currency's unit.
    pub cost_nanos: i64,
    /// ISO 4217.
    pub currency: String,
    /// How often it was dispatched.
    pub attempts: i32,
    /// The `seq` of its last event.
    pub last_seq: i64,
    /// The fence of the present lease: 0 before the first claim.
    pub fencing_token: i64,
    /// How sensitive what it was given and gave is.
    pub data_classification: Classification,
    /// Whether it begins only once no run of its workflow before it is open.
    pub in_line: bool,
    /// When it was accepted.
    pub queued_at: DateTime<Utc>,
    /// When it was first claimed.
    pub started_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub ended_at: Option<DateTime<Utc>>,
    /// How long it took.
    pub duration_ms: Option<i64>,
    /// When its row was written.
    pub created_at: DateTime<Utc>,
}

/// A run to be written.
#[derive(Clone, Debug, PartialEq)]
pub struct NewRun {
    /// The run.
    pub id: RunId,
    /// What it executes.
    pub kind: RunKind,
    /// The door that starts it.
    pub trigger: RunTrigger,
    /// The run that starts it.
    pub parent_run_id: Option<RunId>,
    /// The top of its tree; itself where `None`.
    pub root_run_id: Option<RunId>,
    /// The run that this one tries again.
    pub retry_of: Option<RunId>,
    /// Who starts it.
    pub user_id: Option<UserId>,
    /// The machine that starts it by its own token.
    pub actor: Option<String>,
    /// The token it starts it with.
    pub token_id: Option<TokenId>,
    /// Where it is asked from.
    pub address: Option<IpAddr>,
    /// The agent.
    pub agent_id: Option<AgentId>,
    /// The workflow.
    pub workflow_id: Option<WorkflowId>,
    /// The version of its graph.
    pub workflow_version: Option<i32>,
    /// The node of the workflow that started it.
    pub node_id: Option<String>,
    /// The call of a tool run.
    pub call_id: Option<CallId>,
    /// The tool of a tool run.
    pub tool_id: Option<ToolId>,
    /// The connector of a tool run.
    pub connector_id: Option<ConnectorId>,
    /// The tool's name.
    pub tool_name: Option<String>,
    /// The conversation of a turn.
    pub conversation_id: Option<ConversationId>,
    /// The message that a turn writes.
    pub message_id: Option<MessageId>,
    /// What it is given.
    pub input: Option<Value>,
    /// How sensitive what it is given is.
    pub data_classification: Classification,
    /// Whether it begins only once no run of its workflow before it is open.
    pub in_line: bool,
    /// The W3C trace id, where one came with the request.
    pub trace_id: Option<String>,
    /// When it began, where it is written down only once it is over; the time of writing where `None`.
    pub began_at: Option<DateTime<Utc>>,
    /// What it may take with everything below it.
    pub limits: RunLimits,
}

impl NewRun {
    /// A run with nothing but what every run has.
    #[must_use]
    pub fn new(id: RunId, kind: RunKind, trigger: RunTrigger) -> Self {
        Self {
            id,
            kind,
            trigger,
            parent_run_id: None,
            root_run_id: None,
            retry_of: None,
            user_id: None,
            actor: None,
            token_id: None,
            address: None,
            agent_id: None,
            workflow_id: None,
            workflow_version: None,
            node_id: None,
            call_id: None,
            tool_id: None,
            connector_id: None,
            tool_name: None,
            conversation_id: None,
            message_id: None,
            input: None,
            data_classification: Classification::Public,
            in_line: false,
            trace_id: None,
            began_at: None,
            limits: RunLimits::default(),
        }
    }
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq)]
pub struct RunOutcome {
    /// A final status.
    pub status: RunStatus,
    /// What it gave.
    pub output: Option<Value>,
    /// A stable code of its failure.
    pub error_code: Option<String>,
    /// Its failure in words.
    pub error_text: Option<String>,
    /// The model that answered.
    pub model_name: Option<String>,
    /// Tokens in.
    pub input_tokens: i64,
    /// Tokens out.
    pub output_tokens: i64,
    /// Cost in billionths of the currency's unit.
    pub cost_nanos: i64,
    /// ISO 4217; `None` where nothing was spent.
    pub currency: Option<String>,
    /// How often it was dispatched.
    pub attempts: i32,
    /// How sensitive what it gave is; what it was given is at least kept.
    pub data_classification: Classification,
}

impl RunOutcome {
    /// An ending with nothing but its status.
    #[must_use]
    pub fn of(status: RunStatus) -> Self {
        Self {
            status,
            output: None,
            error_code: None,
            error_text: None,
            model_name: None,
            input_tokens: 0,
            output_tokens: 0,
            cost_nanos: 0,
            currency: None,
            attempts: 1,
            data_classification: Classification::Public,
        }
    }
}

/// Which runs a list shows; `None` shows all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunFilter {
    /// Children of this run.
    pub parent_run_id: Option<RunId>,
    /// Tool runs on this connector.
    pub connector_id: Option<ConnectorId>,
    /// Runs of this agent.
    pub agent_id: Option<AgentId>,
    /// Runs of this workflow.
    pub workflow_id: Option<WorkflowId>,
    /// Turns of this conversation.
    pub conversation_id: Option<ConversationId>,
    /// Runs of this kind.
    pub kind: Option<RunKind>,
    /// Runs that stand here.
    pub status: Option<RunStatus>,
}

/// What can be told to a run from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignalKind {
    /// Stop.
    Cancel,
    /// A person answered a question.
    Approve,
    /// Something the run waits for happened.
    Event,
    /// A timer is due.
    Timer,
}

words!(SignalKind { Cancel = "cancel", Approve = "approve", Event = "event", Timer = "timer" });

/// A signal with what it carries.
#[derive(Clone, Debug, PartialEq)]
pub struct RunSignal {
    /// What it says.
    pub kind: SignalKind,
    /// What it carries.
    pub data: Value,
}

impl RunSignal {
    /// The event that it tells of by its name.
    #[must_use]
    pub fn told(&self) -> Option<EventBody> {
        let name = self.data.get("name").and_then(Value::as_str);
        let name = name.filter(|_| self.kind == SignalKind::Event)?.to_owned();
        Some(EventBody::EventReceived { name, data: self.data.get("data").cloned().unwrap_or_default() })
    }
}

/// How an effect on an outside system stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EffectState {
    /// About to be sent.
    Prepared,
    /// Answered.
    Done,
    /// Sent, and the answer is not known.
    Ambiguous,
    /// Refused or never sent.
    Failed,
}

words!(EffectState { Prepared = "prepared", Done = "done", Ambiguous = "ambiguous", Failed = "failed" });
