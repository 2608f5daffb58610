//! The audit log: rows are written unsealed in the action's own transaction; nothing here changes or removes one.

use chrono::{DateTime, SubsecRound, Utc};
use conductor_domain::{
    AuditEvent, AuditEventId, AuditFilter, AuditPiece, AuditTally, NewAuditEvent, OrganizationId, Page,
    PageRequest, Personal, UsageGrouping, UserId, canonical_json, sha256_hex,
};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect,
    Select, Value,
    prelude::{Expr, Uuid},
    sea_query::LikeExpr,
};
use serde_json::json;

use super::{
    convert::after_id,
    usage::{begins, piece},
};
use crate::{
    Error, Result, ScopedTx, View,
    conn::{Conn, Fetch},
    entity::audit_event,
    hub::Notice,
};

/// What can be read of the audit log of the organisation that the caller acts in.
#[derive(Debug)]
pub struct VisibleAudit<'a> {
    view: View<'a>,
}

impl<'a> VisibleAudit<'a> {
    pub(crate) fn new(view: View<'a>) -> Self {
        Self { view }
    }

    /// A page of entries, the newest first.
    ///
    /// # Errors
    /// `BadCursor` when the cursor is not one of this list.
    pub async fn page(&self, filter: &AuditFilter, page: PageRequest) -> Result<Page<AuditEvent>> {
        newest_first(self.view.conn, filtered(self.own(), filter), page).await
    }

    /// One entry.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find(&self, id: AuditEventId) -> Result<Option<AuditEvent>> {
        let row = self.own().filter(audit_event::Column::Id.eq(id.as_uuid())).row(self.view.conn).await?;
        Ok(row.map(Into::into))
    }

    /// Sealed entries after `after`, in the order of the chain, for an export.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn sealed_after(
        &self,
        filter: &AuditFilter,
        after: i64,
        limit: u64,
    ) -> Result<Vec<AuditEvent>> {
        let rows = filtered(self.own(), filter)
            .filter(audit_event::Column::Seq.gt(after))
            .order_by_asc(audit_event::Column::Seq)
            .limit(limit)
            .rows(self.view.conn)
            .await?;
        Ok(rows.into_iter().map(Into::into).collect())
    }

    /// Who did what with things of which label between two moments, counted; at most `limit` groups.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn tally(&self, from: DateTime<Utc>, to: DateTime<Utc>, limit: u64) -> Result<Vec<AuditTally>> {
        tally(self.view.conn, self.view.caller.scope.organization_id, from, to, limit).await
    }

    /// How often things of each label were accessed in each piece of time between two moments, the oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn over_time(
        &self,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
        grouping: UsageGrouping,
    ) -> Result<Vec<AuditPiece>> {
        let conn = self.view.conn;
        let piece = piece(conn.get_database_backend(), grouping, "e.ts");
        let sql = format!(
            "SELECT {piece}, e.data_classification, COUNT(*) FILTER (WHERE e.decision = 'allow'), \
               COUNT(*) FILTER (WHERE e.decision <> 'allow') FROM audit_events e \
             WHERE e.organization_id = $1 AND e.ts >= $2 AND e.ts < $3 \
             GROUP BY {piece}, e.data_classification ORDER BY 1, 2"
        );
        let organization = self.view.caller.scope.organization_id.as_uuid();
        let values = [Value::from(organization), Value::from(from), Value::from(to)];
        let rows = conn.query_all_raw(conn.statement(&sql, values)).await?;
        rows.iter()
            .map(|row| {
                Ok(AuditPiece {
                    at: begins(row, "audit_events.ts")?,
                    data_classification: row.try_get_by_index(1)?,
                    allowed: row.try_get_by_index(2)?,
                    denied: row.try_get_by_index(3)?,
                })
            })
            .collect()
    }

    fn own(&self) -> Select<audit_event::Entity> {
        of(self.view.caller.scope.organization_id)
    }
}

/// The audit log of every organisation, for the platform's administrators.
#[derive(Debug)]
pub struct AllAudit<'a> {
    conn: Conn<'a>,
}

impl<'a> AllAudit<'a> {
    pub(crate) fn new(conn: Conn<'a>) -> Self {
        Self { conn }
    }

    /// A page of entries, the newest first.
    ///
    /// # Errors
    /// `BadCursor` when the cursor is not one of this list.
    pub async fn page(&self, filter: &AuditFilter, page: PageRequest) -> Result<Page<AuditEvent>> {
        newest_first(self.conn, filtered(audit_event::Entity::find(), filter), page).await
    }
}

