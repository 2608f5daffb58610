//! Checks the chains of a database, without changing anything in it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use chrono::{DateTime, Utc};
use conductor_domain::{AuditChain, AuditCheckpoint, AuditEventId, OrganizationId};
use conductor_secrets::PublicKey;
use conductor_storage::{ChainEntry, Store, Unscoped};
use tokio::sync::Semaphore;

use super::{
    Anchor, Entry, Report, Start, Verifier,
    verify::{Fault, beginning},
};
use crate::Result;

/// Entries that are read at once.
const PAGE: u64 = 2_000;

/// Whom to believe, and where the rows are.
#[derive(Clone, Debug)]
pub struct Auditor {
    store: Store,
    keys: Vec<PublicKey>,
    anchor: Arc<Anchor>,
    /// Reading a whole log is work: one at a time.
    place: Arc<Semaphore>,
    last: Arc<Mutex<HashMap<OrganizationId, Checked>>>,
}

/// A report and when it was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// What was found.
    pub report: Report,
    /// When the check began.
    pub at: DateTime<Utc>,
}

impl Auditor {
    /// Checks against the checkpoints of the database and of the anchor, signed by these keys.
    #[must_use]
    pub fn new(store: Store, keys: Vec<PublicKey>, anchor: Arc<Anchor>) -> Self {
        Self { store, keys, anchor, place: Arc::new(Semaphore::new(1)), last: Arc::default() }
    }

    /// The keys whose signatures count.
    #[must_use]
    pub fn keys(&self) -> &[PublicKey] {
        &self.keys
    }

    /// Every organisation that has, or had, entries.
    ///
    /// # Errors
    /// When storage fails.
    pub async fn organizations(&self) -> Result<Vec<OrganizationId>> {
        let mut all = self.store.unscoped(Unscoped::AuditChain).audit_chains().all().await?;
        all.extend(self.anchored()?.0.iter().map(|checkpoint| checkpoint.organization_id));
        all.sort_unstable();
        all.dedup();
        Ok(all)
    }

    /// Where an organisation's chain stands, and how many entries wait to be sealed.
    ///
    /// # Errors
    /// When storage fails.
    pub async fn chain(&self, organization: OrganizationId) -> Result<(Option<AuditChain>, u64)> {
        let chains = self.store.unscoped(Unscoped::AuditChain).audit_chains();
        // Counted first: whatever is not counted any more, the head reaches.
        let unsealed = chains.count_unsealed(organization).await?;
        Ok((chains.find(organization).await?, unsealed))
    }

    /// The last checkpoint of an organisation's chain.
    ///
    /// # Errors
    /// When storage fails.
    pub async fn last_checkpoint(&self, organization: OrganizationId) -> Result<Option<AuditCheckpoint>> {
        let chains = self.store.unscoped(Unscoped::AuditChain).audit_chains();
        Ok(chains.last_checkpoint(organization, i64::MAX).await?)
    }

