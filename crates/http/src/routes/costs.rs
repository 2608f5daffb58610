//! What calls took and cost: platform A's cost analytics and platform C's usage, the same answers by both names.
//!
//! Whoever may read the organisation's usage reads all of it; everybody else reads their own, and `reach` says which.

use axum::extract::State;
use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeZone, Utc};
use conductor_domain::{
    AgentId, BudgetId, BudgetPeriod, BudgetScope, BudgetStanding, ConversationId, EnvironmentId,
    OrganizationId, UsageBucket, UsageDimension, UsageFilter, UsageGrouping, UsageTotals, UserId, WorkflowId,
    decimal_of_nanos,
};
use conductor_governance::{Costs, Counted, Reach};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::budgets::BudgetState;
use crate::{AppState, Problem, caller::Auth, json::Json, path::Path, query::Query};

/// Whose calls an answer counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CostReach {
    /// The caller's own.
    Own,
    /// Everybody's in the organisation.
    Organization,
}

impl From<Reach> for CostReach {
    fn from(reach: Reach) -> Self {
        match reach {
            Reach::Own => Self::Own,
            Reach::Organization => Self::Organization,
        }
    }
}

/// Sums of calls, in one currency.
#[derive(Serialize, ToSchema)]
pub(crate) struct CostTotals {
    /// How many calls.
    calls: i64,
    /// Tokens read.
    input_tokens: i64,
    /// Tokens written.
    output_tokens: i64,
    /// Tokens read from the providers' caches.
    cached_tokens: i64,
    /// What they cost: a decimal, such as `0.0042`.
    cost: String,
    /// ISO 4217.
    currency: String,
    /// How many of the calls no price was known for.
    unpriced_calls: i64,
}

impl From<&UsageTotals> for CostTotals {
    fn from(totals: &UsageTotals) -> Self {
        Self {
            calls: totals.calls,
            input_tokens: totals.input_tokens,
            output_tokens: totals.output_tokens,
            cached_tokens: totals.cached_tokens,
            cost: decimal_of_nanos(totals.cost_nanos),
            currency: totals.currency.clone(),
            unpriced_calls: totals.unpriced_calls,
        }
    }
}

/// What everything took and cost.
#[derive(Serialize, ToSchema)]
struct CostSummary {
    /// Whose calls.
    reach: CostReach,
    /// From this moment on.
    start_date: DateTime<Utc>,
    /// Before this one.
    end_date: DateTime<Utc>,
    /// One a currency, the dearest first; none where nothing was called.
    totals: Vec<CostTotals>,
}

/// The calls of one agent, model, environment or person.
#[derive(Serialize, ToSchema)]
struct CostGroup {
    /// The id, or the model's name; empty where calls had none.
    key: String,
    /// Its name, where it is not its key.
    #[schema(required = true)]
    name: Option<String>,
    /// Who served it, for models.
    #[serde(skip_serializing_if = "Option::is_none")]
    provider: Option<String>,
    #[serde(flatten)]
    totals: CostTotals,
}

/// What things took and cost, the dearest first.
#[derive(Serialize, ToSchema)]
struct CostBreakdown {
    /// Whose calls.
    reach: CostReach,
    /// From this moment on.
    start_date: DateTime<Utc>,
    /// Before this one.
    end_date: DateTime<Utc>,
    items: Vec<CostGroup>,
}

/// The calls of one piece of time.
#[derive(Serialize, ToSchema)]
struct CostPiece {
    /// When the piece begins.
    start: DateTime<Utc>,
    #[serde(flatten)]
    totals: CostTotals,
}

/// What pieces of time took and cost, the oldest first and without a gap.
#[derive(Serialize, ToSchema)]
struct CostTrend {
    /// Whose calls.
    reach: CostReach,
    /// How long the pieces are.
    grouping: UsageGrouping,
    /// From this moment on.
    start_date: DateTime<Utc>,
    /// Before this one.
    end_date: DateTime<Utc>,
    items: Vec<CostPiece>,
}

/// A budget that counts what the caller spends.
#[derive(Serialize, ToSchema)]
struct OwnBudget {
    id: BudgetId,
    name: String,
    scope: BudgetScope,
    period: BudgetPeriod,
    /// A decimal.
    limit: String,
    /// Spent by those whom it is for together.
    spent: String,
    currency: String,
    state: BudgetState,
    hard_stop: bool,
    #[schema(required = true)]
    resets_at: Option<DateTime<Utc>>,
}

