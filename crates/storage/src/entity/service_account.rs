//! `service_accounts`.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "service_accounts")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub organization_id: Uuid,
    pub environment_id: Option<Uuid>,
    pub name: String,
    #[sea_orm(column_type = "Text")]
    pub description: String,
    pub subject: String,
    pub issuer: String,
    pub audience: String,
    pub credential_ref: Option<String>,
    #[sea_orm(column_type = "JsonBinary")]
    pub scope_allowlist: Json,
    pub enabled: bool,
    pub inbound_method: Option<String>,
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub inbound: Option<Json>,
    pub sign_in_token_id: Option<Uuid>,
    pub created_at: ChronoDateTimeUtc,
    pub updated_at: ChronoDateTimeUtc,
    pub deleted_at: Option<ChronoDateTimeUtc>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
