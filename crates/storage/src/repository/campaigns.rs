//! Reviews of grants, and the grants that each asks about.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use conductor_domain::{
    Campaign, CampaignId, CampaignItem, CampaignItemId, Grant, Page, PageRequest, ReviewDecision, UserId,
};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect, Select, prelude::Uuid,
};

use super::convert::{after_id, word};
use crate::{
    Error, Result, ScopedTx, View,
    conn::Conn,
    conn::Fetch,
    entity::{access_campaign, access_campaign_item, permission_grant},
};

/// Rows that go into one statement.
const CHUNK: usize = 500;

/// Reviews of the organisation that a caller acts in.
#[derive(Debug)]
pub struct VisibleCampaigns<'a> {
    view: View<'a>,
}

impl<'a> VisibleCampaigns<'a> {
    pub(crate) fn new(view: View<'a>) -> Self {
        Self { view }
    }

    /// A review.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find(&self, id: CampaignId) -> Result<Option<Campaign>> {
        let row = self.own().filter(access_campaign::Column::Id.eq(id.as_uuid())).row(self.view.conn).await?;
        Ok(counted(self.view.conn, row.into_iter().collect()).await?.pop())
    }

    /// A page of reviews, the newest first.
    ///
    /// # Errors
    /// `BadCursor` when the cursor is not one of this list.
    pub async fn page(&self, page: PageRequest) -> Result<Page<Campaign>> {
        let mut select = self.own();
        if let Some(after) = after_id(&page)? {
            select = select.filter(access_campaign::Column::Id.lt(after));
        }
        let select = select.order_by_desc(access_campaign::Column::Id).limit(page.limit + 1);
        let rows = counted(self.view.conn, select.rows(self.view.conn).await?).await?;
        Ok(Page::cut(rows, page.limit, |campaign| campaign.id.to_string()))
    }

    /// A page of the grants that a review asks about, in the order in which they were given.
    ///
    /// # Errors
    /// `BadCursor` when the cursor is not one of this list.
    pub async fn items(&self, id: CampaignId, page: PageRequest) -> Result<Page<CampaignItem>> {
        let mut select = self.items_of(id);
        if let Some(after) = after_id(&page)? {
            select = select.filter(access_campaign_item::Column::Id.gt(after));
        }
        let select = select.order_by_asc(access_campaign_item::Column::Id).limit(page.limit + 1);
        let items = with_grants(self.view.conn, select.rows(self.view.conn).await?).await?;
        Ok(Page::cut(items, page.limit, |item| item.id.to_string()))
    }

    /// One of the grants that a review asks about.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn item(&self, id: CampaignId, item: CampaignItemId) -> Result<Option<CampaignItem>> {
        let select = self.items_of(id).filter(access_campaign_item::Column::Id.eq(item.as_uuid()));
        Ok(with_grants(self.view.conn, select.rows(self.view.conn).await?).await?.pop())
    }

    fn own(&self) -> Select<access_campaign::Entity> {
        let organization = self.view.caller.scope.organization_id.as_uuid();
        access_campaign::Entity::find().filter(access_campaign::Column::OrganizationId.eq(organization))
    }

    fn items_of(&self, id: CampaignId) -> Select<access_campaign_item::Entity> {
        let organization = self.view.caller.scope.organization_id.as_uuid();
        access_campaign_item::Entity::find()
            .filter(access_campaign_item::Column::OrganizationId.eq(organization))
            .filter(access_campaign_item::Column::CampaignId.eq(id.as_uuid()))
    }
}

/// Reviews of one tenant, inside a write.
#[derive(Debug)]
pub struct CampaignsTx<'t> {
    tx: ScopedTx<'t>,
}

impl<'t> CampaignsTx<'t> {
    pub(crate) fn new(tx: ScopedTx<'t>) -> Self {
        Self { tx }
    }

