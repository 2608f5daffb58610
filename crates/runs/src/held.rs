//! A claimed run: the right to append to it, for as long as its fence is the newest.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use chrono::{DateTime, Utc};
use conductor_domain::{
    BudgetRefusal, CallId, EffectState, EventBody, NewAuditEvent, NewUsage, ProblemView, Run, RunKind,
    RunOutcome, RunSignal, RunStatus, SignalKind, Spender,
};
use conductor_storage::{FeedItem, ScopedTx, Spending, Store, StoredEvent};
use futures::future::BoxFuture;
use serde_json::Value;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{Result, child, doubt};

/// How many events are read at once.
const PAGE: u64 = 1_000;

/// How long a claim holds, as its process knows it: a process that stood still finds it out.
#[derive(Debug)]
pub(crate) struct Lease {
    /// What each renewal gives.
    length: Duration,
    /// Milliseconds since 1970, by the clock that the database's rows are stamped with.
    until: AtomicI64,
}

impl Lease {
    pub(crate) fn new(length: Duration, until: DateTime<Utc>) -> Arc<Self> {
        Arc::new(Self { length, until: AtomicI64::new(until.timestamp_millis()) })
    }

    pub(crate) fn kept(&self, until: DateTime<Utc>) {
        self.until.fetch_max(until.timestamp_millis(), Ordering::Relaxed);
    }

    fn is_out(&self, now: DateTime<Utc>) -> bool {
        now.timestamp_millis() >= self.until.load(Ordering::Relaxed)
    }
}

/// A run in the hands of its holder.
#[derive(Clone, Debug)]
pub struct Held {
    store: Store,
    run: Arc<Run>,
    lease: Arc<Lease>,
    cancel: CancellationToken,
}

impl Held {
    pub(crate) fn new(store: Store, run: Run, lease: Arc<Lease>, cancel: CancellationToken) -> Self {
        Self { store, run: Arc::new(run), lease, cancel }
    }

    /// The run as it was claimed: its status is the one before the claim.
    #[must_use]
    pub fn run(&self) -> &Run {
        &self.run
    }

    /// Cancelled when someone stops the run, or when the lease is lost.
    #[must_use]
    pub fn cancel(&self) -> &CancellationToken {
        &self.cancel
    }

    /// The store.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Makes sure that the run is still held, before something is done that cannot be taken back: a process that stood still
    /// may have lost it to another since it last wrote. A lease that is only late is renewed.
    ///
    /// # Errors
    /// When the lease was lost, or storage fails.
    pub async fn ensure_held(&self) -> Result<()> {
        let now = self.store.clock().now();
        if !self.lease.is_out(now) {
            return Ok(());
        }
        let (id, fence, until) = (self.run.id, self.run.fencing_token, now + self.lease.length);
        self.write(move |held| Box::pin(async move { held.tx.runs().keep(id, fence, until).await })).await?;
        self.lease.kept(until);
        Ok(())
    }

    /// Appends events. What is answered is on disk, and listeners have it.
    ///
    /// # Errors
    /// When the lease was lost, or storage fails.
    pub async fn emit(&self, bodies: &[EventBody]) -> Result<Vec<StoredEvent>> {
        Ok(self.store.append(self.run.id, self.run.fencing_token, bodies).await?)
    }

