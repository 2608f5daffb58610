//! What an attack would have to touch: a listener that counts who comes, and rows that must stay as they are.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use crate::world::{Answer, World};

/// An id that nobody has.
pub(crate) const NOBODY: &str = "0192f1c0-7b4e-7a6e-8a53-1d2c3b4a5f60";

/// A listener that counts who connects, and answers 200.
pub(crate) struct Canary {
    pub(crate) port: u16,
    heard: Arc<AtomicUsize>,
}

impl Canary {
    pub(crate) async fn listen(address: &str) -> Self {
        let listener = TcpListener::bind((address, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let heard = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&heard);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::SeqCst);
                let _ = stream.read(&mut [0; 1_024]).await;
                let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}";
                let _ = stream.write_all(answer).await;
            }
        });
        Self { port, heard }
    }

    pub(crate) fn heard(&self) -> usize {
        self.heard.load(Ordering::SeqCst)
    }
}

/// Rows of a moment.
pub(crate) type Rows = BTreeMap<String, BTreeSet<String>>;

impl World {
    /// Holds that nothing was written since, but for the log of what was refused.
    #[track_caller]
    pub(crate) fn unchanged(&self, before: &Rows, what: &str) {
        self.unchanged_but(before, what, &[]);
    }

    /// The same, but for tables that say when something was last used.
    #[track_caller]
    pub(crate) fn unchanged_but(&self, before: &Rows, what: &str, but: &[&str]) {
        let after = self.rows();
        for table in before.keys().chain(after.keys()).filter(|table| !but.contains(&table.as_str())) {
            let (before, after) = (before.get(table), after.get(table));
            let new: Vec<_> = after
                .into_iter()
                .flatten()
                .filter(|row| !before.is_some_and(|all| all.contains(*row)))
                .collect();
            let gone: Vec<_> = before
                .into_iter()
                .flatten()
                .filter(|row| !after.is_some_and(|all| all.contains(*row)))
                .collect();
            assert!(
                new.is_empty() && gone.is_empty(),
                "{what} changed {table}: {new:?} in place of {gone:?}"
            );
        }
    }
}

/// What a problem says, without what differs from request to request.
#[track_caller]
pub(crate) fn words(answer: Answer) -> (u16, Value) {
    let status = answer.status.as_u16();
    let mut problem = answer.json();
    for field in ["request_id", "instance"] {
        problem.as_object_mut().unwrap_or_else(|| panic!("{}: no problem", answer.what)).remove(field);
    }
    (status, problem)
}

/// The id of what was created.
pub(crate) fn id(value: &Value) -> String {
    value["id"].as_str().unwrap_or_else(|| panic!("{value} has no id")).to_owned()
}

/// A multipart body with one file under this name, and its content type.
pub(crate) fn upload(name: &str, kind: &str, bytes: &[u8]) -> (String, Vec<u8>) {
    let mut body = format!(
        "--b0undary\r\ncontent-disposition: form-data; name=\"file\"; filename=\"{name}\"\r\ncontent-type: {kind}\r\n\r\n"
    )
    .into_bytes();
    body.extend_from_slice(bytes);
    body.extend_from_slice(b"\r\n--b0undary--\r\n");
    ("multipart/form-data; boundary=b0undary".to_owned(), body)
}

/// How many files lie below a folder.
pub(crate) fn files(folder: &std::path::Path) -> usize {
    let count = |path: std::path::PathBuf| if path.is_dir() { files(&path) } else { 1 };
    std::fs::read_dir(folder).unwrap().map(|entry| count(entry.unwrap().path())).sum()
}
