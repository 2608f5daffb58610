//! Workflows: a row for what lists show, and every graph that one ever had beside it.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use conductor_domain::{
    NewWorkflow, Page, PageRequest, PublishedVersion, ResourceRef, Scope, SharedKind, UserId, Workflow,
    WorkflowFilter, WorkflowId, WorkflowSpec, WorkflowVersion,
};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::Set,
    ColumnTrait, Condition, ConnectionTrait, DbBackend, EntityTrait, ExprTrait, QueryFilter, QueryOrder,
    QuerySelect,
    prelude::{Expr, Uuid},
    sea_query::Func,
};
use serde_json::Value;

use super::{
    convert::{after_id, beginning, containing, json, to_json, word},
    reach::Reach,
    tags, told_events,
};
use crate::{
    Error, Result, ScopedTx, View,
    conn::{Conn, Fetch},
    entity::{workflow, workflow_version},
};

pub(super) const REACH: Reach<workflow::Column> = Reach {
    id: workflow::Column::Id,
    organization: workflow::Column::OrganizationId,
    environment: workflow::Column::EnvironmentId,
    owner: workflow::Column::OwnerUserId,
    visibility: workflow::Column::Visibility,
};

/// Workflows of one tenant, inside a write.
#[derive(Debug)]
pub struct Workflows<'t> {
    tx: ScopedTx<'t>,
}

impl<'t> Workflows<'t> {
    pub(crate) fn new(tx: ScopedTx<'t>) -> Self {
        Self { tx }
    }

    /// Writes a workflow and its first version.
    ///
    /// # Errors
    /// `NameTaken` when another workflow of the scope has its name.
    pub async fn create(&self, new: NewWorkflow) -> Result<Workflow> {
        let now = self.tx.tx.clock().now();
        let row = workflow::ActiveModel {
            id: Set(new.id.as_uuid()),
            organization_id: Set(self.tx.scope.organization_id.as_uuid()),
            environment_id: Set(self.tx.scope.environment_id.as_uuid()),
            owner_user_id: Set(new.owner_user_id.map(Into::into)),
            created_by_user_id: Set(new.owner_user_id.map(Into::into)),
            is_official: Set(new.is_official),
            is_verified: Set(new.is_official),
            current_version: Set(1),
            revision: Set(1),
            forked_from_workflow_id: Set(new.forked_from_workflow_id.map(Into::into)),
            created_at: Set(now),
            updated_at: Set(now),
            deleted_at: Set(None),
            ..columns(&new.spec)?
        };
        let workflow = Workflow::try_from(row.insert(&self.tx.tx.conn()).await?)?;
        self.keep(&workflow, &new.document, new.note, new.owner_user_id).await?;
        Ok(workflow)
    }

    /// A workflow of this tenant itself, held against other writers until the transaction ends.
    ///
    /// # Errors
    /// `NotFound` when it is not this tenant's.
    pub async fn get_own(&self, id: WorkflowId) -> Result<Workflow> {
        self.row(id).await?.try_into()
    }

