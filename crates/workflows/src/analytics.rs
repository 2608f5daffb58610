//! How a workflow does over some time: how its runs end, how long they take, what they cost, and which node it is.

use std::collections::HashMap;

use chrono::{DateTime, Datelike, TimeDelta, Utc};
use conductor_access::Action;
use conductor_domain::{
    Caller, Durations, ErrorCount, FieldError, NodeSummary, RunBucket, RunStatus, StatusCount, UsageGrouping,
    UsageTotals, WorkflowId, WorkflowSpan,
};

use crate::{Error, Executions, Result};

/// How many days back a question goes that does not say.
const DAYS: i64 = 30;
/// How many days a question goes over at most: a year, and what a page rounds it to.
const MOST_DAYS: i64 = 400;
/// Up to this many hours are shown hour by hour, and what is longer day by day.
const HOURS: i64 = 48;

/// How a workflow does, in the runs that the caller sees.
#[derive(Clone, Debug, PartialEq)]
pub struct Analytics {
    /// Whether these are everybody's runs in the organisation, and not the caller's own alone.
    pub everybody: bool,
    /// Runs that began from this moment on.
    pub from: DateTime<Utc>,
    /// And before this one.
    pub to: DateTime<Utc>,
    /// How many runs stand how.
    pub statuses: Vec<StatusCount>,
    /// How long those took that ended well.
    pub durations: Durations,
    /// The same without the time that people were waited for.
    pub worked: Durations,
    /// How long people were waited for, of the runs that waited for some.
    pub waited: Durations,
    /// What they took and cost with everything below them, by currency.
    pub spent: Vec<UsageTotals>,
    /// How long the pieces of time are.
    pub grouping: UsageGrouping,
    /// Runs by the piece of time in which they began, without a gap.
    pub pieces: Vec<RunBucket>,
    /// Why runs failed, the commonest reasons first.
    pub errors: Vec<ErrorCount>,
    /// What each node did, with the name that it has now.
    pub nodes: Vec<(Option<String>, NodeSummary)>,
}

impl Analytics {
    /// How many runs there were.
    #[must_use]
    pub fn runs(&self) -> i64 {
        self.count(|_| true)
    }

    /// How many of them are over.
    #[must_use]
    pub fn ended(&self) -> i64 {
        self.count(RunStatus::is_final)
    }

    /// How many of those that are over ended well, as a part of 1; none where none is over.
    #[must_use]
    pub fn success_rate(&self) -> Option<f64> {
        let (well, ended) = (self.count(|status| status == RunStatus::Succeeded), self.ended());
        #[expect(clippy::cast_precision_loss, reason = "there are fewer runs than a float counts exactly")]
        let part = |some: i64, all: i64| some as f64 / all as f64;
        (ended > 0).then(|| part(well, ended))
    }

    fn count(&self, wanted: impl Fn(RunStatus) -> bool) -> i64 {
        self.statuses.iter().filter(|one| wanted(one.status)).map(|one| one.count).sum()
    }
}

impl Executions {
    /// How a workflow did in the runs that the caller sees of it, as it sees them in their list: those that began in this
    /// time, which is the last 30 days where nothing is said.
    ///
    /// # Errors
    /// `Hidden`; `Invalid` where the times do not fit.
    pub async fn analytics(
        &self,
        caller: &Caller,
        id: WorkflowId,
        since: Option<DateTime<Utc>>,
        until: Option<DateTime<Utc>>,
    ) -> Result<Analytics> {
        let workflow = self.workflows.row(caller, id, Action::WorkflowRead).await?;
        let (from, to) = span(since, until, self.store.clock().now())?;
        let graph = self.workflows.graph(caller, &workflow, None).await?;
        let mut names: HashMap<String, String> =
            graph.nodes.into_iter().filter_map(|node| Some((node.id, node.name?))).collect();
        let grouping =
            if to - from <= TimeDelta::hours(HOURS) { UsageGrouping::Hour } else { UsageGrouping::Day };
        let span = WorkflowSpan { workflow_id: id, from, to };
        let rows = self.store.visible_to(caller).analytics();
        let nodes = rows.nodes(span).await?;
        Ok(Analytics {
            everybody: rows.sees_all(),
            from,
            to,
            statuses: rows.statuses(span).await?,
            durations: rows.durations(span).await?,
            worked: rows.worked(span).await?,
            waited: rows.waited(span).await?,
            spent: rows.spent(span).await?,
            grouping,
            pieces: without_gaps(rows.over_time(span, grouping).await?, grouping, from, to),
            errors: rows.errors(span).await?,
            nodes: nodes.into_iter().map(|node| (names.remove(&node.node_id), node)).collect(),
        })
    }
}

