//! Wishes for grants: seen by who has them and by who may grant them.

use chrono::{DateTime, Utc};
use conductor_domain::{
    AccessLevel, AccessRequest, AccessRequestId, AccessRequestStatus, GrantId, NewAccessRequest, Page,
    PageRequest, ResourceRef, Scope, SharedKind, SubjectKind, UserId,
};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, Condition, EntityTrait, PaginatorTrait, QueryFilter,
    QueryOrder, QuerySelect, QueryTrait, Select, prelude::Uuid, sea_query::SelectStatement,
};

use super::{
    agents, connectors,
    convert::{after_id, word},
    grants::granted_in_full,
    workflows,
};
use crate::{
    Error, Result, ScopedTx, View,
    conn::Fetch,
    entity::{access_request, agent, connector, conversation, membership, permission_grant, workflow},
};

/// Wishes that a caller has, or may grant.
#[derive(Debug)]
pub struct VisibleAccessRequests<'a> {
    view: View<'a>,
}

impl<'a> VisibleAccessRequests<'a> {
    pub(crate) fn new(view: View<'a>) -> Self {
        Self { view }
    }

    /// A wish of the caller, or one that it may grant as far as rows tell; what it may do is decided after.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find(&self, id: AccessRequestId) -> Result<Option<AccessRequest>> {
        let visible = Condition::any().add(self.mine()).add(self.to_decide());
        let select = self.own().filter(visible).filter(access_request::Column::Id.eq(id.as_uuid()));
        select.row(self.view.conn).await?.map(AccessRequest::try_from).transpose()
    }

    /// A page of wishes, the newest first: the caller's own where `mine`, else those that it may grant.
    ///
    /// # Errors
    /// `BadCursor` when the cursor is not one of this list.
    pub async fn page(
        &self,
        mine: bool,
        status: Option<AccessRequestStatus>,
        page: PageRequest,
    ) -> Result<Page<AccessRequest>> {
        let mut select = self.own().filter(if mine { self.mine() } else { self.to_decide() });
        if let Some(status) = status {
            select = select.filter(access_request::Column::Status.eq(status.as_str()));
        }
        if let Some(after) = after_id(&page)? {
            select = select.filter(access_request::Column::Id.lt(after));
        }
        let select = select.order_by_desc(access_request::Column::Id).limit(page.limit + 1);
        let rows = select.rows(self.view.conn).await?;
        let rows = rows.into_iter().map(AccessRequest::try_from).collect::<Result<Vec<_>>>()?;
        Ok(Page::cut(rows, page.limit, |request| request.id.to_string()))
    }

    /// How many wishes of the caller nobody has answered.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn open(&self) -> Result<u64> {
        let pending = access_request::Column::Status.eq(AccessRequestStatus::Pending.as_str());
        Ok(self.own().filter(self.mine()).filter(pending).count(&self.view.conn).await?)
    }

    fn own(&self) -> Select<access_request::Entity> {
        let organization = self.view.caller.scope.organization_id.as_uuid();
        access_request::Entity::find().filter(access_request::Column::OrganizationId.eq(organization))
    }

    fn mine(&self) -> Condition {
        let user = self.view.caller.user_id().unwrap_or(UserId::NIL);
        Condition::all().add(access_request::Column::UserId.eq(user.as_uuid()))
    }

    /// On rows that the caller owns, was granted in full, or manages because they are shared.
    fn to_decide(&self) -> Condition {
        let user = self.view.caller.user_id().unwrap_or(UserId::NIL);
        let on = |kind: SharedKind, ids: SelectStatement| {
            Condition::all()
                .add(access_request::Column::ResourceType.eq(kind.as_str()))
                .add(access_request::Column::ResourceId.in_subquery(ids))
        };
        let mut rows = Condition::any()
            .add(on(SharedKind::Agent, self.agents()))
            .add(on(SharedKind::Connector, self.connectors()))
            .add(on(SharedKind::Conversation, self.conversations()))
            .add(on(SharedKind::Workflow, self.workflows()));
        for kind in SharedKind::ALL {
            rows = rows.add(on(*kind, granted_in_full(&self.view, *kind)));
        }
        Condition::all().add(access_request::Column::UserId.ne(user.as_uuid())).add(rows)
    }

    fn manages(&self) -> bool {
        ["organization:owner", "organization:admin"].iter().any(|role| self.view.caller.has_role(role))
    }

    fn agents(&self) -> SelectStatement {
        agent::Entity::find()
            .select_only()
            .column(agent::Column::Id)
            .filter(agent::Column::DeletedAt.is_null())
            .filter(agents::REACH.decided_by(self.view.caller, self.manages()))
            .into_query()
    }

    fn connectors(&self) -> SelectStatement {
        connector::Entity::find()
            .select_only()
            .column(connector::Column::Id)
            .filter(connector::Column::DeletedAt.is_null())
            .filter(connectors::REACH.decided_by(self.view.caller, self.manages()))
            .into_query()
    }

    fn workflows(&self) -> SelectStatement {
        workflow::Entity::find()
            .select_only()
            .column(workflow::Column::Id)
            .filter(workflow::Column::DeletedAt.is_null())
            .filter(workflows::REACH.decided_by(self.view.caller, self.manages()))
            .into_query()
    }

    fn conversations(&self) -> SelectStatement {
        let caller = self.view.caller;
        conversation::Entity::find()
            .select_only()
            .column(conversation::Column::Id)
            .filter(conversation::Column::OrganizationId.eq(caller.scope.organization_id.as_uuid()))
            .filter(conversation::Column::EnvironmentId.eq(caller.scope.environment_id.as_uuid()))
            .filter(conversation::Column::DeletedAt.is_null())
            .filter(conversation::Column::UserId.eq(caller.user_id().unwrap_or(UserId::NIL).as_uuid()))
            .into_query()
    }
}

