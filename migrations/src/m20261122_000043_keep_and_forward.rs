//! For how long organisations keep conversations and runs, and where their audit log is sent on to.

use sea_orm_migration::{prelude::*, schema::*};

use crate::table::{at, at_null, create, plain_table};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // SQLite adds one column at a time.
        for column in [integer_null("keep_conversations_days"), integer_null("keep_runs_days")] {
            let mut table = Table::alter();
            table.table("organizations").add_column(column);
            manager.alter_table(table).await?;
        }
        let mut organization = uuid("organization_id");
        organization.primary_key();
        let mut forwards = plain_table(
            "audit_forwards",
            vec![
                organization,
                text("endpoint"),
                string("credential"),
                string("secret_ref"),
                boolean("enabled"),
                // The last entry that was taken over there, by its place in the chain.
                big_integer("sent_seq"),
                at_null("sent_at"),
                text_null("error"),
                integer("failures"),
                at("next_at"),
                // Who sends, and until when nobody else does.
                string_null("lease_owner"),
                at_null("lease_until"),
                at("updated_at"),
            ],
        );
        forwards.foreign_key(
            ForeignKey::create().from("audit_forwards", "organization_id").to("organizations", "id"),
        );
        create(manager, forwards).await
    }

    async fn down(&self, _manager: &SchemaManager) -> Result<(), DbErr> {
        Err(DbErr::Migration("the schema only moves forward; restore a backup instead".to_owned()))
    }
}
