//! Registering, changing and removing connectors: MCP servers and APIs.

use std::sync::Arc;

use conductor_access::{Access, Action, Facts};
use conductor_connectors::HttpClient;
use conductor_domain::{
    AuthType, Caller, Connector, ConnectorFilter, ConnectorId, ConnectorSpec, ConnectorTool, EnvValues,
    NewAuditEvent, NewConnector, NewSecret, Page, PageRequest, ToolChange, ToolId, Transport, UserId,
    Visibility,
};
use conductor_egress::Guarded;
use conductor_mcp_client::Pool;
use conductor_storage::{FeedItem, ScopedTx, Store};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

use crate::{
    Error, Result,
    api::stays,
    spec::{env_ref, slug},
};

/// What the registry needs.
pub struct RegistryParts {
    /// Rows.
    pub store: Store,
    /// Decisions and the vault.
    pub access: Arc<Access>,
    /// Sessions to servers.
    pub pool: Pool,
    /// The client for addresses that people choose.
    pub egress: Guarded,
    /// The same, as it sends requests to APIs.
    pub http: HttpClient,
    /// Whether servers may be local processes.
    pub stdio: bool,
}

/// MCP servers, as doors and agents see them.
pub struct Registry {
    pub(crate) store: Store,
    pub(crate) access: Arc<Access>,
    pub(crate) pool: Pool,
    pub(crate) egress: Guarded,
    pub(crate) http: HttpClient,
    pub(crate) stdio: bool,
}

impl std::fmt::Debug for Registry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Registry").field("stdio", &self.stdio).finish_non_exhaustive()
    }
}

/// A server as a person describes it.
#[derive(Clone, Debug)]
pub struct ServerDraft {
    /// Everything but secrets; the slug follows from the name.
    pub spec: ConnectorSpec,
    /// The values of its environment; `None` leaves what is stored.
    pub env: Option<EnvValues>,
    /// Its credential; `None` leaves what is stored, and where nothing is proven none is kept.
    pub secret: Option<SecretString>,
}

/// Secrets to be written with a connector.
#[derive(Default)]
struct Sealed {
    auth: Option<NewSecret>,
    env: Option<NewSecret>,
}

impl Registry {
    /// A registry over these parts.
    #[must_use]
    pub fn new(parts: RegistryParts) -> Arc<Self> {
        let RegistryParts { store, access, pool, egress, http, stdio } = parts;
        Arc::new(Self { store, access, pool, egress, http, stdio })
    }

    /// Registers a server. Nothing is started or called.
    ///
    /// # Errors
    /// `Invalid`, `StdioOff`, or a refusal.
    pub async fn register(&self, caller: &Caller, mut draft: ServerDraft) -> Result<Connector> {
        let id = ConnectorId::generate(&**self.store.clock());
        draft.spec.slug = slug(&draft.spec.name);
        draft.spec.env_names =
            draft.env.as_ref().map(|env| env.keys().cloned().collect()).unwrap_or_default();
        let facts = Facts::new(format!("connector:{id}"), caller.scope).owned_by(caller.user_id());
        self.access.require(caller, Action::ConnectorCreate, &facts).await?;
        self.may_show(caller, Visibility::Private, draft.spec.visibility, &facts).await?;
        self.check(&draft.spec)?;
        if draft.spec.transport == Transport::Stdio {
            self.may_stdio(caller, &facts).await?;
        }
        let described = self.described(caller, &draft.spec, &facts).await?;
        let sealed = self.seal(caller, id, &draft).await?;
        let new = NewConnector {
            id,
            spec: draft.spec,
            secret_ref: sealed.auth.as_ref().map(|secret| secret.reference.clone()),
            created_by_user_id: caller.user_id(),
        };
        let entry = entry(caller, "connector.created", Action::ConnectorCreate, id)
            .labelled(new.spec.data_classification);
        self.write(caller, move |tx| {
            Box::pin(async move {
                for secret in [sealed.auth, sealed.env].into_iter().flatten() {
                    tx.secrets().create(secret).await?;
                }
                let connector = tx.connectors().create(new).await?;
                if let Some(described) = described {
                    described.bring(tx, &connector).await?;
                }
                tx.audit().record(entry).await?;
                tell(tx, &connector);
                Ok(connector)
            })
        })
        .await
    }

