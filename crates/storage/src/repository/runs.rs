//! Runs: as their tenant writes them, as callers see them, as the driver claims them.

mod spending;

use chrono::{DateTime, Utc};
use conductor_domain::{
    Caller, Classification, NewRun, Page, PageRequest, Run, RunFilter, RunId, RunKind, RunLimits, RunOutcome,
    RunSignal, RunStatus, Scope, SignalKind, WorkflowId,
};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::{NotSet, Set},
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, ExprTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect, Value,
    prelude::Expr,
};

use super::{
    convert::{after_id, word},
    quiet_calls::NOT_KEPT_OF,
};
use crate::{
    Error, Result, ScopedTx, View,
    conn::{Conn, Fetch},
    entity::{run, run_signal, workflow},
    hub::Notice,
    tx::Tx,
};

/// No tree of runs is deeper; the engine's own bound is far below.
const MAX_TREE: usize = 1_000;
/// How many leases one statement keeps; databases take so many values and no more.
const RENEWED_AT_ONCE: usize = 500;

/// Runs of one tenant, inside a write.
#[derive(Debug)]
pub struct Runs<'t> {
    tx: &'t Tx,
    scope: Scope,
}

impl<'t> Runs<'t> {
    pub(crate) fn new(tx: ScopedTx<'t>) -> Self {
        Self { tx: tx.tx, scope: tx.scope }
    }

