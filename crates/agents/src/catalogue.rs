//! Keeps agents: each change is a version, any version can come back, any agent that one sees can be cloned.

mod name;
mod patch;
mod servers;
mod validate;

use std::{collections::HashMap, sync::Arc};

use conductor_access::{Access, Action, Facts};
use conductor_domain::{
    Agent, AgentConnector, AgentFilter, AgentId, AgentMode, AgentSnapshot, AgentVersion, Caller, ConnectorId,
    InboundAuth, NewAgent, NewAuditEvent, Page, PageRequest, Scope, Visibility,
};
use conductor_storage::{ScopedTx, Store};
use futures::future::BoxFuture;

pub use patch::{AgentPatch, ServerPatch};

use crate::{Error, Result, facts::facts};

/// The agents that a caller can see, and what it may do with them.
#[derive(Clone, Debug)]
pub struct Agents {
    store: Store,
    access: Arc<Access>,
}

/// A connector that an agent may use, with its name.
#[derive(Clone, Debug, PartialEq)]
pub struct AgentServer {
    /// The connector's name.
    pub name: String,
    /// Which part of it.
    pub connector: AgentConnector,
}

/// An agent with what stands in other rows.
#[derive(Clone, Debug, PartialEq)]
pub struct AgentView {
    /// The agent.
    pub agent: Agent,
    /// The connectors that it may use and that the caller may see.
    pub servers: Vec<AgentServer>,
    /// Whether the caller may change it.
    pub can_edit: bool,
    /// Whether the caller may grant it to others.
    pub can_share: bool,
}

/// What a write makes of an agent's present state.
struct Change {
    snapshot: AgentSnapshot,
    note: Option<String>,
    entry: NewAuditEvent,
}

impl Agents {
    /// The service over this store.
    #[must_use]
    pub fn new(store: Store, access: Arc<Access>) -> Self {
        Self { store, access }
    }

    /// A page of agents, newest first.
    ///
    /// # Errors
    /// When the cursor is not one of this list, or storage fails.
    pub async fn list(
        &self,
        caller: &Caller,
        filter: AgentFilter,
        page: PageRequest,
    ) -> Result<Page<AgentView>> {
        let page = self.store.visible_to(caller).agents().page(filter, page).await?;
        let next = page.next;
        Ok(Page { items: self.views(caller, page.items).await?, next })
    }

    /// An agent that the caller may see.
    ///
    /// # Errors
    /// `Hidden`.
    pub async fn find(&self, caller: &Caller, id: AgentId) -> Result<AgentView> {
        let agent = self.row(caller, id, Action::AgentRead).await?;
        self.view(caller, agent).await
    }

    /// Makes an agent that belongs to the caller.
    ///
    /// # Errors
    /// `Invalid` or `NameTaken` with the fields at fault; `Access` where the caller may not.
    pub async fn create(&self, caller: &Caller, patch: AgentPatch) -> Result<AgentView> {
        let snapshot = patch.into_new()?;
        self.check_servers(caller, &snapshot, &[]).await?;
        self.check_connection(caller, snapshot.spec.connector_id, None).await?;
        let facts = new_facts(caller, &snapshot);
        self.access.require(caller, Action::AgentCreate, &facts).await?;
        if snapshot.spec.visibility != Visibility::Private {
            self.access.require(caller, Action::AgentShare, &facts).await?;
        }
        self.insert(caller, snapshot, None, "agent.created", Action::AgentCreate).await
    }

