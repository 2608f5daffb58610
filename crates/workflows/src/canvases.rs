//! Keeps drawings: what somebody lays out of agents, tools and connections before, or beside, a workflow.
//!
//! A drawing belongs to the organisation, or to one of its environments, and everybody there sees it; its owner changes
//! it, and whoever manages the organisation's workflows. Nothing of it runs, so the rights are those of workflows.

mod state;

use std::sync::Arc;

use conductor_access::{Access, Action, Facts};
use conductor_domain::{
    Caller, Canvas, CanvasId, CanvasSpec, EnvironmentId, FieldError, NewAuditEvent, Page, PageRequest, Scope,
    Visibility, WorkflowId,
};
use conductor_storage::{ScopedTx, Store};
use serde_json::Value;

use crate::{Error, Result};

/// Letters of a name at most.
const NAME: usize = 100;

/// The drawings that a caller can see, and what it may do with them.
#[derive(Clone, Debug)]
pub struct Canvases {
    store: Store,
    access: Arc<Access>,
}

/// A drawing, and what the caller may do with it.
#[derive(Clone, Debug, PartialEq)]
pub struct CanvasView {
    /// The drawing.
    pub canvas: Canvas,
    /// What is drawn, where one drawing is looked at.
    pub state: Option<Value>,
    /// Whether the caller may change it.
    pub can_edit: bool,
}

/// A change of a drawing; what is `None` stays.
#[derive(Clone, Debug, Default)]
pub struct CanvasPatch {
    /// The name.
    pub name: Option<String>,
    /// The environment that it is for.
    pub environment_id: Option<Option<EnvironmentId>>,
    /// The workflow that it draws.
    pub workflow_id: Option<Option<WorkflowId>>,
    /// What is drawn.
    pub state: Option<Value>,
}

impl From<CanvasSpec> for CanvasPatch {
    fn from(spec: CanvasSpec) -> Self {
        Self {
            name: Some(spec.name),
            environment_id: Some(spec.environment_id),
            workflow_id: Some(spec.workflow_id),
            state: Some(spec.state),
        }
    }
}

impl Canvases {
    /// The service over this store.
    #[must_use]
    pub fn new(store: Store, access: Arc<Access>) -> Self {
        Self { store, access }
    }

    /// A page of drawings, newest first, without what is drawn.
    ///
    /// # Errors
    /// When the cursor is not one of this list, or storage fails.
    pub async fn list(&self, caller: &Caller, page: PageRequest) -> Result<Page<CanvasView>> {
        let page = self.store.visible_to(caller).canvases().page(page).await?;
        let judge = self.access.judge(caller).await?;
        let allows = |action, canvas: &Canvas| judge.allows(caller, action, &facts(caller, canvas));
        let seen = page.items.into_iter().filter(|canvas| allows(Action::WorkflowRead, canvas));
        let items = seen
            .map(|canvas| CanvasView {
                can_edit: allows(Action::WorkflowUpdate, &canvas),
                state: None,
                canvas,
            })
            .collect();
        Ok(Page { items, next: page.next })
    }

    /// A drawing that the caller may see.
    ///
    /// # Errors
    /// `Hidden`.
    pub async fn find(&self, caller: &Caller, id: CanvasId) -> Result<CanvasView> {
        let (canvas, state) = self.row(caller, id, Action::WorkflowRead).await?;
        self.view(caller, canvas, state).await
    }

    /// Makes a drawing that belongs to the caller.
    ///
    /// # Errors
    /// `Invalid` or `NameTaken` with the fields at fault; `Access` where the caller may not.
    pub async fn create(&self, caller: &Caller, mut spec: CanvasSpec) -> Result<CanvasView> {
        let facts = Facts::new("canvas:new", caller.scope)
            .owned_by(caller.user_id())
            .seen_by(seen_by(spec.environment_id));
        self.access.require(caller, Action::WorkflowCreate, &facts).await?;
        spec.name = spec.name.trim().to_owned();
        self.check(caller, &spec.clone().into()).await?;
        let (id, owner) = (CanvasId::generate(&**self.store.clock()), caller.user_id());
        let entry = entry(caller, "canvas.created", Action::WorkflowCreate, id);
        let (canvas, state) = self
            .store
            .scoped(caller.scope)
            .write(move |tx| {
                Box::pin(async move {
                    let canvas = tx.canvases().create(id, owner, &spec).await;
                    let canvas = canvas.map_err(|error| taken(error, &spec.name))?;
                    tx.audit().record(entry).await?;
                    Ok::<_, Error>((canvas, spec.state))
                })
            })
            .await?;
        self.view(caller, canvas, state).await
    }

