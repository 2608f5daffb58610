//! Workflows: kept, checked, read from and written to every form.

mod access;
mod analytics;
mod document;
mod events;
mod executions;
mod hooks;
mod load;
mod nodes;
mod opinions;
mod templates;
mod versions;
mod wire;

use axum::{extract::State, http::StatusCode};
use conductor_domain::{FieldError, WorkflowFilter, WorkflowId};
use conductor_workflows::{WorkflowView, Workflows};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use self::{
    document::{DocumentBody, DocumentFile},
    wire::{
        CheckedResponse, CreateWorkflowRequest, ExportWorkflowRequest, SummaryResponse,
        UpdateWorkflowRequest, WorkflowPath, WorkflowResponse,
    },
};
use crate::{
    AppState, Problem,
    answer::{Created, NoContent},
    caller::Auth,
    etag::{IfMatch, Versioned},
    json::Json,
    page::{PageParameters, PageResponse, Paging},
    path::Path,
    query::Query,
};

/// The tags that a list is asked for at once.
const TAGS: usize = 10;

/// Which workflows are listed.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ListWorkflowsQuery {
    /// Part of the name, title or description.
    q: Option<String>,
    /// Only templates, or only others.
    template: Option<bool>,
    /// Only official ones, or only others.
    official: Option<bool>,
    /// Only those that have all of these tags, separated by commas; at most ten.
    tags: Option<String>,
}

/// How a document is taken.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ImportWorkflowQuery {
    /// The name by which it is to be run; the document's own where absent.
    name: Option<String>,
    /// Whether a workflow that cannot run is kept nevertheless, as a draft.
    #[serde(default)]
    #[param(required = false)]
    draft: bool,
}

pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_workflows, create_workflow))
        .routes(routes!(import_workflow))
        .routes(routes!(check_workflow))
        .merge(nodes::router())
        .routes(routes!(find_workflow, update_workflow, delete_workflow))
        .routes(routes!(export_workflow))
        .merge(load::router())
        .merge(opinions::router())
        .merge(templates::router())
        .merge(versions::router())
        .merge(events::router())
        .merge(executions::router())
        .merge(analytics::router())
        .merge(hooks::router())
        .merge(access::router())
}

fn versioned(view: WorkflowView) -> Versioned<Json<WorkflowResponse>> {
    Versioned { version: view.workflow.revision.into(), body: Json(view.into()) }
}

fn created(view: WorkflowView) -> Versioned<Created<WorkflowResponse>> {
    let location = format!("/api/workflows/{}", view.workflow.id);
    let version = view.workflow.revision.into();
    Versioned { version, body: Created { location, body: view.into() } }
}

/// Workflows that the caller may see, newest first.
#[utoipa::path(
    get, path = "/api/workflows", tag = "workflows", params(PageParameters, ListWorkflowsQuery),
    responses((status = 200, body = PageResponse<SummaryResponse>))
)]
async fn list_workflows(
    Auth(caller): Auth,
    State(workflows): State<Workflows>,
    Query(query): Query<ListWorkflowsQuery>,
    paging: Paging,
) -> Result<PageResponse<SummaryResponse>, Problem> {
    let ListWorkflowsQuery { q, template, official, tags } = query;
    let words = tags.as_deref().unwrap_or_default().split(',').map(|tag| tag.trim().to_lowercase());
    let tags: Vec<String> = words.filter(|tag| !tag.is_empty()).collect();
    if tags.len() > TAGS {
        let detail = format!("Ask for at most {TAGS} tags.");
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "validation_failed", detail.clone())
            .with_errors(vec![FieldError::new("?tags", "too_many", detail)]));
    }
    let filter = WorkflowFilter { q, template, official, tags };
    let page = workflows.list(&caller, filter, paging.request.clone()).await?;
    Ok(paging.answer(page, Into::into))
}

/// Makes a workflow that belongs to the caller. A graph that cannot run is kept as a draft.
#[utoipa::path(
    post, path = "/api/workflows", tag = "workflows", request_body = CreateWorkflowRequest,
    responses((status = 201, body = WorkflowResponse))
)]
async fn create_workflow(
    Auth(caller): Auth,
    State(workflows): State<Workflows>,
    Json(body): Json<CreateWorkflowRequest>,
) -> Result<Versioned<Created<WorkflowResponse>>, Problem> {
    Ok(created(workflows.create(&caller, body.into()).await?))
}

