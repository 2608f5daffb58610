//! What the server may ask of us and tell us.

#![expect(
    deprecated,
    reason = "sampling and logging are deprecated in the protocol but old servers use them"
)]

use std::sync::Arc;

use rmcp::{
    ClientHandler, RoleClient,
    model::{
        ClientCapabilities, ClientConfig, CreateMessageRequestMethod, CreateMessageRequestParams,
        CreateMessageResult, ElicitRequestParams, ElicitResult, ElicitationAction, ElicitationCapability,
        ErrorData, FormElicitationCapability, Implementation, LoggingMessageNotificationParam,
        ProtocolVersion, UrlElicitationCapability,
    },
    service::{NotificationContext, RequestContext},
};
use tokio::sync::broadcast;

use super::Change;
use crate::{Elicitation, ElicitationAnswer, Host, error::excerpt, log::Log};

/// The newest version that is agreed upon by a handshake; anything newer is found by probing.
pub(super) const NEWEST_WITH_HANDSHAKE: ProtocolVersion = ProtocolVersion::V_2025_11_25;

/// Answers the server's requests through the host and passes its news on.
pub(super) struct Handler {
    pub(super) host: Arc<dyn Host>,
    pub(super) changes: broadcast::Sender<Change>,
    pub(super) log: Arc<Log>,
}

impl Handler {
    fn announce(&self, change: Change) {
        // Nobody listening is fine.
        let _ = self.changes.send(change);
    }
}

impl ClientHandler for Handler {
    fn get_info(&self) -> ClientConfig {
        let mut capabilities = ClientCapabilities::default();
        if self.host.elicits() {
            let elicitation = ElicitationCapability::new()
                .with_form(FormElicitationCapability::default())
                .with_url(UrlElicitationCapability::default());
            capabilities.elicitation = Some(elicitation);
        }
        let client = Implementation::new("conductor", env!("CARGO_PKG_VERSION"));
        ClientConfig::new(capabilities, client).with_protocol_version(NEWEST_WITH_HANDSHAKE)
    }

    async fn create_elicitation(
        &self,
        request: ElicitRequestParams,
        _context: RequestContext<RoleClient>,
    ) -> Result<ElicitResult, ErrorData> {
        Ok(elicit(self.host.as_ref(), request).await)
    }

    async fn create_message(
        &self,
        params: CreateMessageRequestParams,
        _context: RequestContext<RoleClient>,
    ) -> Result<CreateMessageResult, ErrorData> {
        let refused = ErrorData::method_not_found::<CreateMessageRequestMethod>;
        let request = serde_json::to_value(params).map_err(|_| refused())?;
        let answer = self.host.sample(request).await.ok_or_else(refused)?;
        serde_json::from_value(answer).map_err(|error| ErrorData::internal_error(error.to_string(), None))
    }

    async fn on_logging_message(
        &self,
        params: LoggingMessageNotificationParam,
        _context: NotificationContext<RoleClient>,
    ) {
        let text = params.data.as_str().map_or_else(|| params.data.to_string(), ToOwned::to_owned);
        self.log.push(&format!("[{:?}] {}", params.level, excerpt(&text, 2000)));
    }

    async fn on_tool_list_changed(&self, _context: NotificationContext<RoleClient>) {
        self.announce(Change::Tools);
    }

    async fn on_resource_list_changed(&self, _context: NotificationContext<RoleClient>) {
        self.announce(Change::Resources);
    }

    async fn on_prompt_list_changed(&self, _context: NotificationContext<RoleClient>) {
        self.announce(Change::Prompts);
    }
}

/// Puts the server's question to the host.
pub(super) async fn elicit(host: &dyn Host, request: ElicitRequestParams) -> ElicitResult {
    let elicitation = match request {
        ElicitRequestParams::FormElicitationParams { message, requested_schema, .. } => {
            Elicitation { message, schema: serde_json::to_value(requested_schema).ok(), url: None }
        }
        ElicitRequestParams::UrlElicitationParams { message, url, .. } => {
            Elicitation { message, schema: None, url: Some(url) }
        }
        _ => return ElicitResult::new(ElicitationAction::Decline),
    };
    match host.elicit(elicitation).await {
        ElicitationAnswer::Accept(Some(content)) => {
            ElicitResult::new(ElicitationAction::Accept).with_content(content)
        }
        ElicitationAnswer::Accept(None) => ElicitResult::new(ElicitationAction::Accept),
        ElicitationAnswer::Decline => ElicitResult::new(ElicitationAction::Decline),
        ElicitationAnswer::Cancel => ElicitResult::new(ElicitationAction::Cancel),
    }
}
