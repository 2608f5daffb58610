//! Outside systems: the present row, and every state it ever had.

use std::collections::HashMap;

use conductor_domain::{
    Connector, ConnectorFilter, ConnectorHealth, ConnectorId, ConnectorSpec, Health, NewConnector, Origin,
    Page, PageRequest, Scope, SharedKind, UserId,
};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::Set,
    ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    prelude::{Expr, Json, Uuid},
    sea_query::{ExprTrait, Func},
};
use serde_json::json;

use super::{
    convert::{after_id, json as read_json, to_json, word},
    reach::Reach,
};
use crate::{
    Error, Result, ScopedTx, View,
    conn::{Conn, Fetch},
    entity::connector,
    tx::Tx,
};

/// Outside systems of one tenant, inside a write.
#[derive(Debug)]
pub struct Connectors<'t> {
    tx: &'t Tx,
    scope: Scope,
}

impl<'t> Connectors<'t> {
    pub(crate) fn new(tx: ScopedTx<'t>) -> Self {
        Self { tx: tx.tx, scope: tx.scope }
    }

    /// Registers a connector.
    ///
    /// # Errors
    /// `NameTaken` when the environment has one of this name or slug.
    pub async fn create(&self, new: NewConnector) -> Result<Connector> {
        let now = self.tx.clock().now();
        let mut row = connector::ActiveModel {
            id: Set(new.id.as_uuid()),
            connector_key: Set(format!("{}_{}", kind(&new.spec), new.id)),
            kind: Set(kind(&new.spec).to_owned()),
            provider: Set(None),
            confirmed_command_hash: Set(None),
            secret_ref: Set(new.secret_ref),
            capabilities: Set(json!({})),
            origin: Set(Origin::Private.as_str().to_owned()),
            approval_status: Set("approved".to_owned()),
            version: Set(1),
            status: Set("inactive".to_owned()),
            health_status: Set(Health::Unknown.as_str().to_owned()),
            health_message: Set(None),
            last_health_check: Set(None),
            last_seen_at: Set(None),
            rate_limit: Set(None),
            required_permissions: Set(json!([])),
            tags: Set(json!([])),
            metadata: Set(json!({})),
            created_by_user_id: Set(new.created_by_user_id.map(Into::into)),
            created_at: Set(now),
            deleted_at: Set(None),
            organization_id: Set(self.scope.organization_id.as_uuid()),
            environment_id: Set(self.scope.environment_id.as_uuid()),
            ..<connector::ActiveModel as ActiveModelTrait>::default()
        };
        fill(&mut row, &new.spec)?;
        row.updated_at = Set(now);
        row.insert(&self.tx.conn()).await?.try_into()
    }

    /// A connector of this tenant.
    ///
    /// # Errors
    /// `NotFound` when this tenant has no such connector.
    pub async fn get(&self, id: ConnectorId) -> Result<Connector> {
        self.row(id).await?.try_into()
    }

    /// Stores a change as a new version. A stale `version` is refused.
    ///
    /// # Errors
    /// `NotFound`, `NameTaken`, or `Stale` when the row is newer than `version`.
    pub async fn update(
        &self,
        id: ConnectorId,
        version: Option<i32>,
        spec: &ConnectorSpec,
        secret_ref: Option<String>,
    ) -> Result<Connector> {
        let before = self.row(id).await?;
        if version.is_some_and(|version| version != before.version) {
            return Err(Error::Stale);
        }
        let number = before.version + 1;
        let mut row: connector::ActiveModel = before.into();
        fill(&mut row, spec)?;
        row.secret_ref = Set(secret_ref);
        row.version = Set(number);
        row.updated_at = Set(self.tx.clock().now());
        row.update(&self.tx.conn()).await?.try_into()
    }

    /// Keeps the hash of a command line that an administrator has confirmed.
    ///
    /// # Errors
    /// `NotFound` when this tenant has no such connector.
    pub async fn confirm_command(&self, id: ConnectorId, hash: String) -> Result<Connector> {
        let mut row: connector::ActiveModel = self.row(id).await?.into();
        row.confirmed_command_hash = Set(Some(hash));
        row.updated_at = Set(self.tx.clock().now());
        row.update(&self.tx.conn()).await?.try_into()
    }

