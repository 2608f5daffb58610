//! Workflows that ship with Conductor, and what people make of them.

use axum::extract::State;
use conductor_workflows::{TemplateView, Workflows};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    created,
    wire::{ProblemResponse, WorkflowResponse},
};
use crate::{
    AppState, Problem,
    answer::Created,
    caller::Auth,
    etag::Versioned,
    json::{Json, MaybeJson},
    path::Path,
};

/// A workflow that ships with Conductor.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkflowTemplate)]
struct TemplateResponse {
    /// Its name in addresses.
    id: &'static str,
    title: &'static str,
    description: &'static str,
    /// The field of work that it is for.
    category: &'static str,
    node_count: usize,
    /// The servers whose tools it calls.
    servers: Vec<&'static str>,
    /// The variables of the server's environment that it shows as credentials.
    credentials: Vec<&'static str>,
    /// What would be wrong with a workflow that the caller made of it now, such as a server that is not there.
    problems: Vec<ProblemResponse>,
    /// The stored form.
    #[schema(value_type = Object)]
    graph: Value,
    /// The document as people write it, in YAML.
    document: String,
}

impl From<TemplateView> for TemplateResponse {
    fn from(view: TemplateView) -> Self {
        let TemplateView { template, problems } = view;
        Self {
            id: template.id,
            title: template.title(),
            description: template.description(),
            category: template.category,
            node_count: template.node_count(),
            servers: template.servers().into_iter().collect(),
            credentials: template.credentials().into_iter().collect(),
            problems: problems.into_iter().map(Into::into).collect(),
            graph: template.document(),
            document: template.text(),
        }
    }
}

/// Every template.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkflowTemplates)]
struct TemplatesResponse {
    items: Vec<TemplateResponse>,
    /// Always `null`: templates come in one page.
    #[schema(required = true)]
    next_cursor: Option<String>,
}

/// A workflow of one's own.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct InstantiateTemplateRequest {
    /// The template's own name otherwise, with a number where that is taken.
    #[schema(min_length = 1, max_length = 100)]
    name: Option<String>,
}

/// The template that a path names.
#[derive(Deserialize)]
struct TemplatePath {
    template_id: String,
}

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_workflow_templates))
        .routes(routes!(find_workflow_template))
        .routes(routes!(instantiate_workflow_template))
}

/// The workflows that ship with Conductor, by field of work.
#[utoipa::path(
    get, path = "/api/workflow-templates", tag = "workflows", responses((status = 200, body = TemplatesResponse))
)]
async fn list_workflow_templates(
    Auth(caller): Auth,
    State(workflows): State<Workflows>,
) -> Result<Json<TemplatesResponse>, Problem> {
    let templates = workflows.templates(&caller).await?;
    Ok(Json(TemplatesResponse { items: templates.into_iter().map(Into::into).collect(), next_cursor: None }))
}

/// One of them.
#[utoipa::path(
    get, path = "/api/workflow-templates/{template_id}", tag = "workflows", params(("template_id" = String, Path)),
    responses((status = 200, body = TemplateResponse))
)]
async fn find_workflow_template(
    Auth(caller): Auth,
    State(workflows): State<Workflows>,
    Path(path): Path<TemplatePath>,
) -> Result<Json<TemplateResponse>, Problem> {
    Ok(Json(workflows.template(&caller, &path.template_id).await?.into()))
}

/// Makes a workflow of a template: private, the caller's own. What is missing for it is told as its problems.
#[utoipa::path(
    post, path = "/api/workflow-templates/{template_id}/instantiate", tag = "workflows",
    params(("template_id" = String, Path)), request_body = InstantiateTemplateRequest,
    responses((status = 201, body = WorkflowResponse))
)]
async fn instantiate_workflow_template(
    Auth(caller): Auth,
    State(workflows): State<Workflows>,
    Path(path): Path<TemplatePath>,
    MaybeJson(body): MaybeJson<InstantiateTemplateRequest>,
) -> Result<Versioned<Created<WorkflowResponse>>, Problem> {
    Ok(created(workflows.instantiate(&caller, &path.template_id, body.name).await?))
}
