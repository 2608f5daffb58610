//! `artifacts`.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "artifacts")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub organization_id: Uuid,
    pub environment_id: Uuid,
    pub conversation_id: Uuid,
    pub message_id: Option<Uuid>,
    pub agent_id: Option<Uuid>,
    pub identifier: String,
    pub version: i32,
    #[sea_orm(column_name = "type")]
    pub kind: String,
    pub title: String,
    pub language: Option<String>,
    #[sea_orm(column_type = "Text")]
    pub content: String,
    pub content_hash: String,
    pub parent_artifact_id: Option<Uuid>,
    pub data_classification: String,
    pub created_at: ChronoDateTimeUtc,
    pub updated_at: ChronoDateTimeUtc,
    pub deleted_at: Option<ChronoDateTimeUtc>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