    /// Changes what the patch names.
    ///
    /// # Errors
    /// `Stale` where the drawing is no longer at revision `if_match`; else as `create`.
    pub async fn update(
        &self,
        caller: &Caller,
        id: CanvasId,
        if_match: Option<i32>,
        mut patch: CanvasPatch,
    ) -> Result<CanvasView> {
        self.row(caller, id, Action::WorkflowUpdate).await?;
        patch.name = patch.name.map(|name| name.trim().to_owned());
        self.check(caller, &patch).await?;
        let entry = entry(caller, "canvas.updated", Action::WorkflowUpdate, id);
        let (canvas, state) = self
            .store
            .scoped(caller.scope)
            .write(move |tx| {
                Box::pin(async move {
                    let (before, state) = held(tx, id, if_match).await?;
                    let spec = CanvasSpec {
                        name: patch.name.unwrap_or(before.name),
                        environment_id: patch.environment_id.unwrap_or(before.environment_id),
                        workflow_id: patch.workflow_id.unwrap_or(before.workflow_id),
                        state: patch.state.unwrap_or(state),
                    };
                    let canvas = tx.canvases().update(id, &spec).await;
                    let canvas = canvas.map_err(|error| taken(error, &spec.name))?;
                    tx.audit().record(entry).await?;
                    Ok::<_, Error>((canvas, spec.state))
                })
            })
            .await?;
        self.view(caller, canvas, state).await
    }

    /// Removes a drawing. The workflow that it draws stays.
    ///
    /// # Errors
    /// `Stale` as `update`.
    pub async fn delete(&self, caller: &Caller, id: CanvasId, if_match: Option<i32>) -> Result<()> {
        self.row(caller, id, Action::WorkflowDelete).await?;
        let entry = entry(caller, "canvas.deleted", Action::WorkflowDelete, id);
        self.store
            .scoped(caller.scope)
            .write(move |tx| {
                Box::pin(async move {
                    held(tx, id, if_match).await?;
                    tx.canvases().delete(id).await?;
                    Ok(tx.audit().record(entry).await?)
                })
            })
            .await
    }

    async fn view(&self, caller: &Caller, canvas: Canvas, state: Value) -> Result<CanvasView> {
        let judge = self.access.judge(caller).await?;
        let can_edit = judge.allows(caller, Action::WorkflowUpdate, &facts(caller, &canvas));
        Ok(CanvasView { can_edit, state: Some(state), canvas })
    }

    /// The drawing, once the caller may do this with it.
    async fn row(&self, caller: &Caller, id: CanvasId, action: Action) -> Result<(Canvas, Value)> {
        let found = self.store.visible_to(caller).canvases().find(id).await?;
        let found = found.ok_or(Error::Hidden { what: "drawing" })?;
        self.access.require(caller, action, &facts(caller, &found.0)).await?;
        Ok(found)
    }

    /// Checks all that is given; every fault is reported.
    async fn check(&self, caller: &Caller, patch: &CanvasPatch) -> Result<()> {
        let mut faults = Vec::new();
        if let Some(name) = &patch.name
            && (!(1..=NAME).contains(&name.chars().count()) || name.contains(char::is_control))
        {
            let detail = format!("write 1 to {NAME} characters, none of them a control character");
            faults.push(FieldError::new("/name", "invalid", detail));
        }
        // One acts in an environment by choosing it; a name in a body gives no way into another one.
        if patch.environment_id.flatten().is_some_and(|id| id != caller.scope.environment_id) {
            let detail = "name the environment that you act in, or none for the whole organisation";
            faults.push(FieldError::new("/environment_id", "invalid", detail));
        }
        if let Some(id) = patch.workflow_id.flatten() {
            let workflow = self.store.visible_to(caller).workflows().find(id).await?;
            let own = |organization| organization == caller.scope.organization_id;
            if !workflow.is_some_and(|workflow| own(workflow.scope.organization_id)) {
                let detail = "name a workflow of the organisation that you see, or none";
                faults.push(FieldError::new("/workflow_id", "unknown", detail));
            }
        }
        if let Some(state) = &patch.state {
            faults.extend(state::faults(state));
        }
        if faults.is_empty() { Ok(()) } else { Err(Error::Invalid { faults }) }
    }
}

/// The drawing, held against other writers, if it is at the revision that the caller has read.
async fn held(tx: ScopedTx<'_>, id: CanvasId, if_match: Option<i32>) -> Result<(Canvas, Value)> {
    let (canvas, state) = tx.canvases().get(id).await?;
    if if_match.is_some_and(|revision| revision != canvas.revision) {
        return Err(Error::Stale);
    }
    Ok((canvas, state))
}

/// Says of a refused write which name it was.
fn taken(error: conductor_storage::Error, name: &str) -> Error {
    match error {
        conductor_storage::Error::NameTaken { .. } => {
            Error::NameTaken { what: "drawing", name: name.to_owned() }
        }
        error => error.into(),
    }
}

/// Everybody of the environment that a drawing is for sees it, or of the organisation.
fn seen_by(environment: Option<EnvironmentId>) -> Visibility {
    if environment.is_some() { Visibility::Team } else { Visibility::Organization }
}

fn facts(caller: &Caller, canvas: &Canvas) -> Facts {
    let scope = Scope {
        organization_id: canvas.organization_id,
        environment_id: canvas.environment_id.unwrap_or(caller.scope.environment_id),
    };
    Facts::new(format!("canvas:{}", canvas.id), scope)
        .owned_by(canvas.owner_user_id)
        .seen_by(seen_by(canvas.environment_id))
}

fn entry(caller: &Caller, event: &str, action: Action, id: CanvasId) -> NewAuditEvent {
    NewAuditEvent::by(caller, event, action.as_str(), format!("canvas:{id}")).on("canvas", id)
}
