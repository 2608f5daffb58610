//! Runs that wait in line behind others of their workflow.

use sea_orm_migration::prelude::*;

use crate::table::run;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, "ALTER TABLE runs ADD COLUMN in_line boolean NOT NULL DEFAULT false").await?;
        let open = "CREATE INDEX ix_runs_open_of_workflow ON runs (workflow_id, id) \
                    WHERE workflow_id IS NOT NULL AND parent_run_id IS NULL \
                    AND status IN ('pending', 'running', 'waiting')";
        run(manager, open).await
    }

    async fn down(&self, _manager: &SchemaManager) -> Result<(), DbErr> {
        Err(DbErr::Migration("the schema only moves forward; restore a backup instead".to_owned()))
    }
}
