//! The audit log, read: lists, single entries, what the whole platform did lately, who accessed what, and whether the
//! chain holds.

mod export;

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use conductor_access::{
    Access, Action, Facts,
    audit::{Auditor, Checked},
};
use conductor_domain::{
    AuditChain, AuditCheckpoint, AuditEvent, AuditEventId, AuditFilter, AuditPiece, AuditTally, Caller,
    NewAuditEvent, Page, PageRequest, Scope, UsageGrouping,
};
use conductor_storage::{Store, Unscoped};

use crate::{Error, Result};

pub use export::ExportFormat;

/// How far back the list of the whole platform goes.
const PLATFORM_WINDOW: TimeDelta = TimeDelta::hours(24);
/// Groups of a compliance report at most.
const TALLIES: u64 = 10_000;
/// Up to so long a time is told by days, and a longer one by months.
const BY_DAYS: TimeDelta = TimeDelta::days(92);

/// Where a chain stands, and what is known of its soundness.
#[derive(Clone, Debug)]
pub struct ChainStatus {
    /// The chain; `None` before its first seal.
    pub chain: Option<AuditChain>,
    /// Entries that wait to be sealed.
    pub unsealed: u64,
    /// The last stored checkpoint.
    pub last_checkpoint: Option<AuditCheckpoint>,
    /// The last check of the whole chain, by this process.
    pub verification: Option<Checked>,
    /// The public keys whose signatures count: name and text of each.
    pub keys: Vec<(String, String)>,
}

/// Who accessed what of which label.
#[derive(Clone, Debug)]
pub struct Compliance {
    /// From this moment on.
    pub from: DateTime<Utc>,
    /// Before this one.
    pub to: DateTime<Utc>,
    /// The groups, those with the most entries first.
    pub tallies: Vec<AuditTally>,
    /// Whether there are more groups than are listed.
    pub cut: bool,
    /// How long pieces of time are.
    pub grouping: UsageGrouping,
    /// All entries of the time, by pieces of it and by label, the oldest first.
    pub pieces: Vec<AuditPiece>,
}

/// The audit log, as doors see it.
#[derive(Clone, Debug)]
pub struct AuditLog {
    store: Store,
    access: Arc<Access>,
    auditor: Auditor,
}

impl AuditLog {
    /// The service over this store, whose chains this auditor checks.
    #[must_use]
    pub fn new(store: Store, access: Arc<Access>, auditor: Auditor) -> Self {
        Self { store, access, auditor }
    }

    /// A page of the organisation's entries, the newest first.
    ///
    /// # Errors
    /// When the caller may not, or the cursor is not one of this list.
    pub async fn page(
        &self,
        caller: &Caller,
        filter: &AuditFilter,
        page: PageRequest,
    ) -> Result<Page<AuditEvent>> {
        self.may_read(caller).await?;
        Ok(self.store.visible_to(caller).audit().page(filter, page).await?)
    }

    /// One entry of the organisation.
    ///
    /// # Errors
    /// `Hidden` when it has no such entry.
    pub async fn find(&self, caller: &Caller, id: AuditEventId) -> Result<AuditEvent> {
        self.may_read(caller).await?;
        let found = self.store.visible_to(caller).audit().find(id).await?;
        found.ok_or(Error::Hidden { what: "entry" })
    }

    /// A page of the last day's entries of the whole platform, the newest first.
    ///
    /// # Errors
    /// When the caller may not, or the cursor is not one of this list.
    pub async fn platform(&self, caller: &Caller, page: PageRequest) -> Result<Page<AuditEvent>> {
        let facts = Facts::new("platform_audit", Scope::PLATFORM);
        self.access.require(caller, Action::PlatformAuditRead, &facts).await?;
        let from = Some(self.store.clock().now() - PLATFORM_WINDOW);
        let filter = AuditFilter { from, ..AuditFilter::default() };
        Ok(self.store.unscoped(Unscoped::Administration).audit().page(&filter, page).await?)
    }

    /// Where the organisation's chain stands; with `verify`, after all of it was checked now.
    ///
    /// # Errors
    /// When the caller may not, or storage fails.
    pub async fn chain(&self, caller: &Caller, verify: bool) -> Result<ChainStatus> {
        self.may_read(caller).await?;
        let organization = caller.scope.organization_id;
        let verification = match verify {
            true => Some(self.auditor.verify(organization, None).await?),
            false => self.auditor.last(organization),
        };
        // Read before the head, so that it names no entry behind it.
        let last_checkpoint = self.auditor.last_checkpoint(organization).await?;
        let (chain, unsealed) = self.auditor.chain(organization).await?;
        let keys = self.auditor.keys().iter().map(|key| (key.id(), key.to_base64())).collect();
        Ok(ChainStatus { chain, unsealed, last_checkpoint, verification, keys })
    }

    /// Who accessed what of which label between two moments; the last 30 days where they are not named.
    ///
    /// # Errors
    /// When the caller may not, or `from` is not before `to`.
    pub async fn compliance(
        &self,
        caller: &Caller,
        from: Option<DateTime<Utc>>,
        to: Option<DateTime<Utc>>,
    ) -> Result<Compliance> {
        self.may_read(caller).await?;
        let to = to.unwrap_or_else(|| self.store.clock().now());
        let from = from.unwrap_or(to - TimeDelta::days(30));
        if from >= to {
            return Err(Error::field("?from", "out_of_range", "`from` is a moment before `to`"));
        }
        let mut tallies = self.store.visible_to(caller).audit().tally(from, to, TALLIES + 1).await?;
        let cut = tallies.len() as u64 > TALLIES;
        tallies.truncate(usize::try_from(TALLIES).unwrap_or(usize::MAX));
        let grouping = if to - from <= BY_DAYS { UsageGrouping::Day } else { UsageGrouping::Month };
        let pieces = self.store.visible_to(caller).audit().over_time(from, to, grouping).await?;
        Ok(Compliance { from, to, tallies, cut, grouping, pieces })
    }

    async fn may_read(&self, caller: &Caller) -> Result<()> {
        let facts = Facts::new(format!("audit:{}", caller.scope.organization_id), caller.scope);
        Ok(self.access.require(caller, Action::AuditRead, &facts).await?)
    }

    /// Takes down that the log, or a report of it, left the house.
    async fn taken(&self, caller: &Caller, what: &str, data: serde_json::Value) -> Result<()> {
        let target = format!("audit:{}", caller.scope.organization_id);
        let mut entry = NewAuditEvent::by(caller, what, Action::AuditRead.as_str(), target);
        entry.data = data;
        let write = self.store.scoped(caller.scope);
        write
            .write(move |tx| Box::pin(async move { tx.audit().record(entry).await }))
            .await
            .map_err(|error: conductor_storage::Error| Error::from(error))
    }
}
