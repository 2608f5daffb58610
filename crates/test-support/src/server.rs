//! The real `conductor` binary on a free port with a data folder of its own.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    process::ExitStatus,
    sync::Arc,
};

use serde_json::json;
use tempfile::TempDir;
use tokio::process::Command;

use crate::{Api, Process, Provider, TestDb, environment::variable};

/// What the server keeps over restarts, and how it is started.
#[derive(Debug)]
pub struct Server<S = Running> {
    binary: PathBuf,
    data: Arc<TempDir>,
    environment: Vec<(OsString, OsString)>,
    arguments: Vec<String>,
    state: S,
}

/// Not started yet: the server can still be configured.
#[derive(Clone, Copy, Debug)]
pub struct Stopped;

/// Started, and listening.
#[derive(Debug)]
pub struct Running {
    process: Process,
    base: String,
}

impl Server {
    /// A fresh server on SQLite, listening when this returns.
    ///
    /// # Panics
    /// When it does not start; the panic shows its log.
    pub async fn running() -> Self {
        Self::of(binary()).start().await
    }

    /// A server of this binary, to be configured and then started.
    ///
    /// # Panics
    /// When no temporary folder can be made.
    #[must_use]
    pub fn of(binary: impl Into<PathBuf>) -> Server<Stopped> {
        let data = TempDir::new().unwrap_or_else(|error| panic!("a temporary folder: {error}"));
        Server {
            binary: binary.into(),
            data: Arc::new(data),
            environment: Vec::new(),
            arguments: Vec::new(),
            state: Stopped,
        }
    }

    /// A server of the binary that stands beside this test, to be configured and then started.
    #[must_use]
    pub fn configure() -> Server<Stopped> {
        Self::of(binary())
    }

    /// A client that is not signed in.
    #[must_use]
    pub fn api(&self) -> Api {
        Api::new(self.url())
    }

    /// The address, such as `http://127.0.0.1:40123`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.state.base
    }

    /// Sets the first account up by the link that the server printed, and signs it in: an administrator.
    ///
    /// # Panics
    /// When the server has an account already, or refuses.
    pub async fn set_up(&mut self) -> Api {
        let token = self.setup_token().await;
        let body = json!({
            "token": token,
            "email": Self::EMAIL,
            "password": Self::PASSWORD,
            "name": "Ada Admin",
            "organization_name": "Example",
        });
        let session = self.api().post("/api/setup", body).await.status(201).json();
        self.api().signed_in(&session)
    }

    /// The address of the account that `set_up` makes.
    pub const EMAIL: &str = "admin@example.com";
    /// The password of the account that `set_up` makes.
    pub const PASSWORD: &str = "correct horse battery staple";

    /// The one-time token of the setup link that the server printed.
    ///
    /// # Panics
    /// When it printed none.
    pub async fn setup_token(&mut self) -> String {
        let link = self.state.process.line("set up: ").await;
        match link.split_once("token=") {
            Some((_, token)) => token.trim().to_owned(),
            None => panic!("no token in the setup link {link}"),
        }
    }

    /// Ends it as a crash would: kill -9.
    pub async fn kill(&mut self) {
        self.state.process.kill().await;
    }

    /// Asks it to end (SIGTERM) and waits until it did.
    pub async fn terminate(&mut self) -> ExitStatus {
        self.state.process.terminate().await
    }

    /// Starts it again on the same data and the same port, after `kill` or `terminate`.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn restart(&mut self) {
        let listen = self.state.base.trim_start_matches("http://").to_owned();
        self.state = self.launch(&listen).await;
    }

    /// The running process.
    #[must_use]
    pub fn process(&mut self) -> &mut Process {
        &mut self.state.process
    }

    /// All it wrote since its last start.
    #[must_use]
    pub fn log(&self) -> String {
        self.state.process.log()
    }
}

impl Server<Stopped> {
    /// Sets an environment variable.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.environment.push((name.into(), value.into()));
        self
    }

    /// Adds a flag for `conductor serve`.
    #[must_use]
    pub fn arg(mut self, argument: &str) -> Self {
        self.arguments.push(argument.to_owned());
        self
    }

    /// Keeps its rows in this database, not in the data folder.
    #[must_use]
    pub fn database(self, database: &TestDb) -> Self {
        self.env("CONDUCTOR_DATABASE_URL", database.url())
    }

    /// Gives it a scripted model under the name of OpenAI.
    #[must_use]
    pub fn provider(self, provider: &Provider) -> Self {
        self.env("OPENAI_BASE_URL", provider.url()).env("OPENAI_API_KEY", "sk-scripted-provider")
    }

    /// Starts it and waits until it listens.
    ///
    /// # Panics
    /// When it does not start; the panic shows its log.
    pub async fn start(self) -> Server {
        let state = self.launch("127.0.0.1:0").await;
        let Self { binary, data, environment, arguments, .. } = self;
        Server { binary, data, environment, arguments, state }
    }
}

impl<S> Server<S> {
    /// The data folder.
    #[must_use]
    pub fn data(&self) -> &Path {
        self.data.path()
    }

    /// A subcommand on the same data and configuration, such as `admin create-user`; its output can be awaited.
    #[must_use]
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.binary);
        // Nothing of the developer's own configuration or keys reaches a test.
        command.env_clear().env("CONDUCTOR_DATA", self.data.path()).current_dir(self.data.path());
        for inherited in ["PATH", "HOME", "TMPDIR"] {
            command.envs(variable(inherited).map(|value| (inherited, value)));
        }
        command.envs(self.environment.iter().map(|(name, value)| (name, value))).args(arguments);
        command
    }

    async fn launch(&self, listen: &str) -> Running {
        let mut command = self.command(&["serve", "--listen", listen]);
        let mut process = Process::start(command.args(&self.arguments));
        let base = process.line("listening on ").await.trim().to_owned();
        Running { process, base }
    }
}

/// The binary that was built for this test: named by cargo or nextest, else beside the test's own folder.
fn binary() -> PathBuf {
    let named = ["CARGO_BIN_EXE_conductor", "NEXTEST_BIN_EXE_conductor", "CONDUCTOR_BIN"];
    let named = named.into_iter().find_map(variable).map(PathBuf::from);
    let beside = || Some(std::env::current_exe().ok()?.parent()?.parent()?.join("conductor"));
    match named.or_else(beside).filter(|path| path.is_file()) {
        Some(path) => path,
        None => panic!("there is no conductor binary: run `cargo build -p conductor` first"),
    }
}
