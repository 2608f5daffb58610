//! A draft of a policy before what was decided lately: what would have been decided otherwise.

use chrono::{DateTime, TimeDelta, Utc};
use conductor_access::{Action, Flip};
use conductor_domain::{AuditEventId, Caller, Decision, Effect, PolicyId};

use crate::{Error, Policies, PolicyEdit, Result};

/// Entries read at once.
const CHUNK: u64 = 2_000;
/// Days that a backtest may look back.
const DAYS: i64 = 366;
/// Flips that are listed; all are counted.
const LISTED: usize = 500;

/// A recorded question that the draft answers otherwise.
#[derive(Clone, Debug)]
pub struct FlipEntry {
    /// The entry of the audit log.
    pub audit_event_id: AuditEventId,
    /// When it was asked.
    pub at: DateTime<Utc>,
    /// By whom.
    pub subject: String,
    /// For what.
    pub action: String,
    /// On what.
    pub target: String,
    /// What the rules say now.
    pub before: Effect,
    /// What they would say, and why.
    pub after: Decision,
}

/// What a draft would have changed.
#[derive(Clone, Debug, Default)]
pub struct Backtest {
    /// Questions that were put again.
    pub replayed: u64,
    /// Entries that do not say enough to be put again.
    pub skipped: u64,
    /// Questions that the draft answers more strictly.
    pub stricter: u64,
    /// Questions that it answers less strictly.
    pub looser: u64,
    /// The flips, the newest first, as many as are listed.
    pub flips: Vec<FlipEntry>,
}

impl Policies {
    /// Puts the decisions of the last `days` to the rules as they are and as they would be with the draft in place of
    /// a policy, or beside them.
    ///
    /// # Errors
    /// `Hidden`, or `Invalid` where the draft or the days cannot be.
    pub async fn backtest(
        &self,
        caller: &Caller,
        draft: (Option<PolicyId>, PolicyEdit),
        days: i64,
    ) -> Result<Backtest> {
        self.require(caller, Action::PolicyRead, None).await?;
        if !(1..=DAYS).contains(&days) {
            return Err(Error::field("/days", "out_of_range", format!("Look back 1 to {DAYS} days.")));
        }
        let policies = self.with_draft(caller, draft.0, draft.1).await?;
        let comparison = self.access.compare(caller, &policies).await?;
        let since = self.store.clock().now() - TimeDelta::days(days);
        let (mut result, mut after) = (Backtest::default(), None);
        loop {
            let entries = self.store.visible_to(caller).policies().recorded(since, after, CHUNK).await?;
            let Some(last) = entries.last() else { break };
            after = Some(last.id);
            for entry in entries {
                let Some(flip) = comparison.ask(&entry) else {
                    result.skipped += 1;
                    continue;
                };
                result.replayed += 1;
                let Some(Flip { before, after }) = flip else { continue };
                match after.effect.strictness() > before.strictness() {
                    true => result.stricter += 1,
                    false => result.looser += 1,
                }
                result.flips.push(FlipEntry {
                    audit_event_id: entry.id,
                    at: entry.at,
                    subject: entry.subject,
                    action: entry.action,
                    target: entry.target,
                    before,
                    after,
                });
                // The newest count most; what is cut is counted.
                if result.flips.len() > 2 * LISTED {
                    result.flips.drain(..LISTED);
                }
            }
            tokio::task::yield_now().await;
        }
        result.flips.reverse();
        result.flips.truncate(LISTED);
        Ok(result)
    }
}
