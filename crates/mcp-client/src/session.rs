//! One connection to one server: what it offers, its calls, and the news that its offer changed.

mod connect;
mod handler;
mod request;

use std::{sync::Arc, time::Duration};

use rmcp::{
    RoleClient,
    model::{
        CallToolRequest, CallToolRequestParams, ClientRequest, GetPromptRequest, GetPromptRequestParams,
        PaginatedRequestParams, ReadResourceRequest, ReadResourceRequestParams, RequestOptionalParam,
    },
    service::Peer,
};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value};
use tokio::sync::broadcast;
use tokio_util::sync::{CancellationToken, DropGuard};

use self::request::{Ask, Room};
use crate::{
    Error, Host, Prompt, PromptOutput, Resource, ResourceContents, ResourceTemplate, Result, ServerSpec,
    Tool, ToolOutput, log::Log, pool::Vitals, transport::Demise,
};

/// The `_meta` key under which a call's idempotency key is sent to the server.
const IDEMPOTENCY_KEY: &str = "conductor/idempotency-key";

/// The most pages that are asked for, since a server may name ever new ones without an item.
const MAX_PAGES: usize = 500;

/// Bounds of a session.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// How long starting, connecting and shaking hands may take. A server that ignores the probe for the newer protocol
    /// costs 10 seconds of it.
    pub handshake: Duration,
    /// How long any other request may take, a tool call without a time of its own included.
    pub request: Duration,
    /// The largest message that is accepted. Over HTTP no value above 16 MiB is honoured.
    pub max_message_bytes: usize,
    /// The most tools, resources or prompts that are taken from one list.
    pub max_listed: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            handshake: Duration::from_secs(30),
            request: Duration::from_secs(60),
            max_message_bytes: 8 * 1024 * 1024,
            max_listed: 2_000,
        }
    }
}

/// Who is at the other end and what was agreed.
#[derive(Clone, Debug, PartialEq)]
pub struct ServerInfo {
    /// The negotiated protocol version.
    pub protocol_version: String,
    /// The server's name, where it gives one.
    pub name: Option<String>,
    /// The server's version, where it gives one.
    pub version: Option<String>,
    /// How the server wants to be used, in its words; untrusted input for a model.
    pub instructions: Option<String>,
    /// The capabilities it declares, in the protocol's JSON.
    pub capabilities: Value,
}

impl ServerInfo {
    fn declares(&self, capability: &str) -> bool {
        self.capabilities.get(capability).is_some_and(|value| !value.is_null())
    }

    fn announces_changes(&self, capability: &str) -> bool {
        self.capabilities.get(capability).and_then(|value| value.get("listChanged"))
            == Some(&Value::Bool(true))
    }
}

/// News from a server: read that list again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Its tools changed.
    Tools,
    /// Its resources changed.
    Resources,
    /// Its prompts changed.
    Prompts,
}

/// One call of a tool.
#[derive(Clone, Debug, Default)]
pub struct ToolCall {
    /// The tool's name on its server.
    pub name: String,
    /// The arguments, already validated.
    pub arguments: Map<String, Value>,
    /// The time allowed; [`Options::request`] if absent.
    pub timeout: Option<Duration>,
    /// Cancelling this ends the call and tells the server.
    pub cancel: CancellationToken,
    /// Sent in `_meta` under `conductor/idempotency-key`, for servers that honour it.
    pub idempotency_key: Option<String>,
}

/// A live connection. Clones share it; it closes when the last one is dropped.
#[derive(Clone)]
pub struct Session(Arc<Inner>);

struct Inner {
    peer: Peer<RoleClient>,
    server: ServerInfo,
    options: Options,
    host: Arc<dyn Host>,
    changes: broadcast::Sender<Change>,
    log: Arc<Log>,
    demise: Demise,
    vitals: Arc<Vitals>,
    /// Whether every answer has passed a size limit on its way already.
    bounded: bool,
    closing: CancellationToken,
    closed: CancellationToken,
    _close_on_drop: DropGuard,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session")
            .field("server", &self.0.server.name)
            .field("protocol_version", &self.0.server.protocol_version)
            .field("closed", &self.is_closed())
            .finish_non_exhaustive()
    }
}

impl Session {
    /// Connects, agrees on a protocol version and starts listening for changes.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`], [`Error::Unreachable`], [`Error::Handshake`], [`Error::Unauthorized`], [`Error::TimedOut`],
    /// [`Error::Refused`] or [`Error::Closed`] with the process's last words.
    pub async fn connect(spec: &ServerSpec, host: Arc<dyn Host>, options: Options) -> Result<Self> {
        connect::connect(spec, host, options, Arc::new(Vitals::alone())).await
    }