    /// Writes a pending run and tells the driver once it is committed.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn create(&self, new: NewRun) -> Result<Run> {
        let pending = self.insert(new, RunStatus::Pending).await?;
        self.tx.notify(Notice::Signal(pending.id));
        Ok(pending)
    }

    /// Writes a run that whoever writes it executes, as the holder of a parent does its calls; no driver is told.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn create_begun(&self, new: NewRun) -> Result<Run> {
        self.insert(new, RunStatus::Running).await
    }

    async fn insert(&self, new: NewRun, status: RunStatus) -> Result<Run> {
        let now = self.tx.clock().now();
        let began = new.began_at.unwrap_or(now);
        let id = new.id.as_uuid();
        let row = run::ActiveModel {
            id: Set(id),
            organization_id: Set(self.scope.organization_id.as_uuid()),
            environment_id: Set(self.scope.environment_id.as_uuid()),
            kind: Set(new.kind.as_str().to_owned()),
            status: Set(status.as_str().to_owned()),
            parent_run_id: Set(new.parent_run_id.map(Into::into)),
            root_run_id: Set(new.root_run_id.map_or(id, Into::into)),
            retry_of: Set(new.retry_of.map(Into::into)),
            user_id: Set(new.user_id.map(Into::into)),
            actor: Set(new.actor),
            token_id: Set(new.token_id.map(Into::into)),
            address: Set(new.address.map(|address| address.to_string())),
            agent_id: Set(new.agent_id.map(Into::into)),
            workflow_id: Set(new.workflow_id.map(Into::into)),
            workflow_version: Set(new.workflow_version),
            node_id: Set(new.node_id),
            call_id: Set(new.call_id.map(Into::into)),
            tool_id: Set(new.tool_id.map(Into::into)),
            connector_id: Set(new.connector_id.map(Into::into)),
            tool_name: Set(new.tool_name),
            resource_uri: Set(None),
            conversation_id: Set(new.conversation_id.map(Into::into)),
            message_id: Set(new.message_id.map(Into::into)),
            trigger: Set(new.trigger.as_str().to_owned()),
            input_json: Set(new.input),
            output_json: Set(None),
            error_code: Set(None),
            error_text: Set(None),
            model_name: Set(None),
            input_tokens: Set(0),
            output_tokens: Set(0),
            cost_nanos: Set(0),
            currency: Set("USD".to_owned()),
            attempts: Set(0),
            last_seq: Set(0),
            lease_owner: Set(None),
            lease_until: Set(None),
            wake_at: Set(None),
            fencing_token: Set(0),
            data_classification: Set(new.data_classification.as_str().to_owned()),
            in_line: Set(new.in_line),
            queued_at: Set(began),
            started_at: Set((status == RunStatus::Running).then_some(began)),
            ended_at: Set(None),
            duration_ms: Set(None),
            waited_ms: Set(None),
            trace_id: Set(new.trace_id),
            created_at: Set(now),
        };
        let run: Run = row.insert(&self.tx.conn()).await?.try_into()?;
        if new.limits != RunLimits::default() {
            self.limit(run.id, new.limits).await?;
        }
        Ok(run)
    }

    /// A run of this tenant.
    ///
    /// # Errors
    /// `NotFound` when this tenant has no such run.
    pub async fn get(&self, id: RunId) -> Result<Run> {
        self.owned(id).one(&self.tx.conn()).await?.ok_or(Error::NotFound)?.try_into()
    }

    /// A run of this tenant, where there is one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find(&self, id: RunId) -> Result<Option<Run>> {
        self.owned(id).one(&self.tx.conn()).await?.map(Run::try_from).transpose()
    }

    /// Parks an open call until the run that it goes on as has ended, and keeps other writers of the call out until the
    /// transaction ends. Parking it again changes nothing. `None` where the call has ended.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn park_call(&self, call: RunId) -> Result<Option<Run>> {
        let parked = run::Entity::update_many()
            .col_expr(run::Column::Status, Expr::value(RunStatus::Waiting.as_str()))
            .filter(self.held(call, 0))
            .filter(run::Column::Kind.eq("tool"))
            .exec(&self.tx.conn())
            .await?;
        if parked.rows_affected == 0 { Ok(None) } else { self.find(call).await }
    }

    /// The run that a call goes on as, where it has one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn child_of_call(&self, call: RunId) -> Result<Option<Run>> {
        let row = self.children(call).order_by_asc(run::Column::Id).one(&self.tx.conn()).await?;
        row.map(Run::try_from).transpose()
    }

    /// The calls that a run has made, and of each whether it waits for a run of its own.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn calls(&self, id: RunId) -> Result<Vec<(RunId, bool)>> {
        let calls: Vec<(sea_orm::prelude::Uuid, String)> = self
            .children(id)
            .filter(run::Column::Kind.eq("tool"))
            .select_only()
            .columns([run::Column::Id, run::Column::Status])
            .into_tuple()
            .all(&self.tx.conn())
            .await?;
        let is_parked = |status: &str| status == RunStatus::Waiting.as_str();
        Ok(calls.into_iter().map(|(id, status)| (id.into(), is_parked(&status))).collect())
    }

    /// Runs that a call goes on as and that have not ended.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn open_below(&self, call: RunId) -> Result<Vec<RunId>> {
        ids(self.children(call).filter(run::open()), self.tx).await
    }

    /// The runs above a run, nearest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn above(&self, id: RunId) -> Result<Vec<Run>> {
        let mut above: Vec<Run> = Vec::new();
        let mut next = self.find(id).await?.and_then(|run| run.parent_run_id);
        while let Some(id) = next.take().filter(|_| above.len() < MAX_TREE) {
            if let Some(run) = self.find(id).await? {
                next = run.parent_run_id;
                above.push(run);
            }
        }
        Ok(above)
    }

    /// Lets a run wait whose lease the writer holds, and gives the lease up: until a signal comes, or until a moment.
    ///
    /// # Errors
    /// `Fenced` when the lease went to another holder.
    pub async fn park(&self, id: RunId, fence: i64, wake_at: Option<DateTime<Utc>>) -> Result<()> {
        let result = run::Entity::update_many()
            .col_expr(run::Column::Status, Expr::value(RunStatus::Waiting.as_str()))
            .col_expr(run::Column::LeaseOwner, Expr::value(None::<String>))
            .col_expr(run::Column::LeaseUntil, Expr::value(None::<DateTime<Utc>>))
            .col_expr(run::Column::WakeAt, Expr::value(wake_at))
            .filter(self.held(id, fence))
            .exec(&self.tx.conn())
            .await?;
        if result.rows_affected == 0 { Err(Error::Fenced) } else { Ok(()) }
    }

    /// Keeps the lease of one run for whoever holds it, also where it is out and nobody else has come.
    ///
    /// # Errors
    /// `Fenced` when the lease went to another holder.
    pub async fn keep(&self, id: RunId, fence: i64, until: DateTime<Utc>) -> Result<()> {
        let result = run::Entity::update_many()
            .col_expr(run::Column::LeaseUntil, Expr::value(until))
            .filter(self.held(id, fence))
            .exec(&self.tx.conn())
            .await?;
        if result.rows_affected == 0 { Err(Error::Fenced) } else { Ok(()) }
    }

    /// Ends a run whose lease the writer holds. Child runs pass fence 0, their parent's holder writes them.
    ///
    /// # Errors
    /// `Fenced` when the lease went to another holder.
    pub async fn finish(&self, id: RunId, fence: i64, outcome: RunOutcome) -> Result<()> {
        let now = self.tx.clock().now();
        let row =
            self.owned(id).filter(self.held(id, fence)).one(&self.tx.conn()).await?.ok_or(Error::Fenced)?;
        let started = row.started_at.unwrap_or(now);
        let given: Classification = word("runs.data_classification", &row.data_classification)?;
        let ended = run::ActiveModel {
            status: Set(outcome.status.as_str().to_owned()),
            output_json: Set(outcome.output),
            error_code: Set(outcome.error_code),
            error_text: Set(outcome.error_text),
            model_name: Set(outcome.model_name),
            currency: outcome.currency.map_or(NotSet, Set),
            attempts: Set(outcome.attempts),
            data_classification: Set(given.max(outcome.data_classification).as_str().to_owned()),
            ended_at: Set(Some(now)),
            duration_ms: Set(Some((now - started).num_milliseconds())),
            lease_owner: Set(None),
            lease_until: Set(None),
            ..Default::default()
        };
        // Added and not set: runs below may spend while this is written, and after it.
        let add = |column: run::Column, by: i64| Expr::col(column).add(by);
        let result = run::Entity::update_many()
            .set(ended)
            .col_expr(run::Column::InputTokens, add(run::Column::InputTokens, outcome.input_tokens))
            .col_expr(run::Column::OutputTokens, add(run::Column::OutputTokens, outcome.output_tokens))
            .col_expr(run::Column::CostNanos, add(run::Column::CostNanos, outcome.cost_nanos))
            .filter(self.held(id, fence))
            .exec(&self.tx.conn())
            .await?;
        if result.rows_affected == 0 { Err(Error::Fenced) } else { Ok(()) }
    }

    /// Notes that something of this label came into a run.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn raise_label(&self, id: RunId, label: Classification) -> Result<()> {
        let lower: Vec<&str> = label.below().map(Classification::as_str).collect();
        if !lower.is_empty() {
            run::Entity::update_many()
                .col_expr(run::Column::DataClassification, Expr::value(label.as_str()))
                .filter(run::Column::Id.eq(id.as_uuid()))
                .filter(run::Column::OrganizationId.eq(self.scope.organization_id.as_uuid()))
                .filter(run::Column::DataClassification.is_in(lower))
                .exec(&self.tx.conn())
                .await?;
        }
        Ok(())
    }

    /// Leaves a signal for the run's holder and wakes it once this is committed.
    ///
    /// # Errors
    /// `NotFound` when this tenant has no such run.
    pub async fn signal(&self, id: RunId, kind: SignalKind, data: serde_json::Value) -> Result<()> {
        self.owned(id).one(&self.tx.conn()).await?.ok_or(Error::NotFound)?;
        let signal = run_signal::ActiveModel {
            id: Set(self.tx.clock().uuid_v7()),
            run_id: Set(id.as_uuid()),
            kind: Set(kind.as_str().to_owned()),
            data: Set(data),
            created_at: Set(self.tx.clock().now()),
            consumed_at: Set(None),
        };
        run_signal::Entity::insert(signal).exec_without_returning(&self.tx.conn()).await?;
        self.tx.notify(Notice::Signal(id));
        Ok(())
    }

    /// Runs of a workflow in this tenant that are open and that a door started, oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn open_of(&self, workflow: WorkflowId) -> Result<Vec<RunId>> {
        let ids: Vec<sea_orm::prelude::Uuid> = run::Entity::find()
            .select_only()
            .column(run::Column::Id)
            .filter(run::Column::WorkflowId.eq(workflow.as_uuid()))
            .filter(run::Column::Kind.eq(RunKind::Workflow.as_str()))
            .filter(run::Column::ParentRunId.is_null())
            .filter(run::Column::OrganizationId.eq(self.scope.organization_id.as_uuid()))
            .filter(run::Column::EnvironmentId.eq(self.scope.environment_id.as_uuid()))
            .filter(run::open())
            .order_by_asc(run::Column::Id)
            .into_tuple()
            .all(&self.tx.conn())
            .await?;
        Ok(ids.into_iter().map(RunId::from).collect())
    }

    /// How many runs of a workflow in this tenant wait in line.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn in_line_of(&self, workflow: WorkflowId) -> Result<u64> {
        let count = run::Entity::find()
            .filter(run::Column::WorkflowId.eq(workflow.as_uuid()))
            .filter(run::Column::ParentRunId.is_null())
            .filter(run::Column::OrganizationId.eq(self.scope.organization_id.as_uuid()))
            .filter(run::Column::EnvironmentId.eq(self.scope.environment_id.as_uuid()))
            .filter(run::open())
            .filter(run::Column::Status.eq(RunStatus::Pending.as_str()))
            .filter(run::Column::InLine.eq(true))
            .count(&self.tx.conn())
            .await?;
        Ok(count)
    }

    /// Takes a run's open signals, oldest first. That it is to stop stays open until it has ended: whoever listens for it
    /// finds it, in whatever order, and after a crash.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn take_signals(&self, id: RunId) -> Result<Vec<RunSignal>> {
        let rows = run_signal::Entity::find()
            .filter(run_signal::Column::RunId.eq(id.as_uuid()))
            .filter(run_signal::Column::ConsumedAt.is_null())
            .order_by_asc(run_signal::Column::Id)
            .all(&self.tx.conn())
            .await?;
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let now = self.tx.clock().now();
        run_signal::Entity::update_many()
            .col_expr(run_signal::Column::ConsumedAt, Expr::value(now))
            .filter(run_signal::Column::Id.is_in(rows.iter().map(|row| row.id)))
            .filter(run_signal::Column::Kind.ne(SignalKind::Cancel.as_str()))
            .exec(&self.tx.conn())
            .await?;
        rows.into_iter()
            .map(|row| Ok(RunSignal { kind: word("run_signals.kind", &row.kind)?, data: row.data }))
            .collect()
    }

    /// How many runs a run has started.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn count_children(&self, id: RunId) -> Result<i64> {
        let count = run::Entity::find()
            .filter(run::Column::ParentRunId.eq(id.as_uuid()))
            .filter(run::Column::OrganizationId.eq(self.scope.organization_id.as_uuid()))
            .count(&self.tx.conn())
            .await?;
        Ok(i64::try_from(count).unwrap_or(i64::MAX))
    }

    fn children(&self, id: RunId) -> sea_orm::Select<run::Entity> {
        run::Entity::find()
            .filter(run::Column::ParentRunId.eq(id.as_uuid()))
            .filter(run::Column::OrganizationId.eq(self.scope.organization_id.as_uuid()))
    }

    fn owned(&self, id: RunId) -> sea_orm::Select<run::Entity> {
        run::Entity::find_by_id(id.as_uuid())
            .filter(run::Column::OrganizationId.eq(self.scope.organization_id.as_uuid()))
            .filter(run::Column::EnvironmentId.eq(self.scope.environment_id.as_uuid()))
    }

    fn held(&self, id: RunId, fence: i64) -> Condition {
        Condition::all()
            .add(run::Column::Id.eq(id.as_uuid()))
            .add(run::Column::OrganizationId.eq(self.scope.organization_id.as_uuid()))
            .add(run::Column::FencingToken.eq(fence))
            .add(run::open())
    }
}

