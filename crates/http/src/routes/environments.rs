//! Environments of an organisation.

use axum::extract::State;
use chrono::{DateTime, Utc};
use conductor_domain::{Environment, EnvironmentId, EnvironmentType, OrganizationId};
use conductor_identity::Identity;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    AppState, Problem,
    answer::{Created, NoContent},
    caller::Auth,
    json::Json,
    page::{PageParameters, PageResponse, Paging},
    path::Path,
};

/// A stage of an organisation.
#[derive(Serialize, ToSchema)]
#[schema(as = Environment)]
pub(crate) struct EnvironmentResponse {
    id: EnvironmentId,
    organization_id: OrganizationId,
    name: String,
    #[serde(rename = "type")]
    environment_type: EnvironmentType,
    is_default: bool,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl From<Environment> for EnvironmentResponse {
    fn from(environment: Environment) -> Self {
        let Environment { id, organization_id, name, environment_type, is_default, created_at, updated_at } =
            environment;
        Self { id, organization_id, name, environment_type, is_default, created_at, updated_at }
    }
}

/// An environment to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CreateEnvironmentRequest {
    name: String,
    #[serde(rename = "type")]
    environment_type: EnvironmentType,
}

/// A change of an environment: missing fields stay.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct UpdateEnvironmentRequest {
    name: Option<String>,
    #[serde(rename = "type")]
    environment_type: Option<EnvironmentType>,
}

pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list_environments, create_environment)).routes(routes!(
        find_environment,
        update_environment,
        delete_environment
    ))
}

/// The organisation's environments.
#[utoipa::path(
    get, path = "/api/v1/orgs/{org_id}/environments", tag = "environments",
    params(("org_id" = OrganizationId, Path), PageParameters),
    responses((status = 200, body = PageResponse<EnvironmentResponse>))
)]
async fn list_environments(
    Auth(caller): Auth,
    State(identity): State<Identity>,
    paging: Paging,
) -> Result<PageResponse<EnvironmentResponse>, Problem> {
    let page = identity.environments(&caller, paging.request.clone()).await?;
    Ok(paging.answer(page, Into::into))
}

/// Makes an environment.
#[utoipa::path(
    post, path = "/api/v1/orgs/{org_id}/environments", tag = "environments",
    params(("org_id" = OrganizationId, Path)), request_body = CreateEnvironmentRequest,
    responses((status = 201, body = EnvironmentResponse))
)]
async fn create_environment(
    Auth(caller): Auth,
    State(identity): State<Identity>,
    Json(body): Json<CreateEnvironmentRequest>,
) -> Result<Created<EnvironmentResponse>, Problem> {
    let made = identity.create_environment(&caller, &body.name, body.environment_type).await?;
    let location = format!("/api/v1/orgs/{}/environments/{}", made.organization_id, made.id);
    Ok(Created { location, body: made.into() })
}

/// One environment.
#[utoipa::path(
    get, path = "/api/v1/orgs/{org_id}/environments/{env_id}", tag = "environments",
    params(("org_id" = OrganizationId, Path), ("env_id" = EnvironmentId, Path)),
    responses((status = 200, body = EnvironmentResponse))
)]
async fn find_environment(
    Auth(caller): Auth,
    State(identity): State<Identity>,
    Path((_org, id)): Path<(OrganizationId, EnvironmentId)>,
) -> Result<Json<EnvironmentResponse>, Problem> {
    Ok(Json(identity.environment(&caller, id).await?.into()))
}

/// Changes an environment.
#[utoipa::path(
    method(put, patch), path = "/api/v1/orgs/{org_id}/environments/{env_id}", tag = "environments",
    params(("org_id" = OrganizationId, Path), ("env_id" = EnvironmentId, Path)),
    request_body = UpdateEnvironmentRequest, responses((status = 200, body = EnvironmentResponse))
)]
async fn update_environment(
    Auth(caller): Auth,
    State(identity): State<Identity>,
    Path((_org, id)): Path<(OrganizationId, EnvironmentId)>,
    Json(body): Json<UpdateEnvironmentRequest>,
) -> Result<Json<EnvironmentResponse>, Problem> {
    let changed = identity.update_environment(&caller, id, body.name, body.environment_type).await?;
    Ok(Json(changed.into()))
}

/// Deletes an environment that is not the default one.
#[utoipa::path(
    delete, path = "/api/v1/orgs/{org_id}/environments/{env_id}", tag = "environments",
    params(("org_id" = OrganizationId, Path), ("env_id" = EnvironmentId, Path)),
    responses((status = 204, description = "Deleted"))
)]
async fn delete_environment(
    Auth(caller): Auth,
    State(identity): State<Identity>,
    Path((_org, id)): Path<(OrganizationId, EnvironmentId)>,
) -> Result<NoContent, Problem> {
    identity.delete_environment(&caller, id).await?;
    Ok(NoContent)
}
