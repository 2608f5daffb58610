//! Messages: branches of the tree as a page shows them, edits in place, deletion with what follows.

use std::{collections::HashMap, sync::Arc};

use conductor_access::{Access, Action};
use conductor_domain::{
    AgentId, ArtifactRef, Caller, Classification, ConversationId, Message, MessageId, MessagePatch,
    MessageStatus, MessageView, Page, PageRequest,
};
use conductor_storage::Store;

use crate::{
    Error, Result,
    facts::{Guarded, entry, notice},
};

/// The longest message, in characters.
const CONTENT_CHARS: usize = 400_000;

/// Which messages of a conversation are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Branch {
    /// From the root to the conversation's current leaf.
    #[default]
    Current,
    /// From the root to this message.
    To(MessageId),
    /// Every branch.
    All,
}

/// Messages of a person's conversations.
#[derive(Clone, Debug)]
pub struct Messages {
    rows: Guarded,
}

impl Messages {
    /// The service over this store.
    #[must_use]
    pub fn new(store: Store, access: Arc<Access>) -> Self {
        Self { rows: Guarded { store, access } }
    }

    /// A page of messages, the newest last; the next page goes further back.
    ///
    /// # Errors
    /// `Hidden`, also where the branch ends at a message of another conversation.
    pub async fn list(
        &self,
        caller: &Caller,
        id: ConversationId,
        branch: Branch,
        page: PageRequest,
    ) -> Result<Page<MessageView>> {
        let conversation = self.rows.conversation(caller, id, Action::MessageRead).await?;
        let messages = self.rows.store.visible_to(caller).messages();
        let leaf = match branch {
            Branch::All => {
                let page = messages.all_page(id, page).await?;
                let next = page.next;
                return Ok(Page { items: self.views(caller, id, page.items).await?, next });
            }
            Branch::Current => conversation.current_leaf_id,
            Branch::To(leaf) => {
                let there = messages.find(leaf).await?.filter(|message| message.conversation_id == id);
                Some(there.ok_or(Error::Hidden { what: "message" })?.id)
            }
        };
        let Some(leaf) = leaf else { return Ok(Page { items: Vec::new(), next: None }) };
        let page = messages.path_page(leaf, page).await?;
        let next = page.next;
        Ok(Page { items: self.views(caller, id, page.items).await?, next })
    }

    /// A message of the caller's.
    ///
    /// # Errors
    /// `Hidden`.
    pub async fn find(&self, caller: &Caller, id: MessageId) -> Result<MessageView> {
        let (message, _) = self.rows.message(caller, id, Action::MessageRead).await?;
        self.view(caller, message).await
    }

    /// The model's reasoning behind a message; `None` where there was none.
    ///
    /// # Errors
    /// `Hidden`.
    pub async fn thinking(&self, caller: &Caller, id: MessageId) -> Result<Option<String>> {
        Ok(self.rows.message(caller, id, Action::MessageRead).await?.0.thinking)
    }

    /// Changes the text of a message where it stands; nothing is answered anew.
    ///
    /// # Errors
    /// `Running` while its run writes it; `Invalid` where the text is empty or too long.
    pub async fn edit(&self, caller: &Caller, id: MessageId, content: String) -> Result<MessageView> {
        let (message, conversation) = self.rows.message(caller, id, Action::MessageUpdate).await?;
        if content.trim().is_empty() && message.images.is_empty() && message.attachments.is_empty() {
            return Err(Error::field("/content", "required", "write something"));
        }
        if content.chars().count() > CONTENT_CHARS {
            return Err(Error::field(
                "/content",
                "too_long",
                format!("write at most {CONTENT_CHARS} characters"),
            ));
        }
        let entry = entry(caller, "message.edited", Action::MessageUpdate, id)
            .labelled(conversation.data_classification);
        let message = self
            .rows
            .store
            .scoped(conversation.scope)
            .write(move |tx| {
                Box::pin(async move {
                    require_still(&tx.messages().get(id).await?)?;
                    let patch = MessagePatch {
                        content: Some(content),
                        edited_at: Some(tx.clock().now()),
                        ..MessagePatch::default()
                    };
                    let message = tx.messages().update(id, patch).await?;
                    tx.audit().record(entry).await?;
                    tx.notify(notice("conversation.updated", &conversation));
                    Ok::<_, Error>(message)
                })
            })
            .await?;
        self.view(caller, message).await
    }

