//! Versions of a workflow, and copies of it.

use axum::extract::State;
use chrono::{DateTime, Utc};
use conductor_domain::{UserId, WorkflowId, WorkflowVersion, WorkflowVersionId};
use conductor_workflows::Workflows;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    created, versioned,
    wire::{WorkflowPath, WorkflowResponse},
};
use crate::{
    AppState, Problem,
    answer::Created,
    caller::Auth,
    etag::{IfMatch, Versioned},
    json::{Json, MaybeJson},
    page::{PageParameters, PageResponse, Paging},
    path::Path,
};

/// One stored graph of a workflow.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkflowVersion)]
struct VersionResponse {
    id: WorkflowVersionId,
    workflow_id: WorkflowId,
    version: i32,
    note: Option<String>,
    /// The stored form.
    #[schema(value_type = Object)]
    graph: Value,
    created_by: Option<UserId>,
    created_at: DateTime<Utc>,
}

impl From<WorkflowVersion> for VersionResponse {
    fn from(version: WorkflowVersion) -> Self {
        Self {
            id: version.id,
            workflow_id: version.workflow_id,
            version: version.version,
            note: version.note,
            graph: version.document,
            created_by: version.created_by,
            created_at: version.created_at,
        }
    }
}

/// The workflow and the version that a path names.
#[derive(Deserialize)]
struct VersionPath {
    workflow_id: WorkflowId,
    version: i32,
}

/// A copy in the caller's own scope.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CloneWorkflowRequest {
    /// A free one is found otherwise.
    name: Option<String>,
}

/// Which version is published.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PublishWorkflowRequest {
    /// The newest where absent.
    version: Option<i32>,
}

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_workflow_versions))
        .routes(routes!(rollback_workflow))
        .routes(routes!(publish_workflow))
        .routes(routes!(unpublish_workflow))
        .routes(routes!(clone_workflow))
}

/// Every graph that a workflow had, newest first.
#[utoipa::path(
    get, path = "/api/workflows/{workflow_id}/versions", tag = "workflows",
    params(("workflow_id" = WorkflowId, Path), PageParameters),
    responses((status = 200, body = PageResponse<VersionResponse>))
)]
async fn list_workflow_versions(
    Auth(caller): Auth,
    State(workflows): State<Workflows>,
    Path(path): Path<WorkflowPath>,
    paging: Paging,
) -> Result<PageResponse<VersionResponse>, Problem> {
    let page = workflows.versions(&caller, path.workflow_id, paging.request.clone()).await?;
    Ok(paging.answer(page, Into::into))
}

/// Makes an earlier graph the newest one again, as a new version. What is published stays published.
#[utoipa::path(
    post, path = "/api/workflows/{workflow_id}/versions/{version}/rollback", tag = "workflows",
    params(
        ("workflow_id" = WorkflowId, Path), ("version" = i32, Path),
        ("If-Match" = Option<String>, Header, description = "The revision that was read, as `ETag` gave it"),
    ),
    responses((status = 200, body = WorkflowResponse))
)]
async fn rollback_workflow(
    Auth(caller): Auth,
    State(workflows): State<Workflows>,
    Path(path): Path<VersionPath>,
    if_match: IfMatch,
) -> Result<Versioned<Json<WorkflowResponse>>, Problem> {
    let view = workflows.rollback(&caller, path.workflow_id, path.version, if_match.number()).await?;
    Ok(versioned(view))
}

/// Makes a version the one that runs wherever nobody names one: by the API, as a tool, by schedules, events and its
/// webhook. What is saved after it is a draft until it is published too. A version that cannot run is refused.
#[utoipa::path(
    post, path = "/api/workflows/{workflow_id}/publish", tag = "workflows",
    params(
        ("workflow_id" = WorkflowId, Path),
        ("If-Match" = Option<String>, Header, description = "The revision that was read, as `ETag` gave it"),
    ),
    request_body = Option<PublishWorkflowRequest>, responses((status = 200, body = WorkflowResponse))
)]
async fn publish_workflow(
    Auth(caller): Auth,
    State(workflows): State<Workflows>,
    Path(path): Path<WorkflowPath>,
    if_match: IfMatch,
    MaybeJson(body): MaybeJson<PublishWorkflowRequest>,
) -> Result<Versioned<Json<WorkflowResponse>>, Problem> {
    let view = workflows.publish(&caller, path.workflow_id, body.version, if_match.number()).await?;
    Ok(versioned(view))
}

/// Goes back to running the newest version, whichever that is.
#[utoipa::path(
    post, path = "/api/workflows/{workflow_id}/unpublish", tag = "workflows",
    params(
        ("workflow_id" = WorkflowId, Path),
        ("If-Match" = Option<String>, Header, description = "The revision that was read, as `ETag` gave it"),
    ),
    responses((status = 200, body = WorkflowResponse))
)]
async fn unpublish_workflow(
    Auth(caller): Auth,
    State(workflows): State<Workflows>,
    Path(path): Path<WorkflowPath>,
    if_match: IfMatch,
) -> Result<Versioned<Json<WorkflowResponse>>, Problem> {
    Ok(versioned(workflows.unpublish(&caller, path.workflow_id, if_match.number()).await?))
}

/// Copies a workflow as the caller is shown it: private, the caller's own.
#[utoipa::path(
    post, path = "/api/workflows/{workflow_id}/clone", tag = "workflows",
    params(("workflow_id" = WorkflowId, Path)),
    request_body = CloneWorkflowRequest, responses((status = 201, body = WorkflowResponse))
)]
async fn clone_workflow(
    Auth(caller): Auth,
    State(workflows): State<Workflows>,
    Path(path): Path<WorkflowPath>,
    MaybeJson(body): MaybeJson<CloneWorkflowRequest>,
) -> Result<Versioned<Created<WorkflowResponse>>, Problem> {
    Ok(created(workflows.clone_workflow(&caller, path.workflow_id, body.name).await?))
}
