//! A tool call that a door makes by itself, outside any turn.
//!
//! It is a run of kind tool at the top of its tree: written pending, claimed by the driver, advanced here, journalled
//! and parked like every run. The call itself is its child, made by the one tool path, so limits, decision, approval,
//! ledger and audit are those of every call. The door only looks on, and a client that goes away changes nothing.

use std::{sync::Arc, time::Duration};

use conductor_access::Action;
use conductor_domain::{
    CallId, Caller, Classification, EventBody, NewAuditEvent, NewRun, ProblemView, Run, RunId, RunKind,
    RunOutcome, RunStatus, RunTrigger,
};
use conductor_storage::{FeedItem, StoredEvent, Unscoped};
use futures::StreamExt;
use serde_json::{Value, json};

use crate::{Advance, Call, Error, Held, Invoked, Next, Result, Runs, ToolPath, problem};

/// A call that a door asks for.
#[derive(Clone, Debug)]
pub struct OneCall {
    /// The tool as `ToolPath::tools` names it where no agent acts: `<server>/<tool>`.
    pub tool: String,
    /// Arguments, as they came.
    pub arguments: Value,
    /// The door.
    pub trigger: RunTrigger,
}

/// How far a call has come.
#[derive(Clone, Debug)]
pub struct Called {
    /// Its run: final, waiting for a person, or still under way.
    pub run: Run,
    /// Whether the tool did what it was asked; `None` before the end.
    pub ok: Option<bool>,
    /// MCP content blocks; `None` before the end.
    pub content: Option<Value>,
}

impl Runs {
    /// Calls one tool and waits for its end, for a question to a person, or for `patience` to run out.
    ///
    /// # Errors
    /// `NotFound` when the caller has no such tool; a refusal; a limit. What happens after that is a result.
    pub async fn call_once(&self, caller: &Caller, call: OneCall, patience: Duration) -> Result<Called> {
        let id = self.tool_path().start(caller, call).await?.id;
        let run = self.rested(caller, id, patience, rests).await?;
        let output = run.output.as_ref();
        let ok = output.and_then(|output| output.get("ok")).and_then(Value::as_bool);
        let content = output.and_then(|output| output.get("content")).cloned();
        Ok(Called { ok, content, run })
    }

    /// A run that the caller has started, once an event comes after which nothing more comes by itself, or `patience`
    /// runs out.
    ///
    /// # Errors
    /// When storage fails.
    pub async fn rested(
        &self,
        caller: &Caller,
        id: RunId,
        patience: Duration,
        mut rests: impl FnMut(&StoredEvent) -> Result<bool>,
    ) -> Result<Run> {
        // Whoever may start a run may see how it ends, also where a token's scopes name no more than starting it.
        let caller = &looking_on(caller);
        let mut events = std::pin::pin!(self.follow(caller, id, 0).await?);
        let rest = async {
            while let Some(event) = events.next().await {
                if rests(&event?)? {
                    break;
                }
            }
            Ok::<_, Error>(())
        };
        // What takes longer goes on; its run says how it stands.
        if let Ok(rested) = tokio::time::timeout(patience, rest).await {
            rested?;
        }
        self.find(caller, id).await
    }
}

fn looking_on(caller: &Caller) -> Caller {
    let mut caller = caller.clone();
    if let Some(scopes) = &mut caller.token_scopes {
        scopes.push(Action::RunRead.as_str().to_owned());
    }
    caller
}

