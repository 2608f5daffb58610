//! What doors do with runs: look, follow, stop, answer.

use std::{sync::Arc, time::Duration};

use chrono::TimeDelta;
use conductor_access::{Access, Action, Facts};
use conductor_domain::{
    Caller, Classification, HumanTask, HumanTaskId, NewAuditEvent, NodeShare, Page, PageRequest, Run,
    RunFilter, RunId, RunKind, SignalKind, TaskFilter, Visibility,
};
use conductor_storage::{Notified, Store, StoredEvent, Unscoped};
use futures::{Stream, TryStreamExt};
use serde_json::json;

use crate::{Error, Result, ToolPath, approval, feed::feed, follow::follow, mask};

/// How often ended runs are looked for whose calls are to be emptied.
const FORGET: Duration = Duration::from_secs(2);

/// Runs, as doors see them.
#[derive(Clone, Debug)]
pub struct Runs {
    store: Store,
    access: Arc<Access>,
    tools: Arc<ToolPath>,
}

impl Runs {
    /// The service over this store.
    #[must_use]
    pub fn new(store: Store, access: Arc<Access>, tools: Arc<ToolPath>) -> Self {
        Self { store, access, tools }
    }

    /// Empties calls of which a policy lets nothing be kept, so long after their run ended: whoever asked for one has its
    /// answer by then. It goes on until it is aborted; several servers may do it side by side.
    pub async fn forget_bodies(self, after: TimeDelta) {
        let mut ticks = tokio::time::interval(FORGET);
        loop {
            ticks.tick().await;
            let ended_before = self.store.clock().now() - after;
            let forgotten: conductor_storage::Result<usize> = self
                .store
                .unscoped(Unscoped::RunDriver)
                .write(move |tx| Box::pin(async move { tx.quiet_calls().forget(ended_before, 100).await }))
                .await;
            if let Err(error) = forgotten {
                tracing::error!(error = &error as &dyn std::error::Error, "calls could not be emptied");
            }
        }
    }

    /// A run that the caller may see.
    ///
    /// # Errors
    /// `NotFound` when there is none.
    pub async fn find(&self, caller: &Caller, id: RunId) -> Result<Run> {
        Ok(mask::run(self.whole(caller, id).await?, caller))
    }

    async fn whole(&self, caller: &Caller, id: RunId) -> Result<Run> {
        let run =
            self.store.visible_to(caller).runs().find(id).await?.ok_or(Error::NotFound { what: "run" })?;
        self.access.require(caller, Action::RunRead, &facts(&run)).await?;
        Ok(run)
    }

    /// What each node of a run of a workflow has spent, with everything below it. The run is one that the caller was shown.
    ///
    /// # Errors
    /// When storage fails.
    pub async fn shares(&self, caller: &Caller, run: &Run) -> Result<Vec<NodeShare>> {
        Ok(self.store.visible_to(caller).runs().shares(run).await?)
    }

    /// A page of runs, newest first.
    ///
    /// # Errors
    /// When the cursor is not one of this list, or storage fails.
    pub async fn page(&self, caller: &Caller, filter: RunFilter, page: PageRequest) -> Result<Page<Run>> {
        let mut page = self.store.visible_to(caller).runs().page(filter, page).await?;
        page.items = page.items.into_iter().map(|run| mask::run(run, caller)).collect();
        Ok(page)
    }

    /// Events of a run after `after`, at most `limit`.
    ///
    /// # Errors
    /// `NotFound` when the caller may not see the run.
    pub async fn events(
        &self,
        caller: &Caller,
        id: RunId,
        after: i64,
        limit: u64,
    ) -> Result<Vec<StoredEvent>> {
        let mut masks = mask::Events::new(&self.whole(caller, id).await?, caller);
        let events = self.store.events_after(id, after, limit).await?;
        Ok(events.into_iter().map(|event| masks.show(event)).collect())
    }

    /// Events of a run from `after` on, until its last.
    ///
    /// # Errors
    /// `NotFound` when the caller may not see the run, before the first byte.
    pub async fn follow(
        &self,
        caller: &Caller,
        id: RunId,
        after: i64,
    ) -> Result<impl Stream<Item = Result<StoredEvent>> + Send + use<>> {
        let mut masks = mask::Events::new(&self.whole(caller, id).await?, caller);
        Ok(follow(&self.store, id, after).map_ok(move |event| masks.show(event)))
    }

    /// The caller's own notices: those kept after number `after`, and those from now on.
    pub fn feed(
        &self,
        caller: &Caller,
        after: Option<i64>,
    ) -> impl Stream<Item = Arc<Notified>> + Send + use<> {
        feed(&self.store, caller, after)
    }

