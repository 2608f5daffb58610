//! What is old enough to be removed, and its removal: whole conversations with the runs that say the same once more, and
//! whole trees of runs that are over. Figures of usage and the audit log stay.

use chrono::{DateTime, Utc};
use conductor_domain::{Expired, Lifetime, OrganizationId, Scope};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::Set,
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Value,
    prelude::{Expr, Uuid},
};

use crate::{
    Error, Result, ScopedTx,
    conn::Conn,
    entity::{artifact, conversation, message, organization, permission_grant, run},
    tx::Tx,
};

/// Rows that one statement names at most.
const CHUNK: usize = 400;

/// What hangs on a run. Usage stays: it is the ledger.
const OF_RUNS: [&str; 6] = [
    "DELETE FROM run_events WHERE run_id IN ",
    "DELETE FROM run_signals WHERE run_id IN ",
    "DELETE FROM effects WHERE run_id IN ",
    "DELETE FROM human_tasks WHERE run_id IN ",
    "DELETE FROM quiet_calls WHERE run_id IN ",
    "DELETE FROM workflow_node_stats WHERE run_id IN ",
];

/// What names a run and stays.
const NAMES_OF_RUNS: [&str; 4] = [
    "UPDATE messages SET run_id = NULL WHERE run_id IN ",
    "UPDATE runs SET retry_of = NULL WHERE retry_of IN ",
    "UPDATE workflow_schedules SET last_run_id = NULL WHERE last_run_id IN ",
    "UPDATE workflow_hooks SET last_run_id = NULL WHERE last_run_id IN ",
];

/// The lifetimes of every organisation.
#[derive(Debug)]
pub struct Lifetimes<'a> {
    conn: Conn<'a>,
}

impl<'a> Lifetimes<'a> {
    pub(crate) fn new(conn: Conn<'a>) -> Self {
        Self { conn }
    }

    /// The organisations that do not keep everything.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn all(&self) -> Result<Vec<(OrganizationId, Lifetime)>> {
        let rows = organization::Entity::find()
            .filter(organization::Column::DeletedAt.is_null())
            .filter(
                Condition::any()
                    .add(organization::Column::KeepConversationsDays.is_not_null())
                    .add(organization::Column::KeepRunsDays.is_not_null()),
            )
            .order_by_asc(organization::Column::Id)
            .all(&self.conn)
            .await?;
        Ok(rows.into_iter().map(|row| (row.id.into(), lifetime(&row))).collect())
    }
}

/// What one organisation keeps, to read.
#[derive(Debug)]
pub struct OwnLifetime<'a> {
    conn: Conn<'a>,
    scope: Scope,
}

impl<'a> OwnLifetime<'a> {
    pub(crate) fn new(conn: Conn<'a>, scope: Scope) -> Self {
        Self { conn, scope }
    }

    /// What is set.
    ///
    /// # Errors
    /// `NotFound` for an organisation that is gone.
    pub async fn get(&self) -> Result<Lifetime> {
        let row = organization::Entity::find_by_id(self.scope.organization_id.as_uuid())
            .filter(organization::Column::DeletedAt.is_null())
            .one(&self.conn)
            .await?;
        row.as_ref().map(lifetime).ok_or(Error::NotFound)
    }

    /// Conversations that rested since before this moment, the oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn old_conversations(&self, before: DateTime<Utc>, limit: u64) -> Result<Vec<Uuid>> {
        let select = resting(self.scope, before).select_only().column(conversation::Column::Id);
        let select = select.order_by_asc(conversation::Column::Id).limit(limit);
        Ok(select.into_tuple().all(&self.conn).await?)
    }

    /// Runs at the top of trees that were over before this moment, the oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn old_runs(&self, before: DateTime<Utc>, limit: u64) -> Result<Vec<Uuid>> {
        let select = over(self.scope, before).select_only().column(run::Column::Id);
        Ok(select.order_by_asc(run::Column::Id).limit(limit).into_tuple().all(&self.conn).await?)
    }

    /// How many conversations and trees of runs there are of this age.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn count(
        &self,
        conversations_before: Option<DateTime<Utc>>,
        runs_before: Option<DateTime<Utc>>,
    ) -> Result<Expired> {
        use sea_orm::PaginatorTrait;

        let mut expired = Expired::default();
        if let Some(before) = conversations_before {
            expired.conversations = resting(self.scope, before).count(&self.conn).await?;
        }
        if let Some(before) = runs_before {
            expired.runs = over(self.scope, before).count(&self.conn).await?;
        }
        Ok(expired)
    }
}

/// What one organisation keeps, inside a write.
#[derive(Debug)]
pub struct LifetimesTx<'t> {
    tx: &'t Tx,
    scope: Scope,
}

impl<'t> LifetimesTx<'t> {
    pub(crate) fn new(tx: ScopedTx<'t>) -> Self {
        Self { tx: tx.tx, scope: tx.scope }
    }

    /// Sets for how long things are kept, and says how it was before.
    ///
    /// # Errors
    /// `NotFound` for an organisation that is gone.
    pub async fn set(&self, wanted: Lifetime) -> Result<Lifetime> {
        let row = organization::Entity::find_by_id(self.scope.organization_id.as_uuid())
            .filter(organization::Column::DeletedAt.is_null())
            .lock_exclusive()
            .one(&self.tx.conn())
            .await?
            .ok_or(Error::NotFound)?;
        let before = lifetime(&row);
        let mut row: organization::ActiveModel = row.into();
        row.keep_conversations_days = Set(wanted.conversation_days);
        row.keep_runs_days = Set(wanted.run_days);
        row.updated_at = Set(self.tx.clock().now());
        row.update(&self.tx.conn()).await?;
        Ok(before)
    }