/// Runs as a caller sees them: its own, and all of the organisation's for its administrators.
#[derive(Debug)]
pub struct VisibleRuns<'a> {
    view: View<'a>,
}

impl<'a> VisibleRuns<'a> {
    pub(crate) fn new(view: View<'a>) -> Self {
        Self { view }
    }

    /// A run, if the caller may see it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find(&self, id: RunId) -> Result<Option<Run>> {
        self.visible()
            .filter(run::Column::Id.eq(id.as_uuid()))
            .row(self.view.conn)
            .await?
            .map(Run::try_from)
            .transpose()
    }

    /// Whether a policy lets nothing be kept of calls that the run has made, be they emptied already or soon.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn kept_nothing_of_calls(&self, id: RunId) -> Result<bool> {
        let conn = self.view.conn;
        let row = conn.query_one_raw(conn.statement(NOT_KEPT_OF, [Value::from(id.as_uuid())])).await?;
        Ok(row.is_some())
    }

    /// A page of runs, newest first.
    ///
    /// # Errors
    /// `BadCursor` when the cursor is not one of this list.
    pub async fn page(&self, filter: RunFilter, page: PageRequest) -> Result<Page<Run>> {
        let mut select = self.visible();
        if let Some(after) = after_id(&page)? {
            select = select.filter(run::Column::Id.lt(after));
        }
        if let Some(parent) = filter.parent_run_id {
            select = select.filter(run::Column::ParentRunId.eq(parent.as_uuid()));
        }
        if let Some(connector) = filter.connector_id {
            select = select.filter(run::Column::ConnectorId.eq(connector.as_uuid()));
        }
        if let Some(agent) = filter.agent_id {
            select = select.filter(run::Column::AgentId.eq(agent.as_uuid()));
        }
        if let Some(workflow) = filter.workflow_id {
            select = select.filter(run::Column::WorkflowId.eq(workflow.as_uuid()));
        }
        if let Some(conversation) = filter.conversation_id {
            select = select.filter(run::Column::ConversationId.eq(conversation.as_uuid()));
        }
        if let Some(kind) = filter.kind {
            select = select.filter(run::Column::Kind.eq(kind.as_str()));
        }
        if let Some(status) = filter.status {
            select = select.filter(run::Column::Status.eq(status.as_str()));
        }
        let rows = select.order_by_desc(run::Column::Id).limit(page.limit + 1).rows(self.view.conn).await?;
        let rows = rows.into_iter().map(Run::try_from).collect::<Result<Vec<_>>>()?;
        Ok(Page::cut(rows, page.limit, |run| run.id.to_string()))
    }

    fn visible(&self) -> sea_orm::Select<run::Entity> {
        let caller = self.view.caller;
        let mut own = Condition::any();
        if let Some(user) = caller.user_id() {
            own = own.add(run::Column::UserId.eq(user.as_uuid()));
        }
        if let Some(machine) = caller.machine() {
            own = own.add(run::Column::Actor.eq(machine));
        }
        if sees_all(caller) {
            own = own.add(run::Column::UserId.is_not_null()).add(run::Column::UserId.is_null());
        }
        run::Entity::find()
            .filter(run::Column::OrganizationId.eq(caller.scope.organization_id.as_uuid()))
            .filter(run::Column::EnvironmentId.eq(caller.scope.environment_id.as_uuid()))
            .filter(own)
    }
}

