//! Public links to conversations and artifacts, kept as hashes.

use chrono::{DateTime, Utc};
use conductor_domain::{
    ConversationId, NewPublicShare, Page, PageRequest, PublicShare, PublicShareId, Scope,
};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, Condition, EntityTrait, ExprTrait, QueryFilter,
    QueryOrder, QuerySelect, prelude::Expr,
};

use super::convert::after_id;
use crate::{Error, Result, ScopedTx, View, conn::Conn, entity::shared_conversation};

/// Public links of one tenant, inside a write.
#[derive(Debug)]
pub struct PublicShares<'t> {
    tx: ScopedTx<'t>,
}

impl<'t> PublicShares<'t> {
    pub(crate) fn new(tx: ScopedTx<'t>) -> Self {
        Self { tx }
    }

    /// Writes a link.
    ///
    /// # Errors
    /// `Dangling` when its conversation does not exist.
    pub async fn create(&self, new: NewPublicShare) -> Result<PublicShare> {
        let row = shared_conversation::ActiveModel {
            id: Set(PublicShareId::generate(self.tx.tx.clock()).as_uuid()),
            organization_id: Set(self.tx.scope.organization_id.as_uuid()),
            environment_id: Set(self.tx.scope.environment_id.as_uuid()),
            conversation_id: Set(new.conversation_id.as_uuid()),
            leaf_message_id: Set(new.leaf_message_id.map(Into::into)),
            artifact_id: Set(new.artifact_id.map(Into::into)),
            created_by_user_id: Set(new.created_by.as_uuid()),
            token_hash: Set(new.token_hash),
            expires_at: Set(new.expires_at),
            view_count: Set(0),
            created_at: Set(self.tx.tx.clock().now()),
        };
        Ok(row.insert(&self.tx.tx.conn()).await?.into())
    }

    /// Takes a link away for good.
    ///
    /// # Errors
    /// `NotFound` when it is not this tenant's.
    pub async fn delete(&self, id: PublicShareId) -> Result<()> {
        let done =
            shared_conversation::Entity::delete_many().filter(self.own(id)).exec(&self.tx.tx.conn()).await?;
        if done.rows_affected == 0 { Err(Error::NotFound) } else { Ok(()) }
    }

    /// Lets a link close at another moment.
    ///
    /// # Errors
    /// `NotFound` when it is not this tenant's.
    pub async fn prolong(&self, id: PublicShareId, expires_at: DateTime<Utc>) -> Result<()> {
        let done = shared_conversation::Entity::update_many()
            .col_expr(shared_conversation::Column::ExpiresAt, Expr::value(expires_at))
            .filter(self.own(id))
            .exec(&self.tx.tx.conn())
            .await?;
        if done.rows_affected == 0 { Err(Error::NotFound) } else { Ok(()) }
    }

    /// Counts a look at a link. One that was taken away meanwhile counts none.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn count_view(&self, id: PublicShareId) -> Result<()> {
        let views = Expr::col(shared_conversation::Column::ViewCount).add(1);
        shared_conversation::Entity::update_many()
            .col_expr(shared_conversation::Column::ViewCount, views)
            .filter(self.own(id))
            .exec(&self.tx.tx.conn())
            .await?;
        Ok(())
    }

    fn own(&self, id: PublicShareId) -> Condition {
        within(self.tx.scope).add(shared_conversation::Column::Id.eq(id.as_uuid()))
    }
}

/// Public links where a caller acts. The right to their conversation is asked before.
#[derive(Debug)]
pub struct VisiblePublicShares<'a> {
    view: View<'a>,
}

impl<'a> VisiblePublicShares<'a> {
    pub(crate) fn new(view: View<'a>) -> Self {
        Self { view }
    }

    /// A link.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find(&self, id: PublicShareId) -> Result<Option<PublicShare>> {
        let row = shared_conversation::Entity::find()
            .filter(within(self.view.caller.scope))
            .filter(shared_conversation::Column::Id.eq(id.as_uuid()))
            .one(&self.view.conn)
            .await?;
        Ok(row.map(Into::into))
    }

    /// A page of the links of a conversation and of its artifacts, the newest first.
    ///
    /// # Errors
    /// `BadCursor` when the cursor is not one of this list.
    pub async fn page(&self, of: ConversationId, page: PageRequest) -> Result<Page<PublicShare>> {
        let mut select = shared_conversation::Entity::find()
            .filter(within(self.view.caller.scope))
            .filter(shared_conversation::Column::ConversationId.eq(of.as_uuid()));
        if let Some(after) = after_id(&page)? {
            select = select.filter(shared_conversation::Column::Id.lt(after));
        }
        let rows = select
            .order_by_desc(shared_conversation::Column::Id)
            .limit(page.limit + 1)
            .all(&self.view.conn)
            .await?;
        let shares = rows.into_iter().map(PublicShare::from).collect();
        Ok(Page::cut(shares, page.limit, |share| share.id.to_string()))
    }
}

/// Every tenant's public links, for whoever holds a token.
#[derive(Debug)]
pub struct AllPublicShares<'a> {
    conn: Conn<'a>,
}

impl<'a> AllPublicShares<'a> {
    pub(crate) fn new(conn: Conn<'a>) -> Self {
        Self { conn }
    }

    /// The link of a token whose time is not over, whosever it is: the token says who may look.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find(&self, token_hash: &str, now: DateTime<Utc>) -> Result<Option<PublicShare>> {
        let row = shared_conversation::Entity::find()
            .filter(shared_conversation::Column::TokenHash.eq(token_hash))
            .filter(shared_conversation::Column::ExpiresAt.gt(now))
            .one(&self.conn)
            .await?;
        Ok(row.map(Into::into))
    }
}

fn within(scope: Scope) -> Condition {
    Condition::all()
        .add(shared_conversation::Column::OrganizationId.eq(scope.organization_id.as_uuid()))
        .add(shared_conversation::Column::EnvironmentId.eq(scope.environment_id.as_uuid()))
}

impl From<shared_conversation::Model> for PublicShare {
    fn from(row: shared_conversation::Model) -> Self {
        Self {
            id: row.id.into(),
            scope: Scope {
                organization_id: row.organization_id.into(),
                environment_id: row.environment_id.into(),
            },
            conversation_id: row.conversation_id.into(),
            leaf_message_id: row.leaf_message_id.map(Into::into),
            artifact_id: row.artifact_id.map(Into::into),
            created_by: row.created_by_user_id.into(),
            expires_at: row.expires_at,
            view_count: row.view_count,
            created_at: row.created_at,
        }
    }
}
