//! A small load generator: keep-alive connections that send one request after the other and check every answer.
//!
//! It writes the same bytes again and again and reads no more of an answer than HTTP requires, because it shares the
//! machine with the server that it measures.

use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
};

/// What every connection sends, and what it has to get.
#[derive(Clone, Debug)]
pub(super) struct Load {
    pub(super) address: SocketAddr,
    pub(super) request: Arc<[u8]>,
    pub(super) body: Arc<[u8]>,
}

impl Load {
    /// A `GET` of this URL with these headers, whose answer has to be this body.
    pub(super) fn get(url: &str, path: &str, headers: &str, body: &str) -> Result<Self> {
        let address = url.trim_start_matches("http://");
        let request = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\n{headers}\r\n");
        Ok(Self {
            address: address.parse().with_context(|| format!("{url} is no address"))?,
            request: request.into_bytes().into(),
            body: body.as_bytes().into(),
        })
    }

    /// Runs so many connections for so long, and gives the answers per second and the time of each answer in ms.
    pub(super) async fn run(&self, connections: usize, duration: Duration) -> Result<(f64, Vec<f64>)> {
        let started = Instant::now();
        let until = started + duration;
        let mut tasks = JoinSet::new();
        for _ in 0..connections {
            let load = self.clone();
            tasks.spawn(async move { load.connection(until).await });
        }
        let mut times = Vec::new();
        while let Some(ended) = tasks.join_next().await {
            times.extend(ended??);
        }
        ensure!(!times.is_empty(), "no answer came within {duration:?}");
        Ok((times.len() as f64 / started.elapsed().as_secs_f64(), times))
    }

    async fn connection(&self, until: Instant) -> Result<Vec<f64>> {
        let mut socket = TcpStream::connect(self.address).await?;
        socket.set_nodelay(true)?;
        let (mut buffer, mut times) = (Vec::with_capacity(16 * 1024), Vec::new());
        while Instant::now() < until {
            let sent = Instant::now();
            socket.write_all(&self.request).await?;
            self.answer(&mut socket, &mut buffer).await?;
            times.push(sent.elapsed().as_secs_f64() * 1000.0);
        }
        Ok(times)
    }

    /// Reads one answer and fails on any other than `200` with the expected body.
    async fn answer(&self, socket: &mut TcpStream, buffer: &mut Vec<u8>) -> Result<()> {
        buffer.clear();
        loop {
            if socket.read_buf(buffer).await? == 0 {
                bail!("the server closed the connection after {} bytes of an answer", buffer.len());
            }
            let Some(head) = head_length(buffer) else { continue };
            let end = head + content_length(&buffer[..head])?;
            if buffer.len() >= end {
                let right = buffer.starts_with(b"HTTP/1.1 200 ") && buffer[head..] == *self.body;
                ensure!(right, "not the answer that was expected:\n{}", shown(buffer));
                return Ok(());
            }
        }
    }
}

fn head_length(buffer: &[u8]) -> Option<usize> {
    buffer.windows(4).position(|four| four == b"\r\n\r\n").map(|at| at + 4)
}

fn content_length(head: &[u8]) -> Result<usize> {
    let name = b"content-length: ";
    let line = head
        .split(|byte| *byte == b'\n')
        .find(|line| line.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name)));
    let length = line.and_then(|line| std::str::from_utf8(&line[name.len()..]).ok()?.trim().parse().ok());
    length.with_context(|| format!("no content-length:\n{}", shown(head)))
}

fn shown(answer: &[u8]) -> String {
    String::from_utf8_lossy(&answer[..answer.len().min(2000)]).into_owned()
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    async fn server(answer: &'static str) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move {
            while let Ok((mut socket, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let mut request = [0; 1024];
                    while socket.read(&mut request).await.is_ok_and(|count| count > 0) {
                        let (first, rest) = answer.split_at(answer.len() / 2);
                        socket.write_all(first.as_bytes()).await.unwrap();
                        socket.flush().await.unwrap();
                        socket.write_all(rest.as_bytes()).await.unwrap();
                    }
                });
            }
        });
        url
    }

    async fn run(answer: &'static str) -> Result<(f64, Vec<f64>)> {
        let url = server(answer).await;
        Load::get(&url, "/", "", "{}")?.run(2, Duration::from_millis(50)).await
    }

    #[tokio::test]
    async fn whole_answers_count() {
        let (rate, times) = run("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}").await.unwrap();
        assert!(rate > 0.0 && !times.is_empty());
    }

    #[tokio::test]
    async fn another_body_is_a_failure() {
        let error = run("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n[]").await.unwrap_err();
        assert!(error.to_string().contains("not the answer that was expected"), "{error}");
    }

    #[tokio::test]
    async fn another_status_is_a_failure() {
        assert!(run("HTTP/1.1 401 Unauthorized\r\ncontent-length: 2\r\n\r\n{}").await.is_err());
    }
}
