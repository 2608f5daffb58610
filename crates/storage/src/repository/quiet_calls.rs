//! Tool calls whose bodies a policy keeps out of records. While its run goes on, what such a call was given and answered
//! is in the run's journal, for the run needs it to go on after a crash; once the run is over it is emptied there and
//! wherever it was written from there.

use chrono::{DateTime, Utc};
use conductor_domain::{CallId, EventBody, RunId};
use sea_orm::{ConnectionTrait, EntityTrait, QueryResult, Set, Value, prelude::Uuid};
use serde_json::json;

use crate::{Error, Result, ScopedTx, entity::message, journal, tx::Tx};

/// What stands where something was not kept.
const NOT_KEPT: &str = "A policy keeps the arguments and results of this call out of the records.";

/// A row where run `$1` has made such a call, be it emptied already or not; `withheld` is what stands in place of
/// arguments.
pub(super) const NOT_KEPT_OF: &str = "SELECT 1 FROM quiet_calls WHERE run_id = $1 UNION ALL \
     SELECT 1 FROM run_events WHERE run_id = $1 AND type = 'tool.called' \
     AND data LIKE '%\"arguments\":{\"withheld\":\"A policy keeps%' LIMIT 1";

/// Such calls of one tenant, inside a write.
#[derive(Debug)]
pub struct QuietCalls<'t> {
    tx: &'t Tx,
}

impl<'t> QuietCalls<'t> {
    pub(crate) fn new(tx: ScopedTx<'t>) -> Self {
        Self { tx: tx.tx }
    }

    /// Notes that a call is one of them; noting it again changes nothing.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn note(&self, call: CallId, run: RunId) -> Result<()> {
        let sql = "INSERT INTO quiet_calls (call_id, run_id) VALUES ($1, $2) ON CONFLICT DO NOTHING";
        execute(self.tx, sql, [Value::from(call.as_uuid()), Value::from(run.as_uuid())]).await
    }
}

/// Such calls of every tenant, inside a write.
#[derive(Debug)]
pub struct QuietCallsTx<'t> {
    tx: &'t Tx,
}

impl<'t> QuietCallsTx<'t> {
    pub(crate) fn new(tx: &'t Tx) -> Self {
        Self { tx }
    }

    /// Empties some of those whose run ended before a moment; how many.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn forget(&self, ended_before: DateTime<Utc>, limit: u64) -> Result<usize> {
        let sql = "SELECT q.call_id, q.run_id, r.message_id, r.kind FROM quiet_calls q JOIN runs r ON r.id = q.run_id \
                   WHERE r.ended_at <= $1 ORDER BY q.call_id LIMIT $2";
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let due = rows(self.tx, sql, [Value::from(ended_before), Value::from(limit)]).await?;
        for row in &due {
            let (call, run): (Uuid, Uuid) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
            let within = Within::of(&row.try_get_by_index::<String>(3)?);
            self.empty_events(call.into(), run, within).await?;
            self.empty_run_of(call.into()).await?;
            if let Some(message) = row.try_get_by_index::<Option<Uuid>>(2)? {
                self.empty_message(call, message).await?;
            }
            for sql in [
                "UPDATE human_tasks SET arguments = NULL WHERE run_id = $1 AND call_id = $2",
                // Questions of nodes are worded with what others gave.
                "UPDATE human_tasks SET title = '', message = '' \
                 WHERE run_id = $1 AND kind = 'human_step' AND id <> $2",
                // The call's own row, and a run that is nothing but the call; a turn's input and output are the person's
                // and the model's.
                "UPDATE runs SET input_json = NULL, output_json = NULL WHERE id = $2 OR (id = $1 AND kind = 'tool')",
                // What a workflow gives is made of what its calls gave.
                "UPDATE runs SET output_json = NULL, error_text = NULL WHERE id = $1 AND kind = 'workflow' AND id <> $2",
                "DELETE FROM quiet_calls WHERE run_id = $1 AND call_id = $2",
            ] {
                execute(self.tx, sql, [Value::from(run), Value::from(call)]).await?;
            }
        }
        Ok(due.len())
    }

    /// What the run's journal says of the call.
    async fn empty_events(&self, call: CallId, run: Uuid, within: Within) -> Result<()> {
        let sql = "SELECT seq, data, payload FROM run_events WHERE run_id = $1 AND type IN ('tool.called', 'tool.result', \
                   'approval.requested', 'approval.decided', 'step.finished', 'message.completed', 'node.started', \
                   'node.finished', 'run.finished')";
        for row in rows(self.tx, sql, [Value::from(run)]).await? {
            let seq: i64 = row.try_get_by_index(0)?;
            let before = body(&row, 1)?;
            let mut body = before.clone();
            empty(&mut body, call, within);
            if body != before {
                let data = serde_json::to_string(&body).map_err(corrupt)?;
                let sql = "UPDATE run_events SET data = $1, apart = NULL, payload = NULL WHERE run_id = $2 AND seq = $3";
                execute(self.tx, sql, [Value::from(data), Value::from(run), Value::from(seq)]).await?;
            }
        }
        Ok(())
    }

    /// What the run that a call went on as was given and said; calls that it made itself have their own rules.
    async fn empty_run_of(&self, call: CallId) -> Result<()> {
        let sql = "SELECT e.run_id, e.seq, e.data, e.payload FROM run_events e JOIN runs r ON r.id = e.run_id \
                   WHERE r.parent_run_id = $1 AND e.type IN \
                   ('message.delta', 'thinking.delta', 'step.finished', 'node.started', 'node.finished', \
                   'event.received', 'run.finished')";
        for row in rows(self.tx, sql, [Value::from(call.as_uuid())]).await? {
            let (run, seq): (Uuid, i64) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
            let mut body = body(&row, 2)?;
            match &mut body {
                EventBody::MessageDelta { text, .. } | EventBody::ThinkingDelta { text, .. } => text.clear(),
                EventBody::StepFinished { continuation, .. } => *continuation = None,
                EventBody::RunFinished { output, .. } => *output = None,
                EventBody::EventReceived { data, .. } => *data = serde_json::Value::Null,
                body => empty_node(body),
            }
            let data = serde_json::to_string(&body).map_err(corrupt)?;
            let sql = "UPDATE run_events SET data = $1, apart = NULL, payload = NULL WHERE run_id = $2 AND seq = $3";
            execute(self.tx, sql, [Value::from(data), Value::from(run), Value::from(seq)]).await?;
        }
        let sql = "UPDATE runs SET input_json = NULL, output_json = NULL WHERE parent_run_id = $1";
        execute(self.tx, sql, [Value::from(call.as_uuid())]).await
    }

    /// The call as the message shows it.
    async fn empty_message(&self, call: Uuid, message: Uuid) -> Result<()> {
        let Some(row) = message::Entity::find_by_id(message).one(&self.tx.conn()).await? else {
            return Ok(());
        };
        let mut calls = row.tool_calls;
        empty_calls(&mut calls, call.into());
        let changed = message::ActiveModel { id: Set(row.id), tool_calls: Set(calls), ..Default::default() };
        message::Entity::update(changed).exec(&self.tx.conn()).await?;
        Ok(())
    }
}

