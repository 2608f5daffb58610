//! Budgets of an organisation, and how they stand.

use axum::extract::State;
use chrono::{DateTime, Utc};
use conductor_domain::{
    BudgetCounter, BudgetId, BudgetPeriod, BudgetScope, BudgetStanding, NewBudget, OrganizationId, UserId,
    decimal_of_nanos,
};
use conductor_governance::{BudgetEdit, Budgets};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use crate::{
    AppState, Problem,
    answer::{Created, NoContent},
    caller::Auth,
    json::Json,
    money::{amount, currency},
    page::{PageParameters, PageResponse, Paging},
    path::Path,
};

/// How far a budget is used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum BudgetState {
    /// Below the warning.
    Ok,
    /// At or beyond the warning.
    Warning,
    /// Spent.
    Exhausted,
}

impl BudgetState {
    pub(super) fn of(standing: &BudgetStanding) -> Self {
        let (spent, budget) = (standing.spent_nanos(), &standing.budget);
        match spent {
            spent if spent >= budget.terms.limit_nanos => Self::Exhausted,
            spent if spent >= budget.warn_nanos() => Self::Warning,
            _ => Self::Ok,
        }
    }
}

/// A budget. Where it is for each by itself, `spent`, `reserved` and `state` are those of whoever has spent the most.
#[derive(Serialize, ToSchema)]
#[schema(as = Budget)]
struct BudgetResponse {
    /// The budget.
    id: BudgetId,
    /// The tenant.
    organization_id: OrganizationId,
    /// Unique in the organisation.
    name: String,
    /// Whose spending.
    scope: BudgetScope,
    /// Which one; each by itself where there is none.
    #[schema(required = true)]
    target_id: Option<Uuid>,
    /// When it starts again.
    period: BudgetPeriod,
    /// How much may be spent: a decimal, such as `100`.
    limit: String,
    /// ISO 4217.
    currency: String,
    /// From which part of the limit on people are warned, in percent.
    warn_percent: i32,
    /// Whether a spent budget stops calls, or only tells.
    hard_stop: bool,
    /// Whether it is held at all; one that is not goes on counting.
    is_active: bool,
    /// Spent in this period.
    spent: String,
    /// Held for calls that are under way.
    reserved: String,
    /// How far it is used up.
    state: BudgetState,
    /// When this period began.
    period_start: DateTime<Utc>,
    /// When it starts again; never where there is none.
    #[schema(required = true)]
    resets_at: Option<DateTime<Utc>>,
    /// Who made it.
    #[schema(required = true)]
    created_by_user_id: Option<UserId>,
    /// When it was made.
    created_at: DateTime<Utc>,
    /// When it last changed.
    updated_at: DateTime<Utc>,
}

impl From<BudgetStanding> for BudgetResponse {
    fn from(standing: BudgetStanding) -> Self {
        let state = BudgetState::of(&standing);
        let (spent, reserved) = (standing.spent_nanos(), standing.reserved_nanos());
        let BudgetStanding { budget, resets_at, counter } = standing;
        let period_start = counter.map_or_else(
            || {
                resets_at.map_or(DateTime::UNIX_EPOCH, |end| {
                    budget.terms.period.start(end - chrono::TimeDelta::seconds(1))
                })
            },
            |counter| counter.period_start,
        );
        Self {
            id: budget.id,
            organization_id: budget.organization_id,
            name: budget.terms.name,
            scope: budget.terms.scope,
            target_id: budget.terms.target_id,
            period: budget.terms.period,
            limit: decimal_of_nanos(budget.terms.limit_nanos),
            currency: budget.terms.currency,
            warn_percent: budget.terms.warn_percent,
            hard_stop: budget.terms.hard_stop,
            is_active: budget.terms.is_active,
            spent: decimal_of_nanos(spent),
            reserved: decimal_of_nanos(reserved),
            state,
            period_start,
            resets_at,
            created_by_user_id: budget.created_by,
            created_at: budget.created_at,
            updated_at: budget.updated_at,
        }
    }
}

/// What one of those whom a budget is for has spent in this period.
#[derive(Serialize, ToSchema)]
#[schema(as = BudgetSpender)]
struct BudgetSpenderResponse {
    /// The organisation, environment, agent, person or run.
    subject_id: Uuid,
    /// When the period began.
    period_start: DateTime<Utc>,
    /// Spent: a decimal.
    spent: String,
    /// Held for calls that are under way.
    reserved: String,
}

impl From<BudgetCounter> for BudgetSpenderResponse {
    fn from(counter: BudgetCounter) -> Self {
        Self {
            subject_id: counter.subject_id,
            period_start: counter.period_start,
            spent: decimal_of_nanos(counter.spent_nanos),
            reserved: decimal_of_nanos(counter.reserved_nanos),
        }
    }
}

/// Whoever has spent the most of a budget, the most first.
#[derive(Serialize, ToSchema)]
struct BudgetSpendersResponse {
    items: Vec<BudgetSpenderResponse>,
}

/// A budget to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CreateBudgetRequest {
    name: String,
    /// Whose spending.
    scope: BudgetScope,
    /// Which environment, agent or person; each by itself where it is left out.
    target_id: Option<Uuid>,
    /// When it starts again.
    period: BudgetPeriod,
    /// How much may be spent: a decimal as text, such as `"100"`.
    limit: String,
    /// ISO 4217; `USD` where it is left out.
    currency: Option<String>,
    /// From which part of the limit on people are warned; 80 where it is left out.
    warn_percent: Option<i32>,
    /// Whether a spent budget stops calls; it does where this is left out.
    hard_stop: Option<bool>,
    is_active: Option<bool>,
}

impl TryFrom<CreateBudgetRequest> for NewBudget {
    type Error = Problem;

