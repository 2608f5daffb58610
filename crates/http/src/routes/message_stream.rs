//! A turn and its events in one response: send and watch, or watch again.

use axum::{extract::State, http::HeaderMap, response::Response};
use conductor_agents::StartTurn;
use conductor_conversations::OpenConversation;
use conductor_domain::{AgentId, Caller, ConversationId, RunEvent, RunId};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{AppState, Problem, caller::Auth, json::Json, query::Query, routes::runs::stream};

/// A message to be answered while its sender watches.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct StreamMessageRequest {
    message: String,
    /// Where; a new conversation when absent.
    conversation_id: Option<ConversationId>,
    /// Who is to answer; the conversation's agent when absent.
    agent_id: Option<AgentId>,
    /// The model that is to answer; the conversation's or the agent's when absent.
    model: Option<String>,
}

/// Which turn, and from where on.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct MessageStreamQuery {
    /// The turn's run.
    run_id: RunId,
    /// The `seq` of the last event that the client has; `Last-Event-ID` is stronger.
    #[param(minimum = 0, default = 0)]
    after: Option<u32>,
}

pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(follow_message, stream_message))
}

/// Follows a turn: the events of its run.
#[utoipa::path(
    get, path = "/api/messages/stream", tag = "messages",
    params(
        MessageStreamQuery,
        ("Last-Event-ID" = Option<i64>, Header, description = "The `id:` of the last event that the client has"),
    ),
    responses(
        (status = 200, body = RunEvent, content_type = "text/event-stream"),
        (status = 204, description = "The turn has finished, and the client has all its events"),
    )
)]
async fn follow_message(
    Auth(caller): Auth,
    State(state): State<AppState>,
    Query(MessageStreamQuery { run_id, after }): Query<MessageStreamQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let after = stream::last_event_id(&headers)?.or(after.map(i64::from));
    stream::follow_run(&state, caller, run_id, after.unwrap_or_default()).await
}

/// Sends a message and follows its turn. The turn goes on when the client goes away.
#[utoipa::path(
    post, path = "/api/messages/stream", tag = "messages", request_body = StreamMessageRequest,
    responses((status = 200, body = RunEvent, content_type = "text/event-stream"))
)]
async fn stream_message(
    Auth(caller): Auth,
    State(state): State<AppState>,
    Json(body): Json<StreamMessageRequest>,
) -> Result<Response, Problem> {
    let StreamMessageRequest { message: content, conversation_id, agent_id, model } = body;
    let conversation = match conversation_id {
        Some(id) => id,
        None => open(&state, &caller, agent_id, model.clone(), &content).await?,
    };
    let turn = StartTurn { content, agent_id, model, ..StartTurn::default() };
    let started = state.turns.start(&caller, conversation, turn).await?;
    stream::follow_run(&state, caller, started.run.id, 0).await
}

/// A conversation for a message that has none; an empty message opens nothing.
async fn open(
    state: &AppState,
    caller: &Caller,
    agent_id: Option<AgentId>,
    model: Option<String>,
    content: &str,
) -> Result<ConversationId, Problem> {
    if content.trim().is_empty() {
        return Err(conductor_agents::Error::Empty.into());
    }
    let open = OpenConversation { agent_id, model, ..OpenConversation::default() };
    Ok(state.conversations.create(caller, open).await?.conversation.id)
}
