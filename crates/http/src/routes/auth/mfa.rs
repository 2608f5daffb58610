//! The caller's second factor: codes of an authenticator app, and recovery codes.

use axum::extract::State;
use chrono::{DateTime, Utc};
use conductor_domain::Redacted;
use conductor_identity::Identity;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    AppState, Problem,
    answer::{NoContent, Secret},
    caller::Auth,
    json::Json,
};

/// How the caller's second factor stands.
#[derive(Serialize, ToSchema)]
#[schema(as = MfaState)]
struct MfaResponse {
    enabled: bool,
    confirmed_at: Option<DateTime<Utc>>,
    recovery_codes_left: usize,
    /// Whether the organisation asks for it.
    required: bool,
}

/// The present password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct BeginMfaRequest {
    password: String,
}

/// A second factor that is being set up; it asks for nothing until a code confirms it.
#[derive(Serialize, ToSchema)]
struct BeginMfaResponse {
    /// For apps that cannot read the picture.
    secret: String,
    /// What the QR code says.
    otpauth_uri: String,
}

/// A code of the authenticator app.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ConfirmMfaRequest {
    code: String,
}

/// The present password, and a code of the app or a recovery code.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ProveMfaRequest {
    password: String,
    code: String,
}

/// Codes that work once each, for the day the app is lost; shown this once.
#[derive(Serialize, ToSchema)]
struct RecoveryCodesResponse {
    recovery_codes: Vec<String>,
}

impl RecoveryCodesResponse {
    fn of(codes: Vec<Redacted<String>>) -> Secret<Json<Self>> {
        Secret(Json(Self { recovery_codes: codes.into_iter().map(Redacted::into_inner).collect() }))
    }
}

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(find_mfa, begin_mfa))
        .routes(routes!(confirm_mfa))
        .routes(routes!(renew_recovery_codes))
        .routes(routes!(disable_mfa))
}

/// How the caller's second factor stands.
#[utoipa::path(get, path = "/api/auth/mfa", tag = "auth", responses((status = 200, body = MfaResponse)))]
async fn find_mfa(
    Auth(caller): Auth,
    State(identity): State<Identity>,
) -> Result<Json<MfaResponse>, Problem> {
    let state = identity.mfa(&caller).await?;
    Ok(Json(MfaResponse {
        enabled: state.confirmed_at.is_some(),
        confirmed_at: state.confirmed_at,
        recovery_codes_left: state.recovery_codes_left,
        required: state.required,
    }))
}

/// Begins to set a second factor up; beginning again replaces what was begun before.
#[utoipa::path(
    post, path = "/api/auth/mfa", tag = "auth", request_body = BeginMfaRequest,
    responses((status = 200, body = BeginMfaResponse))
)]
async fn begin_mfa(
    Auth(caller): Auth,
    State(identity): State<Identity>,
    Json(body): Json<BeginMfaRequest>,
) -> Result<Secret<Json<BeginMfaResponse>>, Problem> {
    let begun = identity.begin_mfa(&caller, &Redacted::new(body.password)).await?;
    let (secret, otpauth_uri) = (begun.secret.into_inner(), begun.address.into_inner());
    Ok(Secret(Json(BeginMfaResponse { secret, otpauth_uri })))
}

/// Ends setting up by a first code; other sessions end.
#[utoipa::path(
    post, path = "/api/auth/mfa/confirm", tag = "auth", request_body = ConfirmMfaRequest,
    responses((status = 200, body = RecoveryCodesResponse))
)]
async fn confirm_mfa(
    Auth(caller): Auth,
    State(identity): State<Identity>,
    Json(body): Json<ConfirmMfaRequest>,
) -> Result<Secret<Json<RecoveryCodesResponse>>, Problem> {
    Ok(RecoveryCodesResponse::of(identity.confirm_mfa(&caller, &Redacted::new(body.code)).await?))
}

/// Gives fresh recovery codes; those given before stop working.
#[utoipa::path(
    post, path = "/api/auth/mfa/recovery-codes", tag = "auth", request_body = ProveMfaRequest,
    responses((status = 200, body = RecoveryCodesResponse))
)]
async fn renew_recovery_codes(
    Auth(caller): Auth,
    State(identity): State<Identity>,
    Json(body): Json<ProveMfaRequest>,
) -> Result<Secret<Json<RecoveryCodesResponse>>, Problem> {
    let (password, code) = (Redacted::new(body.password), Redacted::new(body.code));
    Ok(RecoveryCodesResponse::of(identity.renew_recovery_codes(&caller, &password, &code).await?))
}

/// Removes the second factor.
#[utoipa::path(
    post, path = "/api/auth/mfa/disable", tag = "auth", request_body = ProveMfaRequest,
    responses((status = 204, description = "Removed"))
)]
async fn disable_mfa(
    Auth(caller): Auth,
    State(identity): State<Identity>,
    Json(body): Json<ProveMfaRequest>,
) -> Result<NoContent, Problem> {
    identity.disable_mfa(&caller, &Redacted::new(body.password), &Redacted::new(body.code)).await?;
    Ok(NoContent)
}
