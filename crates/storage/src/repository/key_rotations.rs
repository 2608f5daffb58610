//! Rotations: what is still under an older key, of every tenant.

use chrono::{DateTime, Utc};
use conductor_domain::{
    KeyCensus, KeyRotation, KeyRotationId, OrganizationId, RotationStatus, Secret, SecretId, UserId,
    WrappedKey,
};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, Condition, EntityTrait, PaginatorTrait, QueryFilter,
    QueryOrder, QuerySelect, QueryTrait, prelude::Expr,
};

use super::convert::word;
use crate::{
    Error, Result,
    conn::Conn,
    entity::{key_rotation, organization, secret, tenant_key},
    tx::Tx,
};

/// Rotations and what they have to do.
#[derive(Debug)]
pub struct KeyRotations<'a> {
    conn: Conn<'a>,
}

impl<'a> KeyRotations<'a> {
    pub(crate) fn new(conn: Conn<'a>) -> Self {
        Self { conn }
    }

    /// The one that runs.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn running(&self) -> Result<Option<KeyRotation>> {
        key_rotation::Entity::find()
            .filter(key_rotation::Column::Status.eq(RotationStatus::Running.as_str()))
            .one(&self.conn)
            .await?
            .map(KeyRotation::try_from)
            .transpose()
    }

    /// The one that began last.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn latest(&self) -> Result<Option<KeyRotation>> {
        key_rotation::Entity::find()
            .order_by_desc(key_rotation::Column::Id)
            .one(&self.conn)
            .await?
            .map(KeyRotation::try_from)
            .transpose()
    }

    /// Counts secrets and keys: all of them, and those under this master key by a key that was not drawn before.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn census(&self, master_key_id: &str, since: DateTime<Utc>) -> Result<KeyCensus> {
        let fresh = || active().filter(fresh(master_key_id, since));
        let names = fresh().select_only().column(tenant_key::Column::KeyId).into_query();
        let current = living().filter(secret::Column::KeyId.in_subquery(names));
        Ok(KeyCensus {
            secrets: living().count(&self.conn).await?,
            secrets_current: current.count(&self.conn).await?,
            keys: active().count(&self.conn).await?,
            keys_current: fresh().count(&self.conn).await?,
            keys_retired: tenant_key::Entity::find()
                .filter(tenant_key::Column::RetiredAt.is_not_null())
                .count(&self.conn)
                .await?,
        })
    }

    /// The master keys that something is wrapped under.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn masters(&self) -> Result<Vec<String>> {
        let names =
            tenant_key::Entity::find().select_only().column(tenant_key::Column::MasterKeyId).distinct();
        Ok(names.into_tuple().all(&self.conn).await?)
    }

    /// A tenant that needs a new key: its current one is older or under another master key, or it has secrets and
    /// none. With the current one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn next_tenant(
        &self,
        master_key_id: &str,
        since: DateTime<Utc>,
    ) -> Result<Option<(OrganizationId, Option<WrappedKey>)>> {
        let old = Condition::any()
            .add(tenant_key::Column::MasterKeyId.ne(master_key_id))
            .add(tenant_key::Column::CreatedAt.lt(since));
        let stale = active().filter(old);
        let stale = stale.order_by_asc(tenant_key::Column::OrganizationId).one(&self.conn).await?;
        if let Some(row) = stale {
            return Ok(Some((row.organization_id.into(), Some(row.into()))));
        }
        let keyed = active().select_only().column(tenant_key::Column::OrganizationId).into_query();
        let without = living().filter(secret::Column::OrganizationId.not_in_subquery(keyed));
        let without = without.order_by_asc(secret::Column::OrganizationId).one(&self.conn).await?;
        Ok(without.map(|row| (row.organization_id.into(), None)))
    }

    /// Secrets that are not under their tenant's current key, after this one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn stale_secrets(&self, after: Option<SecretId>, limit: u64) -> Result<Vec<Secret>> {
        let current = active().select_only().column(tenant_key::Column::KeyId).into_query();
        let mut stale = living().filter(secret::Column::KeyId.not_in_subquery(current));
        if let Some(after) = after {
            stale = stale.filter(secret::Column::Id.gt(after.as_uuid()));
        }
        let rows = stale.order_by_asc(secret::Column::Id).limit(limit).all(&self.conn).await?;
        Ok(rows.into_iter().map(Into::into).collect())
    }

    /// Keys that nothing new is sealed under.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn retired(&self) -> Result<Vec<WrappedKey>> {
        let rows = tenant_key::Entity::find()
            .filter(tenant_key::Column::RetiredAt.is_not_null())
            .order_by_asc(tenant_key::Column::RetiredAt)
            .all(&self.conn)
            .await?;
        Ok(rows.into_iter().map(Into::into).collect())
    }
}

