//! Drawings of the designer. What is drawn is text, so that it keeps the order in which it was written.

use sea_orm_migration::{prelude::*, schema::*};

use crate::table::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let name = "canvas_states";
        let mut canvases = table(
            name,
            vec![
                uuid("organization_id"),
                uuid_null("environment_id"),
                uuid_null("owner_user_id"),
                uuid_null("workflow_id"),
                string("name"),
                text("state_json"),
                integer("revision"),
            ],
        );
        canvases
            .foreign_key(ForeignKey::create().from(name, "organization_id").to("organizations", "id"))
            .foreign_key(ForeignKey::create().from(name, "environment_id").to("environments", "id"))
            .foreign_key(ForeignKey::create().from(name, "workflow_id").to("workflows", "id"));
        create(manager, canvases).await?;
        // Databases take no NULL for equal to another one: a drawing of no environment stands under its organisation.
        let of = "organization_id, COALESCE(environment_id, organization_id), lower(name)";
        unique_live(manager, "uq_canvas_states_name", name, of).await?;
        index(manager, name, "workflow_id").await?;
        index(manager, name, "owner_user_id").await
    }

    async fn down(&self, _manager: &SchemaManager) -> Result<(), DbErr> {
        Err(DbErr::Migration("the schema only moves forward; restore a backup instead".to_owned()))
    }
}
