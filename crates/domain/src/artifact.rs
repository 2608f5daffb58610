//! An artifact: something an agent made that stands beside the conversation, one row a version.

use chrono::{DateTime, Utc};

use crate::{
    AgentId, ArtifactId, ArtifactKind, ArtifactRef, Classification, ConversationId, MessageId, Scope,
};

/// One version of an artifact, as its row holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Artifact {
    /// This version.
    pub id: ArtifactId,
    /// Whose tenant it is in.
    pub scope: Scope,
    /// The conversation.
    pub conversation_id: ConversationId,
    /// The message it came with; none where a person edited it.
    pub message_id: Option<MessageId>,
    /// The agent that made it; none where a person did.
    pub agent_id: Option<AgentId>,
    /// The name that all versions share inside the conversation.
    pub identifier: String,
    /// 1, 2, 3 …
    pub version: i32,
    /// How it is shown.
    pub kind: ArtifactKind,
    /// One line.
    pub title: String,
    /// The language of code.
    pub language: Option<String>,
    /// The whole content.
    pub content: String,
    /// The SHA-256 of the content.
    pub content_hash: String,
    /// The version it follows, or the artifact it was forked from.
    pub parent_artifact_id: Option<ArtifactId>,
    /// The label of what it holds.
    pub data_classification: Classification,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When its row last changed.
    pub updated_at: DateTime<Utc>,
}

impl Artifact {
    /// The artifact as events and messages name it.
    #[must_use]
    pub fn reference(&self) -> ArtifactRef {
        ArtifactRef {
            artifact_id: self.id,
            identifier: self.identifier.clone(),
            version: self.version,
            kind: self.kind,
            title: self.title.clone(),
            language: self.language.clone(),
        }
    }
}

/// A version to be written; its number follows the newest of its identifier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewArtifact {
    /// This version, where events have named it already.
    pub id: Option<ArtifactId>,
    /// The conversation.
    pub conversation_id: ConversationId,
    /// The message it comes with.
    pub message_id: Option<MessageId>,
    /// The agent that makes it.
    pub agent_id: Option<AgentId>,
    /// The name that all versions share.
    pub identifier: String,
    /// How it is shown.
    pub kind: ArtifactKind,
    /// One line.
    pub title: String,
    /// The language of code.
    pub language: Option<String>,
    /// The whole content.
    pub content: String,
    /// How sensitive what it came from is.
    pub data_classification: Classification,
}