impl ToolPath {
    /// Writes the run of one call; the driver takes it from there.
    ///
    /// # Errors
    /// `NotFound` when the caller has no such tool; a refusal; a limit.
    pub async fn start(&self, caller: &Caller, call: OneCall) -> Result<Run> {
        let tools = self.tools(caller, None).await;
        let tool =
            tools.into_iter().find(|tool| tool.name == call.tool).ok_or(Error::NotFound { what: "tool" })?;
        self.access.begin(caller).await?;
        // The path decides again; this spares a run that cannot come to anything.
        self.access.require_call(caller, &tool.facts(caller.agents(None)), &call.arguments).await?;
        let id = RunId::generate(&**self.store.clock());
        let mut entry = NewAuditEvent::by(
            caller,
            "run.started",
            Action::ToolInvoke.as_str(),
            format!("tool:{}", tool.path),
        )
        .on("run", id)
        .labelled(tool.classification);
        entry.run_id = Some(id);
        // The connector is named by the call below, so that a server's log shows each call once.
        let run = NewRun {
            user_id: caller.user_id(),
            actor: caller.machine(),
            token_id: caller.token_id,
            address: caller.address,
            tool_id: tool.id,
            tool_name: Some(tool.name.clone()),
            input: Some(json!({ "tool": tool.name, "arguments": call.arguments })),
            ..NewRun::new(id, RunKind::Tool, call.trigger)
        };
        self.store
            .scoped(caller.scope)
            .write(move |tx| {
                Box::pin(async move {
                    tx.audit().record(entry).await?;
                    let run = tx.runs().create(run).await?;
                    tx.notify(FeedItem {
                        organization_id: run.scope.organization_id,
                        user_id: run.user_id,
                        data: json!({ "type": "run.started", "run_id": run.id }),
                    });
                    Ok(run)
                })
            })
            .await
            .map_err(|error: conductor_storage::Error| error.into())
    }

    /// The advance function of `RunKind::Tool`, for the driver.
    #[must_use]
    pub fn advance_once(self: &Arc<Self>) -> Advance {
        let path = Arc::clone(self);
        Arc::new(move |held| {
            let path = Arc::clone(&path);
            Box::pin(async move { path.advance(held).await })
        })
    }

    async fn advance(&self, held: Held) -> Result<Next> {
        let stop = held.take_signals().await?;
        let mut journal = Journal::read(&held).await?;
        if held.run().status == RunStatus::Running && journal.is_cut() {
            // The last holder died in the middle of the call; whether it took effect is told, and it is never repeated.
            settle(&held).await?;
            journal = Journal::read(&held).await?;
            if journal.result.is_none() {
                return finish(&held, RunStatus::Interrupted, Some(interrupted())).await;
            }
        }
        if let (Some(call_id), Some((ok, content))) = (journal.call_id, journal.result) {
            return conclude(&held, call_id, ok, content).await;
        }
        if stop {
            return finish(&held, RunStatus::Cancelled, None).await;
        }
        let Some(caller) = self.behind(held.run()).await? else {
            return finish(&held, RunStatus::Failed, Some(gone())).await;
        };
        held.emit(&opening(held.run(), journal.started)).await?;
        let call = self.call(held.run(), journal.call_id, caller);
        let call_id = call.call_id;
        let begun = journal.asked || journal.delegated;
        let invoked = if begun { self.resume(&held, call).await? } else { self.invoke(&held, call).await? };
        match invoked {
            Invoked::Done { ok, content } => conclude(&held, call_id, ok, content).await,
            Invoked::Waiting(_) => {
                held.write(|tx| Box::pin(async move { tx.park("waiting for approval").await })).await?;
                Ok(Next::Parked)
            }
            Invoked::Child(_) => {
                held.write(|tx| Box::pin(async move { tx.park("waiting for the run of a call").await }))
                    .await?;
                Ok(Next::Parked)
            }
        }
    }

    /// Who asked, as they stand now.
    async fn behind(&self, run: &Run) -> Result<Option<Arc<Caller>>> {
        Ok(self.access.caller_behind(run).await?.map(Arc::new))
    }

    fn call(&self, run: &Run, opened: Option<CallId>, caller: Arc<Caller>) -> Call {
        let input = run.input.as_ref();
        Call {
            call_id: opened.unwrap_or_else(|| CallId::generate(&**self.store.clock())),
            name: run.tool_name.clone().unwrap_or_default(),
            provider_call_id: None,
            arguments: input.and_then(|input| input.get("arguments")).cloned().unwrap_or_default(),
            caller,
            agent_id: None,
            left: None,
            conversation_id: None,
            message_id: None,
            node_id: None,
            context_label: Classification::Public,
        }
    }
}

