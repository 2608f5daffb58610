//! Agents: an agent is its newest version; every state it ever had is kept beside it.

use std::collections::HashMap;

use conductor_domain::{
    Agent, AgentConnector, AgentFilter, AgentId, AgentSnapshot, AgentSpec, AgentVersion, AgentVersionId,
    ConnectorId, NewAgent, Page, PageRequest, Revoked, Scope, SharedKind, SubjectKind, UserId,
};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, Condition, EntityTrait, ExprTrait, QueryFilter,
    QueryOrder, QuerySelect, prelude::Expr, sea_query::Func,
};

use super::{
    convert::{after_id, beginning, containing, json, to_json, word},
    reach::Reach,
};
use crate::{
    Error, Result, ScopedTx, View,
    conn::{Conn, Fetch},
    entity::{agent, agent_connector, agent_version},
    tx::Tx,
};

/// Agents of one tenant, inside a write.
#[derive(Debug)]
pub struct Agents<'t> {
    scoped: ScopedTx<'t>,
    tx: &'t Tx,
    scope: Scope,
}

impl<'t> Agents<'t> {
    pub(crate) fn new(scoped: ScopedTx<'t>) -> Self {
        Self { scoped, tx: scoped.tx, scope: scoped.scope }
    }

    /// Writes an agent and its first version.
    ///
    /// # Errors
    /// `NameTaken` when another agent of the scope has its name or slug.
    pub async fn create(&self, new: NewAgent) -> Result<Agent> {
        let now = self.tx.clock().now();
        let AgentSnapshot { spec, connectors } = new.snapshot;
        let row = agent::ActiveModel {
            id: Set(new.id.as_uuid()),
            organization_id: Set(self.scope.organization_id.as_uuid()),
            environment_id: Set(self.scope.environment_id.as_uuid()),
            owner_user_id: Set(new.owner_user_id.map(Into::into)),
            created_by_user_id: Set(new.owner_user_id.map(Into::into)),
            state_schema: Set(serde_json::json!({})),
            initial_state: Set(serde_json::json!({})),
            is_official: Set(new.is_official),
            is_verified: Set(new.is_official),
            current_version: Set(1),
            forked_from_agent_id: Set(new.forked_from_agent_id.map(Into::into)),
            created_at: Set(now),
            updated_at: Set(now),
            deleted_at: Set(None),
            ..columns(&spec)?
        };
        let agent = Agent::try_from(row.insert(&self.tx.conn()).await?)?;
        self.scoped.agent_connectors().replace(agent.id, &connectors).await?;
        if !spec.tags.is_empty() {
            // Conditions of policies ask for tags.
            self.scoped.policies().changed().await?;
        }
        self.keep(&agent, AgentSnapshot { spec, connectors }, new.note, new.owner_user_id, None).await?;
        Ok(agent)
    }

    /// An agent that this tenant may use: its own, an official one, a public one, or one that the organisation shares.
    ///
    /// # Errors
    /// `NotFound` when there is none in reach.
    pub async fn get(&self, id: AgentId) -> Result<Agent> {
        agent::Entity::find_by_id(id.as_uuid())
            .filter(agent::Column::DeletedAt.is_null())
            .filter(REACH.beyond(self.scope).add(REACH.in_scope(self.scope)))
            .one(&self.tx.conn())
            .await?
            .ok_or(Error::NotFound)?
            .try_into()
    }

    /// An agent of this tenant itself, held against other writers until the transaction ends.
    ///
    /// # Errors
    /// `NotFound` when it is not this tenant's, even where the tenant may use it.
    pub async fn get_own(&self, id: AgentId) -> Result<Agent> {
        self.row(id).await?.try_into()
    }

