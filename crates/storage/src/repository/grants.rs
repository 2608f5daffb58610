//! Grants: one live row at most for a subject and a row, none ever removed, and each change with the organisation's next
//! version, by which every server finds it.

use chrono::{DateTime, Utc};
use conductor_domain::{
    AccessLevel, Grant, GrantFilter, GrantId, GrantSubject, NewGrant, OrganizationId, Page, PageRequest,
    Principal, ResourceRef, Scope, SharedKind, SubjectKind,
};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::Set,
    ColumnTrait, Condition, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait, Select,
    prelude::{Expr, Uuid},
    sea_query::SelectStatement,
};

use super::convert::{after_id, word};
use crate::{
    Error, Result, ScopedTx, View,
    conn::{Conn, Fetch},
    entity::{organization, permission_grant, role},
};

/// Grants of the organisation that a caller acts in; who may read which of them is decided before.
#[derive(Debug)]
pub struct VisibleGrants<'a> {
    view: View<'a>,
}

impl<'a> VisibleGrants<'a> {
    pub(crate) fn new(view: View<'a>) -> Self {
        Self { view }
    }

    /// A live grant.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find(&self, id: GrantId) -> Result<Option<Grant>> {
        let select = self.live().filter(permission_grant::Column::Id.eq(id.as_uuid()));
        select.row(self.view.conn).await?.map(Grant::try_from).transpose()
    }

    /// A page of live grants, the newest first.
    ///
    /// # Errors
    /// `BadCursor` when the cursor is not one of this list.
    pub async fn page(&self, filter: GrantFilter, page: PageRequest) -> Result<Page<Grant>> {
        self.cut(filtered(self.live(), filter), page).await
    }

    /// A page of the live grants that the caller holds, by its name, its roles or as a member.
    ///
    /// # Errors
    /// `BadCursor` when the cursor is not one of this list.
    pub async fn held(&self, page: PageRequest) -> Result<Page<Grant>> {
        self.cut(self.live().filter(held_by(&self.view)), page).await
    }

    /// The live grants that the caller holds on a row.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn held_on(&self, resource: ResourceRef) -> Result<Vec<Grant>> {
        let filter = GrantFilter { resource: Some(resource), subject: None };
        let select = filtered(self.live(), filter).filter(held_by(&self.view));
        select.rows(self.view.conn).await?.into_iter().map(Grant::try_from).collect()
    }

    /// Every live grant on a row.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn on(&self, resource: ResourceRef) -> Result<Vec<Grant>> {
        let filter = GrantFilter { resource: Some(resource), subject: None };
        let select = filtered(self.live(), filter).order_by_asc(permission_grant::Column::Id);
        select.rows(self.view.conn).await?.into_iter().map(Grant::try_from).collect()
    }

    async fn cut(
        &self,
        mut select: Select<permission_grant::Entity>,
        page: PageRequest,
    ) -> Result<Page<Grant>> {
        if let Some(after) = after_id(&page)? {
            select = select.filter(permission_grant::Column::Id.lt(after));
        }
        let select = select.order_by_desc(permission_grant::Column::Id).limit(page.limit + 1);
        let rows = select.rows(self.view.conn).await?;
        let rows = rows.into_iter().map(Grant::try_from).collect::<Result<Vec<_>>>()?;
        Ok(Page::cut(rows, page.limit, |grant| grant.id.to_string()))
    }

    fn live(&self) -> Select<permission_grant::Entity> {
        permission_grant::Entity::find().filter(live(self.view.caller.scope.organization_id, self.view.now))
    }
}

/// The ids of rows that were granted to a caller and still are.
pub(super) fn granted(view: &View<'_>, kind: SharedKind) -> SelectStatement {
    ids(view, kind).into_query()
}

/// The ids of rows that a caller may grant on because they were granted to it in full.
pub(super) fn granted_in_full(view: &View<'_>, kind: SharedKind) -> SelectStatement {
    ids(view, kind).filter(permission_grant::Column::AccessLevel.eq(AccessLevel::Admin.as_str())).into_query()
}

