//! What runs of workflows have spent: kept on their rows and on those of their calls as it is spent, so that a list of
//! them costs nothing, and what nodes spent is the sum of their calls.

use conductor_domain::{
    BudgetId, BudgetRefusal, BudgetScope, NewUsage, NodeShare, RefusalReason, Run, RunId, RunLimits,
};
use sea_orm::{ConnectionTrait, Value};

use super::{Runs, VisibleRuns};
use crate::Result;

/// What limits on the cost of a run are meant in.
const LIMIT_CURRENCY: &str = "USD";

/// A run and those above it that add up what is spent below them, the outermost first: runs of workflows, and their calls.
const COUNTING: &str = "WITH RECURSIVE above (id, parent, kind, far) AS ( \
       SELECT id, parent_run_id, kind, 0 FROM runs WHERE id = $1 AND organization_id = $2 \
       UNION ALL \
       SELECT r.id, r.parent_run_id, r.kind, a.far + 1 FROM above a JOIN runs r ON r.id = a.parent \
     ) \
     SELECT a.id FROM above a LEFT JOIN above p ON p.id = a.parent \
     WHERE a.kind = 'workflow' OR (a.kind = 'tool' AND p.kind = 'workflow') ORDER BY a.far DESC";

/// Adds to a run. What is spent in another currency than the first is left to the usage ledger.
const ADD: &str = "UPDATE runs SET input_tokens = input_tokens + $2, output_tokens = output_tokens + $3, \
     cost_nanos = cost_nanos + CASE WHEN cost_nanos = 0 OR currency = $5 THEN CAST($4 AS bigint) ELSE 0 END, \
     currency = CASE WHEN cost_nanos = 0 AND CAST($4 AS bigint) > 0 THEN $5 ELSE currency END WHERE id = $1";

const SHARES: &str = "SELECT node_id, CAST(SUM(input_tokens) AS bigint), CAST(SUM(output_tokens) AS bigint), \
     CAST(SUM(CASE WHEN currency = $3 THEN cost_nanos ELSE 0 END) AS bigint) FROM runs \
     WHERE parent_run_id = $1 AND organization_id = $2 AND kind = 'tool' AND node_id IS NOT NULL GROUP BY node_id";

/// The limits of a run and of those above it, the outermost first, with what they have taken.
const LIMITED: &str = "WITH RECURSIVE above (id, parent, far) AS ( \
       SELECT id, parent_run_id, 0 FROM runs WHERE id = $1 AND organization_id = $2 \
       UNION ALL \
       SELECT r.id, r.parent_run_id, a.far + 1 FROM above a JOIN runs r ON r.id = a.parent \
     ) \
     SELECT r.id, w.name, r.max_tokens, r.max_cost_nanos, r.input_tokens + r.output_tokens, r.cost_nanos \
     FROM above a JOIN runs r ON r.id = a.id LEFT JOIN workflows w ON w.id = r.workflow_id \
     WHERE r.max_tokens IS NOT NULL OR r.max_cost_nanos IS NOT NULL ORDER BY a.far DESC";

impl Runs<'_> {
    /// Says what a run may take. The columns are for the two statements of this file alone, and no part of the row that
    /// everybody reads.
    pub(super) async fn limit(&self, run: RunId, limits: RunLimits) -> Result<()> {
        let conn = self.tx.conn();
        let sql = "UPDATE runs SET max_tokens = $2, max_cost_nanos = $3 WHERE id = $1";
        let values =
            [Value::from(run.as_uuid()), Value::from(limits.max_tokens), Value::from(limits.max_cost_nanos)];
        conn.execute_raw(conn.statement(sql, values)).await?;
        Ok(())
    }

    /// Why a run may not make a call that costs something, or takes tokens: it, or a run above it, has taken what it
    /// may. What calls under way will take is not counted: the most that they could would keep calls out that fit well.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn exceeded(
        &self,
        run: RunId,
        takes_tokens: bool,
        costs_in: Option<&str>,
    ) -> Result<Option<Box<BudgetRefusal>>> {
        let conn = self.tx.conn();
        let values = [Value::from(run.as_uuid()), Value::from(self.scope.organization_id.as_uuid())];
        for row in conn.query_all_raw(conn.statement(LIMITED, values)).await? {
            let id: sea_orm::prelude::Uuid = row.try_get_by_index(0)?;
            let name: Option<String> = row.try_get_by_index(1)?;
            let (most_tokens, most_nanos): (Option<i64>, Option<i64>) =
                (row.try_get_by_index(2)?, row.try_get_by_index(3)?);
            let (tokens, nanos): (i64, i64) = (row.try_get_by_index(4)?, row.try_get_by_index(5)?);
            let refusal = |reason, limit_nanos, spent_nanos| {
                Box::new(BudgetRefusal {
                    budget_id: BudgetId::from_uuid(id),
                    name: name.clone().unwrap_or_default(),
                    scope: BudgetScope::Run,
                    limit_nanos,
                    spent_nanos,
                    reserved_nanos: 0,
                    currency: LIMIT_CURRENCY.to_owned(),
                    reason,
                    resets_at: None,
                })
            };
            if let Some(most) = most_tokens.filter(|most| takes_tokens && tokens >= *most) {
                return Ok(Some(refusal(RefusalReason::RunTokens, most, tokens)));
            }
            let (Some(most), Some(currency)) = (most_nanos, costs_in) else { continue };
            if currency != LIMIT_CURRENCY {
                return Ok(Some(refusal(RefusalReason::Currency, most, nanos)));
            }
            if nanos >= most {
                return Ok(Some(refusal(RefusalReason::RunCost, most, nanos)));
            }
        }
        Ok(None)
    }

    /// Adds what a call of a run took to the runs of workflows that it is part of, and to the calls that led to it. The
    /// outermost is first, as everybody who writes several of them does it, so that two never wait for each other.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn spend(&self, run: RunId, usage: &NewUsage) -> Result<()> {
        let conn = self.tx.conn();
        let values = [Value::from(run.as_uuid()), Value::from(self.scope.organization_id.as_uuid())];
        for row in conn.query_all_raw(conn.statement(COUNTING, values)).await? {
            let id: sea_orm::prelude::Uuid = row.try_get_by_index(0)?;
            let values = [
                Value::from(id),
                Value::from(usage.input_tokens),
                Value::from(usage.output_tokens),
                Value::from(usage.cost_nanos),
                Value::from(usage.currency.clone()),
            ];
            conn.execute_raw(conn.statement(ADD, values)).await?;
        }
        Ok(())
    }
}

impl VisibleRuns<'_> {
    /// What each node of a run that the caller sees has spent with everything below it; nodes without calls have no line.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn shares(&self, run: &Run) -> Result<Vec<NodeShare>> {
        let conn = self.view.conn;
        let values = [
            Value::from(run.id.as_uuid()),
            Value::from(self.view.caller.scope.organization_id.as_uuid()),
            Value::from(run.currency.clone()),
        ];
        let rows = conn.query_all_raw(conn.statement(SHARES, values)).await?;
        let share = |row: &sea_orm::QueryResult| -> Result<NodeShare> {
            Ok(NodeShare {
                node_id: row.try_get_by_index(0)?,
                input_tokens: row.try_get_by_index(1)?,
                output_tokens: row.try_get_by_index(2)?,
                cost_nanos: row.try_get_by_index(3)?,
            })
        };
        rows.iter().map(share).collect()
    }
}
