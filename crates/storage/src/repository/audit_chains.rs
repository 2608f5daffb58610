//! The chains of the audit log: what waits to be sealed, where each chain stands, its checkpoints, and its entries in
//! their order, read one by one so that a spoilt one can be named.

use chrono::{DateTime, Utc};
use conductor_domain::{
    AuditChain, AuditCheckpoint, AuditEvent, AuditEventId, AuditSeal, CheckpointKind, OrganizationId,
};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QueryResult, QuerySelect, Statement, TryGetable, Value,
    prelude::{Expr, Uuid},
    sea_query::OnConflict,
};

use super::convert::word;
use crate::{
    Error, Result,
    conn::Conn,
    entity::{audit_chain, audit_checkpoint, audit_event},
    tx::Tx,
};

/// Entries in one UPDATE at most; what is left over goes in powers of two, so that few texts are prepared and kept.
const ROWS: usize = 64;

/// An entry of a chain, as far as its row can be read.
#[derive(Debug)]
pub enum ChainEntry {
    /// All of it.
    Whole(Box<AuditEvent>),
    /// A column holds what cannot stand there.
    Unreadable {
        /// Its place, where that can be read.
        seq: Option<i64>,
        /// Its id, where that can be read.
        id: Option<AuditEventId>,
        /// The first column that cannot be read.
        column: &'static str,
    },
}

/// The chains of every organisation.
#[derive(Debug)]
pub struct AuditChains<'a> {
    conn: Conn<'a>,
}

impl<'a> AuditChains<'a> {
    pub(crate) fn new(conn: Conn<'a>) -> Self {
        Self { conn }
    }

