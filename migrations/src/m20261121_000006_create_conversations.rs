//! Conversations, the message tree, artifacts with their versions, and uploaded files.

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
                "conversations",
                vec![
                    uuid("user_id"),
                    uuid_null("project_id"),
                    string("title"),
                    boolean("title_is_manual"),
                    uuid_null("agent_id"),
                    uuid_null("workflow_id"),
                    string_null("model"),
                    at_null("last_message_at"),
                    boolean("is_archived"),
                    boolean("is_pinned"),
                    json_binary("settings"),
                    big_integer("token_count"),
                    integer("message_count"),
                    json_binary("agent_state"),
                    boolean("auto_route"),
                    uuid_null("current_leaf_id"),
                    uuid_null("branched_from_conversation_id"),
                    uuid_null("branched_from_message_id"),
                    string("data_classification"),
                ],
            ),
        )
        .await?;
        index(manager, "conversations", "user_id, last_message_at DESC").await?;

        let mut messages = tenant_table(
            "messages",
            vec![
                uuid("conversation_id"),
                uuid_null("parent_message_id"),
                string("role"),
                text("content"),
                string("status"),
                at_null("edited_at"),
                json_binary("images"),
                json_binary("attachments"),
                uuid_null("agent_id"),
                string_null("model"),
                uuid_null("run_id"),
                string_null("finish_reason"),
                big_integer("input_tokens"),
                big_integer("output_tokens"),
                big_integer("cached_tokens"),
                big_integer("cost_nanos"),
                json_binary_null("error"),
                text_null("thinking"),
                json_binary("tool_calls"),
                json_binary("metadata"),
            ],
        );
        messages
            .foreign_key(ForeignKey::create().from("messages", "conversation_id").to("conversations", "id"));
        create(manager, messages).await?;
        index(manager, "messages", "conversation_id, id").await?;
        index(manager, "messages", "parent_message_id").await?;
        index(manager, "messages", "run_id").await?;

        let mut artifacts = tenant_table(
            "artifacts",
            vec![
                uuid("conversation_id"),
                uuid_null("message_id"),
                uuid_null("agent_id"),
                string("identifier"),
                integer("version"),
                string("type"),
                string("title"),
                string_null("language"),
                text("content"),
                string("content_hash"),
                uuid_null("parent_artifact_id"),
                string("data_classification"),
            ],
        );
        artifacts
            .foreign_key(ForeignKey::create().from("artifacts", "conversation_id").to("conversations", "id"));
        create(manager, artifacts).await?;
        unique(manager, "uq_artifacts_version", "artifacts", "conversation_id, identifier, version").await?;
        index(manager, "artifacts", "message_id").await?;

        create(
            manager,
            tenant_table(
                "files",
                vec![
                    uuid("user_id"),
                    string("name"),
                    string("mime_type"),
                    big_integer("size_bytes"),
                    string("sha256"),
                    string("data_classification"),
                ],
            ),
        )
        .await?;
        index(manager, "files", "user_id").await?;
        index(manager, "files", "sha256").await?;
        Ok(())
    }

    async fn down(&self, _manager: &SchemaManager) -> Result<(), DbErr> {
        Err(DbErr::Migration("the schema only moves forward; restore a backup instead".to_owned()))
    }
}
