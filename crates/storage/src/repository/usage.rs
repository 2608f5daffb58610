//! The usage ledger: one row a call that cost something or could have, and the sums that are asked of it.

use chrono::{DateTime, Utc};
use conductor_domain::{NewUsage, UsageBucket, UsageDimension, UsageFilter, UsageGrouping, UsageTotals};
use sea_orm::{ActiveValue::Set, ConnectionTrait, DbBackend, EntityTrait, QueryResult, Value, prelude::Uuid};

use crate::{Error, Result, ScopedTx, View, entity::usage_record};

/// Groups of one answer at most.
const GROUPS: usize = 1_000;

/// The sums of one group, in the order in which `totals` reads them.
pub(super) const SUMS: &str = "u.currency, COUNT(*), CAST(SUM(u.input_tokens) AS bigint), CAST(SUM(u.output_tokens) AS bigint), \
    CAST(SUM(u.cached_tokens) AS bigint), CAST(SUM(u.cost_nanos) AS bigint), \
    COUNT(*) FILTER (WHERE u.pricing_id IS NULL AND u.cost_nanos = 0)";

/// What was used in the organisation that a caller acts in.
#[derive(Debug)]
pub struct VisibleUsage<'a> {
    view: View<'a>,
}

impl<'a> VisibleUsage<'a> {
    pub(crate) fn new(view: View<'a>) -> Self {
        Self { view }
    }

    /// Sums of calls by what they have in common, the dearest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn totals(&self, by: UsageDimension, filter: &UsageFilter) -> Result<Vec<UsageTotals>> {
        let (key, name, join) = match by {
            UsageDimension::Nothing => ("''", "NULL", ""),
            UsageDimension::Model => ("u.model", "u.provider", ""),
            UsageDimension::Agent => ("u.agent_id", "x.name", "LEFT JOIN agents x ON x.id = u.agent_id"),
            UsageDimension::Environment => {
                ("u.environment_id", "x.name", "LEFT JOIN environments x ON x.id = u.environment_id")
            }
            UsageDimension::User => ("u.user_id", "x.name", "LEFT JOIN users x ON x.id = u.user_id"),
        };
        let group = match by {
            UsageDimension::Nothing => "u.currency".to_owned(),
            _ => format!("{key}, {name}, u.currency"),
        };
        let (conditions, values) = self.conditions(filter);
        let sql = format!(
            "SELECT {key}, {name}, {SUMS} FROM usage_records u {join} WHERE {conditions} GROUP BY {group} \
             ORDER BY SUM(u.cost_nanos) DESC, COUNT(*) DESC, {last} LIMIT {GROUPS}",
            last = if by == UsageDimension::Nothing { "u.currency" } else { key },
        );
        let rows = self.rows(sql, values).await?;
        rows.iter()
            .map(|row| {
                let mut totals = totals(row, 2)?;
                match by {
                    UsageDimension::Nothing => {}
                    UsageDimension::Model => {
                        totals.key = row.try_get_by_index(0)?;
                        totals.provider = row.try_get_by_index(1)?;
                    }
                    _ => {
                        let id: Option<Uuid> = row.try_get_by_index(0)?;
                        totals.key = id.map(|id| id.to_string()).unwrap_or_default();
                        totals.name = row.try_get_by_index(1)?;
                    }
                }
                Ok(totals)
            })
            .collect()
    }

    /// Sums of calls by pieces of time, the oldest first; a piece without calls is left out.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn over_time(&self, grouping: UsageGrouping, filter: &UsageFilter) -> Result<Vec<UsageBucket>> {
        let piece = piece(self.view.conn.get_database_backend(), grouping, "u.created_at");
        let (conditions, values) = self.conditions(filter);
        let sql = format!(
            "SELECT {piece}, {SUMS} FROM usage_records u WHERE {conditions} GROUP BY {piece}, u.currency ORDER BY 1, 2"
        );
        let rows = self.rows(sql, values).await?;
        rows.iter()
            .map(|row| {
                let at = begins(row, "usage_records.created_at")?;
                Ok(UsageBucket { at, totals: totals(row, 1)? })
            })
            .collect()
    }

    /// When the first call of these was made.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn first(&self, filter: &UsageFilter) -> Result<Option<DateTime<Utc>>> {
        let (conditions, values) = self.conditions(filter);
        let sql = format!(
            "SELECT u.created_at FROM usage_records u WHERE {conditions} ORDER BY u.created_at LIMIT 1"
        );
        let rows = self.rows(sql, values).await?;
        Ok(rows.first().map(|row| row.try_get_by_index(0)).transpose()?)
    }

    async fn rows(&self, sql: String, values: Vec<Value>) -> Result<Vec<QueryResult>> {
        let conn = self.view.conn;
        Ok(conn.query_all_raw(conn.statement(&sql, values)).await?)
    }

    fn conditions(&self, filter: &UsageFilter) -> (String, Vec<Value>) {
        let organization = self.view.caller.scope.organization_id.as_uuid();
        let asked = [
            ("u.organization_id =", Some(Value::from(organization))),
            ("u.created_at >=", filter.from.map(Value::from)),
            ("u.created_at <", filter.to.map(Value::from)),
            ("u.agent_id =", filter.agent_id.map(|id| Value::from(id.as_uuid()))),
            ("u.environment_id =", filter.environment_id.map(|id| Value::from(id.as_uuid()))),
            ("u.model =", filter.model.clone().map(Value::from)),
            ("u.user_id =", filter.user_id.map(|id| Value::from(id.as_uuid()))),
            ("u.conversation_id =", filter.conversation_id.map(|id| Value::from(id.as_uuid()))),
        ];
        let (mut conditions, mut values) = (Vec::new(), Vec::new());
        for (says, value) in asked {
            let Some(value) = value else { continue };
            values.push(value);
            conditions.push(format!("{says} ${}", values.len()));
        }
        if let Some(workflow) = filter.workflow_id {
            let (workflow_at, organization_at) = (values.len() + 1, 1);
            values.push(Value::from(workflow.as_uuid()));
            conditions.push(format!("u.run_id IN ({})", below(workflow_at, organization_at)));
        }
        (conditions.join(" AND "), values)
    }
}

