//! Ratings: what people of an organisation think of a resource, one each.

use std::collections::HashMap;

use conductor_domain::{Page, PageRequest, Rating, RatingSummary, ResourceRef, SharedKind, UserId};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    prelude::Uuid, sea_query::OnConflict,
};

use super::convert::after_id;
use crate::{Error, Result, ScopedTx, View, conn::Fetch, entity::rating};

/// Ratings of one tenant, inside a write.
#[derive(Debug)]
pub struct Ratings<'t> {
    tx: ScopedTx<'t>,
}

impl<'t> Ratings<'t> {
    pub(crate) fn new(tx: ScopedTx<'t>) -> Self {
        Self { tx }
    }

    /// Makes this a person's rating of a resource, in place of the one before.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn put(
        &self,
        on: ResourceRef,
        user: UserId,
        rating: i32,
        review: Option<String>,
    ) -> Result<Rating> {
        let (conn, now) = (self.tx.tx.conn(), self.tx.tx.clock().now());
        let organization = self.tx.scope.organization_id.as_uuid();
        let row = rating::ActiveModel {
            id: Set(self.tx.tx.clock().uuid_v7()),
            organization_id: Set(organization),
            resource_type: Set(on.kind.as_str().to_owned()),
            resource_id: Set(on.id),
            user_id: Set(user.as_uuid()),
            rating: Set(rating),
            review_text: Set(review),
            created_at: Set(now),
            updated_at: Set(now),
        };
        let key = [
            rating::Column::OrganizationId,
            rating::Column::ResourceType,
            rating::Column::ResourceId,
            rating::Column::UserId,
        ];
        let changed = [rating::Column::Rating, rating::Column::ReviewText, rating::Column::UpdatedAt];
        let in_place = OnConflict::columns(key).update_columns(changed).to_owned();
        rating::Entity::insert(row).on_conflict(in_place).exec_without_returning(&conn).await?;
        let kept = rating::Entity::find()
            .filter(rating::Column::OrganizationId.eq(organization))
            .filter(rating::Column::ResourceType.eq(on.kind.as_str()))
            .filter(rating::Column::ResourceId.eq(on.id))
            .filter(rating::Column::UserId.eq(user.as_uuid()))
            .one(&conn)
            .await?;
        kept.map(Rating::from).ok_or(Error::NotFound)
    }
}

/// Ratings of the caller's organisation.
#[derive(Debug)]
pub struct VisibleRatings<'a> {
    view: View<'a>,
}

impl<'a> VisibleRatings<'a> {
    pub(crate) fn new(view: View<'a>) -> Self {
        Self { view }
    }

    /// A page of a resource's ratings, newest first. The right to the resource is checked before.
    ///
    /// # Errors
    /// `BadCursor` when the cursor is not one of this list.
    pub async fn page(&self, on: ResourceRef, page: PageRequest) -> Result<Page<Rating>> {
        let mut select =
            rating::Entity::find().filter(self.of(on.kind)).filter(rating::Column::ResourceId.eq(on.id));
        if let Some(after) = after_id(&page)? {
            select = select.filter(rating::Column::Id.lt(after));
        }
        let rows =
            select.order_by_desc(rating::Column::Id).limit(page.limit + 1).rows(self.view.conn).await?;
        let rows: Vec<Rating> = rows.into_iter().map(Rating::from).collect();
        Ok(Page::cut(rows, page.limit, |rating| rating.id.to_string()))
    }

    /// What a person thinks of a resource.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn own(&self, on: ResourceRef, user: UserId) -> Result<Option<Rating>> {
        let select = rating::Entity::find()
            .filter(self.of(on.kind))
            .filter(rating::Column::ResourceId.eq(on.id))
            .filter(rating::Column::UserId.eq(user.as_uuid()));
        Ok(select.row(self.view.conn).await?.map(Rating::from))
    }

    /// The ratings of these resources in two figures each; of those that have any.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn summaries(&self, kind: SharedKind, ids: &[Uuid]) -> Result<HashMap<Uuid, RatingSummary>> {
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        let rows: Vec<(Uuid, i64, i64)> = rating::Entity::find()
            .select_only()
            .column(rating::Column::ResourceId)
            .column_as(rating::Column::Id.count(), "count")
            .column_as(rating::Column::Rating.sum(), "sum")
            .filter(self.of(kind))
            .filter(rating::Column::ResourceId.is_in(ids.iter().copied()))
            .group_by(rating::Column::ResourceId)
            .into_tuple()
            .all(&self.view.conn)
            .await?;
        #[expect(clippy::cast_precision_loss, reason = "sums of stars are small")]
        let summary = |count: i64, sum: i64| RatingSummary { count, average: sum as f64 / count as f64 };
        Ok(rows.into_iter().map(|(id, count, sum)| (id, summary(count, sum))).collect())
    }

    fn of(&self, kind: SharedKind) -> Condition {
        Condition::all()
            .add(rating::Column::OrganizationId.eq(self.view.caller.scope.organization_id.as_uuid()))
            .add(rating::Column::ResourceType.eq(kind.as_str()))
    }
}

impl From<rating::Model> for Rating {
    fn from(row: rating::Model) -> Self {
        Self {
            id: row.id.into(),
            user_id: row.user_id.into(),
            rating: row.rating,
            review: row.review_text,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}
