//! A PostgreSQL of the tests' own: a private port, a private folder, gone afterwards however the tests end.

use std::{
    ffi::OsStr,
    fs,
    io::{BufRead, BufReader},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::{shell, tools};

const READY: &str = "database system is ready to accept connections";
const PATIENCE: Duration = Duration::from_secs(60);

/// The name that the tests know the server's address by.
pub(crate) const VARIABLE: &str = "CONDUCTOR_TEST_POSTGRES";

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The command, such as `cargo nextest run -p conductor-storage`.
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
    command: Vec<String>,
}

/// `cargo xtask with-postgres <command> …`.
pub(crate) fn with(options: &Options) -> Result<()> {
    tools::packages(&[&tools::POSTGRESQL])?;
    let postgres = Postgres::start()?;
    let mut command = shell::command(&options.command[0]);
    shell::run(command.args(&options.command[1..]).env(VARIABLE, postgres.url()))
}

/// The folder of PostgreSQL's server programs: Debian keeps them off the search path.
pub(crate) fn programs() -> Option<PathBuf> {
    let mut versions: Vec<_> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok())
        .collect();
    versions.sort_unstable();
    let debian = versions.pop().map(|version| PathBuf::from(format!("/usr/lib/postgresql/{version}/bin")));
    let path = || shell::which("postgres").and_then(|program| program.parent().map(Path::to_path_buf));
    debian.or_else(path).filter(|folder| folder.join("initdb").is_file())
}

/// A running server; dropping it stops the server and removes its files.
pub(crate) struct Postgres {
    server: Child,
    folder: PathBuf,
    url: String,
}

impl Postgres {
    /// Makes an empty cluster with the distribution's defaults (fsync on) and starts it.
    pub(crate) fn start() -> Result<Self> {
        let programs = programs().context("PostgreSQL's server programs are not installed")?;
        let user = unprivileged()?;
        let folder = private_folder(user)?;
        let password = folder.join("password");
        let secret = fs::read_to_string("/proc/sys/kernel/random/uuid")?.trim().replace('-', "");
        fs::write(&password, &secret)?;

        let data = folder.join("data");
        let mut initdb = as_user(user, programs.join("initdb"));
        initdb.args(["--username=conductor", "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8"]);
        initdb.arg("--pgdata").arg(&data).arg("--pwfile").arg(&password);
        shell::read(&mut initdb)?;

        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let mut command = as_user(user, programs.join("postgres"));
        command.arg("-D").arg(&data).args(["-p", &port.to_string(), "-h", "127.0.0.1", "-k", ""]);
        command.args(["-c", "max_connections=300"]).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut server = command.spawn().context("PostgreSQL could not be started")?;
        let ready = watch(&mut server)?;
        let url = format!("postgres://conductor:{secret}@127.0.0.1:{port}/postgres");
        let this = Self { server, folder, url };
        match ready.recv_timeout(PATIENCE) {
            Ok(Ok(())) => Ok(this),
            Ok(Err(log)) => bail!("PostgreSQL did not start:\n{log}"),
            Err(_) => bail!("PostgreSQL was not ready within {PATIENCE:?}"),
        }
    }

    /// The superuser's address, as `CONDUCTOR_TEST_POSTGRES` carries it.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // SIGINT is PostgreSQL's fast shutdown: it drops its clients and ends.
        let _ = shell::command("kill").args(["-INT", &self.server.id().to_string()]).status();
        let _ = self.server.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Reads the server's log until it says that it is ready, and on, so that its pipe never fills.
fn watch(server: &mut Child) -> Result<mpsc::Receiver<Result<(), String>>> {
    let log = server.stderr.take().context("PostgreSQL's log is piped")?;
    let (tell, told) = mpsc::channel();
    thread::spawn(move || {
        let mut lines = Vec::new();
        for line in BufReader::new(log).lines().map_while(Result::ok) {
            if line.contains(READY) {
                let _ = tell.send(Ok(()));
            }
            lines.push(line);
        }
        let _ = tell.send(Err(lines.join("\n")));
    });
    Ok(told)
}

/// PostgreSQL refuses to run as root; `None` when this program is not root anyway.
fn unprivileged() -> Result<Option<&'static str>> {
    if !shell::is_root() {
        return Ok(None);
    }
    let known = |user: &&str| shell::read(shell::command("id").args(["-u", user])).is_ok();
    ["postgres", "nobody"]
        .into_iter()
        .find(known)
        .map(Some)
        .context("there is neither a user postgres nor nobody")
}

/// A command as that user. The kernel stops it when this program dies, even of a kill -9.
fn as_user(user: Option<&str>, program: impl AsRef<OsStr>) -> Command {
    if shell::which("setpriv").is_none() {
        return shell::command(program);
    }
    let mut command = shell::command("setpriv");
    command.args(["--pdeathsig", "INT"]).current_dir(std::env::temp_dir());
    if let Some(user) = user {
        command.args(["--reuid", user, "--regid", "nogroup", "--clear-groups"]);
    }
    command.arg("--").arg(program);
    command
}

/// A new folder that only that user enters; folders of dead predecessors go on the way.
fn private_folder(user: Option<&str>) -> Result<PathBuf> {
    let name = "conductor-postgres-";
    let parent = std::env::temp_dir();
    for entry in fs::read_dir(&parent)?.flatten() {
        let owner = entry.file_name().to_str().and_then(|file| file.strip_prefix(name)).map(str::to_owned);
        if owner.is_some_and(|owner| !Path::new("/proc").join(owner).exists()) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
    let folder = parent.join(format!("{name}{}", std::process::id()));
    fs::create_dir(&folder).with_context(|| format!("{} cannot be created", folder.display()))?;
    if let Some(user) = user {
        shell::read(shell::command("chown").arg(user).arg(&folder))?;
    }
    shell::read(shell::command("chmod").arg("0700").arg(&folder))?;
    Ok(folder)
}
