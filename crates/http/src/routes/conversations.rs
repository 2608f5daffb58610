//! Conversations of the caller.

use axum::extract::State;
use chrono::{DateTime, Utc};
use conductor_conversations::{
    ConversationEdit, ConversationView, Conversations, NewBranch, OpenConversation,
};
use conductor_domain::{
    AgentId, Classification, ConversationFilter, ConversationId, ConversationSettings, MessageId, RunId,
    UserId,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    AppState, Problem,
    answer::{Created, NoContent},
    caller::Auth,
    json::{Json, nullable},
    page::{PageParameters, PageResponse, Paging},
    path::Path,
    query::Query,
};

/// A conversation.
#[derive(Serialize, ToSchema)]
#[schema(as = Conversation)]
pub(crate) struct ConversationResponse {
    id: ConversationId,
    /// Whose it is; it may have been granted to the caller.
    user_id: UserId,
    /// Empty until someone or the first message names it.
    title: String,
    agent_id: Option<AgentId>,
    model: Option<String>,
    #[schema(value_type = Option<String>)]
    project_id: Option<uuid::Uuid>,
    is_pinned: bool,
    is_archived: bool,
    auto_route: bool,
    settings: ConversationSettings,
    message_count: i32,
    token_count: i64,
    /// How sensitive what it holds is: the highest label of its messages.
    data_classification: Classification,
    /// The end of the branch that is shown.
    current_leaf_id: Option<MessageId>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    last_message_at: Option<DateTime<Utc>>,
    /// The turn that is not over.
    running_run_id: Option<RunId>,
}

impl From<ConversationView> for ConversationResponse {
    fn from(view: ConversationView) -> Self {
        let ConversationView { conversation, running_run_id } = view;
        Self {
            id: conversation.id,
            user_id: conversation.user_id,
            title: conversation.title,
            agent_id: conversation.agent_id,
            model: conversation.model,
            project_id: None,
            is_pinned: conversation.is_pinned,
            is_archived: conversation.is_archived,
            auto_route: conversation.auto_route,
            settings: conversation.settings,
            message_count: conversation.message_count,
            token_count: conversation.token_count,
            data_classification: conversation.data_classification,
            current_leaf_id: conversation.current_leaf_id,
            created_at: conversation.created_at,
            updated_at: conversation.updated_at,
            last_message_at: conversation.last_message_at,
            running_run_id,
        }
    }
}

/// Which conversations are listed.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ListConversationsQuery {
    /// `true` lists those put away, `false` the others; absent lists both.
    archived: Option<bool>,
    /// Part of a title or of a message.
    q: Option<String>,
}

/// A conversation to be opened.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CreateConversationRequest {
    title: Option<String>,
    agent_id: Option<AgentId>,
    model: Option<String>,
    settings: Option<ConversationSettings>,
}

/// A change of a conversation: missing fields stay, `null` clears.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct UpdateConversationRequest {
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>)]
    title: Option<Option<String>>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<AgentId>)]
    agent_id: Option<Option<AgentId>>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>)]
    model: Option<Option<String>>,
    /// As a whole.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<ConversationSettings>)]
    settings: Option<Option<ConversationSettings>>,
    auto_route: Option<bool>,
    /// A message of the branch to show.
    current_leaf_id: Option<MessageId>,
}

/// The agent that answers from now on.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SwitchAgentRequest {
    #[schema(required = true)]
    agent_id: Option<AgentId>,
}

/// Whether a conversation is put away.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ArchiveRequest {
    archived: bool,
}

/// Whether a conversation stands first.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PinRequest {
    pinned: bool,
}

/// A branch as a conversation of its own.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct BranchRequest {
    /// The last message that goes along.
    message_id: MessageId,
    /// Another agent to go on with.
    agent_id: Option<AgentId>,
    title: Option<String>,
}

pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_conversations, create_conversation))
        .routes(routes!(find_conversation, update_conversation, delete_conversation))
        .routes(routes!(update_conversation_agent))
        .routes(routes!(update_conversation_archive))
        .routes(routes!(update_conversation_pin))
        .routes(routes!(create_duplicate))
        .routes(routes!(create_branch))
}

fn created(view: ConversationView) -> Created<ConversationResponse> {
    let location = format!("/api/conversations/{}", view.conversation.id);
    Created { location, body: view.into() }
}

/// The caller's conversations: pinned ones first, then by their newest message.
#[utoipa::path(
    get, path = "/api/conversations", tag = "conversations", params(PageParameters, ListConversationsQuery),
    responses((status = 200, body = PageResponse<ConversationResponse>))
)]
async fn list_conversations(
    Auth(caller): Auth,
    State(conversations): State<Conversations>,
    Query(query): Query<ListConversationsQuery>,
    paging: Paging,
) -> Result<PageResponse<ConversationResponse>, Problem> {
    let filter = ConversationFilter { archived: query.archived, q: query.q };
    let page = conversations.list(&caller, filter, paging.request.clone()).await?;
    Ok(paging.answer(page, Into::into))
}

/// Opens a conversation.
#[utoipa::path(
    post, path = "/api/conversations", tag = "conversations", request_body = CreateConversationRequest,
    responses((status = 201, body = ConversationResponse))
)]
async fn create_conversation(
    Auth(caller): Auth,
    State(conversations): State<Conversations>,
    Json(body): Json<CreateConversationRequest>,
) -> Result<Created<ConversationResponse>, Problem> {
    let CreateConversationRequest { title, agent_id, model, settings } = body;
    let open = OpenConversation { title, agent_id, model, settings: settings.unwrap_or_default() };
    Ok(created(conversations.create(&caller, open).await?))
}

