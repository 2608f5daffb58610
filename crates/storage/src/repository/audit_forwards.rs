//! Where audit logs are sent on to: one address per organisation, with how far it came and who sends at the moment.

use chrono::{DateTime, Utc};
use conductor_domain::{AuditEvent, AuditForward, ForwardCredential, OrganizationId, Scope};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect, prelude::Expr,
};

use super::convert::word;
use crate::{
    Error, Result, ScopedTx,
    conn::Conn,
    entity::{audit_chain, audit_event, audit_forward},
    tx::Tx,
};

/// Every organisation's.
#[derive(Debug)]
pub struct AuditForwards<'a> {
    conn: Conn<'a>,
}

impl<'a> AuditForwards<'a> {
    pub(crate) fn new(conn: Conn<'a>) -> Self {
        Self { conn }
    }

    /// The organisations whose log may be sent on now, because nobody sends it and none is waited for.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn due(&self, now: DateTime<Utc>) -> Result<Vec<OrganizationId>> {
        let rows = audit_forward::Entity::find()
            .filter(audit_forward::Column::Enabled.eq(true))
            .filter(audit_forward::Column::NextAt.lte(now))
            .filter(free(now))
            .order_by_asc(audit_forward::Column::NextAt)
            .all(&self.conn)
            .await?;
        Ok(rows.into_iter().map(|row| row.organization_id.into()).collect())
    }
}

/// One organisation's, to read.
#[derive(Debug)]
pub struct OwnAuditForward<'a> {
    conn: Conn<'a>,
    scope: Scope,
}

impl<'a> OwnAuditForward<'a> {
    pub(crate) fn new(conn: Conn<'a>, scope: Scope) -> Self {
        Self { conn, scope }
    }

    /// What is set, if anything is.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find(&self) -> Result<Option<AuditForward>> {
        let id = self.scope.organization_id.as_uuid();
        let row = audit_forward::Entity::find_by_id(id).one(&self.conn).await?;
        row.map(AuditForward::try_from).transpose()
    }

    /// The last sealed entry; 0 before the first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn head(&self) -> Result<i64> {
        let id = self.scope.organization_id.as_uuid();
        let row = audit_chain::Entity::find_by_id(id).one(&self.conn).await?;
        Ok(row.map_or(0, |row| row.seq))
    }

    /// Sealed entries of this organisation after one, in the order of the chain.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn sealed_after(&self, after: i64, limit: u64) -> Result<Vec<AuditEvent>> {
        let rows = audit_event::Entity::find()
            .filter(audit_event::Column::OrganizationId.eq(self.scope.organization_id.as_uuid()))
            .filter(audit_event::Column::Seq.gt(after))
            .order_by_asc(audit_event::Column::Seq)
            .limit(limit)
            .all(&self.conn)
            .await?;
        Ok(rows.into_iter().map(Into::into).collect())
    }
}

/// One organisation's, inside a write.
#[derive(Debug)]
pub struct AuditForwardTx<'t> {
    tx: &'t Tx,
    scope: Scope,
}

impl<'t> AuditForwardTx<'t> {
    pub(crate) fn new(tx: ScopedTx<'t>) -> Self {
        Self { tx: tx.tx, scope: tx.scope }
    }

