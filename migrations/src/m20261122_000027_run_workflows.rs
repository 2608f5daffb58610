//! What runs of workflows need: the version that runs, the node that started a run, and when a waiting run is woken;
//! and of questions whether they want words.

use sea_orm_migration::prelude::*;

use crate::table::{at_null, run};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut wakes = Table::alter();
        wakes.table("runs").add_column(at_null("wake_at"));
        manager.alter_table(wakes).await?;
        for sql in [
            "ALTER TABLE runs ADD COLUMN workflow_version integer",
            "ALTER TABLE runs ADD COLUMN node_id varchar",
            "CREATE INDEX ix_runs_wake ON runs (wake_at) WHERE status = 'waiting' AND wake_at IS NOT NULL",
            "CREATE INDEX ix_runs_workflow ON runs (workflow_id, id) WHERE workflow_id IS NOT NULL",
            "ALTER TABLE human_tasks ADD COLUMN comment_required boolean NOT NULL DEFAULT false",
        ] {
            run(manager, sql).await?;
        }
        Ok(())
    }

    async fn down(&self, _manager: &SchemaManager) -> Result<(), DbErr> {
        Err(DbErr::Migration("the schema only moves forward; restore a backup instead".to_owned()))
    }
}
