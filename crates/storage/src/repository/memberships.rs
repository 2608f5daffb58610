//! Who belongs to which organisation, in which role.

use std::collections::HashMap;

use conductor_domain::{
    Member, Membership, MembershipId, OrganizationId, OrganizationRole, Page, PageRequest, Revoked, Scope,
    User, UserId,
};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::Set,
    ColumnTrait, Condition, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
    sea_query::{Expr, Func},
};

use super::convert::{after_id, containing, word};
use crate::{
    Error, Result, ScopedTx, View,
    conn::{Conn, Fetch},
    entity::{directory_user, membership, user},
    tx::Tx,
};

/// Members of the organisation that a caller acts in.
#[derive(Debug)]
pub struct VisibleMemberships<'a> {
    view: View<'a>,
}

impl<'a> VisibleMemberships<'a> {
    pub(crate) fn new(view: View<'a>) -> Self {
        Self { view }
    }

    /// A member of the organisation.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find(&self, user: UserId) -> Result<Option<Member>> {
        let row =
            self.visible().filter(membership::Column::UserId.eq(user.as_uuid())).row(self.view.conn).await?;
        let Some(row) = row else { return Ok(None) };
        Ok(with_people(self.view.conn, vec![row]).await?.pop())
    }

    /// Those of these people who belong to the organisation.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find_many(&self, users: &[UserId]) -> Result<Vec<Member>> {
        let rows = self
            .visible()
            .filter(membership::Column::UserId.is_in(users.iter().map(|user| user.as_uuid())))
            .rows(self.view.conn)
            .await?;
        with_people(self.view.conn, rows).await
    }

    /// The organisation's members, the newest first.
    ///
    /// # Errors
    /// `BadCursor` when the cursor is not one of this list.
    pub async fn page(&self, page: PageRequest) -> Result<Page<Member>> {
        let mut select = self.visible();
        if let Some(after) = after_id(&page)? {
            select = select.filter(membership::Column::Id.lt(after));
        }
        let select = select.order_by_desc(membership::Column::Id).limit(page.limit + 1);
        let cut = Page::cut(select.rows(self.view.conn).await?, page.limit, |row| row.id.to_string());
        Ok(Page { items: with_people(self.view.conn, cut.items).await?, next: cut.next })
    }

    /// Members who may act, with their accounts, the newest first: what questions about many people stand on, in two
    /// statements however long the page is. `words` stand in the name or the address.
    ///
    /// # Errors
    /// `BadCursor` when the cursor is not one of this list.
    pub async fn accounts(&self, words: Option<&str>, page: PageRequest) -> Result<Page<(Membership, User)>> {
        let mut active = user::Entity::find()
            .select_only()
            .column(user::Column::Id)
            .filter(user::Column::IsActive.eq(true))
            .filter(user::Column::DeletedAt.is_null());
        if let Some(words) = words.map(str::trim).filter(|words| !words.is_empty()) {
            let mut found = Condition::any();
            for column in [user::Column::Name, user::Column::Email] {
                found = found.add(Expr::expr(Func::lower(Expr::col(column))).like(containing(words)));
            }
            active = active.filter(found);
        }
        let mut select = self
            .visible()
            .filter(membership::Column::IsActive.eq(true))
            .filter(membership::Column::UserId.in_subquery(active.into_query()));
        if let Some(after) = after_id(&page)? {
            select = select.filter(membership::Column::Id.lt(after));
        }
        let select = select.order_by_desc(membership::Column::Id).limit(page.limit + 1);
        let cut = Page::cut(select.rows(self.view.conn).await?, page.limit, |row| row.id.to_string());
        let ids = cut.items.iter().map(|row| row.user_id);
        let people = user::Entity::find().filter(user::Column::Id.is_in(ids)).rows(self.view.conn).await?;
        let mut people: HashMap<_, _> = people.into_iter().map(|person| (person.id, person)).collect();
        let mut items = Vec::with_capacity(cut.items.len());
        for row in cut.items {
            // Whoever went between the two statements is no member any more.
            let Some(person) = people.remove(&row.user_id) else { continue };
            items.push((Membership::try_from(row)?, User::try_from(person)?));
        }
        Ok(Page { items, next: cut.next })
    }

    fn visible(&self) -> sea_orm::Select<membership::Entity> {
        live().filter(membership::Column::OrganizationId.eq(self.view.caller.scope.organization_id.as_uuid()))
    }
}

async fn with_people(conn: Conn<'_>, rows: Vec<membership::Model>) -> Result<Vec<Member>> {
    let ids = || rows.iter().map(|row| row.user_id);
    let people = user::Entity::find().filter(user::Column::Id.is_in(ids())).all(&conn).await?;
    let brought = directory_user::Entity::find()
        .filter(directory_user::Column::OrganizationId.is_in(rows.iter().map(|row| row.organization_id)))
        .filter(directory_user::Column::UserId.is_in(ids()))
        .filter(directory_user::Column::DeletedAt.is_null())
        .all(&conn)
        .await?;
    rows.into_iter()
        .filter_map(|row| {
            let person = people.iter().find(|person| person.id == row.user_id)?;
            let is_provisioned = brought
                .iter()
                .any(|one| (one.user_id, one.organization_id) == (row.user_id, row.organization_id));
            Some(Membership::try_from(row).map(|membership| Member {
                membership,
                email: person.email.clone(),
                name: person.name.clone(),
                is_verified: person.is_verified,
                is_provisioned,
            }))
        })
        .collect()
}

