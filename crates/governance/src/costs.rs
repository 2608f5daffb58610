//! What calls took and cost. Whoever may read the organisation's usage reads all of it; everybody else reads their own.

use std::sync::Arc;

use chrono::{DateTime, Datelike, Days, DurationRound, Months, TimeDelta, TimeZone, Utc};
use conductor_access::{Access, Action, DayStanding, Facts};
use conductor_domain::{
    BudgetStanding, Caller, Spender, UsageBucket, UsageDimension, UsageFilter, UsageGrouping, UsageTotals,
};
use conductor_storage::Store;

use crate::{Error, Result};

/// Pieces of time of one answer at most.
const PIECES: usize = 2_000;
/// How many days back a question goes that does not say.
const DAYS: i64 = 30;

/// Whose calls an answer counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// The caller's own.
    Own,
    /// Everybody's in the organisation.
    Organization,
}

/// An answer, and what it is of.
#[derive(Clone, Debug)]
pub struct Counted<T> {
    /// Whose calls.
    pub reach: Reach,
    /// From this moment on.
    pub from: DateTime<Utc>,
    /// Before this one.
    pub to: DateTime<Utc>,
    /// The answer.
    pub answer: T,
}

/// Usage and cost of the organisation that a caller acts in.
#[derive(Clone, Debug)]
pub struct Costs {
    store: Store,
    access: Arc<Access>,
}

impl Costs {
    /// Over these rows and this decision point.
    #[must_use]
    pub fn new(store: Store, access: Arc<Access>) -> Self {
        Self { store, access }
    }

    /// Sums by what calls have in common, the dearest first; the last 30 days where the filter does not say.
    ///
    /// # Errors
    /// When the caller may not read what the filter asks for, or its times do not fit.
    pub async fn totals(
        &self,
        caller: &Caller,
        by: UsageDimension,
        filter: UsageFilter,
    ) -> Result<Counted<Vec<UsageTotals>>> {
        let (reach, filter, from, to) = self.allowed(caller, filter, DAYS).await?;
        let answer = self.store.visible_to(caller).usage().totals(by, &filter).await?;
        Ok(Counted { reach, from, to, answer })
    }

    /// Sums of the calls of the one conversation, workflow or agent that the filter names.
    ///
    /// # Errors
    /// As `totals`; `Hidden` where the caller sees no such thing and has no calls of it to count either.
    pub async fn of_one(&self, caller: &Caller, filter: UsageFilter) -> Result<Counted<Vec<UsageTotals>>> {
        let (reach, filter, from, to) = self.allowed(caller, filter, DAYS).await?;
        let rows = self.store.visible_to(caller);
        let (what, sees) = match (filter.conversation_id, filter.workflow_id, filter.agent_id) {
            (Some(id), ..) => ("conversation", rows.conversations().find(id).await?.is_some()),
            (None, Some(id), _) => ("workflow", rows.workflows().find(id).await?.is_some()),
            (None, None, Some(id)) => ("agent", rows.agents().find(id).await?.is_some()),
            (None, None, None) => ("thing", false),
        };
        // What was deleted since has cost what it has cost.
        let ever = UsageFilter { from: None, to: None, ..filter.clone() };
        if !sees && rows.usage().first(&ever).await?.is_none() {
            return Err(Error::Hidden { what });
        }
        let answer = rows.usage().totals(UsageDimension::Nothing, &filter).await?;
        Ok(Counted { reach, from, to, answer })
    }

    /// Sums by pieces of time without a gap, the oldest first; up to a year where the filter does not say.
    ///
    /// # Errors
    /// As `totals`; `Invalid` where the pieces would be too many.
    pub async fn over_time(
        &self,
        caller: &Caller,
        grouping: UsageGrouping,
        filter: UsageFilter,
    ) -> Result<Counted<Vec<UsageBucket>>> {
        let days = match grouping {
            UsageGrouping::Hour => 2,
            UsageGrouping::Day => DAYS,
            UsageGrouping::Week => 182,
            UsageGrouping::Month => 365,
        };
        let (reach, filter, from, to) = self.allowed(caller, filter, days).await?;
        let known = self.store.visible_to(caller).usage().over_time(grouping, &filter).await?;
        let answer = without_gaps(known, grouping, from, to)?;
        Ok(Counted { reach, from, to, answer })
    }

    /// How the budgets stand that count what the caller spends in its present environment.
    ///
    /// # Errors
    /// When the caller may not read its own usage.
    pub async fn budgets(&self, caller: &Caller) -> Result<Vec<BudgetStanding>> {
        self.own(caller).await?;
        let spender =
            Spender { scope: caller.scope, agent_id: None, user_id: caller.user_id(), root_run_id: None };
        let mut standings = self.access.budgets().standings(&spender).await?;
        standings.retain(|standing| standing.budget.terms.is_active);
        Ok(standings)
    }

    /// How much of the day's calls the caller has used; `None` where nothing limits them.
    ///
    /// # Errors
    /// When the caller may not read its own usage.
    pub async fn day(&self, caller: &Caller) -> Result<Option<DayStanding>> {
        self.own(caller).await?;
        Ok(self.access.day(caller).await?)
    }

    async fn own(&self, caller: &Caller) -> Result<()> {
        let facts =
            Facts::new("usage:own", caller.scope).owned_by(caller.user_id()).made_by(caller.machine());
        Ok(self.access.require(caller, Action::UsageRead, &facts).await?)
    }

