//! `organizations`.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "organizations")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub name: String,
    pub slug: String,
    pub is_personal: bool,
    pub industry: Option<String>,
    pub website: Option<String>,
    pub timezone: Option<String>,
    pub requires_mfa: bool,
    pub key_max_age_days: Option<i32>,
    pub keep_conversations_days: Option<i32>,
    pub keep_runs_days: Option<i32>,
    #[sea_orm(column_type = "JsonBinary")]
    pub notifications: Json,
    #[sea_orm(column_type = "JsonBinary")]
    pub context_extra: Json,
    /// Counts the changes of what decides: policies, roles, environments.
    pub policy_version: i64,
    /// Counts the changes of grants.
    pub grant_version: i64,
    pub created_at: ChronoDateTimeUtc,
    pub updated_at: ChronoDateTimeUtc,
    pub deleted_at: Option<ChronoDateTimeUtc>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
