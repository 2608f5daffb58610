//! The providers that people sign in with, as administrators of the platform keep them.

use axum::{extract::State, http::HeaderMap};
use chrono::{DateTime, Utc};
use conductor_domain::{
    IdentityProvider, IdentityProviderId, IdentityProviderSpec, OrganizationId, Redacted, RoleMapping,
};
use conductor_identity::{Identity, ProviderDraft};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::auth::{redirect_uri, signed_out_uri};
use crate::{
    AppState, Problem,
    answer::{Created, NoContent},
    caller::Auth,
    json::{Json, nullable},
    path::Path,
};

/// A provider. Its secret is in the vault and never shown.
#[derive(Serialize, ToSchema)]
struct IdentityProviderResponse {
    id: IdentityProviderId,
    /// Its name in addresses.
    slug: String,
    name: String,
    issuer: String,
    client_id: String,
    has_client_secret: bool,
    scopes: Vec<String>,
    groups_claim: String,
    role_mappings: Vec<RoleMapping>,
    organization_id: Option<OrganizationId>,
    allow_sign_up: bool,
    link_by_email: bool,
    email_domains: Vec<String>,
    vouches_for_mfa: bool,
    signs_out: bool,
    enabled: bool,
    /// What to enter at the provider as the address to send people back to.
    redirect_uri: String,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl IdentityProviderResponse {
    fn of(provider: IdentityProvider, redirect_uri: String) -> Self {
        let IdentityProvider { id, slug, spec, secret_ref, enabled, created_at, updated_at } = provider;
        Self {
            id,
            slug,
            name: spec.name,
            issuer: spec.issuer,
            client_id: spec.client_id,
            has_client_secret: secret_ref.is_some(),
            scopes: spec.scopes,
            groups_claim: spec.groups_claim,
            role_mappings: spec.role_mappings,
            organization_id: spec.organization_id,
            allow_sign_up: spec.allow_sign_up,
            link_by_email: spec.link_by_email,
            email_domains: spec.email_domains,
            vouches_for_mfa: spec.vouches_for_mfa,
            signs_out: spec.signs_out,
            enabled,
            redirect_uri,
            created_at,
            updated_at,
        }
    }
}

/// Every provider.
#[derive(Serialize, ToSchema)]
struct IdentityProvidersResponse {
    items: Vec<IdentityProviderResponse>,
    /// What to enter at a provider as the address to send people back to.
    redirect_uri: String,
    /// What to enter at a provider as the address to send people back to who signed out.
    signed_out_uri: String,
}

/// A provider to be entered.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CreateIdentityProviderRequest {
    /// The name on the button.
    name: String,
    /// Its name in addresses; made from the name where it is left out. It never changes.
    slug: Option<String>,
    /// Where its configuration is found, such as `https://login.example.com/realms/work`.
    issuer: String,
    client_id: String,
    /// A public client has none.
    client_secret: Option<String>,
    /// `email` and `profile` where it is left out.
    scopes: Option<Vec<String>>,
    /// `groups` where it is left out.
    groups_claim: Option<String>,
    #[serde(default)]
    role_mappings: Vec<RoleMapping>,
    /// The organisation that new people join as members.
    organization_id: Option<OrganizationId>,
    /// Whether whoever signs in for the first time gets an account; off where it is left out.
    #[serde(default)]
    allow_sign_up: bool,
    /// Whether an account that exists is taken over by its verified address; off where it is left out.
    #[serde(default)]
    link_by_email: bool,
    #[serde(default)]
    email_domains: Vec<String>,
    /// Whether the provider asks for a second factor itself; off where it is left out.
    #[serde(default)]
    vouches_for_mfa: bool,
    /// Whether signing out here signs out there too; off where it is left out.
    #[serde(default)]
    signs_out: bool,
    enabled: Option<bool>,
}

/// A change of a provider: missing fields stay, `null` clears.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct UpdateIdentityProviderRequest {
    name: Option<String>,
    issuer: Option<String>,
    client_id: Option<String>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>)]
    client_secret: Option<Option<String>>,
    scopes: Option<Vec<String>>,
    groups_claim: Option<String>,
    role_mappings: Option<Vec<RoleMapping>>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<OrganizationId>)]
    organization_id: Option<Option<OrganizationId>>,
    allow_sign_up: Option<bool>,
    link_by_email: Option<bool>,
    email_domains: Option<Vec<String>>,
    vouches_for_mfa: Option<bool>,
    signs_out: Option<bool>,
    enabled: Option<bool>,
}

impl From<CreateIdentityProviderRequest> for ProviderDraft {
    fn from(body: CreateIdentityProviderRequest) -> Self {
        Self {
            slug: body.slug,
            secret: body.client_secret.map(|secret| Some(Redacted::new(secret))),
            enabled: body.enabled.unwrap_or(true),
            spec: IdentityProviderSpec {
                name: body.name,
                issuer: body.issuer,
                client_id: body.client_id,
                scopes: body.scopes.unwrap_or_else(|| vec!["email".to_owned(), "profile".to_owned()]),
                groups_claim: body.groups_claim.unwrap_or_else(|| "groups".to_owned()),
                role_mappings: body.role_mappings,
                organization_id: body.organization_id,
                allow_sign_up: body.allow_sign_up,
                link_by_email: body.link_by_email,
                email_domains: body.email_domains,
                vouches_for_mfa: body.vouches_for_mfa,
                signs_out: body.signs_out,
            },
        }
    }
}

