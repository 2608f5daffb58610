//! `agents`.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "agents")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub organization_id: Uuid,
    pub environment_id: Uuid,
    pub owner_user_id: Option<Uuid>,
    pub created_by_user_id: Option<Uuid>,
    pub name: String,
    pub slug: String,
    #[sea_orm(column_type = "Text")]
    pub description: String,
    pub agent_type: String,
    pub mode: String,
    #[sea_orm(column_type = "Text")]
    pub system_prompt: String,
    pub model: String,
    pub model_provider: Option<String>,
    pub temperature: f64,
    pub max_tokens: i32,
    pub top_p: Option<f64>,
    pub max_tool_rounds: i32,
    #[sea_orm(column_type = "JsonBinary")]
    pub state_schema: Json,
    #[sea_orm(column_type = "JsonBinary")]
    pub initial_state: Json,
    #[sea_orm(column_type = "JsonBinary")]
    pub execution_config: Json,
    #[sea_orm(column_type = "JsonBinary")]
    pub capabilities: Json,
    #[sea_orm(column_type = "Text", nullable)]
    pub documentation: Option<String>,
    #[sea_orm(column_type = "JsonBinary")]
    pub examples: Json,
    #[sea_orm(column_type = "JsonBinary")]
    pub tags: Json,
    #[sea_orm(column_type = "JsonBinary")]
    pub tools: Json,
    pub is_active: bool,
    pub is_template: bool,
    pub visibility: String,
    pub is_official: bool,
    pub is_verified: bool,
    pub data_classification: String,
    #[sea_orm(column_type = "JsonBinary")]
    pub required_permissions: Json,
    pub connector_id: Option<Uuid>,
    pub inbound_auth_method: String,
    pub bearer_secret_ref: Option<String>,
    pub inbound_secret_ref: Option<String>,
    pub mtls_cert_ref: Option<String>,
    pub mtls_key_ref: Option<String>,
    pub current_version: i32,
    pub forked_from_agent_id: Option<Uuid>,
    pub created_at: ChronoDateTimeUtc,
    pub updated_at: ChronoDateTimeUtc,
    pub deleted_at: Option<ChronoDateTimeUtc>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
