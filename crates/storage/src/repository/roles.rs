//! Role rows: the built-in ones, and those that organisations define.
//!
//! What an organisation says of the calls of a built-in role stands in a row of its own beside it, of the same set and
//! name: the built-in row is every organisation's, and is written anew when a server starts. Such a row is read with the
//! built-in one only, and never listed.

use conductor_domain::{NewRole, OrganizationId, Page, PageRequest, Role, RoleId};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, EntityTrait,
    IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
};

use super::convert::{after_id, json, to_json, word};
use crate::{
    Error, Result, ScopedTx, View,
    conn::{Conn, Fetch},
    entity::role,
    tx::Tx,
};

/// Roles that a caller can meet: the built-in ones and those of the organisation.
#[derive(Debug)]
pub struct VisibleRoles<'a> {
    view: View<'a>,
}

impl<'a> VisibleRoles<'a> {
    pub(crate) fn new(view: View<'a>) -> Self {
        Self { view }
    }

    /// A page of roles, the newest first.
    ///
    /// # Errors
    /// `BadCursor` when the cursor is not one of this list.
    pub async fn page(&self, page: PageRequest) -> Result<Page<Role>> {
        let mut select = of(self.view.caller.scope.organization_id);
        if let Some(after) = after_id(&page)? {
            select = select.filter(role::Column::Id.lt(after));
        }
        let rows = select.order_by_desc(role::Column::Id).limit(page.limit + 1).rows(self.view.conn).await?;
        let rows = as_held(&self.view.conn, self.view.caller.scope.organization_id, rows).await?;
        Ok(Page::cut(rows, page.limit, |role| role.id.to_string()))
    }

    /// Those of these roles that the caller can meet.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find_many(&self, ids: &[RoleId]) -> Result<Vec<Role>> {
        let organization = self.view.caller.scope.organization_id;
        let rows = of(organization)
            .filter(role::Column::Id.is_in(ids.iter().map(|id| id.as_uuid())))
            .rows(self.view.conn)
            .await?;
        as_held(&self.view.conn, organization, rows).await
    }
}

/// Roles of every organisation, for the decision point.
#[derive(Debug)]
pub struct Roles<'a> {
    conn: Conn<'a>,
}

impl<'a> Roles<'a> {
    pub(crate) fn new(conn: Conn<'a>) -> Self {
        Self { conn }
    }

    /// The built-in roles and those of one organisation.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn of(&self, organization: OrganizationId) -> Result<Vec<Role>> {
        let rows = of(organization).order_by_asc(role::Column::Id).all(&self.conn).await?;
        as_held(&self.conn, organization, rows).await
    }
}

/// Roles, inside a write.
#[derive(Debug)]
pub struct RolesTx<'t> {
    tx: &'t Tx,
}

impl<'t> RolesTx<'t> {
    pub(crate) fn new(tx: &'t Tx) -> Self {
        Self { tx }
    }

    /// Writes a role; one of the same organisation, set and name is changed in place.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn put(&self, new: NewRole) -> Result<Role> {
        let now = self.tx.clock().now();
        let found = live()
            .filter(role::Column::OrganizationId.eq(new.organization_id.as_uuid()))
            .filter(role::Column::Scope.eq(new.scope.as_str()))
            .filter(role::Column::RoleName.eq(new.name.as_str()))
            .one(&self.tx.conn())
            .await?;
        let mut row = role::ActiveModel {
            role_name: Set(new.name),
            description: Set(new.description),
            scope: Set(new.scope.as_str().to_owned()),
            organization_id: Set(new.organization_id.as_uuid()),
            permissions: Set(to_json("roles.permissions", &new.permissions)?),
            can_create_agents: Set(new.can_create_agents),
            can_share_agents: Set(new.can_share_agents),
            can_access_restricted_data: Set(new.can_access_restricted_data),
            max_api_calls_per_day: Set(new.max_api_calls_per_day),
            is_builtin: Set(new.is_builtin),
            updated_at: Set(now),
            ..Default::default()
        };
        if let Some(found) = found {
            row.id = sea_orm::ActiveValue::Unchanged(found.id);
            return row.update(&self.tx.conn()).await?.try_into();
        }
        row.id = Set(RoleId::generate(self.tx.clock()).as_uuid());
        row.created_at = Set(now);
        row.deleted_at = Set(None);
        row.insert(&self.tx.conn()).await?.try_into()
    }
}

