//! `messages`.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "messages")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub organization_id: Uuid,
    pub environment_id: Uuid,
    pub conversation_id: Uuid,
    pub parent_message_id: Option<Uuid>,
    pub role: String,
    #[sea_orm(column_type = "Text")]
    pub content: String,
    pub status: String,
    pub edited_at: Option<ChronoDateTimeUtc>,
    #[sea_orm(column_type = "JsonBinary")]
    pub images: Json,
    #[sea_orm(column_type = "JsonBinary")]
    pub attachments: Json,
    pub agent_id: Option<Uuid>,
    pub model: Option<String>,
    pub run_id: Option<Uuid>,
    pub finish_reason: Option<String>,
    pub input_tokens: i64,
    pub output_tokens: i64,
    pub cached_tokens: i64,
    pub cost_nanos: i64,
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub error: Option<Json>,
    #[sea_orm(column_type = "Text", nullable)]
    pub thinking: Option<String>,
    #[sea_orm(column_type = "JsonBinary")]
    pub tool_calls: Json,
    pub data_classification: String,
    #[sea_orm(column_type = "JsonBinary")]
    pub metadata: Json,
    pub created_at: ChronoDateTimeUtc,
    pub updated_at: ChronoDateTimeUtc,
    pub deleted_at: Option<ChronoDateTimeUtc>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
