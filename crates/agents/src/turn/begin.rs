//! How a turn begins: the person's message, the empty reply and the pending run are one transaction.

use std::{collections::HashSet, net::IpAddr};

use conductor_access::{Action, Facts};
use conductor_domain::{
    Agent, AgentId, Caller, Classification, Conversation, ConversationId, ConversationPatch, FileId, FileRef,
    Message, MessageId, MessageRole, MessageStatus, NewAuditEvent, NewMessage, NewRun, RunId, RunKind,
    RunTrigger,
};
use conductor_storage::{FeedItem, ScopedTx};
use serde_json::json;

use super::{Started, Turns};
use crate::{Error, Result};

/// How much of a first message becomes the title.
const TITLE_CHARS: usize = 60;

/// A message to be answered.
#[derive(Clone, Debug, Default)]
pub struct StartTurn {
    /// What the person says.
    pub content: String,
    /// What it answers; the conversation's current leaf where `None`.
    pub parent_message_id: Option<MessageId>,
    /// Who is to answer; the conversation's agent where `None`.
    pub agent_id: Option<AgentId>,
    /// The model that is to answer; the conversation's or the agent's where `None`.
    pub model: Option<String>,
    /// Pictures.
    pub image_ids: Vec<FileId>,
    /// Documents.
    pub attachment_ids: Vec<FileId>,
    /// Whether the person insists on the agent.
    pub force_agent: bool,
}

/// An agent to be run by itself.
#[derive(Clone, Debug)]
pub struct RunAgent {
    /// The agent.
    pub agent_id: AgentId,
    /// What it is given.
    pub input: String,
    /// The door.
    pub trigger: RunTrigger,
}

/// What every beginning of a turn decides before it writes.
struct Plan {
    conversation: Conversation,
    question: Option<NewMessage>,
    answered: MessageId,
    agent: Agent,
    model: Option<String>,
    force_agent: bool,
    retry_of: Option<RunId>,
}

impl Turns {
    /// Takes a message and starts its answer.
    ///
    /// # Errors
    /// `Hidden` where the caller may not see what is named; `Busy` while the message before is still being answered.
    pub async fn start(&self, caller: &Caller, id: ConversationId, turn: StartTurn) -> Result<Started> {
        let _place = self.reading.acquire().await;
        Box::pin(self.answer(caller, id, turn)).await
    }

    async fn answer(&self, caller: &Caller, id: ConversationId, turn: StartTurn) -> Result<Started> {
        let conversation = self.writable(caller, id).await?;
        if turn.content.trim().is_empty() && turn.image_ids.is_empty() && turn.attachment_ids.is_empty() {
            return Err(Error::Empty);
        }
        let parent = turn.parent_message_id.or(conversation.current_leaf_id);
        if let Some(parent) = parent {
            let parent = self.message(caller, parent).await?;
            if parent.conversation_id != id {
                return Err(Error::Hidden { what: "message" });
            }
            if matches!(parent.status, MessageStatus::Streaming | MessageStatus::Waiting) {
                return Err(Error::Busy);
            }
        }
        let agent = self.agent_for(caller, &conversation, turn.agent_id).await?;
        let mut question = NewMessage::text(self.new_id(), id, parent, MessageRole::User, turn.content);
        let label = &mut question.data_classification;
        question.images = self.files(caller, &turn.image_ids, true, label).await?;
        question.attachments = self.files(caller, &turn.attachment_ids, false, label).await?;
        let answered = question.id;
        let plan = Plan {
            conversation,
            question: Some(question),
            answered,
            agent,
            model: turn.model,
            force_agent: turn.force_agent,
            retry_of: None,
        };
        self.begin(caller, plan).await
    }

    /// Answers a message again, beside the answer that there is.
    ///
    /// # Errors
    /// `Hidden`, or `NotAnAnswer` where the message is not one.
    pub async fn regenerate(
        &self,
        caller: &Caller,
        id: MessageId,
        agent_id: Option<AgentId>,
        model: Option<String>,
    ) -> Result<Started> {
        let answer = self.message(caller, id).await?;
        let conversation = self.writable(caller, answer.conversation_id).await?;
        let question = answer.parent_message_id.filter(|_| answer.role != MessageRole::User);
        let answered = question.ok_or(Error::NotAnAnswer)?;
        let agent = self.agent_for(caller, &conversation, agent_id.or(answer.agent_id)).await?;
        let plan = Plan {
            conversation,
            question: None,
            answered,
            agent,
            model,
            force_agent: agent_id.is_some(),
            retry_of: answer.run_id,
        };
        self.begin(caller, plan).await
    }

