//! What is a person's, for the person to take away: the tables that an erasure would empty, row by row, without what opens
//! doors and without what the person's clearance does not reach.
//!
//! A column of a table that stands here is taken with it; one that holds a secret, or the hash of one, has to be named in
//! `SECRET`. A test of erasures holds that every table of people is taken or named with the reason why not.

use chrono::{DateTime, Utc};
use conductor_domain::{Classification, UserId};
use sea_orm::{
    ColumnTrait, EntityTrait, IdenStatic, Iterable, ModelTrait, PaginatorTrait, PrimaryKeyToColumn,
    QueryFilter, QueryOrder, QuerySelect, QueryTrait, Select, Value, prelude::Uuid,
    sea_query::SelectStatement,
};
use serde_json::{Map, Value as Json, json};

use crate::{
    Result,
    conn::Conn,
    entity::{
        access_request, agent, agent_connector, agent_version, api_key, artifact, audit_event, canvas_state,
        connector, conversation, directory_member, directory_user, external_identity, file, human_task,
        issued_token, membership, message, rating, resource_tag, run, run_signal, session, tool_approval,
        user, workflow, workflow_event_trigger, workflow_hook, workflow_schedule, workflow_version,
    },
};

/// The tables, in the order in which they are told.
pub const BELONGINGS: [&str; 30] = [
    "users",
    "memberships",
    "external_identities",
    "directory_users",
    "directory_members",
    "sessions",
    "api_keys",
    "issued_tokens",
    "tool_approvals",
    "conversations",
    "messages",
    "artifacts",
    "files",
    "agents",
    "agent_versions",
    "agent_connectors",
    "connectors",
    "workflows",
    "workflow_versions",
    "workflow_schedules",
    "workflow_event_triggers",
    "workflow_hooks",
    "resource_tags",
    "canvas_states",
    "ratings",
    "runs",
    "run_signals",
    "human_tasks",
    "permission_requests",
    "audit_events",
];

/// Columns that are never told: what opens a door, or proves what does; what other people are called; and what only the
/// server's own work needs.
const SECRET: [&str; 20] = [
    "password_hash",
    "mfa",
    "token_version",
    "key_hash",
    "secret_ref",
    "bearer_secret_ref",
    "inbound_secret_ref",
    "mtls_cert_ref",
    "mtls_key_ref",
    "env_vars",
    "auth_settings",
    "confirmed_command_hash",
    "personal",
    "personal_hash",
    "prev_hash",
    "hash",
    "binding_hash",
    "lease_owner",
    "lease_until",
    "fencing_token",
];

/// What is left of a row that is labelled above the person's clearance.
const NAMED: [&str; 3] = ["id", "created_at", "data_classification"];

/// Which rows of a table.
#[derive(Clone, Copy, Debug)]
pub struct Piece {
    /// Whose.
    pub user: UserId,
    /// How far the person may see.
    pub clearance: Classification,
    /// After so many.
    pub from: u64,
    /// So many.
    pub limit: u64,
}

/// What belongs to people.
#[derive(Debug)]
pub struct Belongings<'a> {
    conn: Conn<'a>,
}

impl<'a> Belongings<'a> {
    pub(crate) fn new(conn: Conn<'a>) -> Self {
        Self { conn }
    }

    /// Rows of one of the tables as objects; none where there are no more.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn rows(&self, table: &str, piece: Piece) -> Result<Vec<Json>> {
        let (id, cleared) = (piece.user.as_uuid(), words(piece.clearance));
        macro_rules! of {
            ($entity:ident, $column:ident) => {{
                let select = $entity::Entity::find().filter($entity::Column::$column.eq(id));
                rows(&self.conn, select, piece).await
            }};
            ($entity:ident, $column:ident in $ids:expr) => {{
                let select = $entity::Entity::find().filter($entity::Column::$column.in_subquery($ids));
                rows(&self.conn, select, piece).await
            }};
        }
        match table {
            "users" => of!(user, Id),
            "memberships" => of!(membership, UserId),
            "external_identities" => of!(external_identity, UserId),
            "directory_users" => of!(directory_user, UserId),
            "directory_members" => of!(directory_member, UserId),
            "sessions" => of!(session, UserId),
            "api_keys" => of!(api_key, UserId),
            "issued_tokens" => of!(issued_token, IssuedById),
            "tool_approvals" => of!(tool_approval, UserId),
            "conversations" => of!(conversation, UserId),
            "messages" => of!(message, ConversationId in conversations(id, cleared)),
            "artifacts" => of!(artifact, ConversationId in conversations(id, cleared)),
            "files" => of!(file, UserId),
            "agents" => of!(agent, OwnerUserId),
            "agent_versions" => of!(agent_version, AgentId in agents(id, cleared)),
            "agent_connectors" => of!(agent_connector, AgentId in agents(id, cleared)),
            "connectors" => of!(connector, CreatedByUserId),
            "workflows" => of!(workflow, OwnerUserId),
            "workflow_versions" => of!(workflow_version, WorkflowId in workflows(id, cleared)),
            "workflow_schedules" => of!(workflow_schedule, WorkflowId in workflows(id, cleared)),
            "workflow_event_triggers" => of!(workflow_event_trigger, WorkflowId in workflows(id, cleared)),
            "workflow_hooks" => of!(workflow_hook, WorkflowId in workflows(id, cleared)),
            "resource_tags" => of!(resource_tag, ResourceId in workflows(id, cleared)),
            "canvas_states" => of!(canvas_state, OwnerUserId),
            "ratings" => of!(rating, UserId),
            "runs" => of!(run, UserId),
            "run_signals" => of!(run_signal, RunId in runs(id, cleared)),
            "human_tasks" => of!(human_task, RunId in runs(id, cleared)),
            "permission_requests" => of!(access_request, UserId),
            "audit_events" => of!(audit_event, UserId),
            _ => Ok(Vec::new()),
        }
    }

    /// How many entries of this kind the person has written since then, in every organisation.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn entries_since(&self, user: UserId, event: &str, since: DateTime<Utc>) -> Result<u64> {
        let entries = audit_event::Entity::find()
            .filter(audit_event::Column::UserId.eq(user.as_uuid()))
            .filter(audit_event::Column::EventType.eq(event))
            .filter(audit_event::Column::Ts.gt(since));
        Ok(entries.count(&self.conn).await?)
    }
}