/// One conversation.
#[utoipa::path(
    get, path = "/api/conversations/{conversation_id}", tag = "conversations",
    params(("conversation_id" = ConversationId, Path)), responses((status = 200, body = ConversationResponse))
)]
async fn find_conversation(
    Auth(caller): Auth,
    State(conversations): State<Conversations>,
    Path(id): Path<ConversationId>,
) -> Result<Json<ConversationResponse>, Problem> {
    Ok(Json(conversations.find(&caller, id).await?.into()))
}

/// Changes a conversation.
#[utoipa::path(
    method(put, patch), path = "/api/conversations/{conversation_id}", tag = "conversations",
    params(("conversation_id" = ConversationId, Path)), request_body = UpdateConversationRequest,
    responses((status = 200, body = ConversationResponse))
)]
async fn update_conversation(
    Auth(caller): Auth,
    State(conversations): State<Conversations>,
    Path(id): Path<ConversationId>,
    Json(body): Json<UpdateConversationRequest>,
) -> Result<Json<ConversationResponse>, Problem> {
    let UpdateConversationRequest { title, agent_id, model, settings, auto_route, current_leaf_id } = body;
    let edit = ConversationEdit { title, agent_id, model, settings, auto_route, current_leaf_id };
    Ok(Json(conversations.update(&caller, id, edit).await?.into()))
}

/// Deletes a conversation; a turn that runs in it stops.
#[utoipa::path(
    delete, path = "/api/conversations/{conversation_id}", tag = "conversations",
    params(("conversation_id" = ConversationId, Path)), responses((status = 204, description = "Deleted"))
)]
async fn delete_conversation(
    Auth(caller): Auth,
    State(conversations): State<Conversations>,
    Path(id): Path<ConversationId>,
) -> Result<NoContent, Problem> {
    conversations.delete(&caller, id).await?;
    Ok(NoContent)
}

/// Switches the agent that answers.
#[utoipa::path(
    put, path = "/api/conversations/{conversation_id}/agent", tag = "conversations",
    params(("conversation_id" = ConversationId, Path)), request_body = SwitchAgentRequest,
    responses((status = 200, body = ConversationResponse))
)]
async fn update_conversation_agent(
    Auth(caller): Auth,
    State(conversations): State<Conversations>,
    Path(id): Path<ConversationId>,
    Json(body): Json<SwitchAgentRequest>,
) -> Result<Json<ConversationResponse>, Problem> {
    let edit = ConversationEdit { agent_id: Some(body.agent_id), ..ConversationEdit::default() };
    Ok(Json(conversations.update(&caller, id, edit).await?.into()))
}

/// Puts a conversation away, or takes it out again.
#[utoipa::path(
    put, path = "/api/conversations/{conversation_id}/archive", tag = "conversations",
    params(("conversation_id" = ConversationId, Path)), request_body = ArchiveRequest,
    responses((status = 200, body = ConversationResponse))
)]
async fn update_conversation_archive(
    Auth(caller): Auth,
    State(conversations): State<Conversations>,
    Path(id): Path<ConversationId>,
    Json(body): Json<ArchiveRequest>,
) -> Result<Json<ConversationResponse>, Problem> {
    Ok(Json(conversations.archive(&caller, id, body.archived).await?.into()))
}

/// Puts a conversation first, or back among the others.
#[utoipa::path(
    put, path = "/api/conversations/{conversation_id}/pin", tag = "conversations",
    params(("conversation_id" = ConversationId, Path)), request_body = PinRequest,
    responses((status = 200, body = ConversationResponse))
)]
async fn update_conversation_pin(
    Auth(caller): Auth,
    State(conversations): State<Conversations>,
    Path(id): Path<ConversationId>,
    Json(body): Json<PinRequest>,
) -> Result<Json<ConversationResponse>, Problem> {
    Ok(Json(conversations.pin(&caller, id, body.pinned).await?.into()))
}

/// Copies a conversation with all its branches and artifacts.
#[utoipa::path(
    post, path = "/api/conversations/{conversation_id}/duplicate", tag = "conversations",
    params(("conversation_id" = ConversationId, Path)), responses((status = 201, body = ConversationResponse))
)]
async fn create_duplicate(
    Auth(caller): Auth,
    State(conversations): State<Conversations>,
    Path(id): Path<ConversationId>,
) -> Result<Created<ConversationResponse>, Problem> {
    Ok(created(conversations.duplicate(&caller, id).await?))
}

/// Goes on from a message in a conversation of its own.
#[utoipa::path(
    post, path = "/api/conversations/{conversation_id}/branch", tag = "conversations",
    params(("conversation_id" = ConversationId, Path)), request_body = BranchRequest,
    responses((status = 201, body = ConversationResponse))
)]
async fn create_branch(
    Auth(caller): Auth,
    State(conversations): State<Conversations>,
    Path(id): Path<ConversationId>,
    Json(body): Json<BranchRequest>,
) -> Result<Created<ConversationResponse>, Problem> {
    let BranchRequest { message_id, agent_id, title } = body;
    Ok(created(conversations.branch(&caller, id, NewBranch { message_id, agent_id, title }).await?))
}
