//! Secrets in envelopes, and the provider keys that point at them.

use sea_orm_migration::{prelude::*, schema::*};

use crate::table::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create(
            manager,
            tenant_table(
                "secrets",
                vec![
                    string("ref"),
                    integer("version"),
                    var_binary("ciphertext", 65535),
                    string("key_id"),
                    string("kind"),
                    string_null("env_prefix"),
                    uuid_null("created_by"),
                    at_null("rotated_at"),
                    at_null("expires_at"),
                ],
            ),
        )
        .await?;
        unique_live(manager, "uq_secrets_ref", "secrets", "organization_id, ref").await?;

        create(
            manager,
            tenant_table(
                "api_keys",
                vec![
                    uuid("user_id"),
                    string("key_name"),
                    string("provider"),
                    string("key_hash"),
                    string("last_four"),
                    string("secret_ref"),
                    string_null("base_url"),
                    json_binary("models"),
                    at_null("last_used_at"),
                    boolean("is_active"),
                ],
            ),
        )
        .await?;
        unique_live(manager, "uq_api_keys_name", "api_keys", "organization_id, user_id, provider, key_name")
            .await?;
        Ok(())
    }

    async fn down(&self, _manager: &SchemaManager) -> Result<(), DbErr> {
        Err(DbErr::Migration("the schema only moves forward; restore a backup instead".to_owned()))
    }
}
