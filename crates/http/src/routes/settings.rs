//! The caller's own settings: how the page looks, and what every agent is told first.

use axum::extract::State;
use conductor_identity::{Identity, ProfileChange};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{AppState, Problem, caller::Auth, json::Json};

/// Settings of the page. Well-known names: `theme`, `font_size`, `density`, `send_on`, `follow_output`.
#[derive(Serialize, ToSchema)]
struct SettingsResponse {
    #[schema(value_type = Object)]
    preferences: Value,
}

/// Settings to change: those not named stay, `null` removes one.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct UpdateSettingsRequest {
    #[schema(value_type = Object)]
    preferences: Map<String, Value>,
}

/// Instructions that precede every agent's own.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CustomInstructions {
    // Null takes them away, so leaving it out has to be a fault: without this, serde reads both as `None`.
    #[schema(required = true)]
    #[serde(deserialize_with = "Option::deserialize")]
    custom_instructions: Option<String>,
}

pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(find_settings, update_settings))
        .routes(routes!(find_custom_instructions, update_custom_instructions))
}

/// The caller's settings.
#[utoipa::path(get, path = "/api/settings", tag = "settings", responses((status = 200, body = SettingsResponse)))]
async fn find_settings(
    Auth(caller): Auth,
    State(identity): State<Identity>,
) -> Result<Json<SettingsResponse>, Problem> {
    Ok(Json(SettingsResponse { preferences: identity.account(&caller).await?.preferences }))
}

/// Changes the caller's settings.
#[utoipa::path(
    put, path = "/api/settings", tag = "settings", request_body = UpdateSettingsRequest,
    responses((status = 200, body = SettingsResponse))
)]
async fn update_settings(
    Auth(caller): Auth,
    State(identity): State<Identity>,
    Json(body): Json<UpdateSettingsRequest>,
) -> Result<Json<SettingsResponse>, Problem> {
    let change = ProfileChange { preferences: Some(body.preferences), ..Default::default() };
    let user = identity.update_profile(&caller, change).await?;
    Ok(Json(SettingsResponse { preferences: user.preferences }))
}

/// What every agent is told first.
#[utoipa::path(
    get, path = "/api/settings/custom-instructions", tag = "settings",
    responses((status = 200, body = CustomInstructions))
)]
async fn find_custom_instructions(
    Auth(caller): Auth,
    State(identity): State<Identity>,
) -> Result<Json<CustomInstructions>, Problem> {
    let custom_instructions = identity.account(&caller).await?.custom_instructions;
    Ok(Json(CustomInstructions { custom_instructions }))
}

/// Changes what every agent is told first.
#[utoipa::path(
    put, path = "/api/settings/custom-instructions", tag = "settings", request_body = CustomInstructions,
    responses((status = 200, body = CustomInstructions))
)]
async fn update_custom_instructions(
    Auth(caller): Auth,
    State(identity): State<Identity>,
    Json(body): Json<CustomInstructions>,
) -> Result<Json<CustomInstructions>, Problem> {
    let change = ProfileChange { custom_instructions: Some(body.custom_instructions), ..Default::default() };
    let custom_instructions = identity.update_profile(&caller, change).await?.custom_instructions;
    Ok(Json(CustomInstructions { custom_instructions }))
}
