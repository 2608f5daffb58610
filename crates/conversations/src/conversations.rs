//! Conversations: opened, found again, named, put in order, put away.

use std::{collections::HashMap, sync::Arc};

use conductor_access::{Access, Action, Facts};
use conductor_domain::{
    Agent, AgentId, Caller, Conversation, ConversationFilter, ConversationId, ConversationPatch,
    ConversationSettings, FieldError, MASK, MessageId, NewConversation, Page, PageRequest, RunId, SignalKind,
};
use conductor_storage::Store;

use crate::{
    Error, Result,
    facts::{Guarded, entry, notice},
};

/// The longest title.
const TITLE_CHARS: usize = 200;

/// A person's conversations.
#[derive(Clone, Debug)]
pub struct Conversations {
    pub(crate) rows: Guarded,
}

/// A conversation with the turn that runs in it.
#[derive(Clone, Debug, PartialEq)]
pub struct ConversationView {
    /// The conversation.
    pub conversation: Conversation,
    /// The turn that is not over.
    pub running_run_id: Option<RunId>,
}

/// A conversation to be opened.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OpenConversation {
    /// One line; the first message gives one otherwise.
    pub title: Option<String>,
    /// The agent that answers.
    pub agent_id: Option<AgentId>,
    /// The model in place of the agent's own.
    pub model: Option<String>,
    /// What it sets over its agent.
    pub settings: ConversationSettings,
}

/// What changes: `None` leaves a field as it is, `Some(None)` clears it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ConversationEdit {
    /// One line; cleared, the next first message names it again.
    pub title: Option<Option<String>>,
    /// The agent that answers.
    pub agent_id: Option<Option<AgentId>>,
    /// The model in place of the agent's own.
    pub model: Option<Option<String>>,
    /// What it sets over its agent, as a whole.
    pub settings: Option<Option<ConversationSettings>>,
    /// Whether routing may choose another agent per message.
    pub auto_route: Option<bool>,
    /// A message of the branch to show; its newest end is found.
    pub current_leaf_id: Option<MessageId>,
}

/// A branch as a conversation of its own.
#[derive(Clone, Debug, PartialEq)]
pub struct NewBranch {
    /// The last message that it takes along.
    pub message_id: MessageId,
    /// Another agent to go on with.
    pub agent_id: Option<AgentId>,
    /// One line; the original's otherwise.
    pub title: Option<String>,
}

impl Conversations {
    /// The service over this store.
    #[must_use]
    pub fn new(store: Store, access: Arc<Access>) -> Self {
        Self { rows: Guarded { store, access } }
    }

    /// A page of conversations: pinned ones first, then by their newest message.
    ///
    /// # Errors
    /// When the cursor is not one of this list, or storage fails.
    pub async fn list(
        &self,
        caller: &Caller,
        filter: ConversationFilter,
        page: PageRequest,
    ) -> Result<Page<ConversationView>> {
        let view = self.rows.store.visible_to(caller);
        let page = view.conversations().page(filter, page).await?;
        let ids: Vec<ConversationId> = page.items.iter().map(|conversation| conversation.id).collect();
        let mut running =
            if ids.is_empty() { HashMap::new() } else { view.conversations().running(&ids).await? };
        Ok(page.map(|mut conversation| {
            // That it is there is no secret to whoever it belongs to; what it is about is.
            if conversation.data_classification > caller.clearance {
                MASK.clone_into(&mut conversation.title);
            }
            ConversationView { running_run_id: running.remove(&conversation.id), conversation }
        }))
    }

    /// A conversation of the caller's.
    ///
    /// # Errors
    /// `Hidden`.
    pub async fn find(&self, caller: &Caller, id: ConversationId) -> Result<ConversationView> {
        let (conversation, running_run_id) = self.rows.conversation_with_turn(caller, id).await?;
        Ok(ConversationView { conversation, running_run_id })
    }

