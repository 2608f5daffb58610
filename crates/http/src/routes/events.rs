//! The caller's own feed: one connection per browser tells every tab what changed and where to look.

use axum::{
    extract::State,
    http::HeaderMap,
    response::{Response, sse::Event},
};
use conductor_domain::{
    AccessRequestId, BudgetId, ConnectorId, ConversationId, HumanTaskId, MessageId, RunId, RunStatus,
    SharedKind,
};
use conductor_runs::Notified;
use futures::StreamExt;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{AppState, Problem, caller::Auth, query::Query, routes::runs::stream, sse};

/// A notice: what happened, and the ids of what it happened to.
#[derive(ToSchema)]
#[schema(as = FeedEvent)]
#[expect(dead_code, reason = "read by the OpenAPI document only; notices are JSON already")]
struct FeedEventResponse {
    /// `conversation.created`, `conversation.updated`, `conversation.deleted`, `run.started`, `run.finished`,
    /// `approval.requested`, `approval.decided`, `connector.updated`, `budget.warned`, `budget.exhausted`,
    /// `grant.changed`, `access_request.created`, `access_request.decided` or `inbox.changed` (what waits for a role
    /// changed; it names nothing, since every member is told); others may come.
    r#type: String,
    conversation_id: Option<ConversationId>,
    message_id: Option<MessageId>,
    run_id: Option<RunId>,
    human_task_id: Option<HumanTaskId>,
    connector_id: Option<ConnectorId>,
    access_request_id: Option<AccessRequestId>,
    resource_type: Option<SharedKind>,
    resource_id: Option<uuid::Uuid>,
    status: Option<RunStatus>,
    budget_id: Option<BudgetId>,
    /// The budget's name.
    name: Option<String>,
    /// Whether the budget stops calls once it is spent.
    hard_stop: Option<bool>,
}

/// From where on.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct FeedQuery {
    /// The `id:` of the last notice that the client has; `Last-Event-ID` is stronger.
    #[param(minimum = 0)]
    after: Option<u64>,
}

pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list_events))
}

/// What concerns the caller, as it happens. A client that comes back gets what it missed, as far as it is kept.
#[utoipa::path(
    get, path = "/api/events", tag = "events",
    params(
        FeedQuery,
        ("Last-Event-ID" = Option<i64>, Header, description = "The `id:` of the last notice that the client has"),
    ),
    responses((status = 200, body = FeedEventResponse, content_type = "text/event-stream"))
)]
async fn list_events(
    Auth(caller): Auth,
    State(state): State<AppState>,
    Query(FeedQuery { after }): Query<FeedQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let after = stream::last_event_id(&headers)?.or(after.and_then(|after| i64::try_from(after).ok()));
    let notices = state.runs.feed(&caller, after).map(|notified| to_event(&notified));
    let source = stream::until_drained(&state, notices);
    Ok(sse::events(&state, caller, source))
}

fn to_event(notified: &Notified) -> Event {
    let data = &notified.item.data;
    let name = data.get("type").and_then(serde_json::Value::as_str).unwrap_or("message");
    Event::default().id(notified.id.to_string()).event(name).data(data.to_string())
}