    /// What the last check of an organisation's whole chain by this process found.
    #[must_use]
    pub fn last(&self, organization: OrganizationId) -> Option<Checked> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).get(&organization).cloned()
    }

    /// Checks an organisation's chain; with `from`, only from the last signed checkpoint before that entry on.
    ///
    /// # Errors
    /// When storage fails. What is wrong with the chain is in the report.
    pub async fn verify(&self, organization: OrganizationId, from: Option<i64>) -> Result<Checked> {
        let _place = self.place.acquire().await;
        let at = self.store.clock().now();
        let mut retired = self.retired(organization).await?;
        let mut report = self.check(organization, from).await?;
        // What was retired while it was read is not missing.
        while report.fault.is_some() {
            let now = self.retired(organization).await?;
            if now == retired {
                break;
            }
            retired = now;
            report = self.check(organization, from).await?;
        }
        let checked = Checked { report, at };
        if from.is_none() {
            let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
            last.insert(organization, checked.clone());
        }
        Ok(checked)
    }

    /// The last entry that was removed because it was old enough.
    async fn retired(&self, organization: OrganizationId) -> Result<Option<i64>> {
        let chains = self.store.unscoped(Unscoped::AuditChain).audit_chains();
        Ok(chains.last_retired(organization).await?)
    }

    async fn check(&self, organization: OrganizationId, from: Option<i64>) -> Result<Report> {
        let chains = self.store.unscoped(Unscoped::AuditChain).audit_chains();
        // The head is read first: what is sealed meanwhile is more than it promises, never less.
        let head = chains.find(organization).await?;
        let (mut checkpoints, spoilt) = self.anchored()?;
        checkpoints.extend(match chains.checkpoints(organization).await {
            Ok(stored) => stored,
            Err(error @ conductor_storage::Error::Corrupt { .. }) => {
                return Ok(unfit(organization, 0, format!("a stored checkpoint cannot be read: {error}")));
            }
            Err(error) => return Err(error.into()),
        });
        if let Some(line) = spoilt.first() {
            return Ok(unfit(
                organization,
                0,
                format!("line {line} of the file of checkpoints cannot be read"),
            ));
        }
        checkpoints.retain(|checkpoint| checkpoint.organization_id == organization);
        checkpoints.extend(head.iter().map(|chain| chain.head.clone()));
        let mut start = beginning(&checkpoints);
        if let Some(before) = from.map(|from| from - 1) {
            let known = checkpoints.iter().filter(|checkpoint| checkpoint.seq <= before);
            let nearest = known.max_by_key(|checkpoint| checkpoint.seq);
            start = nearest.map_or(start, |checkpoint| Start::Behind(checkpoint.clone()));
        }
        let beginning = match (&start, from) {
            (Start::Behind(checkpoint), Some(_)) => checkpoint.seq + 1,
            // Also what stands before the first place is read, because nothing should.
            _ => i64::MIN,
        };
        let verifier = Verifier::new(organization, &start, checkpoints, &self.keys);
        let verifier = self.read(organization, beginning, verifier).await?;
        let mut report = verifier.finish(chains.count_unsealed(organization).await?);
        if report.fault.is_none() {
            report.fault = report.unexplained.take();
        }
        let whole = report.fault.is_none() && report.to >= report.from;
        // The first entries may have been sealed since the head was looked for.
        if whole && head.is_none() && chains.find(organization).await?.is_none() {
            let what = "the chain has entries but its head is missing".to_owned();
            report.fault = Some(Fault { seq: report.to, id: None, what });
        }
        Ok(report)
    }

    /// Gives a chain's entries to a verifier, reading the next ones while it works.
    async fn read(
        &self,
        organization: OrganizationId,
        beginning: i64,
        verifier: Verifier,
    ) -> Result<Verifier> {
        let chains = self.store.unscoped(Unscoped::AuditChain).audit_chains();
        let mut verifier = verifier;
        // Each page begins with the last entry of the one before, so that a second entry in its place is met too.
        let mut last: Option<AuditEventId> = None;
        let mut page = chains.entries(organization, beginning, PAGE).await?;
        loop {
            let next = page.last().and_then(seq_of).filter(|_| page.len() as u64 >= PAGE);
            let (known, ends) = (last, page.last().and_then(id_of));
            let work = tokio::task::spawn_blocking(move || {
                feed(&mut verifier, page, known);
                verifier
            });
            let ahead = match next {
                Some(seq) => chains.entries(organization, seq, PAGE).await?,
                None => Vec::new(),
            };
            verifier = work.await.map_err(|stopped| crate::Error::Anchor(std::io::Error::other(stopped)))?;
            if verifier.is_broken() || next.is_none() {
                return Ok(verifier);
            }
            (last, page) = (ends, ahead);
        }
    }

    fn anchored(&self) -> Result<(Vec<AuditCheckpoint>, Vec<usize>)> {
        self.anchor.checkpoints().map_err(crate::Error::Anchor)
    }
}

fn feed(verifier: &mut Verifier, page: Vec<ChainEntry>, known: Option<AuditEventId>) {
    for (at, entry) in page.into_iter().enumerate() {
        if at == 0 && known.is_some() && known == id_of(&entry) {
            continue;
        }
        match entry {
            ChainEntry::Whole(event) => verifier.entry(Entry::from(*event)),
            ChainEntry::Unreadable { seq, id, column } => verifier.unreadable(seq, id, column),
        }
    }
}

fn seq_of(entry: &ChainEntry) -> Option<i64> {
    match entry {
        ChainEntry::Whole(event) => event.seq,
        ChainEntry::Unreadable { seq, .. } => *seq,
    }
}

fn id_of(entry: &ChainEntry) -> Option<AuditEventId> {
    match entry {
        ChainEntry::Whole(event) => Some(event.id),
        ChainEntry::Unreadable { id, .. } => *id,
    }
}

/// A report on a chain whose checkpoints alone are at fault.
fn unfit(organization_id: OrganizationId, unsealed: u64, what: String) -> Report {
    let fault = Some(Fault { seq: 0, id: None, what });
    Report {
        organization_id,
        from: 1,
        to: 0,
        checkpoints: 0,
        unsealed,
        withheld: 0,
        unexplained: None,
        fault,
    }
}
