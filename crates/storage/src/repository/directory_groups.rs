//! Groups that an organisation's directory brought, and who belongs to them.

use conductor_domain::{DirectoryGroup, DirectoryGroupId, Scope, UserId};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect,
};

use crate::{
    Error, Result, ScopedTx,
    conn::Conn,
    entity::{directory_group, directory_member},
    tx::Tx,
};

/// Rows of one statement at most: what is bound to one is limited.
const ROWS_AT_ONCE: usize = 1_000;

/// More rows than a table holds, as databases count them.
const ALL: u64 = i64::MAX.cast_unsigned();

/// Groups of one organisation's directory.
#[derive(Debug)]
pub struct DirectoryGroups<'a> {
    conn: Conn<'a>,
    scope: Scope,
}

impl<'a> DirectoryGroups<'a> {
    pub(crate) fn new(conn: Conn<'a>, scope: Scope) -> Self {
        Self { conn, scope }
    }

    /// A group.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find(&self, id: DirectoryGroupId) -> Result<Option<DirectoryGroup>> {
        let row = self.live().filter(directory_group::Column::Id.eq(id.as_uuid())).one(&self.conn).await?;
        Ok(row.map(Into::into))
    }

    /// Those of a name: one at most.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn named(&self, name: &str) -> Result<Vec<DirectoryGroup>> {
        let rows = self.live().filter(directory_group::Column::NameKey.eq(name.to_lowercase()));
        Ok(rows.all(&self.conn).await?.into_iter().map(Into::into).collect())
    }

    /// Those that the directory itself knows by this id.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn known_as(&self, external_id: &str) -> Result<Vec<DirectoryGroup>> {
        let rows = self.live().filter(directory_group::Column::ExternalId.eq(external_id));
        Ok(rows.all(&self.conn).await?.into_iter().map(Into::into).collect())
    }

    /// All of them, the oldest first, from one place on and at most so many.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn some(&self, skip: u64, most: Option<u64>) -> Result<Vec<DirectoryGroup>> {
        let select =
            self.live().order_by_asc(directory_group::Column::Id).offset(skip).limit(most.unwrap_or(ALL));
        Ok(select.all(&self.conn).await?.into_iter().map(Into::into).collect())
    }

    /// How many there are.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn count(&self) -> Result<u64> {
        Ok(self.live().count(&self.conn).await?)
    }

    /// Who belongs to these groups.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn members(&self, groups: &[DirectoryGroupId]) -> Result<Vec<(DirectoryGroupId, UserId)>> {
        let rows = self
            .memberships()
            .filter(directory_member::Column::GroupId.is_in(groups.iter().map(|id| id.as_uuid())))
            .order_by_asc(directory_member::Column::UserId)
            .all(&self.conn)
            .await?;
        Ok(rows.into_iter().map(|row| (row.group_id.into(), row.user_id.into())).collect())
    }

    /// The groups that these people belong to.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn of(&self, people: &[UserId]) -> Result<Vec<(UserId, DirectoryGroup)>> {
        let rows = self
            .memberships()
            .filter(directory_member::Column::UserId.is_in(people.iter().map(|id| id.as_uuid())))
            .all(&self.conn)
            .await?;
        let ids = rows.iter().map(|row| row.group_id);
        let groups = self
            .live()
            .filter(directory_group::Column::Id.is_in(ids))
            .order_by_asc(directory_group::Column::Id)
            .all(&self.conn)
            .await?;
        let mut found = Vec::new();
        for group in groups {
            let group = DirectoryGroup::from(group);
            let here = rows.iter().filter(|row| row.group_id == group.id.as_uuid());
            found.extend(here.map(|row| (UserId::from(row.user_id), group.clone())));
        }
        Ok(found)
    }

    fn live(&self) -> sea_orm::Select<directory_group::Entity> {
        live(self.scope)
    }

    fn memberships(&self) -> sea_orm::Select<directory_member::Entity> {
        directory_member::Entity::find()
            .filter(directory_member::Column::OrganizationId.eq(self.scope.organization_id.as_uuid()))
    }
}

/// Groups of one organisation's directory, inside a write.
#[derive(Debug)]
pub struct DirectoryGroupsTx<'t> {
    tx: &'t Tx,
    scope: Scope,
}

impl<'t> DirectoryGroupsTx<'t> {
    pub(crate) fn new(tx: ScopedTx<'t>) -> Self {
        Self { tx: tx.tx, scope: tx.scope }
    }

