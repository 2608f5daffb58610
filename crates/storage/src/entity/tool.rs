//! `tools`.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "tools")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub owner_user_id: Uuid,
    pub tool_key: String,
    pub connector_id: Option<Uuid>,
    pub name: String,
    pub display_name: String,
    #[sea_orm(column_type = "Text")]
    pub description: String,
    pub tool_type: String,
    #[sea_orm(column_type = "JsonBinary")]
    pub definition: Json,
    #[sea_orm(column_type = "JsonBinary")]
    pub input_schema: Json,
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub output_schema: Option<Json>,
    pub version: String,
    pub status: String,
    pub enabled: bool,
    pub read_only: bool,
    pub approval: String,
    pub source: String,
    #[sea_orm(column_type = "JsonBinary")]
    pub required_permissions: Json,
    #[sea_orm(column_type = "JsonBinary")]
    pub safety_checks: Json,
    pub definition_hash: String,
    pub approved_hash: Option<String>,
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub approved_definition: Option<Json>,
    pub sync_status: String,
    pub synced_at: Option<ChronoDateTimeUtc>,
    pub created_at: ChronoDateTimeUtc,
    pub updated_at: ChronoDateTimeUtc,
    pub deleted_at: Option<ChronoDateTimeUtc>,
    pub organization_id: Uuid,
    pub environment_id: Uuid,
    pub call_cost_nanos: Option<i64>,
    pub call_cost_currency: Option<String>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
