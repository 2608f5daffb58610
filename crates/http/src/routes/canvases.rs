//! Drawings of the designer: saved, listed and changed.

use axum::extract::State;
use chrono::{DateTime, Utc};
use conductor_domain::{CanvasId, CanvasSpec, EnvironmentId, OrganizationId, UserId, WorkflowId};
use conductor_workflows::{CanvasPatch, CanvasView, Canvases};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    AppState, Problem,
    answer::{Created, NoContent},
    caller::Auth,
    etag::{IfMatch, Versioned},
    json::{Json, nullable},
    page::{PageParameters, PageResponse, Paging},
    path::Path,
};

/// A drawing, as lists show it.
#[derive(Serialize, ToSchema)]
#[schema(as = CanvasSummary)]
struct SummaryResponse {
    id: CanvasId,
    organization_id: OrganizationId,
    /// The environment that it is for; `null` for every one of the organisation.
    environment_id: Option<EnvironmentId>,
    /// Who changes it, beside those who manage the organisation's workflows.
    owner_user_id: Option<UserId>,
    /// The workflow that it draws, or that was made of it.
    workflow_id: Option<WorkflowId>,
    /// Unique in its organisation and environment, whatever the case.
    name: String,
    /// The number that `ETag` and `If-Match` speak of.
    revision: i32,
    /// Whether the caller may change it.
    can_edit: bool,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

/// A drawing.
#[derive(Serialize, ToSchema)]
#[schema(as = Canvas)]
struct CanvasResponse {
    #[serde(flatten)]
    summary: SummaryResponse,
    /// React Flow's nodes, edges and viewport.
    #[schema(value_type = Object)]
    state_json: Value,
}

impl From<CanvasView> for SummaryResponse {
    fn from(CanvasView { canvas, can_edit, .. }: CanvasView) -> Self {
        Self {
            id: canvas.id,
            organization_id: canvas.organization_id,
            environment_id: canvas.environment_id,
            owner_user_id: canvas.owner_user_id,
            workflow_id: canvas.workflow_id,
            name: canvas.name,
            revision: canvas.revision,
            can_edit,
            created_at: canvas.created_at,
            updated_at: canvas.updated_at,
        }
    }
}

impl From<CanvasView> for CanvasResponse {
    fn from(mut view: CanvasView) -> Self {
        let state_json = view.state.take().unwrap_or_default();
        Self { summary: view.into(), state_json }
    }
}

/// A whole drawing: a new one, or what one is to be from now on.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CanvasRequest {
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    /// The environment that one acts in; every one of the organisation where it is left out.
    environment_id: Option<EnvironmentId>,
    /// A workflow of the organisation that it draws.
    workflow_id: Option<WorkflowId>,
    /// React Flow's nodes, edges and viewport: every node with an id and a position, every edge between nodes.
    #[schema(value_type = Object)]
    state_json: Value,
}

impl From<CanvasRequest> for CanvasSpec {
    fn from(body: CanvasRequest) -> Self {
        Self {
            name: body.name,
            environment_id: body.environment_id,
            workflow_id: body.workflow_id,
            state: body.state_json,
        }
    }
}

/// A change of a drawing: missing fields stay.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct UpdateCanvasRequest {
    #[schema(min_length = 1, max_length = 100)]
    name: Option<String>,
    /// `null` for every environment of the organisation.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<EnvironmentId>)]
    environment_id: Option<Option<EnvironmentId>>,
    /// `null` for none.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<WorkflowId>)]
    workflow_id: Option<Option<WorkflowId>>,
    /// The whole drawing anew.
    #[schema(value_type = Option<Object>)]
    state_json: Option<Value>,
}

impl From<UpdateCanvasRequest> for CanvasPatch {
    fn from(body: UpdateCanvasRequest) -> Self {
        Self {
            name: body.name,
            environment_id: body.environment_id,
            workflow_id: body.workflow_id,
            state: body.state_json,
        }
    }
}

pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list_canvases, create_canvas)).routes(routes!(
        find_canvas,
        replace_canvas,
        update_canvas,
        delete_canvas
    ))
}

fn versioned(view: CanvasView) -> Versioned<Json<CanvasResponse>> {
    Versioned { version: view.canvas.revision.into(), body: Json(view.into()) }
}

