//! Tokens of agents and of service accounts: issued with their text once, listed, ended, removed.

use axum::extract::State;
use chrono::{DateTime, Utc};
use conductor_domain::{
    AgentId, IssuedToken, OrganizationId, Principal, ServiceAccountId, TokenId, TokenKind, TokenStatus,
    UserId,
};
use conductor_identity::{Identity, Issued, TokenRequest};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    AppState, Problem,
    answer::{Created, NoContent, Secret},
    caller::Auth,
    json::Json,
    page::{PageParameters, PageResponse, Paging},
    path::Path,
};

/// A token, without its text.
#[derive(Serialize, ToSchema)]
#[schema(as = IssuedToken)]
struct IssuedTokenResponse {
    id: TokenId,
    /// The same as `id`: what the token calls itself.
    jti: TokenId,
    kind: TokenKind,
    agent_id: Option<AgentId>,
    service_account_id: Option<ServiceAccountId>,
    name: String,
    /// Patterns of what it may do, such as `tool.invoke` or `agent.*`.
    scopes: Vec<String>,
    #[schema(value_type = Object)]
    metadata: Value,
    status: TokenStatus,
    issued_by_id: UserId,
    expires_at: DateTime<Utc>,
    revoked_at: Option<DateTime<Utc>>,
    revoked_by_id: Option<UserId>,
    /// To the minute.
    last_used_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
}

/// A token with its text.
#[derive(Serialize, ToSchema)]
struct CreateTokenResponse {
    /// Shown this once; nobody can read it again.
    token: String,
    #[serde(flatten)]
    issued: IssuedTokenResponse,
}

/// A token that is asked for.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CreateTokenRequest {
    name: String,
    /// Actions such as `tool.invoke`, or all of a noun such as `agent.*`; none that you may not do yourself.
    scopes: Vec<String>,
    /// After 30 days where it is missing; never later than the operator allows (90 days, unless set otherwise).
    expires_at: Option<DateTime<Utc>>,
    /// Free notes.
    #[serde(default)]
    #[schema(value_type = Object)]
    metadata: Map<String, Value>,
}

#[derive(Deserialize)]
struct AgentTokenPath {
    agent_id: AgentId,
    jti: TokenId,
}

#[derive(Deserialize)]
struct AgentPath {
    agent_id: AgentId,
}

#[derive(Deserialize)]
struct AccountTokenPath {
    service_account_id: ServiceAccountId,
    jti: TokenId,
}

#[derive(Deserialize)]
struct AccountPath {
    service_account_id: ServiceAccountId,
}

impl From<CreateTokenRequest> for TokenRequest {
    fn from(body: CreateTokenRequest) -> Self {
        let CreateTokenRequest { name, scopes, expires_at, metadata } = body;
        Self { name, scopes, expires_at, metadata: Value::Object(metadata) }
    }
}

impl IssuedTokenResponse {
    fn at(token: IssuedToken, now: DateTime<Utc>) -> Self {
        let (kind, agent_id, service_account_id) = match token.principal {
            Principal::Agent { agent_id } => (TokenKind::Agent, Some(agent_id), None),
            Principal::ServiceAccount { service_account_id } => {
                (TokenKind::ServiceAccount, None, Some(service_account_id))
            }
            // No token is issued to a person.
            Principal::User { .. } => (TokenKind::ServiceAccount, None, None),
        };
        Self {
            status: token.status(now),
            id: token.id,
            jti: token.id,
            kind,
            agent_id,
            service_account_id,
            name: token.name,
            scopes: token.scopes,
            metadata: token.metadata,
            issued_by_id: token.issued_by_id,
            expires_at: token.expires_at,
            revoked_at: token.revoked_at,
            revoked_by_id: token.revoked_by_id,
            last_used_at: token.last_used_at,
            created_at: token.created_at,
        }
    }
}

pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_agent_tokens, create_agent_token))
        .routes(routes!(revoke_agent_token))
        .routes(routes!(delete_agent_token))
        .routes(routes!(list_service_account_tokens, create_service_account_token))
        .routes(routes!(revoke_service_account_token))
        .routes(routes!(delete_service_account_token))
}

fn created(
    identity: &Identity,
    org: OrganizationId,
    owner: &str,
    issued: Issued,
) -> Secret<Created<CreateTokenResponse>> {
    let location = format!("/api/v1/orgs/{org}/{owner}/tokens/{}", issued.token.id);
    let body = CreateTokenResponse {
        token: issued.text.into_inner(),
        issued: IssuedTokenResponse::at(issued.token, identity.clock().now()),
    };
    Secret(Created { location, body })
}

/// An agent's tokens, the newest first.
#[utoipa::path(
    get, path = "/api/v1/orgs/{org_id}/agents/{agent_id}/tokens", tag = "tokens",
    params(("org_id" = OrganizationId, Path), ("agent_id" = AgentId, Path), PageParameters),
    responses((status = 200, body = PageResponse<IssuedTokenResponse>))
)]
async fn list_agent_tokens(
    Auth(caller): Auth,
    State(identity): State<Identity>,
    Path(AgentPath { agent_id }): Path<AgentPath>,
    paging: Paging,
) -> Result<PageResponse<IssuedTokenResponse>, Problem> {
    let page = identity.agent_tokens(&caller, agent_id, paging.request.clone()).await?;
    let now = identity.clock().now();
    Ok(paging.answer(page, |token| IssuedTokenResponse::at(token, now)))
}