impl From<BudgetStanding> for OwnBudget {
    fn from(standing: BudgetStanding) -> Self {
        let (state, spent) = (BudgetState::of(&standing), standing.spent_nanos());
        let BudgetStanding { budget, resets_at, .. } = standing;
        Self {
            id: budget.id,
            name: budget.terms.name,
            scope: budget.terms.scope,
            period: budget.terms.period,
            limit: decimal_of_nanos(budget.terms.limit_nanos),
            spent: decimal_of_nanos(spent),
            currency: budget.terms.currency,
            state,
            hard_stop: budget.terms.hard_stop,
            resets_at,
        }
    }
}

/// How much of the day's calls the caller has used.
#[derive(Serialize, ToSchema)]
struct OwnCalls {
    /// How many requests that start work there may be.
    limit: u32,
    /// How many there were.
    used: i64,
    /// When they start again.
    resets_at: DateTime<Utc>,
}

/// Budgets that count what the caller spends, and the day's calls.
#[derive(Serialize, ToSchema)]
struct OwnBudgets {
    items: Vec<OwnBudget>,
    /// Nothing where the day's calls are not limited.
    #[schema(required = true)]
    calls_today: Option<OwnCalls>,
}

/// Which calls; the last 30 days where no time is given.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct CostQuery {
    /// From this day or moment on.
    start_date: Option<String>,
    /// To the end of this day, or before this moment.
    end_date: Option<String>,
    /// Of this agent.
    agent_id: Option<AgentId>,
    /// In this environment.
    environment_id: Option<EnvironmentId>,
    /// Of this model.
    model_name: Option<String>,
    /// Of this person.
    user_id: Option<UserId>,
    /// How long pieces of time are; others leave it unread.
    grouping: Option<UsageGrouping>,
}

impl CostQuery {
    fn filter(self) -> Result<UsageFilter, Problem> {
        Ok(UsageFilter {
            from: self.start_date.map(|text| moment(&text, 0, "?start_date")).transpose()?,
            to: self.end_date.map(|text| moment(&text, 1, "?end_date")).transpose()?,
            agent_id: self.agent_id,
            environment_id: self.environment_id,
            model: self.model_name,
            user_id: self.user_id,
            ..UsageFilter::default()
        })
    }
}

/// A moment, or a day and so many days on.
pub(crate) fn moment(text: &str, days: u64, pointer: &str) -> Result<DateTime<Utc>, Problem> {
    let day = text.parse::<NaiveDate>().ok().and_then(|day| day.checked_add_days(Days::new(days)));
    let day = day.map(|day| Utc.from_utc_datetime(&day.and_time(NaiveTime::MIN)));
    day.or_else(|| text.parse().ok()).ok_or_else(|| {
        let detail = "A time is a day, such as 2026-11-01, or a moment, such as 2026-11-01T08:00:00Z.";
        Problem::field(pointer, "invalid", detail)
    })
}

fn summary(counted: &Counted<Vec<UsageTotals>>) -> CostSummary {
    CostSummary {
        reach: counted.reach.into(),
        start_date: counted.from,
        end_date: counted.to,
        totals: counted.answer.iter().map(Into::into).collect(),
    }
}

fn breakdown(counted: Counted<Vec<UsageTotals>>) -> CostBreakdown {
    let items = counted.answer.into_iter().map(|totals| CostGroup {
        totals: (&totals).into(),
        key: totals.key,
        name: totals.name,
        provider: totals.provider,
    });
    CostBreakdown {
        reach: counted.reach.into(),
        start_date: counted.from,
        end_date: counted.to,
        items: items.collect(),
    }
}

fn trend(counted: Counted<Vec<UsageBucket>>, grouping: UsageGrouping) -> CostTrend {
    let items = counted.answer.into_iter();
    CostTrend {
        reach: counted.reach.into(),
        grouping,
        start_date: counted.from,
        end_date: counted.to,
        items: items.map(|bucket| CostPiece { start: bucket.at, totals: (&bucket.totals).into() }).collect(),
    }
}

pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(find_cost_summary))
        .routes(routes!(list_cost_by_agent))
        .routes(routes!(list_cost_by_model))
        .routes(routes!(list_cost_by_environment))
        .routes(routes!(list_cost_by_user))
        .routes(routes!(list_cost_over_time))
        .routes(routes!(find_agent_usage))
        .routes(routes!(list_usage_by_agent))
        .routes(routes!(list_usage_by_model))
        .routes(routes!(find_conversation_usage))
        .routes(routes!(list_daily_usage))
        .routes(routes!(list_monthly_usage))
        .routes(routes!(find_workflow_usage))
        .routes(routes!(list_own_budgets))
}

