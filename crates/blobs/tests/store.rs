//! The store on a real file system: what is kept, what never is, what a killed process leaves.

use std::{
    fs, io,
    mem::ManuallyDrop,
    path::{Path, PathBuf},
    task::{Context, Waker},
};

use bytes::Bytes;
use conductor_blobs::{Blobs, Digest, Error};
use futures::{Stream, StreamExt, TryStreamExt, stream};
use proptest::prelude::*;
use tokio::io::AsyncReadExt;

fn pieces(bytes: &[u8], size: usize) -> impl Stream<Item = io::Result<Bytes>> + use<> {
    stream::iter(bytes.chunks(size).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect::<Vec<_>>())
}

/// Every file below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .flat_map(|entry| if entry.path().is_dir() { files(&entry.path()) } else { vec![entry.path()] })
        .collect()
}

/// Polls an upload that never ends until its bytes are in the folder, as a runtime would that is then stopped.
async fn poll_until_written<F: Future>(mut upload: std::pin::Pin<&mut F>, folder: &Path, bytes: u64) {
    let size = |path: &PathBuf| fs::metadata(path).map_or(0, |file| file.len());
    while files(&folder.join("partial")).iter().map(size).sum::<u64>() < bytes {
        assert!(upload.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn what_is_put_comes_back_by_its_hash() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = Blobs::open(folder.path().join("blobs")).await.unwrap();
    let text = "kept ".repeat(50_000);
    let blob = blobs.put(pieces(text.as_bytes(), 7_001), 1 << 20).await.unwrap();
    assert_eq!(blob.size_bytes, text.len() as u64);
    assert_eq!(blob.sha256.to_string(), conductor_domain::sha256_hex(&text));
    assert_eq!(blob.mime_type, "text/plain; charset=utf-8");

    assert_eq!(blobs.read(&blob.sha256, 1 << 20).await.unwrap(), text.as_bytes());
    let mut reader = blobs.get(&blob.sha256).await.unwrap();
    assert_eq!(reader.size_bytes(), blob.size_bytes);
    let mut read = String::new();
    reader.read_to_string(&mut read).await.unwrap();
    assert_eq!(read, text);
    let streamed: Vec<Bytes> =
        blobs.get(&blob.sha256).await.unwrap().into_stream().try_collect().await.unwrap();
    assert_eq!(streamed.concat(), text.as_bytes());
    assert!(matches!(blobs.read(&blob.sha256, 10).await, Err(Error::TooLarge { max_bytes: 10 })));
}

#[tokio::test]
async fn the_same_bytes_are_stored_once_even_when_put_at_the_same_time() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = Blobs::open(folder.path()).await.unwrap();
    let puts = (0..8).map(|size| blobs.put(pieces(b"the same bytes", size + 1), 100));
    let stored: Vec<_> = futures::future::try_join_all(puts).await.unwrap();
    assert!(stored.iter().all(|blob| *blob == stored[0]));
    assert_eq!(files(folder.path()).len(), 1);
}

#[tokio::test]
async fn an_oversized_upload_is_refused_early_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = Blobs::open(folder.path()).await.unwrap();
    // Endless: the refusal cannot wait for the end.
    let endless = stream::repeat_with(|| io::Result::Ok(Bytes::from_static(&[b'x'; 1024])));
    assert!(matches!(blobs.put(endless, 10_000).await, Err(Error::TooLarge { max_bytes: 10_000 })));
    assert_eq!(files(folder.path()), Vec::<PathBuf>::new());
    let exact = blobs.put(pieces(&[b'x'; 10_000], 999), 10_000).await.unwrap();
    assert_eq!(exact.size_bytes, 10_000);
}

#[tokio::test]
async fn an_upload_that_breaks_off_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = Blobs::open(folder.path()).await.unwrap();
    let broken = pieces(b"half of it", 3).chain(stream::iter([Err(io::Error::other("gone"))]));
    assert!(matches!(blobs.put(broken, 100).await, Err(Error::Upload { .. })));
    assert_eq!(files(folder.path()), Vec::<PathBuf>::new());
    // A caller that goes away drops the future.
    let mut stalled = Box::pin(blobs.put(pieces(b"half of it", 3).chain(stream::pending()), 100));
    poll_until_written(stalled.as_mut(), folder.path(), 10).await;
    drop(stalled);
    assert_eq!(files(folder.path()), Vec::<PathBuf>::new());
}

#[tokio::test]
async fn what_a_killed_process_half_wrote_is_gone_after_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = Blobs::open(folder.path()).await.unwrap();
    let kept = blobs.put(pieces(b"finished", 3), 100).await.unwrap();

    // All bytes are written, the name is not given yet, and then nothing runs any more, destructors included.
    let whole = pieces(b"never finished", 3).chain(stream::pending());
    let mut killed = ManuallyDrop::new(Box::pin(blobs.put(whole, 100)));
    poll_until_written(killed.as_mut(), folder.path(), 14).await;
    assert_eq!(files(&folder.path().join("partial")).len(), 1);

    let restarted = Blobs::open(folder.path()).await.unwrap();
    assert_eq!(files(&folder.path().join("partial")), Vec::<PathBuf>::new());
    assert_eq!(restarted.read(&kept.sha256, 100).await.unwrap(), &b"finished"[..]);
    let never: Digest = conductor_domain::sha256_hex(b"never finished").parse().unwrap();
    assert!(!restarted.contains(&never).await.unwrap());
    assert!(matches!(restarted.read(&never, 100).await, Err(Error::NotFound { .. })));
}

#[tokio::test]
async fn damage_is_noticed_and_mended_by_putting_the_bytes_again() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = Blobs::open(folder.path()).await.unwrap();
    let blob = blobs.put(pieces(b"precious", 3), 100).await.unwrap();
    let [path] = files(folder.path()).try_into().unwrap();
    fs::write(&path, b"precioux").unwrap();
    assert!(matches!(blobs.read(&blob.sha256, 100).await, Err(Error::Damaged { .. })));
    // Cut short, as by a full disk under another program.
    fs::write(&path, b"prec").unwrap();
    assert_eq!(blobs.put(pieces(b"precious", 3), 100).await.unwrap(), blob);
    assert_eq!(blobs.read(&blob.sha256, 100).await.unwrap(), &b"precious"[..]);
}

#[tokio::test]
async fn a_deleted_file_is_gone_and_deleting_it_again_is_no_error() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = Blobs::open(folder.path()).await.unwrap();
    let blob = blobs.put(pieces(b"", 1), 100).await.unwrap();
    assert_eq!(blob.size_bytes, 0);
    assert!(blobs.contains(&blob.sha256).await.unwrap());
    assert!(blobs.delete(&blob.sha256).await.unwrap());
    assert!(!blobs.delete(&blob.sha256).await.unwrap());
    assert!(matches!(blobs.get(&blob.sha256).await, Err(Error::NotFound { .. })));
}

proptest! {
    #[test]
    fn only_64_hexadecimal_digits_are_a_name(text in "[0-9a-fA-F./\\\\+-]{60,68}|\\PC{0,70}") {
        let is_hex = text.len() == 64 && text.bytes().all(|digit| digit.is_ascii_hexdigit());
        let parsed = text.parse::<Digest>();
        prop_assert_eq!(parsed.is_ok(), is_hex);
        if let Ok(digest) = parsed {
            prop_assert_eq!(digest.to_string(), text.to_ascii_lowercase());
            let json = serde_json::to_string(&digest).unwrap();
            prop_assert_eq!(serde_json::from_str::<Digest>(&json).unwrap(), digest);
        }
    }
}
