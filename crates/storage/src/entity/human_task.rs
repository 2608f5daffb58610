//! `human_tasks`.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "human_tasks")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub organization_id: Uuid,
    pub environment_id: Uuid,
    pub run_id: Uuid,
    pub call_id: Option<Uuid>,
    pub user_id: Option<Uuid>,
    pub conversation_id: Option<Uuid>,
    pub node_id: Option<String>,
    pub kind: String,
    pub title: String,
    #[sea_orm(column_type = "Text")]
    pub message: String,
    pub priority: String,
    pub tool: Option<String>,
    pub server: Option<String>,
    pub binding_hash: Option<String>,
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub arguments: Option<Json>,
    #[sea_orm(column_type = "JsonBinary")]
    pub allowed_decisions: Json,
    #[sea_orm(column_type = "JsonBinary")]
    pub channels: Json,
    #[sea_orm(column_type = "JsonBinary")]
    pub approver_roles: Json,
    pub status: String,
    pub decision: Option<String>,
    #[sea_orm(column_type = "Text", nullable)]
    pub comment: Option<String>,
    pub decided_by: Option<Uuid>,
    pub decided_at: Option<ChronoDateTimeUtc>,
    pub due_at: Option<ChronoDateTimeUtc>,
    pub comment_required: bool,
    pub created_at: ChronoDateTimeUtc,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