/// What everything took and cost in an organisation.
#[utoipa::path(
    get, path = "/api/v1/orgs/{org_id}/runs/cost-summary", tag = "cost_analytics",
    params(("org_id" = OrganizationId, Path), CostQuery), responses((status = 200, body = CostSummary))
)]
async fn find_cost_summary(
    Auth(caller): Auth,
    State(costs): State<Costs>,
    Query(query): Query<CostQuery>,
) -> Result<Json<CostSummary>, Problem> {
    Ok(Json(summary(&costs.totals(&caller, UsageDimension::Nothing, query.filter()?).await?)))
}

/// What agents cost in an organisation, the dearest first.
#[utoipa::path(
    get, path = "/api/v1/orgs/{org_id}/runs/cost-by-agent", tag = "cost_analytics",
    params(("org_id" = OrganizationId, Path), CostQuery), responses((status = 200, body = CostBreakdown))
)]
async fn list_cost_by_agent(
    Auth(caller): Auth,
    State(costs): State<Costs>,
    Query(query): Query<CostQuery>,
) -> Result<Json<CostBreakdown>, Problem> {
    Ok(Json(breakdown(costs.totals(&caller, UsageDimension::Agent, query.filter()?).await?)))
}

/// What models cost in an organisation, the dearest first.
#[utoipa::path(
    get, path = "/api/v1/orgs/{org_id}/runs/cost-by-model", tag = "cost_analytics",
    params(("org_id" = OrganizationId, Path), CostQuery), responses((status = 200, body = CostBreakdown))
)]
async fn list_cost_by_model(
    Auth(caller): Auth,
    State(costs): State<Costs>,
    Query(query): Query<CostQuery>,
) -> Result<Json<CostBreakdown>, Problem> {
    Ok(Json(breakdown(costs.totals(&caller, UsageDimension::Model, query.filter()?).await?)))
}

/// What environments of an organisation cost, the dearest first.
#[utoipa::path(
    get, path = "/api/v1/orgs/{org_id}/runs/cost-by-environment", tag = "cost_analytics",
    params(("org_id" = OrganizationId, Path), CostQuery), responses((status = 200, body = CostBreakdown))
)]
async fn list_cost_by_environment(
    Auth(caller): Auth,
    State(costs): State<Costs>,
    Query(query): Query<CostQuery>,
) -> Result<Json<CostBreakdown>, Problem> {
    Ok(Json(breakdown(costs.totals(&caller, UsageDimension::Environment, query.filter()?).await?)))
}

/// What the people of an organisation cost, the dearest first.
#[utoipa::path(
    get, path = "/api/v1/orgs/{org_id}/runs/cost-by-user", tag = "cost_analytics",
    params(("org_id" = OrganizationId, Path), CostQuery), responses((status = 200, body = CostBreakdown))
)]
async fn list_cost_by_user(
    Auth(caller): Auth,
    State(costs): State<Costs>,
    Query(query): Query<CostQuery>,
) -> Result<Json<CostBreakdown>, Problem> {
    Ok(Json(breakdown(costs.totals(&caller, UsageDimension::User, query.filter()?).await?)))
}

/// What pieces of time cost in an organisation, the oldest first.
#[utoipa::path(
    get, path = "/api/v1/orgs/{org_id}/runs/cost-over-time", tag = "cost_analytics",
    params(("org_id" = OrganizationId, Path), CostQuery), responses((status = 200, body = CostTrend))
)]
async fn list_cost_over_time(
    Auth(caller): Auth,
    State(costs): State<Costs>,
    Query(query): Query<CostQuery>,
) -> Result<Json<CostTrend>, Problem> {
    let grouping = query.grouping.unwrap_or_default();
    Ok(Json(trend(costs.over_time(&caller, grouping, query.filter()?).await?, grouping)))
}

/// What one agent took and cost.
#[utoipa::path(
    get, path = "/api/usage/agents/{agent_id}", tag = "usage", params(("agent_id" = AgentId, Path), CostQuery),
    responses((status = 200, body = CostSummary))
)]
async fn find_agent_usage(
    Auth(caller): Auth,
    State(costs): State<Costs>,
    Path(agent): Path<AgentId>,
    Query(query): Query<CostQuery>,
) -> Result<Json<CostSummary>, Problem> {
    let filter = UsageFilter { agent_id: Some(agent), ..query.filter()? };
    Ok(Json(summary(&costs.of_one(&caller, filter).await?)))
}

