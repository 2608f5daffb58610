//! What a worker is told on its command line: how to confine itself, and what to run then.
//!
//! It holds no secret, since command lines are public; code and globals come over the standard input.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The file that a probe tries to make.
pub(crate) const MADE: &str = ".conductor-sandbox-probe";

/// How a worker confines itself.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Jail {
    /// The user that it becomes, where it starts as root.
    pub(crate) user: Option<u32>,
    /// Whether it must not run without landlock. Inside bubblewrap there is nothing to reach anyway.
    pub(crate) landlock_required: bool,
    /// The files and folders that it may read and execute.
    pub(crate) readable: Vec<PathBuf>,
    /// The most processor time in whole seconds.
    pub(crate) cpu_seconds: u64,
    /// The most memory in bytes.
    pub(crate) memory_bytes: u64,
    /// The most threads beside the first.
    pub(crate) threads: u32,
    /// What it runs.
    pub(crate) task: Task,
}

/// What a worker runs once it is confined.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Task {
    /// Tries what must not succeed.
    Probe {
        /// Files that exist and must not be readable.
        hidden: Vec<PathBuf>,
        /// Folders in which no file can be made.
        folders: Vec<PathBuf>,
    },
    /// Becomes this interpreter.
    Python {
        /// The interpreter.
        executable: PathBuf,
        /// The folder of packages.
        packages: Option<PathBuf>,
    },
    /// Runs JavaScript.
    Javascript,
}

/// What a worker reads from its standard input.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Input {
    /// The program.
    pub(crate) code: String,
    /// Its global variables.
    pub(crate) globals: Map<String, Value>,
}