/// The event whose `data` and `payload` are the columns from `at` on.
fn body(row: &QueryResult, at: usize) -> Result<EventBody> {
    let payload: Option<String> = row.try_get_by_index(at + 1)?;
    let data = journal::whole(row.try_get_by_index(at)?, payload.as_deref());
    serde_json::from_str(&data).map_err(corrupt)
}

fn corrupt(source: serde_json::Error) -> Error {
    Error::Corrupt { column: "run_events.data", source: source.into() }
}

/// What the run is that a call was made in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Within {
    /// Nothing but the call, so that it ends with the call's answer.
    Itself,
    /// A workflow: whatever its nodes gave may be made of the call's answer.
    Workflow,
    /// The turn of an agent.
    Turn,
}

impl Within {
    fn of(kind: &str) -> Self {
        match kind {
            "tool" => Self::Itself,
            "workflow" => Self::Workflow,
            _ => Self::Turn,
        }
    }
}

/// Takes out of an event what a node was given and gave.
fn empty_node(body: &mut EventBody) {
    match body {
        EventBody::NodeStarted { input, .. } => *input = None,
        EventBody::NodeFinished { output, error, .. } => {
            *output = None;
            if let Some(error) = error {
                NOT_KEPT.clone_into(&mut error.detail);
            }
        }
        _ => {}
    }
}

/// Takes out of an event what it says of the call's arguments and result.
fn empty(body: &mut EventBody, call: CallId, within: Within) {
    if within == Within::Workflow {
        empty_node(body);
    }
    match body {
        EventBody::ToolCalled { call_id, arguments, .. } if *call_id == call => *arguments = withheld(),
        EventBody::ToolResult { call_id, content, .. } if *call_id == call => *content = withheld_answer(),
        EventBody::ApprovalRequested { human_task } | EventBody::ApprovalDecided { human_task }
            if human_task.call_id == Some(call) =>
        {
            human_task.arguments = None;
        }
        // A question of a node is worded with what others gave.
        EventBody::ApprovalRequested { human_task } | EventBody::ApprovalDecided { human_task }
            if human_task.node_id.is_some() =>
        {
            NOT_KEPT.clone_into(&mut human_task.title);
            human_task.message.clear();
        }
        // A model's raw reply repeats the arguments; it was only of use while the turn went on.
        EventBody::StepFinished { continuation, .. } => *continuation = None,
        EventBody::MessageCompleted { message } => {
            if let Some(calls) = message.get_mut("tool_calls") {
                empty_calls(calls, call);
            }
        }
        EventBody::RunFinished { output, .. } if within == Within::Itself => *output = None,
        EventBody::RunFinished { output, error, .. } if within == Within::Workflow => {
            *output = None;
            if let Some(error) = error {
                NOT_KEPT.clone_into(&mut error.detail);
            }
        }
        _ => {}
    }
}

/// Takes out of a message's calls what they say of this one.
fn empty_calls(calls: &mut serde_json::Value, call: CallId) {
    let id = json!(call);
    let theirs = calls.as_array_mut().into_iter().flatten().filter(|one| one["call_id"] == id);
    for one in theirs.filter_map(serde_json::Value::as_object_mut) {
        one.insert("arguments".to_owned(), withheld());
        if let Some(content) = one.get_mut("content") {
            *content = withheld_answer();
        }
        if let Some(task) = one.get_mut("human_task").and_then(serde_json::Value::as_object_mut) {
            task.remove("arguments");
        }
    }
}

fn withheld() -> serde_json::Value {
    json!({ "withheld": NOT_KEPT })
}

fn withheld_answer() -> serde_json::Value {
    json!([{ "type": "text", "text": NOT_KEPT }])
}

async fn rows(tx: &Tx, sql: &str, values: impl IntoIterator<Item = Value>) -> Result<Vec<QueryResult>> {
    Ok(tx.conn().query_all_raw(tx.conn().statement(sql, values)).await?)
}

async fn execute(tx: &Tx, sql: &str, values: impl IntoIterator<Item = Value>) -> Result<()> {
    tx.conn().execute_raw(tx.conn().statement(sql, values)).await?;
    Ok(())
}