    pub(crate) async fn connect_watched(
        spec: &ServerSpec,
        host: Arc<dyn Host>,
        options: Options,
        vitals: Arc<Vitals>,
    ) -> Result<Self> {
        connect::connect(spec, host, options, vitals).await
    }

    /// Who answered and what was agreed.
    #[must_use]
    pub fn server(&self) -> &ServerInfo {
        &self.0.server
    }

    /// Every tool, page by page to the end. Empty if the server has none.
    ///
    /// # Errors
    ///
    /// As every request; see [`Error`].
    pub async fn list_tools(&self) -> Result<Vec<Tool>> {
        let tools =
            self.list("tools", "tools", |params| ClientRequest::ListToolsRequest(paged(params))).await?;
        self.0.vitals.counted(|counts| counts.tools = Some(tools.len()));
        Ok(tools)
    }

    /// Every resource, page by page to the end. Empty if the server has none.
    ///
    /// # Errors
    ///
    /// As every request; see [`Error`].
    pub async fn list_resources(&self) -> Result<Vec<Resource>> {
        let resources = self
            .list("resources", "resources", |params| ClientRequest::ListResourcesRequest(paged(params)))
            .await?;
        self.0.vitals.counted(|counts| counts.resources = Some(resources.len()));
        Ok(resources)
    }

    /// Every resource template, page by page to the end. Empty if the server has none.
    ///
    /// # Errors
    ///
    /// As every request; see [`Error`].
    pub async fn list_resource_templates(&self) -> Result<Vec<ResourceTemplate>> {
        self.list("resources", "resourceTemplates", |params| {
            ClientRequest::ListResourceTemplatesRequest(paged(params))
        })
        .await
    }

    /// Every prompt, page by page to the end. Empty if the server has none.
    ///
    /// # Errors
    ///
    /// As every request; see [`Error`].
    pub async fn list_prompts(&self) -> Result<Vec<Prompt>> {
        let prompts = self
            .list("prompts", "prompts", |params| ClientRequest::ListPromptsRequest(paged(params)))
            .await?;
        self.0.vitals.counted(|counts| counts.prompts = Some(prompts.len()));
        Ok(prompts)
    }

    /// Calls a tool. A tool that fails is an output with `is_error`, not an error.
    ///
    /// # Errors
    ///
    /// As every request; [`Error::outcome_unknown`] tells whether the tool may have run all the same.
    pub async fn call_tool(&self, call: ToolCall) -> Result<ToolOutput> {
        let ToolCall { name, arguments, timeout, cancel, idempotency_key } = call;
        let mut meta = Map::new();
        if let Some(key) = idempotency_key {
            meta.insert(IDEMPOTENCY_KEY.to_owned(), Value::String(key));
        }
        let ask = Ask { timeout: timeout.unwrap_or(self.0.options.request), cancel, meta, quiet: false };
        let answer = self
            .converse(ask, |reply| {
                let mut params = CallToolRequestParams::new(name.clone()).with_arguments(arguments.clone());
                params.input_responses = reply.responses;
                params.request_state = reply.state;
                ClientRequest::CallToolRequest(CallToolRequest::new(params))
            })
            .await?;
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Answer {
            content: Option<Vec<Value>>,
            structured_content: Option<Value>,
            is_error: Option<bool>,
        }
        let answer: Answer = decode(answer)?;
        if answer.content.is_none() && answer.structured_content.is_none() {
            return Err(Error::Protocol {
                message: "the tool's answer has no content".to_owned(),
                sent: true,
            });
        }
        Ok(ToolOutput {
            content: answer.content.unwrap_or_default(),
            structured: answer.structured_content,
            is_error: answer.is_error.unwrap_or_default(),
        })
    }

    /// Reads a resource.
    ///
    /// # Errors
    ///
    /// As every request; [`Error::Rejected`] if the server has no such resource.
    pub async fn read_resource(&self, uri: &str) -> Result<Vec<ResourceContents>> {
        #[derive(Deserialize)]
        struct Answer {
            contents: Vec<ResourceContents>,
        }
        let answer = self
            .converse(self.ask(), |reply| {
                let mut params = ReadResourceRequestParams::new(uri);
                params.input_responses = reply.responses;
                params.request_state = reply.state;
                ClientRequest::ReadResourceRequest(ReadResourceRequest::new(params))
            })
            .await?;
        Ok(decode::<Answer>(answer)?.contents)
    }

