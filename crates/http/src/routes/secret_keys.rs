//! The keys that secrets are sealed under, and their rotation. For administrators of the platform.

use axum::{extract::State, http::StatusCode};
use chrono::{DateTime, Utc};
use conductor_access::RotationState;
use conductor_domain::{KeyRotationId, RotationStatus, UserId};
use conductor_governance::Keys;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{AppState, Problem, caller::Auth, json::Json};

/// How the keys of secrets stand. No key is in it, only names.
#[derive(Serialize, ToSchema)]
struct SecretKeysResponse {
    master_key: MasterKey,
    /// Secrets of every organisation.
    secrets: u64,
    /// Those that need no rotation: sealed under the current master key and, while a rotation runs, by a key of it.
    secrets_current: u64,
    /// Keys of organisations.
    tenant_keys: u64,
    /// Those that need no rotation.
    tenant_keys_current: u64,
    /// Keys that nothing new is sealed under and that will be removed.
    tenant_keys_retired: u64,
    /// The last rotation.
    rotation: Option<RotationResponse>,
}

/// The key that wraps the keys of organisations.
#[derive(Serialize, ToSchema)]
struct MasterKey {
    /// A name that tells nothing about the key.
    id: String,
    /// `local` (a file or the environment) or `aws_kms`.
    kind: &'static str,
}

/// A rotation.
#[derive(Serialize, ToSchema)]
struct RotationResponse {
    id: KeyRotationId,
    #[schema(inline)]
    status: RotationWord,
    master_key_id: String,
    started_by: Option<UserId>,
    started_at: DateTime<Utc>,
    finished_at: Option<DateTime<Utc>>,
    /// Secrets that could not be opened and were left as they are.
    failed: i64,
}

/// How a rotation stands.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum RotationWord {
    /// Some process works on it.
    Running,
    /// Nothing is under an older key any more, except what failed.
    Finished,
    /// Another one took its place.
    Superseded,
}

impl From<RotationState> for SecretKeysResponse {
    fn from(state: RotationState) -> Self {
        let RotationState { master_key_id, master_key_kind, census, rotation } = state;
        Self {
            master_key: MasterKey { id: master_key_id, kind: master_key_kind },
            secrets: census.secrets,
            secrets_current: census.secrets_current,
            tenant_keys: census.keys,
            tenant_keys_current: census.keys_current,
            tenant_keys_retired: census.keys_retired,
            rotation: rotation.map(|rotation| RotationResponse {
                id: rotation.id,
                status: match rotation.status {
                    RotationStatus::Running => RotationWord::Running,
                    RotationStatus::Finished => RotationWord::Finished,
                    RotationStatus::Superseded => RotationWord::Superseded,
                },
                master_key_id: rotation.master_key_id,
                started_by: rotation.started_by,
                started_at: rotation.started_at,
                finished_at: rotation.finished_at,
                failed: rotation.failed,
            }),
        }
    }
}

pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(find_secret_keys)).routes(routes!(rotate_secret_keys))
}

/// How the keys of secrets stand, and how far their rotation came.
#[utoipa::path(
    get, path = "/api/v1/secret-keys", tag = "secrets", responses((status = 200, body = SecretKeysResponse))
)]
async fn find_secret_keys(
    Auth(caller): Auth,
    State(keys): State<Keys>,
) -> Result<Json<SecretKeysResponse>, Problem> {
    Ok(Json(keys.state(&caller).await?.into()))
}

/// Begins to replace every organisation's key by one under the current master key; secrets stay readable meanwhile.
/// Where a rotation runs already, it goes on.
#[utoipa::path(
    post, path = "/api/v1/secret-keys/rotate", tag = "secrets",
    responses((status = 202, body = SecretKeysResponse))
)]
async fn rotate_secret_keys(
    Auth(caller): Auth,
    State(keys): State<Keys>,
) -> Result<(StatusCode, Json<SecretKeysResponse>), Problem> {
    Ok((StatusCode::ACCEPTED, Json(keys.rotate(&caller).await?.into())))
}
