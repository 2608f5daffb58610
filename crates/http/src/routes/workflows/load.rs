//! A workflow out of the operator's folder, for clients of an older system that name files.

use axum::extract::State;
use conductor_workflows::Workflows;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{ImportWorkflowQuery, created, wire::WorkflowResponse};
use crate::{AppState, Problem, answer::Created, caller::Auth, etag::Versioned, json::Json, query::Query};

/// A document in the folder of workflows.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct LoadWorkflowRequest {
    /// Its path below the folder, such as `customers/acme/sales/quote-generation.yml`.
    #[serde(rename = "filePath")]
    file_path: String,
}

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(load_workflow))
}

/// Takes a document of any form out of the folder that the operator names as `workflows_folder`, as importing it does.
#[utoipa::path(
    post, path = "/api/workflows/load", tag = "workflows", params(ImportWorkflowQuery),
    request_body = LoadWorkflowRequest, responses((status = 201, body = WorkflowResponse))
)]
async fn load_workflow(
    Auth(caller): Auth,
    State(state): State<AppState>,
    State(workflows): State<Workflows>,
    Query(query): Query<ImportWorkflowQuery>,
    Json(body): Json<LoadWorkflowRequest>,
) -> Result<Versioned<Created<WorkflowResponse>>, Problem> {
    let limit = state.options.limits.body_bytes;
    let document = workflows.in_folder(&caller, body.file_path, limit).await?;
    Ok(created(workflows.import(&caller, document, query.name, query.draft).await?))
}
