//! Keeps workflows: each graph is a version, any version can come back, any workflow that one sees can be cloned.

mod known;
mod name;
mod patch;
mod publish;
mod templates;
mod validate;

use std::{collections::HashMap, path::PathBuf, sync::Arc};

use conductor_access::{Access, Action, Facts};
use conductor_domain::{
    Caller, FieldError, NewAuditEvent, NewWorkflow, Page, PageRequest, RatingSummary, Scope, SharedKind, Tag,
    Visibility, Workflow, WorkflowFilter, WorkflowHook, WorkflowId, WorkflowSchedule, WorkflowSpec,
    WorkflowVersion,
};
use conductor_storage::{ScopedTx, Store};
use conductor_workflow_graph::{Graph, Names, Problem, Syntax, Trigger, validate as problems};
use futures::future::BoxFuture;
use serde_json::Value;
use tokio::sync::Notify;

pub use patch::WorkflowPatch;

use crate::{
    Checked, Document, Error, Form, Result, Written,
    document::{blank, restored, spec, stored, tell, write},
    folder::Folder,
    schedules,
};

/// The workflows that a caller can see, and what it may do with them.
#[derive(Clone, Debug)]
pub struct Workflows {
    store: Store,
    pub(crate) access: Arc<Access>,
    /// Where documents are taken from by their path.
    folder: Folder,
    /// Told when what is scheduled may have changed.
    pub(crate) rescheduled: Arc<Notify>,
}

/// A workflow, and what the caller may do with it.
#[derive(Clone, Debug, PartialEq)]
pub struct WorkflowView {
    /// The workflow.
    pub workflow: Workflow,
    /// The version that the caller is shown: the newest to whoever may change it, to others what runs.
    pub shown: i32,
    /// The stored form of its graph and all that is wrong with it, where one workflow is looked at.
    pub graph: Option<(Value, Vec<Problem>)>,
    /// Its schedules that act, where one workflow is looked at.
    pub schedules: Vec<WorkflowSchedule>,
    /// Its hook, where one workflow is looked at.
    pub hook: Option<WorkflowHook>,
    /// What it is found by in the caller's organisation.
    pub tags: Vec<Tag>,
    /// What people of the caller's organisation think of it.
    pub rating: RatingSummary,
    /// Whether the caller may change it.
    pub can_edit: bool,
    /// Whether the caller may grant it to others.
    pub can_share: bool,
}

/// What a write makes of a workflow's present state.
struct Change {
    spec: WorkflowSpec,
    document: Option<Value>,
    triggers: Vec<Trigger>,
    note: Option<String>,
    entry: NewAuditEvent,
}

impl Workflows {
    /// The service over this store.
    #[must_use]
    pub fn new(store: Store, access: Arc<Access>) -> Self {
        Self { store, access, folder: Folder::default(), rescheduled: Arc::default() }
    }

    /// The same where documents are taken from this folder by their path; an empty one is none.
    #[must_use]
    pub fn in_reach_of(self, folder: PathBuf) -> Self {
        Self { folder: Folder::new(folder), ..self }
    }

    /// A page of workflows, newest first, without their graphs.
    ///
    /// # Errors
    /// When the cursor is not one of this list, or storage fails.
    pub async fn list(
        &self,
        caller: &Caller,
        filter: WorkflowFilter,
        page: PageRequest,
    ) -> Result<Page<WorkflowView>> {
        let page = self.store.visible_to(caller).workflows().page(filter, page).await?;
        let judge = self.access.judge(caller).await?;
        let allows = |action, workflow: &Workflow| judge.allows(caller, action, &Facts::from(workflow));
        let ids: Vec<WorkflowId> = page.items.iter().map(|workflow| workflow.id).collect();
        let mut said = self.said(caller, &ids).await?;
        let views = page.items.into_iter().map(|workflow| {
            let (tags, rating) = said.remove(&workflow.id).unwrap_or_default();
            let can_edit = allows(Action::WorkflowUpdate, &workflow);
            WorkflowView {
                can_edit,
                shown: publish::shown(&workflow, can_edit),
                can_share: shareable(caller, &workflow) && allows(Action::WorkflowShare, &workflow),
                graph: None,
                schedules: Vec::new(),
                hook: None,
                tags,
                rating,
                workflow,
            }
        });
        Ok(Page { items: views.collect(), next: page.next })
    }

