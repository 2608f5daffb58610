//! Puts committed entries into their chains, within a second of their commit.
//!
//! The head of a chain is its lease: a sealer reads it, computes what follows, and writes both in one transaction that
//! holds only while the head is still the one it read. Of several processes one succeeds and the others begin again
//! from the new head, so a chain never forks and no clock takes part. Nothing is read while nothing is committed.

use std::{collections::HashMap, sync::Arc, time::Duration};

use conductor_domain::{AuditCheckpoint, AuditSeal, CheckpointKind, OrganizationId};
use conductor_secrets::Signer;
use conductor_storage::{Error as StorageError, Store, Unscoped};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::{Anchor, Auditor, Entry, GENESIS, anchor::signed};
use crate::{Error, Result};

/// How long entries are gathered after the first that was committed.
const GATHER: Duration = Duration::from_millis(100);
/// Entries in one transaction at most.
const BATCH: u64 = 512;
/// While entries keep coming, a checkpoint is stored this often; as soon as they pause there is one in any case.
const CHECKPOINT_EVERY: chrono::TimeDelta = chrono::TimeDelta::seconds(10);
/// When to try again after a failure; each further failure doubles it.
const AGAIN: Duration = Duration::from_secs(1);
/// How often the head of a chain may turn out to be moved on by somebody else before this pass leaves the chain to them.
const ATTEMPTS: u32 = 16;
/// How often a sealer looks for what a process that ended has left, where there may be several; and for what is old.
const SWEEP: Duration = Duration::from_secs(60);

/// How long entries are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retention {
    /// Sealed entries older than this many days are removed; `None` keeps all.
    pub days: Option<u32>,
}

/// Seals the entries of every organisation.
#[derive(Debug)]
pub struct Sealer {
    store: Store,
    signer: Signer,
    anchor: Arc<Anchor>,
    retention: Retention,
}

impl Sealer {
    /// A sealer that signs with this key and keeps its checkpoints there too.
    #[must_use]
    pub fn new(store: Store, signer: Signer, anchor: Arc<Anchor>, retention: Retention) -> Arc<Self> {
        Arc::new(Self { store, signer, anchor, retention })
    }

    /// A check of what this sealer, and whoever signed here before it, sealed.
    ///
    /// # Errors
    /// When the anchor cannot be read.
    pub fn auditor(&self) -> Result<Auditor> {
        let mut keys = self.anchor.keys().map_err(Error::Anchor)?;
        if !keys.contains(&self.signer.public()) {
            keys.push(self.signer.public());
        }
        Ok(Auditor::new(self.store.clone(), keys, Arc::clone(&self.anchor)))
    }

