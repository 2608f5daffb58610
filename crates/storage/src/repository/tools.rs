//! Tools of connectors: what their servers offer, what people set, and the definition that was approved.

use std::collections::{BTreeMap, HashMap};

use conductor_domain::{
    CallCost, Connector, ConnectorId, ConnectorTool, Page, PageRequest, Scope, SeenTool, ToolChange, ToolId,
    ToolSync,
};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    QueryTrait, prelude::Uuid,
};
use serde_json::json;

use super::connectors::{kind, visible_to};
use crate::{
    Error, Result, ScopedTx, View,
    conn::Fetch,
    entity::{connector, tool},
    tx::Tx,
};

/// The name space of tool ids; `docs` and the data model name it.
const NAMESPACE: Uuid = Uuid::from_u128(0xa1b2_c3d4_e5f6_7890_abcd_ef12_3456_7890);

/// Tools of one tenant's connectors, inside a write.
#[derive(Debug)]
pub struct Tools<'t> {
    tx: &'t Tx,
    scope: Scope,
}

impl<'t> Tools<'t> {
    pub(crate) fn new(tx: ScopedTx<'t>) -> Self {
        Self { tx: tx.tx, scope: tx.scope }
    }

    /// Brings the rows in line with what a server offers now. On the first sync everything is approved as it is seen;
    /// later, what is new or different waits for someone to approve it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn sync(&self, connector: &Connector, seen: Vec<SeenTool>) -> Result<ToolSync> {
        let known = self.of(connector.id).all(&self.tx.conn()).await?;
        let first = known.is_empty();
        let mut known: HashMap<String, tool::Model> =
            known.into_iter().map(|row| (row.name.clone(), row)).collect();
        let mut sync = ToolSync::default();
        for seen in seen {
            match known.remove(&seen.name) {
                None => {
                    sync.added.push(seen.name.clone());
                    self.insert(connector, seen, first).await?;
                }
                Some(row) => {
                    if row.definition_hash != seen.definition_hash {
                        sync.changed.push(seen.name.clone());
                    }
                    self.see(row, seen).await?;
                }
            }
        }
        for (name, row) in known {
            if row.sync_status != "removed" {
                sync.removed.push(name);
                let mut row: tool::ActiveModel = row.into();
                row.sync_status = Set("removed".to_owned());
                row.updated_at = Set(self.tx.clock().now());
                row.update(&self.tx.conn()).await?;
            }
        }
        Ok(sync)
    }

    /// Changes what a person may change.
    ///
    /// # Errors
    /// `NotFound` when this tenant has no such tool.
    pub async fn update(&self, id: ToolId, change: ToolChange) -> Result<ConnectorTool> {
        let row = self.own().filter(tool::Column::Id.eq(id.as_uuid())).one(&self.tx.conn()).await?;
        let row = row.ok_or(Error::NotFound)?;
        let (hash, definition) = (row.definition_hash.clone(), row.definition.clone());
        let mut row: tool::ActiveModel = row.into();
        if let Some(enabled) = change.enabled {
            row.enabled = Set(enabled);
        }
        if let Some(read_only) = change.read_only {
            row.read_only = Set(read_only);
        }
        if let Some(asks) = change.asks {
            row.approval = Set(approval(asks));
        }
        if change.approve_definition {
            row.approved_hash = Set(Some(hash));
            row.approved_definition = Set(Some(definition));
        }
        if let Some(cost) = change.call_cost {
            row.call_cost_nanos = Set(cost.as_ref().map(|cost| cost.nanos));
            row.call_cost_currency = Set(cost.map(|cost| cost.currency));
        }
        row.updated_at = Set(self.tx.clock().now());
        row.update(&self.tx.conn()).await?.try_into()
    }

    /// Accepts the present definitions of these tools of a connector, and whether each changes nothing, for someone who may.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn accept(&self, connector: ConnectorId, read_only: &BTreeMap<String, bool>) -> Result<()> {
        for row in self.of(connector).all(&self.tx.conn()).await? {
            let Some(read_only) = read_only.get(&row.name) else { continue };
            let (hash, definition) = (row.definition_hash.clone(), row.definition.clone());
            let mut row: tool::ActiveModel = row.into();
            row.read_only = Set(*read_only);
            row.approved_hash = Set(Some(hash));
            row.approved_definition = Set(Some(definition));
            row.updated_at = Set(self.tx.clock().now());
            row.update(&self.tx.conn()).await?;
        }
        Ok(())
    }

    /// Removes the tools of a connector that is deleted.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn delete_of(&self, connector: ConnectorId) -> Result<()> {
        tool::Entity::update_many()
            .col_expr(tool::Column::DeletedAt, sea_orm::prelude::Expr::value(self.tx.clock().now()))
            .filter(tool::Column::ConnectorId.eq(connector.as_uuid()))
            .filter(tool::Column::OrganizationId.eq(self.scope.organization_id.as_uuid()))
            .exec(&self.tx.conn())
            .await?;
        Ok(())
    }

    async fn insert(&self, connector: &Connector, seen: SeenTool, approved: bool) -> Result<()> {
        let now = self.tx.clock().now();
        let kind = kind(&connector.spec);
        let key = format!("{kind}_{}_{}", connector.id, seen.name);
        // Synced tools belong to the system, whose id is nil.
        let owner = Uuid::nil();
        let name = format!("{}:{}:{owner}:{key}", self.scope.organization_id, self.scope.environment_id);
        let row = tool::ActiveModel {
            id: Set(Uuid::new_v5(&NAMESPACE, name.as_bytes())),
            owner_user_id: Set(owner),
            tool_key: Set(key),
            connector_id: Set(Some(connector.id.as_uuid())),
            name: Set(seen.name),
            display_name: Set(seen.display_name),
            description: Set(seen.description),
            tool_type: Set(kind.to_owned()),
            definition: Set(seen.definition.clone()),
            input_schema: Set(seen.input_schema),
            output_schema: Set(seen.output_schema),
            version: Set("1.0".to_owned()),
            status: Set("active".to_owned()),
            enabled: Set(true),
            read_only: Set(false),
            approval: Set(approval(connector.spec.approval_required)),
            source: Set("connector".to_owned()),
            required_permissions: Set(json!([])),
            safety_checks: Set(json!([])),
            approved_hash: Set(approved.then(|| seen.definition_hash.clone())),
            definition_hash: Set(seen.definition_hash),
            approved_definition: Set(approved.then_some(seen.definition)),
            sync_status: Set("synced".to_owned()),
            synced_at: Set(Some(now)),
            created_at: Set(now),
            updated_at: Set(now),
            deleted_at: Set(None),
            organization_id: Set(self.scope.organization_id.as_uuid()),
            environment_id: Set(self.scope.environment_id.as_uuid()),
            call_cost_nanos: Set(None),
            call_cost_currency: Set(None),
        };
        tool::Entity::insert(row).exec_without_returning(&self.tx.conn()).await?;
        Ok(())
    }

    async fn see(&self, row: tool::Model, seen: SeenTool) -> Result<()> {
        let now = self.tx.clock().now();
        let mut row: tool::ActiveModel = row.into();
        row.display_name = Set(seen.display_name);
        row.description = Set(seen.description);
        row.definition = Set(seen.definition);
        row.input_schema = Set(seen.input_schema);
        row.output_schema = Set(seen.output_schema);
        row.definition_hash = Set(seen.definition_hash);
        row.sync_status = Set("synced".to_owned());
        row.synced_at = Set(Some(now));
        row.update(&self.tx.conn()).await?;
        Ok(())
    }

    fn of(&self, connector: ConnectorId) -> sea_orm::Select<tool::Entity> {
        self.own().filter(tool::Column::ConnectorId.eq(connector.as_uuid()))
    }

    fn own(&self) -> sea_orm::Select<tool::Entity> {
        tool::Entity::find()
            .filter(tool::Column::OrganizationId.eq(self.scope.organization_id.as_uuid()))
            .filter(tool::Column::EnvironmentId.eq(self.scope.environment_id.as_uuid()))
            .filter(tool::Column::DeletedAt.is_null())
    }
}