    /// The agent with this slug, whatever its case.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find_by_slug(&self, slug: &str) -> Result<Option<Agent>> {
        agent::Entity::find()
            .filter(REACH.in_scope(self.scope))
            .filter(agent::Column::DeletedAt.is_null())
            .filter(Expr::expr(Func::lower(Expr::col(agent::Column::Slug))).eq(slug.to_lowercase()))
            .one(&self.tx.conn())
            .await?
            .map(Agent::try_from)
            .transpose()
    }

    /// Agents whose name or slug begins like this: what a new name must keep clear of.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn named_like(&self, name: &str, slug: &str) -> Result<Vec<Agent>> {
        let begins = |column: agent::Column, text: &str| {
            Expr::expr(Func::lower(Expr::col(column))).like(beginning(text))
        };
        agent::Entity::find()
            .filter(REACH.in_scope(self.scope))
            .filter(agent::Column::DeletedAt.is_null())
            .filter(
                Condition::any()
                    .add(begins(agent::Column::Name, name))
                    .add(begins(agent::Column::Slug, slug)),
            )
            .all(&self.tx.conn())
            .await?
            .into_iter()
            .map(Agent::try_from)
            .collect()
    }

    /// Makes this the newest state of an agent and keeps it as a version.
    ///
    /// # Errors
    /// `NotFound` when it is not this tenant's; `NameTaken` when another agent has its name or slug.
    pub async fn update(
        &self,
        id: AgentId,
        snapshot: AgentSnapshot,
        note: Option<String>,
        by: Option<UserId>,
    ) -> Result<(Agent, AgentVersion)> {
        let before = self.row(id).await?;
        let AgentSnapshot { spec, connectors } = snapshot;
        if before.tags != to_json("agents.tags", &spec.tags)? {
            self.scoped.policies().changed().await?;
        }
        let row = agent::ActiveModel {
            id: Set(id.as_uuid()),
            current_version: Set(before.current_version + 1),
            updated_at: Set(self.tx.clock().now()),
            ..columns(&spec)?
        };
        let agent = Agent::try_from(row.update(&self.tx.conn()).await?)?;
        if before.is_active && !agent.spec.is_active {
            self.tx.tell(Revoked::Agent(id)).await?;
        }
        self.scoped.agent_connectors().replace(id, &connectors).await?;
        let parent = version_row(self.tx.conn(), id, before.current_version).await?.map(|version| version.id);
        let version =
            self.keep(&agent, AgentSnapshot { spec, connectors }, note, by, parent.map(Into::into)).await?;
        Ok((agent, version))
    }

    /// Removes an agent from every list; its versions stay.
    ///
    /// # Errors
    /// `NotFound` when it is not this tenant's.
    pub async fn delete(&self, id: AgentId) -> Result<()> {
        let result = agent::Entity::update_many()
            .col_expr(agent::Column::DeletedAt, Expr::value(self.tx.clock().now()))
            .filter(agent::Column::Id.eq(id.as_uuid()))
            .filter(REACH.in_scope(self.scope))
            .filter(agent::Column::DeletedAt.is_null())
            .exec(&self.tx.conn())
            .await?;
        if result.rows_affected == 0 {
            return Err(Error::NotFound);
        }
        self.scoped.grants().end_on(SharedKind::Agent, id.as_uuid()).await?;
        self.scoped.grants().end_of(SubjectKind::Agent, id.as_uuid()).await?;
        self.tx.tell(Revoked::Agent(id)).await
    }

    /// One stored version of an agent of this tenant.
    ///
    /// # Errors
    /// `NotFound` when the agent is not this tenant's or never had it.
    pub async fn version(&self, id: AgentId, version: i32) -> Result<AgentVersion> {
        self.row(id).await?;
        version_row(self.tx.conn(), id, version).await?.ok_or(Error::NotFound)?.try_into()
    }

    async fn keep(
        &self,
        agent: &Agent,
        snapshot: AgentSnapshot,
        note: Option<String>,
        by: Option<UserId>,
        parent: Option<AgentVersionId>,
    ) -> Result<AgentVersion> {
        let row = agent_version::ActiveModel {
            id: Set(self.tx.clock().uuid_v7()),
            agent_id: Set(agent.id.as_uuid()),
            version: Set(agent.current_version),
            parent_version_id: Set(parent.map(Into::into)),
            snapshot: Set(to_json("agent_versions.snapshot", &snapshot)?),
            note: Set(note),
            created_by: Set(by.map(Into::into)),
            created_at: Set(self.tx.clock().now()),
        };
        row.insert(&self.tx.conn()).await?.try_into()
    }

    async fn row(&self, id: AgentId) -> Result<agent::Model> {
        agent::Entity::find_by_id(id.as_uuid())
            .filter(REACH.in_scope(self.scope))
            .filter(agent::Column::DeletedAt.is_null())
            .lock_exclusive()
            .one(&self.tx.conn())
            .await?
            .ok_or(Error::NotFound)
    }
}

/// What the agents of one tenant may reach, inside a write.
#[derive(Debug)]
pub struct AgentConnectors<'t> {
    tx: &'t Tx,
    scope: Scope,
}

impl<'t> AgentConnectors<'t> {
    pub(crate) fn new(tx: ScopedTx<'t>) -> Self {
        Self { tx: tx.tx, scope: tx.scope }
    }

