//! Copies of conversations: the whole tree, or one branch of it, as a conversation of its own.

use std::collections::{HashMap, HashSet};

use conductor_access::Action;
use conductor_domain::{
    Artifact, ArtifactId, Caller, Conversation, ConversationId, Message, MessageId, MessageStatus,
    NewConversation,
};
use conductor_storage::ScopedTx;

use crate::{
    Error, Result,
    conversations::{ConversationView, Conversations, NewBranch, check},
    facts::{entry, notice},
};

/// What goes along into a copy.
struct Source {
    new: NewConversation,
    messages: Vec<Message>,
    artifacts: Vec<Artifact>,
    leaf: Option<MessageId>,
}

impl Conversations {
    /// Copies a conversation with all its branches and artifacts.
    ///
    /// # Errors
    /// `Hidden`.
    pub async fn duplicate(&self, caller: &Caller, id: ConversationId) -> Result<ConversationView> {
        let original = self.rows.conversation(caller, id, Action::ConversationClone).await?;
        let title = match original.title.as_str() {
            "" => String::new(),
            title => format!("{} (copy)", title.chars().take(190).collect::<String>()),
        };
        let (leaf, new) = (original.current_leaf_id, self.like(caller, &original, title).await?);
        self.copy(caller, "conversation.duplicated", new, move |tx, new| {
            Box::pin(async move {
                let messages = tx.messages().all_of(id).await?;
                let artifacts = tx.artifacts().all_of(id).await?;
                Ok(Source { new, messages, artifacts, leaf })
            })
        })
        .await
    }

    /// Goes on from a message in a conversation of its own.
    ///
    /// # Errors
    /// `Hidden`; `Invalid` where the message is not in the conversation or the agent is not to be seen.
    pub async fn branch(
        &self,
        caller: &Caller,
        id: ConversationId,
        branch: NewBranch,
    ) -> Result<ConversationView> {
        let original = self.rows.conversation(caller, id, Action::ConversationClone).await?;
        check(branch.title.as_deref(), None, None)?;
        let last = self.rows.store.visible_to(caller).messages().find(branch.message_id).await?;
        if last.is_none_or(|last| last.conversation_id != id) {
            let detail = "no message of this conversation has this id";
            return Err(Error::field("/message_id", "not_found", detail));
        }
        if let Some(agent) = branch.agent_id {
            self.agent(caller, agent).await?;
        }
        let named = branch.title.map(|title| title.trim().to_owned()).filter(|title| !title.is_empty());
        let manual = named.is_some() || original.title_is_manual;
        let title = named.unwrap_or_else(|| original.title.clone());
        let mut new = self.like(caller, &original, title).await?;
        new.title_is_manual = manual;
        new.agent_id = branch.agent_id.or(original.agent_id);
        new.branched_from_message_id = Some(branch.message_id);
        let last = branch.message_id;
        self.copy(caller, "conversation.branched", new, move |tx, new| {
            Box::pin(async move {
                let messages = tx.messages().path_to(last).await?;
                let kept: HashSet<MessageId> = messages.iter().map(|message| message.id).collect();
                let until = messages.last().map(|message| message.updated_at);
                let mut artifacts = tx.artifacts().all_of(id).await?;
                // A person's own version has no message; it goes along where it is older than the branch's end.
                artifacts.retain(|artifact| match artifact.message_id {
                    Some(message) => kept.contains(&message),
                    None => until.is_some_and(|until| artifact.created_at <= until),
                });
                Ok(Source { new, messages, artifacts, leaf: Some(last) })
            })
        })
        .await
    }

    async fn like(&self, caller: &Caller, original: &Conversation, title: String) -> Result<NewConversation> {
        let user = self.rows.person(caller, Action::ConversationCreate).await?;
        Ok(NewConversation {
            title,
            title_is_manual: original.title_is_manual,
            agent_id: original.agent_id,
            model: original.model.clone(),
            settings: original.settings.clone(),
            auto_route: original.auto_route,
            branched_from_conversation_id: Some(original.id),
            data_classification: original.data_classification,
            ..NewConversation::new(ConversationId::generate(&**self.rows.store.clock()), user)
        })
    }

    async fn copy<F>(
        &self,
        caller: &Caller,
        event: &str,
        new: NewConversation,
        read: F,
    ) -> Result<ConversationView>
    where
        F: for<'t> FnOnce(ScopedTx<'t>, NewConversation) -> futures::future::BoxFuture<'t, Result<Source>>
            + Send
            + 'static,
    {
        let entry = entry(caller, event, Action::ConversationClone, new.id);
        let conversation = self
            .rows
            .store
            .scoped(caller.scope)
            .write(move |tx| {
                Box::pin(async move {
                    let source = read(tx, new).await?;
                    let conversation = write(tx, source).await?;
                    tx.audit().record(entry).await?;
                    tx.notify(notice("conversation.created", &conversation));
                    Ok::<_, Error>(conversation)
                })
            })
            .await?;
        Ok(ConversationView { conversation, running_run_id: None })
    }
}

/// Writes the copy under new ids; order and links stay.
async fn write(tx: ScopedTx<'_>, source: Source) -> Result<Conversation> {
    let Source { new, messages, artifacts, leaf } = source;
    let conversation = tx.conversations().create(new).await?;
    let ids: HashMap<MessageId, MessageId> =
        messages.iter().map(|message| (message.id, MessageId::generate(tx.clock()))).collect();
    let count = i32::try_from(messages.len()).unwrap_or(i32::MAX);
    let tokens = messages.iter().map(|message| message.input_tokens + message.output_tokens).sum();
    for mut message in messages {
        message.id = ids[&message.id];
        message.conversation_id = conversation.id;
        message.parent_message_id = message.parent_message_id.and_then(|parent| ids.get(&parent).copied());
        // Nobody writes the copy of an unfinished answer to its end.
        if matches!(message.status, MessageStatus::Streaming | MessageStatus::Waiting) {
            message.status = MessageStatus::Interrupted;
            message.run_id = None;
        }
        tx.messages().copy(message).await?;
    }
    let versions: HashMap<ArtifactId, ArtifactId> =
        artifacts.iter().map(|artifact| (artifact.id, ArtifactId::generate(tx.clock()))).collect();
    for mut artifact in artifacts {
        artifact.id = versions[&artifact.id];
        artifact.conversation_id = conversation.id;
        artifact.message_id = artifact.message_id.and_then(|message| ids.get(&message).copied());
        let parent = artifact.parent_artifact_id;
        artifact.parent_artifact_id = parent.map(|parent| versions.get(&parent).copied().unwrap_or(parent));
        tx.artifacts().copy(artifact).await?;
    }
    if count > 0 {
        let leaf = leaf.and_then(|leaf| ids.get(&leaf).copied());
        tx.conversations().touch(conversation.id, leaf, count, tokens).await?;
    }
    Ok(tx.conversations().get(conversation.id).await?)
}