    /// Appends events together with other writes, in one transaction.
    ///
    /// # Errors
    /// When the lease was lost, or storage fails; then nothing was written.
    pub async fn write<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: for<'t> FnOnce(HeldTx<'t>) -> BoxFuture<'t, conductor_storage::Result<T>> + Send + 'static,
    {
        let run = Arc::clone(&self.run);
        Ok(self.store.scoped(self.run.scope).write(move |tx| work(HeldTx { tx, run })).await?)
    }

    /// Who spends what the calls of this run cost.
    #[must_use]
    pub fn spender(&self) -> Spender {
        spender(&self.run)
    }

    /// Everything the run has written so far.
    ///
    /// # Errors
    /// When storage fails.
    pub async fn history(&self) -> Result<Vec<EventBody>> {
        let (mut after, mut bodies) = (0, Vec::new());
        loop {
            let page = self.store.events_after(self.run.id, after, PAGE).await?;
            let Some(last) = page.last() else { return Ok(bodies) };
            after = last.seq;
            for event in &page {
                bodies.push(event.parse()?.body);
            }
        }
    }

    /// What the journal says that a call answered, and whether that was well; the last word where there are several.
    ///
    /// # Errors
    /// When storage fails.
    pub async fn answer_of(&self, call: CallId) -> Result<Option<(bool, Value)>> {
        let (mut after, mut answer) = (0, None);
        loop {
            let page = self.store.outlines_after(self.run.id, after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = last.seq;
            for event in page.iter().filter(|event| event.name == "tool.result") {
                if let EventBody::ToolResult { call_id, ok, content, .. } = event.parse()?.body
                    && call_id == call
                {
                    answer = Some((ok, content));
                }
            }
        }
        if let Some((_, content)) = &mut answer {
            self.store.fetch(self.run.id, content).await?;
        }
        Ok(answer)
    }

    /// Whether someone has asked the run to stop since it was claimed.
    ///
    /// # Errors
    /// When storage fails.
    pub async fn was_cancelled(&self) -> Result<bool> {
        Ok(self.store.unscoped(conductor_storage::Unscoped::RunDriver).runs().has_cancel(self.run.id).await?)
    }

    /// Ends a child that a dead holder left open. Whether its effect happened is not known, and is never tried again; a
    /// person is asked.
    ///
    /// # Errors
    /// When the lease was lost, or storage fails.
    pub async fn settle_child(&self, child: &Run) -> Result<()> {
        let (parent, child_id, fence, call_id) = (self.run.id, child.id, child.fencing_token, child.call_id);
        let tool = child.tool_name.clone();
        self.write(move |held| {
            Box::pin(async move {
                let mut outcome = RunOutcome::of(RunStatus::Interrupted);
                outcome.error_code = Some("interrupted".to_owned());
                if let Some(call_id) = call_id {
                    let effects = held.tx.effects();
                    if effects.find(parent, call_id).await? == Some(EffectState::Prepared) {
                        effects.settle(parent, call_id, EffectState::Ambiguous).await?;
                        doubt::ask(&held, call_id, tool).await?;
                        outcome.error_text =
                            Some("the call was sent, and whether it took effect is not known".to_owned());
                        held.emit(&[EventBody::ToolResult {
                            call_id,
                            ok: false,
                            content: serde_json::json!([{
                                "type": "text",
                                "text": "The server was restarted while this call was under way. It may or may not have taken effect.",
                            }]),
                            duration_ms: 0,
                            cached: false,
                            attempts: 1,
                            ledger: Some(EffectState::Ambiguous.as_str().to_owned()),
                            data_classification: None,
                            findings: Vec::new(),
                        }])
                        .await?;
                    }
                }
                held.tx.runs().finish(child_id, fence, outcome).await
            })
        })
        .await
    }

    /// Takes the run's open signals; whether one of them says stop.
    ///
    /// # Errors
    /// When storage fails.
    pub async fn take_signals(&self) -> Result<bool> {
        let signals = self.hear(Vec::new()).await?;
        Ok(signals.iter().any(|signal| signal.kind == SignalKind::Cancel))
    }

    /// Takes the run's open signals, oldest first, after appending what is to stand before them. Events that the run was
    /// told are in its journal once they are taken, so that a crash loses none.
    ///
    /// # Errors
    /// When the lease was lost, or storage fails; then every signal is still open.
    pub async fn hear(&self, before: Vec<EventBody>) -> Result<Vec<RunSignal>> {
        let id = self.run.id;
        self.write(move |held| {
            Box::pin(async move {
                let signals = held.tx.runs().take_signals(id).await?;
                let mut events = before;
                events.extend(signals.iter().filter_map(RunSignal::told));
                if !events.is_empty() {
                    held.emit(&events).await?;
                }
                Ok(signals)
            })
        })
        .await
    }

    /// Whether a signal of the run is open, which is a read: most runs are sent none.
    ///
    /// # Errors
    /// When storage fails.
    pub async fn is_signalled(&self) -> Result<bool> {
        let runs = self.store.unscoped(conductor_storage::Unscoped::RunDriver).runs();
        Ok(runs.is_signalled(self.run.id).await?)
    }

    /// Gives the run back as it stands, so that another holder takes it on at once.
    ///
    /// # Errors
    /// When storage fails.
    pub async fn hand_back(&self) -> Result<()> {
        let (id, fence) = (self.run.id, self.run.fencing_token);
        let back = self
            .store
            .unscoped(conductor_storage::Unscoped::RunDriver)
            .write(move |tx| Box::pin(async move { tx.runs().hand_back(id, fence).await }));
        Ok(back.await?)
    }
}

