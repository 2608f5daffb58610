//! Labels that travel: a message and a run keep the highest label of what they came from, so that a context can be
//! judged by what it holds.

use sea_orm_migration::prelude::*;

use crate::table::run;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["messages", "runs"] {
            let column = "data_classification varchar NOT NULL DEFAULT 'public'";
            run(manager, &format!("ALTER TABLE {table} ADD COLUMN {column}")).await?;
        }
        Ok(())
    }

    async fn down(&self, _manager: &SchemaManager) -> Result<(), DbErr> {
        Err(DbErr::Migration("the schema only moves forward; restore a backup instead".to_owned()))
    }
}
