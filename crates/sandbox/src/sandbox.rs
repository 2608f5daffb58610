//! The door: find out once what confines programs here, then run them.

use std::{path::PathBuf, sync::Arc, time::Duration};

use tokio_util::sync::CancellationToken;

use crate::{
    Enforce, Error, Language, Limits, Options, Outcome, Program, Result,
    answer::Answer,
    jail::{Input, MADE, Task},
    launch::Launcher,
    process,
    python::{Python, which},
};

/// Files that hold what nobody inside may read; a probe tries them. Some exist on every machine.
const HIDDEN: [&str; 5] =
    ["/etc/passwd", "/etc/hostname", "/proc/self/environ", "/proc/1/environ", "/proc/self/exe"];
/// Folders in which nobody inside may write.
const FOLDERS: [&str; 5] = ["/", "/tmp", "/var/tmp", "/dev/shm", "/dev"];
/// How long a probe may take on a slow machine.
const PROBE_TIME: Duration = Duration::from_secs(20);

/// Runs programs that nobody trusts. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Sandbox {
    inner: Arc<Inner>,
    limits: Limits,
}

#[derive(Debug)]
struct Inner {
    options: Options,
    launcher: Option<Launcher>,
    python: Result<Python, String>,
    state: State,
}

/// What is in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Programs run, confined like this.
    On(Enforcement),
    /// No program runs.
    Off {
        /// Why, in a sentence.
        reason: String,
    },
}

/// How programs are confined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Enforcement {
    /// Namespaces and a file system of their own by bubblewrap; inside that, everything of [`Self::Landlock`].
    Bubblewrap,
    /// Landlock, a filter of system calls, limits and, where the server is root, another user.
    Landlock,
}

impl Sandbox {
    /// Finds the strongest confinement that works here. Each is tried by a process that attempts what it must not do; if
    /// none holds, the sandbox is off. Takes some tens of milliseconds.
    pub async fn detect(options: Options) -> Self {
        let (launcher, state) = match confinement(&options).await {
            Ok(launcher) => {
                let state = State::On(launcher.enforcement());
                (Some(launcher), state)
            }
            Err(reason) => (None, State::Off { reason }),
        };
        let python = match &launcher {
            Some(_) => Python::find(&options.python).await,
            None => Err("no confinement".to_owned()),
        };
        let limits = options.limits;
        let mut sandbox = Self { inner: Arc::new(Inner { options, launcher, python, state }), limits };
        if let Err(reason) = sandbox.try_python().await
            && let Some(inner) = Arc::get_mut(&mut sandbox.inner)
        {
            inner.python = Err(reason);
        }
        match sandbox.state() {
            State::On(enforcement) => tracing::info!(?enforcement, "programs run in the sandbox"),
            State::Off { reason } => tracing::warn!(reason, "programs are switched off"),
        }
        if let (State::On(_), Err(reason)) = (sandbox.state(), &sandbox.inner.python) {
            tracing::warn!(reason, "programs in Python are switched off");
        }
        sandbox
    }

    /// What is in force.
    #[must_use]
    pub fn state(&self) -> &State {
        &self.inner.state
    }

    /// The same sandbox with other limits.
    #[must_use]
    pub fn with_limits(&self, limits: Limits) -> Self {
        Self { inner: Arc::clone(&self.inner), limits }
    }

    /// The limits of a program.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Whether programs in this language run here.
    ///
    /// # Errors
    ///
    /// [`Error::Off`] with the reason why not.
    pub fn offers(&self, language: Language) -> Result<()> {
        if let State::Off { reason } = &self.inner.state {
            return Err(Error::off(reason));
        }
        match (language, &self.inner.python) {
            (Language::Python, Err(reason)) => Err(Error::off(reason)),
            _ => Ok(()),
        }
    }

    /// Runs a program to its end. When this returns, or soon after its future was dropped, nothing of it runs any more.
    ///
    /// The kernel ends a program with the thread that started it, so that none outlives the server: call this on a
    /// runtime's own threads, which stay, and not from `block_in_place`.
    ///
    /// # Errors
    ///
    /// [`Error`] says which limit it reached, how it failed, or why it was not run.
    pub async fn run(&self, program: &Program, cancel: &CancellationToken) -> Result<Outcome> {
        self.offers(program.language)?;
        let (task, files) = self.task(program)?;
        let input = Input { code: program.code.clone(), globals: program.globals.clone() };
        let ended = self.start(task, &files, &input, cancel).await?;
        match ended.answer {
            Answer::Done { assigned, omitted } => {
                Ok(Outcome { assigned, omitted, stdout: ended.stdout, elapsed: ended.elapsed })
            }
            _ => Err(Error::failed("the program answered in the place of its interpreter")),
        }
    }

