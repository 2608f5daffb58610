//! Sessions and the refresh tokens that keep them alive, each of which works once.

use chrono::{DateTime, Utc};
use conductor_domain::{NewSession, Page, PageRequest, Revoked, Session, SessionId, UserId};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait, prelude::Expr,
};

use super::convert::after_id;
use crate::{
    Error, Result,
    conn::Conn,
    entity::{refresh_token, secret, session},
    tx::Tx,
};

/// Sessions, as sign-in reads them.
#[derive(Debug)]
pub struct Sessions<'a> {
    conn: Conn<'a>,
}

impl<'a> Sessions<'a> {
    pub(crate) fn new(conn: Conn<'a>) -> Self {
        Self { conn }
    }

    /// A session, ended or not.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find(&self, id: SessionId) -> Result<Option<Session>> {
        let row = session::Entity::find_by_id(id.as_uuid()).one(&self.conn).await?;
        Ok(row.map(Into::into))
    }

    /// A person's sessions that still live at `now`, the newest first.
    ///
    /// # Errors
    /// `BadCursor` when the cursor is not one of this list.
    pub async fn page_of(
        &self,
        user: UserId,
        now: DateTime<Utc>,
        page: PageRequest,
    ) -> Result<Page<Session>> {
        let mut select = live_of(user).filter(session::Column::ExpiresAt.gt(now));
        if let Some(after) = after_id(&page)? {
            select = select.filter(session::Column::Id.lt(after));
        }
        let rows = select.order_by_desc(session::Column::Id).limit(page.limit + 1).all(&self.conn).await?;
        let rows: Vec<Session> = rows.into_iter().map(Into::into).collect();
        Ok(Page::cut(rows, page.limit, |session| session.id.to_string()))
    }
}

/// What became of a refresh token that someone showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rotation {
    /// It was never issued.
    Unknown,
    /// Its time, or its session's, is over.
    Expired,
    /// Its session was ended.
    Revoked,
    /// It had been used before, at this moment.
    Used {
        /// The family it belongs to.
        session_id: SessionId,
        /// When it was used.
        at: DateTime<Utc>,
    },
    /// It was valid and is now used; the new one took its place.
    Rotated(Session),
}

/// Sessions, inside a write.
#[derive(Debug)]
pub struct SessionsTx<'t> {
    tx: &'t Tx,
}

impl<'t> SessionsTx<'t> {
    pub(crate) fn new(tx: &'t Tx) -> Self {
        Self { tx }
    }

