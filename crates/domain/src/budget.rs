//! Budgets: how much may be spent by whom until when, and what a refusal of one says.
//!
//! A call is admitted while what is spent and reserved together is below the limit, and reserves the most that it can
//! cost. So however many calls ask at once, the one that crosses the limit is the last.

use chrono::{DateTime, Datelike, Days, Months, NaiveTime, TimeZone, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    AgentId, BudgetId, OrganizationId, RunId, Scope, UserId, classification::words, decimal_of_nanos,
};

/// Whose spending a budget limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum BudgetScope {
    /// All of the organisation together.
    Organization,
    /// An environment, or each by itself.
    Environment,
    /// An agent, or each by itself.
    Agent,
    /// A person, or each by themselves.
    User,
    /// Each run by itself, with the runs it starts.
    Run,
}

words!(BudgetScope {
    Organization = "organization",
    Environment = "environment",
    Agent = "agent",
    User = "user",
    Run = "run",
});

/// When a budget starts again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum BudgetPeriod {
    /// Each day, at midnight UTC.
    Day,
    /// On the first of each month, at midnight UTC.
    Month,
    /// Never.
    Total,
}

words!(BudgetPeriod { Day = "day", Month = "month", Total = "total" });

impl BudgetPeriod {
    /// When the period of a moment began.
    #[must_use]
    pub fn start(self, at: DateTime<Utc>) -> DateTime<Utc> {
        let date = at.date_naive();
        let first = match self {
            Self::Day => date,
            Self::Month => date.with_day(1).unwrap_or(date),
            Self::Total => return DateTime::UNIX_EPOCH,
        };
        Utc.from_utc_datetime(&first.and_time(NaiveTime::MIN))
    }

    /// When the period of a moment ends and the next begins; `None` where it never does.
    #[must_use]
    pub fn end(self, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        match self {
            Self::Day => self.start(at).checked_add_days(Days::new(1)),
            Self::Month => self.start(at).checked_add_months(Months::new(1)),
            Self::Total => None,
        }
    }
}

/// A budget to be stored, or its fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewBudget {
    /// Unique in the organisation.
    pub name: String,
    /// Whose spending.
    pub scope: BudgetScope,
    /// Which one; each by itself where `None`. Always `None` for an organisation and for runs.
    pub target_id: Option<Uuid>,
    /// When it starts again.
    pub period: BudgetPeriod,
    /// How much may be spent, in billionths of the currency's unit.
    pub limit_nanos: i64,
    /// ISO 4217.
    pub currency: String,
    /// From which part of the limit on people are warned, in percent.
    pub warn_percent: i32,
    /// Whether a spent budget stops calls, or only tells.
    pub hard_stop: bool,
    /// Whether it is held at all; one that is not goes on counting.
    pub is_active: bool,
}

/// A budget.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Budget {
    /// The budget.
    pub id: BudgetId,
    /// The tenant.
    pub organization_id: OrganizationId,
    /// What it says.
    pub terms: NewBudget,
    /// Who made it.
    pub created_by: Option<UserId>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

/// Who spends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spender {
    /// In which tenant and stage.
    pub scope: Scope,
    /// By which agent.
    pub agent_id: Option<AgentId>,
    /// For whom.
    pub user_id: Option<UserId>,
    /// In which run: the outermost one.
    pub root_run_id: Option<RunId>,
}

impl Budget {
    /// Whose counter a spender raises; `None` where the budget is none of theirs.
    #[must_use]
    pub fn subject(&self, spender: &Spender) -> Option<Uuid> {
        if spender.scope.organization_id != self.organization_id {
            return None;
        }
        let subject = match self.terms.scope {
            BudgetScope::Organization => Some(self.organization_id.as_uuid()),
            BudgetScope::Environment => Some(spender.scope.environment_id.as_uuid()),
            BudgetScope::Agent => spender.agent_id.map(AgentId::as_uuid),
            BudgetScope::User => spender.user_id.map(UserId::as_uuid),
            BudgetScope::Run => spender.root_run_id.map(RunId::as_uuid),
        };
        subject.filter(|subject| self.terms.target_id.is_none_or(|target| target == *subject))
    }

