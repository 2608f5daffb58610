//! `api_keys`.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "api_keys")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub organization_id: Uuid,
    pub environment_id: Uuid,
    pub user_id: Uuid,
    pub key_name: String,
    pub provider: String,
    pub key_hash: String,
    pub last_four: String,
    pub secret_ref: String,
    pub base_url: Option<String>,
    #[sea_orm(column_type = "JsonBinary")]
    pub models: Json,
    pub last_used_at: Option<ChronoDateTimeUtc>,
    pub is_active: bool,
    pub version: i32,
    pub rotated_at: Option<ChronoDateTimeUtc>,
    pub created_at: ChronoDateTimeUtc,
    pub updated_at: ChronoDateTimeUtc,
    pub deleted_at: Option<ChronoDateTimeUtc>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
