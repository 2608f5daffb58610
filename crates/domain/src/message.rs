//! A message: a node in the tree of its conversation.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    AgentId, Classification, ConversationId, FileId, MessageId, MessageRole, ProblemView, RunId, Scope,
    classification::words,
};

/// Where a message stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum MessageStatus {
    /// Whole.
    Complete,
    /// Its run is writing it.
    Streaming,
    /// Its run waits for a person.
    Waiting,
    /// Its run was cut by a crash; what it had is kept.
    Interrupted,
    /// Its run failed; `error` says why.
    Failed,
    /// Someone stopped its run.
    Cancelled,
}

words!(MessageStatus {
    Complete = "complete",
    Streaming = "streaming",
    Waiting = "waiting",
    Interrupted = "interrupted",
    Failed = "failed",
    Cancelled = "cancelled",
});

/// A file as a message names it; the file's own row is asked again whenever its bytes are read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FileRef {
    /// The file.
    pub id: FileId,
    /// Its name when it was uploaded.
    pub name: String,
    /// What its first bytes say it is.
    pub mime_type: String,
    /// How large it is.
    pub size_bytes: i64,
}

/// A message, as its row holds it.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// The message.
    pub id: MessageId,
    /// Whose tenant it is in.
    pub scope: Scope,
    /// The conversation.
    pub conversation_id: ConversationId,
    /// The message it answers or follows; `None` at a root.
    pub parent_message_id: Option<MessageId>,
    /// Who it is from.
    pub role: MessageRole,
    /// Its text, in Markdown.
    pub content: String,
    /// Where it stands.
    pub status: MessageStatus,
    /// When it was changed in place.
    pub edited_at: Option<DateTime<Utc>>,
    /// Images sent with it.
    pub images: Vec<FileRef>,
    /// Other files sent with it.
    pub attachments: Vec<FileRef>,
    /// The agent that wrote it.
    pub agent_id: Option<AgentId>,
    /// The model that wrote it.
    pub model: Option<String>,
    /// The run that wrote it.
    pub run_id: Option<RunId>,
    /// Why the model stopped.
    pub finish_reason: Option<String>,
    /// Tokens in.
    pub input_tokens: i64,
    /// Tokens out.
    pub output_tokens: i64,
    /// Tokens read from the provider's cache.
    pub cached_tokens: i64,
    /// Cost in billionths of the currency's unit.
    pub cost_nanos: i64,
    /// Why it failed.
    pub error: Option<ProblemView>,
    /// The model's reasoning.
    pub thinking: Option<String>,
    /// Tool calls of its run, as the API shows them: a JSON array.
    pub tool_calls: Value,
    /// How sensitive what it says is: the highest label of what it came from.
    pub data_classification: Classification,
    /// More about how it came about: a JSON object.
    pub metadata: Value,
    /// When it was written.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

/// A message to be written.
#[derive(Clone, Debug, PartialEq)]
pub struct NewMessage {
    /// The message.
    pub id: MessageId,
    /// The conversation.
    pub conversation_id: ConversationId,
    /// The message it answers or follows.
    pub parent_message_id: Option<MessageId>,
    /// Who it is from.
    pub role: MessageRole,
    /// Its text.
    pub content: String,
    /// Where it stands.
    pub status: MessageStatus,
    /// Images sent with it.
    pub images: Vec<FileRef>,
    /// Other files sent with it.
    pub attachments: Vec<FileRef>,
    /// The agent that writes it.
    pub agent_id: Option<AgentId>,
    /// The model that writes it.
    pub model: Option<String>,
    /// The run that writes it.
    pub run_id: Option<RunId>,
    /// The highest label of what it brings.
    pub data_classification: Classification,
    /// More about how it came about: a JSON object.
    pub metadata: Value,
}

impl NewMessage {
    /// A whole message of text, without files, agent or run.
    #[must_use]
    pub fn text(
        id: MessageId,
        conversation_id: ConversationId,
        parent_message_id: Option<MessageId>,
        role: MessageRole,
        content: impl Into<String>,
    ) -> Self {
        Self {
            id,
            conversation_id,
            parent_message_id,
            role,
            content: content.into(),
            status: MessageStatus::Complete,
            images: Vec::new(),
            attachments: Vec::new(),
            agent_id: None,
            model: None,
            run_id: None,
            data_classification: Classification::Public,
            metadata: Value::Object(serde_json::Map::new()),
        }
    }
}

/// What changes on a message; `None` leaves a field as it is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MessagePatch {
    /// Its text.
    pub content: Option<String>,
    /// Where it stands.
    pub status: Option<MessageStatus>,
    /// Why the model stopped.
    pub finish_reason: Option<String>,
    /// Tokens in.
    pub input_tokens: Option<i64>,
    /// Tokens out.
    pub output_tokens: Option<i64>,
    /// Tokens read from the provider's cache.
    pub cached_tokens: Option<i64>,
    /// Cost in billionths of the currency's unit.
    pub cost_nanos: Option<i64>,
    /// Why it failed.
    pub error: Option<ProblemView>,
    /// The model's reasoning.
    pub thinking: Option<String>,
    /// Tool calls of its run, as a JSON array.
    pub tool_calls: Option<Value>,
    /// The model that wrote it.
    pub model: Option<String>,
    /// The run that wrote it.
    pub run_id: Option<RunId>,
    /// The agent that wrote it.
    pub agent_id: Option<AgentId>,
    /// When it was changed in place.
    pub edited_at: Option<DateTime<Utc>>,
    /// The highest label of what it came from.
    pub data_classification: Option<Classification>,
    /// More about how it came about: a JSON object that replaces the last one.
    pub metadata: Option<Value>,
}