    /// Holds a workflow, whosever it is, against other starts and writers until the transaction ends. Nothing is told of
    /// it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn hold(&self, id: WorkflowId) -> Result<()> {
        let _: Option<Uuid> = workflow::Entity::find_by_id(id.as_uuid())
            .select_only()
            .column(workflow::Column::Id)
            .lock_exclusive()
            .into_tuple()
            .one(&self.tx.tx.conn())
            .await?;
        Ok(())
    }

    /// The names of this tenant that begin like this, whatever the case: what a new name must keep clear of.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn names_like(&self, name: &str) -> Result<Vec<(WorkflowId, String)>> {
        let rows: Vec<(Uuid, String)> = workflow::Entity::find()
            .select_only()
            .columns([workflow::Column::Id, workflow::Column::Name])
            .filter(REACH.in_scope(self.tx.scope))
            .filter(workflow::Column::DeletedAt.is_null())
            .filter(Expr::expr(Func::lower(Expr::col(workflow::Column::Name))).like(beginning(name)))
            .into_tuple()
            .all(&self.tx.tx.conn())
            .await?;
        Ok(rows.into_iter().map(|(id, name)| (id.into(), name)).collect())
    }

    /// Makes this the newest state of a workflow. A document that is given becomes its next version.
    ///
    /// # Errors
    /// `NotFound` when it is not this tenant's; `NameTaken` when another workflow has its name.
    pub async fn update(
        &self,
        id: WorkflowId,
        spec: &WorkflowSpec,
        document: Option<&Value>,
        note: Option<String>,
        by: Option<UserId>,
    ) -> Result<Workflow> {
        let before = self.row(id).await?;
        let row = workflow::ActiveModel {
            id: Set(id.as_uuid()),
            current_version: Set(before.current_version + i32::from(document.is_some())),
            revision: Set(before.revision + 1),
            updated_at: Set(self.tx.tx.clock().now()),
            ..columns(spec)?
        };
        let workflow = Workflow::try_from(row.update(&self.tx.tx.conn()).await?)?;
        if let Some(document) = document {
            self.keep(&workflow, document, note, by).await?;
        }
        Ok(workflow)
    }

    /// Makes this the version that runs where nobody names one; without one the newest does.
    ///
    /// # Errors
    /// `NotFound` when it is not this tenant's.
    pub async fn publish(&self, id: WorkflowId, published: Option<PublishedVersion>) -> Result<Workflow> {
        let before = self.row(id).await?;
        let (version, at) = published.as_ref().map(|published| (published.version, published.at)).unzip();
        let by = published.as_ref().and_then(|published| published.by);
        let (title, description) =
            published.map_or((None, None), |published| (published.title, published.description));
        let row = workflow::ActiveModel {
            id: Set(id.as_uuid()),
            revision: Set(before.revision + 1),
            published_version: Set(version),
            published_title: Set(title),
            published_description: Set(description),
            published_by_user_id: Set(by.map(Into::into)),
            published_at: Set(at),
            updated_at: Set(self.tx.tx.clock().now()),
            ..Default::default()
        };
        Workflow::try_from(row.update(&self.tx.tx.conn()).await?)
    }

    /// Removes a workflow from every list, its schedules, its hook and its events; its versions stay for the runs that had them, and
    /// its drawings are nobody's but their own.
    ///
    /// # Errors
    /// `NotFound` when it is not this tenant's.
    pub async fn delete(&self, id: WorkflowId) -> Result<()> {
        let result = workflow::Entity::update_many()
            .col_expr(workflow::Column::DeletedAt, Expr::value(self.tx.tx.clock().now()))
            .filter(workflow::Column::Id.eq(id.as_uuid()))
            .filter(REACH.in_scope(self.tx.scope))
            .filter(workflow::Column::DeletedAt.is_null())
            .exec(&self.tx.tx.conn())
            .await?;
        if result.rows_affected == 0 {
            return Err(Error::NotFound);
        }
        self.tx.schedules().replace(id, Vec::new()).await?;
        self.tx.hooks().keep(id, false).await?;
        self.tx.told_events().replace(id, Vec::new()).await?;
        self.tx.tags().clear(ResourceRef { kind: SharedKind::Workflow, id: id.as_uuid() }).await?;
        self.tx.canvases().let_go(id).await?;
        self.tx.grants().end_on(SharedKind::Workflow, id.as_uuid()).await.map(drop)
    }

    /// One stored version of a workflow of this tenant.
    ///
    /// # Errors
    /// `NotFound` when the workflow is not this tenant's or never had it.
    pub async fn version(&self, id: WorkflowId, version: i32) -> Result<WorkflowVersion> {
        self.row(id).await?;
        version_row(self.tx.tx.conn(), id, version).await?.ok_or(Error::NotFound)?.try_into()
    }

    async fn keep(
        &self,
        workflow: &Workflow,
        document: &Value,
        note: Option<String>,
        by: Option<UserId>,
    ) -> Result<()> {
        let row = workflow_version::ActiveModel {
            id: Set(self.tx.tx.clock().uuid_v7()),
            workflow_id: Set(workflow.id.as_uuid()),
            version: Set(workflow.current_version),
            graph: Set(document.to_string()),
            note: Set(note),
            created_by: Set(by.map(Into::into)),
            created_at: Set(self.tx.tx.clock().now()),
        };
        workflow_version::Entity::insert(row).exec_without_returning(&self.tx.tx.conn()).await?;
        Ok(())
    }

    async fn row(&self, id: WorkflowId) -> Result<workflow::Model> {
        workflow::Entity::find_by_id(id.as_uuid())
            .filter(REACH.in_scope(self.tx.scope))
            .filter(workflow::Column::DeletedAt.is_null())
            .lock_exclusive()
            .one(&self.tx.tx.conn())
            .await?
            .ok_or(Error::NotFound)
    }
}