    /// Opens a review of every grant that is live now.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn create(&self, name: String, due_at: DateTime<Utc>, by: Option<UserId>) -> Result<Campaign> {
        let (conn, now) = (self.tx.tx.conn(), self.tx.clock().now());
        let organization = self.tx.scope.organization_id.as_uuid();
        let row = access_campaign::ActiveModel {
            id: Set(CampaignId::generate(self.tx.clock()).as_uuid()),
            organization_id: Set(organization),
            name: Set(name),
            due_at: Set(due_at),
            created_by_id: Set(by.map(Into::into)),
            created_at: Set(now),
            closed_at: Set(None),
        };
        let campaign = row.insert(&conn).await?;
        let live = Condition::any()
            .add(permission_grant::Column::ExpiresAt.is_null())
            .add(permission_grant::Column::ExpiresAt.gt(now));
        let grants: Vec<Uuid> = permission_grant::Entity::find()
            .select_only()
            .column(permission_grant::Column::Id)
            .filter(permission_grant::Column::OrganizationId.eq(organization))
            .filter(permission_grant::Column::IsActive.eq(true))
            .filter(live)
            .order_by_asc(permission_grant::Column::Id)
            .into_tuple()
            .all(&conn)
            .await?;
        for chunk in grants.chunks(CHUNK) {
            let rows = chunk.iter().map(|grant| access_campaign_item::ActiveModel {
                id: Set(CampaignItemId::generate(self.tx.clock()).as_uuid()),
                campaign_id: Set(campaign.id),
                organization_id: Set(organization),
                grant_id: Set(*grant),
                decision: Set(None),
                decided_by_id: Set(None),
                decided_at: Set(None),
                comment: Set(None),
            });
            access_campaign_item::Entity::insert_many(rows).exec_without_returning(&conn).await?;
        }
        counted(conn, vec![campaign]).await?.pop().ok_or(Error::NotFound)
    }

    /// Keeps what was said of a grant. `Stale` once the review is closed.
    ///
    /// # Errors
    /// `NotFound` when the review does not ask about it.
    pub async fn decide(
        &self,
        campaign: CampaignId,
        item: CampaignItemId,
        decision: ReviewDecision,
        by: UserId,
        comment: Option<String>,
    ) -> Result<()> {
        if self.row(campaign).await?.closed_at.is_some() {
            return Err(Error::Stale);
        }
        let row = access_campaign_item::Entity::find_by_id(item.as_uuid())
            .filter(access_campaign_item::Column::CampaignId.eq(campaign.as_uuid()))
            .one(&self.tx.tx.conn())
            .await?;
        let mut row: access_campaign_item::ActiveModel = row.ok_or(Error::NotFound)?.into();
        row.decision = Set(Some(decision.as_str().to_owned()));
        row.decided_by_id = Set(Some(by.as_uuid()));
        row.decided_at = Set(Some(self.tx.clock().now()));
        row.comment = Set(comment);
        row.update(&self.tx.tx.conn()).await?;
        Ok(())
    }

    /// Closes a review: nothing more is said in it. `Stale` when it was closed before.
    ///
    /// # Errors
    /// `NotFound` when the organisation has no such review.
    pub async fn close(&self, id: CampaignId) -> Result<Campaign> {
        let row = self.row(id).await?;
        if row.closed_at.is_some() {
            return Err(Error::Stale);
        }
        let mut row: access_campaign::ActiveModel = row.into();
        row.closed_at = Set(Some(self.tx.clock().now()));
        let row = row.update(&self.tx.tx.conn()).await?;
        counted(self.tx.tx.conn(), vec![row]).await?.pop().ok_or(Error::NotFound)
    }

    async fn row(&self, id: CampaignId) -> Result<access_campaign::Model> {
        access_campaign::Entity::find_by_id(id.as_uuid())
            .filter(access_campaign::Column::OrganizationId.eq(self.tx.scope.organization_id.as_uuid()))
            .lock_exclusive()
            .one(&self.tx.tx.conn())
            .await?
            .ok_or(Error::NotFound)
    }
}

/// Reviews with what was said in them, counted, in the order of the rows.
async fn counted(conn: Conn<'_>, rows: Vec<access_campaign::Model>) -> Result<Vec<Campaign>> {
    let counts: Vec<(Uuid, Option<String>, i64)> = access_campaign_item::Entity::find()
        .select_only()
        .column(access_campaign_item::Column::CampaignId)
        .column(access_campaign_item::Column::Decision)
        .column_as(access_campaign_item::Column::Id.count(), "items")
        .filter(access_campaign_item::Column::CampaignId.is_in(rows.iter().map(|row| row.id)))
        .group_by(access_campaign_item::Column::CampaignId)
        .group_by(access_campaign_item::Column::Decision)
        .into_tuple()
        .all(&conn)
        .await?;
    let count = |campaign: Uuid, fits: &dyn Fn(Option<&str>) -> bool| -> u64 {
        let of = counts.iter().filter(|(id, decision, _)| *id == campaign && fits(decision.as_deref()));
        of.map(|(_, _, items)| u64::try_from(*items).unwrap_or_default()).sum()
    };
    Ok(rows
        .into_iter()
        .map(|row| Campaign {
            total: count(row.id, &|_| true),
            confirmed: count(row.id, &|decision| decision == Some(ReviewDecision::Confirm.as_str())),
            dropped: count(row.id, &|decision| decision == Some(ReviewDecision::Drop.as_str())),
            id: row.id.into(),
            organization_id: row.organization_id.into(),
            name: row.name,
            due_at: row.due_at,
            created_by: row.created_by_id.map(Into::into),
            created_at: row.created_at,
            closed_at: row.closed_at,
        })
        .collect())
}

/// Questions with the grants that they are about, in the order of the rows.
async fn with_grants(conn: Conn<'_>, rows: Vec<access_campaign_item::Model>) -> Result<Vec<CampaignItem>> {
    let grants = permission_grant::Entity::find()
        .filter(permission_grant::Column::Id.is_in(rows.iter().map(|row| row.grant_id)))
        .all(&conn)
        .await?;
    let mut grants = grants
        .into_iter()
        .map(|row| Ok((row.id, Grant::try_from(row)?)))
        .collect::<Result<HashMap<Uuid, Grant>>>()?;
    rows.into_iter()
        .map(|row| {
            Ok(CampaignItem {
                id: row.id.into(),
                campaign_id: row.campaign_id.into(),
                grant: grants.remove(&row.grant_id).ok_or(Error::Dangling)?,
                decision: row
                    .decision
                    .as_deref()
                    .map(|decision| word("access_campaign_items.decision", decision))
                    .transpose()?,
                decided_by: row.decided_by_id.map(Into::into),
                decided_at: row.decided_at,
                comment: row.comment,
            })
        })
        .collect()
}
