//! The wrapped keys of tenants: one that seals, and those that a rotation has not emptied yet.

use conductor_domain::{Scope, WrappedKey};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::Set,
    ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QuerySelect,
    prelude::{Expr, Uuid},
};

use crate::{
    Error, Result, ScopedTx,
    conn::Conn,
    entity::{secret, tenant_key},
    tx::Tx,
};

/// Keys of one tenant.
#[derive(Debug)]
pub struct TenantKeys<'a> {
    conn: Conn<'a>,
    scope: Scope,
}

impl<'a> TenantKeys<'a> {
    pub(crate) fn new(conn: Conn<'a>, scope: Scope) -> Self {
        Self { conn, scope }
    }

    /// A key by its name.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find(&self, key_id: &str) -> Result<Option<WrappedKey>> {
        let row = of(self.scope).filter(tenant_key::Column::KeyId.eq(key_id)).one(&self.conn).await?;
        Ok(row.map(Into::into))
    }

    /// The key that new values are sealed under.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn active(&self) -> Result<Option<WrappedKey>> {
        let row = of(self.scope).filter(tenant_key::Column::RetiredAt.is_null()).one(&self.conn).await?;
        Ok(row.map(Into::into))
    }
}

/// Keys of one tenant, inside a write.
#[derive(Debug)]
pub struct TenantKeysTx<'t> {
    tx: &'t Tx,
    scope: Scope,
}

impl<'t> TenantKeysTx<'t> {
    pub(crate) fn new(tx: ScopedTx<'t>) -> Self {
        Self { tx: tx.tx, scope: tx.scope }
    }

    /// Puts a key in the place of the current one, which retires; `old` is what the current one was seen to be.
    ///
    /// # Errors
    /// `Stale` when it is another one by now, `NameTaken` when there was none and is one now.
    pub async fn replace(&self, old: Option<&str>, new: WrappedKey) -> Result<()> {
        if let Some(old) = old {
            let retired = tenant_key::Entity::update_many()
                .col_expr(tenant_key::Column::RetiredAt, Expr::value(self.tx.clock().now()))
                .filter(tenant_key::Column::OrganizationId.eq(self.scope.organization_id.as_uuid()))
                .filter(tenant_key::Column::KeyId.eq(old))
                .filter(tenant_key::Column::RetiredAt.is_null())
                .exec(&self.tx.conn())
                .await?;
            if retired.rows_affected == 0 {
                return Err(Error::Stale);
            }
        }
        let row = tenant_key::ActiveModel {
            key_id: Set(new.key_id),
            organization_id: Set(self.scope.organization_id.as_uuid()),
            wrapped: Set(new.wrapped),
            master_key_id: Set(new.master_key_id),
            created_at: Set(self.tx.clock().now()),
            retired_at: Set(None),
        };
        row.insert(&self.tx.conn()).await?;
        Ok(())
    }

    /// Holds a key against being forgotten until the transaction ends.
    ///
    /// # Errors
    /// `Stale` when it is gone.
    pub async fn hold(&self, key_id: &str) -> Result<()> {
        hold(&self.tx.conn(), self.scope, key_id).await
    }

    /// Keeps a key that cannot be replaced, because something under it does not open, under another master key.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn rewrap(&self, seen: &WrappedKey, wrapped: Vec<u8>, master_key_id: &str) -> Result<()> {
        tenant_key::Entity::update_many()
            .col_expr(tenant_key::Column::Wrapped, Expr::value(wrapped))
            .col_expr(tenant_key::Column::MasterKeyId, Expr::value(master_key_id))
            .filter(tenant_key::Column::KeyId.eq(seen.key_id.as_str()))
            .filter(tenant_key::Column::MasterKeyId.eq(seen.master_key_id.as_str()))
            .exec(&self.tx.conn())
            .await?;
        Ok(())
    }

    /// Forgets a retired key that nothing is sealed under any more; whether it is gone.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn forget(&self, key_id: &str) -> Result<bool> {
        let conn = self.tx.conn();
        let row = of(self.scope)
            .filter(tenant_key::Column::KeyId.eq(key_id))
            .filter(tenant_key::Column::RetiredAt.is_not_null())
            .lock_exclusive()
            .one(&conn)
            .await?;
        if row.is_none() {
            return Ok(true);
        }
        let used = secret::Entity::find()
            .filter(secret::Column::KeyId.eq(key_id))
            .filter(secret::Column::DeletedAt.is_null())
            .count(&conn)
            .await?;
        if used > 0 {
            return Ok(false);
        }
        erase(&conn, tenant_key::Column::KeyId.eq(key_id)).await?;
        Ok(true)
    }
}

/// Makes everything that a tenant sealed unreadable, wherever copies of it are.
pub(super) async fn shred(conn: &Conn<'_>, organization: Uuid) -> Result<()> {
    erase(conn, tenant_key::Column::OrganizationId.eq(organization)).await
}

/// Overwrites before it deletes: the space of a deleted row is not cleared, that of a changed one is written anew.
async fn erase(conn: &Conn<'_>, which: Expr) -> Result<()> {
    let rows = tenant_key::Entity::find().filter(which.clone()).all(conn).await?;
    for row in rows {
        let zeros = vec![0_u8; row.wrapped.len()];
        tenant_key::Entity::update_many()
            .col_expr(tenant_key::Column::Wrapped, Expr::value(zeros))
            .filter(tenant_key::Column::KeyId.eq(row.key_id))
            .exec(conn)
            .await?;
    }
    tenant_key::Entity::delete_many().filter(which).exec(conn).await?;
    Ok(())
}

/// Holds a key against being forgotten until the transaction ends.
pub(super) async fn hold(conn: &Conn<'_>, scope: Scope, key_id: &str) -> Result<()> {
    let row = of(scope).filter(tenant_key::Column::KeyId.eq(key_id)).lock_shared().one(conn).await?;
    row.map(drop).ok_or(Error::Stale)
}

fn of(scope: Scope) -> sea_orm::Select<tenant_key::Entity> {
    tenant_key::Entity::find().filter(tenant_key::Column::OrganizationId.eq(scope.organization_id.as_uuid()))
}

impl From<tenant_key::Model> for WrappedKey {
    fn from(row: tenant_key::Model) -> Self {
        Self {
            key_id: row.key_id,
            organization_id: row.organization_id.into(),
            wrapped: row.wrapped,
            master_key_id: row.master_key_id,
            created_at: row.created_at,
            retired_at: row.retired_at,
        }
    }
}
