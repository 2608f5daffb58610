//! Acknowledged means on disk: no answer leaves while the write-ahead log has bytes that were not synced.
//!
//! A kill cannot show a missing sync, because the page cache survives the process; watching the system calls can.

use std::process::Stdio;

use conductor_test_support::Server;
use serde_json::json;
use tokio::process::Command;

/// How many acknowledged writes are watched.
const WRITES: usize = 400;

#[derive(Debug, Default)]
struct Watched {
    acknowledged: usize,
    syncs: usize,
    broken: Vec<String>,
}

/// Reads a trace of `pwrite64`, `fdatasync` and socket writes in the order in which they ended.
fn read(trace: &str) -> Watched {
    let (mut watched, mut unsynced) = (Watched::default(), false);
    for line in trace.lines() {
        let of_log = line.contains("-wal>");
        if of_log && line.contains("pwrite64(") {
            unsynced = true;
        } else if of_log && (line.contains("fdatasync(") || line.contains("fsync(")) && line.contains("= 0") {
            unsynced = false;
            watched.syncs += 1;
        } else if line.contains("HTTP/1.1 201") {
            watched.acknowledged += 1;
            if unsynced {
                watched.broken.push(line.to_owned());
            }
        }
    }
    watched
}

#[tokio::test]
async fn no_answer_leaves_before_its_write_is_synced() {
    let mut server = Server::running().await;
    let api = server.set_up().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("trace");
    let pid = server.process().id().unwrap().to_string();
    let mut strace = Command::new("strace")
        .args(["-f", "-y", "-s", "64", "-e", "trace=pwrite64,fdatasync,fsync,write,writev,sendto,sendmsg"])
        .args(["-p", &pid, "-o"])
        .arg(&file)
        .stderr(Stdio::piped())
        .spawn()
        .expect("strace is installed by `cargo xtask test`");
    attached(&mut strace).await;
    for number in 0..WRITES {
        api.post("/api/conversations", json!({ "title": format!("Number {number}") })).await.created();
    }
    let id = strace.id().unwrap().to_string();
    Command::new("kill").args(["-INT", &id]).status().await.unwrap();
    strace.wait().await.unwrap();

    let watched = read(&std::fs::read_to_string(&file).unwrap());
    assert!(watched.acknowledged >= WRITES, "only {} answers were seen", watched.acknowledged);
    assert!(watched.syncs >= WRITES, "{} syncs for {} answers", watched.syncs, watched.acknowledged);
    assert!(watched.broken.is_empty(), "answered before the sync: {:?}", watched.broken.first());
}

#[test]
fn the_reader_sees_an_answer_that_came_too_early() {
    let trace = "1 pwrite64(9</d/c.db-wal>, \"x\", 1, 0) = 1\n1 writev(12<socket:[1]>, [{iov_base=\"HTTP/1.1 201 \"}]) = 9\n";
    assert_eq!(read(trace).broken.len(), 1);
    let synced = "1 pwrite64(9</d/c.db-wal>, \"x\", 1, 0) = 1\n1 fdatasync(9</d/c.db-wal>) = 0\n\
        1 writev(12<socket:[1]>, [{iov_base=\"HTTP/1.1 201 \"}]) = 9\n";
    assert!(read(synced).broken.is_empty());
}

/// Waits until strace says that it watches.
async fn attached(strace: &mut tokio::process::Child) {
    use tokio::io::{AsyncBufReadExt, BufReader};
    let stderr = strace.stderr.take().unwrap();
    let mut lines = BufReader::new(stderr).lines();
    let line = lines.next_line().await.unwrap().expect("strace ended before it watched");
    assert!(line.contains("attached"), "{line}");
    // Read on, or strace stops when its pipe is full.
    tokio::spawn(async move { while lines.next_line().await.is_ok_and(|line| line.is_some()) {} });
}