/// Whether a caller sees everybody's runs in its organisation.
pub(super) fn sees_all(caller: &Caller) -> bool {
    caller.has_role("organization:owner") || caller.has_role("organization:admin")
}

/// Every tenant's runs, as the driver needs them.
#[derive(Debug)]
pub struct DriverRuns<'a> {
    conn: Conn<'a>,
    tx: Option<&'a Tx>,
}

impl<'a> DriverRuns<'a> {
    pub(crate) fn reading(conn: Conn<'a>) -> Self {
        Self { conn, tx: None }
    }

    pub(crate) fn writing(tx: &'a Tx) -> Self {
        Self { conn: tx.conn(), tx: Some(tx) }
    }

    /// Runs that nobody holds and that have something to do: pending ones whose turn it is, running ones whose lease ran out, waiting
    /// ones with an open signal or whose time has come. A call inside a run belongs to that run's holder and is left out.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn claimable(&self, now: DateTime<Utc>, limit: u64) -> Result<Vec<RunId>> {
        let free =
            Condition::any().add(run::Column::LeaseUntil.is_null()).add(run::Column::LeaseUntil.lt(now));
        let signalled = run_signal::Entity::find()
            .select_only()
            .column(run_signal::Column::RunId)
            .filter(run_signal::Column::ConsumedAt.is_null());
        let awaited = Condition::any()
            .add(run::Column::Id.in_subquery(sea_orm::QueryTrait::into_query(signalled)))
            .add(run::Column::WakeAt.lte(now));
        let due = Condition::any()
            .add(run::Column::Status.is_in(["pending", "running"]))
            .add(Condition::all().add(run::Column::Status.eq("waiting")).add(awaited));
        let ids: Vec<sea_orm::prelude::Uuid> = run::Entity::find()
            .select_only()
            .column(run::Column::Id)
            .filter(run::open())
            .filter(free)
            .filter(due)
            .filter(run::in_turn())
            .filter(claimable_kind())
            .order_by_asc(run::Column::Id)
            .limit(limit)
            .into_tuple()
            .all(&self.conn)
            .await?;
        Ok(ids.into_iter().map(RunId::from).collect())
    }

    /// When the next waiting run is to be woken that is not due yet.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn next_wake(&self, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>> {
        let next: Option<Option<DateTime<Utc>>> = run::Entity::find()
            .select_only()
            .column_as(run::Column::WakeAt.min(), "wake_at")
            .filter(run::parked())
            .filter(run::Column::WakeAt.gt(now))
            .into_tuple()
            .one(&self.conn)
            .await?;
        Ok(next.flatten())
    }

    /// Frees every lease, for a single node that has just started and so knows that no other holder lives.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn free_all(&self) -> Result<u64> {
        let result = run::Entity::update_many()
            .col_expr(run::Column::LeaseUntil, Expr::value(None::<DateTime<Utc>>))
            .filter(run::open())
            .exec(&self.conn)
            .await?;
        Ok(result.rows_affected)
    }

    /// Takes a free run: a new fencing token keeps the last holder out. `None` when someone else was first, when it waits
    /// in line, or when it is a call inside a run, which that run's holder writes.
    /// The run comes back with the status it had before, so that the new holder knows what it takes over.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn claim(
        &self,
        id: RunId,
        owner: &str,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<Option<Run>> {
        let Some(before) = run::Entity::find_by_id(id.as_uuid()).one(&self.conn).await? else {
            return Ok(None);
        };
        let free =
            Condition::any().add(run::Column::LeaseUntil.is_null()).add(run::Column::LeaseUntil.lt(now));
        if before.in_line && before.status == RunStatus::Pending.as_str() {
            // Of two that are claimed at once from one line, one sees that the other has begun.
            let _: Option<sea_orm::prelude::Uuid> = workflow::Entity::find()
                .select_only()
                .column(workflow::Column::Id)
                .filter(workflow::Column::Id.eq(before.workflow_id))
                .lock_exclusive()
                .into_tuple()
                .one(&self.conn)
                .await?;
        }
        let taken = run::Entity::update_many()
            .col_expr(run::Column::LeaseOwner, Expr::value(owner))
            .col_expr(run::Column::LeaseUntil, Expr::value(until))
            .col_expr(run::Column::FencingToken, Expr::value(before.fencing_token + 1))
            .col_expr(run::Column::Status, Expr::value("running"))
            .col_expr(run::Column::StartedAt, Expr::value(before.started_at.unwrap_or(now)))
            .filter(run::Column::Id.eq(id.as_uuid()))
            .filter(run::Column::FencingToken.eq(before.fencing_token))
            .filter(run::open())
            .filter(run::in_turn())
            .filter(claimable_kind())
            .filter(free)
            .exec(&self.conn)
            .await?;
        if taken.rows_affected == 0 {
            return Ok(None);
        }
        let mut run = Run::try_from(before)?;
        run.fencing_token += 1;
        Ok(Some(run))
    }

    /// Keeps the leases of what one holder works on, and tells which of them it still has.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn renew(&self, owner: &str, ids: &[RunId], until: DateTime<Utc>) -> Result<Vec<RunId>> {
        let mut kept = Vec::with_capacity(ids.len());
        for ids in ids.chunks(RENEWED_AT_ONCE) {
            let held = Condition::all()
                .add(run::Column::Id.is_in(ids.iter().map(|id| id.as_uuid())))
                .add(run::Column::LeaseOwner.eq(owner))
                .add(run::Column::Status.eq(RunStatus::Running.as_str()));
            run::Entity::update_many()
                .col_expr(run::Column::LeaseUntil, Expr::value(until))
                .filter(held.clone())
                .exec(&self.conn)
                .await?;
            let renewed: Vec<sea_orm::prelude::Uuid> = run::Entity::find()
                .select_only()
                .column(run::Column::Id)
                .filter(held)
                .into_tuple()
                .all(&self.conn)
                .await?;
            kept.extend(renewed.into_iter().map(RunId::from));
        }
        Ok(kept)
    }

    /// Gives a held run back, so that any node may claim it at once.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn hand_back(&self, id: RunId, fence: i64) -> Result<()> {
        run::Entity::update_many()
            .col_expr(run::Column::LeaseOwner, Expr::value(None::<String>))
            .col_expr(run::Column::LeaseUntil, Expr::value(None::<DateTime<Utc>>))
            .filter(run::Column::Id.eq(id.as_uuid()))
            .filter(run::Column::FencingToken.eq(fence))
            .exec(&self.conn)
            .await?;
        if let Some(tx) = self.tx {
            tx.notify(Notice::Signal(id));
        }
        Ok(())
    }

    /// Whether someone has asked a run to stop and its holder has not read it yet.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn has_cancel(&self, id: RunId) -> Result<bool> {
        let open = run_signal::Entity::find()
            .filter(run_signal::Column::RunId.eq(id.as_uuid()))
            .filter(run_signal::Column::Kind.eq(SignalKind::Cancel.as_str()))
            .filter(run_signal::Column::ConsumedAt.is_null())
            .one(&self.conn)
            .await?;
        Ok(open.is_some())
    }

    /// Whether a signal of a run is open.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn is_signalled(&self, id: RunId) -> Result<bool> {
        let open = run_signal::Entity::find()
            .select_only()
            .column(run_signal::Column::Id)
            .filter(run_signal::Column::RunId.eq(id.as_uuid()))
            .filter(run_signal::Column::ConsumedAt.is_null())
            .into_tuple::<sea_orm::prelude::Uuid>()
            .one(&self.conn)
            .await?;
        Ok(open.is_some())
    }

    /// Child runs of a run that are not final: what a crash left open.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn open_children(&self, parent: RunId) -> Result<Vec<Run>> {
        run::Entity::find()
            .filter(run::Column::ParentRunId.eq(parent.as_uuid()))
            .filter(run::open())
            .order_by_asc(run::Column::Id)
            .all(&self.conn)
            .await?
            .into_iter()
            .map(Run::try_from)
            .collect()
    }
}

