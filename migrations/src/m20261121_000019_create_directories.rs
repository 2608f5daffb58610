//! Directories that provision people and groups by SCIM.

use sea_orm_migration::{prelude::*, schema::*};

use crate::table::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut organization = uuid("organization_id");
        organization.primary_key();
        let mut directories = plain_table(
            "directories",
            vec![
                organization,
                uuid("service_account_id"),
                boolean("enabled"),
                json_binary("role_mappings"),
                at("created_at"),
                at("updated_at"),
            ],
        );
        directories
            .foreign_key(
                ForeignKey::create().from("directories", "organization_id").to("organizations", "id"),
            )
            .foreign_key(
                ForeignKey::create().from("directories", "service_account_id").to("service_accounts", "id"),
            );
        create(manager, directories).await?;

        let mut users = table(
            "directory_users",
            vec![
                uuid("organization_id"),
                uuid("user_id"),
                // `userName`, lower-cased as every language lower-cases it and no database does.
                string("name_key"),
                string_null("external_id"),
                json_binary("attributes"),
                boolean("made_account"),
                boolean("closed_account"),
                string_null("base_role"),
                integer("version"),
            ],
        );
        users
            .foreign_key(
                ForeignKey::create().from("directory_users", "organization_id").to("organizations", "id"),
            )
            .foreign_key(ForeignKey::create().from("directory_users", "user_id").to("users", "id"));
        create(manager, users).await?;
        // Whoever comes back is the same row.
        unique(manager, "uq_directory_users_user", "directory_users", "organization_id, user_id").await?;
        unique_live(manager, "uq_directory_users_name", "directory_users", "organization_id, name_key")
            .await?;
        index(manager, "directory_users", "organization_id, external_id").await?;
        index(manager, "directory_users", "user_id").await?;

        let mut groups = table(
            "directory_groups",
            vec![
                uuid("organization_id"),
                string("display_name"),
                string("name_key"),
                string_null("external_id"),
                integer("version"),
            ],
        );
        groups.foreign_key(
            ForeignKey::create().from("directory_groups", "organization_id").to("organizations", "id"),
        );
        create(manager, groups).await?;
        unique_live(manager, "uq_directory_groups_name", "directory_groups", "organization_id, name_key")
            .await?;
        index(manager, "directory_groups", "organization_id, external_id").await?;

        let mut members = plain_table(
            "directory_members",
            vec![uuid("group_id"), uuid("user_id"), uuid("organization_id")],
        );
        members
            .primary_key(Index::create().col("group_id").col("user_id"))
            .foreign_key(
                ForeignKey::create().from("directory_members", "group_id").to("directory_groups", "id"),
            )
            .foreign_key(ForeignKey::create().from("directory_members", "user_id").to("users", "id"));
        create(manager, members).await?;
        index(manager, "directory_members", "organization_id, user_id").await
    }

    async fn down(&self, _manager: &SchemaManager) -> Result<(), DbErr> {
        Err(DbErr::Migration("the schema only moves forward; restore a backup instead".to_owned()))
    }
}
