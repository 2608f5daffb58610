//! An export: one entry a line in the order of the chain, then the checkpoints. It can be checked without a database.

use std::{collections::BTreeMap, io::BufRead};

use conductor_domain::{AuditCheckpoint, AuditEvent, OrganizationId};
use conductor_secrets::PublicKey;
use serde::{Deserialize, Serialize};

use super::{Entry, Report, Start, Verifier, verify::beginning};

/// A line of an export.
#[derive(Debug)]
pub enum Line {
    /// An entry with its hashes.
    Entry(Box<Entry>),
    /// A signed checkpoint of the chain.
    Checkpoint(AuditCheckpoint),
}

/// A checkpoint as a line shows it, so that none is taken for an entry.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Named {
    checkpoint: AuditCheckpoint,
}

impl From<AuditEvent> for Line {
    fn from(event: AuditEvent) -> Self {
        Self::Entry(Box::new(event.into()))
    }
}

impl From<AuditCheckpoint> for Line {
    fn from(checkpoint: AuditCheckpoint) -> Self {
        Self::Checkpoint(checkpoint)
    }
}

impl Line {
    /// The line as it is written, with its end.
    #[must_use]
    pub fn into_text(self) -> String {
        let written = match self {
            Self::Entry(entry) => serde_json::to_string(&entry),
            Self::Checkpoint(checkpoint) => serde_json::to_string(&Named { checkpoint }),
        };
        let mut line = written.unwrap_or_default();
        line.push('\n');
        line
    }

    fn read(line: &str) -> Option<Self> {
        if let Ok(entry) = serde_json::from_str(line) {
            return Some(Self::Entry(entry));
        }
        serde_json::from_str(line).ok().map(|Named { checkpoint }| Self::Checkpoint(checkpoint))
    }
}

/// Checks an export in two readings, the first for its checkpoints. A chain of which it has only a part is checked from
/// its first entry on.
///
/// # Errors
/// When the export cannot be read, or a line of it is neither an entry nor a checkpoint.
pub fn verify_export<R: BufRead>(
    open: impl Fn() -> std::io::Result<R>,
    keys: &[PublicKey],
) -> Result<Vec<Report>, String> {
    let mut checkpoints: BTreeMap<OrganizationId, Vec<AuditCheckpoint>> = BTreeMap::new();
    let mut first: BTreeMap<OrganizationId, i64> = BTreeMap::new();
    each(&open, |line| match line {
        Line::Checkpoint(checkpoint) => {
            checkpoints.entry(checkpoint.organization_id).or_default().push(checkpoint);
        }
        Line::Entry(entry) => {
            first.entry(entry.organization_id.into()).or_insert(entry.seq.unwrap_or_default());
        }
    })?;
    let organizations =
        checkpoints.keys().chain(first.keys()).copied().collect::<std::collections::BTreeSet<_>>();
    let mut verifiers: BTreeMap<OrganizationId, (Verifier, u64)> = organizations
        .into_iter()
        .map(|organization| {
            let known = checkpoints.remove(&organization).unwrap_or_default();
            let start = match first.get(&organization) {
                Some(first) if *first <= 1 => Start::Genesis,
                Some(first) => match beginning(&known) {
                    Start::Behind(last) if last.seq + 1 == *first => Start::Behind(last),
                    _ => Start::Anywhere,
                },
                None => beginning(&known),
            };
            (organization, (Verifier::new(organization, &start, known, keys), 0))
        })
        .collect();
    each(&open, |line| {
        let Line::Entry(entry) = line else { return };
        if let Some((verifier, unsealed)) = verifiers.get_mut(&entry.organization_id.into()) {
            if entry.seq.is_none() && entry.hash.is_none() {
                *unsealed += 1;
            } else {
                verifier.entry(*entry);
            }
        }
    })?;
    Ok(verifiers.into_values().map(|(verifier, unsealed)| verifier.finish(unsealed)).collect())
}

fn each<R: BufRead>(
    open: &impl Fn() -> std::io::Result<R>,
    mut take: impl FnMut(Line),
) -> Result<(), String> {
    let mut reader = open().map_err(|error| error.to_string())?;
    let (mut text, mut number) = (String::new(), 0);
    loop {
        text.clear();
        number += 1;
        if reader.read_line(&mut text).map_err(|error| format!("line {number}: {error}"))? == 0 {
            return Ok(());
        }
        let line = text.trim_end_matches(['\r', '\n']);
        if !line.is_empty() {
            take(
                Line::read(line)
                    .ok_or_else(|| format!("line {number} is neither an entry nor a checkpoint"))?,
            );
        }
    }
}
