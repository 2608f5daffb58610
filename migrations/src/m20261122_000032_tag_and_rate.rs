//! What people say of resources: tags to find them by, and ratings with words. Each organisation has its own, also of what
//! others share with it.

use sea_orm_migration::{prelude::*, schema::*};

use crate::table::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut tags = plain_table(
            "tags",
            vec![
                id(),
                uuid("organization_id"),
                string("tag_name"),
                string("tag_type"),
                uuid_null("created_by_user_id"),
                at("created_at"),
            ],
        );
        tags.foreign_key(ForeignKey::create().from("tags", "organization_id").to("organizations", "id"));
        create(manager, tags).await?;
        unique(manager, "uq_tags", "tags", "organization_id, tag_name").await?;
        let mut tagged = plain_table(
            "resource_tags",
            vec![
                uuid("tag_id"),
                string("resource_type"),
                uuid("resource_id"),
                uuid("organization_id"),
                at("created_at"),
            ],
        );
        tagged.primary_key(Index::create().col("tag_id").col("resource_type").col("resource_id"));
        tagged.foreign_key(ForeignKey::create().from("resource_tags", "tag_id").to("tags", "id"));
        create(manager, tagged).await?;
        index(manager, "resource_tags", "resource_id").await?;
        let mut ratings = plain_table(
            "ratings",
            vec![
                id(),
                uuid("organization_id"),
                string("resource_type"),
                uuid("resource_id"),
                uuid("user_id"),
                integer("rating"),
                text_null("review_text"),
                at("created_at"),
                at("updated_at"),
            ],
        );
        ratings
            .foreign_key(ForeignKey::create().from("ratings", "organization_id").to("organizations", "id"));
        create(manager, ratings).await?;
        let one = "organization_id, resource_type, resource_id, user_id";
        unique(manager, "uq_ratings", "ratings", one).await?;
        index(manager, "ratings", "resource_id").await?;
        index(manager, "ratings", "user_id").await
    }

    async fn down(&self, _manager: &SchemaManager) -> Result<(), DbErr> {
        Err(DbErr::Migration("the schema only moves forward; restore a backup instead".to_owned()))
    }
}
