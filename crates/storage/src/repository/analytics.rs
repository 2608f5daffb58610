//! How workflows do: figures of their runs, worked out of the runs' rows, and of their nodes, of which each run leaves a row
//! when it ends.

use std::collections::HashMap;

use conductor_domain::{
    Durations, ErrorCount, NodeFigures, NodeSummary, RunBucket, RunId, StatusCount, UsageGrouping,
    UsageTotals, WorkflowId, WorkflowSpan,
};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryResult, Value,
    prelude::{Expr, Uuid},
};

use super::{
    convert::word,
    runs::sees_all,
    usage::{SUMS, begins, piece, totals},
};
use crate::{
    Result, ScopedTx, View,
    entity::{run, workflow_node_stat},
};

/// Rows that one statement writes; databases take so many values and no more.
const WRITTEN_AT_ONCE: usize = 500;
/// Reasons of one answer at most.
const ERRORS: usize = 10;
/// Nodes of one answer at most: versions of a workflow may each have nodes of their own.
const NODES: usize = 500;

/// Runs that ended otherwise than well, and not because somebody stopped them.
const FAILED: &str = "r.status IN ('failed', 'timed_out', 'denied', 'interrupted')";

/// The duration at a percentile of a list that says of each its place and how many there are: by nearest rank, which
/// is the same on both databases, as neither of them has a word for it that the other one knows.
macro_rules! nearest_rank {
    ($percent:literal) => {
        concat!("MAX(CASE WHEN place = (n * ", $percent, " + 99) / 100 THEN duration_ms END)")
    };
}

/// What `durations` reads of such a list.
const DURATIONS: &str = concat!(
    "COUNT(*), CAST(SUM(duration_ms) AS bigint), ",
    nearest_rank!("50"),
    ", ",
    nearest_rank!("95"),
    ", MAX(duration_ms)"
);

/// What nodes did in runs of one tenant, inside a write.
#[derive(Debug)]
pub struct NodeStats<'t> {
    tx: ScopedTx<'t>,
}

impl<'t> NodeStats<'t> {
    pub(crate) fn new(tx: ScopedTx<'t>) -> Self {
        Self { tx }
    }

    /// Writes what the nodes of a run did, and for how long it waited for people, in the transaction that ends it.
    ///
    /// # Errors
    /// When the database fails, or it was written before.
    pub async fn write(
        &self,
        workflow: WorkflowId,
        run: RunId,
        nodes: Vec<NodeFigures>,
        waited_ms: i64,
    ) -> Result<()> {
        let (conn, scope) = (self.tx.tx.conn(), self.tx.scope);
        run::Entity::update_many()
            .col_expr(run::Column::WaitedMs, Expr::value(waited_ms))
            .filter(run::Column::Id.eq(run.as_uuid()))
            .filter(run::Column::OrganizationId.eq(scope.organization_id.as_uuid()))
            .exec(&conn)
            .await?;
        let mut rows: Vec<workflow_node_stat::ActiveModel> = nodes
            .into_iter()
            .map(|node| workflow_node_stat::ActiveModel {
                run_id: Set(run.as_uuid()),
                node_id: Set(node.node_id),
                organization_id: Set(scope.organization_id.as_uuid()),
                environment_id: Set(scope.environment_id.as_uuid()),
                workflow_id: Set(workflow.as_uuid()),
                began_at: Set(node.began_at),
                begun: Set(node.begun),
                failed: Set(node.failed),
                skipped: Set(node.skipped),
                repeated: Set(node.repeated),
                duration_ms: Set(node.duration_ms),
                waited_ms: Set(node.waited_ms),
                error_code: Set(node.error_code),
            })
            .collect();
        while !rows.is_empty() {
            let some: Vec<_> = rows.drain(..rows.len().min(WRITTEN_AT_ONCE)).collect();
            workflow_node_stat::Entity::insert_many(some).exec_without_returning(&conn).await?;
        }
        Ok(())
    }
}

/// How workflows did in the runs that a caller sees: its own, and everybody's for administrators of the organisation. The
/// right to the workflow is checked before.
#[derive(Debug)]
pub struct VisibleAnalytics<'a> {
    view: View<'a>,
}

impl<'a> VisibleAnalytics<'a> {
    pub(crate) fn new(view: View<'a>) -> Self {
        Self { view }
    }

    /// Whether the caller sees everybody's runs, and not its own alone.
    #[must_use]
    pub fn sees_all(&self) -> bool {
        sees_all(self.view.caller)
    }