    /// What an agent may reach. The right to the agent is checked before.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn of(&self, agent: AgentId) -> Result<Vec<AgentConnector>> {
        Ok(connectors(self.tx.conn(), &[agent]).await?.remove(&agent).unwrap_or_default())
    }

    /// Sets everything that an agent may reach.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) async fn replace(&self, agent: AgentId, connectors: &[AgentConnector]) -> Result<()> {
        agent_connector::Entity::delete_many()
            .filter(agent_connector::Column::AgentId.eq(agent.as_uuid()))
            .exec(&self.tx.conn())
            .await?;
        for connector in connectors {
            let row = agent_connector::ActiveModel {
                agent_id: Set(agent.as_uuid()),
                connector_id: Set(connector.connector_id.as_uuid()),
                allowed_tools: Set(connector
                    .allowed_tools
                    .as_ref()
                    .map(|tools| to_json("agent_connectors.allowed_tools", tools))
                    .transpose()?),
                blocked_tools: Set(to_json("agent_connectors.blocked_tools", &connector.blocked_tools)?),
                allowed_resources: Set(connector
                    .allowed_resources
                    .as_ref()
                    .map(|resources| to_json("agent_connectors.allowed_resources", resources))
                    .transpose()?),
                access: Set(serde_json::json!(["read"])),
                configuration: Set(serde_json::json!({})),
                created_at: Set(self.tx.clock().now()),
            };
            agent_connector::Entity::insert(row).exec_without_returning(&self.tx.conn()).await?;
        }
        Ok(())
    }

    /// Takes a connector from every agent of this tenant, when it goes.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn remove_connector(&self, connector: ConnectorId) -> Result<u64> {
        let own = agent::Entity::find()
            .select_only()
            .column(agent::Column::Id)
            .filter(agent::Column::OrganizationId.eq(self.scope.organization_id.as_uuid()));
        let result = agent_connector::Entity::delete_many()
            .filter(agent_connector::Column::ConnectorId.eq(connector.as_uuid()))
            .filter(agent_connector::Column::AgentId.in_subquery(sea_orm::QueryTrait::into_query(own)))
            .exec(&self.tx.conn())
            .await?;
        Ok(result.rows_affected)
    }
}

/// Agents of every tenant, for the check of their tokens.
#[derive(Debug)]
pub struct AllAgents<'a> {
    conn: Conn<'a>,
}

impl<'a> AllAgents<'a> {
    pub(crate) fn new(conn: Conn<'a>) -> Self {
        Self { conn }
    }

    /// Where an agent lives, while it is there and switched on.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn home_of_active(&self, id: AgentId) -> Result<Option<Scope>> {
        let row = agent::Entity::find_by_id(id.as_uuid())
            .filter(agent::Column::DeletedAt.is_null())
            .filter(agent::Column::IsActive.eq(true))
            .one(&self.conn)
            .await?;
        Ok(row.map(|row| Scope {
            organization_id: row.organization_id.into(),
            environment_id: row.environment_id.into(),
        }))
    }
}

/// Agents that the caller owns, that are shared with it, that are official or public.
#[derive(Debug)]
pub struct VisibleAgents<'a> {
    view: View<'a>,
}

impl<'a> VisibleAgents<'a> {
    pub(crate) fn new(view: View<'a>) -> Self {
        Self { view }
    }