    /// Opens a conversation.
    ///
    /// # Errors
    /// `Invalid` with the fields at fault; `Hidden` where the caller does not see the agent.
    pub async fn create(&self, caller: &Caller, open: OpenConversation) -> Result<ConversationView> {
        let user = self.rows.person(caller, Action::ConversationCreate).await?;
        check(open.title.as_deref(), open.model.as_deref(), Some(&open.settings))?;
        if let Some(agent) = open.agent_id {
            self.agent(caller, agent).await?;
        }
        let title = open.title.map(|title| title.trim().to_owned()).filter(|title| !title.is_empty());
        let new = NewConversation {
            title_is_manual: title.is_some(),
            title: title.unwrap_or_default(),
            agent_id: open.agent_id,
            model: open.model,
            settings: open.settings,
            ..NewConversation::new(ConversationId::generate(&**self.rows.store.clock()), user)
        };
        let entry = entry(caller, "conversation.created", Action::ConversationCreate, new.id);
        let conversation = self
            .rows
            .store
            .scoped(caller.scope)
            .write(move |tx| {
                Box::pin(async move {
                    let conversation = tx.conversations().create(new).await?;
                    tx.audit().record(entry.labelled(conversation.data_classification)).await?;
                    tx.notify(notice("conversation.created", &conversation));
                    Ok::<_, Error>(conversation)
                })
            })
            .await?;
        Ok(ConversationView { conversation, running_run_id: None })
    }

    /// Changes what the edit names.
    ///
    /// # Errors
    /// As `create`; `Hidden` too where the message of `current_leaf_id` is not in the conversation.
    pub async fn update(
        &self,
        caller: &Caller,
        id: ConversationId,
        edit: ConversationEdit,
    ) -> Result<ConversationView> {
        self.rows.conversation(caller, id, Action::ConversationUpdate).await?;
        let title = edit.title.map(|title| title.unwrap_or_default().trim().to_owned());
        let settings = edit.settings.map(Option::unwrap_or_default);
        check(title.as_deref(), edit.model.as_ref().and_then(|model| model.as_deref()), settings.as_ref())?;
        if let Some(Some(agent)) = edit.agent_id {
            self.agent(caller, agent).await?;
        }
        let leaf = match edit.current_leaf_id {
            Some(message) => Some(Some(self.leaf(caller, id, message).await?)),
            None => None,
        };
        let patch = ConversationPatch {
            title_is_manual: title.as_ref().map(|title| !title.is_empty()),
            title,
            agent_id: edit.agent_id,
            model: edit.model,
            settings,
            auto_route: edit.auto_route,
            current_leaf_id: leaf,
            ..ConversationPatch::default()
        };
        self.patch(caller, id, patch).await
    }

    /// Puts a conversation first, or back among the others.
    ///
    /// # Errors
    /// `Hidden`.
    pub async fn pin(&self, caller: &Caller, id: ConversationId, pinned: bool) -> Result<ConversationView> {
        self.rows.conversation(caller, id, Action::ConversationUpdate).await?;
        let patch = ConversationPatch { is_pinned: Some(pinned), ..ConversationPatch::default() };
        self.patch(caller, id, patch).await
    }

    /// Puts a conversation away, or takes it out again.
    ///
    /// # Errors
    /// `Hidden`.
    pub async fn archive(
        &self,
        caller: &Caller,
        id: ConversationId,
        archived: bool,
    ) -> Result<ConversationView> {
        self.rows.conversation(caller, id, Action::ConversationUpdate).await?;
        let patch = ConversationPatch { is_archived: Some(archived), ..ConversationPatch::default() };
        self.patch(caller, id, patch).await
    }

    /// Removes a conversation; a turn that still runs in it is told to stop.
    ///
    /// # Errors
    /// `Hidden`.
    pub async fn delete(&self, caller: &Caller, id: ConversationId) -> Result<()> {
        let conversation = self.rows.conversation(caller, id, Action::ConversationDelete).await?;
        let running = self.rows.store.visible_to(caller).conversations().running(&[id]).await?.remove(&id);
        let entry = entry(caller, "conversation.deleted", Action::ConversationDelete, id)
            .labelled(conversation.data_classification);
        self.rows
            .store
            .scoped(conversation.scope)
            .write(move |tx| {
                Box::pin(async move {
                    tx.conversations().delete(id).await?;
                    if let Some(run) = running {
                        tx.runs().signal(run, SignalKind::Cancel, serde_json::json!({})).await?;
                    }
                    tx.audit().record(entry).await?;
                    tx.notify(notice("conversation.deleted", &conversation));
                    Ok(())
                })
            })
            .await
    }

