//! Acknowledged means on disk: no answer leaves while the write-ahead log has bytes that were not synced.
//!
//! A kill cannot show a missing sync, because the page cache survives the process; watching the system calls can.

use std::collections::{HashMap, HashSet};

use conductor_test_support::{Server, Strace};
use serde_json::json;

/// How many acknowledged writes are watched.
const WRITES: usize = 400;

#[derive(Debug, Default)]
struct Watched {
    acknowledged: usize,
    syncs: usize,
    broken: Vec<String>,
}

/// The title of a conversation, as both its page in the log and its answer spell it.
fn title(number: usize) -> String {
    format!("Number {number}.")
}

/// Reads a trace of `pwrite64`, `fdatasync` and socket writes. Others write to the log meanwhile, so each answer is held
/// against the bytes of its own row. A call that another thread interrupts takes two lines; the second names no file.
fn read(trace: &str) -> Watched {
    let mut watched = Watched::default();
    let (mut written, mut synced, mut syncing) = (HashSet::new(), HashSet::new(), HashMap::new());
    let mut next = 0;
    for line in trace.lines() {
        let thread = line.split(' ').next().unwrap_or_default();
        let of_log = line.contains("-wal>");
        if of_log && line.contains("pwrite64(") {
            if line.contains(&title(next)) {
                written.insert(next);
            }
        } else if of_log && line.contains("sync(") && line.ends_with("<unfinished ...>") {
            syncing.insert(thread, written.clone());
        } else if line.contains("sync resumed>") && line.ends_with("= 0") {
            if let Some(before) = syncing.remove(thread) {
                synced.extend(before);
                watched.syncs += 1;
            }
        } else if of_log && line.contains("sync(") && line.ends_with("= 0") {
            synced.extend(written.iter().copied());
            watched.syncs += 1;
        } else if line.contains("HTTP/1.1 201") && line.contains(&title(next)) {
            watched.acknowledged += 1;
            if !synced.contains(&next) {
                watched.broken.push(line.to_owned());
            }
            next += 1;
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
    let calls = "trace=pwrite64,fdatasync,fsync,write,writev,sendto,sendmsg";
    let strace =
        Strace::attach(server.process(), &["-y", "-s", "4200", "-e", calls, "-o", file.to_str().unwrap()])
            .await;
    for number in 0..WRITES {
        api.post("/api/conversations", json!({ "title": title(number) })).await.created();
    }
    strace.detach().await;

    let watched = read(&std::fs::read_to_string(&file).unwrap());
    assert!(watched.acknowledged >= WRITES, "only {} answers were seen", watched.acknowledged);
    assert!(watched.syncs >= WRITES, "{} syncs for {} answers", watched.syncs, watched.acknowledged);
    assert!(watched.broken.is_empty(), "answered before the sync: {:?}", watched.broken.first());
}

#[test]
fn the_reader_sees_an_answer_that_came_too_early() {
    let write = "1 pwrite64(9</d/c.db-wal>, \"\\0Number 0.\\0\", 4096, 0) = 4096\n";
    let other = "2 pwrite64(9</d/c.db-wal>, \"an entry\", 4096, 4096) = 4096\n";
    let sync = "1 fdatasync(9</d/c.db-wal>) = 0\n";
    let answer = "1 writev(12<socket:[1]>, [{iov_base=\"HTTP/1.1 201 \", \"title\":\"Number 0.\"}]) = 9\n";
    let broken = |parts: &[&str]| read(&parts.concat()).broken.len();
    assert_eq!(broken(&[write, answer]), 1);
    assert_eq!(broken(&[answer, write, sync]), 1);
    assert_eq!(broken(&[other, sync, write, answer]), 1, "somebody else's sync came before");
    assert_eq!(broken(&[write, sync, answer]), 0);
    let (begun, ended) =
        ("1 fdatasync(9</d/c.db-wal> <unfinished ...>\n", "1 <... fdatasync resumed>) = 0\n");
    assert_eq!(broken(&[write, begun, ended, answer]), 0);
    assert_eq!(broken(&[begun, write, ended, answer]), 1, "a sync covers what was written before it began");
    assert_eq!(broken(&[write, begun, answer, ended]), 1);
    assert_eq!(broken(&[write, sync, other, answer]), 0, "what others write later need not be on disk yet");
}
