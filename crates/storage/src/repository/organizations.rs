//! Organisations: as their members see them, as one tenant changes itself, and as set-up and joining need them.

use conductor_domain::{
    NewOrganization, Organization, OrganizationChange, OrganizationId, OrganizationRole, Page, PageRequest,
    Revoked, Scope, UserId,
};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    prelude::Expr,
};
use serde_json::json;

use super::convert::{after_id, word};
use crate::{
    Error, Result, ScopedTx, View,
    conn::{Conn, Fetch},
    entity::{environment, membership, organization},
    tx::Tx,
};

/// Organisations that a caller is a member of.
#[derive(Debug)]
pub struct VisibleOrganizations<'a> {
    view: View<'a>,
}

impl<'a> VisibleOrganizations<'a> {
    pub(crate) fn new(view: View<'a>) -> Self {
        Self { view }
    }

    /// An organisation, if the caller is a member.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find(&self, id: OrganizationId) -> Result<Option<Organization>> {
        let row =
            self.visible().filter(organization::Column::Id.eq(id.as_uuid())).row(self.view.conn).await?;
        Ok(row.map(Into::into))
    }

    /// The caller's organisations, the newest first.
    ///
    /// # Errors
    /// `BadCursor` when the cursor is not one of this list.
    pub async fn page(&self, page: PageRequest) -> Result<Page<Organization>> {
        let mut select = self.visible();
        if let Some(after) = after_id(&page)? {
            select = select.filter(organization::Column::Id.lt(after));
        }
        let select = select.order_by_desc(organization::Column::Id).limit(page.limit + 1);
        let rows: Vec<Organization> =
            select.rows(self.view.conn).await?.into_iter().map(Into::into).collect();
        Ok(Page::cut(rows, page.limit, |organization| organization.id.to_string()))
    }

    fn visible(&self) -> sea_orm::Select<organization::Entity> {
        let mine = self.view.caller.organizations.iter().map(|id| id.as_uuid());
        live().filter(organization::Column::Id.is_in(mine))
    }
}

/// The organisation of a scope, inside a write.
#[derive(Debug)]
pub struct OrganizationTx<'t> {
    tx: &'t Tx,
    scope: Scope,
}

impl<'t> OrganizationTx<'t> {
    pub(crate) fn new(tx: ScopedTx<'t>) -> Self {
        Self { tx: tx.tx, scope: tx.scope }
    }

    /// The organisation.
    ///
    /// # Errors
    /// `NotFound` when it was deleted.
    pub async fn get(&self) -> Result<Organization> {
        Ok(self.row().await?.into())
    }

    /// Changes the organisation.
    ///
    /// # Errors
    /// `NameTaken` when another one has the name or the slug.
    pub async fn update(&self, change: OrganizationChange) -> Result<Organization> {
        let mut row: organization::ActiveModel = self.row().await?.into();
        macro_rules! set {
            ($($field:ident),+) => {$( if let Some(value) = change.$field { row.$field = Set(value); } )+};
        }
        set!(name, slug, industry, website, timezone, requires_mfa, key_max_age_days, context_extra);
        row.updated_at = Set(self.tx.clock().now());
        let organization = row.update(&self.tx.conn()).await?.into();
        self.tx.tell(Revoked::Organization(self.scope.organization_id)).await?;
        Ok(organization)
    }

    /// Deletes the organisation with its environments and memberships; their rows stay, marked. Its keys are gone, and
    /// with them whatever it sealed.
    ///
    /// # Errors
    /// `NotFound` when it was deleted before.
    pub async fn delete(&self) -> Result<()> {
        let (id, now) = (self.row().await?.id, self.tx.clock().now());
        let conn = self.tx.conn();
        membership::Entity::update_many()
            .col_expr(membership::Column::DeletedAt, Expr::value(now))
            .filter(membership::Column::OrganizationId.eq(id))
            .filter(membership::Column::DeletedAt.is_null())
            .exec(&conn)
            .await?;
        environment::Entity::update_many()
            .col_expr(environment::Column::DeletedAt, Expr::value(now))
            .filter(environment::Column::OrganizationId.eq(id))
            .filter(environment::Column::DeletedAt.is_null())
            .exec(&conn)
            .await?;
        organization::Entity::update_many()
            .col_expr(organization::Column::DeletedAt, Expr::value(now))
            .filter(organization::Column::Id.eq(id))
            .exec(&conn)
            .await?;
        super::tenant_keys::shred(&conn, id).await?;
        self.tx.tell(Revoked::Organization(self.scope.organization_id)).await
    }