/// Rotations, inside a write.
#[derive(Debug)]
pub struct KeyRotationsTx<'t> {
    tx: &'t Tx,
}

impl<'t> KeyRotationsTx<'t> {
    pub(crate) fn new(tx: &'t Tx) -> Self {
        Self { tx }
    }

    /// The same rotations, to read in this transaction.
    #[must_use]
    pub fn read(&self) -> KeyRotations<'t> {
        KeyRotations::new(self.tx.conn())
    }

    /// Begins one.
    ///
    /// # Errors
    /// `NameTaken` when one runs.
    pub async fn begin(&self, master_key_id: &str, by: Option<UserId>) -> Result<KeyRotation> {
        let row = key_rotation::ActiveModel {
            id: Set(KeyRotationId::generate(self.tx.clock()).as_uuid()),
            master_key_id: Set(master_key_id.to_owned()),
            status: Set(RotationStatus::Running.as_str().to_owned()),
            started_by: Set(by.map(Into::into)),
            started_at: Set(self.tx.clock().now()),
            finished_at: Set(None),
            failed: Set(0),
        };
        row.insert(&self.tx.conn()).await?.try_into()
    }

    /// Ends one that runs; whether it did.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn end(&self, id: KeyRotationId, status: RotationStatus, failed: i64) -> Result<bool> {
        let ended = key_rotation::Entity::update_many()
            .col_expr(key_rotation::Column::Status, Expr::value(status.as_str()))
            .col_expr(key_rotation::Column::FinishedAt, Expr::value(self.tx.clock().now()))
            .col_expr(key_rotation::Column::Failed, Expr::value(failed))
            .filter(key_rotation::Column::Id.eq(id.as_uuid()))
            .filter(key_rotation::Column::Status.eq(RotationStatus::Running.as_str()))
            .exec(&self.tx.conn())
            .await?;
        Ok(ended.rows_affected > 0)
    }
}

/// Secrets of organisations that were not deleted; those of others cannot be opened any more.
fn living() -> sea_orm::Select<secret::Entity> {
    let organizations = organization::Entity::find()
        .select_only()
        .column(organization::Column::Id)
        .filter(organization::Column::DeletedAt.is_null())
        .into_query();
    secret::Entity::find()
        .filter(secret::Column::DeletedAt.is_null())
        .filter(secret::Column::OrganizationId.in_subquery(organizations))
}

fn active() -> sea_orm::Select<tenant_key::Entity> {
    tenant_key::Entity::find().filter(tenant_key::Column::RetiredAt.is_null())
}

fn fresh(master_key_id: &str, since: DateTime<Utc>) -> Condition {
    Condition::all()
        .add(tenant_key::Column::MasterKeyId.eq(master_key_id))
        .add(tenant_key::Column::CreatedAt.gte(since))
}

impl TryFrom<key_rotation::Model> for KeyRotation {
    type Error = Error;

    fn try_from(row: key_rotation::Model) -> Result<Self> {
        Ok(Self {
            id: row.id.into(),
            master_key_id: row.master_key_id,
            status: word("key_rotations.status", &row.status)?,
            started_by: row.started_by.map(Into::into),
            started_at: row.started_at,
            finished_at: row.finished_at,
            failed: row.failed,
        })
    }
}