    /// A workflow that the caller may see, with its graph.
    ///
    /// # Errors
    /// `Hidden`.
    pub async fn find(&self, caller: &Caller, id: WorkflowId) -> Result<WorkflowView> {
        let workflow = self.row(caller, id, Action::WorkflowRead).await?;
        self.view(caller, workflow).await
    }

    /// Says what a document is and what is wrong with it. Nothing is kept.
    ///
    /// # Errors
    /// When storage fails.
    pub async fn check(&self, caller: &Caller, document: Document) -> Result<Checked> {
        Ok(document.checked(&self.names(caller).await?))
    }

    /// Makes a workflow that belongs to the caller. A graph with problems is kept as a draft.
    ///
    /// # Errors
    /// `Graph` where there is none in the document, `Invalid` or `NameTaken` with the fields at fault; `Access` where
    /// the caller may not.
    pub async fn create(&self, caller: &Caller, patch: WorkflowPatch) -> Result<WorkflowView> {
        let document = match (&patch.graph, &patch.name) {
            (Some(document), _) => document.clone(),
            (None, Some(name)) => blank(name),
            (None, None) => {
                let detail = "give the workflow a name, or a graph that has one";
                return Err(Error::Invalid { faults: vec![FieldError::new("/name", "required", detail)] });
            }
        };
        let (graph, sound) = document.graph(true)?;
        let spec = spec(&graph, sound);
        let (spec, graph) = patch.apply(spec, graph)?;
        self.insert(caller, spec, &graph, None, ("workflow.created", Action::WorkflowCreate)).await
    }

    /// Takes a document of any form. One that cannot run is taken as a draft, or not at all.
    ///
    /// # Errors
    /// `Graph` with everything that is wrong; else as `create`.
    pub async fn import(
        &self,
        caller: &Caller,
        document: Document,
        name: Option<String>,
        draft: bool,
    ) -> Result<WorkflowView> {
        let (graph, sound) = document.graph(draft)?;
        let patch = WorkflowPatch { name, ..WorkflowPatch::default() };
        let (spec, graph) = patch.apply(spec(&graph, sound), graph)?;
        self.insert(caller, spec, &graph, None, ("workflow.imported", Action::WorkflowCreate)).await
    }

    /// A document in the operator's folder, for whoever may make a workflow of it.
    ///
    /// # Errors
    /// `FolderOff` where the operator has named none; `Invalid` where the path does not lead to a document of at most
    /// `limit` bytes; `Access` where the caller may not.
    pub async fn in_folder(&self, caller: &Caller, path: String, limit: usize) -> Result<Document> {
        let facts = Facts::new("workflow:new", caller.scope).owned_by(caller.user_id());
        self.access.require(caller, Action::WorkflowCreate, &facts).await?;
        let folder = self.folder.clone();
        let read = tokio::task::spawn_blocking(move || folder.read(&path, limit));
        read.await.unwrap_or(Err(Error::FolderOff))
    }

    /// Changes what the patch names. A changed graph, name, title or description is the next version.
    ///
    /// # Errors
    /// `Stale` where the workflow is no longer at revision `if_match`; else as `create`.
    pub async fn update(
        &self,
        caller: &Caller,
        id: WorkflowId,
        if_match: Option<i32>,
        patch: WorkflowPatch,
    ) -> Result<WorkflowView> {
        let workflow = self.row(caller, id, Action::WorkflowUpdate).await?;
        if patch.widens(workflow.spec.visibility) {
            self.access.require(caller, Action::WorkflowShare, &Facts::from(&workflow)).await?;
        }
        let new = patch.graph.as_ref().map(|document| document.graph(true)).transpose()?;
        let entry = entry(caller, "workflow.updated", Action::WorkflowUpdate, &workflow);
        let workflow = self
            .change(caller, &workflow, if_match, move |tx, present| {
                Box::pin(async move {
                    let before = tx.workflows().version(present.id, present.current_version).await?.document;
                    let mut spec = present.spec;
                    let graph = match new {
                        Some((graph, sound)) => {
                            tell(&graph, sound, &mut spec);
                            graph
                        }
                        None => restored(before.clone())?,
                    };
                    let (spec, graph) = patch.apply(spec, graph)?;
                    let document = Some(stored(&graph)).filter(|document| *document != before);
                    Ok(Change { spec, document, triggers: graph.triggers, note: None, entry })
                })
            })
            .await?;
        self.view(caller, workflow).await
    }

