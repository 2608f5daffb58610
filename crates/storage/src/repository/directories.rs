//! Which organisations are provisioned by a directory, and how.

use conductor_domain::{Directory, GroupRole, Scope, ServiceAccountId};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, EntityTrait, QuerySelect};

use super::convert::{json, to_json};
use crate::{Error, Result, ScopedTx, conn::Conn, entity::directory, tx::Tx};

/// The directory of one organisation.
#[derive(Debug)]
pub struct Directories<'a> {
    conn: Conn<'a>,
    scope: Scope,
}

impl<'a> Directories<'a> {
    pub(crate) fn new(conn: Conn<'a>, scope: Scope) -> Self {
        Self { conn, scope }
    }

    /// The organisation's directory, once one was set up.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find(&self) -> Result<Option<Directory>> {
        let id = self.scope.organization_id.as_uuid();
        let row = directory::Entity::find_by_id(id).one(&self.conn).await?;
        row.map(Directory::try_from).transpose()
    }
}

/// The directory of one organisation, inside a write.
#[derive(Debug)]
pub struct DirectoriesTx<'t> {
    tx: &'t Tx,
    scope: Scope,
}

impl<'t> DirectoriesTx<'t> {
    pub(crate) fn new(tx: ScopedTx<'t>) -> Self {
        Self { tx: tx.tx, scope: tx.scope }
    }

    /// The organisation's directory, held against other writers until the transaction ends.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn hold(&self) -> Result<Option<Directory>> {
        let id = self.scope.organization_id.as_uuid();
        let row = directory::Entity::find_by_id(id).lock_exclusive().one(&self.tx.conn()).await?;
        row.map(Directory::try_from).transpose()
    }

    /// Sets the directory up.
    ///
    /// # Errors
    /// `NameTaken` when there is one.
    pub async fn create(
        &self,
        account: ServiceAccountId,
        enabled: bool,
        mappings: &[GroupRole],
    ) -> Result<Directory> {
        let now = self.tx.clock().now();
        let row = directory::ActiveModel {
            organization_id: Set(self.scope.organization_id.as_uuid()),
            service_account_id: Set(account.as_uuid()),
            enabled: Set(enabled),
            role_mappings: Set(to_json("directories.role_mappings", &mappings)?),
            created_at: Set(now),
            updated_at: Set(now),
        };
        row.insert(&self.tx.conn()).await?.try_into()
    }

    /// Changes the directory.
    ///
    /// # Errors
    /// `NotFound` when there is none.
    pub async fn update(
        &self,
        account: ServiceAccountId,
        enabled: bool,
        mappings: &[GroupRole],
    ) -> Result<Directory> {
        self.hold().await?.ok_or(Error::NotFound)?;
        let row = directory::ActiveModel {
            organization_id: Set(self.scope.organization_id.as_uuid()),
            service_account_id: Set(account.as_uuid()),
            enabled: Set(enabled),
            role_mappings: Set(to_json("directories.role_mappings", &mappings)?),
            updated_at: Set(self.tx.clock().now()),
            ..Default::default()
        };
        row.update(&self.tx.conn()).await?.try_into()
    }
}

impl TryFrom<directory::Model> for Directory {
    type Error = Error;

    fn try_from(row: directory::Model) -> Result<Self> {
        Ok(Self {
            organization_id: row.organization_id.into(),
            service_account_id: row.service_account_id.into(),
            enabled: row.enabled,
            role_mappings: json("directories.role_mappings", row.role_mappings)?,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}
