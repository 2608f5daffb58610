//! A target of HTTP requests over loopback: it notes what it was asked, and answers as a test tells it to.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, Method, StatusCode, Uri},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::watch, task::JoinHandle, time::timeout};

use crate::PATIENCE;

/// One request as the target saw it.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The method.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, where it is JSON; null otherwise.
    pub body: Value,
}

/// A running target; it stops when this is dropped.
#[derive(Debug)]
pub struct Target {
    url: String,
    desk: Arc<Desk>,
    task: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct Desk {
    /// Answers in turn; `None` is none at all.
    next: Mutex<VecDeque<Option<(u16, Value)>>>,
    asked: watch::Sender<Vec<Asked>>,
}

impl Target {
    /// Starts on a free port of loopback. It answers 200 with `{"ok": true}` unless told otherwise.
    ///
    /// # Panics
    /// When there is none.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await;
        let listener = listener.unwrap_or_else(|error| panic!("no free port on loopback: {error}"));
        let address = listener.local_addr().unwrap_or_else(|error| panic!("no address: {error}"));
        let desk = Arc::new(Desk::default());
        let router = Router::new().fallback(answer).with_state(Arc::clone(&desk));
        let task = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                panic!("the target stopped: {error}");
            }
        });
        Self { url: format!("http://{address}"), desk, task }
    }

    /// Its address.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Adds the answer to the next request that has none yet.
    pub fn push(&self, status: u16, body: Value) {
        self.desk.next().push_back(Some((status, body)));
    }

    /// Lets the next request that has no answer yet be noted, and never answered.
    pub fn push_silence(&self) {
        self.desk.next().push_back(None);
    }

    /// What was asked so far.
    #[must_use]
    pub fn asked(&self) -> Vec<Asked> {
        self.desk.asked.borrow().clone()
    }

    /// What was asked of this path and query so far.
    #[must_use]
    pub fn asked_of(&self, path: &str) -> Vec<Asked> {
        self.desk.asked.borrow().iter().filter(|asked| asked.path == path).cloned().collect()
    }

    /// Waits until `count` requests have come, and gives the last of them.
    ///
    /// # Panics
    /// When they have not come within a minute.
    pub async fn request(&self, count: usize) -> Asked {
        let mut asked = self.desk.asked.subscribe();
        match timeout(PATIENCE, asked.wait_for(|asked| asked.len() >= count)).await {
            Ok(Ok(asked)) => asked[count - 1].clone(),
            _ => panic!("the target was asked {} time(s), not {count}", self.asked().len()),
        }
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Desk {
    fn next(&self) -> MutexGuard<'_, VecDeque<Option<(u16, Value)>>> {
        self.next.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn answer(
    State(desk): State<Arc<Desk>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let answer = desk.next().pop_front().unwrap_or_else(|| Some((200, json!({ "ok": true }))));
    let body = serde_json::from_slice(&body).unwrap_or_default();
    let asked = Asked { method: method.to_string(), path: uri.to_string(), headers, body };
    desk.asked.send_modify(|all| all.push(asked));
    let Some((status, said)) = answer else { return std::future::pending().await };
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, axum::Json(said)).into_response()
}