    /// Opens a session with its first refresh token.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn open(&self, new: NewSession) -> Result<Session> {
        let now = self.tx.clock().now();
        let row = session::ActiveModel {
            id: Set(new.id.as_uuid()),
            user_id: Set(new.user_id.as_uuid()),
            user_agent: Set(new.user_agent),
            address: Set(new.address),
            created_at: Set(now),
            last_used_at: Set(now),
            expires_at: Set(new.expires_at),
            revoked_at: Set(None),
            revoked_reason: Set(None),
            provider_id: Set(new.provider_id.map(Into::into)),
            id_token_ref: Set(new.id_token_ref),
        };
        let row = row.insert(&self.tx.conn()).await?;
        self.issue(row.id, new.refresh_hash, new.refresh_expires_at).await?;
        Ok(row.into())
    }

    /// Exchanges a refresh token. Of two that arrive at once, one rotates and the other finds it used.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn rotate(
        &self,
        old_hash: &str,
        new_hash: String,
        expires_at: DateTime<Utc>,
    ) -> Result<Rotation> {
        let now = self.tx.clock().now();
        let Some(token) = refresh_token::Entity::find_by_id(old_hash).one(&self.tx.conn()).await? else {
            return Ok(Rotation::Unknown);
        };
        let family = session::Entity::find_by_id(token.session_id).one(&self.tx.conn()).await?;
        let family = family.ok_or(Error::Dangling)?;
        if family.revoked_at.is_some() {
            return Ok(Rotation::Revoked);
        }
        if let Some(at) = token.used_at {
            return Ok(Rotation::Used { session_id: family.id.into(), at });
        }
        if token.expires_at <= now || family.expires_at <= now {
            return Ok(Rotation::Expired);
        }
        let taken = refresh_token::Entity::update_many()
            .col_expr(refresh_token::Column::UsedAt, Expr::value(now))
            .filter(refresh_token::Column::TokenHash.eq(old_hash))
            .filter(refresh_token::Column::UsedAt.is_null())
            .exec(&self.tx.conn())
            .await?;
        if taken.rows_affected == 0 {
            // Another transaction took it between our read and our update.
            return Ok(Rotation::Used { session_id: family.id.into(), at: self.tx.clock().now() });
        }
        self.issue(family.id, new_hash, expires_at.min(family.expires_at)).await?;
        let mut family: session::ActiveModel = family.into();
        family.last_used_at = Set(now);
        Ok(Rotation::Rotated(family.update(&self.tx.conn()).await?.into()))
    }

    /// Whose session it is.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn owner(&self, id: SessionId) -> Result<Option<UserId>> {
        let row = session::Entity::find_by_id(id.as_uuid()).one(&self.tx.conn()).await?;
        Ok(row.map(|row| row.user_id.into()))
    }

    /// Ends a session; whether it was still open.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn revoke(&self, id: SessionId, reason: &str) -> Result<bool> {
        let ended =
            self.end(reason).filter(session::Column::Id.eq(id.as_uuid())).exec(&self.tx.conn()).await?;
        self.ended(ended.rows_affected, Revoked::Session(id)).await
    }

    /// Ends a session of this person; whether there was one to end.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn revoke_own(&self, user: UserId, id: SessionId, reason: &str) -> Result<bool> {
        let ended = self
            .end(reason)
            .filter(session::Column::Id.eq(id.as_uuid()))
            .filter(session::Column::UserId.eq(user.as_uuid()))
            .exec(&self.tx.conn())
            .await?;
        self.ended(ended.rows_affected, Revoked::Session(id)).await
    }

    /// Ends every session of a person but, perhaps, one; how many.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn revoke_all(&self, user: UserId, except: Option<SessionId>, reason: &str) -> Result<u64> {
        let mut change = self.end(reason).filter(session::Column::UserId.eq(user.as_uuid()));
        if let Some(kept) = except {
            change = change.filter(session::Column::Id.ne(kept.as_uuid()));
        }
        let ended = change.exec(&self.tx.conn()).await?.rows_affected;
        self.ended(ended, Revoked::User(user)).await?;
        Ok(ended)
    }

    /// Forgets the providers' tokens of sessions that have ended, however they did.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn forget_id_tokens(&self) -> Result<()> {
        let (conn, now) = (self.tx.conn(), self.tx.clock().now());
        let ended = || {
            Condition::all().add(session::Column::IdTokenRef.is_not_null()).add(
                Condition::any()
                    .add(session::Column::RevokedAt.is_not_null())
                    .add(session::Column::ExpiresAt.lte(now)),
            )
        };
        let names = session::Entity::find().select_only().column(session::Column::IdTokenRef).filter(ended());
        secret::Entity::delete_many()
            .filter(secret::Column::Reference.in_subquery(names.into_query()))
            .exec(&conn)
            .await?;
        session::Entity::update_many()
            .col_expr(session::Column::IdTokenRef, Expr::value(Option::<String>::None))
            .filter(ended())
            .exec(&conn)
            .await?;
        Ok(())
    }

    async fn ended(&self, rows: u64, revoked: Revoked) -> Result<bool> {
        if rows > 0 {
            self.tx.tell(revoked).await?;
        }
        Ok(rows > 0)
    }

    fn end(&self, reason: &str) -> sea_orm::UpdateMany<session::Entity> {
        session::Entity::update_many()
            .col_expr(session::Column::RevokedAt, Expr::value(self.tx.clock().now()))
            .col_expr(session::Column::RevokedReason, Expr::value(reason))
            .filter(session::Column::RevokedAt.is_null())
    }

    async fn issue(
        &self,
        session_id: sea_orm::prelude::Uuid,
        token_hash: String,
        expires_at: DateTime<Utc>,
    ) -> Result<()> {
        let token = refresh_token::ActiveModel {
            token_hash: Set(token_hash),
            session_id: Set(session_id),
            created_at: Set(self.tx.clock().now()),
            expires_at: Set(expires_at),
            used_at: Set(None),
        };
        refresh_token::Entity::insert(token).exec_without_returning(&self.tx.conn()).await?;
        Ok(())
    }
}

fn live_of(user: UserId) -> sea_orm::Select<session::Entity> {
    session::Entity::find()
        .filter(session::Column::UserId.eq(user.as_uuid()))
        .filter(session::Column::RevokedAt.is_null())
}

impl From<session::Model> for Session {
    fn from(row: session::Model) -> Self {
        Self {
            id: row.id.into(),
            user_id: row.user_id.into(),
            user_agent: row.user_agent,
            address: row.address,
            created_at: row.created_at,
            last_used_at: row.last_used_at,
            expires_at: row.expires_at,
            revoked_at: row.revoked_at,
            provider_id: row.provider_id.map(Into::into),
            id_token_ref: row.id_token_ref,
        }
    }
}