    /// Changes what the patch names and keeps the result as a version.
    ///
    /// # Errors
    /// `Stale` where the agent is no longer at version `if_match`; else as `create`.
    pub async fn update(
        &self,
        caller: &Caller,
        id: AgentId,
        if_match: Option<i32>,
        patch: AgentPatch,
    ) -> Result<AgentView> {
        let agent = self.row(caller, id, Action::AgentUpdate).await?;
        if patch.widens(agent.spec.visibility) {
            self.access.require(caller, Action::AgentShare, &facts(&agent)).await?;
        }
        if let Some(wanted) = patch.servers() {
            let before = self.connectors(caller, id).await?;
            self.check_listed(caller, wanted, &before).await?;
        }
        self.check_connection(caller, patch.connector_id.flatten(), agent.spec.connector_id).await?;
        let entry =
            entry(caller, "agent.updated", Action::AgentUpdate, id).labelled(agent.spec.data_classification);
        let (agent, _) = self
            .change(caller, &agent, if_match, move |_, before| {
                Box::pin(async move { Ok(Change { snapshot: patch.apply(before)?, note: None, entry }) })
            })
            .await?;
        self.view(caller, agent).await
    }

    /// Removes an agent. Conversations keep what it said.
    ///
    /// # Errors
    /// `Stale` as `update`; `Official` for an agent that Conductor ships, which can be switched off instead.
    pub async fn delete(&self, caller: &Caller, id: AgentId, if_match: Option<i32>) -> Result<()> {
        let agent = self.row(caller, id, Action::AgentDelete).await?;
        if agent.is_official {
            let reason = "an agent that Conductor ships is switched off, not deleted";
            self.access
                .refused(caller, Action::AgentDelete, &facts(&agent), "agents/official", reason)
                .await?;
            return Err(Error::Official);
        }
        let entry =
            entry(caller, "agent.deleted", Action::AgentDelete, id).labelled(agent.spec.data_classification);
        self.store
            .scoped(agent.scope)
            .write(move |tx| {
                Box::pin(async move {
                    held(tx, id, if_match).await?;
                    tx.agents().delete(id).await?;
                    Ok(tx.audit().record(entry).await?)
                })
            })
            .await
    }

    /// A page of an agent's versions, newest first.
    ///
    /// # Errors
    /// `Hidden`.
    pub async fn versions(
        &self,
        caller: &Caller,
        id: AgentId,
        page: PageRequest,
    ) -> Result<Page<AgentVersion>> {
        self.row(caller, id, Action::AgentRead).await?;
        Ok(self.store.visible_to(caller).agents().versions(id, page).await?)
    }

    /// Makes an earlier version the newest one again, as a new version.
    ///
    /// # Errors
    /// `Hidden` where there is no such version; else as `update`.
    pub async fn rollback(
        &self,
        caller: &Caller,
        id: AgentId,
        version: i32,
        if_match: Option<i32>,
    ) -> Result<AgentView> {
        let agent = self.row(caller, id, Action::AgentUpdate).await?;
        let entry = entry(caller, "agent.rolled_back", Action::AgentUpdate, id)
            .labelled(agent.spec.data_classification);
        let visibility = agent.spec.visibility;
        let (agent, _) = self
            .change(caller, &agent, if_match, move |tx, _| {
                Box::pin(async move {
                    let earlier = tx.agents().version(id, version).await.map_err(|error| match error {
                        conductor_storage::Error::NotFound => Error::Hidden { what: "version" },
                        error => error.into(),
                    })?;
                    let mut snapshot = earlier.snapshot;
                    // Who sees an agent is shared by its own action, never by the way back.
                    snapshot.spec.visibility = visibility;
                    Ok(Change { snapshot, note: Some(format!("rollback to version {version}")), entry })
                })
            })
            .await?;
        self.view(caller, agent).await
    }

    /// Keeps the present state as a version of its own, with a note.
    ///
    /// # Errors
    /// As `update`.
    pub async fn fork(&self, caller: &Caller, id: AgentId, note: Option<String>) -> Result<AgentVersion> {
        let agent = self.row(caller, id, Action::AgentUpdate).await?;
        let note = validate::note(note)?;
        let entry =
            entry(caller, "agent.forked", Action::AgentUpdate, id).labelled(agent.spec.data_classification);
        let (_, version) = self
            .change(caller, &agent, None, move |_, snapshot| {
                Box::pin(async move { Ok(Change { snapshot, note, entry }) })
            })
            .await?;
        Ok(version)
    }

