//! Versions of an agent, and copies of it.

use axum::extract::State;
use chrono::{DateTime, Utc};
use conductor_agents::Agents;
use conductor_domain::{AgentId, AgentVersion, AgentVersionId, UserId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    versioned,
    wire::{AgentPath, AgentResponse},
};
use crate::{
    AppState, Problem,
    answer::Created,
    caller::Auth,
    etag::{IfMatch, Versioned},
    json::Json,
    page::{PageParameters, PageResponse, Paging},
    path::Path,
};

/// One stored state of an agent.
#[derive(Serialize, ToSchema)]
#[schema(as = AgentVersion)]
struct AgentVersionResponse {
    id: AgentVersionId,
    agent_id: AgentId,
    version: i32,
    note: Option<String>,
    /// The state: the fields of the agent that a person sets, and its `connectors`.
    #[schema(value_type = Object)]
    snapshot: Value,
    created_by: Option<UserId>,
    created_at: DateTime<Utc>,
}

impl From<AgentVersion> for AgentVersionResponse {
    fn from(version: AgentVersion) -> Self {
        let mut snapshot = serde_json::to_value(&version.snapshot).unwrap_or_default();
        if let Some(fields) = snapshot.as_object_mut() {
            // Where secrets are kept is for those who may change the agent alone.
            for reference in ["bearer_secret_ref", "inbound_secret_ref", "mtls_cert_ref", "mtls_key_ref"] {
                fields.remove(reference);
            }
        }
        Self {
            id: version.id,
            agent_id: version.agent_id,
            version: version.version,
            note: version.note,
            snapshot,
            created_by: version.created_by,
            created_at: version.created_at,
        }
    }
}

/// The agent and the version that a path names.
#[derive(Deserialize)]
struct VersionPath {
    agent_id: AgentId,
    version: i32,
}

/// A copy in the caller's own scope.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CloneAgentRequest {
    /// A free one is found otherwise.
    name: Option<String>,
}

/// The present state as a version of its own.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ForkAgentRequest {
    note: Option<String>,
}

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_agent_versions))
        .routes(routes!(create_agent_rollback))
        .routes(routes!(create_agent_clone))
        .routes(routes!(create_agent_fork))
}

/// Versions of an agent, newest first.
#[utoipa::path(
    get, path = "/agents/{agent_id}/versions", tag = "agents", params(("agent_id" = AgentId, Path), PageParameters),
    responses((status = 200, body = PageResponse<AgentVersionResponse>))
)]
async fn list_agent_versions(
    Auth(caller): Auth,
    State(agents): State<Agents>,
    Path(path): Path<AgentPath>,
    paging: Paging,
) -> Result<PageResponse<AgentVersionResponse>, Problem> {
    let page = agents.versions(&caller, path.agent_id, paging.request.clone()).await?;
    Ok(paging.answer(page, Into::into))
}

/// Makes an earlier version the newest one again, as a new version.
#[utoipa::path(
    post, path = "/agents/{agent_id}/versions/{version}/rollback", tag = "agents",
    params(
        ("agent_id" = AgentId, Path), ("version" = i32, Path),
        ("If-Match" = Option<String>, Header, description = "The version that was read, as `ETag` gave it"),
    ),
    responses((status = 200, body = AgentResponse))
)]
async fn create_agent_rollback(
    Auth(caller): Auth,
    State(agents): State<Agents>,
    Path(path): Path<VersionPath>,
    if_match: IfMatch,
) -> Result<Versioned<Json<AgentResponse>>, Problem> {
    Ok(versioned(agents.rollback(&caller, path.agent_id, path.version, if_match.number()).await?))
}

/// Copies an agent: private, the caller's own.
#[utoipa::path(
    post, path = "/agents/{agent_id}/clone", tag = "agents", params(("agent_id" = AgentId, Path)),
    request_body = CloneAgentRequest, responses((status = 201, body = AgentResponse))
)]
async fn create_agent_clone(
    Auth(caller): Auth,
    State(agents): State<Agents>,
    Path(path): Path<AgentPath>,
    Json(body): Json<CloneAgentRequest>,
) -> Result<Created<AgentResponse>, Problem> {
    let view = agents.clone_agent(&caller, path.agent_id, body.name).await?;
    Ok(Created { location: format!("/api/agents/{}", view.agent.id), body: view.into() })
}

/// Keeps the present state as a version of its own, with a note.
#[utoipa::path(
    post, path = "/agents/{agent_id}/fork", tag = "agents", params(("agent_id" = AgentId, Path)),
    request_body = ForkAgentRequest, responses((status = 201, body = AgentVersionResponse))
)]
async fn create_agent_fork(
    Auth(caller): Auth,
    State(agents): State<Agents>,
    Path(path): Path<AgentPath>,
    Json(body): Json<ForkAgentRequest>,
) -> Result<Created<AgentVersionResponse>, Problem> {
    let version = agents.fork(&caller, path.agent_id, body.note).await?;
    Ok(Created { location: format!("/api/agents/{}/versions", version.agent_id), body: version.into() })
}
