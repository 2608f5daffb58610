//! A server as a page shows it: the row, and what only other rows, the vault and the decision point know.

use std::collections::HashMap;

use conductor_access::Action;
use conductor_domain::{
    Caller, Connector, ConnectorFilter, ConnectorId, ConnectorTool, Page, PageRequest, Transport,
};
use futures::{StreamExt, stream};

use crate::{Error, Prompt, Registry, Result, registry::facts};

/// Servers that are asked at once.
const AT_ONCE: usize = 8;
/// Servers that are asked at most.
const SERVERS: u64 = 100;

/// A server with what stands elsewhere.
#[derive(Clone, Debug)]
pub struct ServerView {
    /// The server.
    pub connector: Connector,
    /// Whether the caller may change it.
    pub can_edit: bool,
    /// Whether the caller may grant it to others.
    pub can_share: bool,
    /// Definitions that wait for someone to approve them.
    pub tools_pending: usize,
    /// For local processes: whether the present command line is confirmed.
    pub command_confirmed: Option<bool>,
    /// For local processes, and those who may change them: the hash of the present command line.
    pub command_hash: Option<String>,
}

impl Registry {
    /// A server that the caller may see, as a page shows it.
    ///
    /// # Errors
    /// `Hidden` when there is none.
    pub async fn view(&self, caller: &Caller, id: ConnectorId) -> Result<ServerView> {
        let connector = self.find(caller, id).await?;
        self.view_of(caller, connector).await
    }

    /// The view of a server that the caller has just been given.
    ///
    /// # Errors
    /// When storage fails.
    pub async fn view_of(&self, caller: &Caller, connector: Connector) -> Result<ServerView> {
        let mut views = self.views_of(caller, vec![connector]).await?;
        views.pop().ok_or(Error::Hidden { what: "server" })
    }

    /// A page of servers, newest first.
    ///
    /// # Errors
    /// When the cursor is not one of this list, or storage fails.
    pub async fn views(
        &self,
        caller: &Caller,
        filter: ConnectorFilter,
        page: PageRequest,
    ) -> Result<Page<ServerView>> {
        let Page { items, next } = self.page(caller, filter, page).await?;
        Ok(Page { items: self.views_of(caller, items).await?, next })
    }

    /// Every tool of a server, in the order of their names.
    ///
    /// # Errors
    /// `Hidden` when the caller may not see the server.
    pub async fn all_tools(&self, caller: &Caller, id: ConnectorId) -> Result<Vec<ConnectorTool>> {
        self.find(caller, id).await?;
        Ok(self.store.visible_to(caller).tools().of_connectors(&[id]).await?)
    }

    /// The prompts of every server that has some and answers. A server that fails leaves its own out, and is logged.
    ///
    /// # Errors
    /// When storage fails.
    pub async fn all_prompts(&self, caller: &Caller) -> Result<Vec<(Connector, Prompt)>> {
        let request = PageRequest { limit: SERVERS, after: None };
        let servers = self.page(caller, ConnectorFilter::default(), request).await?.items;
        let with_prompts = servers.into_iter().filter(|server| server.spec.enabled && offers_prompts(server));
        let lists = stream::iter(with_prompts.map(|server| async move {
            match self.prompts(caller, server.id).await {
                Ok(prompts) => prompts.into_iter().map(|prompt| (server.clone(), prompt)).collect(),
                Err(error) => {
                    let error = &error as &dyn std::error::Error;
                    tracing::warn!(error, connector.id = %server.id, "a server's prompts are left out");
                    Vec::new()
                }
            }
        }));
        let lists: Vec<Vec<(Connector, Prompt)>> = lists.buffered(AT_ONCE).collect().await;
        Ok(lists.into_iter().flatten().collect())
    }

    async fn views_of(&self, caller: &Caller, connectors: Vec<Connector>) -> Result<Vec<ServerView>> {
        let ids: Vec<ConnectorId> = connectors.iter().map(|connector| connector.id).collect();
        let mut pending: HashMap<ConnectorId, usize> = HashMap::new();
        for tool in self.store.visible_to(caller).tools().of_connectors(&ids).await? {
            *pending.entry(tool.connector_id).or_default() +=
                usize::from(tool.present && tool.is_quarantined());
        }
        let judge = self.access.judge(caller).await?;
        let mut views = Vec::with_capacity(connectors.len());
        for connector in connectors {
            let can_edit = judge.allows(caller, Action::ConnectorUpdate, &facts(&connector));
            let can_share = connector.scope.organization_id == caller.scope.organization_id
                && judge.allows(caller, Action::ConnectorShare, &facts(&connector));
            let (command_confirmed, hash) = self.command_state(&connector).await;
            views.push(ServerView {
                can_edit,
                can_share,
                tools_pending: pending.get(&connector.id).copied().unwrap_or_default(),
                command_confirmed,
                // It covers the values of the environment, so it is for those who may set them.
                command_hash: hash.filter(|_| can_edit),
                connector,
            });
        }
        Ok(views)
    }

    async fn command_state(&self, connector: &Connector) -> (Option<bool>, Option<String>) {
        if connector.spec.transport != Transport::Stdio {
            return (None, None);
        }
        match self.confirmation(connector).await {
            Ok(None) => (Some(true), connector.confirmed_command_hash.clone()),
            Ok(Some(wanted)) => (Some(false), Some(wanted.hash)),
            // Without its environment there is no command line that could be confirmed.
            Err(_) => (Some(false), None),
        }
    }
}

fn offers_prompts(server: &Connector) -> bool {
    server.capabilities.get("prompts").and_then(serde_json::Value::as_u64).is_some_and(|count| count > 0)
}
