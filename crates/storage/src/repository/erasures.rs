//! Erasures of people: who is being erased, how far it came, and the steps that are asked of the rows alone, so that any
//! process may take them up wherever another one stopped.

mod account;
mod remains;

use conductor_domain::{
    Erasure, ErasureId, ErasureStatus, OrganizationId, PSEUDONYMISED, Page, PageRequest, UserId,
};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::Set,
    ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Value,
    prelude::{Expr, Uuid},
};

use super::convert::{after_id, json, to_json, word};
use crate::{
    Error, Result,
    conn::Conn,
    entity::{audit_event, erasure, file, run},
    tx::Tx,
};

/// Erasures, and what is left to do.
#[derive(Debug)]
pub struct Erasures<'a> {
    conn: Conn<'a>,
}

impl<'a> Erasures<'a> {
    pub(crate) fn new(conn: Conn<'a>) -> Self {
        Self { conn }
    }

    /// The erasure of a person, if there was one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn of(&self, user: UserId) -> Result<Option<Erasure>> {
        let row = erasure::Entity::find()
            .filter(erasure::Column::UserId.eq(user.as_uuid()))
            .one(&self.conn)
            .await?;
        row.map(Erasure::try_from).transpose()
    }

    /// Every erasure, the newest first.
    ///
    /// # Errors
    /// `BadCursor` when the cursor is not one of this list.
    pub async fn page(&self, page: PageRequest) -> Result<Page<Erasure>> {
        let mut select = erasure::Entity::find();
        if let Some(after) = after_id(&page)? {
            select = select.filter(erasure::Column::Id.lt(after));
        }
        let rows = select.order_by_desc(erasure::Column::Id).limit(page.limit + 1).all(&self.conn).await?;
        let rows = rows.into_iter().map(Erasure::try_from).collect::<Result<Vec<_>>>()?;
        Ok(Page::cut(rows, page.limit, |erasure| erasure.id.to_string()))
    }

    /// Those that are not finished, the oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn running(&self) -> Result<Vec<Erasure>> {
        let rows = erasure::Entity::find()
            .filter(erasure::Column::Status.eq(ErasureStatus::Running.as_str()))
            .order_by_asc(erasure::Column::Id)
            .all(&self.conn)
            .await?;
        rows.into_iter().map(Erasure::try_from).collect()
    }

    /// Whether a run of the person's, or in their conversations, is not over.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn has_open_runs(&self, user: UserId) -> Result<bool> {
        let theirs = run::Entity::find().filter(run::open()).filter(theirs(user));
        Ok(theirs.one(&self.conn).await?.is_some())
    }

    /// Whether an entry that lets a chain withhold what it said of the person is not sealed yet.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn is_told_unsealed(&self, user: UserId) -> Result<bool> {
        let waiting = audit_event::Entity::find()
            .filter(audit_event::Column::Seq.is_null())
            .filter(audit_event::Column::EventType.eq(PSEUDONYMISED))
            .filter(audit_event::Column::ResourceId.eq(user.as_uuid()));
        Ok(waiting.one(&self.conn).await?.is_some())
    }

    /// Organisations whose audit log says something of the person.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn mentioning(&self, user: UserId) -> Result<Vec<OrganizationId>> {
        let rows: Vec<Uuid> = audit_event::Entity::find()
            .select_only()
            .column(audit_event::Column::OrganizationId)
            .distinct()
            .filter(audit_event::Column::Personal.is_not_null())
            .filter(named(user))
            .into_tuple()
            .all(&self.conn)
            .await?;
        Ok(rows.into_iter().map(Into::into).collect())
    }

    /// Entries that say something of the person, after this one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn saying(&self, user: UserId, after: Uuid, limit: u64) -> Result<Vec<Uuid>> {
        let rows = audit_event::Entity::find()
            .select_only()
            .column(audit_event::Column::Id)
            .filter(audit_event::Column::Personal.is_not_null())
            .filter(named(user))
            .filter(audit_event::Column::Id.gt(after))
            .order_by_asc(audit_event::Column::Id)
            .limit(limit)
            .into_tuple()
            .all(&self.conn)
            .await?;
        Ok(rows)
    }

    /// Bytes that erased people uploaded and that may still lie there, with whether another row names them.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn blobs(&self, limit: u64) -> Result<Vec<(String, bool)>> {
        let sql = "SELECT sha256 FROM erasure_blobs ORDER BY sha256 LIMIT $1";
        let values = [Value::from(i64::try_from(limit).unwrap_or(i64::MAX))];
        let rows = self.conn.query_all_raw(self.conn.statement(sql, values)).await?;
        let mut found = Vec::with_capacity(rows.len());
        for row in rows {
            let digest: String = row.try_get_by_index(0)?;
            let kept = file::Entity::find()
                .filter(file::Column::Sha256.eq(&*digest))
                .filter(file::Column::DeletedAt.is_null())
                .one(&self.conn)
                .await?;
            found.push((digest, kept.is_some()));
        }
        Ok(found)
    }
}

/// Erasures, inside a write.
#[derive(Debug)]
pub struct ErasuresTx<'t> {
    tx: &'t Tx,
}

impl<'t> ErasuresTx<'t> {
    pub(crate) fn new(tx: &'t Tx) -> Self {
        Self { tx }
    }

