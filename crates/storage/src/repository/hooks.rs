//! Hooks of workflows: the addresses at which others start them, and what was delivered there.

use conductor_domain::{HookDelivery, RunId, Scope, StartError, WorkflowHook, WorkflowHookId, WorkflowId};
use sea_orm::{ActiveValue::Set, ColumnTrait, Condition, EntityTrait, QueryFilter, prelude::Expr};

use super::convert::{json, to_json};
use crate::{
    Error, Result, ScopedTx, View,
    conn::{Conn, Fetch},
    entity::{workflow_hook, workflow_hook_delivery},
};

/// Hooks of one tenant, inside a write.
#[derive(Debug)]
pub struct Hooks<'t> {
    tx: ScopedTx<'t>,
}

impl<'t> Hooks<'t> {
    pub(crate) fn new(tx: ScopedTx<'t>) -> Self {
        Self { tx }
    }

    /// Gives a workflow of this tenant its hook, or takes it with its secret. One that is there stays as it is.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn keep(&self, id: WorkflowId, wanted: bool) -> Result<()> {
        let conn = self.tx.tx.conn();
        let present = workflow_hook::Entity::find().filter(self.of(id)).one(&conn).await?;
        match present {
            None if wanted => {
                let id_of_hook = WorkflowHookId::generate(self.tx.tx.clock());
                let row = workflow_hook::ActiveModel {
                    id: Set(id_of_hook.as_uuid()),
                    organization_id: Set(self.tx.scope.organization_id.as_uuid()),
                    environment_id: Set(self.tx.scope.environment_id.as_uuid()),
                    workflow_id: Set(id.as_uuid()),
                    secret_ref: Set(format!("hook:{id_of_hook}")),
                    secret_at: Set(None),
                    last_at: Set(None),
                    last_run_id: Set(None),
                    last_error: Set(None),
                    created_at: Set(self.tx.tx.clock().now()),
                };
                workflow_hook::Entity::insert(row).exec_without_returning(&conn).await?;
            }
            Some(hook) if !wanted => {
                workflow_hook_delivery::Entity::delete_many()
                    .filter(workflow_hook_delivery::Column::HookId.eq(hook.id))
                    .exec(&conn)
                    .await?;
                workflow_hook::Entity::delete_many().filter(self.own(hook.id.into())).exec(&conn).await?;
                self.tx.secrets().delete(&hook.secret_ref).await?;
            }
            _ => {}
        }
        Ok(())
    }

    /// The hook of a workflow of this tenant.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn of_workflow(&self, id: WorkflowId) -> Result<Option<WorkflowHook>> {
        let row = workflow_hook::Entity::find().filter(self.of(id)).one(&self.tx.tx.conn()).await?;
        row.map(WorkflowHook::try_from).transpose()
    }

    /// Notes that a hook has a new secret.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn sealed(&self, id: WorkflowHookId) -> Result<()> {
        workflow_hook::Entity::update_many()
            .col_expr(workflow_hook::Column::SecretAt, Expr::value(self.tx.tx.clock().now()))
            .filter(self.own(id))
            .exec(&self.tx.tx.conn())
            .await?;
        Ok(())
    }

    /// What was delivered under this id before, where it is still remembered.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn delivered(&self, id: WorkflowHookId, message: &str) -> Result<Option<HookDelivery>> {
        let key = (id.as_uuid(), message.to_owned());
        let row = workflow_hook_delivery::Entity::find_by_id(key).one(&self.tx.tx.conn()).await?;
        let row = row.filter(|row| row.expires_at > self.tx.tx.clock().now());
        Ok(row.map(|row| HookDelivery {
            message: row.message,
            body_hash: row.body_hash,
            run_id: row.run_id.into(),
            expires_at: row.expires_at,
        }))
    }

    /// Remembers a delivery, and forgets those of this hook whose time is over.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn deliver(&self, id: WorkflowHookId, delivery: HookDelivery) -> Result<()> {
        let conn = self.tx.tx.conn();
        workflow_hook_delivery::Entity::delete_many()
            .filter(workflow_hook_delivery::Column::HookId.eq(id.as_uuid()))
            .filter(workflow_hook_delivery::Column::ExpiresAt.lte(self.tx.tx.clock().now()))
            .exec(&conn)
            .await?;
        let row = workflow_hook_delivery::ActiveModel {
            hook_id: Set(id.as_uuid()),
            message: Set(delivery.message),
            body_hash: Set(delivery.body_hash),
            run_id: Set(delivery.run_id.as_uuid()),
            expires_at: Set(delivery.expires_at),
        };
        workflow_hook_delivery::Entity::insert(row).exec_without_returning(&conn).await?;
        Ok(())
    }

    /// Says what came of a delivery: a run, or why there is none.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn tell(&self, id: WorkflowHookId, came: Result<RunId, (&str, &str)>) -> Result<()> {
        let (run, error) = match came {
            Ok(run) => (Some(run.as_uuid()), None),
            Err((code, detail)) => {
                let error = StartError { code: code.to_owned(), detail: detail.to_owned() };
                (None, Some(to_json("workflow_hooks.last_error", &error)?))
            }
        };
        let mut update = workflow_hook::Entity::update_many()
            .col_expr(workflow_hook::Column::LastAt, Expr::value(self.tx.tx.clock().now()))
            .col_expr(workflow_hook::Column::LastError, Expr::value(error))
            .filter(self.own(id));
        // The last run that there was stays known beside why there is no newer one.
        if run.is_some() {
            update = update.col_expr(workflow_hook::Column::LastRunId, Expr::value(run));
        }
        update.exec(&self.tx.tx.conn()).await?;
        Ok(())
    }

    fn own(&self, id: WorkflowHookId) -> Condition {
        self.here().add(workflow_hook::Column::Id.eq(id.as_uuid()))
    }

    fn of(&self, id: WorkflowId) -> Condition {
        self.here().add(workflow_hook::Column::WorkflowId.eq(id.as_uuid()))
    }

    fn here(&self) -> Condition {
        Condition::all()
            .add(workflow_hook::Column::OrganizationId.eq(self.tx.scope.organization_id.as_uuid()))
            .add(workflow_hook::Column::EnvironmentId.eq(self.tx.scope.environment_id.as_uuid()))
    }
}