    /// Copies an agent into the caller's scope: private, the caller's own, without the original's secrets.
    ///
    /// # Errors
    /// `NameTaken` where a name is given that another agent has; without one a free name is found.
    pub async fn clone_agent(&self, caller: &Caller, id: AgentId, name: Option<String>) -> Result<AgentView> {
        let original = self.row(caller, id, Action::AgentClone).await?;
        let connectors = self.connectors(caller, id).await?;
        let visible = self.names(caller, &connectors).await?;
        let mut snapshot = AgentSnapshot { spec: original.spec.clone(), connectors };
        snapshot.connectors.retain(|connector| visible.contains_key(&connector.connector_id));
        let spec = &mut snapshot.spec;
        spec.visibility = Visibility::Private;
        spec.is_template = false;
        spec.is_active = true;
        spec.connector_id = spec.connector_id.filter(|id| visible.contains_key(id));
        spec.inbound_auth_method = InboundAuth::None;
        (spec.bearer_secret_ref, spec.inbound_secret_ref) = (None, None);
        (spec.mtls_cert_ref, spec.mtls_key_ref) = (None, None);
        if spec.connector_id.is_none() && snapshot.connectors.is_empty() {
            spec.mode = AgentMode::Caller;
        }
        match name {
            Some(name) => {
                let patch = AgentPatch { name: Some(name), slug: Some(None), ..AgentPatch::default() };
                snapshot = patch.apply(snapshot)?;
            }
            None => self.name_freely(caller, &mut snapshot).await?,
        }
        self.access.require(caller, Action::AgentCreate, &new_facts(caller, &snapshot)).await?;
        self.insert(caller, snapshot, Some(id), "agent.cloned", Action::AgentClone).await
    }

    /// The agent with what stands in other rows.
    ///
    /// # Errors
    /// When storage fails.
    async fn view(&self, caller: &Caller, agent: Agent) -> Result<AgentView> {
        let mut views = self.views(caller, vec![agent]).await?;
        views.pop().ok_or(Error::Hidden { what: "agent" })
    }

    async fn views(&self, caller: &Caller, agents: Vec<Agent>) -> Result<Vec<AgentView>> {
        let ids: Vec<AgentId> = agents.iter().map(|agent| agent.id).collect();
        let mut connectors = self.store.visible_to(caller).agents().connectors(&ids).await?;
        let all: Vec<AgentConnector> = connectors.values().flatten().cloned().collect();
        let names = self.names(caller, &all).await?;
        let judge = self.access.judge(caller).await?;
        Ok(agents
            .into_iter()
            .map(|agent| AgentView {
                servers: named(connectors.remove(&agent.id).unwrap_or_default(), &names),
                can_edit: judge.allows(caller, Action::AgentUpdate, &facts(&agent)),
                can_share: agent.scope.organization_id == caller.scope.organization_id
                    && judge.allows(caller, Action::AgentShare, &facts(&agent)),
                agent,
            })
            .collect())
    }

    /// The agent, once the caller may do this with it.
    async fn row(&self, caller: &Caller, id: AgentId, action: Action) -> Result<Agent> {
        let agent = self.store.visible_to(caller).agents().find(id).await?;
        let agent = agent.ok_or(Error::Hidden { what: "agent" })?;
        self.access.require(caller, action, &facts(&agent)).await?;
        Ok(agent)
    }

    async fn connectors(&self, caller: &Caller, id: AgentId) -> Result<Vec<AgentConnector>> {
        Ok(self.store.visible_to(caller).agents().connectors(&[id]).await?.remove(&id).unwrap_or_default())
    }

    async fn names(
        &self,
        caller: &Caller,
        connectors: &[AgentConnector],
    ) -> Result<HashMap<ConnectorId, String>> {
        let ids: Vec<ConnectorId> = connectors.iter().map(|connector| connector.connector_id).collect();
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        Ok(self.store.visible_to(caller).connectors().names(&ids).await?)
    }

