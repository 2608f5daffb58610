//! What each node of a workflow did in each run, in a row of figures: journals are too long to be read for every look at
//! how a workflow does.

use sea_orm_migration::{prelude::*, schema::*};

use crate::table::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let name = "workflow_node_stats";
        let mut stats = plain_table(
            name,
            vec![
                uuid("run_id"),
                string("node_id"),
                uuid("organization_id"),
                uuid("environment_id"),
                uuid("workflow_id"),
                at("began_at"),
                integer("begun"),
                integer("failed"),
                integer("skipped"),
                integer("repeated"),
                big_integer_null("duration_ms"),
                string_null("error_code"),
            ],
        );
        // A workflow that ran elsewhere goes with its owner; a run that goes takes its figures along.
        stats.primary_key(Index::create().col("run_id").col("node_id")).foreign_key(
            ForeignKey::create().from(name, "run_id").to("runs", "id").on_delete(ForeignKeyAction::Cascade),
        );
        create(manager, stats).await?;
        index(manager, name, "workflow_id").await?;
        index(manager, name, "organization_id").await
    }

    async fn down(&self, _manager: &SchemaManager) -> Result<(), DbErr> {
        Err(DbErr::Migration("the schema only moves forward; restore a backup instead".to_owned()))
    }
}
