//! What sealing the audit log needs: where each chain stands, its signed checkpoints, and the order of its entries.

use sea_orm_migration::{prelude::*, schema::*};

use crate::table::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

fn signed(columns: Vec<ColumnDef>) -> Vec<ColumnDef> {
    let mut all = columns;
    all.extend([big_integer("seq"), string("hash"), at("at"), string("key_id"), string("signature")]);
    all
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut organization = uuid("organization_id");
        organization.primary_key();
        let mut chains = signed(vec![organization]);
        chains.extend([big_integer("checkpoint_seq"), at_null("checkpoint_at")]);
        create(manager, plain_table("audit_chains", chains)).await?;
        let checkpoints = signed(vec![id(), uuid("organization_id"), string("kind")]);
        create(manager, plain_table("audit_checkpoints", checkpoints)).await?;
        index(manager, "audit_checkpoints", "organization_id, seq").await?;
        index(manager, "audit_events", "organization_id, id").await?;
        // Two entries in one place of a chain are refused by the database itself.
        run(
            manager,
            "CREATE UNIQUE INDEX uq_audit_events_seq ON audit_events (organization_id, seq) WHERE seq IS NOT NULL",
        )
        .await
    }

    async fn down(&self, _manager: &SchemaManager) -> Result<(), DbErr> {
        Err(DbErr::Migration("the schema only moves forward; restore a backup instead".to_owned()))
    }
}
