//! Starts the servers of `tests/peers` from the tools that `cargo xtask test` installs.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    sync::Arc,
    time::Duration,
};

use conductor_mcp_client::{
    CommandLine, Declines, Endpoint, Options, ServerSpec, Session, ToolCall, ToolOutput,
};
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

/// The folder with `node_modules` and the Python environment `venv`.
pub(crate) fn tools() -> PathBuf {
    let var = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let folder = var("CONDUCTOR_TEST_TOOLS").unwrap_or_else(|| {
        let cache = var("XDG_CACHE_HOME").or_else(|| Some(var("HOME")?.join(".cache")));
        cache.expect("HOME is not set").join("conductor/tools")
    });
    assert!(
        folder.join("node_modules/@modelcontextprotocol").is_dir() && folder.join("venv/bin/python").exists(),
        "the MCP servers for tests are not installed in {}: run `cargo xtask test`, which installs them \
         (from crates/mcp-client/tests/peers), or set CONDUCTOR_TEST_TOOLS",
        folder.display()
    );
    folder
}

/// A file of `tests/peers`.
pub(crate) fn peer(file: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers").join(file).display().to_string()
}

fn node_module(path: &str) -> String {
    tools().join("node_modules/@modelcontextprotocol").join(path).display().to_string()
}

pub(crate) fn python() -> String {
    tools().join("venv/bin/python").display().to_string()
}

pub(crate) fn everything_stdio() -> CommandLine {
    CommandLine::new("node", [node_module("server-everything/dist/index.js"), "stdio".to_owned()])
}

pub(crate) fn filesystem(folder: &Path) -> CommandLine {
    CommandLine::new("node", [node_module("server-filesystem/dist/index.js"), folder.display().to_string()])
}

pub(crate) fn faulty(args: &[&str]) -> CommandLine {
    let mut all = vec![peer("faulty.mjs")];
    all.extend(args.iter().map(|arg| (*arg).to_owned()));
    CommandLine::new("node", all)
}

/// A client as `egress` would hand it in: no redirects.
#[expect(clippy::disallowed_methods, reason = "the egress client is not known here")]
pub(crate) fn client() -> reqwest::Client {
    reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap()
}

pub(crate) fn http(url: &str) -> ServerSpec {
    ServerSpec::Http(Endpoint::new(url, client()).unwrap())
}

pub(crate) fn sse(url: &str) -> ServerSpec {
    ServerSpec::Sse(Endpoint::new(url, client()).unwrap())
}

/// A server with an address; its process ends when this is dropped.
pub(crate) struct Listening {
    pub(crate) url: String,
    _process: Child,
}

/// Starts a server and waits until it says where it listens.
async fn listening(mut command: Command, path: &str) -> Listening {
    let mut process = command
        .env("PORT", "0")
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("the server cannot be started");
    let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
    let mut said = Vec::new();
    let port = loop {
        let line = lines.next_line().await.unwrap();
        let line = line.unwrap_or_else(|| panic!("the server ended before it listened: {said:?}"));
        if let Some((_, rest)) = line.split_once("127.0.0.1:") {
            break rest.chars().take_while(char::is_ascii_digit).collect::<String>();
        }
        said.push(line);
    };
    // Somebody has to read on, or the server blocks on a full pipe.
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    Listening { url: format!("http://127.0.0.1:{port}{path}"), _process: process }
}

pub(crate) async fn everything_http() -> Listening {
    listening(everything_listening("streamableHttp"), "/mcp").await
}

pub(crate) async fn everything_sse() -> Listening {
    listening(everything_listening("sse"), "/sse").await
}

fn everything_listening(transport: &str) -> Command {
    let mut command = Command::new("node");
    command
        .arg("-r")
        .arg(peer("loopback.cjs"))
        .arg(node_module("server-everything/dist/index.js"))
        .arg(transport);
    command
}

pub(crate) async fn notes(transport: &str) -> Listening {
    let mut command = Command::new(python());
    command.arg(peer("notes.py")).arg(transport);
    listening(command, if transport == "sse" { "/sse" } else { "/mcp" }).await
}

pub(crate) async fn connect(spec: &ServerSpec) -> Session {
    Session::connect(spec, Arc::new(Declines), Options::default()).await.unwrap()
}

pub(crate) fn call(name: &str, arguments: Value) -> ToolCall {
    let Value::Object(arguments) = arguments else { panic!("arguments are an object") };
    ToolCall { name: name.to_owned(), arguments, ..ToolCall::default() }
}

/// The text of an output's first block.
pub(crate) fn text(output: &ToolOutput) -> &str {
    output.content[0]["text"].as_str().unwrap()
}

/// Waits for something that comes as an event; a bound only so that a broken test ends.
pub(crate) async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(60), future).await.expect("it did not happen")
}