    /// Writes what was found out.
    ///
    /// # Errors
    /// `NotFound` when this tenant has no such connector.
    pub async fn set_health(&self, id: ConnectorId, found: ConnectorHealth) -> Result<Connector> {
        let now = self.tx.clock().now();
        let mut row: connector::ActiveModel = self.row(id).await?.into();
        row.health_status = Set(found.health.as_str().to_owned());
        row.health_message = Set(found.message);
        row.last_health_check = Set(Some(now));
        if let Some(capabilities) = found.capabilities {
            row.capabilities = Set(capabilities);
        }
        if found.health == Health::Healthy {
            row.last_seen_at = Set(Some(now));
            row.status = Set("active".to_owned());
        } else {
            row.status = Set("error".to_owned());
        }
        row.update(&self.tx.conn()).await?.try_into()
    }

    /// Removes a connector; its name is free again.
    ///
    /// # Errors
    /// `NotFound` when this tenant has no such connector.
    pub async fn delete(&self, id: ConnectorId) -> Result<()> {
        let mut row: connector::ActiveModel = self.row(id).await?.into();
        row.deleted_at = Set(Some(self.tx.clock().now()));
        row.update(&self.tx.conn()).await?;
        let grants = ScopedTx { tx: self.tx, scope: self.scope }.grants();
        grants.end_on(SharedKind::Connector, id.as_uuid()).await.map(drop)
    }

    async fn row(&self, id: ConnectorId) -> Result<connector::Model> {
        connector::Entity::find_by_id(id.as_uuid())
            .filter(connector::Column::OrganizationId.eq(self.scope.organization_id.as_uuid()))
            .filter(connector::Column::EnvironmentId.eq(self.scope.environment_id.as_uuid()))
            .filter(connector::Column::DeletedAt.is_null())
            .one(&self.tx.conn())
            .await?
            .ok_or(Error::NotFound)
    }
}

/// Outside systems as a caller sees them.
#[derive(Debug)]
pub struct VisibleConnectors<'a> {
    view: View<'a>,
}

impl<'a> VisibleConnectors<'a> {
    pub(crate) fn new(view: View<'a>) -> Self {
        Self { view }
    }

    /// A connector, if the caller may see it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find(&self, id: ConnectorId) -> Result<Option<Connector>> {
        self.visible()
            .filter(connector::Column::Id.eq(id.as_uuid()))
            .row(self.view.conn)
            .await?
            .map(Connector::try_from)
            .transpose()
    }

    /// The names of those of these connectors that the caller may see.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn names(&self, ids: &[ConnectorId]) -> Result<HashMap<ConnectorId, String>> {
        let rows: Vec<(Uuid, String)> = self
            .visible()
            .select_only()
            .column(connector::Column::Id)
            .column(connector::Column::Name)
            .filter(connector::Column::Id.is_in(ids.iter().map(|id| id.as_uuid())))
            .into_tuple()
            .all(&self.view.conn)
            .await?;
        Ok(rows.into_iter().map(|(id, name)| (id.into(), name)).collect())
    }

    /// Every connector that may be used.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn enabled(&self) -> Result<Vec<Connector>> {
        self.visible()
            .filter(connector::Column::Enabled.eq(true))
            .order_by_asc(connector::Column::Id)
            .rows(self.view.conn)
            .await?
            .into_iter()
            .map(Connector::try_from)
            .collect()
    }

    /// A page of connectors, newest first.
    ///
    /// # Errors
    /// `BadCursor` when the cursor is not one of this list.
    pub async fn page(&self, filter: ConnectorFilter, page: PageRequest) -> Result<Page<Connector>> {
        let mut select = self.visible();
        if let Some(after) = after_id(&page)? {
            select = select.filter(connector::Column::Id.lt(after));
        }
        if let Some(origin) = filter.origin {
            select = select.filter(connector::Column::Origin.eq(origin.as_str()));
        }
        if let Some(words) = filter.q.filter(|words| !words.trim().is_empty()) {
            let like = format!("%{}%", words.trim().to_lowercase().replace(['%', '_'], ""));
            select = select.filter(
                Condition::any()
                    .add(Func::lower(Expr::col(connector::Column::Name)).like(like.clone()))
                    .add(Func::lower(Expr::col(connector::Column::Description)).like(like)),
            );
        }
        let rows = select
            .order_by_desc(connector::Column::Id)
            .limit(page.limit + 1)
            .rows(self.view.conn)
            .await?
            .into_iter()
            .map(Connector::try_from)
            .collect::<Result<Vec<_>>>()?;
        Ok(Page::cut(rows, page.limit, |connector| connector.id.to_string()))
    }

    fn visible(&self) -> sea_orm::Select<connector::Entity> {
        connector::Entity::find().filter(visible_to(&self.view))
    }
}