    /// The same rows, to read in this transaction.
    #[must_use]
    pub fn read(&self) -> DirectoryGroups<'t> {
        DirectoryGroups::new(self.tx.conn(), self.scope)
    }

    /// A group, held against other writers until the transaction ends.
    ///
    /// # Errors
    /// `NotFound` when there is none.
    pub async fn get(&self, id: DirectoryGroupId) -> Result<DirectoryGroup> {
        self.row(id).await.map(Into::into)
    }

    /// Makes a group.
    ///
    /// # Errors
    /// `NameTaken` when another one has the name.
    pub async fn create(
        &self,
        id: DirectoryGroupId,
        name: &str,
        external_id: Option<String>,
    ) -> Result<DirectoryGroup> {
        let now = self.tx.clock().now();
        let row = directory_group::ActiveModel {
            id: Set(id.as_uuid()),
            organization_id: Set(self.scope.organization_id.as_uuid()),
            display_name: Set(name.to_owned()),
            name_key: Set(name.to_lowercase()),
            external_id: Set(external_id),
            version: Set(1),
            created_at: Set(now),
            updated_at: Set(now),
            deleted_at: Set(None),
        };
        Ok(row.insert(&self.tx.conn()).await?.into())
    }

    /// Changes a group, as one version more.
    ///
    /// # Errors
    /// `NotFound`, or `NameTaken` as `create`.
    pub async fn update(
        &self,
        id: DirectoryGroupId,
        name: &str,
        external_id: Option<String>,
    ) -> Result<DirectoryGroup> {
        let row = self.row(id).await?;
        let version = row.version.saturating_add(1);
        let mut row: directory_group::ActiveModel = row.into();
        row.display_name = Set(name.to_owned());
        row.name_key = Set(name.to_lowercase());
        row.external_id = Set(external_id);
        row.version = Set(version);
        row.updated_at = Set(self.tx.clock().now());
        Ok(row.update(&self.tx.conn()).await?.into())
    }

    /// Removes a group and whoever belonged to it from it.
    ///
    /// # Errors
    /// `NotFound` when there is none.
    pub async fn delete(&self, id: DirectoryGroupId) -> Result<()> {
        let mut row: directory_group::ActiveModel = self.row(id).await?.into();
        row.deleted_at = Set(Some(self.tx.clock().now()));
        row.update(&self.tx.conn()).await?;
        self.leave().filter(directory_member::Column::GroupId.eq(id.as_uuid())).exec(&self.tx.conn()).await?;
        Ok(())
    }

    /// Lets people join a group and leave it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn change_members(&self, id: DirectoryGroupId, come: &[UserId], go: &[UserId]) -> Result<()> {
        let conn = self.tx.conn();
        for some in go.chunks(ROWS_AT_ONCE) {
            self.leave()
                .filter(directory_member::Column::GroupId.eq(id.as_uuid()))
                .filter(directory_member::Column::UserId.is_in(some.iter().map(|user| user.as_uuid())))
                .exec(&conn)
                .await?;
        }
        for some in come.chunks(ROWS_AT_ONCE) {
            let rows = some.iter().map(|user| directory_member::ActiveModel {
                group_id: Set(id.as_uuid()),
                user_id: Set(user.as_uuid()),
                organization_id: Set(self.scope.organization_id.as_uuid()),
            });
            directory_member::Entity::insert_many(rows).exec_without_returning(&conn).await?;
        }
        Ok(())
    }

    /// Lets somebody leave every group.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn leave_all(&self, user: UserId) -> Result<()> {
        self.leave()
            .filter(directory_member::Column::UserId.eq(user.as_uuid()))
            .exec(&self.tx.conn())
            .await?;
        Ok(())
    }

    fn leave(&self) -> sea_orm::DeleteMany<directory_member::Entity> {
        directory_member::Entity::delete_many()
            .filter(directory_member::Column::OrganizationId.eq(self.scope.organization_id.as_uuid()))
    }

    async fn row(&self, id: DirectoryGroupId) -> Result<directory_group::Model> {
        live(self.scope)
            .filter(directory_group::Column::Id.eq(id.as_uuid()))
            .lock_exclusive()
            .one(&self.tx.conn())
            .await?
            .ok_or(Error::NotFound)
    }
}

fn live(scope: Scope) -> sea_orm::Select<directory_group::Entity> {
    directory_group::Entity::find()
        .filter(directory_group::Column::OrganizationId.eq(scope.organization_id.as_uuid()))
        .filter(directory_group::Column::DeletedAt.is_null())
}

impl From<directory_group::Model> for DirectoryGroup {
    fn from(row: directory_group::Model) -> Self {
        Self {
            id: row.id.into(),
            display_name: row.display_name,
            external_id: row.external_id,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}