    /// Sets it. How far it came stays; one that is new begins after this entry.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn put(
        &self,
        endpoint: String,
        credential: ForwardCredential,
        secret_ref: String,
        enabled: bool,
        after: i64,
    ) -> Result<AuditForward> {
        let (conn, now) = (self.tx.conn(), self.tx.clock().now());
        let id = self.scope.organization_id.as_uuid();
        let known = audit_forward::Entity::find_by_id(id).lock_exclusive().one(&conn).await?;
        let mut row = audit_forward::ActiveModel {
            organization_id: Set(id),
            endpoint: Set(endpoint),
            credential: Set(credential.as_str().to_owned()),
            secret_ref: Set(secret_ref),
            enabled: Set(enabled),
            error: Set(None),
            failures: Set(0),
            next_at: Set(now),
            // Whoever sends to what was set before has lost it.
            lease_owner: Set(None),
            lease_until: Set(None),
            updated_at: Set(now),
            ..Default::default()
        };
        let row = if known.is_some() {
            row.update(&conn).await?
        } else {
            (row.sent_seq, row.sent_at) = (Set(after), Set(None));
            row.insert(&conn).await?
        };
        row.try_into()
    }

    /// Takes it away, and says what its secret was called.
    ///
    /// # Errors
    /// `NotFound` where there is none.
    pub async fn delete(&self) -> Result<String> {
        let (conn, id) = (self.tx.conn(), self.scope.organization_id.as_uuid());
        let row = audit_forward::Entity::find_by_id(id).lock_exclusive().one(&conn).await?;
        let row = row.ok_or(Error::NotFound)?;
        audit_forward::Entity::delete_by_id(id).exec(&conn).await?;
        Ok(row.secret_ref)
    }

    /// Takes the sending over for a while, or goes on with it; `None` where somebody else sends, or nothing is to be sent.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn claim(&self, owner: &str, until: DateTime<Utc>) -> Result<Option<AuditForward>> {
        let (conn, now) = (self.tx.conn(), self.tx.clock().now());
        let claimed = self
            .own()
            .col_expr(audit_forward::Column::LeaseOwner, Expr::value(owner))
            .col_expr(audit_forward::Column::LeaseUntil, Expr::value(until))
            .filter(audit_forward::Column::Enabled.eq(true))
            .filter(audit_forward::Column::NextAt.lte(now))
            .filter(free(now).add(audit_forward::Column::LeaseOwner.eq(owner)))
            .exec(&conn)
            .await?;
        if claimed.rows_affected == 0 {
            return Ok(None);
        }
        let id = self.scope.organization_id.as_uuid();
        let row = audit_forward::Entity::find_by_id(id).one(&conn).await?;
        row.map(AuditForward::try_from).transpose()
    }

    /// Notes how far it came. Whether the sender still was the one who sends.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn sent(&self, owner: &str, seq: i64) -> Result<bool> {
        let now = self.tx.clock().now();
        let noted = self
            .own()
            .col_expr(audit_forward::Column::SentSeq, Expr::value(seq))
            .col_expr(audit_forward::Column::SentAt, Expr::value(now))
            .col_expr(audit_forward::Column::Error, Expr::value(Option::<String>::None))
            .col_expr(audit_forward::Column::Failures, Expr::value(0))
            .filter(audit_forward::Column::LeaseOwner.eq(owner))
            .exec(&self.tx.conn())
            .await?;
        Ok(noted.rows_affected > 0)
    }

    /// Notes what went wrong and when to try again, and lets go.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn failed(
        &self,
        owner: &str,
        error: String,
        failures: i32,
        next_at: DateTime<Utc>,
    ) -> Result<()> {
        self.own()
            .col_expr(audit_forward::Column::Error, Expr::value(error))
            .col_expr(audit_forward::Column::Failures, Expr::value(failures))
            .col_expr(audit_forward::Column::NextAt, Expr::value(next_at))
            .filter(audit_forward::Column::LeaseOwner.eq(owner))
            .exec(&self.tx.conn())
            .await?;
        self.release(owner).await
    }

    /// Lets go.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn release(&self, owner: &str) -> Result<()> {
        self.own()
            .col_expr(audit_forward::Column::LeaseOwner, Expr::value(Option::<String>::None))
            .col_expr(audit_forward::Column::LeaseUntil, Expr::value(Option::<DateTime<Utc>>::None))
            .filter(audit_forward::Column::LeaseOwner.eq(owner))
            .exec(&self.tx.conn())
            .await?;
        Ok(())
    }

    fn own(&self) -> sea_orm::UpdateMany<audit_forward::Entity> {
        audit_forward::Entity::update_many()
            .filter(audit_forward::Column::OrganizationId.eq(self.scope.organization_id.as_uuid()))
    }
}

fn free(now: DateTime<Utc>) -> Condition {
    Condition::any()
        .add(audit_forward::Column::LeaseUntil.is_null())
        .add(audit_forward::Column::LeaseUntil.lte(now))
}

impl TryFrom<audit_forward::Model> for AuditForward {
    type Error = Error;

    fn try_from(row: audit_forward::Model) -> Result<Self> {
        Ok(Self {
            endpoint: row.endpoint,
            credential: word("audit_forwards.credential", &row.credential)?,
            secret_ref: row.secret_ref,
            enabled: row.enabled,
            sent_seq: row.sent_seq,
            sent_at: row.sent_at,
            error: row.error,
            failures: row.failures,
            next_at: row.next_at,
        })
    }
}