/// Wishes of one tenant, inside a write.
#[derive(Debug)]
pub struct AccessRequestsTx<'t> {
    tx: ScopedTx<'t>,
}

impl<'t> AccessRequestsTx<'t> {
    pub(crate) fn new(tx: ScopedTx<'t>) -> Self {
        Self { tx }
    }

    /// Writes a wish.
    ///
    /// # Errors
    /// `NameTaken` when the person has one open for the same level of the same row.
    pub async fn create(&self, new: NewAccessRequest) -> Result<AccessRequest> {
        let row = access_request::ActiveModel {
            id: Set(AccessRequestId::generate(self.tx.clock()).as_uuid()),
            organization_id: Set(self.tx.scope.organization_id.as_uuid()),
            environment_id: Set(self.tx.scope.environment_id.as_uuid()),
            user_id: Set(new.user_id.as_uuid()),
            resource_type: Set(new.resource.kind.as_str().to_owned()),
            resource_id: Set(new.resource.id),
            access_level: Set(new.level.as_str().to_owned()),
            reason: Set(new.reason),
            hours: Set(new.hours),
            status: Set(AccessRequestStatus::Pending.as_str().to_owned()),
            decided_by: Set(None),
            decided_at: Set(None),
            comment: Set(None),
            grant_id: Set(None),
            grant_expires_at: Set(None),
            created_at: Set(self.tx.clock().now()),
        };
        row.insert(&self.tx.tx.conn()).await?.try_into()
    }

