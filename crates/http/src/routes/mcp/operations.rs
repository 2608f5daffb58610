//! The operations of an API, from the document by which whoever offers it describes them.

use std::sync::Arc;

use axum::extract::State;
use conductor_domain::{ApiSpec, AuthType};
use conductor_registry::{ImportedApi, Registry};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::view::AuthSettings;
use crate::{AppState, Problem, caller::Auth, json::Json};

/// A document to be read.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ImportApiRequest {
    /// An OpenAPI 3 document, in JSON or YAML.
    document: String,
}

/// A part of the document that was not taken over.
#[derive(Serialize, ToSchema)]
struct LeftOut {
    /// A JSON pointer into the document.
    pointer: String,
    /// Why.
    detail: String,
}

/// An API as its document describes it: what to send to register it, once it was looked at.
#[derive(Serialize, ToSchema)]
#[schema(as = ImportedApi)]
struct ImportedApiResponse {
    name: String,
    description: String,
    /// The address of its first server, where that is a whole one.
    #[serde(skip_serializing_if = "Option::is_none")]
    endpoint: Option<String>,
    auth_type: AuthType,
    auth_settings: AuthSettings,
    api: ApiSpec,
    left_out: Vec<LeftOut>,
}

impl From<ImportedApi> for ImportedApiResponse {
    fn from(imported: ImportedApi) -> Self {
        let left_out = imported.left_out.into_iter().map(|(pointer, detail)| LeftOut { pointer, detail });
        Self {
            name: imported.name,
            description: imported.description,
            endpoint: imported.endpoint,
            auth_type: imported.auth_type,
            auth_settings: AuthSettings { header: imported.auth_header },
            api: imported.api,
            left_out: left_out.collect(),
        }
    }
}

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(import_api_operations))
}

/// Reads the operations of an API from its OpenAPI 3 document. Nothing is kept: the answer is what to register.
#[utoipa::path(
    post, path = "/api/mcp/operations/import", tag = "mcp_servers", request_body = ImportApiRequest,
    responses((status = 200, body = ImportedApiResponse))
)]
async fn import_api_operations(
    Auth(caller): Auth,
    State(registry): State<Arc<Registry>>,
    Json(ImportApiRequest { document }): Json<ImportApiRequest>,
) -> Result<Json<ImportedApiResponse>, Problem> {
    Ok(Json(registry.import_api(&caller, &document).await?.into()))
}
