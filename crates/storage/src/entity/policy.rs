//! `policies`.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "policies")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub organization_id: Uuid,
    pub environment_id: Option<Uuid>,
    pub name: String,
    pub description: Option<String>,
    pub version: i32,
    pub mode: String,
    pub is_active: bool,
    pub is_baseline: bool,
    /// What the rules were entered as; the rows of `policy_rules` are what counts.
    #[sea_orm(column_type = "JsonBinary")]
    pub rules_json: Json,
    pub created_at: ChronoDateTimeUtc,
    pub updated_at: ChronoDateTimeUtc,
    pub deleted_at: Option<ChronoDateTimeUtc>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
