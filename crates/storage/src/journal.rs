//! The append-only log of a run: gapless `seq`, one row an event, written only by the holder of the run's lease.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use conductor_domain::{Clock, EventBody, RunEvent, RunId};
use sea_orm::{
    ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, QueryResult, Statement, Value, prelude::Uuid,
};
use tokio::sync::oneshot;

use crate::{Error, Result, conn::Conn, hub::Notice, tx::Tx};

/// From how many bytes on the values of an event are kept apart from it, in the same row.
const LARGE: usize = 16 * 1024;
/// The fields that hold them.
const FIELDS: [&str; 5] = ["arguments", "content", "data", "input", "output"];
/// The only key of what stands for such a value where it has not been read.
const APART: &str = "$apart";
/// How many bytes of events are read at once, though always one event.
const PAGE_BYTES: usize = 4 * 1024 * 1024;

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

    /// Whether more may come after these, of which `limit` were asked for: a page ends with its number of events or with
    /// its bytes.
    #[must_use]
    pub fn may_follow(page: &[Self], limit: u64) -> bool {
        page.len() as u64 >= limit
            || page.iter().map(|event| event.data.len() + 1).sum::<usize>() >= PAGE_BYTES
    }
}

/// An event that has no number yet.
pub(crate) struct Line {
    name: &'static str,
    data: String,
    /// Where in `data` the fields begin that are kept apart, and their names.
    apart: Option<(usize, String)>,
}

impl Line {
    fn of(body: &EventBody) -> Result<Self, serde_json::Error> {
        let name = body.name();
        let data = serde_json::to_string(body)?;
        // What looks like a value that is kept apart is kept apart itself, so that it is never taken for one.
        if data.len() < LARGE && !data.contains(APART) {
            return Ok(Self { name, data, apart: None });
        }
        let fields: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&data)?;
        let (large, small): (serde_json::Map<_, _>, serde_json::Map<_, _>) = fields
            .into_iter()
            .partition(|(field, value)| FIELDS.contains(&field.as_str()) && !value.is_null());
        if large.is_empty() {
            return Ok(Self { name, data, apart: None });
        }
        let names = large.keys().cloned().collect::<Vec<_>>().join(",");
        let mut data = serde_json::to_string(&small)?;
        data.pop();
        let at = data.len();
        data.push(',');
        data.push_str(serde_json::to_string(&large)?.strip_prefix('{').unwrap_or("}"));
        Ok(Self { name, data, apart: Some((at, names)) })
    }

    /// The row of the event with this number.
    fn numbered(self, run_id: RunId, seq: i64, at: DateTime<Utc>) -> Row {
        let event = StoredEvent { run_id, seq, at, name: self.name.to_owned(), data: self.data };
        Row { event, apart: self.apart }
    }
}

/// An event with its number, and where it is cut into its row's columns.
struct Row {
    event: StoredEvent,
    apart: Option<(usize, String)>,
}

impl Row {
    /// What stands in the columns `data`, `apart` and `payload`.
    fn columns(&self) -> (Value, Value, Value) {
        let data = &self.event.data;
        let Some((at, names)) = &self.apart else {
            return (data.as_str().into(), Value::String(None), Value::String(None));
        };
        let (small, large) = data.split_at(*at);
        let large = large.strip_prefix(',').unwrap_or(large);
        (format!("{small}}}").into(), names.as_str().into(), format!("{{{large}").into())
    }
}

/// An event's `data` with what was kept apart of it.
pub(crate) fn whole(mut data: String, payload: Option<&str>) -> String {
    if let Some(large) = payload.and_then(|payload| payload.strip_prefix('{')) {
        data.pop();
        data.push(',');
        data.push_str(large);
    }
    data
}

/// An event's `data` with something that stands for each value that is kept apart.
fn outline(mut data: String, seq: i64, apart: Option<&str>) -> String {
    use std::fmt::Write;
    if let Some(names) = apart {
        data.pop();
        for name in names.split(',') {
            let _ = write!(data, r#","{name}":{{"{APART}":[{seq},"{name}"]}}"#);
        }
        data.push('}');
    }
    data
}

/// Which value of which event something stands for.
fn stands_for(value: &serde_json::Value) -> Option<(i64, &str)> {
    let fields = value.as_object().filter(|fields| fields.len() == 1)?;
    let of = fields.get(APART)?.as_array()?;
    Some((of.first()?.as_i64()?, of.get(1)?.as_str()?))
}

/// Puts a value that was kept apart where something stands for it.
pub(crate) async fn fetch(conn: Conn<'_>, run_id: RunId, value: &mut serde_json::Value) -> Result<()> {
    let Some((seq, field)) = stands_for(value) else { return Ok(()) };
    let sql = "SELECT payload FROM run_events WHERE run_id = $1 AND seq = $2";
    let row = conn.query_one_raw(conn.statement(sql, [Value::from(run_id.as_uuid()), seq.into()])).await?;
    let payload: Option<String> = row.map(|row| row.try_get_by_index(0)).transpose()?.flatten();
    // It is gone where a policy lets nothing be kept of it.
    let fields: Option<serde_json::Map<String, serde_json::Value>> = payload
        .map(|payload| serde_json::from_str(&payload))
        .transpose()
        .map_err(|source| Error::Corrupt { column: "run_events.payload", source: source.into() })?;
    *value = fields.and_then(|mut fields| fields.remove(field)).unwrap_or_default();
    Ok(())
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
        let rows = advance(conn, self.run_id, self.fence, rows, self.tx.clock().now()).await?;
        insert(conn, &rows).await?;
        let events: Vec<_> = rows.into_iter().map(|row| row.event).collect();
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
    pub(crate) rows: Vec<Line>,
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
            let numbered = number(run_id, last - *left + 1, at, new);
            *left -= length(&numbered);
            numbered
        });
        let events = result.as_ref().map(|rows| rows.iter().map(|row| row.event.clone()).collect());
        rows.extend(result.into_iter().flatten());
        appended.done.push((answer, events.ok_or(Error::Fenced)));
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

