//! Brings rows in line with what a server says of itself.

use conductor_domain::{Connector, ConnectorHealth, Health, NewAuditEvent, SeenTool};
use conductor_mcp_client::Tool;
use serde_json::json;

use crate::{Discovered, Error, Registry, Result, registry::tell};

impl Registry {
    /// Reads everything that a server offers; tools, health and the entry of the audit log are stored in one transaction.
    pub(crate) async fn read(
        &self,
        connector: &Connector,
        entry: Option<NewAuditEvent>,
    ) -> Result<Discovered> {
        let session = self.session(connector).await?;
        let tools = session.list_tools().await.map_err(Error::Server)?;
        // A server without resources or prompts may refuse to list them; that is no failure of the server.
        let resources = session.list_resources().await.unwrap_or_default();
        let prompts = session.list_prompts().await.unwrap_or_default();
        let server = session.server();
        let found = ConnectorHealth {
            health: Health::Healthy,
            message: None,
            capabilities: Some(json!({
                "tools": tools.len(),
                "resources": resources.len(),
                "prompts": prompts.len(),
                "protocol_version": server.protocol_version,
                "server": { "name": server.name, "version": server.version },
            })),
        };
        let seen = tools.into_iter().map(seen).collect();
        let before = connector.clone();
        let (connector, sync) = self
            .write_at(connector.scope, move |tx| {
                Box::pin(async move {
                    let sync = tx.tools().sync(&before, seen).await?;
                    let changed = sync.added.len() + sync.changed.len() + sync.removed.len() > 0;
                    // What a server changed by itself is told by nobody else.
                    let entry = entry.or_else(|| changed.then(|| by_itself(&before)));
                    if let Some(mut entry) = entry {
                        entry.data =
                            json!({ "added": sync.added, "changed": sync.changed, "removed": sync.removed });
                        tx.audit().record(entry).await?;
                    }
                    let connector = tx.connectors().set_health(before.id, found).await?;
                    tell(tx, &connector);
                    Ok((connector, sync))
                })
            })
            .await?;
        Ok(Discovered { connector, sync, resources, prompts })
    }
}

fn by_itself(connector: &Connector) -> NewAuditEvent {
    NewAuditEvent {
        event_type: "connector.tools_changed".to_owned(),
        subject: format!("connector:{}", connector.id),
        user_id: None,
        action: "connector.update".to_owned(),
        target: format!("connector:{}", connector.id),
        allowed: true,
        rule_id: None,
        resource_type: Some("connector".to_owned()),
        resource_id: Some(connector.id.as_uuid()),
        data_classification: Some(connector.spec.data_classification),
        address: None,
        denial_reason: None,
        run_id: None,
        context: serde_json::json!({}),
        personal: conductor_domain::Personal::new(),
        data: json!({}),
    }
}

fn seen(tool: Tool) -> SeenTool {
    SeenTool {
        definition_hash: tool.definition_hash(),
        display_name: tool.title.clone().unwrap_or_else(|| tool.name.clone()),
        description: tool.description.clone().unwrap_or_default(),
        definition: serde_json::to_value(&tool).unwrap_or_default(),
        input_schema: tool.input_schema,
        output_schema: tool.output_schema,
        name: tool.name,
    }
}
