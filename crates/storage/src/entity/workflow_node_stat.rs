//! `workflow_node_stats`.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "workflow_node_stats")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub run_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub node_id: String,
    pub organization_id: Uuid,
    pub environment_id: Uuid,
    pub workflow_id: Uuid,
    pub began_at: ChronoDateTimeUtc,
    pub begun: i32,
    pub failed: i32,
    pub skipped: i32,
    pub repeated: i32,
    pub duration_ms: Option<i64>,
    pub waited_ms: Option<i64>,
    pub error_code: Option<String>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
