//! For how long an organisation keeps conversations and runs.

use axum::extract::State;
use conductor_domain::{Expired, Lifetime, OrganizationId};
use conductor_governance::Lifetimes;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{AppState, Problem, caller::Auth, json::Json, query::Query};

/// For how long things are kept.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Retention)]
struct RetentionBody {
    /// After how many days in which nothing happened a conversation is removed, with its messages, artifacts and runs;
    /// `null` keeps all.
    conversation_days: Option<i32>,
    /// After how many days a run that is over is removed, with what it started; `null` keeps all. Figures of usage and
    /// the audit log stay.
    run_days: Option<i32>,
}

/// What would be kept for how long.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct PreviewQuery {
    /// Days for conversations.
    conversation_days: Option<i32>,
    /// Days for runs.
    run_days: Option<i32>,
}

/// What would go now.
#[derive(Serialize, ToSchema)]
#[schema(as = RetentionPreview)]
struct PreviewResponse {
    /// Conversations.
    conversations: u64,
    /// Runs that somebody started; what these started goes with them. Runs of the conversations come on top.
    runs: u64,
}

pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(find_retention, replace_retention)).routes(routes!(preview_retention))
}

/// For how long the organisation keeps conversations and runs.
#[utoipa::path(
    get, path = "/api/v1/orgs/{org_id}/retention", tag = "organizations",
    params(("org_id" = OrganizationId, Path)), responses((status = 200, body = RetentionBody))
)]
async fn find_retention(
    Auth(caller): Auth,
    State(lifetimes): State<Lifetimes>,
) -> Result<Json<RetentionBody>, Problem> {
    Ok(Json(lifetimes.find(&caller).await?.into()))
}

/// Sets for how long conversations and runs are kept. What is older is removed within minutes, for good.
#[utoipa::path(
    put, path = "/api/v1/orgs/{org_id}/retention", tag = "organizations",
    params(("org_id" = OrganizationId, Path)), request_body = RetentionBody,
    responses((status = 200, body = RetentionBody))
)]
async fn replace_retention(
    Auth(caller): Auth,
    State(lifetimes): State<Lifetimes>,
    Json(RetentionBody { conversation_days, run_days }): Json<RetentionBody>,
) -> Result<Json<RetentionBody>, Problem> {
    Ok(Json(lifetimes.set(&caller, Lifetime { conversation_days, run_days }).await?.into()))
}

/// How much would be removed now if this were set; nothing is.
#[utoipa::path(
    get, path = "/api/v1/orgs/{org_id}/retention/preview", tag = "organizations",
    params(("org_id" = OrganizationId, Path), PreviewQuery), responses((status = 200, body = PreviewResponse))
)]
async fn preview_retention(
    Auth(caller): Auth,
    State(lifetimes): State<Lifetimes>,
    Query(PreviewQuery { conversation_days, run_days }): Query<PreviewQuery>,
) -> Result<Json<PreviewResponse>, Problem> {
    let Expired { conversations, runs } =
        lifetimes.preview(&caller, Lifetime { conversation_days, run_days }).await?;
    Ok(Json(PreviewResponse { conversations, runs }))
}

impl From<Lifetime> for RetentionBody {
    fn from(lifetime: Lifetime) -> Self {
        Self { conversation_days: lifetime.conversation_days, run_days: lifetime.run_days }
    }
}
