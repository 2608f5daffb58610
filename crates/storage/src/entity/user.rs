//! `users`.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "users")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub email: String,
    pub password_hash: Option<String>,
    pub first_name: String,
    pub last_name: String,
    pub name: String,
    pub avatar_url: Option<String>,
    pub platform_role: String,
    pub data_clearance_level: String,
    #[sea_orm(column_type = "JsonBinary")]
    pub attributes: Json,
    #[sea_orm(column_type = "JsonBinary")]
    pub preferences: Json,
    #[sea_orm(column_type = "Text", nullable)]
    pub custom_instructions: Option<String>,
    pub default_agent_id: Option<Uuid>,
    pub active_organization_id: Option<Uuid>,
    pub active_environment_id: Option<Uuid>,
    pub is_active: bool,
    pub is_verified: bool,
    pub token_version: i32,
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub mfa: Option<Json>,
    pub last_login: Option<ChronoDateTimeUtc>,
    pub created_at: ChronoDateTimeUtc,
    pub updated_at: ChronoDateTimeUtc,
    pub deleted_at: Option<ChronoDateTimeUtc>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