impl UpdateIdentityProviderRequest {
    fn on(self, before: IdentityProvider) -> ProviderDraft {
        let spec = before.spec;
        ProviderDraft {
            slug: None,
            secret: self.client_secret.map(|secret| secret.map(Redacted::new)),
            enabled: self.enabled.unwrap_or(before.enabled),
            spec: IdentityProviderSpec {
                name: self.name.unwrap_or(spec.name),
                issuer: self.issuer.unwrap_or(spec.issuer),
                client_id: self.client_id.unwrap_or(spec.client_id),
                scopes: self.scopes.unwrap_or(spec.scopes),
                groups_claim: self.groups_claim.unwrap_or(spec.groups_claim),
                role_mappings: self.role_mappings.unwrap_or(spec.role_mappings),
                organization_id: self.organization_id.unwrap_or(spec.organization_id),
                allow_sign_up: self.allow_sign_up.unwrap_or(spec.allow_sign_up),
                link_by_email: self.link_by_email.unwrap_or(spec.link_by_email),
                email_domains: self.email_domains.unwrap_or(spec.email_domains),
                vouches_for_mfa: self.vouches_for_mfa.unwrap_or(spec.vouches_for_mfa),
                signs_out: self.signs_out.unwrap_or(spec.signs_out),
            },
        }
    }
}

pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list_identity_providers, create_identity_provider)).routes(routes!(
        find_identity_provider,
        update_identity_provider,
        delete_identity_provider
    ))
}

/// Every provider that people sign in with. For administrators of the platform.
#[utoipa::path(
    get, path = "/api/v1/identity-providers", tag = "identity_providers",
    responses((status = 200, body = IdentityProvidersResponse))
)]
async fn list_identity_providers(
    Auth(caller): Auth,
    State(state): State<AppState>,
    headers: HeaderMap,
) -> Result<Json<IdentityProvidersResponse>, Problem> {
    let redirect_uri = redirect_uri(&state, &headers);
    let all = state.identity.providers(&caller).await?.into_iter();
    let items = all.map(|provider| IdentityProviderResponse::of(provider, redirect_uri.clone()));
    let signed_out_uri = signed_out_uri(&state, &headers);
    Ok(Json(IdentityProvidersResponse { items: items.collect(), redirect_uri, signed_out_uri }))
}

/// Enters a provider. Its configuration is fetched first; what cannot be used is not stored.
#[utoipa::path(
    post, path = "/api/v1/identity-providers", tag = "identity_providers",
    request_body = CreateIdentityProviderRequest, responses((status = 201, body = IdentityProviderResponse))
)]
async fn create_identity_provider(
    Auth(caller): Auth,
    State(state): State<AppState>,
    headers: HeaderMap,
    Json(body): Json<CreateIdentityProviderRequest>,
) -> Result<Created<IdentityProviderResponse>, Problem> {
    let provider = state.identity.create_provider(&caller, body.into()).await?;
    let location = format!("/api/v1/identity-providers/{}", provider.id);
    let body = IdentityProviderResponse::of(provider, redirect_uri(&state, &headers));
    Ok(Created { location, body })
}

/// A provider.
#[utoipa::path(
    get, path = "/api/v1/identity-providers/{identity_provider_id}", tag = "identity_providers",
    params(("identity_provider_id" = IdentityProviderId, Path)),
    responses((status = 200, body = IdentityProviderResponse))
)]
async fn find_identity_provider(
    Auth(caller): Auth,
    State(state): State<AppState>,
    headers: HeaderMap,
    Path(id): Path<IdentityProviderId>,
) -> Result<Json<IdentityProviderResponse>, Problem> {
    let provider = state.identity.provider(&caller, id).await?;
    Ok(Json(IdentityProviderResponse::of(provider, redirect_uri(&state, &headers))))
}

/// Changes a provider.
#[utoipa::path(
    patch, path = "/api/v1/identity-providers/{identity_provider_id}", tag = "identity_providers",
    params(("identity_provider_id" = IdentityProviderId, Path)),
    request_body = UpdateIdentityProviderRequest, responses((status = 200, body = IdentityProviderResponse))
)]
async fn update_identity_provider(
    Auth(caller): Auth,
    State(state): State<AppState>,
    headers: HeaderMap,
    Path(id): Path<IdentityProviderId>,
    Json(body): Json<UpdateIdentityProviderRequest>,
) -> Result<Json<IdentityProviderResponse>, Problem> {
    let before = state.identity.provider(&caller, id).await?;
    let provider = state.identity.update_provider(&caller, id, body.on(before)).await?;
    Ok(Json(IdentityProviderResponse::of(provider, redirect_uri(&state, &headers))))
}

/// Removes a provider. Accounts stay.
#[utoipa::path(
    delete, path = "/api/v1/identity-providers/{identity_provider_id}", tag = "identity_providers",
    params(("identity_provider_id" = IdentityProviderId, Path)), responses((status = 204))
)]
async fn delete_identity_provider(
    Auth(caller): Auth,
    State(identity): State<Identity>,
    Path(id): Path<IdentityProviderId>,
) -> Result<NoContent, Problem> {
    identity.delete_provider(&caller, id).await?;
    Ok(NoContent)
}