    /// Seals until it is told to stop, and once more then.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        let mut audited = self.store.audited();
        if let Err(error) = self.compare().await {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "the audit log's checkpoints cannot be compared"
            );
        }
        // Beside other processes there may be entries that nobody woke this one for, and rows grow old by themselves.
        let sweeps = self.store.kind() != "sqlite" || self.retention.days.is_some();
        let mut failures = 0;
        loop {
            audited.mark_unchanged();
            let again = match self.pass_while(&audited).await {
                Ok(()) => {
                    failures = 0;
                    sweeps.then_some(SWEEP)
                }
                Err(_) => {
                    failures += 1;
                    Some(SWEEP.min(AGAIN * 2_u32.saturating_pow(failures - 1)))
                }
            };
            let later = async {
                match again {
                    Some(after) => tokio::time::sleep(after).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = stop.cancelled() => break,
                changed = audited.changed() => {
                    if changed.is_err() {
                        break;
                    }
                    tokio::time::sleep(GATHER).await;
                }
                () = later => {}
            }
        }
        if self.pass().await.is_err() {
            tracing::warn!("the last entries wait for the next start to be sealed");
        }
    }

    /// Seals whatever is committed now, and removes what is old enough.
    ///
    /// # Errors
    /// When storage fails.
    pub async fn pass(&self) -> Result<()> {
        self.pass_while(&self.store.audited()).await
    }

    async fn pass_while(&self, audited: &watch::Receiver<()>) -> Result<()> {
        let chains = self.store.unscoped(Unscoped::AuditChain).audit_chains();
        let mut failed = Ok(());
        // A chain that cannot go on keeps no other from being sealed.
        for organization in chains.pending().await? {
            if let Err(error) = self.seal_all(organization, audited).await {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    organization.id = %organization,
                    "entries of the audit log cannot be sealed"
                );
                failed = Err(error);
            }
        }
        if let Some(days) = self.retention.days {
            for organization in chains.all().await? {
                self.retire(organization, days).await?;
            }
        }
        failed
    }

    async fn seal_all(&self, organization: OrganizationId, audited: &watch::Receiver<()>) -> Result<()> {
        let mut attempts = 0;
        loop {
            match self.seal(organization, audited).await {
                Ok(true) => attempts = 0,
                Ok(false) => return Ok(()),
                // Another process was faster: go on from where it came to.
                Err(Error::Storage(StorageError::Stale)) if attempts < ATTEMPTS => attempts += 1,
                Err(error) => return Err(error),
            }
        }
    }

    /// Seals one batch; whether there may be more.
    async fn seal(&self, organization: OrganizationId, audited: &watch::Receiver<()>) -> Result<bool> {
        let chains = self.store.unscoped(Unscoped::AuditChain).audit_chains();
        let chain = chains.find(organization).await?;
        let waiting = chains.unsealed(organization, BATCH).await?;
        let whole = waiting.len() as u64 == BATCH;
        let (after, mut previous) = match &chain {
            Some(chain) => (chain.head.seq, chain.head.hash.clone()),
            None => (0, GENESIS.to_owned()),
        };
        let mut seals = Vec::with_capacity(waiting.len());
        for (event, seq) in waiting.into_iter().zip(after + 1..) {
            let id = event.id;
            let hash = Entry::from(event).hash_in(seq, &previous);
            seals.push(AuditSeal {
                id,
                seq,
                prev_hash: std::mem::replace(&mut previous, hash.clone()),
                hash,
            });
        }
        let head = match seals.last() {
            Some(last) => self.checkpoint(organization, CheckpointKind::Head, last.seq, last.hash.clone()),
            None => match &chain {
                Some(chain) => chain.head.clone(),
                None => return Ok(false),
            },
        };
        let busy = whole || audited.has_changed().unwrap_or(false);
        let stored_at = chain.as_ref().and_then(|chain| chain.checkpoint_at);
        let recent = stored_at.is_some_and(|at| head.at - at < CHECKPOINT_EVERY);
        let stored = chain.as_ref().map_or(0, |chain| chain.checkpoint_seq);
        let due = head.seq > stored && !(busy && recent);
        if seals.is_empty() && !due {
            return Ok(false);
        }
        let written = head.clone();
        self.store
            .unscoped(Unscoped::AuditChain)
            .write(move |tx| {
                Box::pin(async move {
                    let chains = tx.audit_chains();
                    if !seals.is_empty() {
                        chains.seal(after, &seals, &written).await?;
                    }
                    if due { chains.checkpoint(&written).await } else { Ok(()) }
                })
            })
            .await
            .map_err(|error: StorageError| Error::from(error))?;
        if due {
            self.anchor.append(&head).map_err(Error::Anchor)?;
        }
        Ok(whole)
    }

    /// Removes what is older than so many days, once a signed checkpoint stands in its place.
    async fn retire(&self, organization: OrganizationId, days: u32) -> Result<()> {
        let chains = self.store.unscoped(Unscoped::AuditChain).audit_chains();
        let moment = self.store.clock().now() - chrono::TimeDelta::days(i64::from(days));
        let Some((seq, hash)) = chains.last_before(organization, moment).await? else { return Ok(()) };
        let checkpoint = self.checkpoint(organization, CheckpointKind::Retention, seq, hash);
        let kept = checkpoint.clone();
        let gone = self
            .store
            .unscoped(Unscoped::AuditChain)
            .write(move |tx| Box::pin(async move { tx.audit_chains().retire(&checkpoint).await }))
            .await
            .map_err(|error: StorageError| Error::from(error))?;
        self.anchor.append(&kept).map_err(Error::Anchor)?;
        tracing::info!(organization.id = %organization, entries = gone, "old entries of the audit log were removed");
        Ok(())
    }

    /// Brings the file up to what the database has, and says when the database has less than the file knows of.
    async fn compare(&self) -> Result<()> {
        self.anchor.publish(self.signer.public()).map_err(Error::Anchor)?;
        let (known, _) = self.anchor.checkpoints().map_err(Error::Anchor)?;
        let mut furthest: HashMap<OrganizationId, i64> = HashMap::new();
        for checkpoint in &known {
            let seq = furthest.entry(checkpoint.organization_id).or_default();
            *seq = checkpoint.seq.max(*seq);
        }
        let chains = self.store.unscoped(Unscoped::AuditChain).audit_chains();
        for organization in chains.all().await? {
            let known = furthest.remove(&organization).unwrap_or_default();
            let chain = chains.find(organization).await?;
            let head = chain.as_ref().map_or(0, |chain| chain.head.seq);
            match chain {
                Some(chain) if chain.checkpoint_seq == head && head > known => {
                    self.anchor.append(&chain.head).map_err(Error::Anchor)?;
                }
                _ if head < known => complain(organization, known, head),
                _ => {}
            }
        }
        for (organization, known) in furthest {
            complain(organization, known, 0);
        }
        Ok(())
    }

    fn checkpoint(
        &self,
        organization_id: OrganizationId,
        kind: CheckpointKind,
        seq: i64,
        hash: String,
    ) -> AuditCheckpoint {
        signed(&self.signer, organization_id, kind, seq, hash, self.store.clock().now())
    }
}

fn complain(organization: OrganizationId, known: i64, head: i64) {
    tracing::error!(
        organization.id = %organization,
        known,
        head,
        "the audit log was cut: a checkpoint outside the database names an entry that it does not have"
    );
}
