//! An MCP server in the test's own process that answers as told, badly above all.
//!
//! It speaks streamable HTTP and the older handshake; for tests of this crate and of those that stand on it.

use std::{
    collections::HashMap,
    convert::Infallible,
    io,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use bytes::Bytes;
use futures::{StreamExt, stream};
use http_body_util::{BodyExt, Full, StreamBody, combinators::BoxBody};
use hyper::{
    Method, Request, Response, StatusCode,
    body::{Frame, Incoming},
    header::{CONTENT_TYPE, HeaderMap},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{broadcast, watch},
    task::{AbortHandle, JoinSet},
};

/// Tools on one page of the list.
const PAGE: usize = 50;

/// What a tool, or the whole server, does when it is asked.
#[derive(Clone, Debug)]
pub enum Behaviour {
    /// Returns this as the call's result.
    Answer(Value),
    /// Says that the tool failed, as a tool does.
    Fail(String),
    /// Answers with a JSON-RPC error.
    Reject(i32, String),
    /// Takes the request and never answers.
    Hang,
    /// Takes the request and closes the connection.
    Drop,
    /// Answers with this text as if it were JSON.
    Garbage(String),
    /// Returns a text of so many bytes.
    Flood(usize),
    /// Answers with an HTTP status and headers.
    Status(u16, Vec<(String, String)>),
}

/// A request as it arrived.
#[derive(Clone, Debug)]
pub struct Received {
    /// The JSON-RPC method, or the HTTP method of a request without a body.
    pub method: String,
    /// The headers.
    pub headers: HeaderMap,
    /// The JSON-RPC message.
    pub message: Value,
}

/// A server on a free port of the loopback interface. It is gone when dropped.
#[derive(Debug)]
pub struct Server {
    address: std::net::SocketAddr,
    state: Arc<State>,
    accepting: AbortHandle,
}

#[derive(Debug)]
struct State {
    version: String,
    /// In place of everything else.
    always: Option<Behaviour>,
    tools: Mutex<Vec<Value>>,
    /// The number of the sessions that it knows.
    session: AtomicUsize,
    behaviours: Mutex<HashMap<String, Behaviour>>,
    received: watch::Sender<Vec<Received>>,
    news: broadcast::Sender<Value>,
}

type Body = BoxBody<Bytes, Infallible>;

impl Server {
    /// A server that agrees on `version` and has one tool, `echo`, which returns its arguments as text.
    ///
    /// # Errors
    ///
    /// If no port can be bound.
    pub async fn start(version: &str) -> io::Result<Self> {
        Self::run(version, None).await
    }

    /// A server that does the same whatever it is asked.
    ///
    /// # Errors
    ///
    /// If no port can be bound.
    pub async fn always(behaviour: Behaviour) -> io::Result<Self> {
        Self::run("2025-06-18", Some(behaviour)).await
    }

    async fn run(version: &str, always: Option<Behaviour>) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let state = Arc::new(State {
            version: version.to_owned(),
            always,
            tools: Mutex::new(vec![tool("echo", "Returns its arguments.")]),
            session: AtomicUsize::new(1),
            behaviours: Mutex::default(),
            received: watch::channel(Vec::new()).0,
            news: broadcast::channel(16).0,
        });
        let accepting = tokio::spawn(accept(listener, Arc::clone(&state))).abort_handle();
        Ok(Self { address, state, accepting })
    }

    /// Where it is reached.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}/mcp", self.address)
    }

    /// Adds a tool that behaves so, and tells whoever listens that the tools changed.
    pub fn add_tool(&self, name: &str, behaviour: Behaviour) {
        self.set_tool(tool(name, "Behaves as told."), behaviour);
    }

    /// Adds or replaces a tool by its whole definition, and tells whoever listens that the tools changed.
    pub fn set_tool(&self, definition: Value, behaviour: Behaviour) {
        let name = definition["name"].as_str().unwrap_or_default().to_owned();
        self.behaviours().insert(name.clone(), behaviour);
        let mut tools = self.state.tools.lock().unwrap_or_else(PoisonError::into_inner);
        tools.retain(|tool| tool["name"] != name.as_str());
        tools.push(definition);
        drop(tools);
        let _ = self.state.news.send(json!({"jsonrpc": "2.0", "method": "notifications/tools/list_changed"}));
    }

    /// Changes how a tool, or a whole method such as `tools/list`, behaves, without a word to anybody.
    pub fn behave(&self, name: &str, behaviour: Behaviour) {
        self.behaviours().insert(name.to_owned(), behaviour);
    }

    /// Forgets every session, as a restart does. Requests of old ones are refused the way the TypeScript SDK's examples
    /// do it: status 400 and an error without an id, where the protocol asks for 404.
    pub fn forget_sessions(&self) {
        self.state.session.fetch_add(1, Ordering::SeqCst);
    }

    /// Everything received so far.
    #[must_use]
    pub fn received(&self) -> Vec<Received> {
        self.state.received.borrow().clone()
    }

    /// Waits until a request for `method` has been received, and returns the first. `GET` is the stream of news.
    pub async fn wait_for(&self, method: &str) -> Received {
        let mut received = self.state.received.subscribe();
        let found = received.wait_for(|all| all.iter().any(|one| one.method == method)).await;
        let found = found.map(|all| all.iter().find(|one| one.method == method).cloned());
        match found {
            Ok(Some(request)) => request,
            // The sender lives in `self`.
            _ => std::future::pending().await,
        }
    }

    fn behaviours(&self) -> std::sync::MutexGuard<'_, HashMap<String, Behaviour>> {
        self.state.behaviours.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

