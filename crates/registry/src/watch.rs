//! Follows what servers announce: changed lists are read again, a server that ended or came back is noted.

use std::sync::Arc;

use conductor_domain::{Connector, ConnectorHealth, ConnectorId, Health};
use conductor_mcp_client::{Change, PoolEventKind};
use conductor_storage::Unscoped;
use tokio::sync::broadcast::error::RecvError;

use crate::{Registry, Result, registry::tell};

impl Registry {
    /// Runs until the pool is shut down.
    pub async fn watch(self: Arc<Self>) {
        let mut events = self.pool.events();
        loop {
            let event = match events.recv().await {
                Ok(event) => event,
                Err(RecvError::Lagged(_)) => continue,
                Err(RecvError::Closed) => return,
            };
            if let Err(error) = self.follow(event.key.connector_id, event.kind).await {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    connector.id = %event.key.connector_id,
                    "a server's news could not be followed"
                );
            }
        }
    }

    async fn follow(&self, id: ConnectorId, kind: PoolEventKind) -> Result<()> {
        let connector = self.store.unscoped(Unscoped::Health).connectors().find(id).await?;
        let Some(connector) = connector else { return Ok(()) };
        match kind {
            PoolEventKind::Changed(Change::Tools) | PoolEventKind::Restarted => {
                self.read(&connector, None).await?;
                Ok(())
            }
            PoolEventKind::Changed(_) => Ok(()),
            PoolEventKind::Closed => self.ended(&connector).await,
        }
    }

    async fn ended(&self, connector: &Connector) -> Result<()> {
        let id = connector.id;
        let found = ConnectorHealth {
            health: Health::Offline,
            message: Some("the server ended by itself; it is started again when it is needed".to_owned()),
            capabilities: None,
        };
        self.write_at(connector.scope, move |tx| {
            Box::pin(async move {
                let connector = tx.connectors().set_health(id, found).await?;
                tell(tx, &connector);
                Ok(())
            })
        })
        .await
    }
}
