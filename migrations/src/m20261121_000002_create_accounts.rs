//! Accounts: users, roles, memberships, sessions with their refresh tokens, and one-time links.

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
                "users",
                vec![
                    string("email"),
                    string_null("password_hash"),
                    string("first_name"),
                    string("last_name"),
                    string("name"),
                    string_null("avatar_url"),
                    string("platform_role"),
                    string("data_clearance_level"),
                    json_binary("preferences"),
                    text_null("custom_instructions"),
                    uuid_null("default_agent_id"),
                    uuid_null("active_organization_id"),
                    uuid_null("active_environment_id"),
                    boolean("is_active"),
                    boolean("is_verified"),
                    integer("token_version"),
                    json_binary_null("mfa"),
                    at_null("last_login"),
                ],
            ),
        )
        .await?;
        unique_live(manager, "uq_users_email", "users", "lower(email)").await?;

        create(
            manager,
            table(
                "roles",
                vec![
                    string("role_name"),
                    text("description"),
                    string("scope"),
                    uuid("organization_id"),
                    json_binary("permissions"),
                    boolean("can_create_agents"),
                    boolean("can_share_agents"),
                    boolean("can_access_restricted_data"),
                    integer_null("max_api_calls_per_day"),
                    boolean("is_builtin"),
                ],
            ),
        )
        .await?;
        unique_live(manager, "uq_roles_name", "roles", "organization_id, scope, role_name").await?;

        let mut memberships = table(
            "memberships",
            vec![
                uuid("user_id"),
                uuid("organization_id"),
                string("role"),
                string_null("department"),
                boolean("is_active"),
            ],
        );
        memberships
            .foreign_key(ForeignKey::create().from("memberships", "user_id").to("users", "id"))
            .foreign_key(
                ForeignKey::create().from("memberships", "organization_id").to("organizations", "id"),
            );
        create(manager, memberships).await?;
        unique_live(manager, "uq_memberships", "memberships", "user_id, organization_id").await?;
        index(manager, "memberships", "organization_id").await?;

        let mut sessions = plain_table(
            "sessions",
            vec![
                id(),
                uuid("user_id"),
                string_null("user_agent"),
                string_null("address"),
                at("created_at"),
                at("last_used_at"),
                at("expires_at"),
                at_null("revoked_at"),
                string_null("revoked_reason"),
            ],
        );
        sessions.foreign_key(ForeignKey::create().from("sessions", "user_id").to("users", "id"));
        create(manager, sessions).await?;
        index(manager, "sessions", "user_id").await?;

        let mut refresh = plain_table(
            "refresh_tokens",
            vec![
                {
                    let mut hash = string("token_hash");
                    hash.primary_key();
                    hash
                },
                uuid("session_id"),
                at("created_at"),
                at("expires_at"),
                at_null("used_at"),
            ],
        );
        refresh.foreign_key(ForeignKey::create().from("refresh_tokens", "session_id").to("sessions", "id"));
        create(manager, refresh).await?;
        index(manager, "refresh_tokens", "session_id").await?;

        create(
            manager,
            plain_table(
                "one_time_links",
                vec![
                    {
                        let mut hash = string("token_hash");
                        hash.primary_key();
                        hash
                    },
                    string("purpose"),
                    uuid_null("user_id"),
                    uuid_null("organization_id"),
                    at("created_at"),
                    at("expires_at"),
                    at_null("used_at"),
                ],
            ),
        )
        .await?;
        Ok(())
    }

    async fn down(&self, _manager: &SchemaManager) -> Result<(), DbErr> {
        Err(DbErr::Migration("the schema only moves forward; restore a backup instead".to_owned()))
    }
}
