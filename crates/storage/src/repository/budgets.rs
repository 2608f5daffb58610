//! Budgets as administrators write them, and how their counters stand.

use chrono::{DateTime, Utc};
use conductor_domain::{
    Budget, BudgetCounter, BudgetId, BudgetStanding, NewBudget, OrganizationId, Page, PageRequest, Spender,
    UserId,
};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::Set,
    ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
    prelude::{Expr, Uuid},
};

use super::convert::{after_id, word};
use crate::{
    Error, Result, ScopedTx, View,
    conn::Conn,
    conn::Fetch,
    entity::{budget, budget_counter},
};

/// Budgets of the organisation that a caller acts in.
#[derive(Debug)]
pub struct VisibleBudgets<'a> {
    view: View<'a>,
}

impl<'a> VisibleBudgets<'a> {
    pub(crate) fn new(view: View<'a>) -> Self {
        Self { view }
    }

    /// The organisation's budgets with how they stand, the newest first.
    ///
    /// # Errors
    /// `BadCursor` when the cursor is not one of this list.
    pub async fn page(&self, page: PageRequest, now: DateTime<Utc>) -> Result<Page<BudgetStanding>> {
        let mut select = of(self.view.caller.scope.organization_id);
        if let Some(after) = after_id(&page)? {
            select = select.filter(budget::Column::Id.lt(after));
        }
        let rows =
            select.order_by_desc(budget::Column::Id).limit(page.limit + 1).rows(self.view.conn).await?;
        let rows = rows.into_iter().map(Budget::try_from).collect::<Result<Vec<_>>>()?;
        let cut = Page::cut(rows, page.limit, |budget| budget.id.to_string());
        let mut items = Vec::with_capacity(cut.items.len());
        for budget in cut.items {
            let counter = fullest(&self.view.conn, &budget, None, now).await?;
            items.push(standing(budget, counter, now));
        }
        Ok(Page { items, next: cut.next })
    }

    /// A budget with how it stands.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find(&self, id: BudgetId, now: DateTime<Utc>) -> Result<Option<BudgetStanding>> {
        let select = of(self.view.caller.scope.organization_id).filter(budget::Column::Id.eq(id.as_uuid()));
        let Some(row) = select.row(self.view.conn).await? else { return Ok(None) };
        let budget = Budget::try_from(row)?;
        let counter = fullest(&self.view.conn, &budget, None, now).await?;
        Ok(Some(standing(budget, counter, now)))
    }

    /// The fullest counters of a budget in its present period.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn counters(
        &self,
        budget: &Budget,
        now: DateTime<Utc>,
        most: u64,
    ) -> Result<Vec<BudgetCounter>> {
        let select = in_period(budget, now).order_by_desc(budget_counter::Column::SpentNanos).limit(most);
        Ok(select.rows(self.view.conn).await?.into_iter().map(Into::into).collect())
    }

    /// How many budgets the organisation has.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn count(&self) -> Result<u64> {
        Ok(of(self.view.caller.scope.organization_id).count(&self.view.conn).await?)
    }
}

/// Budgets of every organisation, for whoever is about to spend.
#[derive(Debug)]
pub struct Budgets<'a> {
    conn: Conn<'a>,
}

impl<'a> Budgets<'a> {
    pub(crate) fn new(conn: Conn<'a>) -> Self {
        Self { conn }
    }

    /// Every budget of an organisation.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn of(&self, organization: OrganizationId) -> Result<Vec<Budget>> {
        all(&self.conn, organization).await
    }

    /// How the budgets of a spender stand for this spender.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn standings(&self, spender: &Spender, now: DateTime<Utc>) -> Result<Vec<BudgetStanding>> {
        let mut standings = Vec::new();
        for budget in all(&self.conn, spender.scope.organization_id).await? {
            let Some(subject) = budget.subject(spender) else { continue };
            let counter = fullest(&self.conn, &budget, Some(subject), now).await?;
            standings.push(standing(budget, counter, now));
        }
        Ok(standings)
    }
}

/// Budgets of one tenant, inside a write.
#[derive(Debug)]
pub struct BudgetsTx<'t> {
    tx: ScopedTx<'t>,
}

impl<'t> BudgetsTx<'t> {
    pub(crate) fn new(tx: ScopedTx<'t>) -> Self {
        Self { tx }
    }

    /// Makes a budget.
    ///
    /// # Errors
    /// `NameTaken` when the organisation has one of this name.
    pub async fn create(&self, id: BudgetId, terms: NewBudget, by: Option<UserId>) -> Result<Budget> {
        let now = self.tx.clock().now();
        let row = budget::ActiveModel {
            id: Set(id.as_uuid()),
            organization_id: Set(self.tx.scope.organization_id.as_uuid()),
            name: Set(terms.name),
            scope: Set(terms.scope.as_str().to_owned()),
            target_id: Set(terms.target_id),
            period: Set(terms.period.as_str().to_owned()),
            limit_nanos: Set(terms.limit_nanos),
            currency: Set(terms.currency),
            warn_percent: Set(terms.warn_percent),
            hard_stop: Set(terms.hard_stop),
            is_active: Set(terms.is_active),
            created_by_user_id: Set(by.map(Into::into)),
            created_at: Set(now),
            updated_at: Set(now),
            deleted_at: Set(None),
        };
        row.insert(&self.tx.tx.conn()).await?.try_into()
    }