    /// The one whose spending it limits; `None` where it limits each by itself.
    #[must_use]
    pub fn only_subject(&self) -> Option<Uuid> {
        match self.terms.scope {
            BudgetScope::Organization => Some(self.organization_id.as_uuid()),
            _ => self.terms.target_id,
        }
    }

    /// Whether a call may be refused because of it.
    #[must_use]
    pub fn stops(&self) -> bool {
        self.terms.is_active && self.terms.hard_stop
    }

    /// From which amount on people are warned.
    #[must_use]
    pub fn warn_nanos(&self) -> i64 {
        let warn = i128::from(self.terms.limit_nanos) * i128::from(self.terms.warn_percent) / 100;
        i64::try_from(warn).unwrap_or(i64::MAX)
    }
}

/// What one subject of a budget has spent in one period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BudgetCounter {
    /// The organisation, environment, agent, person or run.
    pub subject_id: Uuid,
    /// When the period began.
    pub period_start: DateTime<Utc>,
    /// Spent in it before there was a budget.
    pub opening_nanos: i64,
    /// Spent, with the opening.
    pub spent_nanos: i64,
    /// Held for calls that are under way.
    pub reserved_nanos: i64,
}

/// A budget, and how the fullest of its counters stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BudgetStanding {
    /// The budget.
    pub budget: Budget,
    /// The counter of this period, where anything was spent or reserved.
    pub counter: Option<BudgetCounter>,
    /// When the period ends.
    pub resets_at: Option<DateTime<Utc>>,
}

impl BudgetStanding {
    /// Spent in this period.
    #[must_use]
    pub fn spent_nanos(&self) -> i64 {
        self.counter.map_or(0, |counter| counter.spent_nanos)
    }

    /// Held for calls that are under way.
    #[must_use]
    pub fn reserved_nanos(&self) -> i64 {
        self.counter.map_or(0, |counter| counter.reserved_nanos)
    }
}

/// Why a budget refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusalReason {
    /// It is spent.
    Spent,
    /// What is left is held for calls that are under way.
    Reserved,
    /// The call is priced in another currency, so that it cannot be counted.
    Currency,
    /// The run has taken the tokens that its workflow lets it take: amounts are tokens.
    RunTokens,
    /// The run has spent what its workflow lets it spend.
    RunCost,
}

/// What one run may take with everything below it, as its workflow says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RunLimits {
    /// Tokens, in and out together.
    pub max_tokens: Option<i64>,
    /// Billionths of a US dollar.
    pub max_cost_nanos: Option<i64>,
}

/// A refusal of a budget.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BudgetRefusal {
    /// The budget; of a run's own limits, the run.
    pub budget_id: BudgetId,
    /// Its name; of a run's own limits, that of the workflow.
    pub name: String,
    /// Whose spending it limits.
    pub scope: BudgetScope,
    /// How much may be spent.
    pub limit_nanos: i64,
    /// How much is spent.
    pub spent_nanos: i64,
    /// How much is held for calls that are under way.
    pub reserved_nanos: i64,
    /// The budget's currency.
    pub currency: String,
    /// Why.
    pub reason: RefusalReason,
    /// When it starts again.
    pub resets_at: Option<DateTime<Utc>>,
}

impl BudgetRefusal {
    /// The stable code of its problem.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self.reason {
            RefusalReason::Spent => "budget_exhausted",
            RefusalReason::Reserved => "budget_reserved",
            RefusalReason::Currency => "budget_currency",
            RefusalReason::RunTokens | RefusalReason::RunCost => "run_budget_exceeded",
        }
    }

    /// What refuses, as audit entries name it.
    #[must_use]
    pub fn rule(&self) -> String {
        match self.is_of_run() {
            true => format!("runs/{}/limits", self.budget_id),
            false => format!("budgets/{}", self.budget_id),
        }
    }

    /// Whether it is what the workflow says of each of its runs, which no time and no ended call frees again.
    #[must_use]
    pub fn is_of_run(&self) -> bool {
        matches!(self.reason, RefusalReason::RunTokens | RefusalReason::RunCost)
    }

    /// What it is in a few words.
    #[must_use]
    pub fn title(&self) -> &'static str {
        match self.reason {
            RefusalReason::Spent => "The budget is spent",
            RefusalReason::Reserved => "The budget is taken by calls under way",
            RefusalReason::Currency => "The budget cannot count this model",
            RefusalReason::RunTokens | RefusalReason::RunCost => "The run has spent what it may",
        }
    }
}

