//! Artifacts of the caller's conversations.

use axum::extract::State;
use chrono::{DateTime, Utc};
use conductor_agents::Agents;
use conductor_conversations::{ArtifactEdit, ArtifactFork, ArtifactView, Artifacts};
use conductor_domain::{AgentId, ArtifactId, ArtifactKind, Classification, ConversationId, MessageId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::agents::AgentResponse;
use crate::{
    AppState, Problem,
    answer::{Created, NoContent},
    caller::Auth,
    etag::{IfMatch, Versioned},
    json::{Json, nullable},
    page::{PageParameters, PageResponse, Paging},
    path::Path,
};

/// One version of an artifact.
#[derive(Serialize, ToSchema)]
#[schema(as = Artifact)]
pub(crate) struct ArtifactResponse {
    id: ArtifactId,
    conversation_id: ConversationId,
    /// The message it came with; none where a person edited it.
    message_id: Option<MessageId>,
    agent_id: Option<AgentId>,
    /// The name that all versions share.
    identifier: String,
    version: i32,
    #[serde(rename = "type")]
    kind: ArtifactKind,
    title: String,
    language: Option<String>,
    content: String,
    /// How sensitive it is: the highest label of what it was made from.
    data_classification: Classification,
    parent_artifact_id: Option<ArtifactId>,
    latest_version: i32,
    is_latest: bool,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl From<ArtifactView> for ArtifactResponse {
    fn from(view: ArtifactView) -> Self {
        let ArtifactView { artifact, latest_version } = view;
        Self {
            id: artifact.id,
            conversation_id: artifact.conversation_id,
            message_id: artifact.message_id,
            agent_id: artifact.agent_id,
            identifier: artifact.identifier,
            version: artifact.version,
            kind: artifact.kind,
            title: artifact.title,
            language: artifact.language,
            content: artifact.content,
            data_classification: artifact.data_classification,
            parent_artifact_id: artifact.parent_artifact_id,
            latest_version,
            is_latest: artifact.version == latest_version,
            created_at: artifact.created_at,
            updated_at: artifact.updated_at,
        }
    }
}

/// A person's version.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct UpdateArtifactRequest {
    /// The whole content.
    content: String,
    title: Option<String>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>)]
    language: Option<Option<String>>,
}

/// Where a fork goes and what it is called.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ForkArtifactRequest {
    /// The original's conversation otherwise.
    conversation_id: Option<ConversationId>,
    /// A free one is found otherwise.
    identifier: Option<String>,
    title: Option<String>,
}

pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_artifacts))
        .routes(routes!(find_artifact, update_artifact, delete_artifact))
        .routes(routes!(list_artifact_versions))
        .routes(routes!(create_artifact_fork))
        .routes(routes!(find_artifact_agent))
}

fn versioned(view: ArtifactView) -> Versioned<Json<ArtifactResponse>> {
    Versioned { version: view.artifact.version.into(), body: Json(view.into()) }
}

/// The newest version of each artifact of a conversation.
#[utoipa::path(
    get, path = "/api/conversations/{conversation_id}/artifacts", tag = "artifacts",
    params(("conversation_id" = ConversationId, Path), PageParameters),
    responses((status = 200, body = PageResponse<ArtifactResponse>))
)]
async fn list_artifacts(
    Auth(caller): Auth,
    State(artifacts): State<Artifacts>,
    Path(id): Path<ConversationId>,
    paging: Paging,
) -> Result<PageResponse<ArtifactResponse>, Problem> {
    let page = artifacts.latest(&caller, id, paging.request.clone()).await?;
    Ok(paging.answer(page, Into::into))
}

/// One version.
#[utoipa::path(
    get, path = "/api/artifacts/{artifact_id}", tag = "artifacts", params(("artifact_id" = ArtifactId, Path)),
    responses((status = 200, body = ArtifactResponse))
)]
async fn find_artifact(
    Auth(caller): Auth,
    State(artifacts): State<Artifacts>,
    Path(id): Path<ArtifactId>,
) -> Result<Versioned<Json<ArtifactResponse>>, Problem> {
    Ok(versioned(artifacts.find(&caller, id).await?))
}