/// Drawings of the organisation and of the environment that one acts in, newest first.
#[utoipa::path(
    get, path = "/api/v1/orgs/{org_id}/canvas", tag = "canvas",
    params(("org_id" = OrganizationId, Path), PageParameters),
    responses((status = 200, body = PageResponse<SummaryResponse>))
)]
async fn list_canvases(
    Auth(caller): Auth,
    State(canvases): State<Canvases>,
    paging: Paging,
) -> Result<PageResponse<SummaryResponse>, Problem> {
    let page = canvases.list(&caller, paging.request.clone()).await?;
    Ok(paging.answer(page, Into::into))
}

/// Saves a new drawing, which belongs to the caller. Everybody of its environment, or of the organisation, sees it.
#[utoipa::path(
    post, path = "/api/v1/orgs/{org_id}/canvas", tag = "canvas",
    params(("org_id" = OrganizationId, Path)), request_body = CanvasRequest,
    responses((status = 201, body = CanvasResponse))
)]
async fn create_canvas(
    Auth(caller): Auth,
    State(canvases): State<Canvases>,
    Json(body): Json<CanvasRequest>,
) -> Result<Versioned<Created<CanvasResponse>>, Problem> {
    let view = canvases.create(&caller, body.into()).await?;
    let location = format!("/api/v1/orgs/{}/canvas/{}", view.canvas.organization_id, view.canvas.id);
    let version = view.canvas.revision.into();
    Ok(Versioned { version, body: Created { location, body: view.into() } })
}

/// One drawing, with what is drawn.
#[utoipa::path(
    get, path = "/api/v1/orgs/{org_id}/canvas/{canvas_id}", tag = "canvas",
    params(("org_id" = OrganizationId, Path), ("canvas_id" = CanvasId, Path)),
    responses((status = 200, body = CanvasResponse))
)]
async fn find_canvas(
    Auth(caller): Auth,
    State(canvases): State<Canvases>,
    Path((_org, id)): Path<(OrganizationId, CanvasId)>,
) -> Result<Versioned<Json<CanvasResponse>>, Problem> {
    Ok(versioned(canvases.find(&caller, id).await?))
}

/// Replaces a drawing: what is left out is none from now on.
#[utoipa::path(
    put, path = "/api/v1/orgs/{org_id}/canvas/{canvas_id}", tag = "canvas",
    params(
        ("org_id" = OrganizationId, Path), ("canvas_id" = CanvasId, Path),
        ("If-Match" = Option<String>, Header, description = "The revision that was read, as `ETag` gave it"),
    ),
    request_body = CanvasRequest, responses((status = 200, body = CanvasResponse))
)]
async fn replace_canvas(
    Auth(caller): Auth,
    State(canvases): State<Canvases>,
    Path((_org, id)): Path<(OrganizationId, CanvasId)>,
    if_match: IfMatch,
    Json(body): Json<CanvasRequest>,
) -> Result<Versioned<Json<CanvasResponse>>, Problem> {
    let spec = CanvasSpec::from(body);
    Ok(versioned(canvases.update(&caller, id, if_match.number(), spec.into()).await?))
}

/// Changes what is named of a drawing.
#[utoipa::path(
    patch, path = "/api/v1/orgs/{org_id}/canvas/{canvas_id}", tag = "canvas",
    params(
        ("org_id" = OrganizationId, Path), ("canvas_id" = CanvasId, Path),
        ("If-Match" = Option<String>, Header, description = "The revision that was read, as `ETag` gave it"),
    ),
    request_body = UpdateCanvasRequest, responses((status = 200, body = CanvasResponse))
)]
async fn update_canvas(
    Auth(caller): Auth,
    State(canvases): State<Canvases>,
    Path((_org, id)): Path<(OrganizationId, CanvasId)>,
    if_match: IfMatch,
    Json(body): Json<UpdateCanvasRequest>,
) -> Result<Versioned<Json<CanvasResponse>>, Problem> {
    Ok(versioned(canvases.update(&caller, id, if_match.number(), body.into()).await?))
}

/// Deletes a drawing.
#[utoipa::path(
    delete, path = "/api/v1/orgs/{org_id}/canvas/{canvas_id}", tag = "canvas",
    params(
        ("org_id" = OrganizationId, Path), ("canvas_id" = CanvasId, Path),
        ("If-Match" = Option<String>, Header, description = "The revision that was read, as `ETag` gave it"),
    ),
    responses((status = 204, description = "Deleted"))
)]
async fn delete_canvas(
    Auth(caller): Auth,
    State(canvases): State<Canvases>,
    Path((_org, id)): Path<(OrganizationId, CanvasId)>,
    if_match: IfMatch,
) -> Result<NoContent, Problem> {
    canvases.delete(&caller, id, if_match.number()).await?;
    Ok(NoContent)
}
