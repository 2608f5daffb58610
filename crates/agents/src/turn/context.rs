//! What a model is told before it answers: instructions, the path of messages, the files, the tools.

use std::sync::Arc;

use conductor_access::Action;
use conductor_domain::{
    Agent, Caller, ConversationSettings, FileRef, Message, MessageRole, ProblemView, RunKind, UserId,
};
use conductor_llm_providers::{Content, Message as ModelMessage, Resolved, Role, ToolSpec};
use conductor_runs::{Held, problem};
use conductor_storage::Unscoped;

use super::{Turns, writer::Place};
use crate::Error;

/// The longest text file that is put before a model whole.
const TEXT_BYTES: u64 = 200 * 1_024;
/// The largest picture that is put before a model.
const IMAGE_BYTES: u64 = 10 * 1_024 * 1_024;

/// Everything a turn needs that its journal does not hold, read again each time the turn is advanced.
pub(crate) struct Context {
    pub(crate) caller: Arc<Caller>,
    pub(crate) agent: Agent,
    pub(crate) resolved: Resolved,
    pub(crate) settings: ConversationSettings,
    pub(crate) system: String,
    pub(crate) messages: Vec<ModelMessage>,
    pub(crate) tools: Vec<ToolSpec>,
}

impl Context {
    /// Where what the model writes goes.
    pub(crate) fn place(&self, held: &Held) -> Place {
        let run = held.run();
        Place {
            conversation_id: run.conversation_id,
            message_id: run.message_id.unwrap_or_else(|| run.id.as_uuid().into()),
            agent_id: Some(self.agent.id),
        }
    }
}

impl Turns {
    /// Reads the context of a run, as its user may see it now.
    pub(crate) async fn context(&self, held: &Held) -> Result<Context, ProblemView> {
        self.read_context(held).await.map_err(|error| {
            use conductor_domain::Kind;
            tracing::warn!(error = &error as &dyn std::error::Error, run.id = %held.run().id, "no context");
            problem(error.code(), "The turn cannot begin", error.to_string(), true)
        })
    }

    async fn read_context(&self, held: &Held) -> crate::Result<Context> {
        let run = held.run();
        let caller = self.access.caller_behind(run).await?.ok_or(Error::Gone { what: "account" })?;
        let agent_id = run.agent_id.ok_or(Error::Gone { what: "agent" })?;
        let agent = self.store.visible_to(&caller).agents().find(agent_id).await?;
        let agent = agent.ok_or(Error::Gone { what: "agent" })?;
        self.access.require(&caller, Action::AgentExecute, &crate::facts::facts(&agent)).await?;

        let (settings, path, wanted) = self.conversation(&caller, held).await?;
        let wanted = wanted.unwrap_or_else(|| agent.spec.model.clone());
        let extra = self.providers_of(&caller).await?;
        let resolved = self.models.resolve(&wanted, &extra);
        let messages = match run.kind {
            RunKind::Chat => self.messages(&caller, &path, &resolved).await?,
            _ => vec![ModelMessage::user(input_text(held))],
        };
        let tools = if resolved.entry.capabilities.tools {
            self.tools.tools(&caller, Some(agent.id)).await
        } else {
            Vec::new()
        };
        let tools = tools
            .into_iter()
            .filter(|tool| tool.approved_hash.as_deref() == Some(tool.definition_hash.as_str()))
            .map(|tool| ToolSpec {
                name: tool.name,
                description: tool.description,
                input_schema: tool.input_schema,
            })
            .collect();
        let system = self.system(run.user_id, &agent, &settings).await?;
        Ok(Context { caller: Arc::new(caller), agent, resolved, settings, system, messages, tools })
    }

