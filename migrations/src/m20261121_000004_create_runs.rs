//! The run tree, its append-only event log, signals, the effect ledger, and questions to people.

use sea_orm_migration::{prelude::*, schema::*};

use crate::table::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create(
            manager,
            plain_table(
                "runs",
                vec![
                    id(),
                    uuid("organization_id"),
                    uuid("environment_id"),
                    string("kind"),
                    string("status"),
                    uuid_null("parent_run_id"),
                    uuid("root_run_id"),
                    uuid_null("retry_of"),
                    uuid_null("user_id"),
                    uuid_null("agent_id"),
                    uuid_null("workflow_id"),
                    uuid_null("call_id"),
                    uuid_null("tool_id"),
                    uuid_null("connector_id"),
                    string_null("tool_name"),
                    string_null("resource_uri"),
                    uuid_null("conversation_id"),
                    uuid_null("message_id"),
                    string("trigger"),
                    json_binary_null("input_json"),
                    json_binary_null("output_json"),
                    string_null("error_code"),
                    text_null("error_text"),
                    string_null("model_name"),
                    big_integer("input_tokens"),
                    big_integer("output_tokens"),
                    big_integer("cost_nanos"),
                    string("currency"),
                    integer("attempts"),
                    big_integer("last_seq"),
                    string_null("lease_owner"),
                    at_null("lease_until"),
                    big_integer("fencing_token"),
                    at("queued_at"),
                    at_null("started_at"),
                    at_null("ended_at"),
                    big_integer_null("duration_ms"),
                    string_null("trace_id"),
                    at("created_at"),
                ],
            ),
        )
        .await?;
        index(manager, "runs", "organization_id, environment_id, created_at DESC").await?;
        index(manager, "runs", "parent_run_id").await?;
        index(manager, "runs", "conversation_id").await?;
        index(manager, "runs", "connector_id").await?;
        run(
            manager,
            "CREATE INDEX ix_runs_open ON runs (lease_until) WHERE status IN ('pending', 'running', 'waiting')",
        )
        .await?;

        let mut events = plain_table(
            "run_events",
            vec![uuid("run_id"), big_integer("seq"), at("at"), string("type"), text("data")],
        );
        events.primary_key(Index::create().col("run_id").col("seq"));
        create(manager, events).await?;

        create(
            manager,
            plain_table(
                "run_signals",
                vec![
                    id(),
                    uuid("run_id"),
                    string("kind"),
                    json_binary("data"),
                    at("created_at"),
                    at_null("consumed_at"),
                ],
            ),
        )
        .await?;
        run(manager, "CREATE INDEX ix_run_signals_open ON run_signals (run_id) WHERE consumed_at IS NULL")
            .await?;

        let mut effects = plain_table(
            "effects",
            vec![
                uuid("run_id"),
                uuid("call_id"),
                string("key"),
                string("request_hash"),
                string("state"),
                text_null("response_ref"),
                at("created_at"),
                at("updated_at"),
            ],
        );
        effects.primary_key(Index::create().col("run_id").col("call_id"));
        create(manager, effects).await?;
        unique(manager, "uq_effects_key", "effects", "key").await?;

        create(
            manager,
            plain_table(
                "human_tasks",
                vec![
                    id(),
                    uuid("organization_id"),
                    uuid("environment_id"),
                    uuid("run_id"),
                    uuid_null("call_id"),
                    uuid_null("user_id"),
                    uuid_null("conversation_id"),
                    string_null("node_id"),
                    string("kind"),
                    string("title"),
                    text("message"),
                    string("priority"),
                    string_null("tool"),
                    string_null("server"),
                    string_null("binding_hash"),
                    json_binary_null("arguments"),
                    json_binary("allowed_decisions"),
                    json_binary("channels"),
                    string("status"),
                    string_null("decision"),
                    text_null("comment"),
                    uuid_null("decided_by"),
                    at_null("decided_at"),
                    at_null("due_at"),
                    at("created_at"),
                ],
            ),
        )
        .await?;
        index(manager, "human_tasks", "run_id").await?;
        index(manager, "human_tasks", "organization_id, status").await?;

        let mut keys = plain_table(
            "idempotency_keys",
            vec![
                string("subject"),
                string("key"),
                string("request_hash"),
                integer_null("status"),
                text_null("body"),
                string_null("location"),
                at("created_at"),
            ],
        );
        keys.primary_key(Index::create().col("subject").col("key"));
        create(manager, keys).await?;

        create(
            manager,
            plain_table(
                "outbox",
                vec![id(), string("topic"), uuid("organization_id"), json_binary("data"), at("created_at")],
            ),
        )
        .await?;
        Ok(())
    }

    async fn down(&self, _manager: &SchemaManager) -> Result<(), DbErr> {
        Err(DbErr::Migration("the schema only moves forward; restore a backup instead".to_owned()))
    }
}
