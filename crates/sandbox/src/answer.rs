//! What a worker tells at its end, as one JSON document on its standard error.
//!
//! The program can write there too. Whatever it forges is about itself and is read as data, never believed beyond that.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The one document.
#[derive(Debug, Deserialize, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Answer {
    /// The program ended.
    Done {
        /// What it assigned.
        assigned: Map<String, Value>,
        /// The names of what it assigned that is no JSON.
        #[serde(default)]
        omitted: Vec<String>,
    },
    /// The program failed.
    Failed {
        /// The kind of the failure and its message.
        message: String,
        /// The line of the program, from 1.
        line: Option<u32>,
        /// The way there, as the language prints it.
        traceback: Option<String>,
    },
    /// The interpreter got no more memory.
    OutOfMemory,
    /// The interpreter noticed by itself that time was up.
    TimedOut,
    /// The process could not be confined; nothing of the program ran.
    Refused {
        /// Why.
        reason: String,
    },
    /// What a probe could do although it must not.
    Probed {
        /// One phrase each, such as "read /etc/passwd".
        escapes: Vec<String>,
    },
}