    /// How many runs stand how.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn statuses(&self, span: WorkflowSpan) -> Result<Vec<StatusCount>> {
        let rows = self.rows(span, |mine| {
            format!("SELECT r.status, COUNT(*) FROM runs r WHERE {mine} GROUP BY r.status ORDER BY 1")
        });
        let count = |row: &QueryResult| -> Result<StatusCount> {
            let status: String = row.try_get_by_index(0)?;
            Ok(StatusCount { status: word("runs.status", &status)?, count: row.try_get_by_index(1)? })
        };
        rows.await?.iter().map(count).collect()
    }

    /// How long the runs took that ended well, from when they began to work: what they waited for in between counts.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn durations(&self, span: WorkflowSpan) -> Result<Durations> {
        let well = "r.status = 'succeeded' AND r.duration_ms IS NOT NULL";
        self.run_durations(span, "r.duration_ms", well).await
    }

    /// The same without the time that people were waited for; of runs of which that is known.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn worked(&self, span: WorkflowSpan) -> Result<Durations> {
        let worked = "CASE WHEN r.duration_ms > r.waited_ms THEN r.duration_ms - r.waited_ms ELSE 0 END";
        let well = "r.status = 'succeeded' AND r.duration_ms IS NOT NULL AND r.waited_ms IS NOT NULL";
        self.run_durations(span, worked, well).await
    }

    /// For how long people were waited for, of the runs that are over and waited for some.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn waited(&self, span: WorkflowSpan) -> Result<Durations> {
        self.run_durations(span, "r.waited_ms", "r.waited_ms > 0").await
    }

    async fn run_durations(&self, span: WorkflowSpan, time: &str, which: &str) -> Result<Durations> {
        let rows = self.rows(span, |mine| {
            format!(
                "SELECT {DURATIONS} FROM (SELECT {time} AS duration_ms, \
                   ROW_NUMBER() OVER (ORDER BY {time}) AS place, COUNT(*) OVER () AS n \
                 FROM runs r WHERE {mine} AND {which}) took"
            )
        });
        rows.await?.first().map_or(Ok(Durations::default()), |row| durations(row, 0))
    }

    /// Runs by the piece of time in which they began, the oldest first; a piece without runs is left out.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn over_time(&self, span: WorkflowSpan, grouping: UsageGrouping) -> Result<Vec<RunBucket>> {
        let piece = piece(self.view.conn.get_database_backend(), grouping, "r.created_at");
        let rows = self.rows(span, |mine| {
            format!(
                "SELECT {piece}, COUNT(*), COUNT(*) FILTER (WHERE {FAILED}) FROM runs r \
                 WHERE {mine} GROUP BY 1 ORDER BY 1"
            )
        });
        let bucket = |row: &QueryResult| -> Result<RunBucket> {
            Ok(RunBucket {
                at: begins(row, "runs.created_at")?,
                runs: row.try_get_by_index(1)?,
                failed: row.try_get_by_index(2)?,
            })
        };
        rows.await?.iter().map(bucket).collect()
    }

    /// Why runs failed, the commonest reasons first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn errors(&self, span: WorkflowSpan) -> Result<Vec<ErrorCount>> {
        let rows = self.rows(span, |mine| {
            format!(
                "SELECT code, n, id FROM (SELECT r.error_code AS code, r.id AS id, \
                   COUNT(*) OVER (PARTITION BY r.error_code) AS n, \
                   ROW_NUMBER() OVER (PARTITION BY r.error_code ORDER BY r.id DESC) AS place \
                 FROM runs r WHERE {mine} AND {FAILED} AND r.error_code IS NOT NULL) ended \
                 WHERE place = 1 ORDER BY n DESC, code LIMIT {ERRORS}"
            )
        });
        let error = |row: &QueryResult| -> Result<ErrorCount> {
            let newest: Uuid = row.try_get_by_index(2)?;
            Ok(ErrorCount {
                code: row.try_get_by_index(0)?,
                count: row.try_get_by_index(1)?,
                newest_run_id: newest.into(),
            })
        };
        rows.await?.iter().map(error).collect()
    }

    /// What the runs took with everything below them, by currency, the dearest first. A run below another one of the
    /// same workflow is in both, and counted once.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn spent(&self, span: WorkflowSpan) -> Result<Vec<UsageTotals>> {
        let rows = self.rows(span, |mine| {
            format!(
                "SELECT {SUMS} FROM usage_records u WHERE u.organization_id = $2 AND u.run_id IN ( \
                   WITH RECURSIVE below (id) AS ( \
                     SELECT r.id FROM runs r WHERE {mine} \
                     UNION \
                     SELECT c.id FROM below b JOIN runs c ON c.parent_run_id = b.id \
                   ) SELECT id FROM below \
                 ) GROUP BY u.currency ORDER BY SUM(u.cost_nanos) DESC, u.currency"
            )
        });
        rows.await?.iter().map(|row| totals(row, 0)).collect()
    }

    /// What the nodes did in runs that have ended, in the order in which runs first came to them.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn nodes(&self, span: WorkflowSpan) -> Result<Vec<NodeSummary>> {
        let rows = self.rows(span, |mine| {
            format!(
                "SELECT s.node_id, COUNT(*), CAST(SUM(s.begun) AS bigint), CAST(SUM(s.failed) AS bigint), \
                   CAST(SUM(s.skipped) AS bigint), CAST(SUM(s.repeated) AS bigint) \
                 FROM workflow_node_stats s JOIN runs r ON r.id = s.run_id WHERE {mine} \
                 GROUP BY s.node_id ORDER BY MIN(s.began_at), s.node_id LIMIT {NODES}"
            )
        });
        let rows = rows.await?;
        let mut took = self.node_durations(span, "s.duration_ms").await?;
        let mut waited = self.node_durations(span, "s.waited_ms").await?;
        let mut failed = self.node_errors(span).await?;
        let node = |row: &QueryResult| -> Result<NodeSummary> {
            let node_id: String = row.try_get_by_index(0)?;
            Ok(NodeSummary {
                runs: row.try_get_by_index(1)?,
                begun: row.try_get_by_index(2)?,
                failed: row.try_get_by_index(3)?,
                skipped: row.try_get_by_index(4)?,
                repeated: row.try_get_by_index(5)?,
                durations: took.remove(&node_id).unwrap_or_default(),
                waited: waited.remove(&node_id).unwrap_or_default(),
                error_code: failed.remove(&node_id),
                node_id,
            })
        };
        rows.iter().map(node).collect()
    }

    async fn node_durations(&self, span: WorkflowSpan, time: &str) -> Result<HashMap<String, Durations>> {
        let rows = self.rows(span, |mine| {
            format!(
                "SELECT node_id, {DURATIONS} FROM (SELECT s.node_id AS node_id, {time} AS duration_ms, \
                   ROW_NUMBER() OVER (PARTITION BY s.node_id ORDER BY {time}) AS place, \
                   COUNT(*) OVER (PARTITION BY s.node_id) AS n \
                 FROM workflow_node_stats s JOIN runs r ON r.id = s.run_id \
                 WHERE {mine} AND {time} IS NOT NULL) took GROUP BY node_id"
            )
        });
        let took = |row: &QueryResult| -> Result<(String, Durations)> {
            Ok((row.try_get_by_index(0)?, durations(row, 1)?))
        };
        rows.await?.iter().map(took).collect()
    }

    /// The reason for which each node failed in the most runs.
    async fn node_errors(&self, span: WorkflowSpan) -> Result<HashMap<String, String>> {
        let rows = self.rows(span, |mine| {
            format!(
                "SELECT node_id, code FROM (SELECT s.node_id AS node_id, s.error_code AS code, \
                   ROW_NUMBER() OVER (PARTITION BY s.node_id ORDER BY COUNT(*) DESC, s.error_code) AS place \
                 FROM workflow_node_stats s JOIN runs r ON r.id = s.run_id \
                 WHERE {mine} AND s.error_code IS NOT NULL GROUP BY s.node_id, s.error_code) failed \
                 WHERE place = 1"
            )
        });
        let code = |row: &QueryResult| -> Result<(String, String)> {
            Ok((row.try_get_by_index(0)?, row.try_get_by_index(1)?))
        };
        rows.await?.iter().map(code).collect()
    }

    /// Runs a statement over the runs `r` that are meant. `$2` is the organisation.
    async fn rows(&self, span: WorkflowSpan, sql: impl FnOnce(&str) -> String) -> Result<Vec<QueryResult>> {
        let View { conn, caller, .. } = self.view;
        let mut values = vec![
            Value::from(span.workflow_id.as_uuid()),
            Value::from(caller.scope.organization_id.as_uuid()),
            Value::from(caller.scope.environment_id.as_uuid()),
            Value::from(span.from),
            Value::from(span.to),
        ];
        let mut mine = "r.workflow_id = $1 AND r.kind = 'workflow' AND r.organization_id = $2 \
             AND r.environment_id = $3 AND r.created_at >= $4 AND r.created_at < $5"
            .to_owned();
        if !self.sees_all() {
            let mut own = Vec::new();
            if let Some(user) = caller.user_id() {
                values.push(Value::from(user.as_uuid()));
                own.push(format!("r.user_id = ${}", values.len()));
            }
            if let Some(machine) = caller.machine() {
                values.push(Value::from(machine));
                own.push(format!("r.actor = ${}", values.len()));
            }
            let own = if own.is_empty() { "1 = 0".to_owned() } else { own.join(" OR ") };
            mine = format!("{mine} AND ({own})");
        }
        Ok(conn.query_all_raw(conn.statement(&sql(&mine), values)).await?)
    }
}

fn durations(row: &QueryResult, from: usize) -> Result<Durations> {
    let count: i64 = row.try_get_by_index(from)?;
    let sum: Option<i64> = row.try_get_by_index(from + 1)?;
    Ok(Durations {
        count,
        average_ms: sum.filter(|_| count > 0).map(|sum| (sum + count / 2) / count),
        p50_ms: row.try_get_by_index(from + 2)?,
        p95_ms: row.try_get_by_index(from + 3)?,
        longest_ms: row.try_get_by_index(from + 4)?,
    })
}
