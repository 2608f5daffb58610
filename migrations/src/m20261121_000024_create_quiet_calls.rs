//! Tool calls whose bodies are to be emptied once their run is over.

use sea_orm_migration::{prelude::*, schema::uuid};

use crate::table::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut call = uuid("call_id");
        call.primary_key();
        create(manager, plain_table("quiet_calls", vec![call, uuid("run_id")])).await?;
        index(manager, "quiet_calls", "run_id").await
    }

    async fn down(&self, _manager: &SchemaManager) -> Result<(), DbErr> {
        Err(DbErr::Migration("the schema only moves forward; restore a backup instead".to_owned()))
    }
}
