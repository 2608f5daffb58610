//! Tags: words of an organisation, and what is found by them.

use std::collections::HashMap;

use conductor_domain::{OrganizationId, ResourceRef, SharedKind, Tag, TagId, TagType, UserId};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    prelude::Uuid, sea_query::OnConflict,
};

use super::convert::word;
use crate::{
    Error, Result, ScopedTx, View,
    conn::{Conn, Fetch},
    entity::{resource_tag, tag},
};

/// Tags of one tenant, inside a write.
#[derive(Debug)]
pub struct Tags<'t> {
    tx: ScopedTx<'t>,
}

impl<'t> Tags<'t> {
    pub(crate) fn new(tx: ScopedTx<'t>) -> Self {
        Self { tx }
    }

    /// Gives a resource these tags beside those that it has, and makes words of them that the organisation has not yet.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn add(&self, on: ResourceRef, names: &[String], by: Option<UserId>) -> Result<Vec<Tag>> {
        let (conn, clock) = (self.tx.tx.conn(), self.tx.tx.clock());
        let organization = self.organization().as_uuid();
        for name in names {
            let word = tag::ActiveModel {
                id: Set(clock.uuid_v7()),
                organization_id: Set(organization),
                tag_name: Set(name.clone()),
                tag_type: Set(TagType::Custom.as_str().to_owned()),
                created_by_user_id: Set(by.map(Into::into)),
                created_at: Set(clock.now()),
            };
            let key = [tag::Column::OrganizationId, tag::Column::TagName];
            let unless_there = OnConflict::columns(key).do_nothing().to_owned();
            tag::Entity::insert(word).on_conflict(unless_there).exec_without_returning(&conn).await?;
        }
        let words = tag::Entity::find()
            .filter(tag::Column::OrganizationId.eq(organization))
            .filter(tag::Column::TagName.is_in(names.iter().map(String::as_str)))
            .all(&conn)
            .await?;
        for word in words {
            let row = resource_tag::ActiveModel {
                tag_id: Set(word.id),
                resource_type: Set(on.kind.as_str().to_owned()),
                resource_id: Set(on.id),
                organization_id: Set(organization),
                created_at: Set(clock.now()),
            };
            let key = [
                resource_tag::Column::TagId,
                resource_tag::Column::ResourceType,
                resource_tag::Column::ResourceId,
            ];
            let unless_there = OnConflict::columns(key).do_nothing().to_owned();
            resource_tag::Entity::insert(row).on_conflict(unless_there).exec_without_returning(&conn).await?;
        }
        // Conditions of policies ask for tags.
        self.tx.policies().changed().await?;
        let mut all = of(conn, self.organization(), on.kind, &[on.id]).await?;
        Ok(all.remove(&on.id).unwrap_or_default())
    }

    /// Takes a tag from a resource, and the word from the organisation where nothing has it any more.
    ///
    /// # Errors
    /// `NotFound` when the resource has no such tag.
    pub async fn remove(&self, on: ResourceRef, id: TagId) -> Result<()> {
        let conn = self.tx.tx.conn();
        let taken = resource_tag::Entity::delete_many()
            .filter(resource_tag::Column::TagId.eq(id.as_uuid()))
            .filter(self.on(on))
            .exec(&conn)
            .await?;
        if taken.rows_affected == 0 {
            return Err(Error::NotFound);
        }
        self.tx.policies().changed().await?;
        self.forget_unused().await
    }

    /// Takes every tag from a resource that is no more.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn clear(&self, on: ResourceRef) -> Result<()> {
        let conn = self.tx.tx.conn();
        let taken = resource_tag::Entity::delete_many().filter(self.on(on)).exec(&conn).await?;
        if taken.rows_affected == 0 { Ok(()) } else { self.forget_unused().await }
    }

    /// Own words that nothing has any more are gone.
    async fn forget_unused(&self) -> Result<()> {
        let used = resource_tag::Entity::find()
            .select_only()
            .column(resource_tag::Column::TagId)
            .filter(resource_tag::Column::OrganizationId.eq(self.organization().as_uuid()));
        tag::Entity::delete_many()
            .filter(tag::Column::OrganizationId.eq(self.organization().as_uuid()))
            .filter(tag::Column::TagType.eq(TagType::Custom.as_str()))
            .filter(tag::Column::Id.not_in_subquery(sea_orm::QueryTrait::into_query(used)))
            .exec(&self.tx.tx.conn())
            .await?;
        Ok(())
    }

    fn organization(&self) -> OrganizationId {
        self.tx.scope.organization_id
    }

    fn on(&self, on: ResourceRef) -> Condition {
        Condition::all()
            .add(resource_tag::Column::OrganizationId.eq(self.organization().as_uuid()))
            .add(resource_tag::Column::ResourceType.eq(on.kind.as_str()))
            .add(resource_tag::Column::ResourceId.eq(on.id))
    }
}