    /// Who may grant on a row, to be told of a wish: its owner, who was granted it in full, and, where it is shared, the
    /// organisation's administrators. Nobody where the tenant has no such row.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn approvers(&self, resource: ResourceRef) -> Result<Vec<UserId>> {
        let (conn, organization) = (self.tx.tx.conn(), self.tx.scope.organization_id.as_uuid());
        let Some((owner, is_shared)) = self.owner(resource).await? else { return Ok(Vec::new()) };
        let mut people: Vec<Uuid> = permission_grant::Entity::find()
            .select_only()
            .column(permission_grant::Column::SubjectId)
            .filter(permission_grant::Column::OrganizationId.eq(organization))
            .filter(permission_grant::Column::IsActive.eq(true))
            .filter(permission_grant::Column::SubjectType.eq(SubjectKind::User.as_str()))
            .filter(permission_grant::Column::ResourceType.eq(resource.kind.as_str()))
            .filter(permission_grant::Column::ResourceId.eq(resource.id))
            .filter(permission_grant::Column::AccessLevel.eq(AccessLevel::Admin.as_str()))
            .into_tuple()
            .all(&conn)
            .await?;
        people.extend(owner);
        if is_shared {
            let administrators: Vec<Uuid> = membership::Entity::find()
                .select_only()
                .column(membership::Column::UserId)
                .filter(membership::Column::OrganizationId.eq(organization))
                .filter(membership::Column::DeletedAt.is_null())
                .filter(membership::Column::IsActive.eq(true))
                .filter(membership::Column::Role.is_in(["owner", "admin"]))
                .into_tuple()
                .all(&conn)
                .await?;
            people.extend(administrators);
        }
        people.sort_unstable();
        people.dedup();
        Ok(people.into_iter().map(Into::into).collect())
    }

    /// Whose a row is, and whether more people than that see it.
    async fn owner(&self, resource: ResourceRef) -> Result<Option<(Option<Uuid>, bool)>> {
        let (conn, organization) = (self.tx.tx.conn(), self.tx.scope.organization_id.as_uuid());
        Ok(match resource.kind {
            SharedKind::Agent => agent::Entity::find_by_id(resource.id)
                .filter(agent::Column::OrganizationId.eq(organization))
                .filter(agent::Column::DeletedAt.is_null())
                .one(&conn)
                .await?
                .map(|row| (row.owner_user_id, row.visibility != "private")),
            SharedKind::Connector => connector::Entity::find_by_id(resource.id)
                .filter(connector::Column::OrganizationId.eq(organization))
                .filter(connector::Column::DeletedAt.is_null())
                .one(&conn)
                .await?
                .map(|row| (row.created_by_user_id, row.visibility != "private")),
            SharedKind::Conversation => conversation::Entity::find_by_id(resource.id)
                .filter(conversation::Column::OrganizationId.eq(organization))
                .filter(conversation::Column::DeletedAt.is_null())
                .one(&conn)
                .await?
                .map(|row| (Some(row.user_id), false)),
            SharedKind::Workflow => workflow::Entity::find_by_id(resource.id)
                .filter(workflow::Column::OrganizationId.eq(organization))
                .filter(workflow::Column::DeletedAt.is_null())
                .one(&conn)
                .await?
                .map(|row| (row.owner_user_id, row.visibility != "private")),
        })
    }

    /// Answers a wish; `grant` is what it became.
    ///
    /// # Errors
    /// `NotFound`, or `Stale` when it was answered before.
    pub async fn decide(
        &self,
        id: AccessRequestId,
        by: UserId,
        grant: Option<(GrantId, Option<DateTime<Utc>>)>,
        comment: Option<String>,
    ) -> Result<AccessRequest> {
        let row = access_request::Entity::find_by_id(id.as_uuid())
            .filter(access_request::Column::OrganizationId.eq(self.tx.scope.organization_id.as_uuid()))
            .lock_exclusive()
            .one(&self.tx.tx.conn())
            .await?
            .ok_or(Error::NotFound)?;
        if row.status != AccessRequestStatus::Pending.as_str() {
            return Err(Error::Stale);
        }
        let status = match grant {
            Some(_) => AccessRequestStatus::Approved,
            None => AccessRequestStatus::Denied,
        };
        let mut row: access_request::ActiveModel = row.into();
        row.status = Set(status.as_str().to_owned());
        row.decided_by = Set(Some(by.as_uuid()));
        row.decided_at = Set(Some(self.tx.clock().now()));
        row.comment = Set(comment);
        row.grant_id = Set(grant.map(|(id, _)| id.as_uuid()));
        row.grant_expires_at = Set(grant.and_then(|(_, end)| end));
        row.update(&self.tx.tx.conn()).await?.try_into()
    }

    /// Takes a wish of this person back, before anybody answered; `None` where that was done before.
    ///
    /// # Errors
    /// `NotFound`, or `Stale` when it was answered.
    pub async fn withdraw(&self, id: AccessRequestId, user: UserId) -> Result<Option<AccessRequest>> {
        let row = access_request::Entity::find_by_id(id.as_uuid())
            .filter(access_request::Column::OrganizationId.eq(self.tx.scope.organization_id.as_uuid()))
            .filter(access_request::Column::UserId.eq(user.as_uuid()))
            .lock_exclusive()
            .one(&self.tx.tx.conn())
            .await?
            .ok_or(Error::NotFound)?;
        if row.status == AccessRequestStatus::Withdrawn.as_str() {
            return Ok(None);
        }
        if row.status != AccessRequestStatus::Pending.as_str() {
            return Err(Error::Stale);
        }
        let mut row: access_request::ActiveModel = row.into();
        row.status = Set(AccessRequestStatus::Withdrawn.as_str().to_owned());
        row.decided_at = Set(Some(self.tx.clock().now()));
        AccessRequest::try_from(row.update(&self.tx.tx.conn()).await?).map(Some)
    }
}

impl TryFrom<access_request::Model> for AccessRequest {
    type Error = Error;

    fn try_from(row: access_request::Model) -> Result<Self> {
        Ok(Self {
            id: row.id.into(),
            scope: Scope {
                organization_id: row.organization_id.into(),
                environment_id: row.environment_id.into(),
            },
            user_id: row.user_id.into(),
            resource: ResourceRef {
                kind: word("permission_requests.resource_type", &row.resource_type)?,
                id: row.resource_id,
            },
            level: word("permission_requests.access_level", &row.access_level)?,
            reason: row.reason,
            hours: row.hours,
            status: word("permission_requests.status", &row.status)?,
            decided_by: row.decided_by.map(Into::into),
            decided_at: row.decided_at,
            comment: row.comment,
            grant_id: row.grant_id.map(Into::into),
            grant_expires_at: row.grant_expires_at,
            created_at: row.created_at,
        })
    }
}
