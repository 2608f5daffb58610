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
}

impl From<ApiKey> for ApiKeyResponse {
    fn from(key: ApiKey) -> Self {
        Self {
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
    OpenApiRouter::new().routes(routes!(list_api_keys, create_api_key)).routes(routes!(delete_api_key))
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
    Ok(paging.answer(page, Into::into))
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
    Ok(Created { location: format!("/api/settings/api-keys/{}", key.id), body: key.into() })
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
