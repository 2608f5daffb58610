//! A message as the API shows it, so that the list, the event of its completion and every face say the same.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    AgentId, ArtifactRef, CallId, Classification, ConnectorId, ConversationId, Effect, FileId, FileRef,
    GuardFinding, HumanTaskView, Message, MessageId, MessageRole, MessageStatus, ProblemView, RunId,
    usage::decimal_of_nanos,
};

/// A file of a message, with the address of its bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FileView {
    /// The file.
    pub id: FileId,
    /// Its name when it was uploaded.
    pub name: String,
    /// What its first bytes say it is.
    pub mime_type: String,
    /// How large it is.
    pub size_bytes: i64,
    /// Where its bytes are, for its owner.
    pub url: String,
}

impl From<&FileRef> for FileView {
    fn from(file: &FileRef) -> Self {
        Self {
            id: file.id,
            name: file.name.clone(),
            mime_type: file.mime_type.clone(),
            size_bytes: file.size_bytes,
            url: format!("/api/files/{}/content", file.id),
        }
    }
}

/// Tokens of a message's run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TokensView {
    /// Tokens in.
    pub input: i64,
    /// Tokens out.
    pub output: i64,
    /// Tokens read from the provider's cache.
    pub cached: i64,
}

/// Where a tool call of a message stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ToolCallStatus {
    /// The model asked for it.
    Called,
    /// A person is asked.
    Waiting,
    /// It is on its way.
    Running,
    /// The tool answered.
    Succeeded,
    /// The tool failed.
    Failed,
    /// A policy or a person refused it.
    Denied,
}

/// A tool call of a message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ToolCallView {
    /// The call.
    pub call_id: CallId,
    /// The tool's name as the model wrote it.
    pub tool: String,
    /// The connector's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<String>,
    /// The connector that serves it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connector_id: Option<ConnectorId>,
    /// The arguments, canonical.
    pub arguments: Value,
    /// How much of the answer's text stood before it, in UTF-16 code units: where a page shows the call.
    #[serde(default)]
    pub text_offset: usize,
    /// What the decision point said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effect: Option<Effect>,
    /// The rule that decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule_id: Option<String>,
    /// Why, as one sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Whether the tool did what it was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ok: Option<bool>,
    /// What it answered: MCP content blocks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<Value>,
    /// How sensitive its answer is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_classification: Option<Classification>,
    /// What the guards of the policy found in its answer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<GuardFinding>,
    /// How long it took.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<i64>,
    /// Whether the answer came from the cache.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cached: Option<bool>,
    /// How often it was dispatched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempts: Option<i32>,
    /// The effect ledger's word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ledger: Option<String>,
    /// Where it stands.
    pub status: ToolCallStatus,
    /// The run that it goes on as, where it is one of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub child_run_id: Option<RunId>,
    /// The question to a person, where one was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub human_task: Option<HumanTaskView>,
}

/// A message as the API shows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MessageView {
    /// The message.
    pub id: MessageId,
    /// The conversation.
    pub conversation_id: ConversationId,
    /// The message it answers or follows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_message_id: Option<MessageId>,
    /// Who it is from.
    pub role: MessageRole,
    /// Its text, in Markdown.
    pub content: String,
    /// When it was written.
    pub created_at: DateTime<Utc>,
    /// When it was changed in place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edited_at: Option<DateTime<Utc>>,
    /// Images sent with it.
    pub images: Vec<FileView>,
    /// Other files sent with it.
    pub attachments: Vec<FileView>,
    /// The agent that wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_id: Option<AgentId>,
    /// The agent's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_name: Option<String>,
    /// The model that wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The run that wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_id: Option<RunId>,
    /// Where it stands.
    pub status: MessageStatus,
    /// Why the model stopped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finish_reason: Option<String>,
    /// What it took; only where a model wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens: Option<TokensView>,
    /// What it cost, as a decimal; only where a model wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<String>,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<ProblemView>,
    /// The model's reasoning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thinking: Option<String>,
    /// Tool calls of its run.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<ToolCallView>))]
    pub tool_calls: Value,
    /// Artifact versions that came with it.
    pub artifacts: Vec<ArtifactRef>,
    /// Every message with the same parent, oldest first, this one among them.
    pub sibling_ids: Vec<MessageId>,
    /// How sensitive what it says is: the highest label of what it came from.
    pub data_classification: Classification,
    /// More about how it came about.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub metadata: Value,
}

impl MessageView {
    /// The view of a message, with what stands in other rows.
    #[must_use]
    pub fn of(
        message: Message,
        agent_name: Option<String>,
        artifacts: Vec<ArtifactRef>,
        sibling_ids: Vec<MessageId>,
    ) -> Self {
        let measured = message.input_tokens > 0 || message.output_tokens > 0;
        Self {
            id: message.id,
            conversation_id: message.conversation_id,
            parent_message_id: message.parent_message_id,
            role: message.role,
            content: message.content,
            created_at: message.created_at,
            edited_at: message.edited_at,
            images: message.images.iter().map(Into::into).collect(),
            attachments: message.attachments.iter().map(Into::into).collect(),
            agent_id: message.agent_id,
            agent_name,
            model: message.model,
            run_id: message.run_id,
            status: message.status,
            finish_reason: message.finish_reason,
            tokens: measured.then_some(TokensView {
                input: message.input_tokens,
                output: message.output_tokens,
                cached: message.cached_tokens,
            }),
            cost: measured.then(|| decimal_of_nanos(message.cost_nanos)),
            error: message.error,
            thinking: message.thinking,
            tool_calls: message.tool_calls,
            artifacts,
            sibling_ids,
            data_classification: message.data_classification,
            metadata: message.metadata,
        }
    }
}
