//! The append-only log of a run: gapless `seq`, one row an event, written only by the holder of the run's lease.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use conductor_domain::{Clock, EventBody, RunEvent, RunId};
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, Statement, Value, prelude::Uuid};
use tokio::sync::oneshot;

use crate::{Error, Result, conn::Conn, hub::Notice, tx::Tx};

/// Rows in one INSERT at most. What is left over goes in powers of two, so that a handful of texts is prepared and kept
/// and not one for each number of rows.
const ROWS: usize = 64;

/// An event as its row holds it: the body is JSON text, passed on without being read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredEvent {
    /// The run.
    pub run_id: RunId,
    /// 1, 2, 3 … without gaps.
    pub seq: i64,
    /// When it was written.
    pub at: DateTime<Utc>,
    /// The event's name, such as `message.delta`.
    pub name: String,
    /// The body as JSON, with its `type`.
    pub data: String,
}

impl StoredEvent {
    /// The whole event as JSON: `{"run_id":…,"seq":…,"at":…,"type":…,…}`.
    #[must_use]
    pub fn to_json(&self) -> String {
        let at = self.at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
        let body = self.data.strip_prefix('{').unwrap_or("}");
        format!(r#"{{"run_id":"{}","seq":{},"at":"{at}",{body}"#, self.run_id, self.seq)
    }

    /// The typed event.
    ///
    /// # Errors
    /// When the row was written by a newer version.
    pub fn parse(&self) -> Result<RunEvent> {
        let body = serde_json::from_str(&self.data)
            .map_err(|source| Error::Corrupt { column: "run_events.data", source: source.into() })?;
        Ok(RunEvent { run_id: self.run_id, seq: self.seq, at: self.at, body })
    }

    /// Whether nothing follows.
    #[must_use]
    pub fn is_last(&self) -> bool {
        self.name == "run.finished"
    }
}

/// The journal inside a write.
#[derive(Debug)]
pub struct Journal<'t> {
    tx: &'t Tx,
    run_id: RunId,
    fence: i64,
}

impl<'t> Journal<'t> {
    pub(crate) fn new(tx: &'t Tx, run_id: RunId, fence: i64) -> Self {
        Self { tx, run_id, fence }
    }

    /// Appends events; listeners hear them after the commit.
    ///
    /// # Errors
    /// `Fenced` when the lease went to another holder.
    pub async fn append(&self, bodies: &[EventBody]) -> Result<Vec<StoredEvent>> {
        let conn = self.tx.conn();
        let rows = encode(bodies)?;
        let events = advance(conn, self.run_id, self.fence, rows, self.tx.clock().now()).await?;
        insert(conn, &events).await?;
        for event in &events {
            self.tx.notify(Notice::Event(event.clone()));
        }
        Ok(events)
    }
}

/// What an append gives.
type Appending = Result<Vec<StoredEvent>>;
/// Where an append's caller waits.
type Answer = oneshot::Sender<Appending>;

/// The writer's typed command: append to one run.
pub(crate) struct Append {
    pub(crate) run_id: RunId,
    pub(crate) fence: i64,
    pub(crate) rows: Vec<(&'static str, String)>,
    pub(crate) answer: Answer,
}

/// Appends that wait for their commit.
#[derive(Default)]
pub(crate) struct Appended {
    done: Vec<(Answer, Appending)>,
}

impl Appended {
    pub(crate) fn refuse(&mut self, append: Append) {
        self.done.push((append.answer, Err(Error::Closed)));
    }

    /// Answers the callers and gives what listeners are to hear.
    pub(crate) fn answer(self) -> Vec<Notice> {
        let mut notices = Vec::new();
        for (answer, result) in self.done {
            if let Ok(events) = &result {
                notices.extend(events.iter().cloned().map(Notice::Event));
            }
            // A caller that went away has its events all the same.
            drop(answer.send(result));
        }
        notices
    }

