//! Which connectors an agent may use: named in its body, or one at a time. Only what the caller sees can be named.

use conductor_access::Action;
use conductor_domain::{AgentConnector, AgentId, AgentSnapshot, Caller, ConnectorId, FieldError};

use super::{AgentServer, Agents, Change, ServerPatch, entry, named, validate};
use crate::{Error, Result};

impl Agents {
    /// The connectors that an agent may use and that the caller may see.
    ///
    /// # Errors
    /// `Hidden`.
    pub async fn servers(&self, caller: &Caller, id: AgentId) -> Result<Vec<AgentServer>> {
        Ok(self.find(caller, id).await?.servers)
    }

    /// Lets an agent use a connector; one that it uses already is changed.
    ///
    /// # Errors
    /// `Hidden` where the caller does not see the connector; else as `update`.
    pub async fn put_server(&self, caller: &Caller, id: AgentId, server: ServerPatch) -> Result<AgentServer> {
        let agent = self.row(caller, id, Action::AgentUpdate).await?;
        let connector = server.connector_id;
        let names = self.names(caller, &[AgentConnector::all_of(connector)]).await?;
        if !names.contains_key(&connector) {
            return Err(Error::Hidden { what: "server" });
        }
        let entry = entry(caller, "agent.server_connected", Action::AgentUpdate, id)
            .labelled(agent.spec.data_classification);
        self.change(caller, &agent, None, move |_, before| {
            Box::pin(async move {
                let mut snapshot = before;
                match snapshot.connectors.iter_mut().find(|there| there.connector_id == connector) {
                    Some(there) => there.allowed_tools = server.allowed_tools,
                    None => snapshot.connectors.push(AgentConnector {
                        allowed_tools: server.allowed_tools,
                        ..AgentConnector::all_of(connector)
                    }),
                }
                validate::snapshot(&snapshot)?;
                Ok(Change { snapshot, note: None, entry })
            })
        })
        .await?;
        let connectors = self.connectors(caller, id).await?;
        let mut servers = named(connectors, &names);
        servers.pop().ok_or(Error::Hidden { what: "server" })
    }

    /// Takes a connector from an agent.
    ///
    /// # Errors
    /// `Hidden` where the agent does not use it; else as `update`.
    pub async fn remove_server(&self, caller: &Caller, id: AgentId, connector: ConnectorId) -> Result<()> {
        let agent = self.row(caller, id, Action::AgentUpdate).await?;
        let entry = entry(caller, "agent.server_disconnected", Action::AgentUpdate, id)
            .labelled(agent.spec.data_classification);
        self.change(caller, &agent, None, move |_, before| {
            Box::pin(async move {
                let mut snapshot = before;
                let count = snapshot.connectors.len();
                snapshot.connectors.retain(|there| there.connector_id != connector);
                if snapshot.connectors.len() == count {
                    return Err(Error::Hidden { what: "server" });
                }
                validate::snapshot(&snapshot)?;
                Ok(Change { snapshot, note: None, entry })
            })
        })
        .await?;
        Ok(())
    }

    /// Refuses connectors that the caller does not see, apart from those that the agent has already.
    pub(super) async fn check_servers(
        &self,
        caller: &Caller,
        snapshot: &AgentSnapshot,
        before: &[AgentConnector],
    ) -> Result<()> {
        let wanted: Vec<ServerPatch> = snapshot
            .connectors
            .iter()
            .map(|connector| ServerPatch { connector_id: connector.connector_id, allowed_tools: None })
            .collect();
        self.check_listed(caller, &wanted, before).await
    }

    /// Refuses a runner's connection that the caller does not see, unless the agent has it already.
    pub(super) async fn check_connection(
        &self,
        caller: &Caller,
        wanted: Option<ConnectorId>,
        before: Option<ConnectorId>,
    ) -> Result<()> {
        let Some(id) = wanted.filter(|id| before != Some(*id)) else { return Ok(()) };
        if self.names(caller, &[AgentConnector::all_of(id)]).await?.contains_key(&id) {
            return Ok(());
        }
        let detail = "no server with this id; GET /api/mcp/servers lists those there are";
        Err(Error::Invalid { faults: vec![FieldError::new("/connection_id", "not_found", detail)] })
    }

    /// The same for a list as it came.
    pub(super) async fn check_listed(
        &self,
        caller: &Caller,
        wanted: &[ServerPatch],
        before: &[AgentConnector],
    ) -> Result<()> {
        let connectors: Vec<AgentConnector> =
            wanted.iter().map(|server| AgentConnector::all_of(server.connector_id)).collect();
        let names = self.names(caller, &connectors).await?;
        let faults: Vec<FieldError> = wanted
            .iter()
            .enumerate()
            .filter(|(_, server)| {
                !names.contains_key(&server.connector_id)
                    && !before.iter().any(|there| there.connector_id == server.connector_id)
            })
            .map(|(at, _)| {
                let detail = "no server with this id; GET /api/mcp/servers lists those there are";
                FieldError::new(format!("/mcp_servers/{at}/server_id"), "not_found", detail)
            })
            .collect();
        if faults.is_empty() { Ok(()) } else { Err(Error::Invalid { faults }) }
    }
}
