//! Large values of events beside them in their row: whoever folds a journal reads past them.

use sea_orm_migration::prelude::*;

use crate::table::run;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // The names of the fields that stand in `payload`, with commas; both are null where the event is whole in `data`.
        // `payload` comes last: SQLite reads a row from its front, and its pages only as far as it is asked.
        run(manager, "ALTER TABLE run_events ADD COLUMN apart text").await?;
        run(manager, "ALTER TABLE run_events ADD COLUMN payload text").await
    }

    async fn down(&self, _manager: &SchemaManager) -> Result<(), DbErr> {
        Err(DbErr::Migration("the schema only moves forward; restore a backup instead".to_owned()))
    }
}
