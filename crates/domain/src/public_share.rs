//! A public link: whoever has it reads one conversation as far as it went, or one version of an artifact.

use chrono::{DateTime, Utc};

use crate::{ArtifactId, ConversationId, MessageId, PublicShareId, Scope, UserId};

/// A public link, as its row holds it. Its token is nowhere but with those who were given it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicShare {
    /// The link.
    pub id: PublicShareId,
    /// Where what it opens lives.
    pub scope: Scope,
    /// The conversation that it opens, or that its artifact is in.
    pub conversation_id: ConversationId,
    /// The end of the branch that it opens: what is said later stays closed.
    pub leaf_message_id: Option<MessageId>,
    /// The version that it opens, where it opens an artifact alone.
    pub artifact_id: Option<ArtifactId>,
    /// Who made it: it opens no more than this person may share now.
    pub created_by: UserId,
    /// When it closes by itself.
    pub expires_at: DateTime<Utc>,
    /// How often it was looked at.
    pub view_count: i64,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

/// A public link to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPublicShare {
    /// The conversation that it opens, or that its artifact is in.
    pub conversation_id: ConversationId,
    /// The end of the branch that it opens.
    pub leaf_message_id: Option<MessageId>,
    /// The version that it opens, where it opens an artifact alone.
    pub artifact_id: Option<ArtifactId>,
    /// Who makes it.
    pub created_by: UserId,
    /// The hash of its token.
    pub token_hash: String,
    /// When it closes by itself.
    pub expires_at: DateTime<Utc>,
}
