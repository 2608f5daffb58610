//! What starts workflows by its name: a row for each event that a workflow waits for, so that nobody reads graphs to find
//! them, and the events that were told under an id of the sender's, so that what is told twice starts nothing twice.

use sea_orm_migration::{prelude::*, schema::*};

use crate::table::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = "workflow_event_triggers";
        let columns =
            vec![uuid("workflow_id"), string("name"), uuid("organization_id"), uuid("environment_id")];
        let mut triggers = plain_table(table, columns);
        triggers
            .primary_key(Index::create().col("workflow_id").col("name"))
            .foreign_key(ForeignKey::create().from(table, "workflow_id").to("workflows", "id"));
        create(manager, triggers).await?;
        index(manager, table, "organization_id, environment_id, name").await?;

        let table = "workflow_events";
        let mut events = plain_table(
            table,
            vec![
                uuid("organization_id"),
                uuid("environment_id"),
                string("event_id"),
                string("name"),
                string("body_hash"),
                json_binary("starts"),
                at("expires_at"),
            ],
        );
        events.primary_key(Index::create().col("organization_id").col("environment_id").col("event_id"));
        create(manager, events).await?;
        index(manager, table, "organization_id, environment_id, expires_at").await
    }

    async fn down(&self, _manager: &SchemaManager) -> Result<(), DbErr> {
        Err(DbErr::Migration("the schema only moves forward; restore a backup instead".to_owned()))
    }
}
