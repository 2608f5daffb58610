//! Checkpoints: signed by the installation's key, and kept in a file beside the database, so that somebody who can
//! write to the database alone can cut nothing off unnoticed.

use std::{
    fs::{File, OpenOptions},
    io::{self, BufRead, BufReader, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use chrono::{DateTime, SubsecRound, Utc};
use conductor_domain::{AuditCheckpoint, CheckpointKind, OrganizationId, canonical_json};
use conductor_secrets::{PublicKey, Signer};
use serde_json::json;

/// The file of checkpoints.
const CHECKPOINTS: &str = "checkpoints.jsonl";
/// The file of public keys.
const KEYS: &str = "public.key";

/// The bytes that a checkpoint's signature is over.
fn message(checkpoint: &AuditCheckpoint) -> String {
    canonical_json(&json!({
        "at": checkpoint.at,
        "hash": checkpoint.hash,
        "key_id": checkpoint.key_id,
        "kind": checkpoint.kind,
        "organization_id": checkpoint.organization_id,
        "seq": checkpoint.seq,
        "what": "conductor audit checkpoint 1",
    }))
}

/// A signed checkpoint.
#[must_use]
pub fn signed(
    signer: &Signer,
    organization_id: OrganizationId,
    kind: CheckpointKind,
    seq: i64,
    hash: String,
    at: DateTime<Utc>,
) -> AuditCheckpoint {
    let key_id = signer.public().id();
    // What both databases keep of a moment.
    let at = at.trunc_subsecs(6);
    let unsigned = AuditCheckpoint { organization_id, kind, seq, hash, at, key_id, signature: String::new() };
    AuditCheckpoint { signature: signer.sign(message(&unsigned).as_bytes()), ..unsigned }
}

/// Whether one of these keys signed the checkpoint as it is; else what is wrong.
pub(crate) fn check(checkpoint: &AuditCheckpoint, keys: &[PublicKey]) -> Result<(), String> {
    let named = || format!("the checkpoint of entry {}", checkpoint.seq);
    let Some(key) = keys.iter().find(|key| key.id() == checkpoint.key_id) else {
        return Err(format!("{} is signed by the unknown key {}", named(), checkpoint.key_id));
    };
    if key.verifies(message(checkpoint).as_bytes(), &checkpoint.signature) {
        Ok(())
    } else {
        Err(format!("the signature of {} is not valid", named()))
    }
}

/// The folder beside the database: checkpoints, one JSON object a line, and the public keys that sign them. Both files
/// are only ever appended to.
#[derive(Debug)]
pub struct Anchor {
    folder: PathBuf,
    /// Held while a line is appended.
    writing: Mutex<()>,
}

impl Anchor {
    /// The anchor in a folder, which need not be there yet.
    #[must_use]
    pub fn in_folder(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), writing: Mutex::default() }
    }

    /// Appends a checkpoint; it is on disk afterwards.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn append(&self, checkpoint: &AuditCheckpoint) -> io::Result<()> {
        self.write(CHECKPOINTS, &serde_json::to_string(checkpoint)?)
    }

    /// Makes a public key known, unless it is.
    ///
    /// # Errors
    /// When the file cannot be read or written.
    pub fn publish(&self, key: PublicKey) -> io::Result<()> {
        if self.keys()?.contains(&key) { Ok(()) } else { self.write(KEYS, &key.to_base64()) }
    }

    /// Every public key that was made known here.
    ///
    /// # Errors
    /// When the file cannot be read, or a line of it is no key.
    pub fn keys(&self) -> io::Result<Vec<PublicKey>> {
        let read = |(_, line): (usize, String)| PublicKey::from_base64(&line, KEYS).map_err(io::Error::other);
        self.lines(KEYS)?.into_iter().map(read).collect()
    }

    /// Every checkpoint, and the numbers of the lines that are none.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn checkpoints(&self) -> io::Result<(Vec<AuditCheckpoint>, Vec<usize>)> {
        let (mut read, mut spoilt) = (Vec::new(), Vec::new());
        for (number, line) in self.lines(CHECKPOINTS)? {
            match serde_json::from_str(&line) {
                Ok(checkpoint) => read.push(checkpoint),
                Err(_) => spoilt.push(number),
            }
        }
        Ok((read, spoilt))
    }

    fn write(&self, name: &str, line: &str) -> io::Result<()> {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.folder)?;
        let mut file =
            OpenOptions::new().create(true).append(true).mode(0o600).open(self.folder.join(name))?;
        file.write_all(format!("{line}\n").as_bytes())?;
        file.sync_data()
    }

    /// The lines that are not empty, numbered from 1. An absent file has none.
    fn lines(&self, name: &str) -> io::Result<Vec<(usize, String)>> {
        let file = match File::open(self.folder.join(name)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            opened => opened?,
        };
        let numbered = BufReader::new(file).lines().zip(1..).map(|(line, number)| Ok((number, line?)));
        numbered
            .filter(|line: &io::Result<(usize, String)>| !matches!(line, Ok((_, line)) if line.is_empty()))
            .collect()
    }
}