/// Tools of connectors that a caller may see.
#[derive(Debug)]
pub struct VisibleTools<'a> {
    view: View<'a>,
}

impl<'a> VisibleTools<'a> {
    pub(crate) fn new(view: View<'a>) -> Self {
        Self { view }
    }

    /// A tool, if the caller may see it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find(&self, id: ToolId) -> Result<Option<ConnectorTool>> {
        self.visible()
            .filter(tool::Column::Id.eq(id.as_uuid()))
            .row(self.view.conn)
            .await?
            .map(ConnectorTool::try_from)
            .transpose()
    }

    /// Every tool of some connectors, in the order of their names.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn of_connectors(&self, connectors: &[ConnectorId]) -> Result<Vec<ConnectorTool>> {
        self.visible()
            .filter(tool::Column::ConnectorId.is_in(connectors.iter().map(|id| id.as_uuid())))
            .order_by_asc(tool::Column::Name)
            .rows(self.view.conn)
            .await?
            .into_iter()
            .map(ConnectorTool::try_from)
            .collect()
    }

    /// A page of a connector's tools, in the order of their names.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn page(&self, connector: ConnectorId, page: PageRequest) -> Result<Page<ConnectorTool>> {
        let mut select = self.visible().filter(tool::Column::ConnectorId.eq(connector.as_uuid()));
        if let Some(after) = &page.after {
            select = select.filter(tool::Column::Name.gt(after));
        }
        let rows = select
            .order_by_asc(tool::Column::Name)
            .limit(page.limit + 1)
            .rows(self.view.conn)
            .await?
            .into_iter()
            .map(ConnectorTool::try_from)
            .collect::<Result<Vec<_>>>()?;
        Ok(Page::cut(rows, page.limit, |tool| tool.name.clone()))
    }

    fn visible(&self) -> sea_orm::Select<tool::Entity> {
        let connectors = connector::Entity::find()
            .select_only()
            .column(connector::Column::Id)
            .filter(visible_to(&self.view))
            .into_query();
        tool::Entity::find()
            .filter(tool::Column::DeletedAt.is_null())
            .filter(tool::Column::ConnectorId.in_subquery(connectors))
    }
}

fn approval(asks: bool) -> String {
    if asks { "ask" } else { "never" }.to_owned()
}

impl TryFrom<tool::Model> for ConnectorTool {
    type Error = Error;

    fn try_from(row: tool::Model) -> Result<Self> {
        Ok(Self {
            id: row.id.into(),
            connector_id: row.connector_id.ok_or(Error::NotFound)?.into(),
            scope: Scope {
                organization_id: row.organization_id.into(),
                environment_id: row.environment_id.into(),
            },
            name: row.name,
            display_name: row.display_name,
            description: row.description,
            definition: row.definition,
            input_schema: row.input_schema,
            output_schema: row.output_schema,
            enabled: row.enabled,
            read_only: row.read_only,
            asks: row.approval == "ask",
            definition_hash: row.definition_hash,
            approved_hash: row.approved_hash,
            approved_definition: row.approved_definition,
            present: row.sync_status == "synced",
            synced_at: row.synced_at,
            call_cost: row
                .call_cost_nanos
                .zip(row.call_cost_currency)
                .map(|(nanos, currency)| CallCost { nanos, currency }),
        })
    }
}
