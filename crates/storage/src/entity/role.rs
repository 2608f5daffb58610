//! `roles`.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "roles")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub role_name: String,
    #[sea_orm(column_type = "Text")]
    pub description: String,
    pub scope: String,
    pub organization_id: Uuid,
    #[sea_orm(column_type = "JsonBinary")]
    pub permissions: Json,
    pub can_create_agents: bool,
    pub can_share_agents: bool,
    pub can_access_restricted_data: bool,
    pub max_api_calls_per_day: Option<i32>,
    pub is_builtin: bool,
    pub created_at: ChronoDateTimeUtc,
    pub updated_at: ChronoDateTimeUtc,
    pub deleted_at: Option<ChronoDateTimeUtc>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
