//! The models that can be asked for.

use std::sync::Arc;

use axum::extract::State;
use conductor_agents::{ListedModel, Turns};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{AppState, Problem, caller::Auth, json::Json};

/// What a model can do.
#[derive(Serialize, ToSchema)]
struct ModelCapabilities {
    /// It reads pictures.
    vision: bool,
    /// It calls tools.
    tools: bool,
    /// It can think before it answers.
    thinking: bool,
    /// It answers piece by piece.
    streaming: bool,
}

/// A model.
#[derive(Serialize, ToSchema)]
#[schema(as = Model)]
struct ModelResponse {
    id: String,
    /// Who serves it, or who would.
    provider: String,
    display_name: String,
    /// Tokens it can read and write in all.
    context_window: Option<u32>,
    /// Tokens it can write in one answer.
    max_output_tokens: Option<u32>,
    capabilities: ModelCapabilities,
    /// A decimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    input_cost_per_1k: Option<String>,
    /// A decimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    output_cost_per_1k: Option<String>,
    currency: String,
    /// Whether the caller can use it now.
    available: bool,
    /// Why not, and what to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    unavailable_reason: Option<String>,
    /// Whether it answers where no model is named.
    is_default: bool,
    /// Other ids that mean it.
    aliases: Vec<String>,
}

impl From<ListedModel> for ModelResponse {
    fn from(model: ListedModel) -> Self {
        let can = model.capabilities;
        Self {
            id: model.id,
            provider: model.provider,
            display_name: model.display_name,
            context_window: model.context_window,
            max_output_tokens: model.max_output_tokens,
            capabilities: ModelCapabilities {
                vision: can.vision,
                tools: can.tools,
                thinking: can.thinking,
                streaming: can.streaming,
            },
            input_cost_per_1k: model.input_cost_per_1k.map(|cost| cost.to_string()),
            output_cost_per_1k: model.output_cost_per_1k.map(|cost| cost.to_string()),
            currency: model.currency,
            available: model.available,
            unavailable_reason: model.unavailable_reason,
            is_default: model.is_default,
            aliases: model.aliases,
        }
    }
}

/// Every known model.
#[derive(Serialize, ToSchema)]
#[schema(as = Models)]
struct ModelsResponse {
    items: Vec<ModelResponse>,
    /// The id of the model that answers where none is named.
    default_model: String,
}

pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list_models))
}

/// Every known model, and whether the caller can use it: with the installation's keys, or with their own.
#[utoipa::path(get, path = "/api/models", tag = "models", responses((status = 200, body = ModelsResponse)))]
async fn list_models(
    Auth(caller): Auth,
    State(turns): State<Arc<Turns>>,
) -> Result<Json<ModelsResponse>, Problem> {
    let (models, default_model) = turns.list_models(&caller).await?;
    Ok(Json(ModelsResponse { items: models.into_iter().map(Into::into).collect(), default_model }))
}
