//! Agents, their stored versions, and what they may reach.

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
                "agents",
                vec![
                    uuid_null("owner_user_id"),
                    uuid_null("created_by_user_id"),
                    string("name"),
                    string("slug"),
                    text("description"),
                    string("agent_type"),
                    string("mode"),
                    text("system_prompt"),
                    string("model"),
                    string_null("model_provider"),
                    double("temperature"),
                    integer("max_tokens"),
                    double_null("top_p"),
                    integer("max_tool_rounds"),
                    json_binary("state_schema"),
                    json_binary("initial_state"),
                    json_binary("execution_config"),
                    json_binary("capabilities"),
                    text_null("documentation"),
                    json_binary("examples"),
                    json_binary("tags"),
                    json_binary("tools"),
                    boolean("is_active"),
                    boolean("is_template"),
                    string("visibility"),
                    boolean("is_official"),
                    boolean("is_verified"),
                    string("data_classification"),
                    json_binary("required_permissions"),
                    uuid_null("connector_id"),
                    string("inbound_auth_method"),
                    string_null("bearer_secret_ref"),
                    string_null("inbound_secret_ref"),
                    string_null("mtls_cert_ref"),
                    string_null("mtls_key_ref"),
                    integer("current_version"),
                    uuid_null("forked_from_agent_id"),
                ],
            ),
        )
        .await?;
        unique_live(manager, "uq_agents_name", "agents", "organization_id, environment_id, name").await?;
        unique_live(manager, "uq_agents_slug", "agents", "organization_id, environment_id, lower(slug)")
            .await?;

        let mut versions = plain_table(
            "agent_versions",
            vec![
                id(),
                uuid("agent_id"),
                integer("version"),
                uuid_null("parent_version_id"),
                json_binary("snapshot"),
                text_null("note"),
                uuid_null("created_by"),
                at("created_at"),
            ],
        );
        versions.foreign_key(ForeignKey::create().from("agent_versions", "agent_id").to("agents", "id"));
        create(manager, versions).await?;
        unique(manager, "uq_agent_versions", "agent_versions", "agent_id, version").await?;

        let mut connectors = plain_table(
            "agent_connectors",
            vec![
                uuid("agent_id"),
                uuid("connector_id"),
                json_binary_null("allowed_tools"),
                json_binary("blocked_tools"),
                json_binary_null("allowed_resources"),
                json_binary("access"),
                json_binary("configuration"),
                at("created_at"),
            ],
        );
        connectors
            .primary_key(Index::create().col("agent_id").col("connector_id"))
            .foreign_key(ForeignKey::create().from("agent_connectors", "agent_id").to("agents", "id"));
        create(manager, connectors).await?;
        index(manager, "agent_connectors", "connector_id").await?;
        Ok(())
    }

    async fn down(&self, _manager: &SchemaManager) -> Result<(), DbErr> {
        Err(DbErr::Migration("the schema only moves forward; restore a backup instead".to_owned()))
    }
}
