//! Whatever starts a turn: a message, another answer, the same said differently.

use std::sync::Arc;

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use conductor_agents::{StartTurn, Started, Turns};
use conductor_conversations::Messages;
use conductor_domain::{AgentId, Caller, ConversationId, FileId, MessageId, MessageView};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Problem, answer::Created, caller::Auth, json::Json, path::Path, routes::runs::RunResponse};

/// A message to be answered.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CreateMessageRequest {
    /// In Markdown; may be empty where a file comes along.
    #[serde(default)]
    content: String,
    /// What it answers; the conversation's current leaf otherwise.
    parent_message_id: Option<MessageId>,
    /// Who is to answer; the conversation's agent otherwise.
    agent_id: Option<AgentId>,
    /// The model that is to answer.
    model: Option<String>,
    /// Uploaded pictures.
    #[serde(default)]
    image_ids: Vec<FileId>,
    /// Uploaded documents.
    #[serde(default)]
    attachment_ids: Vec<FileId>,
    /// Whether the agent must be this one, whatever routing thinks.
    #[serde(default)]
    force_agent: bool,
}

/// A message to be said differently.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct UpdateMessageRequest {
    content: String,
    /// Whether it is sent again beside the original (the default), or changed where it stands.
    resend: Option<bool>,
}

/// Another answer.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RegenerateRequest {
    /// By another agent.
    agent_id: Option<AgentId>,
    /// By another model.
    model: Option<String>,
}

/// A turn that has begun.
#[derive(Serialize, ToSchema)]
pub(super) struct SentResponse {
    message: MessageView,
    /// The message that is being written.
    reply: MessageView,
    run: RunResponse,
}

/// Another answer that has begun.
#[derive(Serialize, ToSchema)]
pub(super) struct RegeneratedResponse {
    /// The message that is being written.
    reply: MessageView,
    run: RunResponse,
}

/// A message that was changed where it stands.
#[derive(Serialize, ToSchema)]
pub(super) struct EditedResponse {
    message: MessageView,
}

/// Sends a message; the answer is written by the run that comes back.
#[utoipa::path(
    post, path = "/api/conversations/{conversation_id}/messages", tag = "messages",
    params(("conversation_id" = ConversationId, Path)), request_body = CreateMessageRequest,
    responses((status = 201, body = SentResponse))
)]
pub(super) async fn create_message(
    Auth(caller): Auth,
    State(turns): State<Arc<Turns>>,
    State(messages): State<Messages>,
    Path(id): Path<ConversationId>,
    Json(body): Json<CreateMessageRequest>,
) -> Result<Created<SentResponse>, Problem> {
    let turn = StartTurn {
        content: body.content,
        parent_message_id: body.parent_message_id,
        agent_id: body.agent_id,
        model: body.model,
        image_ids: body.image_ids,
        attachment_ids: body.attachment_ids,
        force_agent: body.force_agent,
    };
    sent(&caller, &messages, turns.start(&caller, id, turn).await?).await
}

/// Says a message differently: sent again beside the original, or changed where it stands.
#[utoipa::path(
    method(put, patch), path = "/api/messages/{message_id}", tag = "messages",
    params(("message_id" = MessageId, Path)), request_body = UpdateMessageRequest,
    responses((status = 201, body = SentResponse), (status = 200, body = EditedResponse))
)]
pub(super) async fn update_message(
    Auth(caller): Auth,
    State(turns): State<Arc<Turns>>,
    State(messages): State<Messages>,
    Path(id): Path<MessageId>,
    Json(body): Json<UpdateMessageRequest>,
) -> Result<Response, Problem> {
    if body.resend.unwrap_or(true) {
        let started = turns.resend(&caller, id, body.content).await?;
        return Ok(sent(&caller, &messages, started).await?.into_response());
    }
    let message = messages.edit(&caller, id, body.content).await?;
    Ok(Json(EditedResponse { message }).into_response())
}

/// Answers a message again, beside the answer that there is.
#[utoipa::path(
    post, path = "/api/messages/{message_id}/regenerate", tag = "messages",
    params(("message_id" = MessageId, Path)), request_body = RegenerateRequest,
    responses((status = 201, body = RegeneratedResponse))
)]
pub(super) async fn create_regeneration(
    Auth(caller): Auth,
    State(turns): State<Arc<Turns>>,
    State(messages): State<Messages>,
    Path(id): Path<MessageId>,
    Json(body): Json<RegenerateRequest>,
) -> Result<Created<RegeneratedResponse>, Problem> {
    let Started { reply, run, .. } = turns.regenerate(&caller, id, body.agent_id, body.model).await?;
    let location = format!("/api/runs/{}", run.id);
    let reply = messages.view(&caller, reply).await?;
    Ok(Created { location, body: RegeneratedResponse { reply, run: run.into() } })
}

async fn sent(
    caller: &Caller,
    messages: &Messages,
    started: Started,
) -> Result<Created<SentResponse>, Problem> {
    let Started { message, reply, run } = started;
    let location = format!("/api/runs/{}", run.id);
    let message = messages.view(caller, message).await?;
    let reply = messages.view(caller, reply).await?;
    Ok(Created { location, body: SentResponse { message, reply, run: run.into() } })
}
