//! How many calls somebody made on a day, so that a day's limit survives a restart.

use sea_orm_migration::{prelude::*, schema::*};

use crate::table::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut counts = plain_table(
            "call_counts",
            vec![uuid("organization_id"), string("subject"), date("day"), big_integer("calls")],
        );
        counts.primary_key(Index::create().col("organization_id").col("subject").col("day"));
        create(manager, counts).await
    }

    async fn down(&self, _manager: &SchemaManager) -> Result<(), DbErr> {
        Err(DbErr::Migration("the schema only moves forward; restore a backup instead".to_owned()))
    }
}