fn ids(view: &View<'_>, kind: SharedKind) -> Select<permission_grant::Entity> {
    permission_grant::Entity::find()
        .select_only()
        .column(permission_grant::Column::ResourceId)
        .filter(permission_grant::Column::ResourceType.eq(kind.as_str()))
        .filter(live(view.caller.scope.organization_id, view.now))
        .filter(held_by(view))
}

fn live(organization: OrganizationId, now: DateTime<Utc>) -> Condition {
    Condition::all()
        .add(permission_grant::Column::OrganizationId.eq(organization.as_uuid()))
        .add(permission_grant::Column::IsActive.eq(true))
        .add(
            Condition::any()
                .add(permission_grant::Column::ExpiresAt.is_null())
                .add(permission_grant::Column::ExpiresAt.gt(now)),
        )
}

fn held_by(view: &View<'_>) -> Condition {
    let caller = view.caller;
    let (kind, id) = match caller.principal {
        Principal::User { user_id } => (SubjectKind::User, user_id.as_uuid()),
        Principal::Agent { agent_id } => (SubjectKind::Agent, agent_id.as_uuid()),
        Principal::ServiceAccount { service_account_id } => {
            (SubjectKind::ServiceAccount, service_account_id.as_uuid())
        }
    };
    let is = |kind: SubjectKind| permission_grant::Column::SubjectType.eq(kind.as_str());
    let mut names = Condition::any();
    for (set, name) in caller.roles.iter().filter_map(|role| role.split_once(':')) {
        names =
            names.add(Condition::all().add(role::Column::Scope.eq(set)).add(role::Column::RoleName.eq(name)));
    }
    let roles = role::Entity::find()
        .select_only()
        .column(role::Column::Id)
        .filter(
            role::Column::OrganizationId
                .is_in([OrganizationId::NIL.as_uuid(), caller.scope.organization_id.as_uuid()]),
        )
        .filter(role::Column::DeletedAt.is_null())
        .filter(names)
        .into_query();
    let mut held = Condition::any()
        .add(Condition::all().add(is(kind)).add(permission_grant::Column::SubjectId.eq(id)))
        .add(is(SubjectKind::Organization));
    if !caller.roles.is_empty() {
        held = held.add(
            Condition::all()
                .add(is(SubjectKind::Role))
                .add(permission_grant::Column::SubjectId.in_subquery(roles)),
        );
    }
    held
}

fn filtered(
    mut select: Select<permission_grant::Entity>,
    filter: GrantFilter,
) -> Select<permission_grant::Entity> {
    if let Some(GrantSubject { kind, id }) = filter.subject {
        select = select
            .filter(permission_grant::Column::SubjectType.eq(kind.as_str()))
            .filter(permission_grant::Column::SubjectId.eq(id));
    }
    if let Some(ResourceRef { kind, id }) = filter.resource {
        select = select
            .filter(permission_grant::Column::ResourceType.eq(kind.as_str()))
            .filter(permission_grant::Column::ResourceId.eq(id));
    }
    select
}

/// Grants of every organisation, for the decision point and the sweeper.
#[derive(Debug)]
pub struct Grants<'a> {
    conn: Conn<'a>,
}

impl<'a> Grants<'a> {
    pub(crate) fn new(conn: Conn<'a>) -> Self {
        Self { conn }
    }

    /// What changed after a version: grants as they are now, those taken back among them. Every active one where none
    /// was read before.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn changed(&self, organization: OrganizationId, since: Option<i64>) -> Result<Vec<Grant>> {
        let mut select = permission_grant::Entity::find()
            .filter(permission_grant::Column::OrganizationId.eq(organization.as_uuid()));
        select = match since {
            Some(version) => select.filter(permission_grant::Column::Version.gt(version)),
            None => select.filter(permission_grant::Column::IsActive.eq(true)),
        };
        select.all(&self.conn).await?.into_iter().map(Grant::try_from).collect()
    }

    /// Active grants whose time is over, at most `limit`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn ended(&self, now: DateTime<Utc>, limit: u64) -> Result<Vec<Grant>> {
        let select = permission_grant::Entity::find()
            .filter(permission_grant::Column::IsActive.eq(true))
            .filter(permission_grant::Column::ExpiresAt.lte(now))
            .order_by_asc(permission_grant::Column::ExpiresAt)
            .limit(limit);
        select.all(&self.conn).await?.into_iter().map(Grant::try_from).collect()
    }
}