    /// Asks a run to stop. Its holder closes what it has open and writes the end. A call inside a run has no holder of
    /// its own: it stops with the run that makes it.
    ///
    /// # Errors
    /// `NotFound` when the caller may not see the run; `Ended` when it has ended.
    pub async fn cancel(&self, caller: &Caller, id: RunId) -> Result<Run> {
        let run = self.find(caller, id).await?;
        self.access.require(caller, Action::RunCancel, &facts(&run)).await?;
        if run.status.is_final() {
            return Err(Error::Ended);
        }
        let entry =
            NewAuditEvent::by(caller, "run.cancelled", Action::RunCancel.as_str(), format!("run:{id}"))
                .on("run", id.as_uuid());
        let holder = run.parent_run_id.filter(|_| run.kind == RunKind::Tool).unwrap_or(id);
        self.store
            .scoped(run.scope)
            .write(move |tx| {
                Box::pin(async move {
                    tx.audit().record(entry).await?;
                    tx.runs().signal(holder, SignalKind::Cancel, json!({})).await
                })
            })
            .await
            .map_err(|error: conductor_storage::Error| Error::from(error))?;
        Ok(run)
    }

    /// Whether the caller may do this with a run that it sees.
    ///
    /// # Errors
    /// A refusal.
    pub async fn require(&self, caller: &Caller, action: Action, run: &Run) -> Result<()> {
        Ok(self.access.require(caller, action, &facts(run)).await?)
    }

    /// A page of questions that the caller may answer, newest first.
    ///
    /// # Errors
    /// When the cursor is not one of this list, or storage fails.
    pub async fn tasks(
        &self,
        caller: &Caller,
        filter: TaskFilter,
        page: PageRequest,
    ) -> Result<Page<HumanTask>> {
        let questions = self.store.visible_to(caller).human_tasks();
        let mut page = questions.page(filter, page).await?;
        let runs: Vec<RunId> = page.items.iter().map(|task| task.run_id).collect();
        let labels = questions.labels(&runs).await?;
        let label = |run: &RunId| labels.get(run).copied().unwrap_or(Classification::Restricted);
        page.items = page
            .items
            .into_iter()
            .map(|task| (label(&task.run_id), task))
            .map(|(label, task)| mask::task(task, label, caller))
            .collect();
        Ok(page)
    }

    /// Answers a question.
    ///
    /// # Errors
    /// `NotFound`, `UnknownDecision`, `AlreadyDecided` or `Ended`.
    pub async fn decide(
        &self,
        caller: &Caller,
        id: HumanTaskId,
        decision: String,
        comment: Option<String>,
    ) -> Result<HumanTask> {
        let questions = self.store.visible_to(caller).human_tasks();
        let task = questions.find(id).await?.ok_or(Error::NotFound { what: "task" })?;
        let label = questions.labels(&[task.run_id]).await?.remove(&task.run_id);
        let label = label.unwrap_or(Classification::Restricted);
        let shown = match approval::holds_on(&decision) {
            true => self.shown(caller, &task).await?,
            false => None,
        };
        let answer = approval::Answer { decision, comment, shown };
        let task = approval::decide(&self.store, &self.access, caller, task, label, answer).await?;
        Ok(mask::task(task, label, caller))
    }

    /// What a standing answer is bound to: the definition that was shown with the question, and who asked.
    async fn shown(&self, caller: &Caller, task: &HumanTask) -> Result<Option<approval::Shown>> {
        let Some(path) = &task.tool else { return Ok(None) };
        let agent = self.find(caller, task.run_id).await?.agent_id;
        let tools = self.tools.tools_by_id(caller, agent).await;
        let tool = tools.into_iter().find(|tool| &tool.path == path);
        Ok(tool.map(|tool| approval::Shown { tool: tool.path, hash: tool.definition_hash, agent }))
    }

    /// The tool path, for doors that call a tool by itself.
    #[must_use]
    pub fn tool_path(&self) -> &Arc<ToolPath> {
        &self.tools
    }
}

fn facts(run: &Run) -> Facts {
    // No person owns a machine's run, so those who manage the environment's runs keep it; lists show it to them alone.
    let visibility =
        if run.user_id.is_none() && run.actor.is_some() { Visibility::Team } else { Visibility::Private };
    Facts::new(format!("run:{}", run.id), run.scope)
        .owned_by(run.user_id)
        .made_by(run.actor.clone())
        .seen_by(visibility)
}