    /// A budget, as it is in this transaction.
    ///
    /// # Errors
    /// `NotFound` when the organisation has no such budget.
    pub async fn get(&self, id: BudgetId) -> Result<Budget> {
        self.row(id).await?.try_into()
    }

    /// Changes name, limit, warning, stop and whether it is held; whose spending, period and currency stay. People are
    /// warned anew.
    ///
    /// # Errors
    /// `NotFound`, or `NameTaken` when the organisation has another one of this name.
    pub async fn update(&self, id: BudgetId, terms: NewBudget) -> Result<Budget> {
        let conn = self.tx.tx.conn();
        let mut row: budget::ActiveModel = self.row(id).await?.into();
        row.name = Set(terms.name);
        row.limit_nanos = Set(terms.limit_nanos);
        row.warn_percent = Set(terms.warn_percent);
        row.hard_stop = Set(terms.hard_stop);
        row.is_active = Set(terms.is_active);
        row.updated_at = Set(self.tx.clock().now());
        let row = row.update(&conn).await?;
        budget_counter::Entity::update_many()
            .col_expr(budget_counter::Column::WarnedAt, Expr::value(None::<DateTime<Utc>>))
            .col_expr(budget_counter::Column::ExhaustedAt, Expr::value(None::<DateTime<Utc>>))
            .filter(budget_counter::Column::BudgetId.eq(id.as_uuid()))
            .filter(budget_counter::Column::WarnedAt.is_not_null())
            .exec(&conn)
            .await?;
        row.try_into()
    }

    /// Marks a budget as deleted; what it counted stays.
    ///
    /// # Errors
    /// `NotFound` when the organisation has no such budget.
    pub async fn delete(&self, id: BudgetId) -> Result<()> {
        let mut row: budget::ActiveModel = self.row(id).await?.into();
        row.deleted_at = Set(Some(self.tx.clock().now()));
        row.update(&self.tx.tx.conn()).await?;
        Ok(())
    }

    async fn row(&self, id: BudgetId) -> Result<budget::Model> {
        let select = of(self.tx.scope.organization_id).filter(budget::Column::Id.eq(id.as_uuid()));
        select.one(&self.tx.tx.conn()).await?.ok_or(Error::NotFound)
    }
}

fn of(organization: OrganizationId) -> sea_orm::Select<budget::Entity> {
    budget::Entity::find()
        .filter(budget::Column::DeletedAt.is_null())
        .filter(budget::Column::OrganizationId.eq(organization.as_uuid()))
}

/// Every budget of an organisation, in the one order in which counters are raised.
pub(crate) async fn all(conn: &Conn<'_>, organization: OrganizationId) -> Result<Vec<Budget>> {
    let rows = of(organization).order_by_asc(budget::Column::Id).all(conn).await?;
    rows.into_iter().map(Budget::try_from).collect()
}

fn in_period(budget: &Budget, now: DateTime<Utc>) -> sea_orm::Select<budget_counter::Entity> {
    budget_counter::Entity::find()
        .filter(budget_counter::Column::BudgetId.eq(budget.id.as_uuid()))
        .filter(budget_counter::Column::PeriodStart.eq(budget.terms.period.start(now)))
}

/// The counter of one subject, or the one with the most spent.
async fn fullest(
    conn: &Conn<'_>,
    budget: &Budget,
    subject: Option<Uuid>,
    now: DateTime<Utc>,
) -> Result<Option<BudgetCounter>> {
    let mut select = in_period(budget, now);
    if let Some(subject) = subject {
        select = select.filter(budget_counter::Column::SubjectId.eq(subject));
    }
    let row = select.order_by_desc(budget_counter::Column::SpentNanos).one(conn).await?;
    Ok(row.map(Into::into))
}

fn standing(budget: Budget, counter: Option<BudgetCounter>, now: DateTime<Utc>) -> BudgetStanding {
    let resets_at = budget.terms.period.end(now);
    BudgetStanding { budget, counter, resets_at }
}

impl From<budget_counter::Model> for BudgetCounter {
    fn from(row: budget_counter::Model) -> Self {
        Self {
            subject_id: row.subject_id,
            period_start: row.period_start,
            opening_nanos: row.opening_nanos,
            spent_nanos: row.spent_nanos,
            reserved_nanos: row.reserved_nanos,
        }
    }
}

impl TryFrom<budget::Model> for Budget {
    type Error = Error;

    fn try_from(row: budget::Model) -> Result<Self> {
        Ok(Self {
            id: row.id.into(),
            organization_id: row.organization_id.into(),
            terms: NewBudget {
                name: row.name,
                scope: word("budgets.scope", &row.scope)?,
                target_id: row.target_id,
                period: word("budgets.period", &row.period)?,
                limit_nanos: row.limit_nanos,
                currency: row.currency,
                warn_percent: row.warn_percent,
                hard_stop: row.hard_stop,
                is_active: row.is_active,
            },
            created_by: row.created_by_user_id.map(Into::into),
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}
