//! First answers of requests that may come again.

use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, EntityTrait, QueryFilter, prelude::Expr, sea_query::OnConflict,
};

use crate::{Result, entity::idempotency_key, tx::Tx};

/// What is known of a key that a request carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// Nobody used it: this request is the first and must finish or abandon it.
    First,
    /// The first request still runs.
    InFlight,
    /// It came with another request.
    Mismatch,
    /// The first answer.
    Answered {
        /// The HTTP status.
        status: i32,
        /// The body.
        body: String,
        /// `Location`, where there was one.
        location: Option<String>,
    },
}

/// Idempotency keys, inside a write.
#[derive(Debug)]
pub struct IdempotencyKeys<'t> {
    tx: &'t Tx,
}

impl<'t> IdempotencyKeys<'t> {
    pub(crate) fn new(tx: &'t Tx) -> Self {
        Self { tx }
    }

    /// Claims a key. Answers older than `forget_before` do not count, nor do unfinished requests that began before
    /// `given_up_before`: their process died.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn claim(
        &self,
        subject: &str,
        key: &str,
        request_hash: &str,
        forget_before: DateTime<Utc>,
        given_up_before: DateTime<Utc>,
    ) -> Result<Claim> {
        let conn = self.tx.conn();
        let abandoned = Condition::all()
            .add(idempotency_key::Column::Status.is_null())
            .add(idempotency_key::Column::CreatedAt.lt(given_up_before));
        self.at(subject, key)
            .filter(Condition::any().add(idempotency_key::Column::CreatedAt.lt(forget_before)).add(abandoned))
            .exec(&conn)
            .await?;
        let row = idempotency_key::ActiveModel {
            subject: Set(subject.to_owned()),
            key: Set(key.to_owned()),
            request_hash: Set(request_hash.to_owned()),
            status: Set(None),
            body: Set(None),
            location: Set(None),
            created_at: Set(self.tx.clock().now()),
        };
        let taken = OnConflict::columns([idempotency_key::Column::Subject, idempotency_key::Column::Key])
            .do_nothing()
            .to_owned();
        let inserted =
            idempotency_key::Entity::insert(row).on_conflict(taken).exec_without_returning(&conn).await?;
        if inserted > 0 {
            return Ok(Claim::First);
        }
        let found =
            idempotency_key::Entity::find_by_id((subject.to_owned(), key.to_owned())).one(&conn).await?;
        Ok(match found {
            Some(row) if row.request_hash != request_hash => Claim::Mismatch,
            Some(idempotency_key::Model { status: Some(status), body, location, .. }) => {
                Claim::Answered { status, body: body.unwrap_or_default(), location }
            }
            _ => Claim::InFlight,
        })
    }

    /// Keeps the first answer.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn finish(
        &self,
        subject: &str,
        key: &str,
        status: i32,
        body: String,
        location: Option<String>,
    ) -> Result<()> {
        idempotency_key::Entity::update_many()
            .col_expr(idempotency_key::Column::Status, Expr::value(status))
            .col_expr(idempotency_key::Column::Body, Expr::value(body))
            .col_expr(idempotency_key::Column::Location, Expr::value(location))
            .filter(idempotency_key::Column::Subject.eq(subject))
            .filter(idempotency_key::Column::Key.eq(key))
            .exec(&self.tx.conn())
            .await?;
        Ok(())
    }

    /// Gives a key back whose request changed nothing.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn abandon(&self, subject: &str, key: &str) -> Result<()> {
        let unfinished = idempotency_key::Column::Status.is_null();
        self.at(subject, key).filter(unfinished).exec(&self.tx.conn()).await?;
        Ok(())
    }

    /// Forgets answers older than `before`; how many.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn forget(&self, before: DateTime<Utc>) -> Result<u64> {
        let old =
            idempotency_key::Entity::delete_many().filter(idempotency_key::Column::CreatedAt.lt(before));
        Ok(old.exec(&self.tx.conn()).await?.rows_affected)
    }

    fn at(&self, subject: &str, key: &str) -> sea_orm::DeleteMany<idempotency_key::Entity> {
        idempotency_key::Entity::delete_many()
            .filter(idempotency_key::Column::Subject.eq(subject))
            .filter(idempotency_key::Column::Key.eq(key))
    }
}
