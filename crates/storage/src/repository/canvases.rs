//! Drawings of the designer: those of an organisation, and of the environment that one acts in.

use chrono::{DateTime, Utc};
use conductor_domain::{Canvas, CanvasId, CanvasSpec, Page, PageRequest, Scope, UserId, WorkflowId};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::Set,
    ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    prelude::{Expr, Uuid},
};
use serde_json::Value;

use super::convert::after_id;
use crate::{Error, Result, ScopedTx, View, conn::Fetch, entity::canvas_state};

/// Drawings of one tenant, inside a write.
#[derive(Debug)]
pub struct Canvases<'t> {
    tx: ScopedTx<'t>,
}

impl<'t> Canvases<'t> {
    pub(crate) fn new(tx: ScopedTx<'t>) -> Self {
        Self { tx }
    }

    /// Writes a new drawing.
    ///
    /// # Errors
    /// `NameTaken` when another one of its environment has its name; `Dangling` when it names what does not exist.
    pub async fn create(&self, id: CanvasId, owner: Option<UserId>, spec: &CanvasSpec) -> Result<Canvas> {
        let now = self.tx.tx.clock().now();
        let row = canvas_state::ActiveModel {
            id: Set(id.as_uuid()),
            organization_id: Set(self.tx.scope.organization_id.as_uuid()),
            owner_user_id: Set(owner.map(Into::into)),
            revision: Set(1),
            created_at: Set(now),
            updated_at: Set(now),
            deleted_at: Set(None),
            ..columns(spec)
        };
        Ok(canvas(&row.insert(&self.tx.tx.conn()).await?))
    }

    /// A drawing of this tenant and what is drawn, held against other writers until the transaction ends.
    ///
    /// # Errors
    /// `NotFound` when it is not this tenant's.
    pub async fn get(&self, id: CanvasId) -> Result<(Canvas, Value)> {
        whole(self.row(id).await?)
    }

    /// Makes this the newest state of a drawing.
    ///
    /// # Errors
    /// `NotFound` when it is not this tenant's; else as `create`.
    pub async fn update(&self, id: CanvasId, spec: &CanvasSpec) -> Result<Canvas> {
        let before = self.row(id).await?;
        let row = canvas_state::ActiveModel {
            id: Set(id.as_uuid()),
            revision: Set(before.revision + 1),
            updated_at: Set(self.tx.tx.clock().now()),
            ..columns(spec)
        };
        Ok(canvas(&row.update(&self.tx.tx.conn()).await?))
    }

    /// Removes a drawing from every list; its name is free again.
    ///
    /// # Errors
    /// `NotFound` when it is not this tenant's.
    pub async fn delete(&self, id: CanvasId) -> Result<()> {
        let result = canvas_state::Entity::update_many()
            .col_expr(canvas_state::Column::DeletedAt, Expr::value(self.tx.tx.clock().now()))
            .filter(within(self.tx.scope))
            .filter(canvas_state::Column::Id.eq(id.as_uuid()))
            .exec(&self.tx.tx.conn())
            .await?;
        if result.rows_affected == 0 { Err(Error::NotFound) } else { Ok(()) }
    }

    /// Lets go of a workflow that is deleted: its drawings stay, as drawings of their own. Any environment of the
    /// organisation may have one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn let_go(&self, workflow: WorkflowId) -> Result<()> {
        canvas_state::Entity::update_many()
            .col_expr(canvas_state::Column::WorkflowId, Expr::value(None::<Uuid>))
            .filter(canvas_state::Column::OrganizationId.eq(self.tx.scope.organization_id.as_uuid()))
            .filter(canvas_state::Column::WorkflowId.eq(workflow.as_uuid()))
            .exec(&self.tx.tx.conn())
            .await?;
        Ok(())
    }

    async fn row(&self, id: CanvasId) -> Result<canvas_state::Model> {
        canvas_state::Entity::find_by_id(id.as_uuid())
            .filter(within(self.tx.scope))
            .lock_exclusive()
            .one(&self.tx.tx.conn())
            .await?
            .ok_or(Error::NotFound)
    }
}

