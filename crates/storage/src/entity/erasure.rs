//! `erasures`.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "erasures")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub user_id: Uuid,
    pub requested_by_id: Uuid,
    pub status: String,
    #[sea_orm(column_type = "JsonBinary")]
    pub organizations: Json,
    pub gathered_at: Option<ChronoDateTimeUtc>,
    pub told_at: Option<ChronoDateTimeUtc>,
    pub removed: i64,
    pub created_at: ChronoDateTimeUtc,
    pub finished_at: Option<ChronoDateTimeUtc>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
