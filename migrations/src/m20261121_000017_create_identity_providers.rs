//! Sign-in through identity providers, and how old provider keys may be.

use sea_orm_migration::{prelude::*, schema::*};

use crate::table::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create(
            manager,
            table(
                "identity_providers",
                vec![string("slug"), json_binary("spec"), string_null("secret_ref"), boolean("enabled")],
            ),
        )
        .await?;
        unique_live(manager, "uq_identity_providers_slug", "identity_providers", "slug").await?;

        let mut identities = plain_table(
            "external_identities",
            vec![
                id(),
                uuid("provider_id"),
                string("subject"),
                uuid("user_id"),
                // Organisations whose membership it gave.
                json_binary("granted"),
                at("created_at"),
                at("last_used_at"),
            ],
        );
        identities
            .foreign_key(
                ForeignKey::create()
                    .from("external_identities", "provider_id")
                    .to("identity_providers", "id"),
            )
            .foreign_key(ForeignKey::create().from("external_identities", "user_id").to("users", "id"));
        create(manager, identities).await?;
        unique(manager, "uq_external_identities_subject", "external_identities", "provider_id, subject")
            .await?;
        index(manager, "external_identities", "user_id").await?;

        let mut state = string("state_hash");
        state.primary_key();
        create(
            manager,
            plain_table(
                "sign_in_flows",
                vec![
                    state,
                    uuid("provider_id"),
                    string("browser_hash"),
                    string("return_to"),
                    at("expires_at"),
                ],
            ),
        )
        .await?;
        index(manager, "sign_in_flows", "expires_at").await?;

        let moment = match manager.get_database_backend() {
            sea_orm_migration::sea_orm::DbBackend::Postgres => "timestamp with time zone",
            _ => "timestamp_with_timezone_text",
        };
        run(manager, &format!("ALTER TABLE api_keys ADD COLUMN rotated_at {moment}")).await?;
        run(manager, "ALTER TABLE api_keys ADD COLUMN version integer NOT NULL DEFAULT 1").await?;
        run(manager, "ALTER TABLE organizations ADD COLUMN key_max_age_days integer").await
    }

    async fn down(&self, _manager: &SchemaManager) -> Result<(), DbErr> {
        Err(DbErr::Migration("the schema only moves forward; restore a backup instead".to_owned()))
    }
}
