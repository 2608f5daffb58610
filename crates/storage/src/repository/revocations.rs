//! What processes on one database tell each other about credentials that ended or lost rights.
//!
//! Whoever changes where someone stands writes a row in the same transaction; every process reads the last ones a few
//! times a second and drops what it remembers. Rows are kept for an hour, which no process sleeps through.

use chrono::{DateTime, TimeDelta, Utc};
use conductor_domain::Revoked;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, prelude::Uuid};

use crate::{Result, conn::Conn, entity::revocation, tx::Tx};

const KEPT: TimeDelta = TimeDelta::hours(1);

/// What was told lately.
#[derive(Debug)]
pub struct Revocations<'a> {
    conn: Conn<'a>,
}

impl<'a> Revocations<'a> {
    pub(crate) fn new(conn: Conn<'a>) -> Self {
        Self { conn }
    }

    /// What was told since a moment, with a number of each that never repeats.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn since(&self, since: DateTime<Utc>) -> Result<Vec<(Uuid, Option<Revoked>)>> {
        let rows = revocation::Entity::find()
            .filter(revocation::Column::At.gte(since))
            .order_by_asc(revocation::Column::At)
            .all(&self.conn)
            .await?;
        Ok(rows.into_iter().map(|row| (row.id, Revoked::from_text(&row.subject))).collect())
    }
}

impl Tx {
    /// Tells every process once this is committed.
    pub(crate) async fn tell(&self, revoked: Revoked) -> Result<()> {
        let now = self.clock().now();
        revocation::Entity::delete_many()
            .filter(revocation::Column::At.lt(now - KEPT))
            .exec(&self.conn())
            .await?;
        let row = revocation::ActiveModel {
            id: Set(self.clock().uuid_v7()),
            subject: Set(revoked.to_string()),
            at: Set(now),
        };
        revocation::Entity::insert(row).exec_without_returning(&self.conn()).await?;
        Ok(())
    }
}
