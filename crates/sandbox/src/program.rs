//! A program and what came of it.

use std::time::Duration;

use serde_json::{Map, Value};

/// What a program is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// The machine's Python.
    Python,
    /// JavaScript without any host object but `console.log`.
    Javascript,
}

/// A program that somebody else wrote.
#[derive(Clone, Debug)]
pub struct Program {
    /// What it is written in.
    pub language: Language,
    /// Its text.
    pub code: String,
    /// The approved packages that it imports.
    pub packages: Vec<String>,
    /// What it finds as global variables.
    pub globals: Map<String, Value>,
}

impl Program {
    /// A program without packages and globals.
    #[must_use]
    pub fn new(language: Language, code: impl Into<String>) -> Self {
        Self { language, code: code.into(), packages: Vec::new(), globals: Map::new() }
    }
}

/// What came of a program that ended by itself.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Outcome {
    /// The global variables that it assigned or changed, as far as they are JSON.
    pub assigned: Map<String, Value>,
    /// The names of those that are not JSON: open objects, integers beyond 64 bits, numbers that are none.
    pub omitted: Vec<String>,
    /// What it printed.
    pub stdout: String,
    /// How long it took, start-up included.
    pub elapsed: Duration,
}
