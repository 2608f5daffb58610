//! Organisations: those of the caller, and the one that the path names.

use axum::extract::State;
use chrono::{DateTime, Utc};
use conductor_domain::{Organization, OrganizationChange, OrganizationId};
use conductor_identity::{Identity, OrganizationDraft};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    AppState, Problem,
    answer::{Created, NoContent},
    caller::Auth,
    json::{Json, nullable},
    page::{PageParameters, PageResponse, Paging},
};

/// An organisation.
#[derive(Serialize, ToSchema)]
#[schema(as = Organization)]
pub(crate) struct OrganizationResponse {
    id: OrganizationId,
    name: String,
    /// The word in `X-Context`.
    slug: String,
    is_personal: bool,
    industry: Option<String>,
    website: Option<String>,
    timezone: Option<String>,
    /// Whether its members must have a second factor.
    requires_mfa: bool,
    /// After how many days members are reminded to replace a provider key.
    key_max_age_days: Option<i32>,
    /// What the expressions of its workflows read as `context.<name>`, for all its members to see.
    #[schema(value_type = Object)]
    context: Value,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl From<Organization> for OrganizationResponse {
    fn from(organization: Organization) -> Self {
        Self {
            id: organization.id,
            name: organization.name,
            slug: organization.slug,
            is_personal: organization.is_personal,
            industry: organization.industry,
            website: organization.website,
            timezone: organization.timezone,
            requires_mfa: organization.requires_mfa,
            key_max_age_days: organization.key_max_age_days,
            context: organization.context_extra,
            created_at: organization.created_at,
            updated_at: organization.updated_at,
        }
    }
}

/// An organisation to be founded.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CreateOrganizationRequest {
    name: String,
    /// Made from the name when absent.
    slug: Option<String>,
    industry: Option<String>,
    website: Option<String>,
    timezone: Option<String>,
}

/// A change of an organisation: missing fields stay, `null` clears.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct UpdateOrganizationRequest {
    name: Option<String>,
    slug: Option<String>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>)]
    industry: Option<Option<String>>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>)]
    website: Option<Option<String>>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>)]
    timezone: Option<Option<String>>,
    /// Whether its members must have a second factor; whoever asks it must have one.
    requires_mfa: Option<bool>,
    /// After how many days members are reminded to replace a provider key: 1 to 3650.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<i32>)]
    key_max_age_days: Option<Option<i32>>,
    /// What the expressions of its workflows read as `context.<name>`, in place of what was there: at most 16 KiB. The names
    /// `run`, `trigger`, `workflow`, `organization`, `user` and `iteration` are what each run says of itself.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<Object>)]
    context: Option<Option<Value>>,
}

pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list_organizations, create_organization)).routes(routes!(
        find_organization,
        update_organization,
        delete_organization
    ))
}

/// The caller's organisations.
#[utoipa::path(
    get, path = "/api/v1/orgs", tag = "organizations", params(PageParameters),
    responses((status = 200, body = PageResponse<OrganizationResponse>))
)]
async fn list_organizations(
    Auth(caller): Auth,
    State(identity): State<Identity>,
    paging: Paging,
) -> Result<PageResponse<OrganizationResponse>, Problem> {
    let page = identity.organizations(&caller, paging.request.clone()).await?;
    Ok(paging.answer(page, Into::into))
}

/// Founds an organisation that the caller owns.
#[utoipa::path(
    post, path = "/api/v1/orgs", tag = "organizations", request_body = CreateOrganizationRequest,
    responses((status = 201, body = OrganizationResponse))
)]
async fn create_organization(
    Auth(caller): Auth,
    State(identity): State<Identity>,
    Json(body): Json<CreateOrganizationRequest>,
) -> Result<Created<OrganizationResponse>, Problem> {
    let CreateOrganizationRequest { name, slug, industry, website, timezone } = body;
    let draft = OrganizationDraft { name, slug, industry, website, timezone };
    let organization = identity.create_organization(&caller, draft).await?;
    Ok(Created { location: format!("/api/v1/orgs/{}", organization.id), body: organization.into() })
}

/// One organisation.
#[utoipa::path(
    get, path = "/api/v1/orgs/{org_id}", tag = "organizations", params(("org_id" = OrganizationId, Path)),
    responses((status = 200, body = OrganizationResponse))
)]
async fn find_organization(
    Auth(caller): Auth,
    State(identity): State<Identity>,
) -> Result<Json<OrganizationResponse>, Problem> {
    Ok(Json(identity.organization(&caller).await?.into()))
}

/// Changes an organisation.
#[utoipa::path(
    method(put, patch), path = "/api/v1/orgs/{org_id}", tag = "organizations",
    params(("org_id" = OrganizationId, Path)), request_body = UpdateOrganizationRequest,
    responses((status = 200, body = OrganizationResponse))
)]
async fn update_organization(
    Auth(caller): Auth,
    State(identity): State<Identity>,
    Json(body): Json<UpdateOrganizationRequest>,
) -> Result<Json<OrganizationResponse>, Problem> {
    let UpdateOrganizationRequest {
        name,
        slug,
        industry,
        website,
        timezone,
        requires_mfa,
        key_max_age_days,
        context,
    } = body;
    let change = OrganizationChange {
        name,
        slug,
        industry,
        website,
        timezone,
        requires_mfa,
        key_max_age_days,
        context_extra: context.map(|context| context.unwrap_or_else(|| json!({}))),
    };
    Ok(Json(identity.update_organization(&caller, change).await?.into()))
}

/// Deletes an organisation that is nobody's own.
#[utoipa::path(
    delete, path = "/api/v1/orgs/{org_id}", tag = "organizations", params(("org_id" = OrganizationId, Path)),
    responses((status = 204, description = "Deleted"))
)]
async fn delete_organization(
    Auth(caller): Auth,
    State(identity): State<Identity>,
) -> Result<NoContent, Problem> {
    identity.delete_organization(&caller).await?;
    Ok(NoContent)
}