/// What the journal says of the one call.
#[derive(Default)]
struct Journal {
    started: bool,
    call_id: Option<CallId>,
    asked: bool,
    answered: bool,
    delegated: bool,
    result: Option<(bool, Value)>,
}

impl Journal {
    async fn read(held: &Held) -> Result<Self> {
        let mut journal = Self::default();
        for body in held.history().await? {
            match body {
                EventBody::RunStarted { .. } => journal.started = true,
                EventBody::ToolCalled { call_id, .. } => journal.call_id = Some(call_id),
                EventBody::ApprovalRequested { .. } => journal.asked = true,
                EventBody::ApprovalDecided { .. } => journal.answered = true,
                EventBody::ToolDelegated { .. } => journal.delegated = true,
                EventBody::ToolResult { ok, content, .. } => journal.result = Some((ok, content)),
                _ => {}
            }
        }
        Ok(journal)
    }

    /// Whether the call may have been sent without its result being known.
    fn is_cut(&self) -> bool {
        self.call_id.is_some() && self.result.is_none() && !self.delegated && (self.answered || !self.asked)
    }
}

/// Whether an event means that nothing more comes by itself.
fn rests(event: &StoredEvent) -> Result<bool> {
    let parked = event.name == "run.status"
        && matches!(event.parse()?.body, EventBody::RunStatus { status: RunStatus::Waiting, .. });
    Ok(parked || event.is_last())
}

fn opening(run: &Run, started: bool) -> Vec<EventBody> {
    let running = EventBody::RunStatus { status: RunStatus::Running, reason: None };
    if started {
        return vec![running];
    }
    let start = EventBody::RunStarted {
        kind: run.kind,
        agent_id: None,
        workflow_id: None,
        conversation_id: None,
        message_id: None,
    };
    vec![start, running]
}

/// Closes what a dead holder left open.
async fn settle(held: &Held) -> Result<()> {
    let children = held.store().unscoped(Unscoped::RunDriver).runs().open_children(held.run().id).await?;
    for child in children {
        held.settle_child(&child).await?;
    }
    Ok(())
}

/// Ends the run as its call ended.
async fn conclude(held: &Held, call_id: CallId, ok: bool, content: Value) -> Result<Next> {
    let child_id = RunId::from_uuid(call_id.as_uuid());
    let child = held.write(move |tx| Box::pin(async move { tx.tx.runs().get(child_id).await })).await?;
    let mut outcome = RunOutcome::of(child.status);
    outcome.output = Some(json!({ "ok": ok, "content": content }));
    outcome.attempts = child.attempts;
    outcome.error_code = child.error_code;
    outcome.error_text = child.error_text;
    if !ok && held.cancel().is_cancelled() && held.was_cancelled().await? {
        outcome.status = RunStatus::Cancelled;
    }
    let told = outcome.error_code.as_deref().map(|code| {
        // No run keeps the words of a call of which nothing is kept; its result has them as long as anything has.
        let detail =
            outcome.error_text.clone().unwrap_or_else(|| "The result of the call says why.".to_owned());
        problem(code, "The tool call failed", detail, false)
    });
    end(held, outcome, told).await
}

async fn finish(held: &Held, status: RunStatus, told: Option<ProblemView>) -> Result<Next> {
    let mut outcome = RunOutcome::of(status);
    outcome.attempts = 0;
    if let Some(told) = &told {
        outcome.error_code = Some(told.code.clone());
        outcome.error_text = Some(told.detail.clone());
    }
    end(held, outcome, told).await
}

async fn end(held: &Held, outcome: RunOutcome, told: Option<ProblemView>) -> Result<Next> {
    held.write(move |tx| Box::pin(async move { tx.finish(outcome, told).await })).await?;
    Ok(Next::Finished)
}

fn interrupted() -> ProblemView {
    let detail =
        "The server was restarted while this call was under way, and nothing of it was kept. Call it again.";
    problem("interrupted", "Interrupted", detail, true)
}

fn gone() -> ProblemView {
    let detail = "The account that asked for this call is no longer active here.";
    problem("not_found", "The call cannot be made", detail, false)
}
