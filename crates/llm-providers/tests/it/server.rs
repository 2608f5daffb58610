//! A server that says exactly what it is told, byte for byte, and sees when its client hangs up.

use std::{collections::BTreeMap, net::SocketAddr, sync::Arc, time::Duration};

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::mpsc,
};

/// What follows the body.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Then {
    /// The end that HTTP asks for.
    Finish,
    /// The connection closes in the middle.
    BreakOff,
    /// Nothing, until the client hangs up.
    Hold,
}

/// One answer.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    then: Then,
}

impl Answer {
    pub(crate) fn stream(body: impl Into<Vec<u8>>) -> Self {
        Self::with_status(200, body).header("content-type", "text/event-stream; charset=utf-8")
    }

    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self::with_status(status, body.to_string()).header("content-type", "application/json")
    }

    pub(crate) fn with_status(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self { status, headers: Vec::new(), body: body.into(), then: Then::Finish }
    }

    /// No word at all.
    pub(crate) fn silence() -> Self {
        Self::with_status(0, "").then(Then::Hold)
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn then(mut self, then: Then) -> Self {
        self.then = then;
        self
    }
}

/// A request as it came.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) line: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Value,
}

/// The server. Its answers are given in order; the last one again and again.
pub(crate) struct Server {
    address: SocketAddr,
    requests: mpsc::UnboundedReceiver<Request>,
    hang_ups: mpsc::UnboundedReceiver<()>,
}

impl Server {
    pub(crate) async fn start(answers: Vec<Answer>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (request_sender, requests) = mpsc::unbounded_channel();
        let (hang_up_sender, hang_ups) = mpsc::unbounded_channel();
        let answers = Arc::new(answers);
        tokio::spawn(async move {
            for number in 0.. {
                let Ok((socket, _)) = listener.accept().await else {
                    return;
                };
                let answer = answers[number.min(answers.len() - 1)].clone();
                tokio::spawn(serve(socket, answer, request_sender.clone(), hang_up_sender.clone()));
            }
        });
        Self { address, requests, hang_ups }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) async fn request(&mut self) -> Request {
        tokio::time::timeout(Duration::from_secs(10), self.requests.recv()).await.unwrap().unwrap()
    }

    /// How many requests came beyond those that were looked at.
    pub(crate) fn more_requests(&mut self) -> usize {
        std::iter::from_fn(|| self.requests.try_recv().ok()).count()
    }

    /// Waits until a client hangs up, no longer than it may take.
    pub(crate) async fn hung_up(&mut self) {
        let seen = tokio::time::timeout(Duration::from_secs(1), self.hang_ups.recv()).await;
        seen.expect("the connection is still open after a second").unwrap();
    }
}

async fn serve(
    mut socket: TcpStream,
    answer: Answer,
    requests: mpsc::UnboundedSender<Request>,
    hang_ups: mpsc::UnboundedSender<()>,
) {
    let Some(request) = read_request(&mut socket).await else {
        return;
    };
    requests.send(request).unwrap();
    if answer.status > 0 {
        let mut head =
            format!("HTTP/1.1 {} Said\r\ntransfer-encoding: chunked\r\nconnection: close\r\n", answer.status);
        for (name, value) in &answer.headers {
            head += &format!("{name}: {value}\r\n");
        }
        let mut bytes = (head + "\r\n").into_bytes();
        // Pieces end in the middle of words, letters and lines.
        let length = if answer.body.len() < 64 * 1024 { 7 } else { 16 * 1024 };
        for piece in answer.body.chunks(length) {
            bytes.extend_from_slice(format!("{:x}\r\n", piece.len()).as_bytes());
            bytes.extend_from_slice(piece);
            bytes.extend_from_slice(b"\r\n");
        }
        if answer.then == Then::Finish {
            bytes.extend_from_slice(b"0\r\n\r\n");
        }
        if socket.write_all(&bytes).await.is_err() {
            return;
        }
    }
    if answer.then == Then::Hold {
        let mut rest = [0; 64];
        while matches!(socket.read(&mut rest).await, Ok(1..)) {}
        hang_ups.send(()).unwrap();
    }
}

async fn read_request(socket: &mut TcpStream) -> Option<Request> {
    let mut bytes = Vec::new();
    let mut piece = [0; 4096];
    loop {
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n");
        if let Some(end) = end {
            let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
            let mut lines = head.lines();
            let line = lines.next().unwrap().to_owned();
            let headers: BTreeMap<String, String> = lines
                .map(|line| line.split_once(": ").unwrap())
                .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
                .collect();
            let length: usize = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
            let body = &bytes[end + 4..];
            if body.len() >= length {
                let body = serde_json::from_slice(body).unwrap_or(Value::Null);
                return Some(Request { line, headers, body });
            }
        }
        match socket.read(&mut piece).await {
            Ok(count @ 1..) => bytes.extend_from_slice(&piece[..count]),
            _ => return None,
        }
    }
}