    /// Says something else in place of a message, beside it, and has it answered.
    ///
    /// # Errors
    /// `Hidden`, or `NotAQuestion` where the message is not the person's.
    pub async fn resend(&self, caller: &Caller, id: MessageId, content: String) -> Result<Started> {
        let before = self.message(caller, id).await?;
        if before.role != MessageRole::User {
            return Err(Error::NotAQuestion);
        }
        if content.trim().is_empty() && before.images.is_empty() && before.attachments.is_empty() {
            return Err(Error::Empty);
        }
        let conversation = self.writable(caller, before.conversation_id).await?;
        let agent = self.agent_for(caller, &conversation, None).await?;
        let mut question = NewMessage::text(
            self.new_id(),
            conversation.id,
            before.parent_message_id,
            MessageRole::User,
            content,
        );
        question.images = before.images;
        question.attachments = before.attachments;
        question.data_classification = before.data_classification;
        let answered = question.id;
        let plan = Plan {
            conversation,
            question: Some(question),
            answered,
            agent,
            model: None,
            force_agent: false,
            retry_of: None,
        };
        self.begin(caller, plan).await
    }

    /// Runs an agent by itself, without a conversation.
    ///
    /// # Errors
    /// `Hidden` where the caller may not see the agent.
    pub async fn run_agent(&self, caller: &Caller, request: RunAgent) -> Result<conductor_domain::Run> {
        let agent = self.visible_agent(caller, request.agent_id).await?;
        self.access.require(caller, Action::AgentExecute, &crate::facts::facts(&agent)).await?;
        self.access.begin(caller).await?;
        self.admit(caller, &agent, None).await?;
        let id = RunId::generate(&**self.store.clock());
        let run = NewRun {
            user_id: caller.user_id(),
            actor: caller.machine(),
            token_id: caller.token_id,
            address: caller.address,
            agent_id: Some(agent.id),
            input: Some(json!({ "input": request.input })),
            ..NewRun::new(id, RunKind::Agent, request.trigger)
        };
        let target = format!("agent:{}", agent.id);
        let mut entry = started(caller, id, Action::AgentExecute, target);
        entry.data_classification = Some(agent.spec.data_classification);
        self.store
            .scoped(caller.scope)
            .write(move |tx| {
                Box::pin(async move {
                    tx.audit().record(entry).await?;
                    tx.runs().create(run).await
                })
            })
            .await
            .map_err(|error: conductor_storage::Error| Error::from(error))
    }

    async fn begin(&self, caller: &Caller, plan: Plan) -> Result<Started> {
        self.access.begin(caller).await?;
        let wanted = plan.model.as_deref().or(plan.conversation.model.as_deref());
        self.admit(caller, &plan.agent, wanted).await?;
        let (run_id, reply_id): (RunId, MessageId) = (RunId::generate(&**self.store.clock()), self.new_id());
        let asker = (caller.user_id(), caller.address);
        let target = format!("conversation:{}", plan.conversation.id);
        let mut entry = started(caller, run_id, Action::MessageCreate, target);
        entry.data_classification = Some(plan.conversation.data_classification);
        entry.data = json!({ "agent_id": plan.agent.id });
        self.store
            .scoped(caller.scope)
            .write(move |tx| {
                Box::pin(async move {
                    tx.audit().record(entry).await?;
                    write(tx, plan, run_id, reply_id, asker).await
                })
            })
            .await
            .map_err(|error: conductor_storage::Error| error.into())
    }

    async fn writable(&self, caller: &Caller, id: ConversationId) -> Result<Conversation> {
        let conversation = self.store.visible_to(caller).conversations().find(id).await?;
        let conversation = conversation.ok_or(Error::Hidden { what: "conversation" })?;
        self.access.require(caller, Action::MessageCreate, &Facts::from(&conversation)).await?;
        Ok(conversation)
    }

    async fn message(&self, caller: &Caller, id: MessageId) -> Result<Message> {
        self.store.visible_to(caller).messages().find(id).await?.ok_or(Error::Hidden { what: "message" })
    }

    async fn visible_agent(&self, caller: &Caller, id: AgentId) -> Result<Agent> {
        self.store.visible_to(caller).agents().find(id).await?.ok_or(Error::Hidden { what: "agent" })
    }

