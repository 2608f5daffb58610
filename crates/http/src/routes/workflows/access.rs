//! Who has access to a workflow: its grants, under the names that workflows have for them.

use axum::extract::State;
use conductor_domain::{GrantId, ResourceRef, SharedKind, WorkflowId};
use conductor_governance::Grants;
use serde::Deserialize;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::wire::WorkflowPath;
use crate::{
    AppState, Problem,
    answer::{Created, NoContent},
    caller::Auth,
    json::Json,
    page::{PageParameters, PageResponse, Paging},
    path::Path,
    routes::permissions::{CreateShareRequest, GrantResponse, GrantsResponse, ReplaceGrantsRequest},
};

/// The workflow and the share that a path names.
#[derive(Deserialize)]
struct SharePath {
    workflow_id: WorkflowId,
    share_id: GrantId,
}

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_workflow_shares))
        .routes(routes!(create_workflow_share))
        .routes(routes!(delete_workflow_share))
        .routes(routes!(replace_workflow_permissions))
}

fn workflow(id: WorkflowId) -> ResourceRef {
    ResourceRef { kind: SharedKind::Workflow, id: id.as_uuid() }
}

/// Who has access to a workflow, for those who may share it.
#[utoipa::path(
    get, path = "/api/workflows/{workflow_id}/shares", tag = "workflows", params(("workflow_id" = WorkflowId, Path), PageParameters),
    responses((status = 200, body = PageResponse<GrantResponse>))
)]
async fn list_workflow_shares(
    Auth(caller): Auth,
    State(grants): State<Grants>,
    Path(path): Path<WorkflowPath>,
    paging: Paging,
) -> Result<PageResponse<GrantResponse>, Problem> {
    let page = grants.on(&caller, workflow(path.workflow_id), paging.request.clone()).await?;
    Ok(paging.answer(page, Into::into))
}

/// Shares a workflow with a person.
#[utoipa::path(
    post, path = "/api/workflows/{workflow_id}/share", tag = "workflows", params(("workflow_id" = WorkflowId, Path)),
    request_body = CreateShareRequest, responses((status = 201, body = GrantResponse))
)]
async fn create_workflow_share(
    Auth(caller): Auth,
    State(grants): State<Grants>,
    Path(path): Path<WorkflowPath>,
    Json(body): Json<CreateShareRequest>,
) -> Result<Created<GrantResponse>, Problem> {
    let view = grants.grant(&caller, workflow(path.workflow_id), body.into()).await?;
    Ok(Created { location: format!("/api/workflows/{}/shares", path.workflow_id), body: view.into() })
}

/// Takes a share of a workflow back.
#[utoipa::path(
    delete, path = "/api/workflows/{workflow_id}/share/{share_id}", tag = "workflows",
    params(("workflow_id" = WorkflowId, Path), ("share_id" = GrantId, Path)),
    responses((status = 204, description = "Taken back"))
)]
async fn delete_workflow_share(
    Auth(caller): Auth,
    State(grants): State<Grants>,
    Path(path): Path<SharePath>,
) -> Result<NoContent, Problem> {
    grants.revoke_on(&caller, workflow(path.workflow_id), path.share_id).await?;
    Ok(NoContent)
}

/// Makes these the only grants on a workflow.
#[utoipa::path(
    put, path = "/api/workflows/{workflow_id}/permissions", tag = "workflows", params(("workflow_id" = WorkflowId, Path)),
    request_body = ReplaceGrantsRequest, responses((status = 200, body = GrantsResponse))
)]
async fn replace_workflow_permissions(
    Auth(caller): Auth,
    State(grants): State<Grants>,
    Path(path): Path<WorkflowPath>,
    Json(body): Json<ReplaceGrantsRequest>,
) -> Result<Json<GrantsResponse>, Problem> {
    let drafts = body.grants.into_iter().map(Into::into).collect();
    let views = grants.replace(&caller, workflow(path.workflow_id), drafts).await?;
    Ok(Json(GrantsResponse { items: views.into_iter().map(Into::into).collect(), next_cursor: None }))
}
