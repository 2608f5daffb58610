//! What grants lacked to count: a version for every organisation's grants, by which servers notice a change, the grant
//! that each was given under, and one live grant at most for a subject and a row. Beside them the wishes for grants, and
//! attributes of people, which policies ask about.

use sea_orm_migration::{prelude::*, schema::*};

use crate::table::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let (uuid_type, json_type) = (uuid_type(manager), json_type(manager));
        for statement in [
            "ALTER TABLE organizations ADD COLUMN grant_version bigint NOT NULL DEFAULT 0",
            "ALTER TABLE permission_grants ADD COLUMN version bigint NOT NULL DEFAULT 0",
            &format!("ALTER TABLE permission_grants ADD COLUMN environment_id {uuid_type}"),
            &format!("ALTER TABLE permission_grants ADD COLUMN granted_under_id {uuid_type}"),
            &format!("ALTER TABLE users ADD COLUMN attributes {json_type} NOT NULL DEFAULT '{{}}'"),
            "CREATE UNIQUE INDEX uq_permission_grants_live ON permission_grants \
             (organization_id, subject_type, subject_id, resource_type, resource_id) WHERE is_active",
            "CREATE INDEX ix_permission_grants_ending ON permission_grants (expires_at) WHERE is_active",
        ] {
            run(manager, statement).await?;
        }
        index(manager, "permission_grants", "organization_id, version").await?;
        index(manager, "permission_grants", "granted_under_id").await?;

        let mut requests = plain_table(
            "permission_requests",
            vec![
                id(),
                uuid("organization_id"),
                uuid("environment_id"),
                uuid("user_id"),
                string("resource_type"),
                uuid("resource_id"),
                string("access_level"),
                text("reason"),
                integer_null("hours"),
                string("status"),
                uuid_null("decided_by"),
                at_null("decided_at"),
                text_null("comment"),
                uuid_null("grant_id"),
                at_null("grant_expires_at"),
                at("created_at"),
            ],
        );
        requests
            .foreign_key(
                ForeignKey::create().from("permission_requests", "organization_id").to("organizations", "id"),
            )
            .foreign_key(ForeignKey::create().from("permission_requests", "user_id").to("users", "id"));
        create(manager, requests).await?;
        index(manager, "permission_requests", "organization_id, status").await?;
        run(
            manager,
            "CREATE UNIQUE INDEX uq_permission_requests_open ON permission_requests \
             (organization_id, user_id, resource_type, resource_id, access_level) WHERE status = 'pending'",
        )
        .await
    }

    async fn down(&self, _manager: &SchemaManager) -> Result<(), DbErr> {
        Err(DbErr::Migration("the schema only moves forward; restore a backup instead".to_owned()))
    }
}