impl std::fmt::Display for BudgetRefusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { name, currency, .. } = self;
        let limit = decimal_of_nanos(self.limit_nanos);
        match self.reason {
            RefusalReason::Spent => {
                write!(f, "The budget “{name}” of {limit} {currency} is spent.")?;
                if let Some(resets_at) = self.resets_at {
                    write!(f, " It starts again on {}.", resets_at.format("%-d %B %Y at %H:%M UTC"))?;
                }
                f.write_str(" An administrator of the organisation can raise it under Governance, Budgets.")
            }
            RefusalReason::Reserved => write!(
                f,
                "What is left of the budget “{name}” ({limit} {currency}) is reserved for calls that are under way. \
                 Try again when they have ended.",
            ),
            RefusalReason::Currency => write!(
                f,
                "The budget “{name}” counts {currency}, and this call is priced in another currency. Choose another \
                 model, or ask an administrator of the organisation.",
            ),
            RefusalReason::RunTokens => write!(
                f,
                "A run of “{name}” may take {} tokens, and this one has taken {}. Raise the limit in the workflow's \
                 settings, and go on from here.",
                self.limit_nanos, self.spent_nanos,
            ),
            RefusalReason::RunCost => write!(
                f,
                "A run of “{name}” may spend {limit} {currency}, and this one has spent {}. Raise the limit in the \
                 workflow's settings, and go on from here.",
                decimal_of_nanos(self.spent_nanos),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn periods_are_calendar_days_and_months_of_utc() {
        let moment = at("2028-02-29T23:59:59.999Z");
        assert_eq!(BudgetPeriod::Day.start(moment), at("2028-02-29T00:00:00Z"));
        assert_eq!(BudgetPeriod::Day.end(moment), Some(at("2028-03-01T00:00:00Z")));
        assert_eq!(BudgetPeriod::Month.start(moment), at("2028-02-01T00:00:00Z"));
        assert_eq!(BudgetPeriod::Month.end(moment), Some(at("2028-03-01T00:00:00Z")));
        assert_eq!(BudgetPeriod::Month.end(at("2027-12-31T00:00:00Z")), Some(at("2028-01-01T00:00:00Z")));
        assert_eq!(
            (BudgetPeriod::Total.start(moment), BudgetPeriod::Total.end(moment)),
            (DateTime::UNIX_EPOCH, None)
        );
    }

    #[test]
    fn a_budget_knows_its_own() {
        let (organization, environment, agent) = (Uuid::from_u128(1), Uuid::from_u128(2), Uuid::from_u128(3));
        let spender = Spender {
            scope: Scope { organization_id: organization.into(), environment_id: environment.into() },
            agent_id: Some(agent.into()),
            user_id: None,
            root_run_id: None,
        };
        let budget = |scope, target_id, owner: Uuid| Budget {
            id: BudgetId::NIL,
            organization_id: owner.into(),
            terms: NewBudget {
                name: "b".to_owned(),
                scope,
                target_id,
                period: BudgetPeriod::Day,
                limit_nanos: 1_000,
                currency: "USD".to_owned(),
                warn_percent: 80,
                hard_stop: true,
                is_active: true,
            },
            created_by: None,
            created_at: DateTime::UNIX_EPOCH,
            updated_at: DateTime::UNIX_EPOCH,
        };
        let subject = |scope, target| budget(scope, target, organization).subject(&spender);
        assert_eq!(subject(BudgetScope::Organization, None), Some(organization));
        assert_eq!(subject(BudgetScope::Environment, None), Some(environment));
        assert_eq!(subject(BudgetScope::Environment, Some(agent)), None);
        assert_eq!(subject(BudgetScope::Agent, Some(agent)), Some(agent));
        assert_eq!(subject(BudgetScope::User, None), None, "a machine is no person");
        assert_eq!(budget(BudgetScope::Organization, None, agent).subject(&spender), None);
        assert_eq!(budget(BudgetScope::Agent, None, organization).warn_nanos(), 800);
    }
}