    /// The settings, the path of messages up to the question, and the model that was asked for.
    async fn conversation(
        &self,
        caller: &Caller,
        held: &Held,
    ) -> crate::Result<(ConversationSettings, Vec<Message>, Option<String>)> {
        let run = held.run();
        let asked = run.input.as_ref().and_then(|input| input.get("model")).and_then(|it| it.as_str());
        let (Some(id), Some(reply)) = (run.conversation_id, run.message_id) else {
            return Ok((ConversationSettings::default(), Vec::new(), asked.map(str::to_owned)));
        };
        let conversation = self.store.visible_to(caller).conversations().find(id).await?;
        let conversation = conversation.ok_or(Error::Gone { what: "conversation" })?;
        let mut path = self.store.visible_to(caller).messages().path_to(reply).await?;
        path.retain(|message| message.id != reply);
        let wanted = asked.map(str::to_owned).or(conversation.model);
        Ok((conversation.settings, path, wanted))
    }

    /// Instructions, general first: the person's own, then the agent's, or what the conversation puts in their place.
    async fn system(
        &self,
        user: Option<UserId>,
        agent: &Agent,
        settings: &ConversationSettings,
    ) -> crate::Result<String> {
        let user = match user {
            Some(user) => self.store.unscoped(Unscoped::SignIn).users().find(user).await?,
            // A machine has no instructions of its own.
            None => None,
        };
        let own = user.and_then(|user| user.custom_instructions).unwrap_or_default();
        let prompt = settings.system_prompt.as_deref().unwrap_or(&agent.spec.system_prompt);
        let parts = [prompt.trim(), own.trim()];
        Ok(parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n\n"))
    }

    async fn messages(
        &self,
        caller: &Caller,
        path: &[Message],
        resolved: &Resolved,
    ) -> crate::Result<Vec<ModelMessage>> {
        let mut messages = Vec::with_capacity(path.len());
        for message in path {
            let role = match message.role {
                MessageRole::User => Role::User,
                MessageRole::Assistant | MessageRole::Agent => Role::Assistant,
                MessageRole::System => continue,
            };
            let mut content = Vec::new();
            for image in &message.images {
                content.push(self.image(caller, image, resolved).await?);
            }
            for attachment in &message.attachments {
                content.push(self.attachment(caller, attachment).await?);
            }
            if !message.content.trim().is_empty() {
                content.push(Content::text(&message.content));
            }
            if !content.is_empty() {
                messages.push(ModelMessage { role, content });
            }
        }
        Ok(messages)
    }

    async fn image(&self, caller: &Caller, file: &FileRef, resolved: &Resolved) -> crate::Result<Content> {
        if !resolved.entry.capabilities.vision {
            return Ok(Content::text(format!("[picture {:?}: this model cannot see pictures]", file.name)));
        }
        Ok(match self.bytes(caller, file, IMAGE_BYTES).await? {
            Some(bytes) => Content::Image { mime: file.mime_type.clone(), bytes },
            None => Content::text(format!("[picture {:?}: no longer available]", file.name)),
        })
    }

    async fn attachment(&self, caller: &Caller, file: &FileRef) -> crate::Result<Content> {
        let name = &file.name;
        let bytes = self.bytes(caller, file, TEXT_BYTES).await?;
        Ok(Content::text(match bytes.as_deref().map(std::str::from_utf8) {
            Some(Ok(text)) => format!("<attachment name={name:?}>\n{text}\n</attachment>"),
            Some(Err(_)) => format!("[attachment {name:?}: {}, not text]", file.mime_type),
            None => format!("[attachment {name:?}: too large to read here, or no longer available]"),
        }))
    }

    /// A file's bytes, if the caller may still read it.
    async fn bytes(&self, caller: &Caller, file: &FileRef, most: u64) -> crate::Result<Option<bytes::Bytes>> {
        let Some(row) = self.store.visible_to(caller).files().find(file.id).await? else { return Ok(None) };
        let Ok(digest) = row.sha256.parse() else { return Ok(None) };
        match self.blobs.read(&digest, most).await {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, file.id = %file.id, "a file is left out");
                Ok(None)
            }
        }
    }
}

/// The input of an agent run.
fn input_text(held: &Held) -> String {
    let input = held.run().input.as_ref().and_then(|input| input.get("input"));
    match input {
        Some(serde_json::Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => String::new(),
    }
}