/// Tags that the caller's organisation has given.
#[derive(Debug)]
pub struct VisibleTags<'a> {
    view: View<'a>,
}

impl<'a> VisibleTags<'a> {
    pub(crate) fn new(view: View<'a>) -> Self {
        Self { view }
    }

    /// The tags of these resources, by the alphabet. The right to the resources is checked before.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn of(&self, kind: SharedKind, ids: &[Uuid]) -> Result<HashMap<Uuid, Vec<Tag>>> {
        of(self.view.conn, self.view.caller.scope.organization_id, kind, ids).await
    }
}

/// The ids of resources of a kind that have a tag of this name in an organisation.
pub(super) fn tagged(
    organization: OrganizationId,
    kind: SharedKind,
    name: &str,
) -> sea_orm::sea_query::SelectStatement {
    let words = tag::Entity::find()
        .select_only()
        .column(tag::Column::Id)
        .filter(tag::Column::OrganizationId.eq(organization.as_uuid()))
        .filter(tag::Column::TagName.eq(name));
    let found = resource_tag::Entity::find()
        .select_only()
        .column(resource_tag::Column::ResourceId)
        .filter(resource_tag::Column::OrganizationId.eq(organization.as_uuid()))
        .filter(resource_tag::Column::ResourceType.eq(kind.as_str()))
        .filter(resource_tag::Column::TagId.in_subquery(sea_orm::QueryTrait::into_query(words)));
    sea_orm::QueryTrait::into_query(found)
}

async fn of(
    conn: Conn<'_>,
    organization: OrganizationId,
    kind: SharedKind,
    ids: &[Uuid],
) -> Result<HashMap<Uuid, Vec<Tag>>> {
    let mut all: HashMap<Uuid, Vec<Tag>> = HashMap::new();
    if ids.is_empty() {
        return Ok(all);
    }
    let given = resource_tag::Entity::find()
        .filter(resource_tag::Column::OrganizationId.eq(organization.as_uuid()))
        .filter(resource_tag::Column::ResourceType.eq(kind.as_str()))
        .filter(resource_tag::Column::ResourceId.is_in(ids.iter().copied()))
        .rows(conn)
        .await?;
    if given.is_empty() {
        return Ok(all);
    }
    let words = tag::Entity::find()
        .filter(tag::Column::OrganizationId.eq(organization.as_uuid()))
        .filter(tag::Column::Id.is_in(given.iter().map(|row| row.tag_id)))
        .order_by_asc(tag::Column::TagName)
        .rows(conn)
        .await?;
    for word in words {
        let tag = Tag::try_from(word)?;
        for row in given.iter().filter(|row| row.tag_id == tag.id.as_uuid()) {
            all.entry(row.resource_id).or_default().push(tag.clone());
        }
    }
    Ok(all)
}

impl TryFrom<tag::Model> for Tag {
    type Error = Error;

    fn try_from(row: tag::Model) -> Result<Self> {
        Ok(Self { id: row.id.into(), name: row.tag_name, tag_type: word("tags.tag_type", &row.tag_type)? })
    }
}