    /// The filter as far as the caller may ask.
    async fn allowed(
        &self,
        caller: &Caller,
        mut filter: UsageFilter,
        days: i64,
    ) -> Result<(Reach, UsageFilter, DateTime<Utc>, DateTime<Utc>)> {
        let everybody = Facts::new("usage:organization", caller.scope);
        let reach = match self.access.judge(caller).await?.allows(caller, Action::UsageRead, &everybody) {
            true => Reach::Organization,
            false => Reach::Own,
        };
        if reach == Reach::Own {
            self.own(caller).await?;
            if filter.user_id.is_some_and(|user| Some(user) != caller.user_id()) {
                let facts = Facts::new("usage:user", caller.scope).owned_by(filter.user_id);
                self.access.require(caller, Action::UsageRead, &facts).await?;
            }
            // A machine has no usage of its own beside that of its organisation.
            filter.user_id = Some(caller.user_id().unwrap_or(conductor_domain::UserId::NIL));
        }
        let to = filter.to.unwrap_or_else(|| self.store.clock().now() + TimeDelta::milliseconds(1));
        let from = filter.from.unwrap_or(to - TimeDelta::days(days));
        if from >= to {
            return Err(Error::field("?start_date", "out_of_range", "`start_date` is before `end_date`."));
        }
        (filter.from, filter.to) = (Some(from), Some(to));
        Ok((reach, filter, from, to))
    }
}

/// Pieces without calls stand between the others, in each currency that there is.
fn without_gaps(
    known: Vec<UsageBucket>,
    grouping: UsageGrouping,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Result<Vec<UsageBucket>> {
    let mut currencies: Vec<String> = known.iter().map(|bucket| bucket.totals.currency.clone()).collect();
    currencies.sort_unstable();
    currencies.dedup();
    if currencies.is_empty() {
        currencies.push("USD".to_owned());
    }
    let (mut pieces, mut at) = (Vec::new(), begin(from, grouping));
    while at < to {
        if pieces.len() * currencies.len() >= PIECES {
            let says = "These are too many pieces of time. Ask for longer ones, or for a shorter time.";
            return Err(Error::field("?grouping", "out_of_range", says));
        }
        pieces.push(at);
        at = next(at, grouping);
    }
    let mut known =
        known.into_iter().map(|bucket| ((bucket.at, bucket.totals.currency.clone()), bucket.totals));
    let mut known: std::collections::HashMap<_, _> = known.by_ref().collect();
    let mut all = Vec::with_capacity(pieces.len() * currencies.len());
    for at in pieces {
        for currency in &currencies {
            let totals = known.remove(&(at, currency.clone()));
            let nothing = || UsageTotals { currency: currency.clone(), ..UsageTotals::default() };
            all.push(UsageBucket { at, totals: totals.unwrap_or_else(nothing) });
        }
    }
    Ok(all)
}

/// When the piece of a moment begins.
fn begin(at: DateTime<Utc>, grouping: UsageGrouping) -> DateTime<Utc> {
    let day = Utc.from_utc_datetime(&at.date_naive().and_time(chrono::NaiveTime::MIN));
    match grouping {
        UsageGrouping::Hour => at.duration_trunc(TimeDelta::hours(1)).unwrap_or(day),
        UsageGrouping::Day => day,
        UsageGrouping::Week => day - Days::new(u64::from(at.weekday().num_days_from_monday())),
        UsageGrouping::Month => day.with_day(1).unwrap_or(day),
    }
}

fn next(at: DateTime<Utc>, grouping: UsageGrouping) -> DateTime<Utc> {
    match grouping {
        UsageGrouping::Hour => at + TimeDelta::hours(1),
        UsageGrouping::Day => at + Days::new(1),
        UsageGrouping::Week => at + Days::new(7),
        UsageGrouping::Month => at + Months::new(1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn gaps_are_filled_and_pieces_are_those_of_the_database() {
        let bucket = |at: DateTime<Utc>, calls| UsageBucket {
            at,
            totals: UsageTotals { calls, currency: "USD".to_owned(), ..UsageTotals::default() },
        };
        let weeks = without_gaps(
            vec![bucket(at("2027-01-18T00:00:00Z"), 2)],
            UsageGrouping::Week,
            at("2027-01-17T23:00:00Z"),
            at("2027-01-26T00:00:00Z"),
        );
        let weeks: Vec<_> =
            weeks.unwrap().into_iter().map(|bucket| (bucket.at, bucket.totals.calls)).collect();
        assert_eq!(
            weeks,
            [
                (at("2027-01-11T00:00:00Z"), 0),
                (at("2027-01-18T00:00:00Z"), 2),
                (at("2027-01-25T00:00:00Z"), 0)
            ]
        );
        let months = without_gaps(
            Vec::new(),
            UsageGrouping::Month,
            at("2027-11-30T00:00:00Z"),
            at("2028-02-01T00:00:00Z"),
        );
        let months: Vec<_> = months.unwrap().into_iter().map(|bucket| bucket.at.month()).collect();
        assert_eq!(months, [11, 12, 1]);
        let years = without_gaps(
            Vec::new(),
            UsageGrouping::Hour,
            at("2020-01-01T00:00:00Z"),
            at("2028-01-01T00:00:00Z"),
        );
        assert!(matches!(years, Err(Error::Invalid { .. })));
    }
}
