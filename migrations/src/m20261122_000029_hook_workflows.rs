//! Where others start workflows by signed requests: a row for the hook of a workflow, and what was delivered to it, so
//! that what is sent twice is one run.

use sea_orm_migration::{prelude::*, schema::*};

use crate::table::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut hooks = plain_table(
            "workflow_hooks",
            vec![
                id(),
                uuid("organization_id"),
                uuid("environment_id"),
                uuid("workflow_id"),
                string("secret_ref"),
                at_null("secret_at"),
                at_null("last_at"),
                uuid_null("last_run_id"),
                json_binary_null("last_error"),
                at("created_at"),
            ],
        );
        hooks.foreign_key(ForeignKey::create().from("workflow_hooks", "workflow_id").to("workflows", "id"));
        create(manager, hooks).await?;
        unique(manager, "uq_workflow_hooks", "workflow_hooks", "workflow_id").await?;

        let table = "workflow_hook_deliveries";
        let columns =
            vec![uuid("hook_id"), string("message"), string("body_hash"), uuid("run_id"), at("expires_at")];
        let mut deliveries = plain_table(table, columns);
        deliveries
            .primary_key(Index::create().col("hook_id").col("message"))
            .foreign_key(ForeignKey::create().from(table, "hook_id").to("workflow_hooks", "id"));
        create(manager, deliveries).await?;
        index(manager, table, "hook_id, expires_at").await
    }

    async fn down(&self, _manager: &SchemaManager) -> Result<(), DbErr> {
        Err(DbErr::Migration("the schema only moves forward; restore a backup instead".to_owned()))
    }
}