/// Every tenant's workflows, for whoever starts one that starts by itself.
#[derive(Debug)]
pub struct AllWorkflows<'a> {
    conn: Conn<'a>,
}

impl<'a> AllWorkflows<'a> {
    pub(crate) fn new(conn: Conn<'a>) -> Self {
        Self { conn }
    }

    /// A workflow, whoever may see it: who its owner is has to be known before anyone can ask.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find(&self, id: WorkflowId) -> Result<Option<Workflow>> {
        workflow::Entity::find_by_id(id.as_uuid())
            .filter(workflow::Column::DeletedAt.is_null())
            .row(self.conn)
            .await?
            .map(Workflow::try_from)
            .transpose()
    }
}

/// Workflows that the caller owns, that are shared with it, that are official or public.
#[derive(Debug)]
pub struct VisibleWorkflows<'a> {
    view: View<'a>,
}

impl<'a> VisibleWorkflows<'a> {
    pub(crate) fn new(view: View<'a>) -> Self {
        Self { view }
    }

    /// A workflow, if the caller may see it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find(&self, id: WorkflowId) -> Result<Option<Workflow>> {
        self.visible()
            .filter(workflow::Column::Id.eq(id.as_uuid()))
            .row(self.view.conn)
            .await?
            .map(Workflow::try_from)
            .transpose()
    }

    /// Those of these workflows that the caller may see, in no order.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find_many(&self, ids: &[WorkflowId]) -> Result<Vec<Workflow>> {
        self.visible()
            .filter(workflow::Column::Id.is_in(ids.iter().map(|id| id.as_uuid())))
            .rows(self.view.conn)
            .await?
            .into_iter()
            .map(Workflow::try_from)
            .collect()
    }

    /// Those that can be run, as far as what runs of them says that by itself; newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn runnable(&self) -> Result<Vec<Workflow>> {
        self.visible()
            .filter(workflow::Column::IsActive.eq(true))
            .filter(runs_soundly())
            .order_by_desc(workflow::Column::Id)
            .rows(self.view.conn)
            .await?
            .into_iter()
            .map(Workflow::try_from)
            .collect()
    }

    /// The inputs that versions of workflows declare, as their stored form has them. The right to the workflows is
    /// checked before.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn inputs(&self, versions: &[(WorkflowId, i32)]) -> Result<HashMap<WorkflowId, Value>> {
        if versions.is_empty() {
            return Ok(HashMap::new());
        }
        let declared = match self.view.conn.get_database_backend() {
            DbBackend::Postgres => "(graph::jsonb -> 'inputs')::text",
            _ => "json_extract(graph, '$.inputs')",
        };
        let those = versions.iter().fold(Condition::any(), |any, (id, version)| {
            any.add(
                Condition::all()
                    .add(workflow_version::Column::WorkflowId.eq(id.as_uuid()))
                    .add(workflow_version::Column::Version.eq(*version)),
            )
        });
        let rows: Vec<(Uuid, Option<String>)> = workflow_version::Entity::find()
            .select_only()
            .column(workflow_version::Column::WorkflowId)
            .expr_as(Expr::cust(declared), "declared")
            .filter(those)
            .into_tuple()
            .all(&self.view.conn)
            .await?;
        let read = |(id, text): (Uuid, Option<String>)| Some((id.into(), serde_json::from_str(&text?).ok()?));
        Ok(rows.into_iter().filter_map(read).collect())
    }

    /// Those that an event of this name starts where the caller acts, oldest first, at most `limit`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn started_by(&self, event: &str, limit: u64) -> Result<Vec<Workflow>> {
        self.visible()
            .filter(workflow::Column::Id.in_subquery(told_events::started_by(self.view.caller.scope, event)))
            .order_by_asc(workflow::Column::Id)
            .limit(limit)
            .rows(self.view.conn)
            .await?
            .into_iter()
            .map(Workflow::try_from)
            .collect()
    }

    /// Those of this name, whatever its case; in each scope there is one at most.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn named(&self, name: &str) -> Result<Vec<Workflow>> {
        self.visible()
            .filter(Expr::expr(Func::lower(Expr::col(workflow::Column::Name))).eq(name.to_lowercase()))
            .rows(self.view.conn)
            .await?
            .into_iter()
            .map(Workflow::try_from)
            .collect()
    }

    /// A page of workflows, newest first.
    ///
    /// # Errors
    /// `BadCursor` when the cursor is not one of this list.
    pub async fn page(&self, filter: WorkflowFilter, page: PageRequest) -> Result<Page<Workflow>> {
        let mut select = self.visible();
        if let Some(text) = filter.q.as_deref().filter(|text| !text.is_empty()) {
            let mut found = Condition::any();
            for column in [workflow::Column::Name, workflow::Column::Title, workflow::Column::Description] {
                found = found.add(Expr::expr(Func::lower(Expr::col(column))).like(containing(text)));
            }
            select = select.filter(found);
        }
        if let Some(template) = filter.template {
            select = select.filter(workflow::Column::IsTemplate.eq(template));
        }
        if let Some(official) = filter.official {
            select = select.filter(workflow::Column::IsOfficial.eq(official));
        }
        for tag in &filter.tags {
            let organization = self.view.caller.scope.organization_id;
            let found = tags::tagged(organization, SharedKind::Workflow, tag);
            select = select.filter(workflow::Column::Id.in_subquery(found));
        }
        if let Some(after) = after_id(&page)? {
            select = select.filter(workflow::Column::Id.lt(after));
        }
        let rows =
            select.order_by_desc(workflow::Column::Id).limit(page.limit + 1).rows(self.view.conn).await?;
        let rows = rows.into_iter().map(Workflow::try_from).collect::<Result<Vec<_>>>()?;
        Ok(Page::cut(rows, page.limit, |workflow| workflow.id.to_string()))
    }

    /// One version of a workflow. The right to the workflow is checked before.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn version(&self, id: WorkflowId, version: i32) -> Result<Option<WorkflowVersion>> {
        version_row(self.view.conn, id, version).await?.map(WorkflowVersion::try_from).transpose()
    }

    /// A page of a workflow's versions, newest first. The right to the workflow is checked before.
    ///
    /// # Errors
    /// `BadCursor` when the cursor is not one of this list.
    pub async fn versions(&self, id: WorkflowId, page: PageRequest) -> Result<Page<WorkflowVersion>> {
        let mut select =
            workflow_version::Entity::find().filter(workflow_version::Column::WorkflowId.eq(id.as_uuid()));
        if let Some(after) = page.after.as_deref() {
            let after: i32 = after.parse().map_err(|_| Error::BadCursor)?;
            select = select.filter(workflow_version::Column::Version.lt(after));
        }
        let rows = select
            .order_by_desc(workflow_version::Column::Version)
            .limit(page.limit + 1)
            .rows(self.view.conn)
            .await?;
        let rows = rows.into_iter().map(WorkflowVersion::try_from).collect::<Result<Vec<_>>>()?;
        Ok(Page::cut(rows, page.limit, |version| version.version.to_string()))
    }

    fn visible(&self) -> sea_orm::Select<workflow::Entity> {
        workflow::Entity::find()
            .filter(workflow::Column::DeletedAt.is_null())
            .filter(REACH.seen_by(&self.view, SharedKind::Workflow))
    }
}