    /// Removes a workflow. Runs keep what it was.
    ///
    /// # Errors
    /// `Stale` as `update`; `Official` for a workflow that Conductor ships, which can be switched off instead.
    pub async fn delete(&self, caller: &Caller, id: WorkflowId, if_match: Option<i32>) -> Result<()> {
        let workflow = self.row(caller, id, Action::WorkflowDelete).await?;
        if workflow.is_official {
            let reason = "a workflow that Conductor ships is switched off, not deleted";
            let facts = Facts::from(&workflow);
            self.access.refused(caller, Action::WorkflowDelete, &facts, "workflows/official", reason).await?;
            return Err(Error::Official);
        }
        let entry = entry(caller, "workflow.deleted", Action::WorkflowDelete, &workflow);
        self.store
            .scoped(workflow.scope)
            .write(move |tx| {
                Box::pin(async move {
                    held(tx, id, if_match).await?;
                    tx.workflows().delete(id).await?;
                    Ok(tx.audit().record(entry).await?)
                })
            })
            .await
    }

    /// A page of a workflow's versions, newest first.
    ///
    /// # Errors
    /// `Hidden`.
    pub async fn versions(
        &self,
        caller: &Caller,
        id: WorkflowId,
        page: PageRequest,
    ) -> Result<Page<WorkflowVersion>> {
        self.row(caller, id, Action::WorkflowRead).await?;
        Ok(self.store.visible_to(caller).workflows().versions(id, page).await?)
    }

    /// Makes an earlier graph the newest one again, as a new version. The name stays.
    ///
    /// # Errors
    /// `Hidden` where there is no such version; else as `update`.
    pub async fn rollback(
        &self,
        caller: &Caller,
        id: WorkflowId,
        version: i32,
        if_match: Option<i32>,
    ) -> Result<WorkflowView> {
        let workflow = self.row(caller, id, Action::WorkflowUpdate).await?;
        let entry = entry(caller, "workflow.rolled_back", Action::WorkflowUpdate, &workflow);
        let workflow = self
            .change(caller, &workflow, if_match, move |tx, present| {
                Box::pin(async move {
                    let earlier = tx.workflows().version(id, version).await.map_err(|error| match error {
                        conductor_storage::Error::NotFound => Error::Hidden { what: "version" },
                        error => error.into(),
                    })?;
                    let (mut graph, sound) = Document::Value(earlier.document).graph(true)?;
                    let mut spec = present.spec;
                    graph.name.clone_from(&spec.name);
                    tell(&graph, sound, &mut spec);
                    let note = Some(format!("rollback to version {version}"));
                    let document = Some(stored(&graph));
                    Ok(Change { spec, document, triggers: graph.triggers, note, entry })
                })
            })
            .await?;
        self.view(caller, workflow).await
    }

    /// Copies what the caller is shown of a workflow into the caller's scope: private, and the caller's own.
    ///
    /// # Errors
    /// `NameTaken` where a name is given that another workflow has; without one a free name is found.
    pub async fn clone_workflow(
        &self,
        caller: &Caller,
        id: WorkflowId,
        name: Option<String>,
    ) -> Result<WorkflowView> {
        let original = self.row(caller, id, Action::WorkflowClone).await?;
        let mut graph = self.graph(caller, &original, None).await?;
        let mut spec = original.spec;
        // What is copied may be another version than the one that the row tells of.
        graph.name.clone_from(&spec.name);
        let (mut graph, sound) = Document::Value(stored(&graph)).graph(true)?;
        tell(&graph, sound, &mut spec);
        spec.visibility = Visibility::Private;
        spec.is_template = false;
        spec.is_active = true;
        let patch = match name {
            Some(name) => WorkflowPatch { name: Some(name), ..WorkflowPatch::default() },
            None => {
                let base = spec.name.clone();
                let free = self
                    .store
                    .scoped(caller.scope)
                    .write(move |tx| Box::pin(async move { name::free(tx, &base).await }))
                    .await?;
                graph.title = graph.title.map(|title| format!("{title} (copy)"));
                WorkflowPatch { name: Some(free), ..WorkflowPatch::default() }
            }
        };
        let (spec, graph) = patch.apply(spec, graph)?;
        self.insert(caller, spec, &graph, Some(id), ("workflow.cloned", Action::WorkflowClone)).await
    }