    pub(crate) fn fail(self, error: &DbErr) {
        for (answer, _) in self.done {
            drop(answer.send(Err(Error::Database(DbErr::Custom(error.to_string())))));
        }
    }
}

/// Runs many appends as one update and one multi-row insert. When either fails, the transaction must not be committed.
pub(crate) async fn append_all(
    tx: &DatabaseTransaction,
    appends: Vec<Append>,
    clock: &dyn Clock,
    appended: &mut Appended,
) -> Result<(), DbErr> {
    let at = clock.now();
    let mut counts: HashMap<(RunId, i64), i64> = HashMap::new();
    for append in &appends {
        *counts.entry((append.run_id, append.fence)).or_default() += length(&append.rows);
    }
    let advanced = advance_all(tx, &counts).await;
    let mut rows = Vec::new();
    for Append { run_id, fence, rows: new, answer } in appends {
        // The run's next number; each of its appends takes its share in the order in which they came.
        let next = counts.get_mut(&(run_id, fence));
        let next = advanced.as_ref().ok().and_then(|last| Some((last.get(&run_id)?, next?)));
        let result = next.map(|(last, left)| {
            let events = number(run_id, last - *left + 1, at, new);
            *left -= length(&events);
            events
        });
        rows.extend(result.iter().flatten().cloned());
        appended.done.push((answer, result.ok_or(Error::Fenced)));
    }
    advanced?;
    insert(Conn::Tx(tx), &rows).await.map_err(|error| DbErr::Custom(error.to_string()))
}

fn length<T>(rows: &[T]) -> i64 {
    i64::try_from(rows.len()).unwrap_or(i64::MAX)
}

/// Advances many runs of SQLite at once; gives the last number of each whose fence still holds.
async fn advance_all(
    tx: &DatabaseTransaction,
    counts: &HashMap<(RunId, i64), i64>,
) -> Result<HashMap<RunId, i64>, DbErr> {
    // Rows of nobody fill the list up to a power of two, so that few texts are prepared and kept.
    let listed = counts.len().next_power_of_two();
    let list = vec!["(?, ?, ?)"; listed].join(", ");
    let sql = format!(
        "WITH new (id, fence, count) AS (VALUES {list}) \
         UPDATE runs SET last_seq = last_seq + new.count FROM new \
         WHERE runs.id = new.id AND runs.fencing_token = new.fence RETURNING runs.id, runs.last_seq"
    );
    let mut values: Vec<Value> = Vec::with_capacity(listed * 3);
    for ((run_id, fence), count) in counts {
        values.extend([Value::from(run_id.as_uuid()), Value::from(*fence), Value::from(*count)]);
    }
    values.resize(listed * 3, Value::BigInt(None));
    let statement = Statement::from_sql_and_values(DbBackend::Sqlite, sql, values);
    let rows = tx.query_all_raw(statement).await?;
    rows.iter().map(|row| Ok((row.try_get_by_index::<Uuid>(0)?.into(), row.try_get_by_index(1)?))).collect()
}

fn number(
    run_id: RunId,
    first: i64,
    at: DateTime<Utc>,
    rows: Vec<(&'static str, String)>,
) -> Vec<StoredEvent> {
    rows.into_iter()
        .zip(first..)
        .map(|((name, data), seq)| StoredEvent { run_id, seq, at, name: name.to_owned(), data })
        .collect()
}

/// Serialises event bodies, outside the writer.
pub(crate) fn encode(bodies: &[EventBody]) -> Result<Vec<(&'static str, String)>> {
    bodies
        .iter()
        .map(|body| {
            let data = serde_json::to_string(body)
                .map_err(|source| Error::Corrupt { column: "run_events.data", source: source.into() })?;
            Ok((body.name(), data))
        })
        .collect()
}

/// Checks the fence and advances `last_seq` in the same UPDATE, so that two holders never share a number.
async fn advance(
    conn: Conn<'_>,
    run_id: RunId,
    fence: i64,
    rows: Vec<(&'static str, String)>,
    at: DateTime<Utc>,
) -> Result<Vec<StoredEvent>> {
    let backend = conn.get_database_backend();
    let sql = match backend {
        DbBackend::Postgres => {
            "UPDATE runs SET last_seq = last_seq + $1 WHERE id = $2 AND fencing_token = $3 RETURNING last_seq"
        }
        _ => "UPDATE runs SET last_seq = last_seq + ? WHERE id = ? AND fencing_token = ? RETURNING last_seq",
    };
    let count = length(&rows);
    let statement = Statement::from_sql_and_values(
        backend,
        sql,
        [Value::from(count), Value::from(run_id.as_uuid()), Value::from(fence)],
    );
    let row = conn.query_one_raw(statement).await?.ok_or(Error::Fenced)?;
    let last: i64 = row.try_get_by_index(0)?;
    Ok(number(run_id, last - count + 1, at, rows))
}

async fn insert(conn: Conn<'_>, mut events: &[StoredEvent]) -> Result<()> {
    let backend = conn.get_database_backend();
    while !events.is_empty() {
        let (chunk, rest) = events.split_at(1 << events.len().min(ROWS).ilog2());
        events = rest;
        let mut sql = String::with_capacity(80 + chunk.len() * 28);
        sql.push_str("INSERT INTO run_events (run_id, seq, at, type, data) VALUES ");
        let mut values: Vec<Value> = Vec::with_capacity(chunk.len() * 5);
        for (row, event) in chunk.iter().enumerate() {
            if row > 0 {
                sql.push_str(", ");
            }
            if backend == DbBackend::Postgres {
                let first = row * 5 + 1;
                use std::fmt::Write;
                let _ =
                    write!(sql, "(${first}, ${}, ${}, ${}, ${})", first + 1, first + 2, first + 3, first + 4);
            } else {
                sql.push_str("(?, ?, ?, ?, ?)");
            }
            values.extend([
                Value::from(event.run_id.as_uuid()),
                Value::from(event.seq),
                Value::from(event.at),
                Value::from(event.name.as_str()),
                Value::from(event.data.as_str()),
            ]);
        }
        conn.execute_raw(conn.statement(&sql, values)).await?;
    }
    Ok(())
}

/// Events of a run after `after`, at most `limit`.
pub(crate) async fn events_after(
    conn: Conn<'_>,
    run_id: RunId,
    after: i64,
    limit: u64,
) -> Result<Vec<StoredEvent>> {
    let backend = conn.get_database_backend();
    let sql = match backend {
        DbBackend::Postgres => {
            "SELECT seq, at, type, data FROM run_events WHERE run_id = $1 AND seq > $2 ORDER BY seq LIMIT $3"
        }
        _ => "SELECT seq, at, type, data FROM run_events WHERE run_id = ? AND seq > ? ORDER BY seq LIMIT ?",
    };
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let statement = Statement::from_sql_and_values(
        backend,
        sql,
        [Value::from(run_id.as_uuid()), Value::from(after), Value::from(limit)],
    );
    let rows = conn.query_all_raw(statement).await?;
    rows.into_iter()
        .map(|row| {
            Ok(StoredEvent {
                run_id,
                seq: row.try_get_by_index(0)?,
                at: row.try_get_by_index(1)?,
                name: row.try_get_by_index(2)?,
                data: row.try_get_by_index(3)?,
            })
        })
        .collect()
}
