//! Calls of a day, added up over processes. Written in batches, never on the way of a request.

use chrono::NaiveDate;
use conductor_domain::OrganizationId;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, EntityTrait, ExprTrait, QueryFilter, prelude::Expr, sea_query::OnConflict,
};

use crate::{Result, conn::Conn, entity::call_count, tx::Tx};

/// Days after which a count is forgotten.
const KEPT: u64 = 40;

/// Counts of every organisation.
#[derive(Debug)]
pub struct CallCounts<'a> {
    conn: Conn<'a>,
}

impl<'a> CallCounts<'a> {
    pub(crate) fn new(conn: Conn<'a>) -> Self {
        Self { conn }
    }

    /// How many calls somebody made on a day.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn of(&self, organization: OrganizationId, subject: &str, day: NaiveDate) -> Result<i64> {
        find(&self.conn, organization, subject, day).await
    }
}

/// Counts of every organisation, inside a write.
#[derive(Debug)]
pub struct CallCountsTx<'t> {
    tx: &'t Tx,
}

impl<'t> CallCountsTx<'t> {
    pub(crate) fn new(tx: &'t Tx) -> Self {
        Self { tx }
    }

    /// Adds calls and gives the sum over all processes.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn add(
        &self,
        organization: OrganizationId,
        subject: &str,
        day: NaiveDate,
        calls: i64,
    ) -> Result<i64> {
        let conn = self.tx.conn();
        let row = call_count::ActiveModel {
            organization_id: Set(organization.as_uuid()),
            subject: Set(subject.to_owned()),
            day: Set(day),
            calls: Set(calls),
        };
        let key = [call_count::Column::OrganizationId, call_count::Column::Subject, call_count::Column::Day];
        let sum = Expr::col((call_count::Entity, call_count::Column::Calls)).add(calls);
        call_count::Entity::insert(row)
            .on_conflict(OnConflict::columns(key).value(call_count::Column::Calls, sum).to_owned())
            .exec_without_returning(&conn)
            .await?;
        find(&conn, organization, subject, day).await
    }

    /// Forgets days that nobody asks about any more.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn forget(&self, today: NaiveDate) -> Result<()> {
        let Some(before) = today.checked_sub_days(chrono::Days::new(KEPT)) else { return Ok(()) };
        call_count::Entity::delete_many()
            .filter(call_count::Column::Day.lt(before))
            .exec(&self.tx.conn())
            .await?;
        Ok(())
    }
}

async fn find(conn: &Conn<'_>, organization: OrganizationId, subject: &str, day: NaiveDate) -> Result<i64> {
    let key = (organization.as_uuid(), subject.to_owned(), day);
    let row = call_count::Entity::find_by_id(key).one(conn).await?;
    Ok(row.map_or(0, |row| row.calls))
}
