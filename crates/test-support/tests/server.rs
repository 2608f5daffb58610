//! The server's handle, held against a stand-in that prints what the real binary prints.

use std::{fs, os::unix::fs::PermissionsExt, path::PathBuf};

use conductor_test_support::Server;
use tempfile::TempDir;

/// Prints the two lines, its arguments and one variable, and ends at SIGTERM with a word.
const STAND_IN: &str = r#"#!/bin/sh
trap 'echo drained; exit 0' TERM
echo "arguments: $*"
echo "listening on http://${3%:0}:40123" | sed 's/:40123:40123/:40123/'
echo "set up: http://127.0.0.1:40123/setup?token=one-time"
echo "colour: $COLOUR, a developer's key: $OPENAI_API_KEY" >&2
rm -f pipe && mkfifo pipe && exec 3<>pipe && read -r nothing <&3
"#;

fn stand_in() -> (TempDir, PathBuf) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("conductor");
    fs::write(&path, STAND_IN).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    (folder, path)
}

#[tokio::test]
async fn it_is_started_configured_and_asked_to_end() {
    let (_folder, binary) = stand_in();
    let server = Server::of(binary).env("COLOUR", "green").arg("--verbose");
    let mut server = server.start().await;
    assert_eq!(server.url(), "http://127.0.0.1:40123");
    assert_eq!(server.setup_token().await, "one-time");
    assert_eq!(server.process().line("arguments: ").await, "serve --listen 127.0.0.1:0 --verbose");
    assert_eq!(server.process().line("colour: ").await, "green, a developer's key: ");
    assert!(server.terminate().await.success());
    assert!(server.log().ends_with("drained"), "{}", server.log());
}

#[tokio::test]
async fn it_comes_back_at_the_same_address_with_the_same_data() {
    let (_folder, binary) = stand_in();
    let mut server = Server::of(binary).start().await;
    fs::write(server.data().join("kept"), "yes").unwrap();
    server.kill().await;
    server.restart().await;
    assert_eq!(server.process().line("arguments: ").await, "serve --listen 127.0.0.1:40123");
    assert_eq!(fs::read_to_string(server.data().join("kept")).unwrap(), "yes");
}
