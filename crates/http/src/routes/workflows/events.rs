//! Events that start workflows: what happened is told once, and whoever waits for it begins.

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use conductor_domain::{EventStart, RunId, WorkflowId};
use conductor_workflows::{Event, Events};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::wire::StartErrorResponse;
use crate::{AppState, Problem, caller::Auth, json::Json};

/// Something that happened, for every workflow that waits for it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TellWorkflowsRequest {
    /// The name that event triggers wait for: 1 to 100 letters, digits, `.`, `_`, `-` and `:`.
    name: String,
    /// What there is to know of it. Its fields are the inputs of their names, and all of it is the input `event`.
    #[serde(default)]
    #[schema(required = false, value_type = Object)]
    data: Map<String, Value>,
    /// What the sender calls it. The same id with the same name and data starts nothing again within 24 hours, and is
    /// answered with the runs that there are.
    id: Option<String>,
}

/// What came of an event.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkflowEvent)]
struct ToldResponse {
    /// Each workflow that waits for it, the oldest first.
    workflows: Vec<StartResponse>,
}

/// What a workflow made of an event.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkflowEventStart)]
struct StartResponse {
    workflow_id: WorkflowId,
    /// The run that it started.
    run_id: Option<RunId>,
    /// Why there is none.
    #[schema(required = true)]
    error: Option<StartErrorResponse>,
}

impl From<EventStart> for StartResponse {
    fn from(EventStart { workflow_id, run_id, error }: EventStart) -> Self {
        Self { workflow_id, run_id, error: error.map(Into::into) }
    }
}

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(tell_workflows))
}

/// Tells that something has happened. Every workflow of the caller's organisation and environment that is switched on, that
/// has an event trigger of exactly this name and that the caller may run is started, as its owner, like by a schedule or a
/// webhook. A workflow that does not start says why in its place and keeps no other from it. An
/// event that would start too many is refused as a whole.
#[utoipa::path(
    post, path = "/api/workflows/events", tag = "workflows", request_body = TellWorkflowsRequest,
    responses((status = 202, body = ToldResponse))
)]
async fn tell_workflows(
    Auth(caller): Auth,
    State(events): State<Events>,
    Json(TellWorkflowsRequest { name, data, id }): Json<TellWorkflowsRequest>,
) -> Result<Response, Problem> {
    let starts = events.tell(&caller, Event { name, data, id }).await?;
    let workflows = starts.into_iter().map(Into::into).collect();
    Ok((StatusCode::ACCEPTED, Json(ToldResponse { workflows })).into_response())
}
