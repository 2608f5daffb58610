//! Environments of organisations.

use conductor_domain::{
    Environment, EnvironmentId, EnvironmentType, NewEnvironment, OrganizationId, Page, PageRequest, Revoked,
    Scope,
};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};

use super::convert::{after_id, word};
use crate::{Error, Result, ScopedTx, View, conn::Conn, conn::Fetch, entity::environment, tx::Tx};

/// Environments of the organisation that a caller acts in.
#[derive(Debug)]
pub struct VisibleEnvironments<'a> {
    view: View<'a>,
}

impl<'a> VisibleEnvironments<'a> {
    pub(crate) fn new(view: View<'a>) -> Self {
        Self { view }
    }

    /// An environment of the organisation.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find(&self, id: EnvironmentId) -> Result<Option<Environment>> {
        let row = self.visible().filter(environment::Column::Id.eq(id.as_uuid())).row(self.view.conn).await?;
        row.map(Environment::try_from).transpose()
    }

    /// The organisation's environments, the newest first.
    ///
    /// # Errors
    /// `BadCursor` when the cursor is not one of this list.
    pub async fn page(&self, page: PageRequest) -> Result<Page<Environment>> {
        let mut select = self.visible();
        if let Some(after) = after_id(&page)? {
            select = select.filter(environment::Column::Id.lt(after));
        }
        let select = select.order_by_desc(environment::Column::Id).limit(page.limit + 1);
        let rows = select.rows(self.view.conn).await?;
        let rows = rows.into_iter().map(Environment::try_from).collect::<Result<Vec<_>>>()?;
        Ok(Page::cut(rows, page.limit, |environment| environment.id.to_string()))
    }

    fn visible(&self) -> sea_orm::Select<environment::Entity> {
        live()
            .filter(environment::Column::OrganizationId.eq(self.view.caller.scope.organization_id.as_uuid()))
    }
}

/// Environments of one organisation, inside a write.
#[derive(Debug)]
pub struct EnvironmentsTx<'t> {
    tx: &'t Tx,
    scope: Scope,
}

impl<'t> EnvironmentsTx<'t> {
    pub(crate) fn new(tx: ScopedTx<'t>) -> Self {
        Self { tx: tx.tx, scope: tx.scope }
    }

    /// Makes an environment in this organisation, whatever `new` says of the organisation.
    ///
    /// # Errors
    /// `NameTaken` when the organisation has one of this name.
    pub async fn create(&self, new: NewEnvironment) -> Result<Environment> {
        let now = self.tx.clock().now();
        let row = environment::ActiveModel {
            id: Set(new.id.as_uuid()),
            organization_id: Set(self.scope.organization_id.as_uuid()),
            name: Set(new.name),
            environment_type: Set(new.environment_type.as_str().to_owned()),
            is_default: Set(new.is_default),
            created_at: Set(now),
            updated_at: Set(now),
            deleted_at: Set(None),
        };
        row.insert(&self.tx.conn()).await?.try_into()
    }

    /// Changes an environment's name or type.
    ///
    /// # Errors
    /// `NotFound`, or `NameTaken` when the organisation has one of this name.
    pub async fn update(
        &self,
        id: EnvironmentId,
        name: Option<String>,
        environment_type: Option<EnvironmentType>,
    ) -> Result<Environment> {
        let mut row: environment::ActiveModel = self.row(id).await?.into();
        if let Some(name) = name {
            row.name = Set(name);
        }
        if let Some(environment_type) = environment_type {
            row.environment_type = Set(environment_type.as_str().to_owned());
        }
        row.updated_at = Set(self.tx.clock().now());
        row.update(&self.tx.conn()).await?.try_into()
    }

    /// An environment of this organisation.
    ///
    /// # Errors
    /// `NotFound` when the organisation has no such environment.
    pub async fn get(&self, id: EnvironmentId) -> Result<Environment> {
        self.row(id).await?.try_into()
    }

    /// Marks an environment as deleted.
    ///
    /// # Errors
    /// `NotFound` when the organisation has no such environment.
    pub async fn delete(&self, id: EnvironmentId) -> Result<()> {
        let mut row: environment::ActiveModel = self.row(id).await?.into();
        row.deleted_at = Set(Some(self.tx.clock().now()));
        row.update(&self.tx.conn()).await?;
        self.tx.tell(Revoked::Organization(self.scope.organization_id)).await
    }

    async fn row(&self, id: EnvironmentId) -> Result<environment::Model> {
        live()
            .filter(environment::Column::Id.eq(id.as_uuid()))
            .filter(environment::Column::OrganizationId.eq(self.scope.organization_id.as_uuid()))
            .one(&self.tx.conn())
            .await?
            .ok_or(Error::NotFound)
    }
}

/// Environments of every organisation, for sign-in and joining.
#[derive(Debug)]
pub struct Environments<'a> {
    conn: Conn<'a>,
}

impl<'a> Environments<'a> {
    pub(crate) fn new(conn: Conn<'a>) -> Self {
        Self { conn }
    }

    /// The environments of these organisations, default ones first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn of(&self, organizations: &[OrganizationId]) -> Result<Vec<Environment>> {
        live()
            .filter(environment::Column::OrganizationId.is_in(organizations.iter().map(|id| id.as_uuid())))
            .order_by_desc(environment::Column::IsDefault)
            .order_by_asc(environment::Column::Id)
            .all(&self.conn)
            .await?
            .into_iter()
            .map(Environment::try_from)
            .collect()
    }
}

fn live() -> sea_orm::Select<environment::Entity> {
    environment::Entity::find().filter(environment::Column::DeletedAt.is_null())
}

impl TryFrom<environment::Model> for Environment {
    type Error = Error;

    fn try_from(row: environment::Model) -> Result<Self> {
        Ok(Self {
            id: row.id.into(),
            organization_id: row.organization_id.into(),
            name: row.name,
            environment_type: word("environments.type", &row.environment_type)?,
            is_default: row.is_default,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}
