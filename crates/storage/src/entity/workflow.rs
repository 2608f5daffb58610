//! `workflows`.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "workflows")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub organization_id: Uuid,
    pub environment_id: Uuid,
    pub owner_user_id: Option<Uuid>,
    pub created_by_user_id: Option<Uuid>,
    pub name: String,
    pub title: Option<String>,
    #[sea_orm(column_type = "Text", nullable)]
    pub description: Option<String>,
    pub source_format: String,
    pub node_count: i32,
    pub runnable: bool,
    pub is_active: bool,
    pub is_template: bool,
    pub category: Option<String>,
    pub visibility: String,
    pub is_official: bool,
    pub is_verified: bool,
    pub data_classification: String,
    #[sea_orm(column_type = "JsonBinary")]
    pub required_permissions: Json,
    pub concurrency: String,
    pub current_version: i32,
    pub revision: i32,
    pub forked_from_workflow_id: Option<Uuid>,
    pub published_version: Option<i32>,
    pub published_title: Option<String>,
    #[sea_orm(column_type = "Text", nullable)]
    pub published_description: Option<String>,
    pub published_by_user_id: Option<Uuid>,
    pub published_at: Option<ChronoDateTimeUtc>,
    pub created_at: ChronoDateTimeUtc,
    pub updated_at: ChronoDateTimeUtc,
    pub deleted_at: Option<ChronoDateTimeUtc>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