/// Takes a document of any form, JSON or YAML, and tells everything that is wrong with it at once.
#[utoipa::path(
    post, path = "/api/workflows/import", tag = "workflows", params(ImportWorkflowQuery),
    request_body(
        content((Object = "application/json"), (Object = "application/yaml"), (String = "text/plain")),
        description = "The workflow itself",
    ),
    responses((status = 201, body = WorkflowResponse))
)]
async fn import_workflow(
    Auth(caller): Auth,
    State(workflows): State<Workflows>,
    Query(query): Query<ImportWorkflowQuery>,
    DocumentBody(document): DocumentBody,
) -> Result<Versioned<Created<WorkflowResponse>>, Problem> {
    Ok(created(workflows.import(&caller, document, query.name, query.draft).await?))
}

/// Says what a document is and what is wrong with it. Nothing is kept.
#[utoipa::path(
    post, path = "/api/workflows/check", tag = "workflows",
    request_body(
        content(
            (serde_json::Value = "application/json"), (serde_json::Value = "application/yaml"), (String = "text/plain"),
        ),
        description = "Any text that may be a workflow",
    ),
    responses((status = 200, body = CheckedResponse))
)]
async fn check_workflow(
    Auth(caller): Auth,
    State(workflows): State<Workflows>,
    DocumentBody(document): DocumentBody,
) -> Result<Json<CheckedResponse>, Problem> {
    Ok(Json(workflows.check(&caller, document).await?.into()))
}

/// One workflow, with its graph and what is wrong with it.
#[utoipa::path(
    get, path = "/api/workflows/{workflow_id}", tag = "workflows", params(("workflow_id" = WorkflowId, Path)),
    responses((status = 200, body = WorkflowResponse))
)]
async fn find_workflow(
    Auth(caller): Auth,
    State(workflows): State<Workflows>,
    Path(path): Path<WorkflowPath>,
) -> Result<Versioned<Json<WorkflowResponse>>, Problem> {
    Ok(versioned(workflows.find(&caller, path.workflow_id).await?))
}

/// Changes a workflow; a changed graph is its next version.
#[utoipa::path(
    method(put, patch), path = "/api/workflows/{workflow_id}", tag = "workflows",
    params(
        ("workflow_id" = WorkflowId, Path),
        ("If-Match" = Option<String>, Header, description = "The revision that was read, as `ETag` gave it"),
    ),
    request_body = UpdateWorkflowRequest, responses((status = 200, body = WorkflowResponse))
)]
async fn update_workflow(
    Auth(caller): Auth,
    State(workflows): State<Workflows>,
    Path(path): Path<WorkflowPath>,
    if_match: IfMatch,
    Json(body): Json<UpdateWorkflowRequest>,
) -> Result<Versioned<Json<WorkflowResponse>>, Problem> {
    let view = workflows.update(&caller, path.workflow_id, if_match.number(), body.into()).await?;
    Ok(versioned(view))
}

/// Deletes a workflow.
#[utoipa::path(
    delete, path = "/api/workflows/{workflow_id}", tag = "workflows",
    params(
        ("workflow_id" = WorkflowId, Path),
        ("If-Match" = Option<String>, Header, description = "The revision that was read, as `ETag` gave it"),
    ),
    responses((status = 204, description = "Deleted"))
)]
async fn delete_workflow(
    Auth(caller): Auth,
    State(workflows): State<Workflows>,
    Path(path): Path<WorkflowPath>,
    if_match: IfMatch,
) -> Result<NoContent, Problem> {
    workflows.delete(&caller, path.workflow_id, if_match.number()).await?;
    Ok(NoContent)
}

/// Writes a workflow as a document of a form of choice. The form with steps is refused where it has no words for the
/// workflow, with every node and the reason.
#[utoipa::path(
    post, path = "/api/workflows/{workflow_id}/export", tag = "workflows",
    params(("workflow_id" = WorkflowId, Path)), request_body = ExportWorkflowRequest,
    responses((
        status = 200, description = "The document",
        content((Object = "application/json"), (String = "application/yaml")),
    ))
)]
async fn export_workflow(
    Auth(caller): Auth,
    State(workflows): State<Workflows>,
    Path(path): Path<WorkflowPath>,
    Json(body): Json<ExportWorkflowRequest>,
) -> Result<DocumentFile, Problem> {
    let (form, syntax) = (body.form(), body.syntax());
    let written = workflows.export(&caller, path.workflow_id, body.version, form, syntax).await?;
    Ok(DocumentFile { written, syntax })
}
