//! Finding a row, what the decision point is told of it, and what feeds and the audit log hear.

use std::sync::Arc;

use conductor_access::{Access, Action, Facts};
use conductor_domain::{
    Artifact, ArtifactId, Caller, Conversation, ConversationId, File, FileId, Message, MessageId,
    NewAuditEvent, RunId, UserId,
};
use conductor_storage::{FeedItem, Store};
use serde_json::json;

use crate::{Error, Result};

/// Storage and decisions together: a row comes out only for what the caller may do with it.
#[derive(Clone, Debug)]
pub(crate) struct Guarded {
    pub(crate) store: Store,
    pub(crate) access: Arc<Access>,
}

impl Guarded {
    /// The conversation, if the caller may do this with it.
    pub(crate) async fn conversation(
        &self,
        caller: &Caller,
        id: ConversationId,
        action: Action,
    ) -> Result<Conversation> {
        let found = self.store.visible_to(caller).conversations().find(id).await?;
        let conversation = found.ok_or(Error::Hidden { what: "conversation" })?;
        self.access.require(caller, action, &facts(format!("conversation:{id}"), &conversation)).await?;
        Ok(conversation)
    }

    /// The conversation with the turn that is not over, if the caller may read it.
    pub(crate) async fn conversation_with_turn(
        &self,
        caller: &Caller,
        id: ConversationId,
    ) -> Result<(Conversation, Option<RunId>)> {
        let found = self.store.visible_to(caller).conversations().find_with_turn(id).await?;
        let (conversation, turn) = found.ok_or(Error::Hidden { what: "conversation" })?;
        let facts = facts(format!("conversation:{id}"), &conversation);
        self.access.require(caller, Action::ConversationRead, &facts).await?;
        Ok((conversation, turn))
    }

    /// The message with its conversation, if the caller may do this with it.
    pub(crate) async fn message(
        &self,
        caller: &Caller,
        id: MessageId,
        action: Action,
    ) -> Result<(Message, Conversation)> {
        let view = self.store.visible_to(caller);
        let message = view.messages().find(id).await?.ok_or(Error::Hidden { what: "message" })?;
        let conversation = view.conversations().find(message.conversation_id).await?;
        let conversation = conversation.ok_or(Error::Hidden { what: "message" })?;
        self.access.require(caller, action, &facts(format!("message:{id}"), &conversation)).await?;
        Ok((message, conversation))
    }

    /// The artifact version, if the caller may do this with it.
    pub(crate) async fn artifact(&self, caller: &Caller, id: ArtifactId, action: Action) -> Result<Artifact> {
        let view = self.store.visible_to(caller);
        let artifact = view.artifacts().find(id).await?.ok_or(Error::Hidden { what: "artifact" })?;
        let conversation = view.conversations().find(artifact.conversation_id).await?;
        let conversation = conversation.ok_or(Error::Hidden { what: "artifact" })?;
        let facts = facts(format!("artifact:{id}"), &conversation).labelled(artifact.data_classification);
        self.access.require(caller, action, &facts).await?;
        Ok(artifact)
    }

    /// The file, if the caller may do this with it.
    pub(crate) async fn file(&self, caller: &Caller, id: FileId, action: Action) -> Result<File> {
        let file = self.store.visible_to(caller).files().find(id).await?;
        let file = file.ok_or(Error::Hidden { what: "file" })?;
        let facts = Facts::new(format!("file:{id}"), file.scope)
            .owned_by(Some(file.user_id))
            .labelled(file.data_classification);
        self.access.require(caller, action, &facts).await?;
        Ok(file)
    }

    /// The person who makes something new, if the caller is one and may.
    pub(crate) async fn person(&self, caller: &Caller, action: Action) -> Result<UserId> {
        let user = caller.user_id().ok_or(Error::NotAPerson)?;
        let facts = Facts::new(format!("{}:new", action.kind().as_str()), caller.scope).owned_by(Some(user));
        self.access.require(caller, action, &facts).await?;
        Ok(user)
    }
}

fn facts(target: String, conversation: &Conversation) -> Facts {
    let whole = Facts::from(conversation);
    let within = whole.target.clone();
    Facts { target, ..whole }.within(within)
}

/// What the audit log says of a change.
pub(crate) fn entry(
    caller: &Caller,
    event: &str,
    action: Action,
    id: impl Into<uuid::Uuid>,
) -> NewAuditEvent {
    let (noun, id) = (action.kind().as_str(), id.into());
    NewAuditEvent::by(caller, event, action.as_str(), format!("{noun}:{id}")).on(noun, id)
}

/// What the owner's feeds hear of a conversation.
pub(crate) fn notice(event: &'static str, conversation: &Conversation) -> FeedItem {
    notice_of(event, conversation.id, conversation.user_id, conversation.scope.organization_id)
}

/// The same by ids alone.
pub(crate) fn notice_of(
    event: &'static str,
    id: ConversationId,
    user: UserId,
    organization_id: conductor_domain::OrganizationId,
) -> FeedItem {
    FeedItem { organization_id, user_id: Some(user), data: json!({ "type": event, "conversation_id": id }) }
}
