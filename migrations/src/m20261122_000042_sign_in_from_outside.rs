//! How a machine proves who it is, beside the tokens issued to it here, and the row that such a sign-in lives and dies with;
//! and which provider a person's session came from, so that signing out can end it there too.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // SQLite adds one column at a time.
        for column in [
            // The word of the method stands beside the rest of it, for whoever looks for accounts by it.
            string_null("inbound_method"),
            json_binary_null("inbound"),
            uuid_null("sign_in_token_id"),
        ] {
            let mut table = Table::alter();
            table.table("service_accounts").add_column(column);
            manager.alter_table(table).await?;
        }
        // The name of the id token in the vault: what the provider knows its own session by.
        for column in [uuid_null("provider_id"), string_null("id_token_ref")] {
            let mut table = Table::alter();
            table.table("sessions").add_column(column);
            manager.alter_table(table).await?;
        }
        Ok(())
    }

    async fn down(&self, _manager: &SchemaManager) -> Result<(), DbErr> {
        Err(DbErr::Migration("the schema only moves forward; restore a backup instead".to_owned()))
    }
}