fn of(organization: OrganizationId) -> Select<audit_event::Entity> {
    audit_event::Entity::find().filter(audit_event::Column::OrganizationId.eq(organization.as_uuid()))
}

async fn newest_first(
    conn: Conn<'_>,
    select: Select<audit_event::Entity>,
    page: PageRequest,
) -> Result<Page<AuditEvent>> {
    let mut select = select;
    if let Some(after) = after_id(&page)? {
        select = select.filter(audit_event::Column::Id.lt(after));
    }
    let rows = select.order_by_desc(audit_event::Column::Id).limit(page.limit + 1).all(&conn).await?;
    let rows = rows.into_iter().map(AuditEvent::from).collect();
    Ok(Page::cut(rows, page.limit, |event| event.id.to_string()))
}

fn filtered(select: Select<audit_event::Entity>, filter: &AuditFilter) -> Select<audit_event::Entity> {
    use audit_event::Column;
    let mut select = select;
    for (column, wanted) in [
        (Column::Subject, &filter.subject),
        (Column::Action, &filter.action),
        (Column::Target, &filter.target),
        (Column::EventType, &filter.event_type),
        (Column::ResourceType, &filter.resource_type),
    ] {
        select = match wanted.as_deref().map(|text| (text, text.strip_suffix('*'))) {
            Some((_, Some(beginning))) => {
                select.filter(Expr::col((audit_event::Entity, column)).like(beginning_with(beginning)))
            }
            Some((text, None)) => select.filter(column.eq(text)),
            None => select,
        };
    }
    if let Some(allowed) = filter.allowed {
        select = select.filter(Column::Decision.eq(word(allowed)));
    }
    if let Some(user) = filter.user_id {
        select = select.filter(Column::UserId.eq(user.as_uuid()));
    }
    if let Some(resource) = filter.resource_id {
        select = select.filter(Column::ResourceId.eq(resource));
    }
    if let Some(label) = filter.data_classification {
        select = select.filter(Column::DataClassification.eq(label.as_str()));
    }
    if let Some(from) = filter.from {
        select = select.filter(Column::Ts.gte(from));
    }
    if let Some(to) = filter.to {
        select = select.filter(Column::Ts.lt(to));
    }
    select
}

fn beginning_with(text: &str) -> LikeExpr {
    let mut pattern = String::with_capacity(text.len() + 1);
    for letter in text.chars() {
        if matches!(letter, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern.push('%');
    LikeExpr::new(pattern).escape('\\')
}

const fn word(allowed: bool) -> &'static str {
    if allowed { "allow" } else { "deny" }
}

async fn tally(
    conn: Conn<'_>,
    organization: OrganizationId,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    limit: u64,
) -> Result<Vec<AuditTally>> {
    let backend = conn.get_database_backend();
    let place = |number: usize| match backend {
        DbBackend::Postgres => format!("${number}"),
        _ => "?".to_owned(),
    };
    let sql = format!(
        "SELECT e.subject, e.user_id, e.resource_type, e.action, e.data_classification, \
           COUNT(DISTINCT e.resource_id), \
           COUNT(*) FILTER (WHERE e.decision = 'allow'), COUNT(*) FILTER (WHERE e.decision <> 'allow'), \
           MIN(e.ts), MAX(e.ts), u.email, u.name \
         FROM audit_events e LEFT JOIN users u ON u.id = e.user_id AND u.deleted_at IS NULL \
         WHERE e.organization_id = {} AND e.ts >= {} AND e.ts < {} \
         GROUP BY e.subject, e.user_id, e.resource_type, e.action, e.data_classification, u.email, u.name \
         ORDER BY COUNT(*) DESC, e.subject, e.action LIMIT {}",
        place(1),
        place(2),
        place(3),
        place(4),
    );
    let values = [
        Value::from(organization.as_uuid()),
        Value::from(from),
        Value::from(to),
        Value::from(i64::try_from(limit).unwrap_or(i64::MAX)),
    ];
    let rows = conn.query_all_raw(conn.statement(&sql, values)).await?;
    rows.into_iter()
        .map(|row| {
            let email: Option<String> = row.try_get_by_index(10)?;
            let name: Option<String> = row.try_get_by_index(11)?;
            Ok(AuditTally {
                subject: row.try_get_by_index(0)?,
                user_id: row.try_get_by_index::<Option<Uuid>>(1)?.map(Into::into),
                resource_type: row.try_get_by_index(2)?,
                action: row.try_get_by_index(3)?,
                data_classification: row.try_get_by_index(4)?,
                resources: row.try_get_by_index(5)?,
                allowed: row.try_get_by_index(6)?,
                denied: row.try_get_by_index(7)?,
                first_at: row.try_get_by_index(8)?,
                last_at: row.try_get_by_index(9)?,
                person: email.zip(name),
            })
        })
        .collect()
}

/// The audit log of one tenant, inside a write.
#[derive(Debug)]
pub struct Audit<'t> {
    tx: ScopedTx<'t>,
}