    /// Changes a server; its sessions end, and a changed command line has to be confirmed again.
    ///
    /// # Errors
    /// `Hidden`, `Invalid`, `Stale`, or a refusal.
    pub async fn update(
        &self,
        caller: &Caller,
        id: ConnectorId,
        version: Option<i32>,
        mut draft: ServerDraft,
    ) -> Result<Connector> {
        let before = self.find(caller, id).await?;
        self.access.require(caller, Action::ConnectorUpdate, &facts(&before)).await?;
        self.may_show(caller, before.spec.visibility, draft.spec.visibility, &facts(&before)).await?;
        draft.spec.slug.clone_from(&before.spec.slug);
        draft.spec.env_names = match &draft.env {
            Some(env) => env.keys().cloned().collect(),
            None if draft.spec.transport == Transport::Stdio => before.spec.env_names.clone(),
            None => Vec::new(),
        };
        stays(&before, &draft)?;
        self.check(&draft.spec)?;
        if draft.spec.transport == Transport::Stdio {
            self.may_stdio(caller, &facts(&before)).await?;
        }
        let described = if before.spec.api == draft.spec.api {
            None
        } else {
            self.described(caller, &draft.spec, &facts(&before)).await?
        };
        let sealed = self.seal(caller, id, &draft).await?;
        let new_ref = sealed.auth.as_ref().map(|secret| secret.reference.clone());
        let (unused, kept) = match draft.spec.auth_type {
            AuthType::None => (before.secret_ref.clone(), None),
            _ => (None, before.secret_ref.clone()),
        };
        let (spec, secret_ref) = (draft.spec, new_ref.or(kept));
        let entry = entry(caller, "connector.updated", Action::ConnectorUpdate, id)
            .labelled(spec.data_classification);
        let connector = self
            .write_at(before.scope, move |tx| {
                Box::pin(async move {
                    if let Some(unused) = unused {
                        tx.secrets().delete(&unused).await?;
                    }
                    for secret in [sealed.auth, sealed.env].into_iter().flatten() {
                        tx.secrets().delete(&secret.reference).await?;
                        tx.secrets().create(secret).await?;
                    }
                    let connector = tx.connectors().update(id, version, &spec, secret_ref).await?;
                    if let Some(described) = described {
                        described.bring(tx, &connector).await?;
                    }
                    tx.audit().record(entry).await?;
                    tell(tx, &connector);
                    Ok(connector)
                })
            })
            .await?;
        self.pool.remove(id).await;
        Ok(connector)
    }

    /// Removes a server with its tools, its secrets and its places at agents.
    ///
    /// # Errors
    /// `Hidden`, or a refusal.
    pub async fn delete(&self, caller: &Caller, id: ConnectorId) -> Result<()> {
        let before = self.find(caller, id).await?;
        self.access.require(caller, Action::ConnectorDelete, &facts(&before)).await?;
        let entry = entry(caller, "connector.deleted", Action::ConnectorDelete, id)
            .labelled(before.spec.data_classification);
        let env = env_ref(&before);
        self.write_at(before.scope, move |tx| {
            Box::pin(async move {
                for reference in before.secret_ref.iter().chain([&env]) {
                    tx.secrets().delete(reference).await?;
                }
                tx.tools().delete_of(id).await?;
                tx.agent_connectors().remove_connector(id).await?;
                tx.connectors().delete(id).await?;
                tx.audit().record(entry).await?;
                tell(tx, &before);
                Ok(())
            })
        })
        .await?;
        self.pool.remove(id).await;
        Ok(())
    }

    /// A server that the caller may see.
    ///
    /// # Errors
    /// `Hidden` when there is none.
    pub async fn find(&self, caller: &Caller, id: ConnectorId) -> Result<Connector> {
        let connector = self.store.visible_to(caller).connectors().find(id).await?;
        let connector = connector.ok_or(Error::Hidden { what: "server" })?;
        self.access.require(caller, Action::ConnectorRead, &facts(&connector)).await?;
        Ok(connector)
    }

    /// The name under which a server's tools are called. It tells no more of the server, and what a call may do is
    /// decided on the call: a token's scopes need name nothing else.
    ///
    /// # Errors
    /// `Hidden` when the caller sees no such server.
    pub async fn slug(&self, caller: &Caller, id: ConnectorId) -> Result<String> {
        let connector = self.store.visible_to(caller).connectors().find(id).await?;
        Ok(connector.ok_or(Error::Hidden { what: "server" })?.spec.slug)
    }

    /// A page of servers, newest first.
    ///
    /// # Errors
    /// When the cursor is not one of this list, or storage fails.
    pub async fn page(
        &self,
        caller: &Caller,
        filter: ConnectorFilter,
        page: PageRequest,
    ) -> Result<Page<Connector>> {
        Ok(self.store.visible_to(caller).connectors().page(filter, page).await?)
    }

    /// A page of a server's tools, in the order of their names.
    ///
    /// # Errors
    /// `Hidden` when the caller may not see the server.
    pub async fn tools_page(
        &self,
        caller: &Caller,
        id: ConnectorId,
        page: PageRequest,
    ) -> Result<Page<ConnectorTool>> {
        self.find(caller, id).await?;
        Ok(self.store.visible_to(caller).tools().page(id, page).await?)
    }