    /// Fills in a prompt.
    ///
    /// # Errors
    ///
    /// As every request; [`Error::Rejected`] if the server has no such prompt or wants other arguments.
    pub async fn get_prompt(&self, name: &str, arguments: Map<String, Value>) -> Result<PromptOutput> {
        let answer = self
            .converse(self.ask(), |reply| {
                let mut params = GetPromptRequestParams::new(name).with_arguments(arguments.clone());
                params.input_responses = reply.responses;
                params.request_state = reply.state;
                ClientRequest::GetPromptRequest(GetPromptRequest::new(params))
            })
            .await?;
        decode(answer)
    }

    /// Asks whether the server still answers: `ping`, or `server/discover` where ping no longer exists.
    ///
    /// # Errors
    ///
    /// As every request. A server that rejects the question has answered it.
    pub async fn ping(&self) -> Result<()> {
        self.alive(self.ask()).await
    }

    /// As [`Session::ping`], without counting as use.
    pub(crate) async fn check(&self) -> Result<()> {
        self.alive(Ask { quiet: true, ..self.ask() }).await
    }

    async fn alive(&self, ask: Ask) -> Result<()> {
        match self.request(self.alive_question(), ask).await {
            Ok(_) | Err(Error::Rejected { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// News that the server's lists changed. A receiver that lagged should read every list again.
    #[must_use]
    pub fn changes(&self) -> broadcast::Receiver<Change> {
        self.0.changes.subscribe()
    }

    /// The last lines the server wrote, to its standard error or as log messages, without the secrets it was given.
    #[must_use]
    pub fn log(&self) -> Vec<String> {
        self.0.log.lines()
    }

    /// Whether the connection has ended.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.0.closed.is_cancelled() || self.0.closing.is_cancelled()
    }

    /// Waits until the connection has ended, whoever ended it.
    pub async fn closed(&self) {
        self.0.closed.cancelled().await;
    }

    /// Ends the connection, and the process behind it, for everyone who shares it.
    pub async fn close(&self) {
        self.0.closing.cancel();
        self.closed().await;
    }

    /// Whether [`Session::close`] or the last owner ended it, rather than the server.
    pub(crate) fn closed_by_us(&self) -> bool {
        self.0.closing.is_cancelled()
    }

    /// Why the server ended, with its last words.
    pub(crate) fn death(&self) -> Error {
        self.closed_error(false)
    }

    /// Lists page by page; items that do not have the form they should are left out and logged.
    async fn list<T: DeserializeOwned>(
        &self,
        capability: &str,
        field: &str,
        request: impl Fn(Option<PaginatedRequestParams>) -> ClientRequest,
    ) -> Result<Vec<T>> {
        let mut items = Vec::new();
        if !self.0.server.declares(capability) {
            return Ok(items);
        }
        let mut cursor: Option<String> = None;
        // Many pages may not add up to more than one message may have.
        let limit_bytes = self.0.options.max_message_bytes;
        let mut room = Room { left: limit_bytes };
        for _ in 0..MAX_PAGES {
            let params =
                cursor.clone().map(|cursor| PaginatedRequestParams::default().with_cursor(Some(cursor)));
            let mut page = self.request(request(params), self.ask()).await?;
            let Some(Value::Array(page_items)) = page.get_mut(field).map(Value::take) else {
                return Err(Error::Protocol { message: format!("the list has no `{field}`"), sent: true });
            };
            for item in page_items {
                if items.len() == self.0.options.max_listed {
                    tracing::warn!(field, limit = items.len(), "the MCP server lists more than is taken");
                    return Ok(items);
                }
                serde_json::to_writer(&mut room, &item).map_err(|_| Error::TooLarge { limit_bytes })?;
                match serde_json::from_value(item) {
                    Ok(item) => items.push(item),
                    Err(error) => {
                        tracing::warn!(field, %error, "an item of the MCP server's list is malformed");
                    }
                }
            }
            let next = page.get("nextCursor").and_then(Value::as_str).map(ToOwned::to_owned);
            // A server that names the same page again would be listed for ever.
            if next.is_none() || next == cursor {
                return Ok(items);
            }
            cursor = next;
        }
        tracing::warn!(field, pages = MAX_PAGES, "the MCP server lists more pages than are taken");
        Ok(items)
    }

    fn ask(&self) -> Ask {
        Ask {
            timeout: self.0.options.request,
            cancel: CancellationToken::new(),
            meta: Map::new(),
            quiet: false,
        }
    }
}

/// A list request for one page.
fn paged<M: Default>(
    params: Option<PaginatedRequestParams>,
) -> RequestOptionalParam<M, PaginatedRequestParams> {
    params.map_or_else(Default::default, RequestOptionalParam::with_param)
}

fn decode<T: DeserializeOwned>(answer: Value) -> Result<T> {
    serde_json::from_value(answer).map_err(|error| Error::Protocol {
        message: format!("the answer has another form: {error}"),
        sent: true,
    })
}