    /// Organisations with entries to seal, or whose last sealed entry no checkpoint names yet.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn pending(&self) -> Result<Vec<OrganizationId>> {
        self.organizations(
            "SELECT organization_id FROM audit_events WHERE seq IS NULL \
             UNION SELECT organization_id FROM audit_chains WHERE seq > checkpoint_seq",
        )
        .await
    }

    /// Every organisation that has entries, a chain, or a checkpoint.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn all(&self) -> Result<Vec<OrganizationId>> {
        self.organizations(
            "SELECT organization_id FROM audit_events UNION SELECT organization_id FROM audit_chains \
             UNION SELECT organization_id FROM audit_checkpoints",
        )
        .await
    }

    async fn organizations(&self, sql: &str) -> Result<Vec<OrganizationId>> {
        let statement = Statement::from_string(self.conn.get_database_backend(), sql);
        let rows = self.conn.query_all_raw(statement).await?;
        rows.iter().map(|row| Ok(row.try_get_by_index::<Uuid>(0)?.into())).collect()
    }

    /// Where a chain stands; `None` before its first seal.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find(&self, organization: OrganizationId) -> Result<Option<AuditChain>> {
        let row = audit_chain::Entity::find_by_id(organization.as_uuid()).one(&self.conn).await?;
        Ok(row.map(Into::into))
    }

    /// Entries that wait to be sealed, the oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn unsealed(&self, organization: OrganizationId, limit: u64) -> Result<Vec<AuditEvent>> {
        let rows = waiting(organization)
            .order_by_asc(audit_event::Column::Ts)
            .order_by_asc(audit_event::Column::Id)
            .limit(limit)
            .all(&self.conn)
            .await?;
        Ok(rows.into_iter().map(Into::into).collect())
    }

    /// How many entries wait to be sealed.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn count_unsealed(&self, organization: OrganizationId) -> Result<u64> {
        Ok(waiting(organization).count(&self.conn).await?)
    }

    /// Checkpoints of a chain, the lowest first.
    ///
    /// # Errors
    /// When one cannot be read.
    pub async fn checkpoints(&self, organization: OrganizationId) -> Result<Vec<AuditCheckpoint>> {
        let rows = audit_checkpoint::Entity::find()
            .filter(audit_checkpoint::Column::OrganizationId.eq(organization.as_uuid()))
            .order_by_asc(audit_checkpoint::Column::Seq)
            .order_by_asc(audit_checkpoint::Column::Id)
            .all(&self.conn)
            .await?;
        rows.into_iter().map(AuditCheckpoint::try_from).collect()
    }

    /// The last checkpoint of a chain at or before an entry.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn last_checkpoint(
        &self,
        organization: OrganizationId,
        at: i64,
    ) -> Result<Option<AuditCheckpoint>> {
        let row = audit_checkpoint::Entity::find()
            .filter(audit_checkpoint::Column::OrganizationId.eq(organization.as_uuid()))
            .filter(audit_checkpoint::Column::Seq.lte(at))
            .order_by_desc(audit_checkpoint::Column::Seq)
            .order_by_desc(audit_checkpoint::Column::Id)
            .limit(1)
            .one(&self.conn)
            .await?;
        row.map(AuditCheckpoint::try_from).transpose()
    }

    /// The place of the last entry that was removed because it was old enough.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn last_retired(&self, organization: OrganizationId) -> Result<Option<i64>> {
        let last = audit_checkpoint::Entity::find()
            .filter(audit_checkpoint::Column::OrganizationId.eq(organization.as_uuid()))
            .filter(audit_checkpoint::Column::Kind.eq(CheckpointKind::Retention.as_str()))
            .order_by_desc(audit_checkpoint::Column::Seq)
            .limit(1)
            .one(&self.conn)
            .await?;
        Ok(last.map(|row| row.seq))
    }

    /// The last sealed entry that is older than a moment, with its hash.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn last_before(
        &self,
        organization: OrganizationId,
        moment: DateTime<Utc>,
    ) -> Result<Option<(i64, String)>> {
        // The first entry that is to stay bounds those that may go: what goes is a prefix, whatever the clocks said.
        let sealed = || {
            audit_event::Entity::find()
                .filter(audit_event::Column::OrganizationId.eq(organization.as_uuid()))
                .filter(audit_event::Column::Seq.is_not_null())
        };
        let stays = sealed()
            .filter(audit_event::Column::Ts.gte(moment))
            .order_by_asc(audit_event::Column::Seq)
            .limit(1)
            .one(&self.conn)
            .await?;
        let mut goes = sealed();
        if let Some(seq) = stays.and_then(|row| row.seq) {
            goes = goes.filter(audit_event::Column::Seq.lt(seq));
        }
        let last = goes.order_by_desc(audit_event::Column::Seq).limit(1).one(&self.conn).await?;
        Ok(last.and_then(|row| row.seq.zip(row.hash)))
    }

    /// Sealed entries from place `from` on in the order of the chain, at most `limit`; none is left out because it
    /// cannot be read.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn entries(
        &self,
        organization: OrganizationId,
        from: i64,
        limit: u64,
    ) -> Result<Vec<ChainEntry>> {
        let backend = self.conn.get_database_backend();
        let places = match backend {
            DbBackend::Postgres => ["$1", "$2", "$3"],
            _ => ["?", "?", "?"],
        };
        let sql = format!(
            "SELECT {} FROM audit_events WHERE organization_id = {} AND seq >= {} ORDER BY seq, id LIMIT {}",
            COLUMNS.join(", "),
            places[0],
            places[1],
            places[2],
        );
        let values = [
            Value::from(organization.as_uuid()),
            Value::from(from),
            Value::from(i64::try_from(limit).unwrap_or(i64::MAX)),
        ];
        let rows = self.conn.query_all_raw(self.conn.statement(&sql, values)).await?;
        Ok(rows.iter().map(entry).collect())
    }
}

/// The chains of every organisation, inside a write.
#[derive(Debug)]
pub struct AuditChainsTx<'t> {
    tx: &'t Tx,
}

impl<'t> AuditChainsTx<'t> {
    pub(crate) fn new(tx: &'t Tx) -> Self {
        Self { tx }
    }

    /// Puts entries in their places behind entry `after`, which must still be the last one: the head of the chain is
    /// what sealers of several processes compete for, and only one moves it on.
    ///
    /// # Errors
    /// `Stale` when another sealer was faster; nothing is written then.
    pub async fn seal(&self, after: i64, seals: &[AuditSeal], head: &AuditCheckpoint) -> Result<()> {
        self.advance(after, head).await?;
        let mut rest = seals;
        while !rest.is_empty() {
            let (chunk, others) = rest.split_at(1 << rest.len().min(ROWS).ilog2());
            rest = others;
            if self.place(chunk).await? != chunk.len() as u64 {
                return Err(Error::Stale);
            }
        }
        Ok(())
    }

