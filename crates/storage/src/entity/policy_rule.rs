//! `policy_rules`.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "policy_rules")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub policy_id: Uuid,
    pub action: String,
    pub target: String,
    pub effect: String,
    #[sea_orm(column_type = "JsonBinary")]
    pub conditions: Json,
    #[sea_orm(column_type = "JsonBinary")]
    pub obligations: Json,
    pub created_at: ChronoDateTimeUtc,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
