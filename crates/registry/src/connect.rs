//! Talking to a server on behalf of a page: try it, confirm it, read what it offers.

use std::time::Instant;

use conductor_access::Action;
use conductor_domain::{
    Caller, Connector, ConnectorHealth, ConnectorId, Health, NewAuditEvent, ProblemView, ToolSync,
};
use conductor_mcp_client::{Error as McpError, HealthStatus, Prompt, Resource, ResourceContents, Session};
use serde_json::json;

use crate::{
    Error, Registry, Result,
    error::told,
    registry::{entry, facts, tell},
};

/// How a try to connect went.
#[derive(Clone, Debug)]
pub struct Connected {
    /// The server as it is known now.
    pub connector: Connector,
    /// How long it took.
    pub latency_ms: i64,
    /// Why it failed.
    pub error: Option<ProblemView>,
    /// What has to be confirmed first.
    pub needs_confirmation: Option<NeedsConfirmation>,
}

/// A command line that waits for an administrator.
#[derive(Clone, Debug)]
pub struct NeedsConfirmation {
    /// Program and arguments, exactly as they would run.
    pub command_line: Vec<String>,
    /// The names of its environment variables.
    pub env_names: Vec<String>,
    /// The hash to confirm; it covers the values of the environment too.
    pub hash: String,
}

/// What a server offers.
#[derive(Clone, Debug)]
pub struct Discovered {
    /// The server as it is known now.
    pub connector: Connector,
    /// What the sync of its tools did.
    pub sync: ToolSync,
    /// Its resources.
    pub resources: Vec<Resource>,
    /// Its prompts.
    pub prompts: Vec<Prompt>,
}

impl Registry {
    /// Tries a server, and reads its tools when it answers.
    ///
    /// # Errors
    /// `Hidden` or a refusal; a server that fails is an answer.
    pub async fn connect(&self, caller: &Caller, id: ConnectorId) -> Result<Connected> {
        let connector = self.executable(caller, id).await?;
        let entry = used(caller, "connector.connected", Action::ConnectorExecute, &connector);
        self.attempt(connector, Some(entry)).await
    }

    async fn attempt(&self, connector: Connector, entry: Option<NewAuditEvent>) -> Result<Connected> {
        if let Some(wanted) = self.confirmation(&connector).await? {
            return Ok(Connected { connector, latency_ms: 0, error: None, needs_confirmation: Some(wanted) });
        }
        let begun = Instant::now();
        if let Some(api) = connector.spec.api.clone() {
            let (connector, error) = self.reach_api(&connector, &api, entry).await?;
            let latency_ms = i64::try_from(begun.elapsed().as_millis()).unwrap_or(i64::MAX);
            return Ok(Connected { connector, latency_ms, error, needs_confirmation: None });
        }
        let tried = self.read(&connector, entry.clone()).await;
        let latency_ms = i64::try_from(begun.elapsed().as_millis()).unwrap_or(i64::MAX);
        let (connector, error) = match tried {
            Ok(discovered) => (discovered.connector, None),
            Err(Error::Server(error)) => {
                let problem = told(&connector.spec.name, &error);
                (self.note(&connector, &error, entry).await?, Some(problem))
            }
            Err(other) => return Err(other),
        };
        Ok(Connected { connector, latency_ms, error, needs_confirmation: None })
    }

    /// Reads what a server offers and brings its tools in line.
    ///
    /// # Errors
    /// `Hidden`, a refusal, or `Server` when it fails.
    pub async fn discover(&self, caller: &Caller, id: ConnectorId) -> Result<Discovered> {
        let connector = self.executable(caller, id).await?;
        let entry = used(caller, "connector.discovered", Action::ConnectorExecute, &connector);
        self.bring_in_line(&connector, entry).await
    }

    async fn bring_in_line(&self, connector: &Connector, entry: NewAuditEvent) -> Result<Discovered> {
        // What an API can do is written down here; there is nothing to be read.
        if let Some(api) = &connector.spec.api {
            let (connector, _) = self.reach_api(connector, api, Some(entry)).await?;
            let (resources, prompts) = (Vec::new(), Vec::new());
            return Ok(Discovered { connector, sync: ToolSync::default(), resources, prompts });
        }
        let read = self.read(connector, Some(entry.clone())).await;
        if let Err(Error::Server(error)) = &read {
            self.note(connector, error, Some(entry)).await?;
        }
        read
    }

    /// Confirms the exact command line of a local process.
    ///
    /// # Errors
    /// `HashMismatch` when it is not the one that was shown; `StdioOff`; a refusal.
    pub async fn confirm_command(&self, caller: &Caller, id: ConnectorId, hash: &str) -> Result<Connector> {
        let connector = self.find(caller, id).await?;
        self.access.require(caller, Action::ConnectorConfirm, &facts(&connector)).await?;
        if !self.stdio {
            let (facts, reason) = (facts(&connector), "the operator has switched local programs off");
            self.access
                .refused(caller, Action::ConnectorConfirm, &facts, "connectors/stdio-off", reason)
                .await?;
            return Err(Error::StdioOff);
        }
        let line = self.command_line(&connector).await?;
        if line.hash() != hash {
            return Err(Error::HashMismatch);
        }
        let mut entry: NewAuditEvent =
            entry(caller, "connector.command_confirmed", Action::ConnectorConfirm, id);
        entry.data = json!({ "hash": hash, "command": line.command, "args": line.args });
        let hash = hash.to_owned();
        self.write_at(connector.scope, move |tx| {
            Box::pin(async move {
                let connector = tx.connectors().confirm_command(id, hash).await?;
                tx.audit().record(entry).await?;
                tell(tx, &connector);
                Ok(connector)
            })
        })
        .await
    }