    /// Writes what the caller is shown of a workflow, or one of its versions, as a document.
    ///
    /// # Errors
    /// `Hidden`, and `Unsayable` with everything that the form has no words for.
    pub async fn export(
        &self,
        caller: &Caller,
        id: WorkflowId,
        version: Option<i32>,
        form: Form,
        syntax: Syntax,
    ) -> Result<Written> {
        let workflow = self.row(caller, id, Action::WorkflowRead).await?;
        let graph = self.graph(caller, &workflow, version).await?;
        write(&graph, form, syntax)
    }

    /// The graph of a workflow that the caller may see: what it is shown, or that of a version.
    pub(crate) async fn graph(
        &self,
        caller: &Caller,
        workflow: &Workflow,
        version: Option<i32>,
    ) -> Result<Graph> {
        let number = match version {
            Some(version) => version,
            None => self.shown(caller, workflow).await?,
        };
        let version = self.store.visible_to(caller).workflows().version(workflow.id, number).await?;
        restored(version.ok_or(Error::Hidden { what: "version" })?.document)
    }

    async fn view(&self, caller: &Caller, workflow: Workflow) -> Result<WorkflowView> {
        let judge = self.access.judge(caller).await?;
        let facts = Facts::from(&workflow);
        let can_edit = judge.allows(caller, Action::WorkflowUpdate, &facts);
        let shown = publish::shown(&workflow, can_edit);
        let graph = self.graph(caller, &workflow, Some(shown)).await?;
        let problems = problems(&graph, &self.names(caller).await?);
        let mut said = self.said(caller, &[workflow.id]).await?;
        let (tags, rating) = said.remove(&workflow.id).unwrap_or_default();
        Ok(WorkflowView {
            tags,
            rating,
            can_edit,
            shown,
            can_share: shareable(caller, &workflow) && judge.allows(caller, Action::WorkflowShare, &facts),
            graph: Some((stored(&graph), problems)),
            schedules: self.store.visible_to(caller).schedules().of(workflow.id).await?,
            hook: self.store.visible_to(caller).hooks().of(workflow.id).await?,
            workflow,
        })
    }

    /// What the caller's organisation says of these workflows.
    async fn said(
        &self,
        caller: &Caller,
        workflows: &[WorkflowId],
    ) -> Result<HashMap<WorkflowId, (Vec<Tag>, RatingSummary)>> {
        let ids: Vec<_> = workflows.iter().map(|id| id.as_uuid()).collect();
        let view = self.store.visible_to(caller);
        let mut tags = view.tags().of(SharedKind::Workflow, &ids).await?;
        let ratings = view.ratings().summaries(SharedKind::Workflow, &ids).await?;
        let said = workflows.iter().map(|id| {
            let tags = tags.remove(&id.as_uuid()).unwrap_or_default();
            (*id, (tags, ratings.get(&id.as_uuid()).copied().unwrap_or_default()))
        });
        Ok(said.collect())
    }

    /// What exists for the caller, as far as a graph can name it.
    pub(crate) async fn names(&self, caller: &Caller) -> Result<Names> {
        Ok(known::names(&self.store, caller).await?)
    }

    /// The workflow, once the caller may do this with it.
    pub(crate) async fn row(&self, caller: &Caller, id: WorkflowId, action: Action) -> Result<Workflow> {
        let workflow = self.store.visible_to(caller).workflows().find(id).await?;
        let workflow = workflow.ok_or(Error::Hidden { what: "workflow" })?;
        self.access.require(caller, action, &Facts::from(&workflow)).await?;
        Ok(workflow)
    }