/// Grants of one tenant, inside a write.
#[derive(Debug)]
pub struct GrantsTx<'t> {
    tx: ScopedTx<'t>,
}

impl<'t> GrantsTx<'t> {
    pub(crate) fn new(tx: ScopedTx<'t>) -> Self {
        Self { tx }
    }

    /// An active grant, as it is in this transaction.
    ///
    /// # Errors
    /// `NotFound` when the organisation has no such grant, or it was taken back.
    pub async fn get(&self, id: GrantId) -> Result<Grant> {
        let row = self.active().filter(permission_grant::Column::Id.eq(id.as_uuid()));
        row.one(&self.tx.tx.conn()).await?.ok_or(Error::NotFound)?.try_into()
    }

    /// Writes a grant. One that the subject has on the row gives way; what was given under it stays where the new one
    /// lets the subject give as much for as long, and ends otherwise. Answers with the new grant and those that ended.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn put(&self, new: NewGrant) -> Result<(Grant, Vec<Grant>)> {
        let (version, now) = (self.next_version().await?, self.tx.clock().now());
        let filter = GrantFilter { subject: Some(new.subject), resource: Some(new.resource) };
        let before = filtered(self.active(), filter).one(&self.tx.tx.conn()).await?;
        let id = GrantId::generate(self.tx.clock());
        let mut ended = Vec::new();
        if let Some(before) = before {
            let before = Grant::try_from(before)?;
            let lasts = match (before.expires_at, new.expires_at) {
                (_, None) => true,
                (Some(old), Some(new)) => new >= old,
                (None, Some(_)) => false,
            };
            if new.level == AccessLevel::Admin && lasts {
                self.end_one(before.id, version, now).await?;
                permission_grant::Entity::update_many()
                    .col_expr(permission_grant::Column::GrantedUnderId, Expr::value(id.as_uuid()))
                    .filter(permission_grant::Column::GrantedUnderId.eq(before.id.as_uuid()))
                    .exec(&self.tx.tx.conn())
                    .await?;
                ended.push(Grant { is_active: false, ..before });
            } else {
                ended = self.end_all(before, version, now).await?;
            }
        }
        let row = permission_grant::ActiveModel {
            id: Set(id.as_uuid()),
            organization_id: Set(self.tx.scope.organization_id.as_uuid()),
            environment_id: Set(Some(self.tx.scope.environment_id.as_uuid())),
            kind: Set(match new.resource.kind {
                SharedKind::Connector => "connector_access".to_owned(),
                SharedKind::Agent | SharedKind::Conversation | SharedKind::Workflow => "share".to_owned(),
            }),
            subject_type: Set(new.subject.kind.as_str().to_owned()),
            subject_id: Set(new.subject.id),
            resource_type: Set(new.resource.kind.as_str().to_owned()),
            resource_id: Set(new.resource.id),
            permission_type: Set(None),
            access_level: Set(new.level.as_str().to_owned()),
            granted_by_user_id: Set(new.granted_by.map(Into::into)),
            granted_under_id: Set(new.under.map(Into::into)),
            granted_at: Set(now),
            expires_at: Set(new.expires_at),
            is_active: Set(true),
            revoked_at: Set(None),
            version: Set(version),
        };
        Ok((row.insert(&self.tx.tx.conn()).await?.try_into()?, ended))
    }

    /// Takes a grant back, and whatever was given under it. Answers with what ended.
    ///
    /// # Errors
    /// `NotFound` when it was taken back before.
    pub async fn revoke(&self, id: GrantId) -> Result<Vec<Grant>> {
        let (version, now) = (self.next_version().await?, self.tx.clock().now());
        let grant = self.get(id).await?;
        self.end_all(grant, version, now).await
    }

    /// Ends every grant on a row that goes.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn end_on(&self, kind: SharedKind, id: Uuid) -> Result<u64> {
        let resource = GrantFilter { resource: Some(ResourceRef { kind, id }), subject: None };
        self.end_where(resource).await
    }

    /// Ends every grant of a subject that goes.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn end_of(&self, kind: SubjectKind, id: Uuid) -> Result<u64> {
        let subject = GrantFilter { subject: Some(GrantSubject { kind, id }), resource: None };
        let grants = filtered(self.active(), subject).all(&self.tx.tx.conn()).await?;
        let mut ended = 0;
        for grant in grants {
            // One may have ended with another of them.
            match self.revoke(grant.id.into()).await {
                Ok(gone) => ended += gone.len() as u64,
                Err(Error::NotFound) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(ended)
    }

    async fn end_where(&self, filter: GrantFilter) -> Result<u64> {
        let rows = filtered(self.active(), filter).all(&self.tx.tx.conn()).await?;
        if rows.is_empty() {
            return Ok(0);
        }
        let (version, now) = (self.next_version().await?, self.tx.clock().now());
        for row in &rows {
            self.end_one(row.id.into(), version, now).await?;
        }
        Ok(rows.len() as u64)
    }

    /// The grant and everything below it.
    async fn end_all(&self, grant: Grant, version: i64, now: DateTime<Utc>) -> Result<Vec<Grant>> {
        let (mut open, mut ended) = (vec![grant], Vec::new());
        while let Some(grant) = open.pop() {
            self.end_one(grant.id, version, now).await?;
            let below = self.active().filter(permission_grant::Column::GrantedUnderId.eq(grant.id.as_uuid()));
            for row in below.all(&self.tx.tx.conn()).await? {
                open.push(row.try_into()?);
            }
            ended.push(Grant { is_active: false, ..grant });
        }
        Ok(ended)
    }

    async fn end_one(&self, id: GrantId, version: i64, now: DateTime<Utc>) -> Result<()> {
        let row = permission_grant::ActiveModel {
            id: Set(id.as_uuid()),
            is_active: Set(false),
            revoked_at: Set(Some(now)),
            version: Set(version),
            ..Default::default()
        };
        row.update(&self.tx.tx.conn()).await?;
        Ok(())
    }

    /// The version of what this transaction changes. The organisation's row is held until the commit, so that versions
    /// become visible in their order.
    async fn next_version(&self) -> Result<i64> {
        let (conn, organization) = (self.tx.tx.conn(), self.tx.scope.organization_id.as_uuid());
        organization::Entity::update_many()
            .col_expr(
                organization::Column::GrantVersion,
                Expr::col(organization::Column::GrantVersion).add(1),
            )
            .filter(organization::Column::Id.eq(organization))
            .exec(&conn)
            .await?;
        let version = organization::Entity::find_by_id(organization)
            .select_only()
            .column(organization::Column::GrantVersion)
            .into_tuple::<i64>();
        version.one(&conn).await?.ok_or(Error::NotFound)
    }

    fn active(&self) -> Select<permission_grant::Entity> {
        permission_grant::Entity::find()
            .filter(permission_grant::Column::OrganizationId.eq(self.tx.scope.organization_id.as_uuid()))
            .filter(permission_grant::Column::IsActive.eq(true))
    }
}

impl TryFrom<permission_grant::Model> for Grant {
    type Error = Error;

    fn try_from(row: permission_grant::Model) -> Result<Self> {
        Ok(Self {
            id: row.id.into(),
            scope: Scope {
                organization_id: row.organization_id.into(),
                environment_id: row.environment_id.unwrap_or_default().into(),
            },
            subject: GrantSubject {
                kind: word("permission_grants.subject_type", &row.subject_type)?,
                id: row.subject_id,
            },
            resource: ResourceRef {
                kind: word("permission_grants.resource_type", &row.resource_type)?,
                id: row.resource_id,
            },
            level: word("permission_grants.access_level", &row.access_level)?,
            granted_by: row.granted_by_user_id.map(Into::into),
            under: row.granted_under_id.map(Into::into),
            granted_at: row.granted_at,
            expires_at: row.expires_at,
            is_active: row.is_active,
        })
    }
}
