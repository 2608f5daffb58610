//! `shared_conversations`.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "shared_conversations")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub organization_id: Uuid,
    pub environment_id: Uuid,
    pub conversation_id: Uuid,
    pub leaf_message_id: Option<Uuid>,
    pub artifact_id: Option<Uuid>,
    pub created_by_user_id: Uuid,
    pub token_hash: String,
    pub expires_at: ChronoDateTimeUtc,
    pub view_count: i64,
    pub created_at: ChronoDateTimeUtc,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
