//! Schedules of workflows: the moments at which they start by themselves.

use chrono::{DateTime, Utc};
use conductor_domain::{
    NewSchedule, RunId, Scope, StartError, WorkflowId, WorkflowSchedule, WorkflowScheduleId,
};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    prelude::Expr,
};

use super::convert::{json, to_json};
use crate::{
    Error, Result, ScopedTx, View,
    conn::{Conn, Fetch},
    entity::workflow_schedule,
};

/// Schedules of one tenant, inside a write.
#[derive(Debug)]
pub struct Schedules<'t> {
    tx: ScopedTx<'t>,
}

impl<'t> Schedules<'t> {
    pub(crate) fn new(tx: ScopedTx<'t>) -> Self {
        Self { tx }
    }

    /// Makes these the only schedules of a workflow of this tenant. One whose cron and zone are unchanged keeps its
    /// moment and what came of it, wherever it stands now.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn replace(&self, id: WorkflowId, schedules: Vec<NewSchedule>) -> Result<()> {
        let conn = self.tx.tx.conn();
        let mut before = workflow_schedule::Entity::find()
            .filter(self.of(id))
            .order_by_asc(workflow_schedule::Column::Position)
            .all(&conn)
            .await?;
        if before.is_empty() && schedules.is_empty() {
            return Ok(());
        }
        workflow_schedule::Entity::delete_many().filter(self.of(id)).exec(&conn).await?;
        for new in schedules {
            let same =
                |row: &workflow_schedule::Model| row.cron == new.cron && row.time_zone == new.time_zone;
            let kept = before.iter().position(same).map(|at| before.remove(at));
            let row = match kept {
                Some(kept) => workflow_schedule::Model { position: new.position, ..kept },
                None => workflow_schedule::Model {
                    id: self.tx.tx.clock().uuid_v7(),
                    organization_id: self.tx.scope.organization_id.as_uuid(),
                    environment_id: self.tx.scope.environment_id.as_uuid(),
                    workflow_id: id.as_uuid(),
                    position: new.position,
                    cron: new.cron,
                    time_zone: new.time_zone,
                    next_at: new.next_at,
                    last_at: None,
                    last_run_id: None,
                    last_error: None,
                },
            };
            let row = workflow_schedule::ActiveModel {
                id: Set(row.id),
                organization_id: Set(row.organization_id),
                environment_id: Set(row.environment_id),
                workflow_id: Set(row.workflow_id),
                position: Set(row.position),
                cron: Set(row.cron),
                time_zone: Set(row.time_zone),
                next_at: Set(row.next_at),
                last_at: Set(row.last_at),
                last_run_id: Set(row.last_run_id),
                last_error: Set(row.last_error),
            };
            workflow_schedule::Entity::insert(row).exec_without_returning(&conn).await?;
        }
        Ok(())
    }

    /// Takes the moment of a schedule that was read, and sets its next one. Whether nobody else took it, and the
    /// schedule still stands.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn take(&self, due: &WorkflowSchedule, next: DateTime<Utc>) -> Result<bool> {
        let result = workflow_schedule::Entity::update_many()
            .col_expr(workflow_schedule::Column::NextAt, Expr::value(next))
            .col_expr(workflow_schedule::Column::LastAt, Expr::value(due.next_at))
            .filter(self.own(due.id))
            .filter(workflow_schedule::Column::NextAt.eq(due.next_at))
            .exec(&self.tx.tx.conn())
            .await?;
        Ok(result.rows_affected > 0)
    }

    /// Says what came of the moment that was taken: a run, or why there is none.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn tell(&self, id: WorkflowScheduleId, came: Result<RunId, (&str, &str)>) -> Result<()> {
        let (run, error) = match came {
            Ok(run) => (Some(run.as_uuid()), None),
            Err((code, detail)) => {
                let error = StartError { code: code.to_owned(), detail: detail.to_owned() };
                (None, Some(to_json("workflow_schedules.last_error", &error)?))
            }
        };
        let mut update = workflow_schedule::Entity::update_many()
            .col_expr(workflow_schedule::Column::LastError, Expr::value(error))
            .filter(self.own(id));
        // The last run that there was stays known beside why there is no newer one.
        if run.is_some() {
            update = update.col_expr(workflow_schedule::Column::LastRunId, Expr::value(run));
        }
        update.exec(&self.tx.tx.conn()).await?;
        Ok(())
    }

    /// Removes a schedule that has no further moment.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn end(&self, id: WorkflowScheduleId) -> Result<()> {
        workflow_schedule::Entity::delete_many().filter(self.own(id)).exec(&self.tx.tx.conn()).await?;
        Ok(())
    }

    fn own(&self, id: WorkflowScheduleId) -> Condition {
        self.here().add(workflow_schedule::Column::Id.eq(id.as_uuid()))
    }

    fn of(&self, id: WorkflowId) -> Condition {
        self.here().add(workflow_schedule::Column::WorkflowId.eq(id.as_uuid()))
    }

    fn here(&self) -> Condition {
        Condition::all()
            .add(workflow_schedule::Column::OrganizationId.eq(self.tx.scope.organization_id.as_uuid()))
            .add(workflow_schedule::Column::EnvironmentId.eq(self.tx.scope.environment_id.as_uuid()))
    }
}

