//! Sandboxes to test, a table of attacks, and how one sees that nothing stayed behind.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use conductor_sandbox::{
    Enforce, Enforcement, Error, Language, Limits, Options, Outcome, Program, Result, Sandbox, State, Worker,
};
use serde_json::{Value, json};
use tokio::sync::{Mutex, MutexGuard};
use tokio_util::sync::CancellationToken;

/// User ids of the tests begin here, apart from those of a server.
const USERS: u32 = 2_000_000;
static NEXT: AtomicU32 = AtomicU32::new(0);

/// A sandbox, and the marks by which its processes are known.
pub(crate) struct World {
    pub(crate) sandbox: Sandbox,
    pub(crate) enforcement: Enforcement,
    first_uid: u32,
    mark: String,
    _alone: Arc<MutexGuard<'static, ()>>,
}

/// Tests that share a process take turns: some of their processes are known only as children.
static ALONE: Mutex<()> = Mutex::const_new(());

/// The machine's own Python, which other users can reach, else any.
pub(crate) fn python() -> PathBuf {
    let system = Path::new("/usr/bin/python3");
    if system.is_file() { system.to_owned() } else { PathBuf::from("python3") }
}

pub(crate) fn worker() -> Worker {
    Worker::new(env!("CARGO_BIN_EXE_conductor-sandbox-worker"), Vec::<String>::new())
}

/// Small limits, so that what has no end ends soon.
pub(crate) fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.wall_time = Duration::from_secs(20);
    limits.cpu_time = Duration::from_secs(1);
    limits.memory_bytes = 128 * 1024 * 1024;
    limits.output_bytes = 64 * 1024;
    limits.threads = 4;
    limits
}

/// A sandbox for each confinement that works here; at least one must.
pub(crate) async fn worlds() -> Vec<World> {
    let alone = Arc::new(ALONE.lock().await);
    let mut worlds = Vec::new();
    for enforce in [Enforce::Bubblewrap, Enforce::Landlock] {
        let number = NEXT.fetch_add(1, Ordering::Relaxed) + (std::process::id() % 100_000) * 16;
        let (first_uid, mark) = (USERS + number * 512, format!("mark-{number}"));
        let mut options =
            Options::new(Worker::new(env!("CARGO_BIN_EXE_conductor-sandbox-worker"), [mark.clone()]));
        options.enforce = enforce;
        options.first_uid = first_uid;
        options.python = python();
        options.limits = limits();
        let sandbox = Sandbox::detect(options).await;
        match sandbox.state() {
            State::On(enforcement) => {
                let enforcement = *enforcement;
                worlds.push(World { sandbox, enforcement, first_uid, mark, _alone: Arc::clone(&alone) });
            }
            State::Off { reason } => eprintln!("not tested here: {reason}"),
        }
    }
    assert!(!worlds.is_empty(), "nothing confines a program here: install bubblewrap");
    worlds
}

impl World {
    pub(crate) async fn run(&self, program: &Program) -> Result<Outcome> {
        self.sandbox.run(program, &CancellationToken::new()).await
    }

    /// Whether programs may have threads: where one limit counts everything of the server's own user, they have none.
    pub(crate) fn has_threads(&self) -> bool {
        self.enforcement == Enforcement::Bubblewrap || nix::unistd::geteuid().is_root()
    }