    fn try_from(body: CreateBudgetRequest) -> Result<Self, Problem> {
        Ok(Self {
            name: body.name,
            scope: body.scope,
            target_id: body.target_id,
            period: body.period,
            limit_nanos: amount(&body.limit, "/limit")?,
            currency: currency(body.currency.unwrap_or_else(|| "USD".to_owned()), "/currency")?,
            warn_percent: body.warn_percent.unwrap_or(80),
            hard_stop: body.hard_stop.unwrap_or(true),
            is_active: body.is_active.unwrap_or(true),
        })
    }
}

/// A change of a budget: missing fields stay. Whose spending, period and currency are for good.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct UpdateBudgetRequest {
    name: Option<String>,
    /// A decimal as text.
    limit: Option<String>,
    warn_percent: Option<i32>,
    hard_stop: Option<bool>,
    is_active: Option<bool>,
}

impl TryFrom<UpdateBudgetRequest> for BudgetEdit {
    type Error = Problem;

    fn try_from(body: UpdateBudgetRequest) -> Result<Self, Problem> {
        Ok(Self {
            name: body.name,
            limit_nanos: body.limit.map(|limit| amount(&limit, "/limit")).transpose()?,
            warn_percent: body.warn_percent,
            hard_stop: body.hard_stop,
            is_active: body.is_active,
        })
    }
}

pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_budgets, create_budget))
        .routes(routes!(find_budget, update_budget, delete_budget))
        .routes(routes!(list_budget_spenders))
}

/// The organisation's budgets and how they stand, the newest first.
#[utoipa::path(
    get, path = "/api/v1/orgs/{org_id}/budgets", tag = "budgets",
    params(("org_id" = OrganizationId, Path), PageParameters),
    responses((status = 200, body = PageResponse<BudgetResponse>))
)]
async fn list_budgets(
    Auth(caller): Auth,
    State(budgets): State<Budgets>,
    paging: Paging,
) -> Result<PageResponse<BudgetResponse>, Problem> {
    let page = budgets.page(&caller, paging.request.clone()).await?;
    Ok(paging.answer(page, Into::into))
}

/// Makes a budget. It counts from the next call on, with what was spent in its period before.
#[utoipa::path(
    post, path = "/api/v1/orgs/{org_id}/budgets", tag = "budgets",
    params(("org_id" = OrganizationId, Path)), request_body = CreateBudgetRequest,
    responses((status = 201, body = BudgetResponse))
)]
async fn create_budget(
    Auth(caller): Auth,
    State(budgets): State<Budgets>,
    Json(body): Json<CreateBudgetRequest>,
) -> Result<Created<BudgetResponse>, Problem> {
    let made = budgets.create(&caller, body.try_into()?).await?;
    let location = format!("/api/v1/orgs/{}/budgets/{}", made.budget.organization_id, made.budget.id);
    Ok(Created { location, body: made.into() })
}

/// One budget and how it stands.
#[utoipa::path(
    get, path = "/api/v1/orgs/{org_id}/budgets/{budget_id}", tag = "budgets",
    params(("org_id" = OrganizationId, Path), ("budget_id" = BudgetId, Path)),
    responses((status = 200, body = BudgetResponse))
)]
async fn find_budget(
    Auth(caller): Auth,
    State(budgets): State<Budgets>,
    Path((_org, id)): Path<(OrganizationId, BudgetId)>,
) -> Result<Json<BudgetResponse>, Problem> {
    Ok(Json(budgets.find(&caller, id).await?.into()))
}

/// Changes a budget. It counts from the next call on, and people are warned anew.
#[utoipa::path(
    method(put, patch), path = "/api/v1/orgs/{org_id}/budgets/{budget_id}", tag = "budgets",
    params(("org_id" = OrganizationId, Path), ("budget_id" = BudgetId, Path)),
    request_body = UpdateBudgetRequest, responses((status = 200, body = BudgetResponse))
)]
async fn update_budget(
    Auth(caller): Auth,
    State(budgets): State<Budgets>,
    Path((_org, id)): Path<(OrganizationId, BudgetId)>,
    Json(body): Json<UpdateBudgetRequest>,
) -> Result<Json<BudgetResponse>, Problem> {
    Ok(Json(budgets.update(&caller, id, body.try_into()?).await?.into()))
}

/// Deletes a budget; calls are no longer held to it.
#[utoipa::path(
    delete, path = "/api/v1/orgs/{org_id}/budgets/{budget_id}", tag = "budgets",
    params(("org_id" = OrganizationId, Path), ("budget_id" = BudgetId, Path)),
    responses((status = 204, description = "Deleted"))
)]
async fn delete_budget(
    Auth(caller): Auth,
    State(budgets): State<Budgets>,
    Path((_org, id)): Path<(OrganizationId, BudgetId)>,
) -> Result<NoContent, Problem> {
    budgets.delete(&caller, id).await?;
    Ok(NoContent)
}

/// Who has spent the most of a budget in its present period.
#[utoipa::path(
    get, path = "/api/v1/orgs/{org_id}/budgets/{budget_id}/spenders", tag = "budgets",
    params(("org_id" = OrganizationId, Path), ("budget_id" = BudgetId, Path)),
    responses((status = 200, body = BudgetSpendersResponse))
)]
async fn list_budget_spenders(
    Auth(caller): Auth,
    State(budgets): State<Budgets>,
    Path((_org, id)): Path<(OrganizationId, BudgetId)>,
) -> Result<Json<BudgetSpendersResponse>, Problem> {
    let items = budgets.counters(&caller, id).await?.into_iter().map(Into::into).collect();
    Ok(Json(BudgetSpendersResponse { items }))
}
