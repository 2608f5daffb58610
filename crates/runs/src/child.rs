//! Calls that go on as runs of their own: how one begins, once, and how its end becomes the call's result.
//!
//! The call's row waits while its run goes on, and has no holder of its own: when the run ends, the run that made the
//! call is signalled in the same transaction, and takes the result through the path.

use chrono::TimeDelta;
use conductor_domain::{
    EventBody, NewAuditEvent, NewRun, ProblemView, Run, RunId, RunKind, RunOutcome, RunStatus, SignalKind,
};
use conductor_storage::FeedItem;
use futures::future::BoxFuture;
use serde_json::{Value, json};

use crate::{Answer, CallError, Dispatch, Error, ToolOutput, held::HeldTx, problem, steps::problem_of};

/// How beginning the run of a call went.
enum Begun {
    Run(RunId),
    TooDeep(usize),
    Ended,
}

impl Dispatch {
    /// What a source asks right before something leaves that cannot be taken back: whether the run is still held, and the
    /// call with it. Looks into the database and handshakes take time, in which the process may have stood still.
    pub fn still_held(&self) -> impl Fn() -> BoxFuture<'static, Result<(), Error>> + Send + Sync + use<> {
        let held = self.held.clone();
        move || {
            let held = held.clone();
            Box::pin(async move { held.ensure_held().await })
        }
    }

    /// Lets the call go on as this run, below the call's own: row, journal and audit entry are one transaction with the
    /// call's waiting. Asked again, after a crash, it answers the run that was begun before. Who asks, the place in the
    /// tree and the door are the call's.
    ///
    /// # Errors
    /// Where runs are nested too deep, the call has ended, or nothing can be written.
    pub async fn start(&self, new: NewRun, entry: NewAuditEvent) -> Result<Answer, CallError> {
        let (call, most) = (RunId::from_uuid(self.call_id.as_uuid()), self.nesting);
        let begun =
            self.held.write(move |tx| Box::pin(async move { begin(tx, call, new, entry, most).await }));
        match begun.await {
            Ok(Begun::Run(id)) => Ok(Answer::Child(id)),
            Ok(Begun::TooDeep(most)) => Err(not_begun(
                "nesting_too_deep",
                format!("Runs may start runs {most} deep, and this one is that deep already."),
            )),
            Ok(Begun::Ended) => Err(not_begun("run_ended", "The call has ended meanwhile.")),
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, call.id = %self.call_id, "no run begins");
                Err(not_begun("internal", "The server could not write the run. Try again."))
            }
        }
    }
}

async fn begin(
    held: HeldTx<'_>,
    call: RunId,
    new: NewRun,
    mut entry: NewAuditEvent,
    most: usize,
) -> conductor_storage::Result<Begun> {
    let runs = held.tx.runs();
    let Some(row) = runs.park_call(call).await? else { return Ok(Begun::Ended) };
    if let Some(child) = runs.child_of_call(call).await? {
        return Ok(Begun::Run(child.id));
    }
    let above = runs.above(call).await?;
    if above.iter().filter(|run| run.call_id.is_some()).count() >= most {
        return Ok(Begun::TooDeep(most));
    }
    let Some(call_id) = row.call_id else { return Ok(Begun::Ended) };
    let child = NewRun {
        parent_run_id: Some(call),
        root_run_id: Some(row.root_run_id),
        user_id: row.user_id,
        actor: row.actor,
        token_id: row.token_id,
        address: row.address,
        trigger: row.trigger,
        ..new
    };
    entry.run_id = Some(child.id);
    held.tx.audit().record(entry).await?;
    held.emit(&[EventBody::ToolDelegated { call_id, child_run_id: child.id }]).await?;
    let child = runs.create(child).await?;
    held.tx.notify(FeedItem {
        organization_id: child.scope.organization_id,
        user_id: child.user_id,
        data: json!({ "type": "run.started", "run_id": child.id, "parent_run_id": call }),
    });
    Ok(Begun::Run(child.id))
}

/// What a run that ends leaves behind: the runs of its calls stop with it, its calls wait no longer, and whoever waits
/// for it goes on.
pub(crate) async fn part(held: &HeldTx<'_>, run: &Run, status: RunStatus) -> conductor_storage::Result<()> {
    let runs = held.tx.runs();
    let ended = if status == RunStatus::Succeeded { RunStatus::Cancelled } else { status };
    for (call, is_parked) in runs.calls(run.id).await? {
        for child in runs.open_below(call).await? {
            runs.signal(child, SignalKind::Cancel, json!({})).await?;
        }
        if is_parked {
            runs.finish(call, 0, RunOutcome { attempts: 0, ..RunOutcome::of(ended) }).await?;
        }
    }
    let Some(parent) = run.parent_run_id else { return Ok(()) };
    let call = runs.find(parent).await?.filter(|call| call.kind == RunKind::Tool && !call.status.is_final());
    match call.and_then(|call| call.parent_run_id) {
        Some(waiting) => runs.signal(waiting, SignalKind::Event, json!({ "run_id": run.id })).await,
        None => Ok(()),
    }
}

/// What a run that has ended answers to the call that it went on as: its text, or all that it gave.
pub(crate) fn answer_of(child: &Run) -> Result<ToolOutput, CallError> {
    if child.status == RunStatus::Succeeded {
        let output = child.output.clone().unwrap_or_default();
        return Ok(ToolOutput::text(match output.get("text") {
            Some(Value::String(text)) => text.clone(),
            _ => output.to_string(),
        }));
    }
    let ended = problem_of(child).filter(|problem| !problem.detail.is_empty());
    let problem = ended.unwrap_or_else(|| ProblemView {
        code: child.error_code.clone().unwrap_or_else(|| child.status.as_str().to_owned()),
        title: "The run did not succeed".to_owned(),
        detail: format!("The run that this call went on as ended as {}.", child.status),
        retryable: false,
    });
    Err(CallError { problem, outcome_unknown: false })
}

/// How long a call took whose run has ended.
pub(crate) fn took(call: &Run, child: &Run) -> std::time::Duration {
    let ended = child.ended_at.unwrap_or(child.created_at);
    let took = ended.signed_duration_since(call.started_at.unwrap_or(call.created_at));
    took.max(TimeDelta::zero()).to_std().unwrap_or_default()
}

fn not_begun(code: &str, detail: impl Into<String>) -> CallError {
    CallError { problem: problem(code, "The run was not started", detail, false), outcome_unknown: false }
}
