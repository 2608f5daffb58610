//! `permission_grants`.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "permission_grants")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub organization_id: Uuid,
    pub environment_id: Option<Uuid>,
    pub kind: String,
    pub subject_type: String,
    pub subject_id: Uuid,
    pub resource_type: String,
    pub resource_id: Uuid,
    pub permission_type: Option<String>,
    pub access_level: String,
    pub granted_by_user_id: Option<Uuid>,
    pub granted_under_id: Option<Uuid>,
    pub granted_at: ChronoDateTimeUtc,
    pub expires_at: Option<ChronoDateTimeUtc>,
    pub is_active: bool,
    pub revoked_at: Option<ChronoDateTimeUtc>,
    /// The organisation's `grant_version` at which the row last changed.
    pub version: i64,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
