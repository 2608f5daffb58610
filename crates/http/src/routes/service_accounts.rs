//! Machines' accounts of an organisation.

use axum::extract::State;
use chrono::{DateTime, Utc};
use conductor_domain::{
    EnvironmentId, InboundAuth, InboundProof, OrganizationId, ServiceAccount, ServiceAccountId,
};
use conductor_identity::{Identity, ServiceAccountChange, ServiceAccountDraft};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    AppState, Problem,
    answer::{Created, NoContent},
    caller::Auth,
    json::{Json, nullable},
    page::{PageParameters, PageResponse, Paging},
    path::Path,
};

/// A machine's account.
#[derive(Serialize, ToSchema)]
#[schema(as = ServiceAccount)]
struct ServiceAccountResponse {
    id: ServiceAccountId,
    organization_id: OrganizationId,
    /// The stage it is confined to; every one of the organisation where `null`.
    environment_id: Option<EnvironmentId>,
    name: String,
    description: String,
    subject: String,
    issuer: String,
    audience: String,
    credential_ref: Option<String>,
    /// Patterns of what its tokens may include, such as `tool.invoke` or `agent.*`.
    scope_allowlist: Vec<String>,
    /// How it proves who it is, beside the tokens issued to it here.
    inbound_auth_method: InboundAuth,
    /// Where the issuer of its bearer tokens publishes its keys.
    jwks_uri: Option<String>,
    /// The one public key of the issuer of its bearer tokens, in PEM.
    public_key: Option<String>,
    /// The authorities that its client certificate must come from, in PEM.
    client_ca: Option<String>,
    /// The networks that it may come from without authentication.
    networks: Vec<String>,
    enabled: bool,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl From<ServiceAccount> for ServiceAccountResponse {
    fn from(account: ServiceAccount) -> Self {
        Self {
            id: account.id,
            organization_id: account.organization_id,
            environment_id: account.environment_id,
            name: account.name,
            description: account.description,
            subject: account.subject,
            issuer: account.issuer,
            audience: account.audience,
            credential_ref: account.credential_ref,
            scope_allowlist: account.scope_allowlist,
            inbound_auth_method: account.inbound.method,
            jwks_uri: account.inbound.jwks_uri,
            public_key: account.inbound.public_key,
            client_ca: account.inbound.client_ca,
            networks: account.inbound.networks,
            enabled: account.enabled,
            created_at: account.created_at,
            updated_at: account.updated_at,
        }
    }
}

/// A service account to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CreateServiceAccountRequest {
    name: String,
    #[serde(default)]
    description: String,
    environment_id: Option<EnvironmentId>,
    /// What it is called where it comes from; made from its id where it is missing. Unique together with `issuer`.
    subject: Option<String>,
    /// Who vouches for the subject; this installation where it is missing.
    issuer: Option<String>,
    /// Whom its tokens are for; this installation where it is missing.
    audience: Option<String>,
    /// The name of a stored secret.
    credential_ref: Option<String>,
    #[serde(default)]
    scope_allowlist: Vec<String>,
    /// `BEARER` where it is missing. `MTLS` needs `client_ca`; `NONE` needs `networks` and a development environment.
    #[serde(default = "bearer")]
    #[schema(default = "BEARER")]
    inbound_auth_method: InboundAuth,
    /// With `BEARER`: where the issuer publishes its keys. Its tokens of this subject and audience then sign in.
    jwks_uri: Option<String>,
    /// With `BEARER`: the issuer's one public key in PEM, in place of an address.
    public_key: Option<String>,
    /// With `MTLS`: the authorities in PEM. The subject is then a URI or DNS name of the certificate, or
    /// `sha256:` and its fingerprint.
    client_ca: Option<String>,
    /// With `NONE`: the networks that it may come from, naming itself in `X-Conductor-Service-Account`.
    #[serde(default)]
    networks: Vec<String>,
    #[serde(default = "yes")]
    #[schema(default = true)]
    enabled: bool,
}

const fn bearer() -> InboundAuth {
    InboundAuth::Bearer
}

const fn yes() -> bool {
    true
}

/// A change of a service account: missing fields stay, `null` clears.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct UpdateServiceAccountRequest {
    name: Option<String>,
    description: Option<String>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<EnvironmentId>)]
    environment_id: Option<Option<EnvironmentId>>,
    subject: Option<String>,
    issuer: Option<String>,
    audience: Option<String>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>)]
    credential_ref: Option<Option<String>>,
    scope_allowlist: Option<Vec<String>>,
    inbound_auth_method: Option<InboundAuth>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>)]
    jwks_uri: Option<Option<String>>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>)]
    public_key: Option<Option<String>>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>)]
    client_ca: Option<Option<String>>,
    networks: Option<Vec<String>>,
    /// Switched off, its tokens stop at once.
    enabled: Option<bool>,
}

