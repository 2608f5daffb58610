//! Outside systems and the tools they offer.

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
                "connectors",
                vec![
                    string("connector_key"),
                    string("name"),
                    string("slug"),
                    text("description"),
                    string("kind"),
                    string_null("provider"),
                    string_null("transport"),
                    text_null("endpoint"),
                    text_null("command"),
                    json_binary("args"),
                    json_binary("env_vars"),
                    string_null("confirmed_command_hash"),
                    json_binary("settings"),
                    string("auth_type"),
                    json_binary("auth_settings"),
                    string_null("secret_ref"),
                    json_binary("capabilities"),
                    string("origin"),
                    string("visibility"),
                    string("approval_status"),
                    boolean("approval_required"),
                    integer("version"),
                    boolean("enabled"),
                    string("status"),
                    string("health_status"),
                    text_null("health_message"),
                    at_null("last_health_check"),
                    at_null("last_seen_at"),
                    json_binary_null("rate_limit"),
                    integer_null("cache_ttl_seconds"),
                    string("data_classification"),
                    json_binary("required_permissions"),
                    json_binary("tags"),
                    json_binary("metadata"),
                    uuid_null("created_by_user_id"),
                ],
            ),
        )
        .await?;
        unique_live(
            manager,
            "uq_connectors_name",
            "connectors",
            "organization_id, environment_id, lower(name)",
        )
        .await?;
        unique_live(
            manager,
            "uq_connectors_slug",
            "connectors",
            "organization_id, environment_id, lower(slug)",
        )
        .await?;

        let mut versions = plain_table(
            "connector_versions",
            vec![
                id(),
                uuid("connector_id"),
                integer("version"),
                json_binary("config"),
                uuid_null("created_by"),
                at("created_at"),
            ],
        );
        versions.foreign_key(
            ForeignKey::create().from("connector_versions", "connector_id").to("connectors", "id"),
        );
        create(manager, versions).await?;
        unique(manager, "uq_connector_versions", "connector_versions", "connector_id, version").await?;

        create(
            manager,
            tenant_table(
                "tools",
                vec![
                    uuid("owner_user_id"),
                    string("tool_key"),
                    uuid_null("connector_id"),
                    string("name"),
                    string("display_name"),
                    text("description"),
                    string("tool_type"),
                    json_binary("definition"),
                    json_binary("input_schema"),
                    json_binary_null("output_schema"),
                    string("version"),
                    string("status"),
                    boolean("enabled"),
                    boolean("read_only"),
                    string("approval"),
                    string("source"),
                    json_binary("required_permissions"),
                    json_binary("safety_checks"),
                    string("definition_hash"),
                    string_null("approved_hash"),
                    json_binary_null("approved_definition"),
                    string("sync_status"),
                    at_null("synced_at"),
                ],
            ),
        )
        .await?;
        unique_live(
            manager,
            "uq_tools_key",
            "tools",
            "organization_id, environment_id, owner_user_id, tool_key",
        )
        .await?;
        index(manager, "tools", "connector_id").await?;
        Ok(())
    }

    async fn down(&self, _manager: &SchemaManager) -> Result<(), DbErr> {
        Err(DbErr::Migration("the schema only moves forward; restore a backup instead".to_owned()))
    }
}