/// What a tenant says of roles, inside a write.
#[derive(Debug)]
pub struct TenantRolesTx<'t> {
    tx: ScopedTx<'t>,
}

impl<'t> TenantRolesTx<'t> {
    pub(crate) fn new(tx: ScopedTx<'t>) -> Self {
        Self { tx }
    }

    /// Says how many calls a day whoever has a role may make in this tenant, `None` for no limit, and tells every
    /// server that what decides has changed.
    ///
    /// # Errors
    /// `NotFound` when the tenant has no such role.
    pub async fn limit(&self, id: RoleId, most: Option<i32>) -> Result<Role> {
        let (conn, organization) = (self.tx.tx.conn(), self.tx.scope.organization_id);
        let found = of(organization).filter(role::Column::Id.eq(id.as_uuid())).one(&conn).await?;
        let found = found.ok_or(Error::NotFound)?;
        let own = if found.is_builtin {
            let named = limits(organization)
                .filter(role::Column::Scope.eq(found.scope.as_str()))
                .filter(role::Column::RoleName.eq(found.role_name.as_str()));
            named.one(&conn).await?
        } else {
            Some(found.clone())
        };
        let now = self.tx.clock().now();
        match own {
            Some(own) => {
                let mut row: role::ActiveModel = own.into();
                (row.max_api_calls_per_day, row.updated_at) = (Set(most), Set(now));
                row.update(&conn).await?;
            }
            None => {
                let row = role::Model {
                    id: RoleId::generate(self.tx.clock()).as_uuid(),
                    organization_id: organization.as_uuid(),
                    // It says nothing but the limit.
                    permissions: to_json("roles.permissions", &Vec::<String>::new())?,
                    max_api_calls_per_day: most,
                    created_at: now,
                    updated_at: now,
                    ..found.clone()
                };
                row.into_active_model().reset_all().insert(&conn).await?;
            }
        }
        self.tx.policies().changed().await?;
        role::Model { max_api_calls_per_day: most, ..found }.try_into()
    }
}

fn live() -> sea_orm::Select<role::Entity> {
    role::Entity::find().filter(role::Column::DeletedAt.is_null())
}

fn of(organization: OrganizationId) -> sea_orm::Select<role::Entity> {
    let own = Condition::all()
        .add(role::Column::OrganizationId.eq(organization.as_uuid()))
        .add(role::Column::IsBuiltin.eq(false));
    let built_in = role::Column::OrganizationId.eq(OrganizationId::NIL.as_uuid());
    live().filter(Condition::any().add(built_in).add(own))
}

/// What an organisation says of built-in roles.
fn limits(organization: OrganizationId) -> sea_orm::Select<role::Entity> {
    live()
        .filter(role::Column::OrganizationId.eq(organization.as_uuid()))
        .filter(role::Column::IsBuiltin.eq(true))
}

/// Roles as an organisation has them, with its own limits for the built-in ones.
async fn as_held(
    conn: &impl ConnectionTrait,
    organization: OrganizationId,
    rows: Vec<role::Model>,
) -> Result<Vec<Role>> {
    let own =
        if organization == OrganizationId::NIL { Vec::new() } else { limits(organization).all(conn).await? };
    rows.into_iter()
        .map(|mut row| {
            let said = own
                .iter()
                .find(|own| row.is_builtin && (&own.scope, &own.role_name) == (&row.scope, &row.role_name));
            if let Some(said) = said {
                row.max_api_calls_per_day = said.max_api_calls_per_day;
            }
            Role::try_from(row)
        })
        .collect()
}

impl TryFrom<role::Model> for Role {
    type Error = Error;

    fn try_from(row: role::Model) -> Result<Self> {
        Ok(Self {
            id: row.id.into(),
            name: row.role_name,
            description: row.description,
            scope: word("roles.scope", &row.scope)?,
            organization_id: row.organization_id.into(),
            permissions: json("roles.permissions", row.permissions)?,
            can_create_agents: row.can_create_agents,
            can_share_agents: row.can_share_agents,
            can_access_restricted_data: row.can_access_restricted_data,
            max_api_calls_per_day: row.max_api_calls_per_day,
            is_builtin: row.is_builtin,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}