    async fn advance(&self, after: i64, head: &AuditCheckpoint) -> Result<()> {
        let moved = if after == 0 {
            let row = audit_chain::ActiveModel {
                organization_id: Set(head.organization_id.as_uuid()),
                seq: Set(head.seq),
                hash: Set(head.hash.clone()),
                at: Set(head.at),
                key_id: Set(head.key_id.clone()),
                signature: Set(head.signature.clone()),
                checkpoint_seq: Set(0),
                checkpoint_at: Set(None),
            };
            let unless_there =
                OnConflict::column(audit_chain::Column::OrganizationId).do_nothing().to_owned();
            audit_chain::Entity::insert(row)
                .on_conflict(unless_there)
                .exec_without_returning(&self.tx.conn())
                .await?
        } else {
            audit_chain::Entity::update_many()
                .col_expr(audit_chain::Column::Seq, Expr::value(head.seq))
                .col_expr(audit_chain::Column::Hash, Expr::value(head.hash.as_str()))
                .col_expr(audit_chain::Column::At, Expr::value(head.at))
                .col_expr(audit_chain::Column::KeyId, Expr::value(head.key_id.as_str()))
                .col_expr(audit_chain::Column::Signature, Expr::value(head.signature.as_str()))
                .filter(audit_chain::Column::OrganizationId.eq(head.organization_id.as_uuid()))
                .filter(audit_chain::Column::Seq.eq(after))
                .exec(&self.tx.conn())
                .await?
                .rows_affected
        };
        if moved == 1 { Ok(()) } else { Err(Error::Stale) }
    }

    async fn place(&self, seals: &[AuditSeal]) -> Result<u64> {
        let conn = self.tx.conn();
        let backend = conn.get_database_backend();
        let list: Vec<String> = (0..seals.len())
            .map(|row| match backend {
                DbBackend::Postgres => {
                    let first = row * 4 + 1;
                    format!(
                        "(${first}::uuid, ${}::bigint, ${}::text, ${}::text)",
                        first + 1,
                        first + 2,
                        first + 3
                    )
                }
                _ => "(?, ?, ?, ?)".to_owned(),
            })
            .collect();
        let sql = format!(
            "WITH placed (id, seq, prev_hash, hash) AS (VALUES {}) \
             UPDATE audit_events SET seq = placed.seq, prev_hash = placed.prev_hash, hash = placed.hash \
             FROM placed WHERE audit_events.id = placed.id AND audit_events.seq IS NULL",
            list.join(", ")
        );
        let values = seals.iter().flat_map(|seal| {
            [
                Value::from(seal.id.as_uuid()),
                Value::from(seal.seq),
                Value::from(seal.prev_hash.as_str()),
                Value::from(seal.hash.as_str()),
            ]
        });
        Ok(conn.execute_raw(conn.statement(&sql, values)).await?.rows_affected())
    }

    /// Stores a checkpoint; one of the chain's head is noted there too.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn checkpoint(&self, checkpoint: &AuditCheckpoint) -> Result<()> {
        let row = audit_checkpoint::ActiveModel {
            id: Set(self.tx.clock().uuid_v7()),
            organization_id: Set(checkpoint.organization_id.as_uuid()),
            kind: Set(checkpoint.kind.as_str().to_owned()),
            seq: Set(checkpoint.seq),
            hash: Set(checkpoint.hash.clone()),
            at: Set(checkpoint.at),
            key_id: Set(checkpoint.key_id.clone()),
            signature: Set(checkpoint.signature.clone()),
        };
        audit_checkpoint::Entity::insert(row).exec_without_returning(&self.tx.conn()).await?;
        if checkpoint.kind == CheckpointKind::Head {
            audit_chain::Entity::update_many()
                .col_expr(audit_chain::Column::CheckpointSeq, Expr::value(checkpoint.seq))
                .col_expr(audit_chain::Column::CheckpointAt, Expr::value(checkpoint.at))
                .filter(audit_chain::Column::OrganizationId.eq(checkpoint.organization_id.as_uuid()))
                .filter(audit_chain::Column::CheckpointSeq.lt(checkpoint.seq))
                .exec(&self.tx.conn())
                .await?;
        }
        Ok(())
    }

    /// Removes the sealed entries up to the one that a retention checkpoint names, and keeps the checkpoint.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn retire(&self, checkpoint: &AuditCheckpoint) -> Result<u64> {
        self.checkpoint(checkpoint).await?;
        let gone = audit_event::Entity::delete_many()
            .filter(audit_event::Column::OrganizationId.eq(checkpoint.organization_id.as_uuid()))
            .filter(audit_event::Column::Seq.lte(checkpoint.seq))
            .exec(&self.tx.conn())
            .await?;
        Ok(gone.rows_affected)
    }
}