async fn version_row(
    conn: Conn<'_>,
    id: WorkflowId,
    version: i32,
) -> Result<Option<workflow_version::Model>> {
    Ok(workflow_version::Entity::find()
        .filter(workflow_version::Column::WorkflowId.eq(id.as_uuid()))
        .filter(workflow_version::Column::Version.eq(version))
        .one(&conn)
        .await?)
}

/// Whether what runs is sound: a published version was when it was published.
fn runs_soundly() -> Condition {
    Condition::any()
        .add(workflow::Column::Runnable.eq(true))
        .add(workflow::Column::PublishedVersion.is_not_null())
}

/// The columns that a person sets.
fn columns(spec: &WorkflowSpec) -> Result<workflow::ActiveModel> {
    Ok(workflow::ActiveModel {
        name: Set(spec.name.clone()),
        title: Set(spec.title.clone()),
        description: Set(spec.description.clone()),
        source_format: Set(spec.source_format.clone()),
        node_count: Set(spec.node_count),
        runnable: Set(spec.runnable),
        is_active: Set(spec.is_active),
        is_template: Set(spec.is_template),
        category: Set(spec.category.clone()),
        visibility: Set(spec.visibility.as_str().to_owned()),
        data_classification: Set(spec.data_classification.as_str().to_owned()),
        required_permissions: Set(to_json("workflows.required_permissions", &spec.required_permissions)?),
        concurrency: Set(spec.concurrency.as_str().to_owned()),
        ..Default::default()
    })
}