fn tool(name: &str, description: &str) -> Value {
    json!({"name": name, "description": description, "inputSchema": {"type": "object"}})
}

async fn accept(listener: TcpListener, state: Arc<State>) {
    // Dropped, and so ended, with this task.
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        connections.spawn(serve(stream, Arc::clone(&state)));
        while connections.try_join_next().is_some() {}
    }
}

async fn serve(stream: TcpStream, state: Arc<State>) {
    let service = service_fn(|request| answer(request, Arc::clone(&state)));
    // A connection that ends in an error is what some tests ask for.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

async fn answer(request: Request<Incoming>, state: Arc<State>) -> io::Result<Response<Body>> {
    let (parts, body) = request.into_parts();
    let bytes = body.collect().await.map_err(io::Error::other)?.to_bytes();
    let message: Value = serde_json::from_slice(&bytes).unwrap_or_default();
    let method = message["method"].as_str().unwrap_or(parts.method.as_str()).to_owned();
    // Subscribed before it is known that the stream was asked for, so that a test that waits for that misses no news.
    let news = state.news.subscribe();
    let session = format!("session-{}", state.session.load(Ordering::SeqCst));
    let known = parts.headers.get("mcp-session-id").is_none_or(|id| id.as_bytes() == session.as_bytes());
    let received = Received { method: method.clone(), headers: parts.headers, message: message.clone() };
    state.received.send_modify(|all| all.push(received));
    let id = message["id"].clone();
    if let Some(behaviour) = state.always.clone() {
        return behave(behaviour, id).await;
    }
    let told = state.behaviours.lock().unwrap_or_else(PoisonError::into_inner).get(&method).cloned();
    if let Some(behaviour) = told {
        return behave(behaviour, id).await;
    }
    if !known {
        let error = json!({"code": -32000, "message": "Bad Request: No valid session ID provided"});
        let error = json!({"jsonrpc": "2.0", "error": error, "id": null});
        return respond(StatusCode::BAD_REQUEST, "application/json", full(error.to_string()));
    }
    match (&parts.method, method.as_str()) {
        (&Method::GET, _) => respond(StatusCode::OK, "text/event-stream", stream_of(news)),
        (&Method::DELETE, _) => respond(StatusCode::OK, "text/plain", full("")),
        (_, "initialize") => {
            let server = json!({"name": "scripted", "version": "0"});
            let capabilities = json!({"tools": {"listChanged": true}});
            let result =
                json!({"protocolVersion": state.version, "capabilities": capabilities, "serverInfo": server});
            let mut response = result_of(id, &result)?;
            response
                .headers_mut()
                .insert("mcp-session-id", http::HeaderValue::try_from(session).map_err(io::Error::other)?);
            Ok(response)
        }
        (_, "ping") => result_of(id, &json!({})),
        (_, "tools/list") => {
            let tools = state.tools.lock().unwrap_or_else(PoisonError::into_inner).clone();
            let cursor = message["params"]["cursor"].as_str();
            let start: usize = cursor.and_then(|cursor| cursor.parse().ok()).unwrap_or_default();
            let end = (start + PAGE).min(tools.len());
            let mut page = json!({ "tools": tools.get(start..end) });
            if end < tools.len() {
                page["nextCursor"] = json!(end.to_string());
            }
            result_of(id, &page)
        }
        (_, "tools/call") => {
            let name = message["params"]["name"].as_str().unwrap_or_default();
            let behaviour =
                state.behaviours.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned();
            let echo = || Behaviour::Answer(text(&message["params"]["arguments"].to_string()));
            behave(behaviour.unwrap_or_else(echo), id).await
        }
        _ if id.is_null() => respond(StatusCode::ACCEPTED, "text/plain", full("")),
        _ => behave(Behaviour::Reject(-32601, format!("no method {method}")), id).await,
    }
}

async fn behave(behaviour: Behaviour, id: Value) -> io::Result<Response<Body>> {
    match behaviour {
        Behaviour::Answer(result) => result_of(id, &result),
        Behaviour::Fail(why) => {
            let mut result = text(&why);
            result["isError"] = Value::Bool(true);
            result_of(id, &result)
        }
        Behaviour::Reject(code, message) => {
            let error = json!({"jsonrpc": "2.0", "id": id, "error": {"code": code, "message": message}});
            respond(StatusCode::OK, "application/json", full(error.to_string()))
        }
        Behaviour::Hang => std::future::pending().await,
        Behaviour::Drop => Err(io::ErrorKind::ConnectionAborted.into()),
        Behaviour::Garbage(body) => respond(StatusCode::OK, "application/json", full(body)),
        Behaviour::Flood(bytes) => result_of(id, &text(&"x".repeat(bytes))),
        Behaviour::Status(status, headers) => {
            let mut response = Response::builder().status(status);
            for (name, value) in headers {
                response = response.header(name, value);
            }
            response.body(full("")).map_err(io::Error::other)
        }
    }
}

fn text(text: &str) -> Value {
    json!({"content": [{"type": "text", "text": text}]})
}

fn result_of(id: Value, result: &Value) -> io::Result<Response<Body>> {
    let message = json!({"jsonrpc": "2.0", "id": id, "result": result});
    respond(StatusCode::OK, "application/json", full(message.to_string()))
}

fn respond(status: StatusCode, media_type: &str, body: Body) -> io::Result<Response<Body>> {
    Response::builder().status(status).header(CONTENT_TYPE, media_type).body(body).map_err(io::Error::other)
}

fn full(text: impl Into<Bytes>) -> Body {
    Full::new(text.into()).boxed()
}

fn stream_of(news: broadcast::Receiver<Value>) -> Body {
    let events = stream::unfold(news, |mut news| async move {
        let message = news.recv().await.ok()?;
        Some((Ok(Frame::data(Bytes::from(format!("data: {message}\n\n")))), news))
    });
    // A first comment, so that the headers leave at once.
    let hello = stream::once(async { Ok(Frame::data(Bytes::from_static(b": open\n\n"))) });
    BodyExt::boxed(StreamBody::new(hello.chain(events)))
}