fn spender(run: &Run) -> Spender {
    Spender {
        scope: run.scope,
        agent_id: run.agent_id,
        user_id: run.user_id,
        root_run_id: Some(run.root_run_id),
    }
}

/// A transaction of a run's holder.
#[derive(Clone, Debug)]
pub struct HeldTx<'t> {
    /// The tenant's rows.
    pub tx: ScopedTx<'t>,
    run: Arc<Run>,
}

impl<'t> HeldTx<'t> {
    /// The transaction that has written a run: until it is committed nobody else can hold the run.
    #[must_use]
    pub fn of_new(tx: ScopedTx<'t>, run: Run) -> Self {
        Self { tx, run: Arc::new(run) }
    }

    /// Appends events.
    ///
    /// # Errors
    /// `Fenced` when the lease was lost.
    pub async fn emit(&self, bodies: &[EventBody]) -> conductor_storage::Result<()> {
        self.tx.journal(self.run.id, self.run.fencing_token).append(bodies).await?;
        Ok(())
    }

    /// Reserves what a call may cost at every budget of whoever spends. It comes before anything else of the
    /// transaction, as the ledger asks.
    ///
    /// # Errors
    /// When the database fails; that a budget refuses is an answer.
    pub async fn reserve(
        &self,
        call_id: Uuid,
        nanos: i64,
        currency: &str,
    ) -> conductor_storage::Result<Result<(), Box<BudgetRefusal>>> {
        let spender = spender(&self.run);
        let spending = Spending { call_id, run_id: self.run.id, spender: &spender, nanos, currency };
        self.tx.budget_ledger().reserve(spending).await
    }