    /// The same erasures, to read in this transaction.
    #[must_use]
    pub fn read(&self) -> Erasures<'t> {
        Erasures::new(self.tx.conn())
    }

    /// Begins one.
    ///
    /// # Errors
    /// `NameTaken` when the person is, or was, erased.
    pub async fn begin(&self, user: UserId, by: UserId, organizations: &[OrganizationId]) -> Result<Erasure> {
        let ids: Vec<Uuid> = organizations.iter().map(|id| id.as_uuid()).collect();
        let row = erasure::ActiveModel {
            id: Set(ErasureId::generate(self.tx.clock()).as_uuid()),
            user_id: Set(user.as_uuid()),
            requested_by_id: Set(by.as_uuid()),
            status: Set(ErasureStatus::Running.as_str().to_owned()),
            organizations: Set(to_json("erasures.organizations", &ids)?),
            gathered_at: Set(None),
            told_at: Set(None),
            removed: Set(0),
            created_at: Set(self.tx.clock().now()),
            finished_at: Set(None),
        };
        row.insert(&self.tx.conn()).await?.try_into()
    }

    /// Notes that the chains were told; whether nobody had noted it before.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn told(&self, id: ErasureId) -> Result<bool> {
        let done = erasure::Entity::update_many()
            .col_expr(erasure::Column::ToldAt, Expr::value(self.tx.clock().now()))
            .filter(erasure::Column::Id.eq(id.as_uuid()))
            .filter(erasure::Column::ToldAt.is_null())
            .exec(&self.tx.conn())
            .await?;
        Ok(done.rows_affected > 0)
    }

    /// Ends one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn finish(&self, id: ErasureId) -> Result<()> {
        erasure::Entity::update_many()
            .col_expr(erasure::Column::Status, Expr::value(ErasureStatus::Finished.as_str()))
            .col_expr(erasure::Column::FinishedAt, Expr::value(self.tx.clock().now()))
            .filter(erasure::Column::Id.eq(id.as_uuid()))
            .filter(erasure::Column::Status.eq(ErasureStatus::Running.as_str()))
            .exec(&self.tx.conn())
            .await?;
        Ok(())
    }

    /// Withholds what entries say of the person; their hashes of it stay.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn withhold(&self, user: UserId, entries: &[Uuid]) -> Result<u64> {
        let sql = match self.tx.conn().get_database_backend() {
            DbBackend::Postgres => {
                "UPDATE audit_events SET personal = NULLIF(personal - $1::text, '{}'::jsonb) WHERE id = $2"
            }
            _ => {
                "UPDATE audit_events SET personal = \
                 NULLIF(json_remove(personal, '$.\"' || $1 || '\"'), '{}') WHERE id = $2"
            }
        };
        let mut changed = 0;
        for entry in entries {
            changed += self.run(sql, [Value::from(user.to_string()), Value::from(*entry)]).await?;
        }
        Ok(changed)
    }

    /// Forgets bytes that are gone, or that somebody else's row names.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn forget_blob(&self, sha256: &str) -> Result<()> {
        self.run("DELETE FROM erasure_blobs WHERE sha256 = $1", [Value::from(sha256)]).await.map(drop)
    }

    async fn add_removed(&self, id: ErasureId, rows: u64) -> Result<()> {
        let rows = i64::try_from(rows).unwrap_or(i64::MAX);
        let sql = "UPDATE erasures SET removed = removed + $1 WHERE id = $2";
        self.run(sql, [Value::from(rows), Value::from(id.as_uuid())]).await.map(drop)
    }

    async fn run(&self, sql: &str, values: impl IntoIterator<Item = Value>) -> Result<u64> {
        let conn = self.tx.conn();
        Ok(conn.execute_raw(conn.statement(sql, values)).await?.rows_affected())
    }
}

/// Runs that say something of the person: their own, those in their conversations, those of their agents.
fn theirs(user: UserId) -> sea_orm::Condition {
    use sea_orm::{Condition, QueryTrait};

    use crate::entity::{agent, conversation};
    let conversations = conversation::Entity::find()
        .select_only()
        .column(conversation::Column::Id)
        .filter(conversation::Column::UserId.eq(user.as_uuid()))
        .into_query();
    let agents = agent::Entity::find()
        .select_only()
        .column(agent::Column::Id)
        .filter(agent::Column::OwnerUserId.eq(user.as_uuid()))
        .into_query();
    Condition::any()
        .add(run::Column::UserId.eq(user.as_uuid()))
        .add(run::Column::ConversationId.in_subquery(conversations))
        .add(run::Column::AgentId.in_subquery(agents))
}

/// Entries by the person, or about the account.
fn named(user: UserId) -> sea_orm::Condition {
    sea_orm::Condition::any()
        .add(audit_event::Column::UserId.eq(user.as_uuid()))
        .add(audit_event::Column::ResourceId.eq(user.as_uuid()))
}

impl TryFrom<erasure::Model> for Erasure {
    type Error = Error;

    fn try_from(row: erasure::Model) -> Result<Self> {
        let organizations: Vec<Uuid> = json("erasures.organizations", row.organizations)?;
        Ok(Self {
            id: row.id.into(),
            user_id: row.user_id.into(),
            requested_by_id: row.requested_by_id.into(),
            status: word("erasures.status", &row.status)?,
            organizations: organizations.into_iter().map(Into::into).collect(),
            gathered_at: row.gathered_at,
            told_at: row.told_at,
            removed: row.removed,
            created_at: row.created_at,
            finished_at: row.finished_at,
        })
    }
}
