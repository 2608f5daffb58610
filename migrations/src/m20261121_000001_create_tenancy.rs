//! Organisations and environments: the tenant, and the platform's own rows under the nil id.

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
                "organizations",
                vec![
                    string("name"),
                    string("slug"),
                    boolean("is_personal"),
                    string_null("industry"),
                    string_null("website"),
                    string_null("timezone"),
                    json_binary("notifications"),
                    json_binary("context_extra"),
                ],
            ),
        )
        .await?;
        unique_live(manager, "uq_organizations_name", "organizations", "lower(name)").await?;
        unique_live(manager, "uq_organizations_slug", "organizations", "lower(slug)").await?;

        let mut environments = table(
            "environments",
            vec![uuid("organization_id"), string("name"), string("type"), boolean("is_default")],
        );
        environments.foreign_key(
            ForeignKey::create().from("environments", "organization_id").to("organizations", "id"),
        );
        create(manager, environments).await?;
        unique_live(manager, "uq_environments_name", "environments", "organization_id, lower(name)").await?;

        let nil = match manager.get_database_backend() {
            sea_orm_migration::sea_orm::DbBackend::Postgres => "'00000000-0000-0000-0000-000000000000'",
            _ => "x'00000000000000000000000000000000'",
        };
        let born = "'2026-11-21 00:00:00+00:00'";
        run(
            manager,
            &format!(
                "INSERT INTO organizations (id, name, slug, is_personal, notifications, context_extra, created_at, updated_at) \
                 VALUES ({nil}, 'Platform', 'platform', false, '{{}}', '{{}}', {born}, {born})"
            ),
        )
        .await?;
        run(
            manager,
            &format!(
                "INSERT INTO environments (id, organization_id, name, type, is_default, created_at, updated_at) \
                 VALUES ({nil}, {nil}, 'platform', 'prod', true, {born}, {born})"
            ),
        )
        .await?;
        Ok(())
    }

    async fn down(&self, _manager: &SchemaManager) -> Result<(), DbErr> {
        Err(DbErr::Migration("the schema only moves forward; restore a backup instead".to_owned()))
    }
}