/// The labels that a clearance reaches.
fn words(clearance: Classification) -> Vec<&'static str> {
    let within = Classification::ALL.iter().filter(|label| **label <= clearance);
    within.map(|label| label.as_str()).collect()
}

fn conversations(user: Uuid, cleared: Vec<&'static str>) -> SelectStatement {
    conversation::Entity::find()
        .select_only()
        .column(conversation::Column::Id)
        .filter(conversation::Column::UserId.eq(user))
        .filter(conversation::Column::DataClassification.is_in(cleared))
        .into_query()
}

fn agents(user: Uuid, cleared: Vec<&'static str>) -> SelectStatement {
    agent::Entity::find()
        .select_only()
        .column(agent::Column::Id)
        .filter(agent::Column::OwnerUserId.eq(user))
        .filter(agent::Column::DataClassification.is_in(cleared))
        .into_query()
}

fn workflows(user: Uuid, cleared: Vec<&'static str>) -> SelectStatement {
    workflow::Entity::find()
        .select_only()
        .column(workflow::Column::Id)
        .filter(workflow::Column::OwnerUserId.eq(user))
        .filter(workflow::Column::DataClassification.is_in(cleared))
        .into_query()
}

fn runs(user: Uuid, cleared: Vec<&'static str>) -> SelectStatement {
    run::Entity::find()
        .select_only()
        .column(run::Column::Id)
        .filter(run::Column::UserId.eq(user))
        .filter(run::Column::DataClassification.is_in(cleared))
        .into_query()
}

async fn rows<E: EntityTrait>(conn: &Conn<'_>, select: Select<E>, piece: Piece) -> Result<Vec<Json>> {
    let mut select = select;
    for key in E::PrimaryKey::iter() {
        select = select.order_by_asc(key.into_column());
    }
    let rows = select.offset(piece.from).limit(piece.limit).all(conn).await?;
    Ok(rows.iter().map(|row| told::<E>(row, piece.clearance)).collect())
}

/// A row by the names of its columns.
fn told<E: EntityTrait>(row: &E::Model, clearance: Classification) -> Json {
    let columns = E::Column::iter().filter(|column| !SECRET.contains(&column.as_str()));
    let mut fields: Map<String, Json> =
        columns.map(|column| (column.as_str().to_owned(), json_of(row.get(column)))).collect();
    let label = fields.get("data_classification").and_then(Json::as_str);
    let label = label.and_then(|word| word.parse::<Classification>().ok());
    if label.is_some_and(|label| label > clearance) {
        fields.retain(|name, _| NAMED.contains(&name.as_str()));
        fields.insert("withheld".to_owned(), json!("labelled above your clearance"));
    }
    Json::Object(fields)
}

fn json_of(value: Value) -> Json {
    match value {
        Value::Bool(Some(yes)) => json!(yes),
        Value::Int(Some(number)) => json!(number),
        Value::BigInt(Some(number)) => json!(number),
        Value::Double(Some(number)) => json!(number),
        Value::String(Some(text)) => json!(text),
        Value::Uuid(Some(id)) => json!(id.to_string()),
        Value::ChronoDateTimeUtc(Some(at)) => json!(at.to_rfc3339()),
        Value::Json(Some(json)) => *json,
        _ => Json::Null,
    }
}