    /// Removes a message, everything that follows it, and the artifacts that came with them.
    ///
    /// # Errors
    /// `Running` while a run writes one of them.
    pub async fn delete(&self, caller: &Caller, id: MessageId) -> Result<()> {
        let (message, conversation) = self.rows.message(caller, id, Action::MessageDelete).await?;
        let mut entry = entry(caller, "message.deleted", Action::MessageDelete, id)
            .labelled(conversation.data_classification);
        self.rows
            .store
            .scoped(conversation.scope)
            .write(move |tx| {
                Box::pin(async move {
                    // Read again under the conversation's lock: a turn may have begun since.
                    let conversation = tx.conversations().get(conversation.id).await?;
                    let (gone, writing) = tx.messages().delete_subtree(id).await?;
                    if writing {
                        return Err(Error::Running);
                    }
                    tx.artifacts().delete_of(&gone).await?;
                    let leaf = match conversation.current_leaf_id {
                        Some(leaf) if !gone.contains(&leaf) => Some(leaf),
                        _ => match message.parent_message_id {
                            Some(parent) => Some(tx.messages().newest_below(parent).await?),
                            None => tx.messages().newest_of(conversation.id).await?.map(|newest| newest.id),
                        },
                    };
                    let count = i32::try_from(gone.len()).unwrap_or(i32::MAX);
                    tx.conversations().shrink(conversation.id, leaf, count).await?;
                    if conversation.data_classification > Classification::Internal {
                        tx.conversations().relabel(conversation.id).await?;
                    }
                    entry.data = serde_json::json!({ "messages": count });
                    tx.audit().record(entry).await?;
                    tx.notify(notice("conversation.updated", &conversation));
                    Ok(())
                })
            })
            .await
    }

    /// A message as every door answers it. The right to it is checked before.
    ///
    /// # Errors
    /// When storage fails.
    pub async fn view(&self, caller: &Caller, message: Message) -> Result<MessageView> {
        let conversation = message.conversation_id;
        let mut views = self.views(caller, conversation, vec![message]).await?;
        views.pop().ok_or(Error::Hidden { what: "message" })
    }

    async fn views(
        &self,
        caller: &Caller,
        conversation: ConversationId,
        messages: Vec<Message>,
    ) -> Result<Vec<MessageView>> {
        if messages.is_empty() {
            return Ok(Vec::new());
        }
        let view = self.rows.store.visible_to(caller);
        let ids: Vec<MessageId> = messages.iter().map(|message| message.id).collect();
        let mut parents: Vec<Option<MessageId>> =
            messages.iter().map(|message| message.parent_message_id).collect();
        parents.sort_unstable();
        parents.dedup();
        let siblings = view.messages().siblings(conversation, &parents).await?;
        let mut artifacts: HashMap<MessageId, Vec<ArtifactRef>> = HashMap::new();
        for artifact in view.artifacts().of_messages(&ids).await? {
            if let Some(message) = artifact.message_id {
                artifacts.entry(message).or_default().push(artifact.reference());
            }
        }
        let mut agents: Vec<AgentId> = messages.iter().filter_map(|message| message.agent_id).collect();
        agents.sort_unstable();
        agents.dedup();
        let agents = if agents.is_empty() { Vec::new() } else { view.agents().find_many(&agents).await? };
        let names: HashMap<AgentId, String> =
            agents.into_iter().map(|agent| (agent.id, agent.spec.name)).collect();
        Ok(messages
            .into_iter()
            .map(|message| {
                let name = message.agent_id.and_then(|agent| names.get(&agent).cloned());
                let artifacts = artifacts.remove(&message.id).unwrap_or_default();
                let siblings = siblings.get(&message.parent_message_id).cloned().unwrap_or_default();
                MessageView::of(message, name, artifacts, siblings)
            })
            .collect())
    }
}

/// Refuses while a run writes the message.
fn require_still(message: &Message) -> Result<()> {
    match message.status {
        MessageStatus::Streaming | MessageStatus::Waiting => Err(Error::Running),
        _ => Ok(()),
    }
}