#[derive(Deserialize)]
struct AccountPath {
    service_account_id: ServiceAccountId,
}

pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list_service_accounts, create_service_account)).routes(routes!(
        find_service_account,
        update_service_account,
        delete_service_account
    ))
}

/// The organisation's service accounts, the newest first.
#[utoipa::path(
    get, path = "/api/v1/orgs/{org_id}/service-accounts", tag = "service_accounts",
    params(("org_id" = OrganizationId, Path), PageParameters),
    responses((status = 200, body = PageResponse<ServiceAccountResponse>))
)]
async fn list_service_accounts(
    Auth(caller): Auth,
    State(identity): State<Identity>,
    paging: Paging,
) -> Result<PageResponse<ServiceAccountResponse>, Problem> {
    let page = identity.service_accounts(&caller, paging.request.clone()).await?;
    Ok(paging.answer(page, Into::into))
}

/// Makes a service account.
#[utoipa::path(
    post, path = "/api/v1/orgs/{org_id}/service-accounts", tag = "service_accounts",
    params(("org_id" = OrganizationId, Path)), request_body = CreateServiceAccountRequest,
    responses((status = 201, body = ServiceAccountResponse))
)]
async fn create_service_account(
    Auth(caller): Auth,
    State(identity): State<Identity>,
    Json(body): Json<CreateServiceAccountRequest>,
) -> Result<Created<ServiceAccountResponse>, Problem> {
    let draft = ServiceAccountDraft {
        name: body.name,
        description: body.description,
        environment_id: body.environment_id,
        subject: body.subject,
        issuer: body.issuer,
        audience: body.audience,
        credential_ref: body.credential_ref,
        scope_allowlist: body.scope_allowlist,
        inbound: InboundProof {
            method: body.inbound_auth_method,
            jwks_uri: body.jwks_uri,
            public_key: body.public_key,
            client_ca: body.client_ca,
            networks: body.networks,
        },
        enabled: body.enabled,
    };
    let account = identity.create_service_account(&caller, draft).await?;
    let location = format!("/api/v1/orgs/{}/service-accounts/{}", account.organization_id, account.id);
    Ok(Created { location, body: account.into() })
}

/// One service account.
#[utoipa::path(
    get, path = "/api/v1/orgs/{org_id}/service-accounts/{service_account_id}", tag = "service_accounts",
    params(("org_id" = OrganizationId, Path), ("service_account_id" = ServiceAccountId, Path)),
    responses((status = 200, body = ServiceAccountResponse))
)]
async fn find_service_account(
    Auth(caller): Auth,
    State(identity): State<Identity>,
    Path(AccountPath { service_account_id }): Path<AccountPath>,
) -> Result<Json<ServiceAccountResponse>, Problem> {
    Ok(Json(identity.service_account(&caller, service_account_id).await?.into()))
}

/// Changes a service account. What its tokens may do follows at once.
#[utoipa::path(
    method(put, patch), path = "/api/v1/orgs/{org_id}/service-accounts/{service_account_id}",
    tag = "service_accounts",
    params(("org_id" = OrganizationId, Path), ("service_account_id" = ServiceAccountId, Path)),
    request_body = UpdateServiceAccountRequest, responses((status = 200, body = ServiceAccountResponse))
)]
async fn update_service_account(
    Auth(caller): Auth,
    State(identity): State<Identity>,
    Path(AccountPath { service_account_id }): Path<AccountPath>,
    Json(body): Json<UpdateServiceAccountRequest>,
) -> Result<Json<ServiceAccountResponse>, Problem> {
    let change = ServiceAccountChange {
        name: body.name,
        description: body.description,
        environment_id: body.environment_id,
        subject: body.subject,
        issuer: body.issuer,
        audience: body.audience,
        credential_ref: body.credential_ref,
        scope_allowlist: body.scope_allowlist,
        inbound_auth_method: body.inbound_auth_method,
        jwks_uri: body.jwks_uri,
        public_key: body.public_key,
        client_ca: body.client_ca,
        networks: body.networks,
        enabled: body.enabled,
    };
    Ok(Json(identity.update_service_account(&caller, service_account_id, change).await?.into()))
}

/// Deletes a service account; its tokens stop at once.
#[utoipa::path(
    delete, path = "/api/v1/orgs/{org_id}/service-accounts/{service_account_id}", tag = "service_accounts",
    params(("org_id" = OrganizationId, Path), ("service_account_id" = ServiceAccountId, Path)),
    responses((status = 204, description = "Deleted"))
)]
async fn delete_service_account(
    Auth(caller): Auth,
    State(identity): State<Identity>,
    Path(AccountPath { service_account_id }): Path<AccountPath>,
) -> Result<NoContent, Problem> {
    identity.delete_service_account(&caller, service_account_id).await?;
    Ok(NoContent)
}
