//! The ledger of budgets: a call reserves before it is made, and is settled or released after.
//!
//! A counter is raised by one conditional UPDATE, so that it holds however many ask at once. Counters are always raised
//! in the order of their budgets and before anything else of the transaction, so that two transactions never wait for
//! each other. What a counter has spent is its opening and the sum of its settled charges; what it holds is the sum of
//! its open ones.

use chrono::{DateTime, Utc};
use conductor_domain::{
    Budget, BudgetRefusal, BudgetScope, NewAuditEvent, RefusalReason, RunId, Spender, decimal_of_nanos,
};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, ConnectionTrait, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect, Value,
    prelude::{Expr, Uuid},
    sea_query::OnConflict,
};
use serde_json::json;

use super::budgets::all;
use crate::{
    FeedItem, Result, ScopedTx,
    entity::{budget_charge, budget_counter, usage_record},
};

/// No single call is charged more than a billion units: sums stay far from the end of 64 bits.
const MOST: i64 = 1_000_000_000_000_000_000;

const OPEN: &str = "open";
const SETTLED: &str = "settled";
const RELEASED: &str = "released";

/// One call, and who makes it.
#[derive(Clone, Copy, Debug)]
pub struct Spending<'a> {
    /// The call.
    pub call_id: Uuid,
    /// The run that makes it.
    pub run_id: RunId,
    /// Who spends.
    pub spender: &'a Spender,
    /// How much, in billionths of the currency's unit.
    pub nanos: i64,
    /// ISO 4217.
    pub currency: &'a str,
}

/// The ledger of one tenant's budgets, inside a write.
#[derive(Debug)]
pub struct BudgetLedger<'t> {
    tx: ScopedTx<'t>,
}

/// Where a counter is.
#[derive(Clone, Copy, Debug)]
struct Place {
    budget_id: Uuid,
    subject_id: Uuid,
    period_start: DateTime<Utc>,
}

impl Place {
    fn of(charge: &budget_charge::Model) -> Self {
        Self { budget_id: charge.budget_id, subject_id: charge.subject_id, period_start: charge.period_start }
    }

    fn update(self) -> sea_orm::UpdateMany<budget_counter::Entity> {
        budget_counter::Entity::update_many()
            .filter(budget_counter::Column::BudgetId.eq(self.budget_id))
            .filter(budget_counter::Column::SubjectId.eq(self.subject_id))
            .filter(budget_counter::Column::PeriodStart.eq(self.period_start))
    }
}

impl<'t> BudgetLedger<'t> {
    pub(crate) fn new(tx: ScopedTx<'t>) -> Self {
        Self { tx }
    }

