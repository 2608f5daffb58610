//! People whom an organisation's directory brought.

use std::collections::HashMap;

use conductor_domain::{DirectoryUser, OrganizationRole, Scope, UserId};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect, prelude::Expr,
};

use super::convert::word;
use crate::{
    Error, Result, ScopedTx,
    conn::Conn,
    entity::{directory_user, membership, user},
    tx::Tx,
};

/// More rows than a table holds, as databases count them.
const ALL: u64 = i64::MAX.cast_unsigned();

/// How somebody stands here, as a directory is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirectoryStanding {
    /// The name that is shown.
    pub name: String,
    /// The address.
    pub email: String,
    /// Whether account and membership are both open.
    pub is_active: bool,
}

/// People of one organisation's directory.
#[derive(Debug)]
pub struct DirectoryUsers<'a> {
    conn: Conn<'a>,
    scope: Scope,
}

impl<'a> DirectoryUsers<'a> {
    pub(crate) fn new(conn: Conn<'a>, scope: Scope) -> Self {
        Self { conn, scope }
    }

    /// Somebody by the account.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find(&self, id: UserId) -> Result<Option<DirectoryUser>> {
        let row = self.live().filter(directory_user::Column::UserId.eq(id.as_uuid())).one(&self.conn).await?;
        row.map(DirectoryUser::try_from).transpose()
    }

    /// Those of a `userName`: one at most.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn named(&self, user_name: &str) -> Result<Vec<DirectoryUser>> {
        let rows = self.live().filter(directory_user::Column::NameKey.eq(user_name.to_lowercase()));
        rows.all(&self.conn).await?.into_iter().map(DirectoryUser::try_from).collect()
    }

    /// Those that the directory itself knows by this id.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn known_as(&self, external_id: &str) -> Result<Vec<DirectoryUser>> {
        let rows = self.live().filter(directory_user::Column::ExternalId.eq(external_id));
        rows.all(&self.conn).await?.into_iter().map(DirectoryUser::try_from).collect()
    }

    /// Those of these people whom the directory brought.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find_many(&self, ids: &[UserId]) -> Result<Vec<DirectoryUser>> {
        let ids = ids.iter().map(|id| id.as_uuid());
        let rows = self.live().filter(directory_user::Column::UserId.is_in(ids)).all(&self.conn).await?;
        rows.into_iter().map(DirectoryUser::try_from).collect()
    }

    /// Everybody, the oldest first, from one place on and at most so many.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn some(&self, skip: u64, most: Option<u64>) -> Result<Vec<DirectoryUser>> {
        let select =
            self.live().order_by_asc(directory_user::Column::Id).offset(skip).limit(most.unwrap_or(ALL));
        select.all(&self.conn).await?.into_iter().map(DirectoryUser::try_from).collect()
    }

    /// How many there are.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn count(&self) -> Result<u64> {
        Ok(self.live().count(&self.conn).await?)
    }

    /// How these people stand in the organisation; whoever is no member is missing.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn standing(&self, ids: &[UserId]) -> Result<HashMap<UserId, DirectoryStanding>> {
        let uuids = || ids.iter().map(|id| id.as_uuid());
        let people = user::Entity::find().filter(user::Column::Id.is_in(uuids())).all(&self.conn).await?;
        let members = membership::Entity::find()
            .filter(membership::Column::OrganizationId.eq(self.scope.organization_id.as_uuid()))
            .filter(membership::Column::DeletedAt.is_null())
            .filter(membership::Column::UserId.is_in(uuids()))
            .all(&self.conn)
            .await?;
        let members: HashMap<_, bool> = members.into_iter().map(|row| (row.user_id, row.is_active)).collect();
        let standing = people.into_iter().filter_map(|person| {
            let is_active = *members.get(&person.id)? && person.is_active;
            Some((
                UserId::from(person.id),
                DirectoryStanding { name: person.name, email: person.email, is_active },
            ))
        });
        Ok(standing.collect())
    }

    fn live(&self) -> sea_orm::Select<directory_user::Entity> {
        of(self.scope).filter(directory_user::Column::DeletedAt.is_null())
    }
}

/// People of one organisation's directory, inside a write.
#[derive(Debug)]
pub struct DirectoryUsersTx<'t> {
    tx: &'t Tx,
    scope: Scope,
}

