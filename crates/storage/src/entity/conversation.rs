//! `conversations`.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "conversations")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub organization_id: Uuid,
    pub environment_id: Uuid,
    pub user_id: Uuid,
    pub project_id: Option<Uuid>,
    pub title: String,
    pub title_is_manual: bool,
    pub agent_id: Option<Uuid>,
    pub workflow_id: Option<Uuid>,
    pub model: Option<String>,
    pub last_message_at: Option<ChronoDateTimeUtc>,
    pub is_archived: bool,
    pub is_pinned: bool,
    #[sea_orm(column_type = "JsonBinary")]
    pub settings: Json,
    pub token_count: i64,
    pub message_count: i32,
    #[sea_orm(column_type = "JsonBinary")]
    pub agent_state: Json,
    pub auto_route: bool,
    pub current_leaf_id: Option<Uuid>,
    pub branched_from_conversation_id: Option<Uuid>,
    pub branched_from_message_id: Option<Uuid>,
    pub data_classification: String,
    pub created_at: ChronoDateTimeUtc,
    pub updated_at: ChronoDateTimeUtc,
    pub deleted_at: Option<ChronoDateTimeUtc>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