fn waiting(organization: OrganizationId) -> sea_orm::Select<audit_event::Entity> {
    audit_event::Entity::find()
        .filter(audit_event::Column::OrganizationId.eq(organization.as_uuid()))
        .filter(audit_event::Column::Seq.is_null())
}

/// The columns of an entry, in the order in which `read` takes them.
const COLUMNS: [&str; 24] = [
    "id",
    "organization_id",
    "environment_id",
    "event_type",
    "subject",
    "user_id",
    "action",
    "target",
    "decision",
    "rule_id",
    "resource_type",
    "resource_id",
    "data_classification",
    "ip_address",
    "denial_reason",
    "run_id",
    "event_data",
    "context",
    "ts",
    "seq",
    "prev_hash",
    "hash",
    "personal",
    "personal_hash",
];

fn entry(row: &QueryResult) -> ChainEntry {
    match read(row) {
        Ok(event) => ChainEntry::Whole(Box::new(event)),
        Err(column) => ChainEntry::Unreadable {
            seq: row.try_get_by_index(19).ok(),
            id: row.try_get_by_index::<Uuid>(0).ok().map(Into::into),
            column,
        },
    }
}

fn read(row: &QueryResult) -> Result<AuditEvent, &'static str> {
    fn column<T: TryGetable>(row: &QueryResult, at: usize) -> Result<T, &'static str> {
        row.try_get_by_index(at).map_err(|_| COLUMNS[at])
    }
    let id = |at| column::<Option<Uuid>>(row, at);
    Ok(AuditEvent {
        id: column::<Uuid>(row, 0)?.into(),
        organization_id: column::<Uuid>(row, 1)?.into(),
        environment_id: id(2)?.map(Into::into),
        event_type: column(row, 3)?,
        subject: column(row, 4)?,
        user_id: id(5)?.map(Into::into),
        action: column(row, 6)?,
        target: column(row, 7)?,
        decision: column(row, 8)?,
        rule_id: column(row, 9)?,
        resource_type: column(row, 10)?,
        resource_id: id(11)?,
        data_classification: column(row, 12)?,
        ip_address: column(row, 13)?,
        denial_reason: column(row, 14)?,
        run_id: id(15)?.map(Into::into),
        event_data: column(row, 16)?,
        context: column(row, 17)?,
        ts: column(row, 18)?,
        seq: column(row, 19)?,
        prev_hash: column(row, 20)?,
        hash: column(row, 21)?,
        personal: column(row, 22)?,
        personal_hash: column(row, 23)?,
    })
}

impl From<audit_chain::Model> for AuditChain {
    fn from(row: audit_chain::Model) -> Self {
        Self {
            head: AuditCheckpoint {
                organization_id: row.organization_id.into(),
                kind: CheckpointKind::Head,
                seq: row.seq,
                hash: row.hash,
                at: row.at,
                key_id: row.key_id,
                signature: row.signature,
            },
            checkpoint_seq: row.checkpoint_seq,
            checkpoint_at: row.checkpoint_at,
        }
    }
}

impl TryFrom<audit_checkpoint::Model> for AuditCheckpoint {
    type Error = Error;

    fn try_from(row: audit_checkpoint::Model) -> Result<Self> {
        Ok(Self {
            organization_id: row.organization_id.into(),
            kind: word("audit_checkpoints.kind", &row.kind)?,
            seq: row.seq,
            hash: row.hash,
            at: row.at,
            key_id: row.key_id,
            signature: row.signature,
        })
    }
}
