//! The keys of tenants, wrapped, and the rotations that replace them.

use sea_orm_migration::{prelude::*, schema::*};

use crate::table::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut name = string("key_id");
        name.primary_key();
        let mut keys = plain_table(
            "tenant_keys",
            vec![
                name,
                uuid("organization_id"),
                var_binary("wrapped", 8_192),
                string("master_key_id"),
                at("created_at"),
                at_null("retired_at"),
            ],
        );
        keys.foreign_key(
            ForeignKey::create().from("tenant_keys", "organization_id").to("organizations", "id"),
        );
        create(manager, keys).await?;
        run(
            manager,
            "CREATE UNIQUE INDEX uq_tenant_keys_active ON tenant_keys (organization_id) WHERE retired_at IS NULL",
        )
        .await?;
        index(manager, "secrets", "key_id").await?;

        create(
            manager,
            plain_table(
                "key_rotations",
                vec![
                    id(),
                    string("master_key_id"),
                    string("status"),
                    uuid_null("started_by"),
                    at("started_at"),
                    at_null("finished_at"),
                    big_integer("failed"),
                ],
            ),
        )
        .await?;
        run(
            manager,
            "CREATE UNIQUE INDEX uq_key_rotations_running ON key_rotations (status) WHERE status = 'running'",
        )
        .await
    }

    async fn down(&self, _manager: &SchemaManager) -> Result<(), DbErr> {
        Err(DbErr::Migration("the schema only moves forward; restore a backup instead".to_owned()))
    }
}