    /// Removes those of these conversations that still rest, with everything in them.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn remove_conversations(&self, ids: Vec<Uuid>, before: DateTime<Utc>) -> Result<Expired> {
        let conn = self.tx.conn();
        // Somebody may have written in one since it was looked for.
        let ids: Vec<Uuid> = resting(self.scope, before)
            .filter(conversation::Column::Id.is_in(ids))
            .select_only()
            .column(conversation::Column::Id)
            .lock_exclusive()
            .into_tuple()
            .all(&conn)
            .await?;
        if ids.is_empty() {
            return Ok(Expired::default());
        }
        let roots: Vec<Uuid> = run::Entity::find()
            .select_only()
            .column(run::Column::RootRunId)
            .distinct()
            .filter(run::Column::ConversationId.is_in(ids.iter().copied()))
            .into_tuple()
            .all(&conn)
            .await?;
        let runs = self.remove_trees(roots).await?;
        let messages = message::Column::ConversationId.is_in(ids.iter().copied());
        message::Entity::delete_many().filter(messages).exec(&conn).await?;
        let artifacts = artifact::Column::ConversationId.is_in(ids.iter().copied());
        artifact::Entity::delete_many().filter(artifacts).exec(&conn).await?;
        permission_grant::Entity::update_many()
            .col_expr(permission_grant::Column::IsActive, Expr::value(false))
            .filter(permission_grant::Column::ResourceType.eq("conversation"))
            .filter(permission_grant::Column::ResourceId.is_in(ids.iter().copied()))
            .filter(permission_grant::Column::IsActive.eq(true))
            .exec(&conn)
            .await?;
        let gone = conversation::Entity::delete_many()
            .filter(conversation::Column::Id.is_in(ids))
            .exec(&conn)
            .await?;
        Ok(Expired { conversations: gone.rows_affected, runs })
    }

    /// Removes those of these runs that are still over, with what they started.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn remove_runs(&self, ids: Vec<Uuid>, before: DateTime<Utc>) -> Result<Expired> {
        let roots: Vec<Uuid> = over(self.scope, before)
            .filter(run::Column::Id.is_in(ids))
            .select_only()
            .column(run::Column::Id)
            .lock_exclusive()
            .into_tuple()
            .all(&self.tx.conn())
            .await?;
        Ok(Expired { conversations: 0, runs: self.remove_trees(roots).await? })
    }

    /// How many runs that were, children included.
    async fn remove_trees(&self, roots: Vec<Uuid>) -> Result<u64> {
        let conn = self.tx.conn();
        let (mut all, mut level) = (roots.clone(), roots);
        while !level.is_empty() {
            let mut below: Vec<Uuid> = Vec::new();
            for some in level.chunks(CHUNK) {
                let children: Vec<Uuid> = run::Entity::find()
                    .select_only()
                    .column(run::Column::Id)
                    .filter(run::Column::ParentRunId.is_in(some.iter().copied()))
                    .into_tuple()
                    .all(&conn)
                    .await?;
                below.extend(children);
            }
            all.extend(below.iter().copied());
            level = below;
        }
        let mut gone = 0;
        for some in all.chunks(CHUNK) {
            for sql in OF_RUNS.into_iter().chain(NAMES_OF_RUNS) {
                self.on(sql, some).await?;
            }
            gone += self.on("DELETE FROM runs WHERE id IN ", some).await?;
        }
        Ok(gone)
    }

    async fn on(&self, sql: &str, ids: &[Uuid]) -> Result<u64> {
        let conn = self.tx.conn();
        let places: Vec<String> = (1..=ids.len()).map(|place| format!("${place}")).collect();
        let sql = format!("{sql}({})", places.join(", "));
        let values = ids.iter().copied().map(Value::from);
        Ok(conn.execute_raw(conn.statement(&sql, values)).await?.rows_affected())
    }
}

fn lifetime(row: &organization::Model) -> Lifetime {
    Lifetime { conversation_days: row.keep_conversations_days, run_days: row.keep_runs_days }
}

/// Conversations of an organisation in which nothing happened since, and in none of whose runs anything may happen.
fn resting(scope: Scope, before: DateTime<Utc>) -> sea_orm::Select<conversation::Entity> {
    conversation::Entity::find()
        .filter(conversation::Column::OrganizationId.eq(scope.organization_id.as_uuid()))
        .filter(conversation::Column::UpdatedAt.lt(before))
        .filter(
            Condition::any()
                .add(conversation::Column::LastMessageAt.is_null())
                .add(conversation::Column::LastMessageAt.lt(before)),
        )
        .filter(Expr::cust(
            "NOT EXISTS (SELECT 1 FROM runs o WHERE o.status IN ('pending', 'running', 'waiting') \
             AND (o.conversation_id = conversations.id OR o.root_run_id IN \
               (SELECT r.root_run_id FROM runs r WHERE r.conversation_id = conversations.id)))",
        ))
}

/// Runs of an organisation that nobody started but people and machines, over since before, with nothing below them open.
fn over(scope: Scope, before: DateTime<Utc>) -> sea_orm::Select<run::Entity> {
    run::Entity::find()
        .filter(run::Column::OrganizationId.eq(scope.organization_id.as_uuid()))
        .filter(run::Column::ParentRunId.is_null())
        .filter(run::Column::EndedAt.lt(before))
        .filter(Expr::cust(
            "runs.status NOT IN ('pending', 'running', 'waiting') AND NOT EXISTS (SELECT 1 FROM runs o \
             WHERE o.status IN ('pending', 'running', 'waiting') AND o.root_run_id = runs.id)",
        ))
}
