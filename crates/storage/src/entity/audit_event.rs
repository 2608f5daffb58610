//! `audit_events`.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "audit_events")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub organization_id: Uuid,
    pub environment_id: Option<Uuid>,
    pub event_type: String,
    pub subject: String,
    pub user_id: Option<Uuid>,
    pub action: String,
    pub target: String,
    pub decision: String,
    pub rule_id: Option<String>,
    pub resource_type: Option<String>,
    pub resource_id: Option<Uuid>,
    pub data_classification: Option<String>,
    pub ip_address: Option<String>,
    #[sea_orm(column_type = "Text", nullable)]
    pub denial_reason: Option<String>,
    pub run_id: Option<Uuid>,
    #[sea_orm(column_type = "JsonBinary")]
    pub event_data: Json,
    #[sea_orm(column_type = "JsonBinary")]
    pub context: Json,
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub personal: Option<Json>,
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub personal_hash: Option<Json>,
    pub ts: ChronoDateTimeUtc,
    pub seq: Option<i64>,
    pub prev_hash: Option<String>,
    pub hash: Option<String>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
