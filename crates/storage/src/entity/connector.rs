//! `connectors`.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "connectors")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub connector_key: String,
    pub name: String,
    pub slug: String,
    #[sea_orm(column_type = "Text")]
    pub description: String,
    pub kind: String,
    pub provider: Option<String>,
    pub transport: Option<String>,
    #[sea_orm(column_type = "Text", nullable)]
    pub endpoint: Option<String>,
    #[sea_orm(column_type = "Text", nullable)]
    pub command: Option<String>,
    #[sea_orm(column_type = "JsonBinary")]
    pub args: Json,
    #[sea_orm(column_type = "JsonBinary")]
    pub env_vars: Json,
    pub confirmed_command_hash: Option<String>,
    #[sea_orm(column_type = "JsonBinary")]
    pub settings: Json,
    pub auth_type: String,
    #[sea_orm(column_type = "JsonBinary")]
    pub auth_settings: Json,
    pub secret_ref: Option<String>,
    #[sea_orm(column_type = "JsonBinary")]
    pub capabilities: Json,
    pub origin: String,
    pub visibility: String,
    pub approval_status: String,
    pub approval_required: bool,
    pub version: i32,
    pub enabled: bool,
    pub status: String,
    pub health_status: String,
    #[sea_orm(column_type = "Text", nullable)]
    pub health_message: Option<String>,
    pub last_health_check: Option<ChronoDateTimeUtc>,
    pub last_seen_at: Option<ChronoDateTimeUtc>,
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub rate_limit: Option<Json>,
    pub cache_ttl_seconds: Option<i32>,
    pub data_classification: String,
    #[sea_orm(column_type = "JsonBinary")]
    pub required_permissions: Json,
    #[sea_orm(column_type = "JsonBinary")]
    pub tags: Json,
    #[sea_orm(column_type = "JsonBinary")]
    pub metadata: Json,
    pub created_by_user_id: Option<Uuid>,
    pub created_at: ChronoDateTimeUtc,
    pub updated_at: ChronoDateTimeUtc,
    pub deleted_at: Option<ChronoDateTimeUtc>,
    pub organization_id: Uuid,
    pub environment_id: Uuid,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