    /// An agent, if the caller may see it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find(&self, id: AgentId) -> Result<Option<Agent>> {
        self.visible()
            .filter(agent::Column::Id.eq(id.as_uuid()))
            .row(self.view.conn)
            .await?
            .map(Agent::try_from)
            .transpose()
    }

    /// Those of these agents that the caller may see, in no order.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find_many(&self, ids: &[AgentId]) -> Result<Vec<Agent>> {
        self.visible()
            .filter(agent::Column::Id.is_in(ids.iter().map(|id| id.as_uuid())))
            .rows(self.view.conn)
            .await?
            .into_iter()
            .map(Agent::try_from)
            .collect()
    }

    /// Those that are switched on, by slug.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn active(&self) -> Result<Vec<Agent>> {
        self.visible()
            .filter(agent::Column::IsActive.eq(true))
            .order_by_asc(agent::Column::Slug)
            .order_by_asc(agent::Column::Id)
            .rows(self.view.conn)
            .await?
            .into_iter()
            .map(Agent::try_from)
            .collect()
    }

    /// A page of agents, newest first.
    ///
    /// # Errors
    /// `BadCursor` when the cursor is not one of this list.
    pub async fn page(&self, filter: AgentFilter, page: PageRequest) -> Result<Page<Agent>> {
        let mut select = self.visible();
        if let Some(text) = filter.q.as_deref().filter(|text| !text.is_empty()) {
            let mut found = Condition::any();
            for column in [agent::Column::Name, agent::Column::Slug, agent::Column::Description] {
                found = found.add(Expr::expr(Func::lower(Expr::col(column))).like(containing(text)));
            }
            select = select.filter(found);
        }
        if let Some(tag) = filter.tag {
            // Tags are lower-case words without quotes, so the JSON text holds each between quotes.
            let tags = Expr::col(agent::Column::Tags).cast_as("text");
            select = select.filter(tags.like(containing(&format!("\"{tag}\""))));
        }
        if let Some(official) = filter.official {
            select = select.filter(agent::Column::IsOfficial.eq(official));
        }
        if let Some(after) = after_id(&page)? {
            select = select.filter(agent::Column::Id.lt(after));
        }
        let rows = select.order_by_desc(agent::Column::Id).limit(page.limit + 1).rows(self.view.conn).await?;
        let rows = rows.into_iter().map(Agent::try_from).collect::<Result<Vec<_>>>()?;
        Ok(Page::cut(rows, page.limit, |agent| agent.id.to_string()))
    }

    /// What these agents may reach. The right to them is checked before.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn connectors(&self, ids: &[AgentId]) -> Result<HashMap<AgentId, Vec<AgentConnector>>> {
        connectors(self.view.conn, ids).await
    }

    /// A page of an agent's versions, newest first. The right to the agent is checked before.
    ///
    /// # Errors
    /// `BadCursor` when the cursor is not one of this list.
    pub async fn versions(&self, id: AgentId, page: PageRequest) -> Result<Page<AgentVersion>> {
        let mut select =
            agent_version::Entity::find().filter(agent_version::Column::AgentId.eq(id.as_uuid()));
        if let Some(after) = page.after.as_deref() {
            let after: i32 = after.parse().map_err(|_| Error::BadCursor)?;
            select = select.filter(agent_version::Column::Version.lt(after));
        }
        let rows = select
            .order_by_desc(agent_version::Column::Version)
            .limit(page.limit + 1)
            .rows(self.view.conn)
            .await?;
        let rows = rows.into_iter().map(AgentVersion::try_from).collect::<Result<Vec<_>>>()?;
        Ok(Page::cut(rows, page.limit, |version| version.version.to_string()))
    }

    fn visible(&self) -> sea_orm::Select<agent::Entity> {
        let seen = REACH.seen_by(&self.view, SharedKind::Agent);
        agent::Entity::find().filter(agent::Column::DeletedAt.is_null()).filter(seen)
    }
}

pub(super) const REACH: Reach<agent::Column> = Reach {
    id: agent::Column::Id,
    organization: agent::Column::OrganizationId,
    environment: agent::Column::EnvironmentId,
    owner: agent::Column::OwnerUserId,
    visibility: agent::Column::Visibility,
};

async fn version_row(conn: Conn<'_>, id: AgentId, version: i32) -> Result<Option<agent_version::Model>> {
    Ok(agent_version::Entity::find()
        .filter(agent_version::Column::AgentId.eq(id.as_uuid()))
        .filter(agent_version::Column::Version.eq(version))
        .one(&conn)
        .await?)
}

async fn connectors(conn: Conn<'_>, ids: &[AgentId]) -> Result<HashMap<AgentId, Vec<AgentConnector>>> {
    let rows = agent_connector::Entity::find()
        .filter(agent_connector::Column::AgentId.is_in(ids.iter().map(|id| id.as_uuid())))
        .order_by_asc(agent_connector::Column::CreatedAt)
        .order_by_asc(agent_connector::Column::ConnectorId)
        .all(&conn)
        .await?;
    let mut found: HashMap<AgentId, Vec<AgentConnector>> = HashMap::new();
    for row in rows {
        found.entry(row.agent_id.into()).or_default().push(AgentConnector {
            connector_id: row.connector_id.into(),
            allowed_tools: row
                .allowed_tools
                .map(|tools| json("agent_connectors.allowed_tools", tools))
                .transpose()?,
            blocked_tools: json("agent_connectors.blocked_tools", row.blocked_tools)?,
            allowed_resources: row
                .allowed_resources
                .map(|resources| json("agent_connectors.allowed_resources", resources))
                .transpose()?,
        });
    }
    Ok(found)
}

