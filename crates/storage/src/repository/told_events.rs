//! Events that start workflows: which workflow waits for which name, and what was told under an id of the sender's.

use conductor_domain::{EventStart, Scope, ToldEvent, WorkflowId};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, Condition, EntityTrait, QueryFilter, QuerySelect, QueryTrait,
    prelude::Expr,
    sea_query::{OnConflict, SelectStatement},
};

use super::convert::{json, to_json};
use crate::{
    Error, Result, ScopedTx, View,
    conn::Fetch,
    entity::{workflow_event, workflow_event_trigger},
};

/// Events of one tenant, inside a write.
#[derive(Debug)]
pub struct ToldEvents<'t> {
    tx: ScopedTx<'t>,
}

impl<'t> ToldEvents<'t> {
    pub(crate) fn new(tx: ScopedTx<'t>) -> Self {
        Self { tx }
    }

    /// Makes these the only events that start a workflow of this tenant; no name comes twice.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn replace(&self, id: WorkflowId, names: Vec<String>) -> Result<()> {
        let conn = self.tx.tx.conn();
        let of = Condition::all()
            .add(workflow_event_trigger::Column::WorkflowId.eq(id.as_uuid()))
            .add(in_scope_of_triggers(self.tx.scope));
        workflow_event_trigger::Entity::delete_many().filter(of).exec(&conn).await?;
        for name in names {
            let row = workflow_event_trigger::ActiveModel {
                workflow_id: Set(id.as_uuid()),
                name: Set(name),
                organization_id: Set(self.tx.scope.organization_id.as_uuid()),
                environment_id: Set(self.tx.scope.environment_id.as_uuid()),
            };
            workflow_event_trigger::Entity::insert(row).exec_without_returning(&conn).await?;
        }
        Ok(())
    }

    /// Takes the id of an event, and forgets those of this tenant whose time is over. Where somebody took it before,
    /// what is remembered of that; whoever takes it at the same time is waited for.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn claim(&self, event: &ToldEvent) -> Result<Option<ToldEvent>> {
        let conn = self.tx.tx.conn();
        workflow_event::Entity::delete_many()
            .filter(in_scope(self.tx.scope))
            .filter(workflow_event::Column::ExpiresAt.lte(self.tx.tx.clock().now()))
            .exec(&conn)
            .await?;
        let row = workflow_event::ActiveModel {
            organization_id: Set(self.tx.scope.organization_id.as_uuid()),
            environment_id: Set(self.tx.scope.environment_id.as_uuid()),
            event_id: Set(event.event_id.clone()),
            name: Set(event.name.clone()),
            body_hash: Set(event.body_hash.clone()),
            starts: Set(to_json("workflow_events.starts", &event.starts)?),
            expires_at: Set(event.expires_at),
        };
        let taken = OnConflict::columns([
            workflow_event::Column::OrganizationId,
            workflow_event::Column::EnvironmentId,
            workflow_event::Column::EventId,
        ])
        .do_nothing()
        .to_owned();
        let inserted =
            workflow_event::Entity::insert(row).on_conflict(taken).exec_without_returning(&conn).await?;
        if inserted > 0 {
            return Ok(None);
        }
        let found = workflow_event::Entity::find().filter(named(self.tx.scope, &event.event_id));
        found.one(&conn).await?.map(ToldEvent::try_from).transpose()
    }

    /// Remembers what came of an event whose id was taken.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn keep(&self, event_id: &str, starts: &[EventStart]) -> Result<()> {
        let starts = to_json("workflow_events.starts", &starts)?;
        workflow_event::Entity::update_many()
            .col_expr(workflow_event::Column::Starts, Expr::value(starts))
            .filter(named(self.tx.scope, event_id))
            .exec(&self.tx.tx.conn())
            .await?;
        Ok(())
    }
}

/// Events that were told where the caller acts.
#[derive(Debug)]
pub struct VisibleToldEvents<'a> {
    view: View<'a>,
}

impl<'a> VisibleToldEvents<'a> {
    pub(crate) fn new(view: View<'a>) -> Self {
        Self { view }
    }

    /// What came of the event of this id, where it is still remembered. What of it the caller may see is asked after.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find(&self, event_id: &str) -> Result<Option<ToldEvent>> {
        workflow_event::Entity::find()
            .filter(named(self.view.caller.scope, event_id))
            .filter(workflow_event::Column::ExpiresAt.gt(self.view.now))
            .row(self.view.conn)
            .await?
            .map(ToldEvent::try_from)
            .transpose()
    }
}

/// The ids of a tenant's workflows that an event of this name starts.
pub(super) fn started_by(scope: Scope, name: &str) -> SelectStatement {
    workflow_event_trigger::Entity::find()
        .select_only()
        .column(workflow_event_trigger::Column::WorkflowId)
        .filter(in_scope_of_triggers(scope))
        .filter(workflow_event_trigger::Column::Name.eq(name))
        .into_query()
}

fn in_scope_of_triggers(scope: Scope) -> Condition {
    Condition::all()
        .add(workflow_event_trigger::Column::OrganizationId.eq(scope.organization_id.as_uuid()))
        .add(workflow_event_trigger::Column::EnvironmentId.eq(scope.environment_id.as_uuid()))
}

fn in_scope(scope: Scope) -> Condition {
    Condition::all()
        .add(workflow_event::Column::OrganizationId.eq(scope.organization_id.as_uuid()))
        .add(workflow_event::Column::EnvironmentId.eq(scope.environment_id.as_uuid()))
}

fn named(scope: Scope, event_id: &str) -> Condition {
    in_scope(scope).add(workflow_event::Column::EventId.eq(event_id))
}

impl TryFrom<workflow_event::Model> for ToldEvent {
    type Error = Error;

    fn try_from(row: workflow_event::Model) -> Result<Self> {
        Ok(Self {
            event_id: row.event_id,
            name: row.name,
            body_hash: row.body_hash,
            starts: json("workflow_events.starts", row.starts)?,
            expires_at: row.expires_at,
        })
    }
}