/// The time that is asked for.
fn span(
    since: Option<DateTime<Utc>>,
    until: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Result<(DateTime<Utc>, DateTime<Utc>)> {
    let refused = |detail: &str| {
        Err(Error::Invalid { faults: vec![FieldError::new("?since", "out_of_range", detail)] })
    };
    // What begins in this very moment counts.
    let to = until.unwrap_or(now + TimeDelta::milliseconds(1));
    let from = since.or_else(|| to.checked_sub_signed(TimeDelta::days(DAYS)));
    // Neither database knows moments that are much further away.
    let Some(from) = from.filter(|from| from.timestamp() >= 0 && to.year() <= 9_999) else {
        return refused("Ask for a time between the years 1970 and 9999.");
    };
    if from >= to {
        return refused("`since` is before `until`.");
    }
    if to - from > TimeDelta::days(MOST_DAYS) {
        return refused(&format!("Ask for at most {MOST_DAYS} days."));
    }
    Ok((from, to))
}

/// Pieces of time without runs stand between the others.
fn without_gaps(
    known: Vec<RunBucket>,
    grouping: UsageGrouping,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Vec<RunBucket> {
    let seconds: i64 = if grouping == UsageGrouping::Hour { 3_600 } else { 86_400 };
    let mut known: HashMap<DateTime<Utc>, RunBucket> =
        known.into_iter().map(|bucket| (bucket.at, bucket)).collect();
    let mut all = Vec::new();
    let mut begins = from.timestamp() - from.timestamp().rem_euclid(seconds);
    while let Some(at) = DateTime::from_timestamp(begins, 0).filter(|at| *at < to) {
        all.push(known.remove(&at).unwrap_or(RunBucket { at, runs: 0, failed: 0 }));
        begins += seconds;
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn a_time_is_of_the_last_30_days_or_of_what_was_asked_for() {
        let now = at("2026-11-22T10:00:00Z");
        let (from, to) = span(None, None, now).unwrap();
        assert!(to > now && to - from == TimeDelta::days(30));
        let until = at("2026-03-01T00:00:00Z");
        assert_eq!(span(None, Some(until), now).unwrap(), (at("2026-01-30T00:00:00Z"), until));
        assert!(span(Some(now), Some(now), now).is_err());
        assert!(span(Some(now + TimeDelta::days(1)), None, now).is_err());
        assert!(span(Some(now - TimeDelta::days(401)), None, now).is_err());
        assert!(span(None, Some(DateTime::<Utc>::MIN_UTC), now).is_err());
        assert!(span(Some(DateTime::<Utc>::MIN_UTC), Some(DateTime::<Utc>::MAX_UTC), now).is_err());
    }

    #[test]
    fn pieces_without_runs_stand_between_the_others() {
        let known = vec![RunBucket { at: at("2026-11-21T00:00:00Z"), runs: 3, failed: 1 }];
        let (from, to) = (at("2026-11-20T23:00:00Z"), at("2026-11-23T00:00:00Z"));
        let all = without_gaps(known.clone(), UsageGrouping::Day, from, to);
        let told: Vec<_> = all.iter().map(|bucket| (bucket.at, bucket.runs, bucket.failed)).collect();
        let day = |day| at(&format!("2026-11-{day}T00:00:00Z"));
        assert_eq!(told, [(day(20), 0, 0), (day(21), 3, 1), (day(22), 0, 0)]);
        let hours = without_gaps(known, UsageGrouping::Hour, from, at("2026-11-21T01:00:01Z"));
        assert_eq!(hours.iter().map(|bucket| bucket.runs).collect::<Vec<_>>(), [0, 3, 0]);
    }

    #[test]
    fn a_rate_is_of_those_that_are_over() {
        let nothing = Analytics {
            everybody: true,
            from: at("2026-11-21T00:00:00Z"),
            to: at("2026-11-22T00:00:00Z"),
            statuses: vec![StatusCount { status: RunStatus::Waiting, count: 7 }],
            durations: Durations::default(),
            worked: Durations::default(),
            waited: Durations::default(),
            spent: Vec::new(),
            grouping: UsageGrouping::Hour,
            pieces: Vec::new(),
            errors: Vec::new(),
            nodes: Vec::new(),
        };
        assert_eq!((nothing.runs(), nothing.ended(), nothing.success_rate()), (7, 0, None));
        let ends = [(RunStatus::Succeeded, 3), (RunStatus::Cancelled, 1), (RunStatus::Running, 5)];
        let statuses = ends.map(|(status, count)| StatusCount { status, count }).to_vec();
        let some = Analytics { statuses, ..nothing };
        assert_eq!((some.runs(), some.ended(), some.success_rate()), (9, 4, Some(0.75)));
    }
}