async fn ids(runs: sea_orm::Select<run::Entity>, tx: &Tx) -> Result<Vec<RunId>> {
    let ids: Vec<sea_orm::prelude::Uuid> = runs
        .select_only()
        .column(run::Column::Id)
        .order_by_asc(run::Column::Id)
        .into_tuple()
        .all(&tx.conn())
        .await?;
    Ok(ids.into_iter().map(RunId::from).collect())
}

/// Every kind but calls that have a parent: a tool run at the top of its tree is one that a door started.
fn claimable_kind() -> Condition {
    Condition::any().add(run::Column::Kind.ne("tool")).add(run::Column::ParentRunId.is_null())
}

impl TryFrom<run::Model> for Run {
    type Error = Error;

    fn try_from(row: run::Model) -> Result<Self> {
        Ok(Self {
            id: row.id.into(),
            scope: Scope {
                organization_id: row.organization_id.into(),
                environment_id: row.environment_id.into(),
            },
            kind: word("runs.kind", &row.kind)?,
            status: word("runs.status", &row.status)?,
            parent_run_id: row.parent_run_id.map(Into::into),
            root_run_id: row.root_run_id.into(),
            retry_of: row.retry_of.map(Into::into),
            user_id: row.user_id.map(Into::into),
            actor: row.actor,
            token_id: row.token_id.map(Into::into),
            address: row.address.and_then(|address| address.parse().ok()),
            agent_id: row.agent_id.map(Into::into),
            workflow_id: row.workflow_id.map(Into::into),
            workflow_version: row.workflow_version,
            node_id: row.node_id,
            call_id: row.call_id.map(Into::into),
            tool_id: row.tool_id.map(Into::into),
            connector_id: row.connector_id.map(Into::into),
            tool_name: row.tool_name,
            conversation_id: row.conversation_id.map(Into::into),
            message_id: row.message_id.map(Into::into),
            trigger: word("runs.trigger", &row.trigger)?,
            input: row.input_json,
            output: row.output_json,
            error_code: row.error_code,
            error_text: row.error_text,
            model_name: row.model_name,
            input_tokens: row.input_tokens,
            output_tokens: row.output_tokens,
            cost_nanos: row.cost_nanos,
            currency: row.currency,
            attempts: row.attempts,
            last_seq: row.last_seq,
            fencing_token: row.fencing_token,
            data_classification: word("runs.data_classification", &row.data_classification)?,
            in_line: row.in_line,
            queued_at: row.queued_at,
            started_at: row.started_at,
            ended_at: row.ended_at,
            duration_ms: row.duration_ms,
            created_at: row.created_at,
        })
    }
}