    /// Charges what a call has cost, in place of what was reserved for it. It comes before anything else of the
    /// transaction, as the ledger asks.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn settle(&self, call_id: Uuid, nanos: i64, currency: &str) -> conductor_storage::Result<()> {
        let spender = spender(&self.run);
        let spending = Spending { call_id, run_id: self.run.id, spender: &spender, nanos, currency };
        self.tx.budget_ledger().settle(spending).await
    }

    /// Writes what a call took into the usage ledger, and adds it to the runs of workflows that this run is part of. It
    /// comes after the charge and before everything else of the transaction, as the rows above are written first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn used(&self, usage: NewUsage) -> conductor_storage::Result<()> {
        let is_part = self.run.parent_run_id.is_some() || self.run.kind == RunKind::Workflow;
        if is_part {
            self.tx.runs().spend(self.run.id, &usage).await?;
        }
        self.tx.usage().record(usage).await
    }

    /// Why the run may not make a call that costs something or takes tokens: a workflow that it is part of says how much
    /// one run may take, and that is taken. `costs_in` is the call's currency where it costs anything.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn exceeded(
        &self,
        takes_tokens: bool,
        costs_in: Option<&str>,
    ) -> conductor_storage::Result<Option<Box<BudgetRefusal>>> {
        self.tx.runs().exceeded(self.run.id, takes_tokens, costs_in).await
    }

    /// Parks the run until a signal comes.
    ///
    /// # Errors
    /// `Fenced` when the lease was lost.
    pub async fn park(&self, reason: &str) -> conductor_storage::Result<()> {
        self.park_until(reason, None).await
    }

    /// Parks the run until a signal comes, or a moment.
    ///
    /// # Errors
    /// `Fenced` when the lease was lost.
    pub async fn park_until(
        &self,
        reason: &str,
        wake_at: Option<DateTime<Utc>>,
    ) -> conductor_storage::Result<()> {
        let status = RunStatus::Waiting;
        self.emit(&[EventBody::RunStatus { status, reason: Some(reason.to_owned()) }]).await?;
        self.tx.runs().park(self.run.id, self.run.fencing_token, wake_at).await
    }

    /// The run that is held.
    #[must_use]
    pub fn run(&self) -> &Run {
        &self.run
    }

    /// Ends the run: the last event, the row, its open questions, what its calls had started, an audit entry, a notice
    /// for feeds, and a signal to the run that waits for it.
    ///
    /// # Errors
    /// `Fenced` when the lease was lost.
    pub async fn finish(
        &self,
        outcome: RunOutcome,
        error: Option<ProblemView>,
    ) -> conductor_storage::Result<()> {
        self.finish_after(Vec::new(), outcome, error).await
    }

    /// The same, after events that have not been written yet.
    ///
    /// # Errors
    /// `Fenced` when the lease was lost.
    pub async fn finish_after(
        &self,
        mut events: Vec<EventBody>,
        outcome: RunOutcome,
        error: Option<ProblemView>,
    ) -> conductor_storage::Result<()> {
        let (id, status) = (self.run.id, outcome.status);
        // What is still held for a call that failed, or died with its server, is free again.
        self.tx.budget_ledger().release_run(id).await?;
        events.push(EventBody::RunFinished { status, output: outcome.output.clone(), error });
        self.emit(&events).await?;
        self.tx.human_tasks().expire_of_run(id).await?;
        child::part(self, &self.run, status).await?;
        self.close(outcome).await
    }

    /// Ends a run in the transaction that has written it: it has spent nothing, asked nobody and called nothing.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn finish_at_once(
        &self,
        mut events: Vec<EventBody>,
        outcome: RunOutcome,
        error: Option<ProblemView>,
    ) -> conductor_storage::Result<()> {
        let status = outcome.status;
        events.push(EventBody::RunFinished { status, output: outcome.output.clone(), error });
        self.emit(&events).await?;
        self.close(outcome).await
    }

    /// The row, the audit entry and the notice of the end.
    async fn close(&self, outcome: RunOutcome) -> conductor_storage::Result<()> {
        let (id, status) = (self.run.id, outcome.status);
        self.tx.audit().record(self.entry("run.finished", status)).await?;
        self.tx.notify(FeedItem {
            organization_id: self.run.scope.organization_id,
            user_id: self.run.user_id,
            data: serde_json::json!({
                "type": "run.finished",
                "run_id": id,
                "status": status,
                "conversation_id": self.run.conversation_id,
                "message_id": self.run.message_id,
            }),
        });
        self.tx.runs().finish(id, self.run.fencing_token, outcome).await
    }

    fn entry(&self, event_type: &str, status: RunStatus) -> NewAuditEvent {
        let run = &self.run;
        NewAuditEvent {
            event_type: event_type.to_owned(),
            subject: match (run.user_id, &run.actor) {
                (Some(user), _) => format!("user:{user}"),
                (None, Some(actor)) => actor.clone(),
                (None, None) => "system".to_owned(),
            },
            user_id: run.user_id,
            action: format!("run.{}", run.kind),
            target: format!("run:{}", run.id),
            allowed: true,
            rule_id: None,
            resource_type: Some("run".to_owned()),
            resource_id: Some(run.id.as_uuid()),
            data_classification: None,
            address: None,
            denial_reason: None,
            run_id: Some(run.id),
            context: serde_json::json!({}),
            personal: conductor_domain::Personal::new(),
            data: serde_json::json!({ "status": status }),
        }
    }
}
