//! What models cost from when on, which price a call was charged at, and budgets with their ledger: counters that are
//! raised before a call, and one charge a call and budget that says what became of it.

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
                "model_pricing",
                vec![
                    id(),
                    string("model_name"),
                    string("provider"),
                    big_integer("input_nanos_per_1k"),
                    big_integer_null("cached_nanos_per_1k"),
                    big_integer("output_nanos_per_1k"),
                    string("currency"),
                    at("effective_from"),
                    boolean("is_active"),
                    // `catalogue` or `administrator`.
                    string("source"),
                    at("created_at"),
                    at("updated_at"),
                ],
            ),
        )
        .await?;
        unique(manager, "uq_model_pricing_effective", "model_pricing", "model_name, effective_from").await?;

        let mut budgets = table(
            "budgets",
            vec![
                uuid("organization_id"),
                string("name"),
                string("scope"),
                // Which environment, agent or person; each of them by itself where there is none.
                uuid_null("target_id"),
                string("period"),
                big_integer("limit_nanos"),
                string("currency"),
                integer("warn_percent"),
                boolean("hard_stop"),
                boolean("is_active"),
                uuid_null("created_by_user_id"),
            ],
        );
        budgets
            .foreign_key(ForeignKey::create().from("budgets", "organization_id").to("organizations", "id"));
        create(manager, budgets).await?;
        unique_live(manager, "uq_budgets_name", "budgets", "organization_id, lower(name)").await?;

        let mut counters = plain_table(
            "budget_counters",
            vec![
                uuid("budget_id"),
                uuid("subject_id"),
                at("period_start"),
                // Spent in this period before there was a budget.
                big_integer("opening_nanos"),
                big_integer("spent_nanos"),
                big_integer("reserved_nanos"),
                at_null("warned_at"),
                at_null("exhausted_at"),
                at("updated_at"),
            ],
        );
        counters
            .primary_key(Index::create().col("budget_id").col("subject_id").col("period_start"))
            .foreign_key(ForeignKey::create().from("budget_counters", "budget_id").to("budgets", "id"));
        create(manager, counters).await?;
        index(manager, "budget_counters", "budget_id, period_start, spent_nanos").await?;

        let mut charges = plain_table(
            "budget_charges",
            vec![
                uuid("call_id"),
                uuid("budget_id"),
                uuid("subject_id"),
                at("period_start"),
                uuid("run_id"),
                big_integer("reserved_nanos"),
                big_integer("charged_nanos"),
                // `open`, `settled` or `released`.
                string("state"),
                at("created_at"),
                at_null("closed_at"),
            ],
        );
        charges.primary_key(Index::create().col("call_id").col("budget_id"));
        create(manager, charges).await?;
        run(manager, "CREATE INDEX ix_budget_charges_open ON budget_charges (run_id) WHERE state = 'open'")
            .await?;
        index(manager, "budget_charges", "budget_id, created_at").await?;

        run(manager, &format!("ALTER TABLE usage_records ADD COLUMN pricing_id {}", uuid_type(manager)))
            .await?;
        index(manager, "usage_records", "run_id").await?;
        index(manager, "usage_records", "conversation_id").await?;
        // What one call of a tool costs, where its owner says so.
        run(manager, "ALTER TABLE tools ADD COLUMN call_cost_nanos bigint").await?;
        run(manager, "ALTER TABLE tools ADD COLUMN call_cost_currency varchar").await
    }

    async fn down(&self, _manager: &SchemaManager) -> Result<(), DbErr> {
        Err(DbErr::Migration("the schema only moves forward; restore a backup instead".to_owned()))
    }
}

fn uuid_type(manager: &SchemaManager<'_>) -> &'static str {
    match manager.get_database_backend() {
        sea_orm_migration::sea_orm::DbBackend::Postgres => "uuid",
        _ => "uuid_text",
    }
}
