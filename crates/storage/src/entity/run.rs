//! `runs`.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "runs")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub organization_id: Uuid,
    pub environment_id: Uuid,
    pub kind: String,
    pub status: String,
    pub parent_run_id: Option<Uuid>,
    pub root_run_id: Uuid,
    pub retry_of: Option<Uuid>,
    pub user_id: Option<Uuid>,
    pub actor: Option<String>,
    pub token_id: Option<Uuid>,
    pub address: Option<String>,
    pub agent_id: Option<Uuid>,
    pub workflow_id: Option<Uuid>,
    pub workflow_version: Option<i32>,
    pub node_id: Option<String>,
    pub call_id: Option<Uuid>,
    pub tool_id: Option<Uuid>,
    pub connector_id: Option<Uuid>,
    pub tool_name: Option<String>,
    pub resource_uri: Option<String>,
    pub conversation_id: Option<Uuid>,
    pub message_id: Option<Uuid>,
    pub trigger: String,
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub input_json: Option<Json>,
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub output_json: Option<Json>,
    pub error_code: Option<String>,
    #[sea_orm(column_type = "Text", nullable)]
    pub error_text: Option<String>,
    pub model_name: Option<String>,
    pub input_tokens: i64,
    pub output_tokens: i64,
    pub cost_nanos: i64,
    pub currency: String,
    pub attempts: i32,
    pub last_seq: i64,
    pub lease_owner: Option<String>,
    pub lease_until: Option<ChronoDateTimeUtc>,
    pub wake_at: Option<ChronoDateTimeUtc>,
    pub fencing_token: i64,
    pub data_classification: String,
    pub in_line: bool,
    pub queued_at: ChronoDateTimeUtc,
    pub started_at: Option<ChronoDateTimeUtc>,
    pub ended_at: Option<ChronoDateTimeUtc>,
    pub duration_ms: Option<i64>,
    pub waited_ms: Option<i64>,
    pub trace_id: Option<String>,
    pub created_at: ChronoDateTimeUtc,
}

/// Runs that are not over. Written out and not bound: SQLite takes a partial index only where the query says what the
/// index says, and of what is bound it cannot know.
pub(crate) fn open() -> Expr {
    Expr::cust("runs.status IN ('pending', 'running', 'waiting')")
}

/// Runs that do not wait in line behind another one of their workflow, which has begun or stands before them. Only runs at
/// the top of their trees count: a call belongs to the run that makes it. One that is to be stopped need not wait.
pub(crate) fn in_turn() -> Expr {
    Expr::cust(
        "NOT (runs.in_line AND runs.status = 'pending' \
         AND NOT EXISTS (SELECT 1 FROM run_signals s WHERE s.run_id = runs.id AND s.kind = 'cancel' \
           AND s.consumed_at IS NULL) \
         AND EXISTS (SELECT 1 FROM runs o WHERE o.workflow_id = runs.workflow_id AND o.parent_run_id IS NULL \
           AND o.status IN ('pending', 'running', 'waiting') AND o.kind = 'workflow' \
           AND o.organization_id = runs.organization_id AND o.environment_id = runs.environment_id \
           AND o.id <> runs.id AND (o.status <> 'pending' OR o.id < runs.id)))",
    )
}

/// Runs that wait for a moment, written out for the same reason.
pub(crate) fn parked() -> Expr {
    Expr::cust("runs.status = 'waiting' AND runs.wake_at IS NOT NULL")
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