/// When the piece of time begins that a column's moment falls into, as text that reads alike from both databases.
pub(super) fn piece(backend: DbBackend, grouping: UsageGrouping, column: &str) -> String {
    match (backend, grouping) {
        (DbBackend::Postgres, _) => format!(
            "to_char(date_trunc('{grouping}', {column} AT TIME ZONE 'UTC'), 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')"
        ),
        (_, UsageGrouping::Hour) => format!("strftime('%Y-%m-%dT%H:00:00Z', {column})"),
        (_, UsageGrouping::Day) => format!("strftime('%Y-%m-%dT00:00:00Z', {column})"),
        (_, UsageGrouping::Week) => {
            format!("strftime('%Y-%m-%dT00:00:00Z', {column}, 'weekday 0', '-6 days')")
        }
        (_, UsageGrouping::Month) => format!("strftime('%Y-%m-01T00:00:00Z', {column})"),
    }
}

/// That text of a row, which has it first.
pub(super) fn begins(row: &QueryResult, column: &'static str) -> Result<DateTime<Utc>> {
    let at: String = row.try_get_by_index(0)?;
    at.parse::<DateTime<Utc>>().map_err(|error| Error::corrupt(column)(Box::new(error)))
}

/// The runs of a workflow and everything below them, each once, however often the workflow runs itself.
fn below(workflow: usize, organization: usize) -> String {
    format!(
        "WITH RECURSIVE below (id) AS ( \
           SELECT id FROM runs WHERE workflow_id = ${workflow} AND kind = 'workflow' \
             AND organization_id = ${organization} \
           UNION \
           SELECT r.id FROM below b JOIN runs r ON r.parent_run_id = b.id \
         ) SELECT id FROM below"
    )
}

pub(super) fn totals(row: &QueryResult, from: usize) -> Result<UsageTotals> {
    Ok(UsageTotals {
        currency: row.try_get_by_index(from)?,
        calls: row.try_get_by_index(from + 1)?,
        input_tokens: row.try_get_by_index(from + 2)?,
        output_tokens: row.try_get_by_index(from + 3)?,
        cached_tokens: row.try_get_by_index(from + 4)?,
        cost_nanos: row.try_get_by_index(from + 5)?,
        unpriced_calls: row.try_get_by_index(from + 6)?,
        ..UsageTotals::default()
    })
}

/// The usage ledger of one tenant, inside a write.
#[derive(Debug)]
pub struct Usage<'t> {
    tx: ScopedTx<'t>,
}

impl<'t> Usage<'t> {
    pub(crate) fn new(tx: ScopedTx<'t>) -> Self {
        Self { tx }
    }

    /// Writes what a call took and cost.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn record(&self, usage: NewUsage) -> Result<()> {
        let clock = self.tx.clock();
        let row = usage_record::ActiveModel {
            id: Set(clock.uuid_v7()),
            organization_id: Set(self.tx.scope.organization_id.as_uuid()),
            environment_id: Set(self.tx.scope.environment_id.as_uuid()),
            user_id: Set(usage.user_id.map(Into::into)),
            conversation_id: Set(usage.conversation_id.map(Into::into)),
            message_id: Set(usage.message_id.map(Into::into)),
            agent_id: Set(usage.agent_id.map(Into::into)),
            workflow_id: Set(None),
            run_id: Set(usage.run_id.into()),
            model: Set(usage.model),
            provider: Set(usage.provider),
            input_tokens: Set(usage.input_tokens),
            output_tokens: Set(usage.output_tokens),
            cached_tokens: Set(usage.cached_tokens),
            cost_nanos: Set(usage.cost_nanos),
            currency: Set(usage.currency),
            created_at: Set(clock.now()),
            pricing_id: Set(usage.pricing_id.map(Into::into)),
        };
        usage_record::Entity::insert(row).exec_without_returning(&self.tx.tx.conn()).await?;
        Ok(())
    }
}
