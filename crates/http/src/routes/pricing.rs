//! What models cost, from when on.

use axum::{extract::State, http::StatusCode};
use chrono::{DateTime, Utc};
use conductor_domain::{ModelPrice, NewModelPrice, PriceSource, PricingId, decimal_of_nanos};
use conductor_governance::{PriceFilter, Pricing};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    AppState, Problem,
    caller::Auth,
    json::Json,
    money::{amount, currency},
    page::{PageParameters, PageResponse, Paging},
    path::Path,
    query::Query,
};

/// What a model costs from a moment on.
#[derive(Serialize, ToSchema)]
#[schema(as = ModelPricing)]
struct ModelPricingResponse {
    /// The price; costs name it.
    id: PricingId,
    /// The model, as agents ask for it.
    model_name: String,
    /// Who serves it.
    provider: String,
    /// 1,000 tokens read: a decimal, such as `0.003`.
    input_cost_per_1k: String,
    /// 1,000 tokens read from the provider's cache; as much as others where there is none.
    #[schema(required = true)]
    cached_input_cost_per_1k: Option<String>,
    /// 1,000 tokens written.
    output_cost_per_1k: String,
    /// ISO 4217.
    currency: String,
    /// Calls from this moment on cost this much.
    effective_from: DateTime<Utc>,
    /// Whether it counts; one that does not is passed over.
    is_active: bool,
    /// Who set it.
    source: PriceSource,
    /// When it was first set.
    created_at: DateTime<Utc>,
    /// When it last changed.
    updated_at: DateTime<Utc>,
}

impl From<ModelPrice> for ModelPricingResponse {
    fn from(ModelPrice { id, price, created_at, updated_at }: ModelPrice) -> Self {
        Self {
            id,
            model_name: price.model_name,
            provider: price.provider,
            input_cost_per_1k: decimal_of_nanos(price.input_nanos_per_1k),
            cached_input_cost_per_1k: price.cached_nanos_per_1k.map(decimal_of_nanos),
            output_cost_per_1k: decimal_of_nanos(price.output_nanos_per_1k),
            currency: price.currency,
            effective_from: price.effective_from,
            is_active: price.is_active,
            source: price.source,
            created_at,
            updated_at,
        }
    }
}

/// A price to be set.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PutModelPricingRequest {
    /// The model, as agents ask for it.
    model_name: String,
    /// Who serves it.
    #[serde(default)]
    provider: String,
    /// 1,000 tokens read: a decimal, such as `0.003`.
    input_cost_per_1k: String,
    /// 1,000 tokens read from the provider's cache.
    cached_input_cost_per_1k: Option<String>,
    /// 1,000 tokens written.
    output_cost_per_1k: String,
    /// ISO 4217; `USD` where it is left out.
    currency: Option<String>,
    /// Calls from this moment on cost this much.
    effective_from: DateTime<Utc>,
    /// Whether it counts.
    is_active: Option<bool>,
}

impl TryFrom<PutModelPricingRequest> for NewModelPrice {
    type Error = Problem;

    fn try_from(body: PutModelPricingRequest) -> Result<Self, Problem> {
        let cached = body.cached_input_cost_per_1k.as_deref();
        Ok(Self {
            model_name: body.model_name,
            provider: body.provider,
            input_nanos_per_1k: amount(&body.input_cost_per_1k, "/input_cost_per_1k")?,
            cached_nanos_per_1k: cached
                .map(|cached| amount(cached, "/cached_input_cost_per_1k"))
                .transpose()?,
            output_nanos_per_1k: amount(&body.output_cost_per_1k, "/output_cost_per_1k")?,
            currency: currency(body.currency.unwrap_or_else(|| "USD".to_owned()), "/currency")?,
            effective_from: body.effective_from,
            is_active: body.is_active.unwrap_or(true),
            source: PriceSource::Administrator,
        })
    }
}

/// Which prices.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct PricingQuery {
    /// Of this model.
    model_name: Option<String>,
    /// Only those that hold now, one a model.
    #[serde(default)]
    current: bool,
}

pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_model_pricing, put_model_pricing))
        .routes(routes!(find_model_pricing))
}

/// What models cost, by model, the newest price of each first.
#[utoipa::path(
    get, path = "/api/v1/pricing/models", tag = "cost_analytics", params(PricingQuery, PageParameters),
    responses((status = 200, body = PageResponse<ModelPricingResponse>))
)]
async fn list_model_pricing(
    Auth(caller): Auth,
    State(pricing): State<Pricing>,
    Query(PricingQuery { model_name, current }): Query<PricingQuery>,
    paging: Paging,
) -> Result<PageResponse<ModelPricingResponse>, Problem> {
    let filter = PriceFilter { model_name, current };
    let page = pricing.page(&caller, filter, paging.request.clone()).await?;
    Ok(paging.answer(page, Into::into))
}

/// Sets what a model costs from a moment on; the price that it has from the same moment is replaced. What was charged
/// before stays as it was.
#[utoipa::path(
    post, path = "/api/v1/pricing/models", tag = "cost_analytics", request_body = PutModelPricingRequest,
    responses((status = 200, body = ModelPricingResponse), (status = 201, body = ModelPricingResponse))
)]
async fn put_model_pricing(
    Auth(caller): Auth,
    State(pricing): State<Pricing>,
    Json(body): Json<PutModelPricingRequest>,
) -> Result<(StatusCode, [(axum::http::HeaderName, String); 1], Json<ModelPricingResponse>), Problem> {
    let (stored, new) = pricing.put(&caller, body.try_into()?).await?;
    let status = if new { StatusCode::CREATED } else { StatusCode::OK };
    let location = format!("/api/v1/pricing/models/{}", stored.id);
    Ok((status, [(axum::http::header::LOCATION, location)], Json(stored.into())))
}

/// One price.
#[utoipa::path(
    get, path = "/api/v1/pricing/models/{pricing_id}", tag = "cost_analytics",
    params(("pricing_id" = PricingId, Path)), responses((status = 200, body = ModelPricingResponse))
)]
async fn find_model_pricing(
    Auth(caller): Auth,
    State(pricing): State<Pricing>,
    Path(id): Path<PricingId>,
) -> Result<Json<ModelPricingResponse>, Problem> {
    Ok(Json(pricing.find(&caller, id).await?.into()))
}
