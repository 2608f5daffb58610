//! Workflows and their graphs. A graph is text, so that it keeps the order in which it was written.

use sea_orm_migration::{prelude::*, schema::*};

use crate::table::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create(
            manager,
            tenant_table(
                "workflows",
                vec![
                    uuid_null("owner_user_id"),
                    uuid_null("created_by_user_id"),
                    string("name"),
                    string_null("title"),
                    text_null("description"),
                    string("source_format"),
                    integer("node_count"),
                    boolean("runnable"),
                    boolean("is_active"),
                    boolean("is_template"),
                    string_null("category"),
                    string("visibility"),
                    boolean("is_official"),
                    boolean("is_verified"),
                    string("data_classification"),
                    json_binary("required_permissions"),
                    integer("current_version"),
                    integer("revision"),
                    uuid_null("forked_from_workflow_id"),
                ],
            ),
        )
        .await?;
        unique_live(
            manager,
            "uq_workflows_name",
            "workflows",
            "organization_id, environment_id, lower(name)",
        )
        .await?;
        index(manager, "workflows", "owner_user_id").await?;

        let mut versions = plain_table(
            "workflow_versions",
            vec![
                id(),
                uuid("workflow_id"),
                integer("version"),
                text("graph"),
                text_null("note"),
                uuid_null("created_by"),
                at("created_at"),
            ],
        );
        versions
            .foreign_key(ForeignKey::create().from("workflow_versions", "workflow_id").to("workflows", "id"));
        create(manager, versions).await?;
        unique(manager, "uq_workflow_versions", "workflow_versions", "workflow_id, version").await
    }

    async fn down(&self, _manager: &SchemaManager) -> Result<(), DbErr> {
        Err(DbErr::Migration("the schema only moves forward; restore a backup instead".to_owned()))
    }
}