impl<'t> DirectoryUsersTx<'t> {
    pub(crate) fn new(tx: ScopedTx<'t>) -> Self {
        Self { tx: tx.tx, scope: tx.scope }
    }

    /// The same rows, to read in this transaction.
    #[must_use]
    pub fn read(&self) -> DirectoryUsers<'t> {
        DirectoryUsers::new(self.tx.conn(), self.scope)
    }

    /// Somebody whom the directory brought, or brought once, held against other writers until the transaction ends.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn hold(&self, id: UserId) -> Result<Option<DirectoryUser>> {
        self.row(id).await?.map(DirectoryUser::try_from).transpose()
    }

    /// Writes somebody down, anew or again, as one version more. Times and version are the row's own.
    ///
    /// # Errors
    /// `NameTaken` when somebody else has the `userName`.
    pub async fn save(&self, person: &DirectoryUser) -> Result<DirectoryUser> {
        let now = self.tx.clock().now();
        let before = self.row(person.user_id).await?;
        let external_id = person.attributes["externalId"].as_str().map(str::to_owned);
        let mut row = directory_user::ActiveModel {
            name_key: Set(person.user_name().to_lowercase()),
            external_id: Set(external_id),
            attributes: Set(person.attributes.clone()),
            made_account: Set(person.made_account),
            closed_account: Set(person.closed_account),
            base_role: Set(person.base_role.map(|role| role.as_str().to_owned())),
            updated_at: Set(now),
            deleted_at: Set(person.is_gone.then_some(now)),
            ..Default::default()
        };
        match before {
            Some(before) => {
                if before.deleted_at.is_some() && !person.is_gone {
                    row.created_at = Set(now);
                }
                row.id = Set(before.id);
                row.version = Set(before.version.saturating_add(1));
                row.update(&self.tx.conn()).await?.try_into()
            }
            None => {
                row.id = Set(self.tx.clock().uuid_v7());
                row.organization_id = Set(self.scope.organization_id.as_uuid());
                row.user_id = Set(person.user_id.as_uuid());
                row.version = Set(1);
                row.created_at = Set(now);
                row.insert(&self.tx.conn()).await?.try_into()
            }
        }
    }

    /// Notes which role somebody had before groups gave another, or that they give none.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn set_base_role(&self, id: UserId, role: Option<OrganizationRole>) -> Result<()> {
        directory_user::Entity::update_many()
            .col_expr(
                directory_user::Column::BaseRole,
                Expr::value(role.map(|role| role.as_str().to_owned())),
            )
            .filter(directory_user::Column::OrganizationId.eq(self.scope.organization_id.as_uuid()))
            .filter(directory_user::Column::UserId.eq(id.as_uuid()))
            .exec(&self.tx.conn())
            .await?;
        Ok(())
    }

    async fn row(&self, id: UserId) -> Result<Option<directory_user::Model>> {
        let select = of(self.scope).filter(directory_user::Column::UserId.eq(id.as_uuid()));
        Ok(select.lock_exclusive().one(&self.tx.conn()).await?)
    }
}

impl Tx {
    /// Somebody opened or closed an account by hand: from now on no directory opens it again.
    pub(crate) async fn account_taken_over(&self, id: UserId) -> Result<()> {
        directory_user::Entity::update_many()
            .col_expr(directory_user::Column::ClosedAccount, Expr::value(false))
            .filter(directory_user::Column::UserId.eq(id.as_uuid()))
            .filter(directory_user::Column::ClosedAccount.eq(true))
            .exec(&self.conn())
            .await?;
        Ok(())
    }
}

fn of(scope: Scope) -> sea_orm::Select<directory_user::Entity> {
    directory_user::Entity::find()
        .filter(directory_user::Column::OrganizationId.eq(scope.organization_id.as_uuid()))
}

impl TryFrom<directory_user::Model> for DirectoryUser {
    type Error = Error;

    fn try_from(row: directory_user::Model) -> Result<Self> {
        let base_role = row.base_role.map(|role| word("directory_users.base_role", &role)).transpose()?;
        Ok(Self {
            user_id: row.user_id.into(),
            attributes: row.attributes,
            made_account: row.made_account,
            closed_account: row.closed_account,
            base_role,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
            is_gone: row.deleted_at.is_some(),
        })
    }
}