    /// Who answers: the one that is named, the conversation's, the person's own default, the platform's.
    async fn agent_for(
        &self,
        caller: &Caller,
        conversation: &Conversation,
        named: Option<AgentId>,
    ) -> Result<Agent> {
        let mut candidates = vec![named, conversation.agent_id];
        if let Some(user) = caller.user_id() {
            let user = self.store.unscoped(conductor_storage::Unscoped::SignIn).users().find(user).await?;
            candidates.push(user.and_then(|user| user.default_agent_id));
        }
        for id in candidates.into_iter().flatten() {
            match self.store.visible_to(caller).agents().find(id).await? {
                Some(agent) => {
                    self.access.require(caller, Action::AgentExecute, &crate::facts::facts(&agent)).await?;
                    return Ok(agent);
                }
                // One that was named must be there; a default that has gone is passed over.
                None if named == Some(id) => return Err(Error::Hidden { what: "agent" }),
                None => {}
            }
        }
        crate::seeds::conversation_agent(&self.store, caller).await
    }

    /// The files that a message names: the caller's own, each once.
    async fn files(
        &self,
        caller: &Caller,
        ids: &[FileId],
        images: bool,
        label: &mut Classification,
    ) -> Result<Vec<FileRef>> {
        let mut seen = HashSet::new();
        let mut files = Vec::with_capacity(ids.len());
        for id in ids.iter().filter(|id| seen.insert(**id)) {
            let file = self.store.visible_to(caller).files().find(*id).await?;
            let file = file.ok_or(Error::Hidden { what: "file" })?;
            if images && !file.is_image() {
                return Err(Error::NotAnImage { name: file.name });
            }
            let facts = Facts::new(format!("file:{id}"), file.scope)
                .owned_by(Some(file.user_id))
                .labelled(file.data_classification);
            self.access.require(caller, Action::FileRead, &facts).await?;
            *label = (*label).max(file.data_classification);
            files.push(file.reference());
        }
        Ok(files)
    }

    fn new_id(&self) -> MessageId {
        MessageId::generate(&**self.store.clock())
    }
}

/// What the audit log says when a run begins; its end is another entry.
pub(crate) fn started(caller: &Caller, run: RunId, action: Action, target: String) -> NewAuditEvent {
    let mut entry = NewAuditEvent::by(caller, "run.started", action.as_str(), target).on("run", run);
    entry.run_id = Some(run);
    entry
}

async fn write(
    tx: ScopedTx<'_>,
    plan: Plan,
    run_id: RunId,
    reply_id: MessageId,
    (user_id, address): (Option<conductor_domain::UserId>, Option<IpAddr>),
) -> conductor_storage::Result<Started> {
    let Plan { conversation, question, answered, agent, model, force_agent, retry_of } = plan;
    let id = conversation.id;
    let added = if question.is_some() { 2 } else { 1 };
    let title = question.as_ref().map(|question| title(&question.content)).unwrap_or_default();
    let message = match question {
        Some(question) => tx.messages().insert(question).await?,
        None => tx.messages().get(answered).await?,
    };
    let mut reply = NewMessage::text(reply_id, id, Some(answered), MessageRole::Assistant, "");
    reply.status = MessageStatus::Streaming;
    reply.agent_id = Some(agent.id);
    reply.run_id = Some(run_id);
    let reply = tx.messages().insert(reply).await?;
    let run = NewRun {
        retry_of,
        user_id,
        address,
        agent_id: Some(agent.id),
        conversation_id: Some(id),
        message_id: Some(reply_id),
        input: Some(json!({ "model": model, "force_agent": force_agent, "message_id": answered })),
        data_classification: message.data_classification,
        ..NewRun::new(run_id, RunKind::Chat, RunTrigger::Chat)
    };
    let run = tx.runs().create(run).await?;
    tx.conversations().touch(id, Some(reply_id), added, 0).await?;
    let mut patch = ConversationPatch::default();
    if conversation.title.is_empty() && !conversation.title_is_manual && !title.is_empty() {
        patch.title = Some(title);
    }
    if conversation.agent_id.is_none() || force_agent {
        patch.agent_id = Some(Some(agent.id));
    }
    if model.is_some() {
        patch.model = Some(model);
    }
    if patch != ConversationPatch::default() {
        tx.conversations().update(id, patch).await?;
    }
    tx.notify(FeedItem {
        organization_id: tx.scope().organization_id,
        user_id,
        data: json!({
            "type": "run.started",
            "run_id": run_id,
            "conversation_id": id,
            "message_id": reply_id,
        }),
    });
    Ok(Started { message, reply, run })
}

/// The first line of a first message, cut at a word.
fn title(content: &str) -> String {
    let line = content.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    if line.chars().count() <= TITLE_CHARS {
        return line.to_owned();
    }
    let cut: String = line.chars().take(TITLE_CHARS).collect();
    let cut = cut.rsplit_once(' ').map_or(cut.as_str(), |(whole, _)| whole);
    format!("{}…", cut.trim_end())
}