    async fn row(&self) -> Result<organization::Model> {
        let row = live().filter(organization::Column::Id.eq(self.scope.organization_id.as_uuid()));
        row.one(&self.tx.conn()).await?.ok_or(Error::NotFound)
    }
}

/// Every organisation, for sign-in and joining.
#[derive(Debug)]
pub struct Organizations<'a> {
    conn: Conn<'a>,
}

impl<'a> Organizations<'a> {
    pub(crate) fn new(conn: Conn<'a>) -> Self {
        Self { conn }
    }

    /// An organisation by its id.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find(&self, id: OrganizationId) -> Result<Option<Organization>> {
        let row = live().filter(organization::Column::Id.eq(id.as_uuid())).one(&self.conn).await?;
        Ok(row.map(Into::into))
    }

    /// The organisations that a person is an active member of, with the role there, the oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn of_user(&self, user: UserId) -> Result<Vec<(Organization, OrganizationRole)>> {
        let memberships = membership::Entity::find()
            .filter(membership::Column::UserId.eq(user.as_uuid()))
            .filter(membership::Column::IsActive.eq(true))
            .filter(membership::Column::DeletedAt.is_null())
            .all(&self.conn)
            .await?;
        let organizations = live()
            .filter(organization::Column::Id.is_in(memberships.iter().map(|row| row.organization_id)))
            .order_by_asc(organization::Column::Id)
            .all(&self.conn)
            .await?;
        organizations
            .into_iter()
            .filter_map(|row| {
                let membership =
                    memberships.iter().find(|membership| membership.organization_id == row.id)?;
                let role = word("memberships.role", &membership.role);
                Some(role.map(|role| (row.into(), role)))
            })
            .collect()
    }

    /// The first team of the installation: the oldest organisation that is nobody's own.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn first_team(&self) -> Result<Option<Organization>> {
        let row = live()
            .filter(organization::Column::IsPersonal.eq(false))
            .filter(organization::Column::Id.ne(OrganizationId::NIL.as_uuid()))
            .order_by_asc(organization::Column::Id)
            .one(&self.conn)
            .await?;
        Ok(row.map(Into::into))
    }

    /// Whether a name is in use.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn name_taken(&self, name: &str) -> Result<bool> {
        self.taken(organization::Column::Name, name).await
    }

    /// Whether a slug is in use.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn slug_taken(&self, slug: &str) -> Result<bool> {
        self.taken(organization::Column::Slug, slug).await
    }

    async fn taken(&self, column: organization::Column, value: &str) -> Result<bool> {
        use sea_orm::sea_query::{ExprTrait, Func};
        let lower = Func::lower(Expr::col(column)).eq(Func::lower(Expr::val(value)));
        Ok(live().filter(lower).one(&self.conn).await?.is_some())
    }
}

/// Every organisation, inside a write.
#[derive(Debug)]
pub struct OrganizationsTx<'t> {
    tx: &'t Tx,
}

impl<'t> OrganizationsTx<'t> {
    pub(crate) fn new(tx: &'t Tx) -> Self {
        Self { tx }
    }

    /// The same organisations, to read in this transaction.
    #[must_use]
    pub fn read(&self) -> Organizations<'t> {
        Organizations::new(self.tx.conn())
    }

    /// Makes an organisation, without environments or members.
    ///
    /// # Errors
    /// `NameTaken` when another one has the name or the slug.
    pub async fn create(&self, new: NewOrganization) -> Result<Organization> {
        let now = self.tx.clock().now();
        let row = organization::ActiveModel {
            id: Set(new.id.as_uuid()),
            name: Set(new.name),
            slug: Set(new.slug),
            is_personal: Set(new.is_personal),
            industry: Set(new.industry),
            website: Set(new.website),
            timezone: Set(new.timezone),
            requires_mfa: Set(false),
            key_max_age_days: Set(None),
            keep_conversations_days: Set(None),
            keep_runs_days: Set(None),
            notifications: Set(json!({})),
            context_extra: Set(json!({})),
            policy_version: Set(0),
            grant_version: Set(0),
            created_at: Set(now),
            updated_at: Set(now),
            deleted_at: Set(None),
        };
        Ok(row.insert(&self.tx.conn()).await?.into())
    }
}

fn live() -> sea_orm::Select<organization::Entity> {
    organization::Entity::find().filter(organization::Column::DeletedAt.is_null())
}

impl From<organization::Model> for Organization {
    fn from(row: organization::Model) -> Self {
        Self {
            id: row.id.into(),
            name: row.name,
            slug: row.slug,
            is_personal: row.is_personal,
            industry: row.industry,
            website: row.website,
            timezone: row.timezone,
            requires_mfa: row.requires_mfa,
            key_max_age_days: row.key_max_age_days,
            context_extra: row.context_extra,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}
