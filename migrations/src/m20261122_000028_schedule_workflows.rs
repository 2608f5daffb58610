//! When workflows start by themselves: a row for each schedule of a workflow that may run. And what a start does to runs
//! of the same workflow that are open.

use sea_orm_migration::{prelude::*, schema::*};

use crate::table::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut schedules = plain_table(
            "workflow_schedules",
            vec![
                id(),
                uuid("organization_id"),
                uuid("environment_id"),
                uuid("workflow_id"),
                integer("position"),
                string("cron"),
                string_null("time_zone"),
                at("next_at"),
                at_null("last_at"),
                uuid_null("last_run_id"),
                json_binary_null("last_error"),
            ],
        );
        schedules.foreign_key(
            ForeignKey::create().from("workflow_schedules", "workflow_id").to("workflows", "id"),
        );
        create(manager, schedules).await?;
        unique(manager, "uq_workflow_schedules", "workflow_schedules", "workflow_id, position").await?;
        index(manager, "workflow_schedules", "next_at").await?;
        let policy = "ALTER TABLE workflows ADD COLUMN concurrency varchar NOT NULL DEFAULT 'allow'";
        run(manager, policy).await
    }

    async fn down(&self, _manager: &SchemaManager) -> Result<(), DbErr> {
        Err(DbErr::Migration("the schema only moves forward; restore a backup instead".to_owned()))
    }
}