/// Issues a token to an agent. Its text is in this answer and nowhere else.
#[utoipa::path(
    post, path = "/api/v1/orgs/{org_id}/agents/{agent_id}/tokens", tag = "tokens",
    params(("org_id" = OrganizationId, Path), ("agent_id" = AgentId, Path)), request_body = CreateTokenRequest,
    responses((status = 201, body = CreateTokenResponse))
)]
async fn create_agent_token(
    Auth(caller): Auth,
    State(identity): State<Identity>,
    Path(AgentPath { agent_id }): Path<AgentPath>,
    Json(body): Json<CreateTokenRequest>,
) -> Result<Secret<Created<CreateTokenResponse>>, Problem> {
    let issued = identity.issue_agent_token(&caller, agent_id, body.into()).await?;
    Ok(created(&identity, caller.scope.organization_id, &format!("agents/{agent_id}"), issued))
}

/// Ends an agent's token at once.
#[utoipa::path(
    post, path = "/api/v1/orgs/{org_id}/agents/{agent_id}/tokens/{jti}/revoke", tag = "tokens",
    params(("org_id" = OrganizationId, Path), ("agent_id" = AgentId, Path), ("jti" = TokenId, Path)),
    responses((status = 200, body = IssuedTokenResponse))
)]
async fn revoke_agent_token(
    Auth(caller): Auth,
    State(identity): State<Identity>,
    Path(AgentTokenPath { agent_id, jti }): Path<AgentTokenPath>,
) -> Result<Json<IssuedTokenResponse>, Problem> {
    let token = identity.revoke_agent_token(&caller, agent_id, jti).await?;
    Ok(Json(IssuedTokenResponse::at(token, identity.clock().now())))
}

/// Removes an agent's token that was revoked or has expired.
#[utoipa::path(
    delete, path = "/api/v1/orgs/{org_id}/agents/{agent_id}/tokens/{jti}", tag = "tokens",
    params(("org_id" = OrganizationId, Path), ("agent_id" = AgentId, Path), ("jti" = TokenId, Path)),
    responses((status = 204, description = "Removed"))
)]
async fn delete_agent_token(
    Auth(caller): Auth,
    State(identity): State<Identity>,
    Path(AgentTokenPath { agent_id, jti }): Path<AgentTokenPath>,
) -> Result<NoContent, Problem> {
    identity.delete_agent_token(&caller, agent_id, jti).await?;
    Ok(NoContent)
}

/// A service account's tokens, the newest first.
#[utoipa::path(
    get, path = "/api/v1/orgs/{org_id}/service-accounts/{service_account_id}/tokens", tag = "tokens",
    params(("org_id" = OrganizationId, Path), ("service_account_id" = ServiceAccountId, Path), PageParameters),
    responses((status = 200, body = PageResponse<IssuedTokenResponse>))
)]
async fn list_service_account_tokens(
    Auth(caller): Auth,
    State(identity): State<Identity>,
    Path(AccountPath { service_account_id }): Path<AccountPath>,
    paging: Paging,
) -> Result<PageResponse<IssuedTokenResponse>, Problem> {
    let page = identity.service_account_tokens(&caller, service_account_id, paging.request.clone()).await?;
    let now = identity.clock().now();
    Ok(paging.answer(page, |token| IssuedTokenResponse::at(token, now)))
}

/// Issues a token to a service account, within its allowlist. Its text is in this answer and nowhere else.
#[utoipa::path(
    post, path = "/api/v1/orgs/{org_id}/service-accounts/{service_account_id}/tokens", tag = "tokens",
    params(("org_id" = OrganizationId, Path), ("service_account_id" = ServiceAccountId, Path)),
    request_body = CreateTokenRequest, responses((status = 201, body = CreateTokenResponse))
)]
async fn create_service_account_token(
    Auth(caller): Auth,
    State(identity): State<Identity>,
    Path(AccountPath { service_account_id }): Path<AccountPath>,
    Json(body): Json<CreateTokenRequest>,
) -> Result<Secret<Created<CreateTokenResponse>>, Problem> {
    let issued = identity.issue_service_account_token(&caller, service_account_id, body.into()).await?;
    let owner = format!("service-accounts/{service_account_id}");
    Ok(created(&identity, caller.scope.organization_id, &owner, issued))
}

/// Ends a service account's token at once.
#[utoipa::path(
    post, path = "/api/v1/orgs/{org_id}/service-accounts/{service_account_id}/tokens/{jti}/revoke", tag = "tokens",
    params(
        ("org_id" = OrganizationId, Path), ("service_account_id" = ServiceAccountId, Path), ("jti" = TokenId, Path)
    ),
    responses((status = 200, body = IssuedTokenResponse))
)]
async fn revoke_service_account_token(
    Auth(caller): Auth,
    State(identity): State<Identity>,
    Path(AccountTokenPath { service_account_id, jti }): Path<AccountTokenPath>,
) -> Result<Json<IssuedTokenResponse>, Problem> {
    let token = identity.revoke_service_account_token(&caller, service_account_id, jti).await?;
    Ok(Json(IssuedTokenResponse::at(token, identity.clock().now())))
}

/// Removes a service account's token that was revoked or has expired.
#[utoipa::path(
    delete, path = "/api/v1/orgs/{org_id}/service-accounts/{service_account_id}/tokens/{jti}", tag = "tokens",
    params(
        ("org_id" = OrganizationId, Path), ("service_account_id" = ServiceAccountId, Path), ("jti" = TokenId, Path)
    ),
    responses((status = 204, description = "Removed"))
)]
async fn delete_service_account_token(
    Auth(caller): Auth,
    State(identity): State<Identity>,
    Path(AccountTokenPath { service_account_id, jti }): Path<AccountTokenPath>,
) -> Result<NoContent, Problem> {
    identity.delete_service_account_token(&caller, service_account_id, jti).await?;
    Ok(NoContent)
}
