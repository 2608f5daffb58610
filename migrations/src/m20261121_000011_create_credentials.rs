//! Machines' accounts, the tokens issued to machines, who of them started a run, whether an organisation asks for a
//! second factor, and what processes tell each other about ended credentials.

use sea_orm_migration::{prelude::*, schema::*};

use crate::table::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut accounts = table(
            "service_accounts",
            vec![
                uuid("organization_id"),
                uuid_null("environment_id"),
                string("name"),
                text("description"),
                string("subject"),
                string("issuer"),
                string("audience"),
                string_null("credential_ref"),
                json_binary("scope_allowlist"),
                boolean("enabled"),
            ],
        );
        accounts
            .foreign_key(
                ForeignKey::create().from("service_accounts", "organization_id").to("organizations", "id"),
            )
            .foreign_key(
                ForeignKey::create().from("service_accounts", "environment_id").to("environments", "id"),
            );
        create(manager, accounts).await?;
        unique_live(manager, "uq_service_accounts_name", "service_accounts", "organization_id, lower(name)")
            .await?;
        unique_live(manager, "uq_service_accounts_subject", "service_accounts", "subject, issuer").await?;

        let mut tokens = plain_table(
            "issued_tokens",
            vec![
                // The `jti` of its claims.
                id(),
                uuid("organization_id"),
                uuid("environment_id"),
                string("kind"),
                uuid_null("agent_id"),
                uuid_null("service_account_id"),
                // The person and the client of an OAuth token.
                uuid_null("user_id"),
                string_null("client_id"),
                string("name"),
                json_binary("scopes"),
                json_binary("metadata"),
                uuid("issued_by_id"),
                at("expires_at"),
                at_null("revoked_at"),
                uuid_null("revoked_by_id"),
                at_null("last_used_at"),
                at("created_at"),
            ],
        );
        tokens
            .foreign_key(
                ForeignKey::create().from("issued_tokens", "organization_id").to("organizations", "id"),
            )
            .foreign_key(
                ForeignKey::create().from("issued_tokens", "environment_id").to("environments", "id"),
            )
            .foreign_key(ForeignKey::create().from("issued_tokens", "agent_id").to("agents", "id"))
            .foreign_key(
                ForeignKey::create().from("issued_tokens", "service_account_id").to("service_accounts", "id"),
            )
            .foreign_key(ForeignKey::create().from("issued_tokens", "issued_by_id").to("users", "id"));
        create(manager, tokens).await?;
        index(manager, "issued_tokens", "agent_id").await?;
        index(manager, "issued_tokens", "service_account_id").await?;

        create(manager, plain_table("revocations", vec![id(), string("subject"), at("at")])).await?;
        index(manager, "revocations", "at").await?;

        run(manager, "ALTER TABLE runs ADD COLUMN actor varchar").await?;
        run(manager, &format!("ALTER TABLE runs ADD COLUMN token_id {}", uuid_type(manager))).await?;
        run(manager, "ALTER TABLE organizations ADD COLUMN requires_mfa boolean NOT NULL DEFAULT false").await
    }

    async fn down(&self, _manager: &SchemaManager) -> Result<(), DbErr> {
        Err(DbErr::Migration("the schema only moves forward; restore a backup instead".to_owned()))
    }
}