/// The columns that a person sets.
fn columns(spec: &AgentSpec) -> Result<agent::ActiveModel> {
    Ok(agent::ActiveModel {
        name: Set(spec.name.clone()),
        slug: Set(spec.slug.clone()),
        description: Set(spec.description.clone()),
        agent_type: Set(spec.agent_type.clone()),
        mode: Set(spec.mode.as_str().to_owned()),
        system_prompt: Set(spec.system_prompt.clone()),
        model: Set(spec.model.clone()),
        model_provider: Set(spec.model_provider.clone()),
        temperature: Set(spec.temperature),
        max_tokens: Set(spec.max_tokens),
        top_p: Set(spec.top_p),
        max_tool_rounds: Set(spec.max_tool_rounds),
        execution_config: Set(to_json("agents.execution_config", &spec.execution_config)?),
        capabilities: Set(spec.capabilities.clone()),
        documentation: Set(spec.documentation.clone()),
        examples: Set(to_json("agents.examples", &spec.examples)?),
        tags: Set(to_json("agents.tags", &spec.tags)?),
        tools: Set(to_json("agents.tools", &spec.tools)?),
        is_active: Set(spec.is_active),
        is_template: Set(spec.is_template),
        visibility: Set(spec.visibility.as_str().to_owned()),
        data_classification: Set(spec.data_classification.as_str().to_owned()),
        required_permissions: Set(to_json("agents.required_permissions", &spec.required_permissions)?),
        connector_id: Set(spec.connector_id.map(Into::into)),
        inbound_auth_method: Set(spec.inbound_auth_method.as_str().to_owned()),
        bearer_secret_ref: Set(spec.bearer_secret_ref.clone()),
        inbound_secret_ref: Set(spec.inbound_secret_ref.clone()),
        mtls_cert_ref: Set(spec.mtls_cert_ref.clone()),
        mtls_key_ref: Set(spec.mtls_key_ref.clone()),
        ..Default::default()
    })
}

impl TryFrom<agent::Model> for Agent {
    type Error = Error;

    fn try_from(row: agent::Model) -> Result<Self> {
        Ok(Self {
            id: row.id.into(),
            scope: Scope {
                organization_id: row.organization_id.into(),
                environment_id: row.environment_id.into(),
            },
            owner_user_id: row.owner_user_id.map(Into::into),
            created_by_user_id: row.created_by_user_id.map(Into::into),
            spec: AgentSpec {
                name: row.name,
                slug: row.slug,
                description: row.description,
                agent_type: row.agent_type,
                mode: word("agents.mode", &row.mode)?,
                system_prompt: row.system_prompt,
                model: row.model,
                model_provider: row.model_provider,
                temperature: row.temperature,
                max_tokens: row.max_tokens,
                top_p: row.top_p,
                max_tool_rounds: row.max_tool_rounds,
                execution_config: json("agents.execution_config", row.execution_config)?,
                capabilities: row.capabilities,
                documentation: row.documentation,
                examples: json("agents.examples", row.examples)?,
                tags: json("agents.tags", row.tags)?,
                tools: json("agents.tools", row.tools)?,
                is_active: row.is_active,
                is_template: row.is_template,
                visibility: word("agents.visibility", &row.visibility)?,
                data_classification: word("agents.data_classification", &row.data_classification)?,
                required_permissions: json("agents.required_permissions", row.required_permissions)?,
                connector_id: row.connector_id.map(Into::into),
                inbound_auth_method: word("agents.inbound_auth_method", &row.inbound_auth_method)?,
                bearer_secret_ref: row.bearer_secret_ref,
                inbound_secret_ref: row.inbound_secret_ref,
                mtls_cert_ref: row.mtls_cert_ref,
                mtls_key_ref: row.mtls_key_ref,
            },
            is_official: row.is_official,
            is_verified: row.is_verified,
            current_version: row.current_version,
            forked_from_agent_id: row.forked_from_agent_id.map(Into::into),
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

impl TryFrom<agent_version::Model> for AgentVersion {
    type Error = Error;

    fn try_from(row: agent_version::Model) -> Result<Self> {
        Ok(Self {
            id: row.id.into(),
            agent_id: row.agent_id.into(),
            version: row.version,
            parent_version_id: row.parent_version_id.map(Into::into),
            snapshot: json("agent_versions.snapshot", row.snapshot)?,
            note: row.note,
            created_by: row.created_by.map(Into::into),
            created_at: row.created_at,
        })
    }
}
