//! Public links to conversations and artifacts: the hash of a link's token, what it opens, until when, and for whom it
//! was made. What it opens is asked again at each look, so that nothing else has to be kept here.

use sea_orm_migration::{prelude::*, schema::*};

use crate::table::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let name = "shared_conversations";
        let mut shares = plain_table(
            name,
            vec![
                id(),
                uuid("organization_id"),
                uuid("environment_id"),
                uuid("conversation_id"),
                uuid_null("leaf_message_id"),
                uuid_null("artifact_id"),
                uuid("created_by_user_id"),
                string("token_hash"),
                at("expires_at"),
                big_integer("view_count"),
                at("created_at"),
            ],
        );
        shares
            .foreign_key(ForeignKey::create().from(name, "organization_id").to("organizations", "id"))
            .foreign_key(ForeignKey::create().from(name, "environment_id").to("environments", "id"))
            .foreign_key(ForeignKey::create().from(name, "conversation_id").to("conversations", "id"));
        create(manager, shares).await?;
        unique(manager, "uq_shared_conversations_token", name, "token_hash").await?;
        index(manager, name, "conversation_id").await?;
        index(manager, name, "created_by_user_id").await
    }

    async fn down(&self, _manager: &SchemaManager) -> Result<(), DbErr> {
        Err(DbErr::Migration("the schema only moves forward; restore a backup instead".to_owned()))
    }
}