fn number(run_id: RunId, first: i64, at: DateTime<Utc>, lines: Vec<Line>) -> Vec<Row> {
    lines.into_iter().zip(first..).map(|(line, seq)| line.numbered(run_id, seq, at)).collect()
}

/// Serialises event bodies, outside the writer.
pub(crate) fn encode(bodies: &[EventBody]) -> Result<Vec<Line>> {
    let line = |body| {
        Line::of(body).map_err(|source| Error::Corrupt { column: "run_events.data", source: source.into() })
    };
    bodies.iter().map(line).collect()
}

/// Checks the fence and advances `last_seq` in the same UPDATE, so that two holders never share a number.
async fn advance(
    conn: Conn<'_>,
    run_id: RunId,
    fence: i64,
    rows: Vec<Line>,
    at: DateTime<Utc>,
) -> Result<Vec<Row>> {
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

async fn insert(conn: Conn<'_>, mut rows: &[Row]) -> Result<()> {
    const COLUMNS: usize = 7;
    let backend = conn.get_database_backend();
    while !rows.is_empty() {
        let (chunk, rest) = rows.split_at(1 << rows.len().min(ROWS).ilog2());
        rows = rest;
        let mut sql = String::with_capacity(96 + chunk.len() * 36);
        sql.push_str("INSERT INTO run_events (run_id, seq, at, type, data, apart, payload) VALUES ");
        let mut values: Vec<Value> = Vec::with_capacity(chunk.len() * COLUMNS);
        for (number, row) in chunk.iter().enumerate() {
            if number > 0 {
                sql.push_str(", ");
            }
            if backend == DbBackend::Postgres {
                let first = number * COLUMNS + 1;
                let places: Vec<_> = (first..first + COLUMNS).map(|place| format!("${place}")).collect();
                sql.push_str(&format!("({})", places.join(", ")));
            } else {
                sql.push_str("(?, ?, ?, ?, ?, ?, ?)");
            }
            let (data, apart, payload) = row.columns();
            let event = &row.event;
            values.extend([
                Value::from(event.run_id.as_uuid()),
                Value::from(event.seq),
                Value::from(event.at),
                Value::from(event.name.as_str()),
                data,
                apart,
                payload,
            ]);
        }
        conn.execute_raw(conn.statement(&sql, values)).await?;
    }
    Ok(())
}

/// Events of a run after `after`, at most `limit` and about as many bytes as are read at once.
pub(crate) async fn events_after(
    conn: Conn<'_>,
    run_id: RunId,
    after: i64,
    limit: u64,
) -> Result<Vec<StoredEvent>> {
    let sql = "SELECT seq, at, type, data, payload FROM run_events \
         WHERE run_id = $1 AND seq > $2 AND seq <= (SELECT COALESCE(MAX(seq), 0) FROM \
             (SELECT seq, SUM(size) OVER (ORDER BY seq ROWS UNBOUNDED PRECEDING) - size AS before FROM \
                 (SELECT seq, octet_length(data) + COALESCE(octet_length(payload), 0) AS size FROM run_events \
                  WHERE run_id = $1 AND seq > $2 ORDER BY seq LIMIT $3) AS sizes) AS page \
             WHERE before < $4) \
         ORDER BY seq";
    let bytes = i64::try_from(PAGE_BYTES).unwrap_or(i64::MAX);
    let rows = page(conn, sql, run_id, after, limit, Some(bytes)).await?;
    rows.into_iter()
        .map(|row| {
            let payload: Option<String> = row.try_get_by_index(4)?;
            read(run_id, &row, |data, _| whole(data, payload.as_deref()))
        })
        .collect()
}

/// The same with something that stands for each large value, which is not read: so there may be many of them.
pub(crate) async fn outlines_after(
    conn: Conn<'_>,
    run_id: RunId,
    after: i64,
    limit: u64,
) -> Result<Vec<StoredEvent>> {
    let sql = "SELECT seq, at, type, data, apart FROM run_events \
         WHERE run_id = $1 AND seq > $2 ORDER BY seq LIMIT $3";
    let rows = page(conn, sql, run_id, after, limit, None).await?;
    rows.into_iter()
        .map(|row| {
            let apart: Option<String> = row.try_get_by_index(4)?;
            read(run_id, &row, |data, seq| outline(data, seq, apart.as_deref()))
        })
        .collect()
}

async fn page(
    conn: Conn<'_>,
    sql: &str,
    run_id: RunId,
    after: i64,
    limit: u64,
    bytes: Option<i64>,
) -> Result<Vec<QueryResult>> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let bound = [Value::from(run_id.as_uuid()), after.into(), limit.into()];
    let bound = bound.into_iter().chain(bytes.map(Value::from));
    Ok(conn.query_all_raw(conn.statement(sql, bound)).await?)
}

fn read(run_id: RunId, row: &QueryResult, data: impl FnOnce(String, i64) -> String) -> Result<StoredEvent> {
    let seq = row.try_get_by_index(0)?;
    Ok(StoredEvent {
        run_id,
        seq,
        at: row.try_get_by_index(1)?,
        name: row.try_get_by_index(2)?,
        data: data(row.try_get_by_index(3)?, seq),
    })
}
