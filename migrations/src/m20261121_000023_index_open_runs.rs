//! The turn of a conversation that is not over is asked for with every look at it; without an index of its own that
//! costs a walk over all of its turns, and two temporary tables in SQLite.

use sea_orm_migration::prelude::*;

use crate::table::run;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let index = "CREATE INDEX ix_runs_open_in_conversation ON runs (conversation_id, id) \
                     WHERE status IN ('pending', 'running', 'waiting')";
        run(manager, index).await
    }

    async fn down(&self, _manager: &SchemaManager) -> Result<(), DbErr> {
        Err(DbErr::Migration("the schema only moves forward; restore a backup instead".to_owned()))
    }
}