    /// Switches a tool on or off, declares it read-only, makes it ask, accepts its definition.
    ///
    /// # Errors
    /// `Hidden`, or a refusal.
    pub async fn update_tool(
        &self,
        caller: &Caller,
        connector: ConnectorId,
        id: ToolId,
        change: ToolChange,
    ) -> Result<ConnectorTool> {
        let connector = self.find(caller, connector).await?;
        let tool = self.store.visible_to(caller).tools().find(id).await?;
        let tool =
            tool.filter(|tool| tool.connector_id == connector.id).ok_or(Error::Hidden { what: "tool" })?;
        // What a call costs is what budgets hold it to.
        let trusts = change.approve_definition
            || change.read_only == Some(true)
            || change.asks == Some(false)
            || change.call_cost.is_some();
        let action = if trusts { Action::ToolApprove } else { Action::ToolUpdate };
        let mut facts = facts(&connector);
        facts = facts.within(format!("connector:{}", connector.id));
        facts.target = format!("tool:{}/{}", connector.spec.slug, tool.name);
        self.access.require(caller, action, &facts).await?;
        let mut entry = NewAuditEvent::by(caller, "tool.updated", action.as_str(), facts.target)
            .on("tool", id.as_uuid())
            .labelled(connector.spec.data_classification);
        entry.data = json!({
            "enabled": change.enabled,
            "read_only": change.read_only,
            "asks": change.asks,
            "approve_definition": change.approve_definition,
            "call_cost": change.call_cost,
            "definition_hash": tool.definition_hash,
        });
        self.write_at(connector.scope, move |tx| {
            Box::pin(async move {
                let tool = tx.tools().update(id, change).await?;
                tx.audit().record(entry).await?;
                tell(tx, &connector);
                Ok(tool)
            })
        })
        .await
    }

    /// To show a server to more people than see it now is a right of its own.
    async fn may_show(
        &self,
        caller: &Caller,
        now: Visibility,
        wanted: Visibility,
        facts: &Facts,
    ) -> Result<()> {
        let rank = |visibility| Visibility::ALL.iter().position(|word| *word == visibility);
        if rank(wanted) > rank(now) {
            self.access.require(caller, Action::ConnectorShare, facts).await?;
        }
        Ok(())
    }

    /// Local processes are for administrators, and only where the operator wants them.
    async fn may_stdio(&self, caller: &Caller, facts: &Facts) -> Result<()> {
        if !self.stdio {
            let reason = "the operator has switched local programs off";
            self.access
                .refused(caller, Action::ConnectorConfirm, facts, "connectors/stdio-off", reason)
                .await?;
            return Err(Error::StdioOff);
        }
        self.access.require(caller, Action::ConnectorConfirm, facts).await?;
        Ok(())
    }

    async fn seal(&self, caller: &Caller, id: ConnectorId, draft: &ServerDraft) -> Result<Sealed> {
        let vault = self.access.vault();
        let (scope, user): (_, Option<UserId>) = (caller.scope, caller.user_id());
        let mut sealed = Sealed { auth: None, env: None };
        if let Some(secret) = &draft.secret {
            let (name, value) = (format!("connector:{id}:auth"), secret.expose_secret());
            sealed.auth = Some(vault.seal(scope, &name, "bearer", value, user).await?);
        }
        if let Some(env) = draft.env.as_ref().filter(|env| !env.is_empty()) {
            let (name, values) =
                (format!("connector:{id}:env"), serde_json::to_string(env).unwrap_or_default());
            sealed.env = Some(vault.seal(scope, &name, "custom", &values, user).await?);
        }
        Ok(sealed)
    }

    pub(crate) async fn write<T, F>(&self, caller: &Caller, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: for<'t> FnOnce(ScopedTx<'t>) -> futures::future::BoxFuture<'t, conductor_storage::Result<T>>
            + Send
            + 'static,
    {
        self.write_at(caller.scope, work).await
    }

    pub(crate) async fn write_at<T, F>(&self, scope: conductor_domain::Scope, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: for<'t> FnOnce(ScopedTx<'t>) -> futures::future::BoxFuture<'t, conductor_storage::Result<T>>
            + Send
            + 'static,
    {
        self.store.scoped(scope).write(work).await.map_err(|error: conductor_storage::Error| match error {
            conductor_storage::Error::Stale => Error::Stale,
            other => other.into(),
        })
    }
}

/// What the decision point is told of a connector.
pub(crate) fn facts(connector: &Connector) -> Facts {
    Facts::from(connector)
}

pub(crate) fn entry(caller: &Caller, event: &str, action: Action, id: ConnectorId) -> NewAuditEvent {
    NewAuditEvent::by(caller, event, action.as_str(), format!("connector:{id}")).on("connector", id.as_uuid())
}

/// Tells every member's feed.
pub(crate) fn tell(tx: ScopedTx<'_>, connector: &Connector) {
    tx.notify(FeedItem {
        organization_id: connector.scope.organization_id,
        user_id: None,
        data: json!({ "type": "connector.updated", "connector_id": connector.id }),
    });
}
