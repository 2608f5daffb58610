//! Provider keys that the caller entered. A value goes in and never comes out.

use axum::extract::State;
use chrono::{DateTime, Utc};
use conductor_domain::{ApiKey, ApiKeyId, Redacted};
use conductor_identity::{Identity, NewProviderKey};
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

/// A provider key, without its value.
#[derive(Serialize, ToSchema)]
#[schema(as = ApiKey)]
struct ApiKeyResponse {
    id: ApiKeyId,
    provider: String,
    key_name: String,
    /// The end of the value, for recognition.
    last_four: String,
    base_url: Option<String>,
    is_active: bool,
    created_at: DateTime<Utc>,
    last_used_at: Option<DateTime<Utc>>,
    /// 1, and one more with each value that took the place of another.
    version: i32,
    /// When its present value took the place of another.
    rotated_at: Option<DateTime<Utc>>,
    /// How many whole days it has had its present value.
    age_days: i64,
    /// Whether that is longer than the organisation wants.
    rotation_due: bool,
}

/// Another value for a key.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RotateApiKeyRequest {
    /// The value; kept sealed and never shown again.
    api_key: String,
}

impl ApiKeyResponse {
    fn of(key: ApiKey, now: DateTime<Utc>, max_age: Option<i32>) -> Self {
        let age = (now - key.valued_at()).num_days().max(0);
        Self {
            version: key.version,
            rotated_at: key.rotated_at,
            age_days: age,
            rotation_due: max_age.is_some_and(|days| age >= i64::from(days)),
            id: key.id,
            provider: key.provider,
            key_name: key.name,
            last_four: key.last_four,
            base_url: key.base_url,
            is_active: key.is_active,
            created_at: key.created_at,
            last_used_at: key.last_used_at,
        }
    }
}

/// A key to be stored.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CreateApiKeyRequest {
    /// `anthropic`, `openai`, `azure` or `openai_compatible`.
    provider: String,
    key_name: String,
    /// The value; kept sealed and never shown again.
    api_key: String,
    /// Where the provider is; needed for `azure` and `openai_compatible`.
    base_url: Option<String>,
    /// Model ids it serves, beyond those of the catalogue.
    #[serde(default)]
    models: Vec<String>,
}

pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_api_keys, create_api_key))
        .routes(routes!(delete_api_key))
        .routes(routes!(rotate_api_key))
}

/// The caller's provider keys.
#[utoipa::path(
    get, path = "/api/settings/api-keys", tag = "api_keys", params(PageParameters),
    responses((status = 200, body = PageResponse<ApiKeyResponse>))
)]
async fn list_api_keys(
    Auth(caller): Auth,
    State(identity): State<Identity>,
    paging: Paging,
) -> Result<PageResponse<ApiKeyResponse>, Problem> {
    let page = identity.api_keys(&caller, paging.request.clone()).await?;
    let (now, max_age) = (identity.clock().now(), identity.key_max_age(&caller).await?);
    Ok(paging.answer(page, |key| ApiKeyResponse::of(key, now, max_age)))
}

/// Stores a provider key, sealed.
#[utoipa::path(
    post, path = "/api/settings/api-keys", tag = "api_keys", request_body = CreateApiKeyRequest,
    responses((status = 201, body = ApiKeyResponse))
)]
async fn create_api_key(
    Auth(caller): Auth,
    State(identity): State<Identity>,
    Json(body): Json<CreateApiKeyRequest>,
) -> Result<Created<ApiKeyResponse>, Problem> {
    let CreateApiKeyRequest { provider, key_name: name, api_key, base_url, models } = body;
    let new = NewProviderKey { provider, name, value: Redacted::new(api_key), base_url, models };
    let key = identity.create_api_key(&caller, new).await?;
    let location = format!("/api/settings/api-keys/{}", key.id);
    Ok(Created { location, body: ApiKeyResponse::of(key, identity.clock().now(), None) })
}

/// Puts another value in a provider key's place.
#[utoipa::path(
    post, path = "/api/settings/api-keys/{key_id}/rotate", tag = "api_keys",
    params(("key_id" = ApiKeyId, Path)), request_body = RotateApiKeyRequest,
    responses((status = 200, body = ApiKeyResponse))
)]
async fn rotate_api_key(
    Auth(caller): Auth,
    State(identity): State<Identity>,
    Path(id): Path<ApiKeyId>,
    Json(body): Json<RotateApiKeyRequest>,
) -> Result<Json<ApiKeyResponse>, Problem> {
    let key = identity.rotate_api_key(&caller, id, &Redacted::new(body.api_key)).await?;
    let max_age = identity.key_max_age(&caller).await?;
    Ok(Json(ApiKeyResponse::of(key, identity.clock().now(), max_age)))
}

/// Deletes a provider key and its value.
#[utoipa::path(
    delete, path = "/api/settings/api-keys/{key_id}", tag = "api_keys", params(("key_id" = ApiKeyId, Path)),
    responses((status = 204, description = "Deleted"))
)]
async fn delete_api_key(
    Auth(caller): Auth,
    State(identity): State<Identity>,
    Path(id): Path<ApiKeyId>,
) -> Result<NoContent, Problem> {
    identity.delete_api_key(&caller, id).await?;
    Ok(NoContent)
}
