//! Policies with their bindings, grants, the audit log, and the usage ledger.

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
                "policies",
                vec![
                    uuid("organization_id"),
                    uuid_null("environment_id"),
                    string("name"),
                    integer("version"),
                    boolean("is_active"),
                    boolean("is_baseline"),
                    json_binary("rules_json"),
                ],
            ),
        )
        .await?;
        unique_live(manager, "uq_policies_name", "policies", "organization_id, name").await?;

        let mut rules = plain_table(
            "policy_rules",
            vec![
                id(),
                uuid("policy_id"),
                string("action"),
                string("target"),
                string("effect"),
                json_binary("conditions"),
                at("created_at"),
            ],
        );
        rules.foreign_key(ForeignKey::create().from("policy_rules", "policy_id").to("policies", "id"));
        create(manager, rules).await?;

        let mut bindings = plain_table(
            "policy_bindings",
            vec![
                id(),
                uuid("policy_id"),
                string("scope_type"),
                string("scope_id"),
                integer("priority"),
                at("created_at"),
            ],
        );
        bindings.foreign_key(ForeignKey::create().from("policy_bindings", "policy_id").to("policies", "id"));
        create(manager, bindings).await?;

        create(
            manager,
            plain_table(
                "permission_grants",
                vec![
                    id(),
                    uuid("organization_id"),
                    string("kind"),
                    string("subject_type"),
                    uuid("subject_id"),
                    string("resource_type"),
                    uuid("resource_id"),
                    string_null("permission_type"),
                    string("access_level"),
                    uuid_null("granted_by_user_id"),
                    at("granted_at"),
                    at_null("expires_at"),
                    boolean("is_active"),
                    at_null("revoked_at"),
                ],
            ),
        )
        .await?;
        index(manager, "permission_grants", "subject_id, resource_type").await?;
        index(manager, "permission_grants", "resource_id").await?;

        create(
            manager,
            plain_table(
                "tool_approvals",
                vec![
                    id(),
                    uuid("organization_id"),
                    uuid("environment_id"),
                    uuid("user_id"),
                    string("tool"),
                    string("definition_hash"),
                    string("scope_type"),
                    uuid("scope_id"),
                    at("created_at"),
                ],
            ),
        )
        .await?;
        index(manager, "tool_approvals", "user_id, tool").await?;

        create(
            manager,
            plain_table(
                "audit_events",
                vec![
                    id(),
                    uuid("organization_id"),
                    uuid_null("environment_id"),
                    string("event_type"),
                    string("subject"),
                    uuid_null("user_id"),
                    string("action"),
                    string("target"),
                    string("decision"),
                    string_null("rule_id"),
                    string_null("resource_type"),
                    uuid_null("resource_id"),
                    string_null("data_classification"),
                    string_null("ip_address"),
                    text_null("denial_reason"),
                    uuid_null("run_id"),
                    json_binary("event_data"),
                    json_binary("context"),
                    at("ts"),
                    big_integer_null("seq"),
                    string_null("prev_hash"),
                    string_null("hash"),
                ],
            ),
        )
        .await?;
        index(manager, "audit_events", "organization_id, ts").await?;
        run(
            manager,
            "CREATE INDEX ix_audit_events_unsealed ON audit_events (organization_id) WHERE seq IS NULL",
        )
        .await?;

        create(
            manager,
            plain_table(
                "usage_records",
                vec![
                    id(),
                    uuid("organization_id"),
                    uuid("environment_id"),
                    uuid_null("user_id"),
                    uuid_null("conversation_id"),
                    uuid_null("message_id"),
                    uuid_null("agent_id"),
                    uuid_null("workflow_id"),
                    uuid("run_id"),
                    string("model"),
                    string("provider"),
                    big_integer("input_tokens"),
                    big_integer("output_tokens"),
                    big_integer("cached_tokens"),
                    big_integer("cost_nanos"),
                    string("currency"),
                    at("created_at"),
                ],
            ),
        )
        .await?;
        index(manager, "usage_records", "organization_id, created_at").await?;
        index(manager, "usage_records", "user_id, created_at").await?;
        Ok(())
    }

    async fn down(&self, _manager: &SchemaManager) -> Result<(), DbErr> {
        Err(DbErr::Migration("the schema only moves forward; restore a backup instead".to_owned()))
    }
}