    async fn insert(
        &self,
        caller: &Caller,
        snapshot: AgentSnapshot,
        forked_from_agent_id: Option<AgentId>,
        event: &str,
        action: Action,
    ) -> Result<AgentView> {
        let new = NewAgent {
            id: AgentId::generate(&**self.store.clock()),
            owner_user_id: caller.user_id(),
            snapshot,
            is_official: false,
            forked_from_agent_id,
            note: None,
        };
        let entry = entry(caller, event, action, new.id).labelled(new.snapshot.spec.data_classification);
        let agent = self
            .store
            .scoped(caller.scope)
            .write(move |tx| {
                Box::pin(async move {
                    name::require_free(tx, &new.snapshot.spec, None).await?;
                    let agent = tx.agents().create(new).await?;
                    tx.audit().record(entry).await?;
                    Ok::<_, Error>(agent)
                })
            })
            .await?;
        if !agent.spec.tags.is_empty() {
            // Rules ask for tags.
            self.access.rules_changed(agent.scope.organization_id);
        }
        self.view(caller, agent).await
    }

    /// Replaces the state of an agent, inside its own tenant and on the newest state that there is.
    async fn change<F>(
        &self,
        caller: &Caller,
        agent: &Agent,
        if_match: Option<i32>,
        change: F,
    ) -> Result<(Agent, AgentVersion)>
    where
        F: for<'t> FnOnce(ScopedTx<'t>, AgentSnapshot) -> BoxFuture<'t, Result<Change>> + Send + 'static,
    {
        let (id, by) = (agent.id, caller.user_id());
        let changed = self
            .store
            .scoped(agent.scope)
            .write(move |tx| {
                Box::pin(async move {
                    let present = held(tx, id, if_match).await?;
                    let connectors = tx.agent_connectors().of(id).await?;
                    let before = AgentSnapshot { spec: present.spec, connectors };
                    let Change { snapshot, note, entry } = change(tx, before).await?;
                    name::require_free(tx, &snapshot.spec, Some(id)).await?;
                    let changed = tx.agents().update(id, snapshot, note, by).await?;
                    tx.audit().record(entry).await?;
                    Ok::<_, Error>(changed)
                })
            })
            .await?;
        if changed.0.spec.tags != agent.spec.tags {
            self.access.rules_changed(agent.scope.organization_id);
        }
        Ok(changed)
    }

    async fn name_freely(&self, caller: &Caller, snapshot: &mut AgentSnapshot) -> Result<()> {
        let base = snapshot.spec.name.clone();
        let (name, slug) = self
            .store
            .scoped(caller.scope)
            .write(move |tx| Box::pin(async move { name::free(tx, &base).await }))
            .await?;
        snapshot.spec.name = name;
        snapshot.spec.slug = slug;
        Ok(())
    }
}

/// The agent, held against other writers, if it is at the version that the caller has read.
async fn held(tx: ScopedTx<'_>, id: AgentId, if_match: Option<i32>) -> Result<Agent> {
    let agent = tx.agents().get_own(id).await?;
    if if_match.is_some_and(|version| version != agent.current_version) {
        return Err(Error::Stale);
    }
    Ok(agent)
}

/// What the decision point is told of an agent that is to be.
fn new_facts(caller: &Caller, snapshot: &AgentSnapshot) -> Facts {
    Facts::new("agent:new", caller.scope)
        .owned_by(caller.user_id())
        .seen_by(snapshot.spec.visibility)
        .labelled(snapshot.spec.data_classification)
        .official(caller.scope == Scope::PLATFORM)
}

fn entry(caller: &Caller, event: &str, action: Action, id: AgentId) -> NewAuditEvent {
    NewAuditEvent::by(caller, event, action.as_str(), format!("agent:{id}")).on("agent", id)
}

fn named(connectors: Vec<AgentConnector>, names: &HashMap<ConnectorId, String>) -> Vec<AgentServer> {
    connectors
        .into_iter()
        .filter_map(|connector| {
            let name = names.get(&connector.connector_id)?.clone();
            Some(AgentServer { name, connector })
        })
        .collect()
}
