//! `agent_connectors`.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "agent_connectors")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub agent_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub connector_id: Uuid,
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub allowed_tools: Option<Json>,
    #[sea_orm(column_type = "JsonBinary")]
    pub blocked_tools: Json,
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub allowed_resources: Option<Json>,
    #[sea_orm(column_type = "JsonBinary")]
    pub access: Json,
    #[sea_orm(column_type = "JsonBinary")]
    pub configuration: Json,
    pub created_at: ChronoDateTimeUtc,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
