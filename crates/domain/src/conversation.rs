//! A conversation: the head of a tree of messages.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{AgentId, Classification, ConversationId, MessageId, Scope, UserId};

/// What a conversation sets over its agent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ConversationSettings {
    /// 0–2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f64>,
    /// The longest answer, in tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_tokens: Option<i32>,
    /// Nucleus sampling, 0–1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub top_p: Option<f64>,
    /// Instructions beside the agent's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system_prompt: Option<String>,
    /// Whether the model may think before it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thinking: Option<bool>,
}

/// A conversation, as its row holds it.
#[derive(Clone, Debug, PartialEq)]
pub struct Conversation {
    /// The conversation.
    pub id: ConversationId,
    /// Whose tenant it is in.
    pub scope: Scope,
    /// Whose it is.
    pub user_id: UserId,
    /// One line; empty until someone or the first turn names it.
    pub title: String,
    /// Whether a person chose the title, so that nothing else replaces it.
    pub title_is_manual: bool,
    /// The agent that answers; `None` leaves it to routing.
    pub agent_id: Option<AgentId>,
    /// The model in place of the agent's own.
    pub model: Option<String>,
    /// When its newest message came.
    pub last_message_at: Option<DateTime<Utc>>,
    /// Whether it is put away.
    pub is_archived: bool,
    /// Whether it stands first.
    pub is_pinned: bool,
    /// What it sets over its agent.
    pub settings: ConversationSettings,
    /// Tokens of all its turns.
    pub token_count: i64,
    /// Messages on all its branches.
    pub message_count: i32,
    /// What agents remember in it.
    pub agent_state: Value,
    /// Whether routing may choose another agent per message.
    pub auto_route: bool,
    /// The end of the branch that is shown.
    pub current_leaf_id: Option<MessageId>,
    /// The conversation it was branched from.
    pub branched_from_conversation_id: Option<ConversationId>,
    /// The message it was branched at.
    pub branched_from_message_id: Option<MessageId>,
    /// The label of what is said in it.
    pub data_classification: Classification,
    /// When it began.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

/// A conversation to be written.
#[derive(Clone, Debug, PartialEq)]
pub struct NewConversation {
    /// The conversation.
    pub id: ConversationId,
    /// Whose it is.
    pub user_id: UserId,
    /// One line.
    pub title: String,
    /// Whether a person chose the title.
    pub title_is_manual: bool,
    /// The agent that answers.
    pub agent_id: Option<AgentId>,
    /// The model in place of the agent's own.
    pub model: Option<String>,
    /// What it sets over its agent.
    pub settings: ConversationSettings,
    /// Whether routing may choose another agent per message.
    pub auto_route: bool,
    /// The conversation it is branched from.
    pub branched_from_conversation_id: Option<ConversationId>,
    /// The message it is branched at.
    pub branched_from_message_id: Option<MessageId>,
    /// The label of what is said in it.
    pub data_classification: Classification,
}

impl NewConversation {
    /// An untitled conversation that leaves everything to its agent.
    #[must_use]
    pub fn new(id: ConversationId, user_id: UserId) -> Self {
        Self {
            id,
            user_id,
            title: String::new(),
            title_is_manual: false,
            agent_id: None,
            model: None,
            settings: ConversationSettings::default(),
            auto_route: true,
            branched_from_conversation_id: None,
            branched_from_message_id: None,
            data_classification: Classification::Internal,
        }
    }
}

/// What changes on a conversation; `None` leaves a field as it is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ConversationPatch {
    /// One line.
    pub title: Option<String>,
    /// Whether a person chose the title.
    pub title_is_manual: Option<bool>,
    /// The agent that answers, or nobody in particular.
    pub agent_id: Option<Option<AgentId>>,
    /// The model, or the agent's own.
    pub model: Option<Option<String>>,
    /// Whether it is put away.
    pub is_archived: Option<bool>,
    /// Whether it stands first.
    pub is_pinned: Option<bool>,
    /// What it sets over its agent, as a whole.
    pub settings: Option<ConversationSettings>,
    /// What agents remember in it.
    pub agent_state: Option<Value>,
    /// Whether routing may choose another agent per message.
    pub auto_route: Option<bool>,
    /// The end of the branch that is shown.
    pub current_leaf_id: Option<Option<MessageId>>,
}

/// Which conversations a list shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConversationFilter {
    /// Only those put away, or only the others.
    pub archived: Option<bool>,
    /// Part of the title or of a message.
    pub q: Option<String>,
}