impl<'t> Audit<'t> {
    pub(crate) fn new(tx: ScopedTx<'t>) -> Self {
        Self { tx }
    }

    /// Writes one entry.
    ///
    /// # Errors
    /// `Unrecorded` when the database fails; the action must then fail too.
    pub async fn record(&self, event: NewAuditEvent) -> Result<()> {
        let clock = self.tx.clock();
        let mut said = event.personal;
        let person = event.user_id.filter(|user| *user != UserId::NIL);
        let by_person = person.is_some();
        if let (Some(user), Some(address)) = (person, event.address) {
            said.entry(user).or_default().insert("ip_address".to_owned(), json!(address.to_string()));
        }
        let (personal, personal_hash) = committed(said);
        let row = audit_event::ActiveModel {
            id: Set(clock.uuid_v7()),
            organization_id: Set(self.tx.scope.organization_id.as_uuid()),
            environment_id: Set(Some(self.tx.scope.environment_id.as_uuid())),
            event_type: Set(event.event_type),
            subject: Set(event.subject),
            user_id: Set(event.user_id.map(Into::into)),
            action: Set(event.action),
            target: Set(event.target),
            decision: Set(word(event.allowed).to_owned()),
            rule_id: Set(event.rule_id),
            resource_type: Set(event.resource_type),
            resource_id: Set(event.resource_id),
            data_classification: Set(event.data_classification.map(|label| label.as_str().to_owned())),
            ip_address: Set(event.address.map(|address| address.to_string()).filter(|_| !by_person)),
            denial_reason: Set(event.denial_reason),
            run_id: Set(event.run_id.map(Into::into)),
            event_data: Set(event.data),
            context: Set(event.context),
            personal: Set(personal),
            personal_hash: Set(personal_hash),
            // What PostgreSQL keeps of a moment, so that a row hashes alike on both databases.
            ts: Set(clock.now().trunc_subsecs(6)),
            seq: Set(None),
            prev_hash: Set(None),
            hash: Set(None),
        };
        let written = audit_event::Entity::insert(row).exec_without_returning(&self.tx.tx.conn()).await;
        written.map_err(|error| match Error::from(error) {
            Error::Database(cause) => Error::Unrecorded(cause),
            other => other,
        })?;
        self.tx.tx.notify(Notice::Audited);
        Ok(())
    }
}

/// What is said of people, each with a salt, and what the chain holds of it: the hash. Without the salt nobody can try
/// which of the few addresses or attributes that there are it was.
fn committed(said: Personal) -> (Option<serde_json::Value>, Option<serde_json::Value>) {
    if said.is_empty() {
        return (None, None);
    }
    let (mut parts, mut hashes) = (serde_json::Map::new(), serde_json::Map::new());
    for (user, says) in said {
        let salt = sha256_hex(rand::random::<[u8; 32]>());
        let part = json!({ "salt": salt, "says": says });
        hashes.insert(user.to_string(), json!(sha256_hex(canonical_json(&part))));
        parts.insert(user.to_string(), part);
    }
    (Some(parts.into()), Some(hashes.into()))
}

impl From<audit_event::Model> for AuditEvent {
    fn from(row: audit_event::Model) -> Self {
        Self {
            id: row.id.into(),
            organization_id: row.organization_id.into(),
            environment_id: row.environment_id.map(Into::into),
            event_type: row.event_type,
            subject: row.subject,
            user_id: row.user_id.map(Into::into),
            action: row.action,
            target: row.target,
            decision: row.decision,
            rule_id: row.rule_id,
            resource_type: row.resource_type,
            resource_id: row.resource_id,
            data_classification: row.data_classification,
            ip_address: row.ip_address,
            denial_reason: row.denial_reason,
            run_id: row.run_id.map(Into::into),
            event_data: row.event_data,
            context: row.context,
            personal: row.personal,
            personal_hash: row.personal_hash,
            ts: row.ts,
            seq: row.seq,
            prev_hash: row.prev_hash,
            hash: row.hash,
        }
    }
}
