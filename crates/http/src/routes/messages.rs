//! Messages of the caller's conversations: shown, sent, said again, removed.

mod send;

use axum::extract::State;
use conductor_conversations::{Branch, Messages};
use conductor_domain::{ConversationId, MessageId, MessageView};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    AppState, Problem,
    answer::NoContent,
    caller::Auth,
    json::Json,
    page::{PageParameters, PageResponse, Paging},
    path::Path,
    query::Query,
};

/// Which messages are listed.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ListMessagesQuery {
    /// The last message of a branch, or `all`; absent follows the conversation's current leaf.
    branch: Option<String>,
}

/// A model's reasoning.
#[derive(Serialize, ToSchema)]
struct ThinkingResponse {
    #[schema(required = true)]
    thinking: Option<String>,
}

pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_messages, send::create_message))
        .routes(routes!(send::update_message, delete_message))
        .routes(routes!(send::create_regeneration))
        .routes(routes!(find_thinking))
}

/// Messages of a conversation, the newest last; `cursor` gives older ones.
#[utoipa::path(
    get, path = "/api/conversations/{conversation_id}/messages", tag = "messages",
    params(("conversation_id" = ConversationId, Path), PageParameters, ListMessagesQuery),
    responses((status = 200, body = PageResponse<MessageView>))
)]
async fn list_messages(
    Auth(caller): Auth,
    State(messages): State<Messages>,
    Path(id): Path<ConversationId>,
    Query(query): Query<ListMessagesQuery>,
    paging: Paging,
) -> Result<PageResponse<MessageView>, Problem> {
    let branch = match query.branch.as_deref() {
        None => Branch::Current,
        Some("all") => Branch::All,
        Some(leaf) => Branch::To(leaf.parse().map_err(|_| Problem::not_found())?),
    };
    let page = messages.list(&caller, id, branch, paging.request.clone()).await?;
    Ok(paging.answer(page, |message| message))
}

/// Deletes a message and everything that follows it.
#[utoipa::path(
    delete, path = "/api/messages/{message_id}", tag = "messages", params(("message_id" = MessageId, Path)),
    responses((status = 204, description = "Deleted"))
)]
async fn delete_message(
    Auth(caller): Auth,
    State(messages): State<Messages>,
    Path(id): Path<MessageId>,
) -> Result<NoContent, Problem> {
    messages.delete(&caller, id).await?;
    Ok(NoContent)
}

/// The model's reasoning behind a message.
#[utoipa::path(
    get, path = "/api/messages/{message_id}/thinking", tag = "messages", params(("message_id" = MessageId, Path)),
    responses((status = 200, body = ThinkingResponse))
)]
async fn find_thinking(
    Auth(caller): Auth,
    State(messages): State<Messages>,
    Path(id): Path<MessageId>,
) -> Result<Json<ThinkingResponse>, Problem> {
    Ok(Json(ThinkingResponse { thinking: messages.thinking(&caller, id).await? }))
}
