//! A model provider that says what a test tells it to: OpenAI's wire format over loopback.

mod reply;
mod wire;

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::{
    Json, Router,
    extract::State,
    http::HeaderMap,
    response::Response,
    routing::{get, post},
};
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::watch, task::JoinHandle, time::timeout};

pub use self::reply::{Gate, Reply};
use crate::PATIENCE;

/// One request as the provider saw it.
#[derive(Clone, Debug)]
pub struct Request {
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Value,
}

/// A running provider; it stops when this is dropped.
#[derive(Debug)]
pub struct Provider {
    url: String,
    desk: Arc<Desk>,
    task: JoinHandle<()>,
}

/// What the provider was told and what it has seen.
#[derive(Debug, Default)]
struct Desk {
    script: Mutex<Script>,
    requests: watch::Sender<Vec<Request>>,
    aborts: watch::Sender<usize>,
}

#[derive(Debug, Default)]
struct Script {
    next: VecDeque<Reply>,
    otherwise: Option<Reply>,
}

impl Provider {
    /// Starts on a free port of loopback.
    ///
    /// # Panics
    /// When there is none.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await;
        let listener = listener.unwrap_or_else(|error| panic!("no free port on loopback: {error}"));
        let address = listener.local_addr().unwrap_or_else(|error| panic!("no address: {error}"));
        let desk = Arc::new(Desk::default());
        let router = Router::new()
            .route("/v1/chat/completions", post(complete))
            .route("/v1/models", get(models))
            .with_state(Arc::clone(&desk));
        let task = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                panic!("the scripted provider stopped: {error}");
            }
        });
        Self { url: format!("http://{address}/v1"), desk, task }
    }

    /// The base URL, to be given as `OPENAI_BASE_URL`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Adds the answer to the next request that has none yet.
    pub fn push(&self, reply: Reply) {
        self.desk.script().next.push_back(reply);
    }

    /// The answer to every request beyond the script. Without one such a request fails with a 500.
    pub fn otherwise(&self, reply: Reply) {
        self.desk.script().otherwise = Some(reply);
    }

    /// What was asked so far.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        self.desk.requests.borrow().clone()
    }

    /// Waits until `count` requests have come, and gives the last of them.
    ///
    /// # Panics
    /// When they have not come within a minute.
    pub async fn request(&self, count: usize) -> Request {
        let mut requests = self.desk.requests.subscribe();
        let seen = timeout(PATIENCE, requests.wait_for(|seen| seen.len() >= count)).await;
        match seen {
            Ok(Ok(seen)) => seen[count - 1].clone(),
            _ => panic!("the provider was asked {} time(s), not {count}", self.requests().len()),
        }
    }

    /// How many answers were cut by the other side before their end.
    #[must_use]
    pub fn aborts(&self) -> usize {
        *self.desk.aborts.borrow()
    }

    /// Waits until `count` answers were cut by the other side.
    ///
    /// # Panics
    /// When that has not happened within a minute.
    pub async fn aborted(&self, count: usize) {
        let mut aborts = self.desk.aborts.subscribe();
        let seen = timeout(PATIENCE, aborts.wait_for(|aborts| *aborts >= count)).await;
        assert!(matches!(seen, Ok(Ok(_))), "{} answer(s) were cut, not {count}", self.aborts());
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Desk {
    fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn reply(&self) -> Reply {
        let mut script = self.script();
        let next = script.next.pop_front().or_else(|| script.otherwise.clone());
        next.unwrap_or_else(|| Reply::fail(500, "the script has no further answer"))
    }
}

async fn complete(State(desk): State<Arc<Desk>>, headers: HeaderMap, Json(body): Json<Value>) -> Response {
    let reply = desk.reply();
    let request = Request { headers, body: body.clone() };
    desk.requests.send_modify(|seen| seen.push(request));
    wire::respond(reply, &body, desk.aborts.clone()).await
}

async fn models() -> Json<Value> {
    let model =
        |id: &str| json!({ "id": id, "object": "model", "created": 1_700_000_000, "owned_by": "scripted" });
    Json(json!({ "object": "list", "data": [model("gpt-4o"), model("gpt-4o-mini")] }))
}
