//! Secrets in their envelopes. What is inside, only the vault knows.

use conductor_domain::{NewSecret, Scope, Secret};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QuerySelect, prelude::Expr,
};

use super::tenant_keys::hold;
use crate::{Error, Result, ScopedTx, conn::Conn, entity::secret, tx::Tx};

/// Secrets of one tenant.
#[derive(Debug)]
pub struct Secrets<'a> {
    conn: Conn<'a>,
    scope: Scope,
}

impl<'a> Secrets<'a> {
    pub(crate) fn new(conn: Conn<'a>, scope: Scope) -> Self {
        Self { conn, scope }
    }

    /// A secret by the name that other rows point at.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find(&self, reference: &str) -> Result<Option<Secret>> {
        let row = of(self.scope).filter(secret::Column::Reference.eq(reference)).one(&self.conn).await?;
        Ok(row.map(Into::into))
    }
}

/// Secrets of one tenant, inside a write.
#[derive(Debug)]
pub struct SecretsTx<'t> {
    tx: &'t Tx,
    scope: Scope,
}

impl<'t> SecretsTx<'t> {
    pub(crate) fn new(tx: ScopedTx<'t>) -> Self {
        Self { tx: tx.tx, scope: tx.scope }
    }

    /// The same secrets, to read in this transaction.
    #[must_use]
    pub fn read(&self) -> Secrets<'t> {
        Secrets::new(self.tx.conn(), self.scope)
    }

    /// Stores a secret.
    ///
    /// # Errors
    /// `NameTaken` when the organisation has one of this reference; `Stale` when the key it was sealed under is gone.
    pub async fn create(&self, new: NewSecret) -> Result<Secret> {
        hold(&self.tx.conn(), self.scope, &new.key_id).await?;
        let now = self.tx.clock().now();
        let row = secret::ActiveModel {
            id: Set(new.id.as_uuid()),
            organization_id: Set(self.scope.organization_id.as_uuid()),
            environment_id: Set(self.scope.environment_id.as_uuid()),
            reference: Set(new.reference),
            version: Set(new.version),
            ciphertext: Set(new.ciphertext),
            key_id: Set(new.key_id),
            kind: Set(new.kind),
            env_prefix: Set(None),
            created_by: Set(new.created_by.map(Into::into)),
            rotated_at: Set(None),
            expires_at: Set(new.expires_at),
            created_at: Set(now),
            updated_at: Set(now),
            deleted_at: Set(None),
        };
        Ok(row.insert(&self.tx.conn()).await?.into())
    }

    /// Puts a new value in a secret's place; `version` is the one after the stored one.
    ///
    /// # Errors
    /// `NotFound`, or `Stale` when the stored version is not the one before, or the key it was sealed under is gone.
    pub async fn replace(
        &self,
        reference: &str,
        version: i32,
        ciphertext: Vec<u8>,
        key_id: String,
    ) -> Result<Secret> {
        let conn = self.tx.conn();
        let row = of(self.scope).filter(secret::Column::Reference.eq(reference));
        let row = row.lock_exclusive().one(&conn).await?.ok_or(Error::NotFound)?;
        if row.version.checked_add(1) != Some(version) {
            return Err(Error::Stale);
        }
        hold(&conn, self.scope, &key_id).await?;
        let now = self.tx.clock().now();
        let mut row: secret::ActiveModel = row.into();
        row.version = Set(version);
        row.ciphertext = Set(ciphertext);
        row.key_id = Set(key_id);
        row.rotated_at = Set(Some(now));
        row.updated_at = Set(now);
        Ok(row.update(&self.tx.conn()).await?.into())
    }

    /// Puts the same value under another key, which the transaction holds; whether the row was still as it was seen.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn rewrap(&self, seen: &Secret, ciphertext: Vec<u8>, key_id: &str) -> Result<bool> {
        let conn = self.tx.conn();
        let moved = secret::Entity::update_many()
            .col_expr(secret::Column::Ciphertext, Expr::value(ciphertext))
            .col_expr(secret::Column::KeyId, Expr::value(key_id))
            .filter(secret::Column::Id.eq(seen.id.as_uuid()))
            .filter(secret::Column::OrganizationId.eq(self.scope.organization_id.as_uuid()))
            .filter(secret::Column::KeyId.eq(seen.key_id.as_str()))
            .filter(secret::Column::Version.eq(seen.version))
            .filter(secret::Column::DeletedAt.is_null())
            .exec(&conn)
            .await?;
        Ok(moved.rows_affected > 0)
    }

    /// Deletes a secret and its envelope; whether there was one. The marked row keeps no ciphertext.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn delete(&self, reference: &str) -> Result<bool> {
        let row = of(self.scope).filter(secret::Column::Reference.eq(reference)).one(&self.tx.conn()).await?;
        let Some(row) = row else { return Ok(false) };
        let mut row: secret::ActiveModel = row.into();
        row.ciphertext = Set(Vec::new());
        row.deleted_at = Set(Some(self.tx.clock().now()));
        row.update(&self.tx.conn()).await?;
        Ok(true)
    }
}

// A reference is unique in its organisation, so the environment does not take part.
fn of(scope: Scope) -> sea_orm::Select<secret::Entity> {
    secret::Entity::find()
        .filter(secret::Column::OrganizationId.eq(scope.organization_id.as_uuid()))
        .filter(secret::Column::DeletedAt.is_null())
}

impl From<secret::Model> for Secret {
    fn from(row: secret::Model) -> Self {
        Self {
            id: row.id.into(),
            scope: Scope {
                organization_id: row.organization_id.into(),
                environment_id: row.environment_id.into(),
            },
            reference: row.reference,
            version: row.version,
            ciphertext: row.ciphertext,
            key_id: row.key_id,
            kind: row.kind,
            expires_at: row.expires_at,
            created_at: row.created_at,
        }
    }
}
