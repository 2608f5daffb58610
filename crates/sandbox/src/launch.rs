//! The command line that starts a worker under one of the confinements.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    process::Stdio,
    sync::atomic::{AtomicU32, Ordering},
};

use tokio::process::Command;

use crate::{
    Enforcement, Limits, Options, Worker,
    jail::{Jail, Task},
    python::system_libraries,
};

/// How many programs get a user id of their own before the first is used again.
const USERS: u32 = 512;
/// Where the worker is seen inside bubblewrap.
const INSIDE: &str = "/worker";

/// What starts a worker.
#[derive(Clone, Debug)]
pub(crate) enum Launcher {
    /// Bubblewrap as root, without a user namespace: the worker becomes another user by itself, so that the kernel's
    /// limit of processes, which spares root, holds.
    BubblewrapAsRoot(PathBuf),
    /// Bubblewrap with a user namespace.
    Bubblewrap {
        program: PathBuf,
        /// The user that starts it, if not the server's own.
        user: Option<u32>,
        /// Whether it can forbid further namespaces, which the list of system calls does anyway; 0.8 and newer.
        closes: bool,
    },
    /// The worker alone, which confines itself.
    Landlock { root: bool },
}

/// Which user id the next worker gets.
static NEXT: AtomicU32 = AtomicU32::new(0);

impl Launcher {
    pub(crate) fn enforcement(&self) -> Enforcement {
        match self {
            Self::BubblewrapAsRoot(_) | Self::Bubblewrap { .. } => Enforcement::Bubblewrap,
            Self::Landlock { .. } => Enforcement::Landlock,
        }
    }

    /// The command that runs a task; `files` are the files and folders that it needs beside the system's libraries.
    pub(crate) fn command(
        &self,
        options: &Options,
        limits: &Limits,
        task: Task,
        files: &[PathBuf],
    ) -> std::io::Result<Command> {
        let user = options.first_uid + NEXT.fetch_add(1, Ordering::Relaxed) % USERS;
        let mut readable = system_libraries();
        readable.extend(files.iter().cloned());
        let jail = Jail {
            user: matches!(self, Self::BubblewrapAsRoot(_) | Self::Landlock { root: true }).then_some(user),
            landlock_required: matches!(self, Self::Landlock { .. }),
            cpu_seconds: limits.cpu_seconds(),
            memory_bytes: limits.memory_bytes,
            threads: limits.threads,
            readable,
            task,
        };
        let told = serde_json::to_string(&jail)?;
        let worker = &options.worker;
        let mut command = match self {
            Self::BubblewrapAsRoot(program) => {
                let mut command = Command::new(program);
                command.args(["--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]);
                view(&mut command, worker, &jail.readable);
                command
            }
            Self::Bubblewrap { program, user, closes } => {
                let mut command = Command::new(program);
                command.args(["--unshare-user", "--cap-drop", "ALL"]);
                command.args(closes.then_some("--disable-userns"));
                // An ordinary user inside as well: nothing there is to be root for.
                command.args(["--uid", "65534", "--gid", "65534"]);
                #[cfg(unix)]
                if let Some(user) = user {
                    command.uid(*user).gid(*user);
                }
                view(&mut command, worker, &jail.readable);
                command
            }
            Self::Landlock { .. } => Command::new(&worker.program),
        };
        command
            .args(&worker.arguments)
            .arg(told)
            .env_clear()
            .envs(worker.environment.iter().map(|(name, value)| (name, value)))
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        // What is killed as one; and an interrupt at the server's terminal is the server's own affair.
        #[cfg(unix)]
        command.process_group(0);
        Ok(command)
    }
}

/// Namespaces of its own, and a file system of which nothing can be written and only `readable` seen.
fn view(command: &mut Command, worker: &Worker, readable: &[PathBuf]) {
    command.args([
        "--unshare-ipc",
        "--unshare-pid",
        "--unshare-net",
        "--unshare-uts",
        "--unshare-cgroup-try",
    ]);
    // No session of its own: everything stays in the group that is killed as one. There is no terminal inside to type
    // into, and the list of system calls refuses that as well as leaving the group.
    command.args(["--die-with-parent", "--clearenv", "--hostname", "sandbox"]);
    for (name, value) in &worker.environment {
        command.args(["--setenv", name, value]);
    }
    // The folders above would be closed to others where the real ones are, such as root's home.
    let above: BTreeSet<_> =
        readable.iter().flat_map(|path| path.ancestors().skip(1)).chain([Path::new("/dev")]).collect();
    for folder in above.into_iter().filter(|folder| folder.parent().is_some()) {
        command.args(["--perms", "0755", "--dir"]).arg(folder);
    }
    for path in readable {
        command.arg("--ro-bind-try").arg(path).arg(path);
    }
    command.arg("--ro-bind").arg(&worker.program).arg(INSIDE);
    command.args(["--dev-bind", "/dev/null", "/dev/null", "--remount-ro", "/", "--chdir", "/", "--", INSIDE]);
}
