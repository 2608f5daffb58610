//! One-time links, kept as hashes.

use chrono::{DateTime, Utc};
use conductor_domain::{LinkPurpose, OneTimeLink, UserId};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, prelude::Expr};

use super::convert::word;
use crate::{Error, Result, conn::Conn, entity::one_time_link, tx::Tx};

/// One-time links, to look at before they are used.
#[derive(Debug)]
pub struct Links<'a> {
    conn: Conn<'a>,
}

impl<'a> Links<'a> {
    pub(crate) fn new(conn: Conn<'a>) -> Self {
        Self { conn }
    }

    /// A link that would still work at `now`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find(
        &self,
        token_hash: &str,
        purpose: LinkPurpose,
        now: DateTime<Utc>,
    ) -> Result<Option<OneTimeLink>> {
        one_time_link::Entity::find_by_id(token_hash)
            .filter(one_time_link::Column::Purpose.eq(purpose.as_str()))
            .filter(one_time_link::Column::UsedAt.is_null())
            .filter(one_time_link::Column::ExpiresAt.gt(now))
            .one(&self.conn)
            .await?
            .map(OneTimeLink::try_from)
            .transpose()
    }
}

/// One-time links, inside a write.
#[derive(Debug)]
pub struct LinksTx<'t> {
    tx: &'t Tx,
}

impl<'t> LinksTx<'t> {
    pub(crate) fn new(tx: &'t Tx) -> Self {
        Self { tx }
    }

    /// Writes a link and voids those that it replaces: of the same purpose, for the same account.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn replace(&self, link: OneTimeLink) -> Result<()> {
        let now = self.tx.clock().now();
        self.void(link.purpose, link.user_id).await?;
        let row = one_time_link::ActiveModel {
            token_hash: Set(link.token_hash),
            purpose: Set(link.purpose.as_str().to_owned()),
            user_id: Set(link.user_id.map(Into::into)),
            organization_id: Set(link.organization_id.map(Into::into)),
            created_at: Set(now),
            expires_at: Set(link.expires_at),
            used_at: Set(None),
        };
        one_time_link::Entity::insert(row).exec_without_returning(&self.tx.conn()).await?;
        Ok(())
    }

    /// Uses a link up; `None` when there is no such link, or it was used, or its time is over.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn consume(&self, token_hash: &str, purpose: LinkPurpose) -> Result<Option<OneTimeLink>> {
        let now = self.tx.clock().now();
        let used = one_time_link::Entity::update_many()
            .col_expr(one_time_link::Column::UsedAt, Expr::value(now))
            .filter(one_time_link::Column::TokenHash.eq(token_hash))
            .filter(one_time_link::Column::Purpose.eq(purpose.as_str()))
            .filter(one_time_link::Column::UsedAt.is_null())
            .filter(one_time_link::Column::ExpiresAt.gt(now))
            .exec(&self.tx.conn())
            .await?;
        if used.rows_affected == 0 {
            return Ok(None);
        }
        let row = one_time_link::Entity::find_by_id(token_hash).one(&self.tx.conn()).await?;
        row.map(OneTimeLink::try_from).transpose()
    }

    async fn void(&self, purpose: LinkPurpose, user: Option<UserId>) -> Result<()> {
        let of_user = match user {
            Some(user) => one_time_link::Column::UserId.eq(user.as_uuid()),
            None => one_time_link::Column::UserId.is_null(),
        };
        one_time_link::Entity::update_many()
            .col_expr(one_time_link::Column::UsedAt, Expr::value(self.tx.clock().now()))
            .filter(one_time_link::Column::Purpose.eq(purpose.as_str()))
            .filter(one_time_link::Column::UsedAt.is_null())
            .filter(of_user)
            .exec(&self.tx.conn())
            .await?;
        Ok(())
    }
}

impl TryFrom<one_time_link::Model> for OneTimeLink {
    type Error = Error;

    fn try_from(row: one_time_link::Model) -> Result<Self> {
        Ok(Self {
            token_hash: row.token_hash,
            purpose: word("one_time_links.purpose", &row.purpose)?,
            user_id: row.user_id.map(Into::into),
            organization_id: row.organization_id.map(Into::into),
            expires_at: row.expires_at,
        })
    }
}