/// Drawings of the organisation and environment that a caller acts in.
#[derive(Debug)]
pub struct VisibleCanvases<'a> {
    view: View<'a>,
}

/// The columns of a drawing without what is drawn, which is large.
type Row = (Uuid, Uuid, Option<Uuid>, Option<Uuid>, Option<Uuid>, String, i32, DateTime<Utc>, DateTime<Utc>);

impl<'a> VisibleCanvases<'a> {
    pub(crate) fn new(view: View<'a>) -> Self {
        Self { view }
    }

    /// A drawing, and what is drawn.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find(&self, id: CanvasId) -> Result<Option<(Canvas, Value)>> {
        let select = canvas_state::Entity::find()
            .filter(within(self.view.caller.scope))
            .filter(canvas_state::Column::Id.eq(id.as_uuid()));
        select.row(self.view.conn).await?.map(whole).transpose()
    }

    /// A page of drawings, the newest first.
    ///
    /// # Errors
    /// `BadCursor` when the cursor is not one of this list.
    pub async fn page(&self, page: PageRequest) -> Result<Page<Canvas>> {
        let mut select = canvas_state::Entity::find().filter(within(self.view.caller.scope));
        if let Some(after) = after_id(&page)? {
            select = select.filter(canvas_state::Column::Id.lt(after));
        }
        let rows: Vec<Row> = select
            .order_by_desc(canvas_state::Column::Id)
            .limit(page.limit + 1)
            .select_only()
            .columns([
                canvas_state::Column::Id,
                canvas_state::Column::OrganizationId,
                canvas_state::Column::EnvironmentId,
                canvas_state::Column::OwnerUserId,
                canvas_state::Column::WorkflowId,
                canvas_state::Column::Name,
                canvas_state::Column::Revision,
                canvas_state::Column::CreatedAt,
                canvas_state::Column::UpdatedAt,
            ])
            .into_tuple()
            .all(&self.view.conn)
            .await?;
        let canvases = rows.into_iter().map(listed).collect();
        Ok(Page::cut(canvases, page.limit, |canvas| canvas.id.to_string()))
    }
}

/// Those of the whole organisation, and those of this environment of it.
fn within(scope: Scope) -> Condition {
    Condition::all()
        .add(canvas_state::Column::DeletedAt.is_null())
        .add(canvas_state::Column::OrganizationId.eq(scope.organization_id.as_uuid()))
        .add(
            Condition::any()
                .add(canvas_state::Column::EnvironmentId.is_null())
                .add(canvas_state::Column::EnvironmentId.eq(scope.environment_id.as_uuid())),
        )
}

/// The columns that a person sets.
fn columns(spec: &CanvasSpec) -> canvas_state::ActiveModel {
    canvas_state::ActiveModel {
        environment_id: Set(spec.environment_id.map(Into::into)),
        workflow_id: Set(spec.workflow_id.map(Into::into)),
        name: Set(spec.name.clone()),
        state_json: Set(spec.state.to_string()),
        ..Default::default()
    }
}

fn whole(row: canvas_state::Model) -> Result<(Canvas, Value)> {
    let state = serde_json::from_str(&row.state_json)
        .map_err(|error| Error::corrupt("canvas_states.state_json")(Box::new(error)))?;
    Ok((canvas(&row), state))
}

fn canvas(row: &canvas_state::Model) -> Canvas {
    Canvas {
        id: row.id.into(),
        organization_id: row.organization_id.into(),
        environment_id: row.environment_id.map(Into::into),
        owner_user_id: row.owner_user_id.map(Into::into),
        workflow_id: row.workflow_id.map(Into::into),
        name: row.name.clone(),
        revision: row.revision,
        created_at: row.created_at,
        updated_at: row.updated_at,
    }
}

fn listed(row: Row) -> Canvas {
    let (id, organization, environment, owner, workflow, name, revision, created_at, updated_at) = row;
    Canvas {
        id: id.into(),
        organization_id: organization.into(),
        environment_id: environment.map(Into::into),
        owner_user_id: owner.map(Into::into),
        workflow_id: workflow.map(Into::into),
        name,
        revision,
        created_at,
        updated_at,
    }
}