    fn task(&self, program: &Program) -> Result<(Task, Vec<PathBuf>)> {
        let packages = match program.language {
            Language::Python => self.inner.options.packages.clone(),
            Language::Javascript => crate::Packages::default(),
        };
        if let Some(package) = program.packages.iter().find(|package| !packages.approved.contains(package)) {
            return Err(Error::PackageNotAllowed { package: package.clone(), approved: packages.approved });
        }
        Ok(match (program.language, &self.inner.python) {
            (Language::Python, Ok(python)) => {
                let folder = packages.folder.filter(|_| !program.packages.is_empty());
                let files = python.readable.iter().chain(&folder).cloned().collect();
                (Task::Python { executable: python.executable.clone(), packages: folder }, files)
            }
            (Language::Python, Err(reason)) => return Err(Error::off(reason)),
            (Language::Javascript, _) => (Task::Javascript, Vec::new()),
        })
    }

    async fn start(
        &self,
        task: Task,
        files: &[PathBuf],
        input: &Input,
        cancel: &CancellationToken,
    ) -> Result<process::Ended> {
        let Inner { launcher: Some(launcher), options, .. } = &*self.inner else {
            return Err(Error::off("no confinement"));
        };
        let command = launcher.command(options, &self.limits, task, files).map_err(Error::io("prepared"))?;
        let input = serde_json::to_vec(input).map_err(|error| Error::io("prepared")(error.into()))?;
        process::run(command, &input, &self.limits, cancel).await
    }

    /// Python works only if it works inside: as another user, with these few files.
    async fn try_python(&self) -> Result<(), String> {
        if let Err(reason) = &self.inner.python {
            return Err(reason.clone());
        }
        let limits = Limits { wall_time: PROBE_TIME, ..Limits::default() };
        let program = Program::new(Language::Python, "works = True");
        match self.with_limits(limits).run(&program, &CancellationToken::new()).await {
            Ok(_) => Ok(()),
            Err(error) => Err(format!("Python does not work inside the sandbox: {error}")),
        }
    }
}

/// The first confinement that holds, or why none does.
async fn confinement(options: &Options) -> Result<Launcher, String> {
    let root = is_root();
    let mut candidates = Vec::new();
    let mut reasons = Vec::new();
    if options.enforce == Enforce::Off {
        return Err("an operator switched programs off".to_owned());
    }
    if matches!(options.enforce, Enforce::Strongest | Enforce::Bubblewrap) {
        match which(&options.bubblewrap) {
            Some(program) => {
                let user = root.then_some(options.first_uid);
                if root {
                    candidates.push(Launcher::BubblewrapAsRoot(program.clone()));
                }
                candidates.push(Launcher::Bubblewrap { program: program.clone(), user, closes: true });
                candidates.push(Launcher::Bubblewrap { program, user, closes: false });
            }
            None => reasons.push(format!("{} is not installed", options.bubblewrap.display())),
        }
    }
    if matches!(options.enforce, Enforce::Strongest | Enforce::Landlock) {
        candidates.push(Launcher::Landlock { root });
    }
    for launcher in candidates {
        match probe(&launcher, options).await {
            Ok(()) => return Ok(launcher),
            Err(reason) => {
                tracing::debug!(?launcher, reason, "a confinement does not work");
                reasons.push(reason);
            }
        }
    }
    reasons.dedup();
    Err(format!("nothing here confines a program: {}", reasons.join("; ")))
}

/// Whether a confinement holds.
async fn probe(launcher: &Launcher, options: &Options) -> Result<(), String> {
    let hidden = HIDDEN.iter().map(PathBuf::from).collect();
    let folders: Vec<_> = FOLDERS.iter().map(PathBuf::from).chain(std::env::current_dir().ok()).collect();
    let task = Task::Probe { hidden, folders: folders.clone() };
    let limits = Limits { wall_time: PROBE_TIME, ..Limits::default() };
    let command = launcher.command(options, &limits, task, &[]).map_err(|error| error.to_string())?;
    let ended = process::run(command, b"", &limits, &CancellationToken::new()).await;
    for folder in folders {
        // There only where the confinement did not hold.
        let _ = std::fs::remove_file(folder.join(MADE));
    }
    match ended.map(|ended| ended.answer) {
        Ok(Answer::Probed { escapes }) if escapes.is_empty() => Ok(()),
        Ok(Answer::Probed { escapes }) => Err(format!("a process inside still {}", escapes.join(", "))),
        Ok(_) => Err("the worker does not know what a probe is".to_owned()),
        Err(Error::Off { reason } | Error::Failed { message: reason, .. }) => Err(reason),
        Err(Error::Io { source, doing }) => Err(format!("the worker could not be {doing}: {source}")),
        Err(error) => Err(error.to_string()),
    }
}

#[cfg(target_os = "linux")]
fn is_root() -> bool {
    nix::unistd::geteuid().is_root()
}

#[cfg(not(target_os = "linux"))]
fn is_root() -> bool {
    false
}