/// Schedules of workflows that the caller may see.
#[derive(Debug)]
pub struct VisibleSchedules<'a> {
    view: View<'a>,
}

impl<'a> VisibleSchedules<'a> {
    pub(crate) fn new(view: View<'a>) -> Self {
        Self { view }
    }

    /// The schedules of a workflow, in its graph's order. The right to the workflow is checked before.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn of(&self, id: WorkflowId) -> Result<Vec<WorkflowSchedule>> {
        let select = workflow_schedule::Entity::find()
            .filter(workflow_schedule::Column::WorkflowId.eq(id.as_uuid()))
            .order_by_asc(workflow_schedule::Column::Position);
        select.rows(self.view.conn).await?.into_iter().map(WorkflowSchedule::try_from).collect()
    }
}

/// Every tenant's schedules, for whoever starts what is due.
#[derive(Debug)]
pub struct AllSchedules<'a> {
    conn: Conn<'a>,
}

impl<'a> AllSchedules<'a> {
    pub(crate) fn new(conn: Conn<'a>) -> Self {
        Self { conn }
    }

    /// Schedules whose moment has come, the longest waiting first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn due(&self, now: DateTime<Utc>, limit: u64) -> Result<Vec<WorkflowSchedule>> {
        let select = workflow_schedule::Entity::find()
            .filter(workflow_schedule::Column::NextAt.lte(now))
            .order_by_asc(workflow_schedule::Column::NextAt)
            .limit(limit);
        select.rows(self.conn).await?.into_iter().map(WorkflowSchedule::try_from).collect()
    }

    /// When the next schedule is due, whether or not its moment has come.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn next(&self) -> Result<Option<DateTime<Utc>>> {
        let next: Option<Option<DateTime<Utc>>> = workflow_schedule::Entity::find()
            .select_only()
            .column_as(workflow_schedule::Column::NextAt.min(), "next_at")
            .into_tuple()
            .one(&self.conn)
            .await?;
        Ok(next.flatten())
    }
}

impl TryFrom<workflow_schedule::Model> for WorkflowSchedule {
    type Error = Error;

    fn try_from(row: workflow_schedule::Model) -> Result<Self> {
        let error = row.last_error.map(|error| json("workflow_schedules.last_error", error)).transpose()?;
        Ok(Self {
            id: row.id.into(),
            scope: Scope {
                organization_id: row.organization_id.into(),
                environment_id: row.environment_id.into(),
            },
            workflow_id: row.workflow_id.into(),
            position: row.position,
            cron: row.cron,
            time_zone: row.time_zone,
            next_at: row.next_at,
            last_at: row.last_at,
            last_run_id: row.last_run_id.map(Into::into),
            last_error: error,
        })
    }
}
