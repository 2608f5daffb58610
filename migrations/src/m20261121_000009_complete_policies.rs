//! What policies lacked to be edited: words about them, a mode, obligations, and a version for every organisation's
//! rules, by which servers notice that another one changed them.

use sea_orm_migration::prelude::*;

use crate::table::run;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let json = match manager.get_database_backend() {
            sea_orm_migration::sea_orm::DbBackend::Postgres => "jsonb",
            _ => "jsonb_text",
        };
        for statement in [
            "ALTER TABLE policies ADD COLUMN description text",
            "ALTER TABLE policies ADD COLUMN mode varchar NOT NULL DEFAULT 'enforced'",
            &format!("ALTER TABLE policy_rules ADD COLUMN obligations {json} NOT NULL DEFAULT '[]'"),
            "ALTER TABLE organizations ADD COLUMN policy_version bigint NOT NULL DEFAULT 0",
            "CREATE INDEX ix_policy_rules_policy_id ON policy_rules (policy_id)",
            "CREATE INDEX ix_policy_bindings_policy_id ON policy_bindings (policy_id)",
        ] {
            run(manager, statement).await?;
        }
        Ok(())
    }

    async fn down(&self, _manager: &SchemaManager) -> Result<(), DbErr> {
        Err(DbErr::Migration("the schema only moves forward; restore a backup instead".to_owned()))
    }
}
