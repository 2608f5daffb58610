//! Which version of a workflow runs where nobody names one: none is the newest, as before. The words of that version stand
//! beside its number, so that whoever lists tools reads no graphs.

use sea_orm_migration::{prelude::*, schema::*};

use crate::table::at_null;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // SQLite adds one column at a time.
        for column in [
            integer_null("published_version"),
            string_null("published_title"),
            text_null("published_description"),
            uuid_null("published_by_user_id"),
            at_null("published_at"),
        ] {
            let mut table = Table::alter();
            table.table("workflows").add_column(column);
            manager.alter_table(table).await?;
        }
        Ok(())
    }

    async fn down(&self, _manager: &SchemaManager) -> Result<(), DbErr> {
        Err(DbErr::Migration("the schema only moves forward; restore a backup instead".to_owned()))
    }
}