/// Memberships of one organisation, inside a write.
#[derive(Debug)]
pub struct MembershipsTx<'t> {
    tx: &'t Tx,
    organization_id: OrganizationId,
}

impl<'t> MembershipsTx<'t> {
    pub(crate) fn new(tx: ScopedTx<'t>) -> Self {
        let Scope { organization_id, .. } = tx.scope;
        Self { tx: tx.tx, organization_id }
    }

    /// A person's membership, if there is one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find(&self, user: UserId) -> Result<Option<Membership>> {
        self.row(user).await?.map(Membership::try_from).transpose()
    }

    /// Makes a person a member.
    ///
    /// # Errors
    /// `NameTaken` when the person is one.
    pub async fn create(&self, user: UserId, role: OrganizationRole) -> Result<Membership> {
        let now = self.tx.clock().now();
        let row = membership::ActiveModel {
            id: Set(MembershipId::generate(self.tx.clock()).as_uuid()),
            user_id: Set(user.as_uuid()),
            organization_id: Set(self.organization_id.as_uuid()),
            role: Set(role.as_str().to_owned()),
            department: Set(None),
            is_active: Set(true),
            created_at: Set(now),
            updated_at: Set(now),
            deleted_at: Set(None),
        };
        row.insert(&self.tx.conn()).await?.try_into()
    }

    /// Changes a membership.
    ///
    /// # Errors
    /// `NotFound` when the person is no member.
    pub async fn update(
        &self,
        user: UserId,
        role: Option<OrganizationRole>,
        is_active: Option<bool>,
    ) -> Result<Membership> {
        let mut row: membership::ActiveModel = self.row(user).await?.ok_or(Error::NotFound)?.into();
        if let Some(role) = role {
            row.role = Set(role.as_str().to_owned());
        }
        if let Some(is_active) = is_active {
            row.is_active = Set(is_active);
        }
        row.updated_at = Set(self.tx.clock().now());
        let membership = row.update(&self.tx.conn()).await?.try_into()?;
        self.tx.tell(Revoked::User(user)).await?;
        Ok(membership)
    }

    /// Ends a membership.
    ///
    /// # Errors
    /// `NotFound` when the person is no member.
    pub async fn delete(&self, user: UserId) -> Result<()> {
        let mut row: membership::ActiveModel = self.row(user).await?.ok_or(Error::NotFound)?.into();
        row.deleted_at = Set(Some(self.tx.clock().now()));
        row.update(&self.tx.conn()).await?;
        self.tx.tell(Revoked::User(user)).await
    }

    /// Whether anyone but this person is an active owner. The owners' rows are locked until the transaction ends, so
    /// that two owners who leave at once do not both count on the other.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn another_owner(&self, than: UserId) -> Result<bool> {
        Ok(!self.other_owners(than).await?.is_empty())
    }

    /// The active owners but this person, the oldest membership first; their rows are locked as above.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn other_owners(&self, than: UserId) -> Result<Vec<UserId>> {
        let owners = live()
            .filter(membership::Column::OrganizationId.eq(self.organization_id.as_uuid()))
            .filter(membership::Column::Role.eq(OrganizationRole::Owner.as_str()))
            .filter(membership::Column::IsActive.eq(true))
            .order_by_asc(membership::Column::Id)
            .lock_exclusive()
            .all(&self.tx.conn())
            .await?;
        let others = owners.into_iter().map(|owner| UserId::from(owner.user_id));
        Ok(others.filter(|owner| *owner != than).collect())
    }

    /// Everyone who belongs to the organisation.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn people(&self) -> Result<Vec<UserId>> {
        let rows = live()
            .filter(membership::Column::OrganizationId.eq(self.organization_id.as_uuid()))
            .all(&self.tx.conn())
            .await?;
        Ok(rows.into_iter().map(|row| row.user_id.into()).collect())
    }

    async fn row(&self, user: UserId) -> Result<Option<membership::Model>> {
        let row = live()
            .filter(membership::Column::UserId.eq(user.as_uuid()))
            .filter(membership::Column::OrganizationId.eq(self.organization_id.as_uuid()))
            .one(&self.tx.conn())
            .await?;
        Ok(row)
    }
}

fn live() -> sea_orm::Select<membership::Entity> {
    membership::Entity::find().filter(membership::Column::DeletedAt.is_null())
}

impl TryFrom<membership::Model> for Membership {
    type Error = Error;

    fn try_from(row: membership::Model) -> Result<Self> {
        Ok(Self {
            id: row.id.into(),
            user_id: row.user_id.into(),
            organization_id: row.organization_id.into(),
            role: word("memberships.role", &row.role)?,
            is_active: row.is_active,
            created_at: row.created_at,
        })
    }
}