/// Hooks of workflows that the caller may see.
#[derive(Debug)]
pub struct VisibleHooks<'a> {
    view: View<'a>,
}

impl<'a> VisibleHooks<'a> {
    pub(crate) fn new(view: View<'a>) -> Self {
        Self { view }
    }

    /// The hook of a workflow. The right to the workflow is checked before.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn of(&self, id: WorkflowId) -> Result<Option<WorkflowHook>> {
        workflow_hook::Entity::find()
            .filter(workflow_hook::Column::WorkflowId.eq(id.as_uuid()))
            .row(self.view.conn)
            .await?
            .map(WorkflowHook::try_from)
            .transpose()
    }
}

/// Every tenant's hooks, for whoever takes deliveries.
#[derive(Debug)]
pub struct AllHooks<'a> {
    conn: Conn<'a>,
}

impl<'a> AllHooks<'a> {
    pub(crate) fn new(conn: Conn<'a>) -> Self {
        Self { conn }
    }

    /// The hook that a delivery names, whosever it is: the signature says who may deliver.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find(&self, id: WorkflowHookId) -> Result<Option<WorkflowHook>> {
        workflow_hook::Entity::find_by_id(id.as_uuid())
            .row(self.conn)
            .await?
            .map(WorkflowHook::try_from)
            .transpose()
    }
}

impl TryFrom<workflow_hook::Model> for WorkflowHook {
    type Error = Error;

    fn try_from(row: workflow_hook::Model) -> Result<Self> {
        let error = row.last_error.map(|error| json("workflow_hooks.last_error", error)).transpose()?;
        Ok(Self {
            id: row.id.into(),
            scope: Scope {
                organization_id: row.organization_id.into(),
                environment_id: row.environment_id.into(),
            },
            workflow_id: row.workflow_id.into(),
            secret_ref: row.secret_ref,
            secret_at: row.secret_at,
            last_at: row.last_at,
            last_run_id: row.last_run_id.map(Into::into),
            last_error: error,
            created_at: row.created_at,
        })
    }
}
