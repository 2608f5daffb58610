//! Erasure of people: what the audit log says of them apart from what is hashed, and who is being erased.

use sea_orm_migration::{prelude::*, schema::*};

use crate::table::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let json = json_type(manager);
        run(manager, &format!("ALTER TABLE audit_events ADD COLUMN personal {json}")).await?;
        run(manager, &format!("ALTER TABLE audit_events ADD COLUMN personal_hash {json}")).await?;

        let mut erasures = plain_table(
            "erasures",
            vec![
                id(),
                uuid("user_id"),
                uuid("requested_by_id"),
                string("status"),
                // The person's own organisations, as a list of ids: their members are gone, so nothing else names them.
                json_binary("organizations"),
                // How far it came.
                at_null("gathered_at"),
                at_null("told_at"),
                big_integer("removed"),
                at("created_at"),
                at_null("finished_at"),
            ],
        );
        erasures.foreign_key(ForeignKey::create().from("erasures", "user_id").to("users", "id"));
        create(manager, erasures).await?;
        unique(manager, "uq_erasures_user", "erasures", "user_id").await?;

        // What is still to go, where no row tells any more.
        let mut run_id = uuid("run_id");
        run_id.primary_key();
        create(manager, plain_table("erasure_runs", vec![run_id, uuid("user_id")])).await?;
        index(manager, "erasure_runs", "user_id").await?;
        let mut digest = string("sha256");
        digest.primary_key();
        create(manager, plain_table("erasure_blobs", vec![digest])).await
    }

    async fn down(&self, _manager: &SchemaManager) -> Result<(), DbErr> {
        Err(DbErr::Migration("the schema only moves forward; restore a backup instead".to_owned()))
    }
}
