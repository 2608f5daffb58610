//! What an operator decides about programs: which confinement, which interpreter, which packages.

use std::path::PathBuf;

use crate::Limits;

/// What an operator decides.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Options {
    /// How programs are confined.
    pub enforce: Enforce,
    /// The limits of a program for which the caller gives none.
    pub limits: Limits,
    /// The program that confines itself and then runs the code; its `main` calls [`crate::worker_main`] first.
    pub worker: Worker,
    /// The Python interpreter, as a path or as a name to look up in `PATH`. `python3`.
    pub python: PathBuf,
    /// The packages for Python that programs may ask for. None.
    pub packages: Packages,
    /// Bubblewrap, as a path or as a name to look up in `PATH`. `bwrap`.
    pub bubblewrap: PathBuf,
    /// Where the server is root, each program gets one of 512 user ids that start here. They own nothing and need no
    /// entry anywhere. 60000.
    pub first_uid: u32,
}

impl Options {
    /// The defaults, with the program that runs as the worker.
    #[must_use]
    pub fn new(worker: Worker) -> Self {
        Self {
            enforce: Enforce::default(),
            limits: Limits::default(),
            worker,
            python: PathBuf::from("python3"),
            packages: Packages::default(),
            bubblewrap: PathBuf::from("bwrap"),
            first_uid: 60_000,
        }
    }
}

/// How programs are confined.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Enforce {
    /// The strongest that works here.
    #[default]
    Strongest,
    /// By bubblewrap, or not run.
    Bubblewrap,
    /// By the kernel's landlock and filters of system calls alone, or not run.
    Landlock,
    /// Not run.
    Off,
}

/// A command line to which one argument is added: the worker's own.
#[derive(Clone, Debug)]
pub struct Worker {
    pub(crate) program: PathBuf,
    pub(crate) arguments: Vec<String>,
    pub(crate) environment: Vec<(String, String)>,
}

impl Worker {
    /// This program and the arguments before the worker's own, such as `sandbox-worker`.
    #[must_use]
    pub fn new<A: Into<String>>(program: impl Into<PathBuf>, arguments: impl IntoIterator<Item = A>) -> Self {
        let arguments = arguments.into_iter().map(Into::into).collect();
        Self { program: program.into(), arguments, environment: Vec::new() }
    }

    /// With a variable for the worker itself, whose environment is empty otherwise; programs do not see it. An allocator
    /// that sets memory aside in advance is told here not to: what it sets aside counts against the limit.
    #[must_use]
    pub fn env(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.environment.push((name.into(), value.into()));
        self
    }

    /// The program that is running now.
    ///
    /// # Errors
    ///
    /// When the system does not tell its path.
    pub fn this<A: Into<String>>(arguments: impl IntoIterator<Item = A>) -> std::io::Result<Self> {
        Ok(Self::new(std::env::current_exe()?, arguments))
    }
}

/// Packages that an operator prepared and approved.
#[derive(Clone, Debug, Default)]
pub struct Packages {
    /// The folder that holds them, such as a virtual environment's `site-packages`; programs can read all of it once
    /// they ask for one package.
    pub folder: Option<PathBuf>,
    /// The names that a program may ask for.
    pub approved: Vec<String>,
}