/// What agents took and cost, the dearest first.
#[utoipa::path(
    get, path = "/api/usage/by-agent", tag = "usage", params(CostQuery),
    responses((status = 200, body = CostBreakdown))
)]
async fn list_usage_by_agent(
    Auth(caller): Auth,
    State(costs): State<Costs>,
    Query(query): Query<CostQuery>,
) -> Result<Json<CostBreakdown>, Problem> {
    Ok(Json(breakdown(costs.totals(&caller, UsageDimension::Agent, query.filter()?).await?)))
}

/// What models took and cost, the dearest first.
#[utoipa::path(
    get, path = "/api/usage/by-model", tag = "usage", params(CostQuery),
    responses((status = 200, body = CostBreakdown))
)]
async fn list_usage_by_model(
    Auth(caller): Auth,
    State(costs): State<Costs>,
    Query(query): Query<CostQuery>,
) -> Result<Json<CostBreakdown>, Problem> {
    Ok(Json(breakdown(costs.totals(&caller, UsageDimension::Model, query.filter()?).await?)))
}

/// What one conversation took and cost.
#[utoipa::path(
    get, path = "/api/usage/conversations/{conversation_id}", tag = "usage",
    params(("conversation_id" = ConversationId, Path), CostQuery), responses((status = 200, body = CostSummary))
)]
async fn find_conversation_usage(
    Auth(caller): Auth,
    State(costs): State<Costs>,
    Path(conversation): Path<ConversationId>,
    Query(query): Query<CostQuery>,
) -> Result<Json<CostSummary>, Problem> {
    let filter = UsageFilter { conversation_id: Some(conversation), ..query.filter()? };
    Ok(Json(summary(&costs.of_one(&caller, filter).await?)))
}

/// What days took and cost, the oldest first.
#[utoipa::path(
    get, path = "/api/usage/daily", tag = "usage", params(CostQuery), responses((status = 200, body = CostTrend))
)]
async fn list_daily_usage(
    Auth(caller): Auth,
    State(costs): State<Costs>,
    Query(query): Query<CostQuery>,
) -> Result<Json<CostTrend>, Problem> {
    Ok(Json(trend(costs.over_time(&caller, UsageGrouping::Day, query.filter()?).await?, UsageGrouping::Day)))
}

/// What months took and cost, the oldest first; the last twelve where no time is given.
#[utoipa::path(
    get, path = "/api/usage/monthly", tag = "usage", params(CostQuery), responses((status = 200, body = CostTrend))
)]
async fn list_monthly_usage(
    Auth(caller): Auth,
    State(costs): State<Costs>,
    Query(query): Query<CostQuery>,
) -> Result<Json<CostTrend>, Problem> {
    let trended = costs.over_time(&caller, UsageGrouping::Month, query.filter()?).await?;
    Ok(Json(trend(trended, UsageGrouping::Month)))
}

/// What one workflow took and cost.
#[utoipa::path(
    get, path = "/api/usage/workflows/{workflow_id}", tag = "usage",
    params(("workflow_id" = WorkflowId, Path), CostQuery), responses((status = 200, body = CostSummary))
)]
async fn find_workflow_usage(
    Auth(caller): Auth,
    State(costs): State<Costs>,
    Path(workflow): Path<WorkflowId>,
    Query(query): Query<CostQuery>,
) -> Result<Json<CostSummary>, Problem> {
    let filter = UsageFilter { workflow_id: Some(workflow), ..query.filter()? };
    Ok(Json(summary(&costs.of_one(&caller, filter).await?)))
}

/// The budgets that count what the caller spends and how they stand, and how much of the day's calls is used.
#[utoipa::path(
    get, path = "/api/usage/budgets", tag = "usage", responses((status = 200, body = OwnBudgets))
)]
async fn list_own_budgets(
    Auth(caller): Auth,
    State(costs): State<Costs>,
) -> Result<Json<OwnBudgets>, Problem> {
    let items = costs.budgets(&caller).await?.into_iter().map(Into::into).collect();
    let day = costs.day(&caller).await?;
    let calls_today = day.map(|day| OwnCalls { limit: day.limit, used: day.used, resets_at: day.resets_at });
    Ok(Json(OwnBudgets { items, calls_today }))
}