    /// Opens the counters of a budget, so that it shows and counts at once what was spent in its period before.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn open(&self, budget: &Budget) -> Result<()> {
        let now = self.tx.clock().now();
        let subjects = match budget.only_subject() {
            Some(subject) => vec![subject],
            None => self.spenders_before(budget, budget.terms.period.start(now)).await?,
        };
        for subject in subjects {
            self.counter(budget, subject, now).await?;
        }
        Ok(())
    }

    /// Reserves what a call may cost at every budget of the spender, or at none.
    ///
    /// # Errors
    /// When the database fails; that a budget refuses is an answer.
    pub async fn reserve(&self, spending: Spending<'_>) -> Result<Result<(), Box<BudgetRefusal>>> {
        let nanos = Ord::min(spending.nanos, MOST);
        if nanos <= 0 {
            return Ok(Ok(()));
        }
        let now = self.tx.clock().now();
        let mut taken = Vec::new();
        for (budget, subject) in self.budgets(spending.spender).await? {
            if budget.terms.currency != spending.currency {
                if budget.stops() {
                    self.undo(spending.call_id, &taken, nanos).await?;
                    return Ok(Err(self.refusal(&budget, None, RefusalReason::Currency).await?));
                }
                continue;
            }
            let place = self.counter(&budget, subject, now).await?;
            let mut update = place
                .update()
                .col_expr(
                    budget_counter::Column::ReservedNanos,
                    Expr::col(budget_counter::Column::ReservedNanos).add(nanos),
                )
                .col_expr(budget_counter::Column::UpdatedAt, Expr::value(now));
            if budget.stops() {
                let gone = Expr::col(budget_counter::Column::SpentNanos)
                    .add(Expr::col(budget_counter::Column::ReservedNanos));
                update = update.filter(gone.lt(budget.terms.limit_nanos));
            }
            if update.exec(&self.tx.tx.conn()).await?.rows_affected == 0 {
                self.undo(spending.call_id, &taken, nanos).await?;
                return Ok(Err(self.refusal(&budget, Some(place), RefusalReason::Reserved).await?));
            }
            self.charge(place, spending, nanos, 0, OPEN).await?;
            taken.push(place);
        }
        Ok(Ok(()))
    }

    /// Charges what a call has cost: in place of what was reserved for it, and at budgets that were made meanwhile. A
    /// call is charged once, however often this is said.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn settle(&self, spending: Spending<'_>) -> Result<()> {
        let (now, nanos) = (self.tx.clock().now(), spending.nanos.clamp(0, MOST));
        let charges = budget_charge::Entity::find()
            .filter(budget_charge::Column::CallId.eq(spending.call_id))
            .order_by_asc(budget_charge::Column::BudgetId);
        let charges = charges.all(&self.tx.tx.conn()).await?;
        let budgets = self.budgets(spending.spender).await?;
        let mut ids: Vec<Uuid> = charges.iter().map(|charge| charge.budget_id).collect();
        ids.extend(budgets.iter().map(|(budget, _)| budget.id.as_uuid()));
        ids.sort_unstable();
        ids.dedup();
        for id in ids {
            let charge = charges.iter().find(|charge| charge.budget_id == id);
            let budget = budgets.iter().find(|(budget, _)| budget.id.as_uuid() == id);
            let place = match (charge, budget) {
                (Some(charge), _) if charge.state == SETTLED => continue,
                (Some(charge), _) => {
                    if !self.close(charge, nanos, SETTLED).await? {
                        continue;
                    }
                    let held = if charge.state == OPEN { charge.reserved_nanos } else { 0 };
                    self.spend(Place::of(charge), nanos, held).await?;
                    Place::of(charge)
                }
                (None, Some((budget, subject)))
                    if nanos > 0 && budget.terms.currency == spending.currency =>
                {
                    let place = self.counter(budget, *subject, now).await?;
                    self.spend(place, nanos, 0).await?;
                    self.charge(place, spending, 0, nanos, SETTLED).await?;
                    place
                }
                _ => continue,
            };
            if let Some((budget, _)) = budget {
                self.tell(budget, place, spending).await?;
            }
        }
        Ok(())
    }

    /// Gives back what is still held for calls of a run: they failed, or died with their server.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn release_run(&self, run: RunId) -> Result<u64> {
        let open = budget_charge::Entity::find()
            .filter(budget_charge::Column::RunId.eq(run.as_uuid()))
            .filter(budget_charge::Column::State.eq(OPEN))
            .order_by_asc(budget_charge::Column::BudgetId);
        let open = open.all(&self.tx.tx.conn()).await?;
        for charge in &open {
            if self.close(charge, 0, RELEASED).await? {
                self.spend(Place::of(charge), 0, charge.reserved_nanos).await?;
            }
        }
        Ok(u64::try_from(open.len()).unwrap_or(u64::MAX))
    }

    async fn budgets(&self, spender: &Spender) -> Result<Vec<(Budget, Uuid)>> {
        let budgets = all(&self.tx.tx.conn(), self.tx.scope.organization_id).await?;
        Ok(budgets
            .into_iter()
            .filter_map(|budget| budget.subject(spender).map(|subject| (budget, subject)))
            .collect())
    }

    /// The counter of a subject in this period. One of a budget that was made in the middle of it opens with what had
    /// been spent before; what was spent since is charged call by call.
    async fn counter(&self, budget: &Budget, subject: Uuid, now: DateTime<Utc>) -> Result<Place> {
        let conn = self.tx.tx.conn();
        let period_start = budget.terms.period.start(now);
        let place = Place { budget_id: budget.id.as_uuid(), subject_id: subject, period_start };
        let row = budget_counter::ActiveModel {
            budget_id: Set(place.budget_id),
            subject_id: Set(place.subject_id),
            period_start: Set(place.period_start),
            opening_nanos: Set(0),
            spent_nanos: Set(0),
            reserved_nanos: Set(0),
            warned_at: Set(None),
            exhausted_at: Set(None),
            updated_at: Set(now),
        };
        let columns = [
            budget_counter::Column::BudgetId,
            budget_counter::Column::SubjectId,
            budget_counter::Column::PeriodStart,
        ];
        let made = budget_counter::Entity::insert(row)
            .on_conflict(OnConflict::columns(columns).do_nothing().to_owned())
            .exec_without_returning(&conn)
            .await;
        let made = match made {
            Ok(rows) => rows,
            Err(sea_orm::DbErr::RecordNotInserted) => 0,
            Err(error) => return Err(error.into()),
        };
        if made == 0 || budget.created_at <= period_start {
            return Ok(place);
        }
        let opening = self.spent_before(budget, subject, period_start).await?;
        if opening > 0 {
            place
                .update()
                .col_expr(budget_counter::Column::OpeningNanos, Expr::value(opening))
                .col_expr(budget_counter::Column::SpentNanos, Expr::value(opening))
                .exec(&conn)
                .await?;
        }
        Ok(place)
    }

    /// Who has spent anything before there was a budget for each of them. Runs are new ones: those of before have none.
    async fn spenders_before(&self, budget: &Budget, from: DateTime<Utc>) -> Result<Vec<Uuid>> {
        if budget.terms.scope == BudgetScope::Run {
            return Ok(Vec::new());
        }
        let column = column(budget.terms.scope);
        let mut rows = usage_record::Entity::find()
            .select_only()
            .column(column)
            .distinct()
            .filter(usage_record::Column::OrganizationId.eq(budget.organization_id.as_uuid()))
            .filter(usage_record::Column::Currency.eq(&budget.terms.currency))
            .filter(usage_record::Column::CreatedAt.gte(from))
            .filter(usage_record::Column::CostNanos.gt(0))
            .filter(column.is_not_null())
            .into_tuple::<Uuid>()
            .all(&self.tx.tx.conn())
            .await?;
        rows.sort_unstable();
        Ok(rows)
    }

    async fn spent_before(&self, budget: &Budget, subject: Uuid, from: DateTime<Utc>) -> Result<i64> {
        let conn = self.tx.tx.conn();
        let backend = conn.get_database_backend();
        let column = sea_orm::IdenStatic::as_str(&column(budget.terms.scope));
        let place = |number: usize| match backend {
            sea_orm::DbBackend::Postgres => format!("${number}"),
            _ => "?".to_owned(),
        };
        let sql = format!(
            "SELECT CAST(COALESCE(SUM(cost_nanos), 0) AS bigint) FROM usage_records \
             WHERE organization_id = {} AND {column} = {} AND currency = {} AND created_at >= {} AND created_at < {}",
            place(1),
            place(2),
            place(3),
            place(4),
            place(5),
        );
        let values = [
            Value::from(budget.organization_id.as_uuid()),
            Value::from(subject),
            Value::from(budget.terms.currency.clone()),
            Value::from(from),
            Value::from(budget.created_at),
        ];
        let row = conn.query_one_raw(conn.statement(&sql, values)).await?;
        Ok(row.map(|row| row.try_get_by_index(0)).transpose()?.unwrap_or(0))
    }

    async fn spend(&self, place: Place, nanos: i64, held: i64) -> Result<()> {
        let add = |column: budget_counter::Column, by: i64| Expr::col(column).add(by);
        place
            .update()
            .col_expr(budget_counter::Column::SpentNanos, add(budget_counter::Column::SpentNanos, nanos))
            .col_expr(
                budget_counter::Column::ReservedNanos,
                add(budget_counter::Column::ReservedNanos, -held),
            )
            .col_expr(budget_counter::Column::UpdatedAt, Expr::value(self.tx.clock().now()))
            .exec(&self.tx.tx.conn())
            .await?;
        Ok(())
    }

    async fn charge(
        &self,
        place: Place,
        spending: Spending<'_>,
        reserved: i64,
        charged: i64,
        state: &str,
    ) -> Result<()> {
        let now = self.tx.clock().now();
        let row = budget_charge::ActiveModel {
            call_id: Set(spending.call_id),
            budget_id: Set(place.budget_id),
            subject_id: Set(place.subject_id),
            period_start: Set(place.period_start),
            run_id: Set(spending.run_id.as_uuid()),
            reserved_nanos: Set(reserved),
            charged_nanos: Set(charged),
            state: Set(state.to_owned()),
            created_at: Set(now),
            closed_at: Set((state != OPEN).then_some(now)),
        };
        budget_charge::Entity::insert(row).exec_without_returning(&self.tx.tx.conn()).await?;
        Ok(())
    }

    /// Closes a charge, unless another transaction has done so since it was read.
    async fn close(&self, charge: &budget_charge::Model, charged: i64, state: &str) -> Result<bool> {
        let update = budget_charge::Entity::update_many()
            .col_expr(budget_charge::Column::ChargedNanos, Expr::value(charged))
            .col_expr(budget_charge::Column::State, Expr::value(state))
            .col_expr(budget_charge::Column::ClosedAt, Expr::value(self.tx.clock().now()))
            .filter(budget_charge::Column::CallId.eq(charge.call_id))
            .filter(budget_charge::Column::BudgetId.eq(charge.budget_id))
            .filter(budget_charge::Column::State.eq(&charge.state));
        Ok(update.exec(&self.tx.tx.conn()).await?.rows_affected == 1)
    }

    /// Takes back what this transaction has reserved already.
    async fn undo(&self, call: Uuid, taken: &[Place], nanos: i64) -> Result<()> {
        for place in taken {
            self.spend(*place, 0, nanos).await?;
        }
        if !taken.is_empty() {
            budget_charge::Entity::delete_many()
                .filter(budget_charge::Column::CallId.eq(call))
                .exec(&self.tx.tx.conn())
                .await?;
        }
        Ok(())
    }

    async fn row(&self, place: Place) -> Result<Option<budget_counter::Model>> {
        let key = (place.budget_id, place.subject_id, place.period_start);
        Ok(budget_counter::Entity::find_by_id(key).one(&self.tx.tx.conn()).await?)
    }

    async fn refusal(
        &self,
        budget: &Budget,
        place: Option<Place>,
        reason: RefusalReason,
    ) -> Result<Box<BudgetRefusal>> {
        let row = match place {
            Some(place) => self.row(place).await?,
            None => None,
        };
        let (spent, reserved) = row.map_or((0, 0), |row| (row.spent_nanos, row.reserved_nanos));
        let is_spent = reason == RefusalReason::Reserved && spent >= budget.terms.limit_nanos;
        Ok(Box::new(BudgetRefusal {
            budget_id: budget.id,
            name: budget.terms.name.clone(),
            scope: budget.terms.scope,
            limit_nanos: budget.terms.limit_nanos,
            spent_nanos: spent,
            reserved_nanos: reserved,
            currency: budget.terms.currency.clone(),
            reason: if is_spent { RefusalReason::Spent } else { reason },
            resets_at: budget.terms.period.end(self.tx.clock().now()),
        }))
    }

    /// Tells once a period that a budget nears its end, and once that it is spent.
    async fn tell(&self, budget: &Budget, place: Place, spending: Spending<'_>) -> Result<()> {
        let Some(row) = self.row(place).await?.filter(|_| budget.terms.is_active) else { return Ok(()) };
        let is_spent = row.spent_nanos >= budget.terms.limit_nanos;
        let (column, event) = if is_spent && row.exhausted_at.is_none() {
            (budget_counter::Column::ExhaustedAt, "budget.exhausted")
        } else if !is_spent && row.spent_nanos >= budget.warn_nanos() && row.warned_at.is_none() {
            (budget_counter::Column::WarnedAt, "budget.warned")
        } else {
            return Ok(());
        };
        let now = self.tx.clock().now();
        place.update().col_expr(column, Expr::value(now)).exec(&self.tx.tx.conn()).await?;
        let spent = decimal_of_nanos(row.spent_nanos);
        let limit = decimal_of_nanos(budget.terms.limit_nanos);
        let entry = NewAuditEvent {
            event_type: event.to_owned(),
            subject: "system".to_owned(),
            user_id: None,
            action: "budget.spend".to_owned(),
            target: format!("budget:{}", budget.id),
            allowed: true,
            rule_id: None,
            resource_type: Some("budget".to_owned()),
            resource_id: Some(budget.id.as_uuid()),
            data_classification: None,
            address: None,
            denial_reason: None,
            run_id: Some(spending.run_id),
            data: json!({
                "name": budget.terms.name, "subject_id": place.subject_id, "spent": spent, "limit": limit,
                "currency": budget.terms.currency,
            }),
            context: json!({}),
            personal: conductor_domain::Personal::new(),
        };
        self.tx.audit().record(entry).await?;
        // What a person or a run has spent is that person's own; the others are everybody's who spends from them.
        let personal = matches!(budget.terms.scope, BudgetScope::User | BudgetScope::Run);
        self.tx.notify(FeedItem {
            organization_id: budget.organization_id,
            user_id: spending.spender.user_id.filter(|_| personal),
            data: json!({
                "type": event, "budget_id": budget.id, "name": budget.terms.name,
                "hard_stop": budget.terms.hard_stop, "resets_at": budget.terms.period.end(now),
            }),
        });
        Ok(())
    }
}

/// The column of the usage ledger that names whom a budget of this scope is for.
fn column(scope: BudgetScope) -> usage_record::Column {
    match scope {
        BudgetScope::Organization => usage_record::Column::OrganizationId,
        BudgetScope::Environment => usage_record::Column::EnvironmentId,
        BudgetScope::Agent => usage_record::Column::AgentId,
        BudgetScope::User => usage_record::Column::UserId,
        BudgetScope::Run => usage_record::Column::RunId,
    }
}