/// Stores a person's version as the newest one.
#[utoipa::path(
    method(put, patch), path = "/api/artifacts/{artifact_id}", tag = "artifacts",
    params(
        ("artifact_id" = ArtifactId, Path),
        ("If-Match" = Option<String>, Header, description = "The newest version that is known, as `ETag` gave it"),
    ),
    request_body = UpdateArtifactRequest, responses((status = 200, body = ArtifactResponse))
)]
async fn update_artifact(
    Auth(caller): Auth,
    State(artifacts): State<Artifacts>,
    Path(id): Path<ArtifactId>,
    if_match: IfMatch,
    Json(body): Json<UpdateArtifactRequest>,
) -> Result<Versioned<Json<ArtifactResponse>>, Problem> {
    let UpdateArtifactRequest { content, title, language } = body;
    let edit = ArtifactEdit { content, title, language };
    Ok(versioned(artifacts.edit(&caller, id, if_match.number(), edit).await?))
}

/// Deletes an artifact with all its versions.
#[utoipa::path(
    delete, path = "/api/artifacts/{artifact_id}", tag = "artifacts", params(("artifact_id" = ArtifactId, Path)),
    responses((status = 204, description = "Deleted"))
)]
async fn delete_artifact(
    Auth(caller): Auth,
    State(artifacts): State<Artifacts>,
    Path(id): Path<ArtifactId>,
) -> Result<NoContent, Problem> {
    artifacts.delete(&caller, id).await?;
    Ok(NoContent)
}

/// Every version, newest first.
#[utoipa::path(
    get, path = "/api/artifacts/{artifact_id}/versions", tag = "artifacts",
    params(("artifact_id" = ArtifactId, Path), PageParameters),
    responses((status = 200, body = PageResponse<ArtifactResponse>))
)]
async fn list_artifact_versions(
    Auth(caller): Auth,
    State(artifacts): State<Artifacts>,
    Path(id): Path<ArtifactId>,
    paging: Paging,
) -> Result<PageResponse<ArtifactResponse>, Problem> {
    let page = artifacts.versions(&caller, id, paging.request.clone()).await?;
    Ok(paging.answer(page, Into::into))
}

/// Copies a version as the first of an artifact of its own.
#[utoipa::path(
    post, path = "/api/artifacts/{artifact_id}/fork", tag = "artifacts", params(("artifact_id" = ArtifactId, Path)),
    request_body = ForkArtifactRequest, responses((status = 201, body = ArtifactResponse))
)]
async fn create_artifact_fork(
    Auth(caller): Auth,
    State(artifacts): State<Artifacts>,
    Path(id): Path<ArtifactId>,
    Json(body): Json<ForkArtifactRequest>,
) -> Result<Created<ArtifactResponse>, Problem> {
    let ForkArtifactRequest { conversation_id, identifier, title } = body;
    let fork = artifacts.fork(&caller, id, ArtifactFork { conversation_id, identifier, title }).await?;
    Ok(Created { location: format!("/api/artifacts/{}", fork.artifact.id), body: fork.into() })
}

/// The agent that made a version.
#[utoipa::path(
    get, path = "/api/artifacts/{artifact_id}/agent", tag = "artifacts", params(("artifact_id" = ArtifactId, Path)),
    responses((status = 200, body = AgentResponse))
)]
async fn find_artifact_agent(
    Auth(caller): Auth,
    State(artifacts): State<Artifacts>,
    State(agents): State<Agents>,
    Path(id): Path<ArtifactId>,
) -> Result<Json<AgentResponse>, Problem> {
    let agent = artifacts.agent(&caller, id).await?;
    Ok(Json(agents.find(&caller, agent).await?.into()))
}