    /// The agent, if the caller may talk to it.
    pub(crate) async fn agent(&self, caller: &Caller, id: AgentId) -> Result<Agent> {
        let agent = self.rows.store.visible_to(caller).agents().find(id).await?;
        let agent = agent.ok_or_else(|| {
            Error::field(
                "/agent_id",
                "not_found",
                "no agent with this id; GET /api/agents lists those there are",
            )
        })?;
        self.rows.access.require(caller, Action::AgentExecute, &Facts::from(&agent)).await?;
        Ok(agent)
    }

    pub(crate) async fn view(&self, caller: &Caller, conversation: Conversation) -> Result<ConversationView> {
        let id = conversation.id;
        let running = self.rows.store.visible_to(caller).conversations().running(&[id]).await?.remove(&id);
        Ok(ConversationView { conversation, running_run_id: running })
    }

    async fn patch(
        &self,
        caller: &Caller,
        id: ConversationId,
        patch: ConversationPatch,
    ) -> Result<ConversationView> {
        let entry = entry(caller, "conversation.updated", Action::ConversationUpdate, id);
        let conversation = self
            .rows
            .store
            .scoped(caller.scope)
            .write(move |tx| {
                Box::pin(async move {
                    let conversation = tx.conversations().update(id, patch).await?;
                    tx.audit().record(entry.labelled(conversation.data_classification)).await?;
                    tx.notify(notice("conversation.updated", &conversation));
                    Ok::<_, Error>(conversation)
                })
            })
            .await?;
        self.view(caller, conversation).await
    }

    /// The newest end of the branch that a message of this conversation stands on.
    async fn leaf(&self, caller: &Caller, id: ConversationId, message: MessageId) -> Result<MessageId> {
        let nowhere =
            || Error::field("/current_leaf_id", "not_found", "no message of this conversation has this id");
        let messages = self.rows.store.visible_to(caller).messages();
        let found = messages.find(message).await?.ok_or_else(nowhere)?;
        if found.conversation_id != id {
            return Err(nowhere());
        }
        messages.newest_below(message).await?.ok_or_else(nowhere)
    }
}

/// What titles, models and settings may hold.
pub(crate) fn check(
    title: Option<&str>,
    model: Option<&str>,
    settings: Option<&ConversationSettings>,
) -> Result<()> {
    let mut faults = Vec::new();
    let mut fault = |fine: bool, pointer: &str, code, detail: &str| {
        if !fine {
            faults.push(FieldError::new(pointer, code, detail));
        }
    };
    let title = title.unwrap_or_default().trim();
    fault(title.chars().count() <= TITLE_CHARS, "/title", "too_long", "write at most 200 characters");
    fault(!title.contains(char::is_control), "/title", "invalid", "write the title in one line");
    let model = model.unwrap_or_default();
    fault(model.chars().count() <= 200, "/model", "too_long", "write at most 200 characters");
    fault(!model.contains(char::is_control), "/model", "invalid", "name one model");
    if let Some(settings) = settings {
        let temperature = settings.temperature.is_none_or(|it| (0.0..=2.0).contains(&it));
        fault(temperature, "/settings/temperature", "out_of_range", "give a number from 0 to 2");
        let tokens = settings.max_tokens.is_none_or(|it| (1..=1_000_000).contains(&it));
        fault(tokens, "/settings/max_tokens", "out_of_range", "give a number from 1 to 1000000");
        let top_p = settings.top_p.is_none_or(|it| it > 0.0 && it <= 1.0);
        fault(top_p, "/settings/top_p", "out_of_range", "give a number above 0 to 1");
        let prompt = settings.system_prompt.as_deref().unwrap_or_default();
        let long = prompt.chars().count() <= 100_000;
        fault(long, "/settings/system_prompt", "too_long", "write at most 100000 characters");
        fault(!prompt.contains('\0'), "/settings/system_prompt", "invalid", "remove the NUL character");
    }
    if faults.is_empty() { Ok(()) } else { Err(Error::Invalid { faults }) }
}
