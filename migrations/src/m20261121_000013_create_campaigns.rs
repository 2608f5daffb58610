//! Reviews of an organisation's grants: each grant that was live when the review began is a row to confirm or to drop.

use sea_orm_migration::{prelude::*, schema::*};

use crate::table::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut campaigns = plain_table(
            "access_campaigns",
            vec![
                id(),
                uuid("organization_id"),
                string("name"),
                at("due_at"),
                uuid_null("created_by_id"),
                at("created_at"),
                at_null("closed_at"),
            ],
        );
        campaigns.foreign_key(
            ForeignKey::create().from("access_campaigns", "organization_id").to("organizations", "id"),
        );
        create(manager, campaigns).await?;
        index(manager, "access_campaigns", "organization_id").await?;

        let mut items = plain_table(
            "access_campaign_items",
            vec![
                id(),
                uuid("campaign_id"),
                uuid("organization_id"),
                uuid("grant_id"),
                string_null("decision"),
                uuid_null("decided_by_id"),
                at_null("decided_at"),
                text_null("comment"),
            ],
        );
        items
            .foreign_key(
                ForeignKey::create()
                    .from("access_campaign_items", "campaign_id")
                    .to("access_campaigns", "id"),
            )
            .foreign_key(
                ForeignKey::create().from("access_campaign_items", "grant_id").to("permission_grants", "id"),
            );
        create(manager, items).await?;
        unique(manager, "uq_access_campaign_items", "access_campaign_items", "campaign_id, grant_id").await
    }

    async fn down(&self, _manager: &SchemaManager) -> Result<(), DbErr> {
        Err(DbErr::Migration("the schema only moves forward; restore a backup instead".to_owned()))
    }
}