    /// What would have to be confirmed before this server may run; `None` where nothing has to.
    ///
    /// # Errors
    /// When the command line's secrets cannot be read.
    pub async fn confirmation(&self, connector: &Connector) -> Result<Option<NeedsConfirmation>> {
        if connector.spec.transport != conductor_domain::Transport::Stdio {
            return Ok(None);
        }
        let line = self.command_line(connector).await?;
        let hash = line.hash();
        if connector.confirmed_command_hash.as_deref() == Some(hash.as_str()) {
            return Ok(None);
        }
        let mut command_line = vec![line.command];
        command_line.extend(line.args);
        Ok(Some(NeedsConfirmation { command_line, env_names: connector.spec.env_names.clone(), hash }))
    }

    /// Asks a server how it is, now.
    ///
    /// # Errors
    /// `Hidden` or a refusal; a server that fails is an answer.
    pub async fn health(&self, caller: &Caller, id: ConnectorId) -> Result<Connector> {
        let connector = self.executable(caller, id).await?;
        Ok(self.attempt(connector, None).await?.connector)
    }

    /// Ends a server's sessions and processes and starts again.
    ///
    /// # Errors
    /// `Hidden`, a refusal, or `Server` when it does not come back.
    pub async fn restart(&self, caller: &Caller, id: ConnectorId) -> Result<Connector> {
        let connector = self.find(caller, id).await?;
        self.access.require(caller, Action::ConnectorUpdate, &facts(&connector)).await?;
        self.access.require(caller, Action::ConnectorExecute, &facts(&connector)).await?;
        self.pool.remove(id).await;
        let entry = used(caller, "connector.restarted", Action::ConnectorUpdate, &connector);
        Ok(self.bring_in_line(&connector, entry).await?.connector)
    }

    /// A server's resources, as it lists them now.
    ///
    /// # Errors
    /// `Hidden`, a refusal, or `Server` when it fails.
    pub async fn resources(&self, caller: &Caller, id: ConnectorId) -> Result<Vec<Resource>> {
        let connector = self.executable(caller, id).await?;
        if connector.spec.api.is_some() {
            return Ok(Vec::new());
        }
        let session = self.session(&connector).await?;
        session.list_resources().await.map_err(Error::Server)
    }

    /// A server's prompts, as it lists them now.
    ///
    /// # Errors
    /// `Hidden`, a refusal, or `Server` when it fails.
    pub async fn prompts(&self, caller: &Caller, id: ConnectorId) -> Result<Vec<Prompt>> {
        let connector = self.executable(caller, id).await?;
        if connector.spec.api.is_some() {
            return Ok(Vec::new());
        }
        let session = self.session(&connector).await?;
        session.list_prompts().await.map_err(Error::Server)
    }

    /// Reads a resource.
    ///
    /// # Errors
    /// `Hidden`, a refusal, or `Server` when it fails.
    pub async fn read_resource(
        &self,
        caller: &Caller,
        id: ConnectorId,
        uri: &str,
    ) -> Result<Vec<ResourceContents>> {
        let connector = self.executable(caller, id).await?;
        let mut entry = used(caller, "connector.resource_read", Action::ConnectorExecute, &connector);
        entry.data = json!({ "uri": uri });
        // Before it is read: nobody sees what cannot be taken down.
        self.write(caller, move |tx| Box::pin(async move { tx.audit().record(entry).await })).await?;
        self.session(&connector).await?.read_resource(uri).await.map_err(Error::Server)
    }

    /// The last lines that a server's process wrote.
    ///
    /// # Errors
    /// `Hidden` when the caller may not see the server.
    pub async fn log(&self, caller: &Caller, id: ConnectorId) -> Result<Vec<String>> {
        self.find(caller, id).await?;
        Ok(self.pool.log(id))
    }

    async fn executable(&self, caller: &Caller, id: ConnectorId) -> Result<Connector> {
        let connector = self.find(caller, id).await?;
        self.access.require(caller, Action::ConnectorExecute, &facts(&connector)).await?;
        Ok(connector)
    }

    pub(crate) async fn session(&self, connector: &Connector) -> Result<Session> {
        let spec = self.server_spec(connector).await?;
        self.pool.session(connector.id, &spec).await.map_err(Error::Server)
    }

    /// Writes that a server failed.
    pub(crate) async fn note(
        &self,
        connector: &Connector,
        error: &McpError,
        entry: Option<NewAuditEvent>,
    ) -> Result<Connector> {
        let status = self.pool.health(connector.id).map(|health| health.status);
        let offline = matches!(error, McpError::Unreachable { .. } | McpError::Closed { .. })
            || status == Some(HealthStatus::Offline);
        let found = ConnectorHealth {
            health: if offline { Health::Offline } else { Health::Error },
            message: Some(error.to_string()),
            capabilities: None,
        };
        let id = connector.id;
        self.write_at(connector.scope, move |tx| {
            Box::pin(async move {
                if let Some(mut entry) = entry {
                    entry.data = json!({ "failed": true });
                    tx.audit().record(entry).await?;
                }
                let connector = tx.connectors().set_health(id, found).await?;
                tell(tx, &connector);
                Ok(connector)
            })
        })
        .await
    }
}

/// An entry about something that was done with a server.
fn used(caller: &Caller, event: &str, action: Action, connector: &Connector) -> NewAuditEvent {
    entry(caller, event, action, connector.id).labelled(connector.spec.data_classification)
}