    /// What is still there of programs that have ended: processes that carry the mark or belong to one of the users.
    pub(crate) fn left_behind(&self) -> Vec<String> {
        let users = self.first_uid..self.first_uid + 512;
        let mut found = Vec::new();
        for entry in fs::read_dir("/proc").unwrap().flatten() {
            let folder = entry.path();
            let Ok(status) = fs::read_to_string(folder.join("status")) else { continue };
            let uid = status.lines().find_map(|line| line.strip_prefix("Uid:"));
            let uid = uid.and_then(|line| line.split_whitespace().next()?.parse().ok());
            let command = fs::read(folder.join("cmdline")).unwrap_or_default();
            let command = String::from_utf8_lossy(&command).replace('\0', " ");
            // One without memory has ended and waits to be noticed: it runs nothing any more.
            if !status.contains("VmSize:") {
                continue;
            }
            let marked = command.split(' ').any(|word| word == self.mark);
            // Where the tests are not root, an interpreter is known as a child.
            let parent = status.lines().find_map(|line| line.strip_prefix("PPid:"));
            let child = parent.is_some_and(|parent| parent.trim() == std::process::id().to_string());
            let interpreter = child && command.contains("inside the confined interpreter");
            if marked || interpreter || uid.is_some_and(|uid| users.contains(&uid)) {
                found.push(format!("{}: {command}", folder.display()));
            }
        }
        found
    }
}

pub(crate) fn program(language: Language, code: &str, globals: Value) -> Program {
    let mut program = Program::new(language, code);
    program.globals = globals.as_object().expect("globals are an object").clone();
    program
}

pub(crate) fn python_program(code: &str) -> Program {
    Program::new(Language::Python, code)
}

pub(crate) fn javascript(code: &str) -> Program {
    Program::new(Language::Javascript, code)
}

/// How an attack must end.
#[derive(Clone, Copy, Debug)]
pub(crate) enum End {
    /// By an error of the program that holds one of these words.
    Fails(&'static [&'static str]),
    /// By itself, without having set `escaped`.
    Harmless,
    /// The same, or because there are no threads here.
    HarmlessThread,
    TimedOut,
    OutOfMemory,
    /// Out of memory or out of time, whichever comes first on this machine.
    Exhausted,
    TooMuchOutput,
}

/// Runs every attack under every confinement. An attack finds the path of a file with a secret, and of the folder it is
/// in, as `secret` and `folder`.
pub(crate) async fn attack(language: Language, attacks: &[(&str, &str, End)]) {
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("secret");
    fs::write(&secret, "the secret").unwrap();
    // Nothing but the sandbox keeps a program from it.
    let open =
        |path: &Path, mode| fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(mode));
    open(folder.path(), 0o777).unwrap();
    open(&secret, 0o666).unwrap();
    let globals = json!({ "secret": secret, "folder": folder.path(), "server": std::process::id() });
    let mut wrong = Vec::new();
    for world in worlds().await {
        for (name, code, end) in attacks {
            let program = program(language, code, globals.clone());
            let ended = world.run(&program).await;
            let right = match (&ended, end) {
                (Err(Error::Failed { message, .. }), End::Fails(words)) => {
                    words.iter().any(|word| message.contains(word))
                }
                (Err(Error::Failed { message, .. }), End::HarmlessThread) => {
                    !world.has_threads() && message.contains("can't start new thread")
                }
                (Ok(outcome), End::Harmless | End::HarmlessThread) => {
                    !outcome.assigned.contains_key("escaped") && !outcome.stdout.contains("the secret")
                }
                (Err(Error::TimedOut { .. }), End::TimedOut | End::Exhausted)
                | (Err(Error::OutOfMemory { .. }), End::OutOfMemory | End::Exhausted)
                | (Err(Error::TooMuchOutput { .. }), End::TooMuchOutput) => true,
                _ => false,
            };
            if !right {
                wrong.push(format!("{:?}, {name}: {ended:?} and not {end:?}", world.enforcement));
            }
            let left = world.left_behind();
            if !left.is_empty() {
                wrong.push(format!("{:?}, {name} left {left:?}", world.enforcement));
            }
        }
        assert_eq!(fs::read_to_string(&secret).unwrap(), "the secret");
        let files = fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(files, 1, "a program wrote beside the secret");
    }
    assert!(wrong.is_empty(), "{} attack(s) ended otherwise:\n{}", wrong.len(), wrong.join("\n"));
}
