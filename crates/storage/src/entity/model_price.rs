//! `model_pricing`.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "model_pricing")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub model_name: String,
    pub provider: String,
    pub input_nanos_per_1k: i64,
    pub cached_nanos_per_1k: Option<i64>,
    pub output_nanos_per_1k: i64,
    pub currency: String,
    pub effective_from: ChronoDateTimeUtc,
    pub is_active: bool,
    pub source: String,
    pub created_at: ChronoDateTimeUtc,
    pub updated_at: ChronoDateTimeUtc,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