/// Every tenant's connectors, for their health.
#[derive(Debug)]
pub struct AllConnectors<'a> {
    conn: Conn<'a>,
}

impl<'a> AllConnectors<'a> {
    pub(crate) fn new(conn: Conn<'a>) -> Self {
        Self { conn }
    }

    /// A connector of any tenant.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find(&self, id: ConnectorId) -> Result<Option<Connector>> {
        connector::Entity::find_by_id(id.as_uuid())
            .filter(connector::Column::DeletedAt.is_null())
            .one(&self.conn)
            .await?
            .map(Connector::try_from)
            .transpose()
    }
}

pub(super) const REACH: Reach<connector::Column> = Reach {
    id: connector::Column::Id,
    organization: connector::Column::OrganizationId,
    environment: connector::Column::EnvironmentId,
    owner: connector::Column::CreatedByUserId,
    visibility: connector::Column::Visibility,
};

/// The condition under which a connector is in a caller's reach.
pub(crate) fn visible_to(view: &View<'_>) -> Condition {
    let caller = view.caller;
    let mut reach = REACH.seen_by(view, SharedKind::Connector).add(connector::Column::Origin.eq("official"));
    if caller.has_role("organization:owner") || caller.has_role("organization:admin") {
        reach = reach.add(REACH.in_scope(caller.scope));
    }
    Condition::all().add(connector::Column::DeletedAt.is_null()).add(reach)
}

/// The word for what a connector leads to.
pub(super) fn kind(spec: &ConnectorSpec) -> &'static str {
    if spec.api.is_some() { "api" } else { "mcp" }
}

fn fill(row: &mut connector::ActiveModel, spec: &ConnectorSpec) -> Result<()> {
    row.name = Set(spec.name.clone());
    row.slug = Set(spec.slug.clone());
    row.description = Set(spec.description.clone());
    row.transport = Set(Some(spec.transport.as_str().to_owned()));
    row.endpoint = Set(spec.endpoint.clone());
    row.command = Set(spec.command.clone());
    row.args = Set(to_json("connectors.args", &spec.args)?);
    row.env_vars = Set(to_json("connectors.env_vars", &spec.env_names)?);
    row.auth_type = Set(spec.auth_type.as_str().to_owned());
    row.auth_settings = Set(json!({ "header": spec.auth_header }));
    row.settings = Set(match &spec.api {
        Some(api) => to_json("connectors.settings", api)?,
        None => json!({}),
    });
    row.visibility = Set(spec.visibility.as_str().to_owned());
    row.approval_required = Set(spec.approval_required);
    row.enabled = Set(spec.enabled);
    row.cache_ttl_seconds = Set(spec.cache_ttl_seconds);
    row.data_classification = Set(spec.data_classification.as_str().to_owned());
    Ok(())
}

impl TryFrom<connector::Model> for Connector {
    type Error = Error;

    fn try_from(row: connector::Model) -> Result<Self> {
        let header = |settings: &Json| settings.get("header").and_then(Json::as_str).map(str::to_owned);
        Ok(Self {
            id: row.id.into(),
            scope: Scope {
                organization_id: row.organization_id.into(),
                environment_id: row.environment_id.into(),
            },
            spec: ConnectorSpec {
                name: row.name,
                slug: row.slug,
                description: row.description,
                transport: word("connectors.transport", row.transport.as_deref().unwrap_or_default())?,
                endpoint: row.endpoint,
                command: row.command,
                args: read_json("connectors.args", row.args)?,
                env_names: read_json("connectors.env_vars", row.env_vars)?,
                auth_type: word("connectors.auth_type", &row.auth_type)?,
                auth_header: header(&row.auth_settings),
                api: match row.kind.as_str() {
                    "api" => Some(read_json("connectors.settings", row.settings)?),
                    _ => None,
                },
                visibility: word("connectors.visibility", &row.visibility)?,
                data_classification: word("connectors.data_classification", &row.data_classification)?,
                approval_required: row.approval_required,
                cache_ttl_seconds: row.cache_ttl_seconds,
                enabled: row.enabled,
            },
            origin: word("connectors.origin", &row.origin)?,
            confirmed_command_hash: row.confirmed_command_hash,
            secret_ref: row.secret_ref,
            capabilities: row.capabilities,
            version: row.version,
            health: word("connectors.health_status", &row.health_status)?,
            health_message: row.health_message,
            last_health_check: row.last_health_check,
            created_by_user_id: row.created_by_user_id.map(UserId::from),
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}
