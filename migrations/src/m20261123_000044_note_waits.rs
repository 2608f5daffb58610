//! For how long runs of workflows, and their nodes, waited for people: apart from the time that they worked.

use sea_orm_migration::prelude::*;

use crate::table::run;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // Of what ended before nobody knows, which is not that nobody was waited for.
        run(manager, "ALTER TABLE runs ADD COLUMN waited_ms bigint").await?;
        run(manager, "ALTER TABLE workflow_node_stats ADD COLUMN waited_ms bigint").await
    }

    async fn down(&self, _manager: &SchemaManager) -> Result<(), DbErr> {
        Err(DbErr::Migration("the schema only moves forward; restore a backup instead".to_owned()))
    }
}