    async fn insert(
        &self,
        caller: &Caller,
        spec: WorkflowSpec,
        graph: &Graph,
        forked_from_workflow_id: Option<WorkflowId>,
        (event, action): (&str, Action),
    ) -> Result<WorkflowView> {
        let facts = new_facts(caller, &spec);
        self.access.require(caller, Action::WorkflowCreate, &facts).await?;
        if spec.visibility != Visibility::Private {
            self.access.require(caller, Action::WorkflowShare, &facts).await?;
        }
        let new = NewWorkflow {
            id: WorkflowId::generate(&**self.store.clock()),
            owner_user_id: caller.user_id(),
            document: stored(graph),
            is_official: false,
            forked_from_workflow_id,
            note: None,
            spec,
        };
        let triggers = graph.triggers.clone();
        let entry = NewAuditEvent::by(caller, event, action.as_str(), format!("workflow:{}", new.id))
            .on("workflow", new.id)
            .labelled(new.spec.data_classification);
        let workflow = self
            .store
            .scoped(caller.scope)
            .write(move |tx| {
                Box::pin(async move {
                    name::require_free(tx, &new.spec.name, None).await?;
                    let workflow = tx.workflows().create(new).await?;
                    schedules::keep(tx, &workflow, &triggers).await?;
                    tx.audit().record(entry).await?;
                    Ok::<_, Error>(workflow)
                })
            })
            .await?;
        self.rescheduled.notify_one();
        self.view(caller, workflow).await
    }

    /// Replaces the state of a workflow, inside its own tenant and on the newest state that there is.
    async fn change<F>(
        &self,
        caller: &Caller,
        workflow: &Workflow,
        if_match: Option<i32>,
        change: F,
    ) -> Result<Workflow>
    where
        F: for<'t> FnOnce(ScopedTx<'t>, Workflow) -> BoxFuture<'t, Result<Change>> + Send + 'static,
    {
        let (id, by) = (workflow.id, caller.user_id());
        let changed = self
            .store
            .scoped(workflow.scope)
            .write(move |tx| {
                Box::pin(async move {
                    let present = held(tx, id, if_match).await?;
                    let Change { spec, document, triggers, note, entry } = change(tx, present).await?;
                    name::require_free(tx, &spec.name, Some(id)).await?;
                    let changed = tx.workflows().update(id, &spec, document.as_ref(), note, by).await?;
                    match &changed.published {
                        // What is saved starts nothing before it is published.
                        Some(_) => schedules::keep_running(tx, &changed).await?,
                        None => schedules::keep(tx, &changed, &triggers).await?,
                    }
                    tx.audit().record(entry).await?;
                    Ok(changed)
                })
            })
            .await;
        self.rescheduled.notify_one();
        changed
    }
}

/// The workflow, held against other writers, if it is at the revision that the caller has read.
async fn held(tx: ScopedTx<'_>, id: WorkflowId, if_match: Option<i32>) -> Result<Workflow> {
    let workflow = tx.workflows().get_own(id).await?;
    if if_match.is_some_and(|revision| revision != workflow.revision) {
        return Err(Error::Stale);
    }
    Ok(workflow)
}

/// Only what lies in the caller's own organisation can be granted there.
fn shareable(caller: &Caller, workflow: &Workflow) -> bool {
    workflow.scope.organization_id == caller.scope.organization_id
}

/// What the decision point is told of a workflow that is to be.
fn new_facts(caller: &Caller, spec: &WorkflowSpec) -> Facts {
    Facts::new("workflow:new", caller.scope)
        .owned_by(caller.user_id())
        .seen_by(spec.visibility)
        .labelled(spec.data_classification)
        .official(caller.scope == Scope::PLATFORM)
}

/// What the audit log says of something that was done with a workflow.
pub(crate) fn entry(caller: &Caller, event: &str, action: Action, workflow: &Workflow) -> NewAuditEvent {
    NewAuditEvent::by(caller, event, action.as_str(), format!("workflow:{}", workflow.id))
        .on("workflow", workflow.id)
        .labelled(workflow.spec.data_classification)
}