impl TryFrom<workflow::Model> for Workflow {
    type Error = Error;

    fn try_from(row: workflow::Model) -> Result<Self> {
        Ok(Self {
            id: row.id.into(),
            scope: Scope {
                organization_id: row.organization_id.into(),
                environment_id: row.environment_id.into(),
            },
            owner_user_id: row.owner_user_id.map(Into::into),
            created_by_user_id: row.created_by_user_id.map(Into::into),
            spec: WorkflowSpec {
                name: row.name,
                title: row.title,
                description: row.description,
                source_format: row.source_format,
                node_count: row.node_count,
                runnable: row.runnable,
                is_active: row.is_active,
                is_template: row.is_template,
                category: row.category,
                visibility: word("workflows.visibility", &row.visibility)?,
                data_classification: word("workflows.data_classification", &row.data_classification)?,
                required_permissions: json("workflows.required_permissions", row.required_permissions)?,
                concurrency: word("workflows.concurrency", &row.concurrency)?,
            },
            is_official: row.is_official,
            is_verified: row.is_verified,
            current_version: row.current_version,
            revision: row.revision,
            forked_from_workflow_id: row.forked_from_workflow_id.map(Into::into),
            published: published(
                row.published_version.zip(row.published_at),
                row.published_title,
                row.published_description,
                row.published_by_user_id,
            ),
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

fn published(
    version: Option<(i32, DateTime<Utc>)>,
    title: Option<String>,
    description: Option<String>,
    by: Option<Uuid>,
) -> Option<PublishedVersion> {
    let (version, at) = version?;
    Some(PublishedVersion { version, title, description, by: by.map(Into::into), at })
}

impl TryFrom<workflow_version::Model> for WorkflowVersion {
    type Error = Error;

    fn try_from(row: workflow_version::Model) -> Result<Self> {
        let document = serde_json::from_str(&row.graph)
            .map_err(|error| Error::corrupt("workflow_versions.graph")(Box::new(error)))?;
        Ok(Self {
            id: row.id.into(),
            workflow_id: row.workflow_id.into(),
            version: row.version,
            document,
            note: row.note,
            created_by: row.created_by.map(Into::into),
            created_at: row.created_at,
        })
    }
}
