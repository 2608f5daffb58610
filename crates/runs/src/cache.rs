//! Results of read-only tools, for as long as their connector says; never across credentials.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use chrono::{DateTime, Utc};
use conductor_domain::{Caller, canonical_json, sha256_hex};
use serde_json::{Value, json};

use crate::{Tool, ToolOutput};

/// At most this many results are kept.
const CAPACITY: usize = 2_000;

#[derive(Debug, Default)]
pub(crate) struct ResultCache {
    results: Mutex<HashMap<String, (DateTime<Utc>, ToolOutput)>>,
}

impl ResultCache {
    /// The key of a call: connector, credential identity, tool definition, arguments.
    pub(crate) fn key(tool: &Tool, caller: &Caller, arguments: &Value) -> String {
        sha256_hex(canonical_json(&json!({
            "connector": tool.connector_id,
            "credential": caller.principal.subject(),
            "scope": caller.scope,
            "tool": tool.definition_hash,
            "path": tool.path,
            "arguments": arguments,
        })))
    }

    pub(crate) fn get(&self, key: &str, now: DateTime<Utc>) -> Option<ToolOutput> {
        let results = self.results.lock().unwrap_or_else(PoisonError::into_inner);
        results.get(key).filter(|(until, _)| *until > now).map(|(_, output)| output.clone())
    }

    pub(crate) fn put(&self, key: String, output: &ToolOutput, keep: Duration, now: DateTime<Utc>) {
        let mut results = self.results.lock().unwrap_or_else(PoisonError::into_inner);
        if results.len() >= CAPACITY {
            results.retain(|_, (until, _)| *until > now);
        }
        if results.len() < CAPACITY {
            results.insert(key, (now + keep, output.clone()));
        }
    }
}
