//! For how long an organisation keeps conversations and runs: who says so, what would go, and its going. Nothing goes
//! unless somebody said so, and each step that removes something says so in the audit log, in the same transaction.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use conductor_access::{Access, Action, Facts};
use conductor_domain::{
    Caller, EnvironmentId, Expired, FieldError, Lifetime, NewAuditEvent, OrganizationId, Personal, Scope,
};
use conductor_storage::{Store, Unscoped};
use serde_json::json;
use uuid::Uuid;

use crate::{Error, Result};

/// How often every process looks for what has become old.
const SWEEP: Duration = Duration::from_secs(10 * 60);
/// Conversations, or trees of runs, in one transaction: a writer waits for it.
const CHUNK: u64 = 50;
/// Days that may be asked for at most.
const LONGEST: i32 = 36_500;

/// How long things are kept in the organisation that a caller acts in.
#[derive(Clone, Debug)]
pub struct Lifetimes {
    store: Store,
    access: Arc<Access>,
}

impl Lifetimes {
    /// Over these rows and this decision point.
    #[must_use]
    pub fn new(store: Store, access: Arc<Access>) -> Self {
        Self { store, access }
    }

    /// What is set.
    ///
    /// # Errors
    /// When the caller may not see the organisation.
    pub async fn find(&self, caller: &Caller) -> Result<Lifetime> {
        self.access.require(caller, Action::OrganizationRead, &facts(caller)).await?;
        Ok(self.store.scoped(caller.scope).lifetimes().get().await?)
    }

    /// How much would go now if this were set.
    ///
    /// # Errors
    /// `Invalid`; when the caller may not change the organisation.
    pub async fn preview(&self, caller: &Caller, wanted: Lifetime) -> Result<Expired> {
        self.access.require(caller, Action::OrganizationUpdate, &facts(caller)).await?;
        checked(wanted)?;
        let now = self.store.clock().now();
        let (conversations, runs) = (before(now, wanted.conversation_days), before(now, wanted.run_days));
        Ok(self.store.scoped(caller.scope).lifetimes().count(conversations, runs).await?)
    }

    /// Sets it. What is old enough goes with the next sweep.
    ///
    /// # Errors
    /// As `preview`.
    pub async fn set(&self, caller: &Caller, wanted: Lifetime) -> Result<Lifetime> {
        self.access.require(caller, Action::OrganizationUpdate, &facts(caller)).await?;
        checked(wanted)?;
        let mut audit =
            NewAuditEvent::by(caller, "retention.updated", "retention.updated", target(caller.scope))
                .on("organization", caller.scope.organization_id);
        let rows = self.store.scoped(caller.scope);
        rows.write(move |tx| {
            Box::pin(async move {
                let earlier = tx.lifetimes().set(wanted).await?;
                audit.data = json!({ "before": earlier, "after": wanted });
                tx.audit().record(audit).await?;
                Ok::<_, Error>(())
            })
        })
        .await?;
        Ok(wanted)
    }

    /// Removes what is old enough, wherever somebody asked for it. Several processes may do so at once: each row goes
    /// once, and is counted by whoever removed it.
    ///
    /// # Errors
    /// When storage fails.
    pub async fn sweep(&self) -> Result<Expired> {
        let mut gone = Expired::default();
        let all = self.store.unscoped(Unscoped::Retention).lifetimes().all().await?;
        for (organization, lifetime) in all {
            let some = self.remove(organization, lifetime).await?;
            gone.conversations += some.conversations;
            gone.runs += some.runs;
        }
        Ok(gone)
    }

    /// Sweeps until it is aborted.
    pub async fn watch(self) {
        let mut ticks = tokio::time::interval(SWEEP);
        loop {
            ticks.tick().await;
            if let Err(error) = self.sweep().await {
                tracing::warn!(error = &error as &dyn std::error::Error, "what is old could not be removed");
            }
        }
    }

    async fn remove(&self, organization_id: OrganizationId, lifetime: Lifetime) -> Result<Expired> {
        let scope = Scope { organization_id, environment_id: EnvironmentId::NIL };
        let now = self.store.clock().now();
        let mut gone = Expired::default();
        if let Some(moment) = before(now, lifetime.conversation_days) {
            loop {
                let ids = self.store.scoped(scope).lifetimes().old_conversations(moment, CHUNK).await?;
                let last = (ids.len() as u64) < CHUNK;
                let some = self.step(scope, moment, ids, Kind::Conversations).await?;
                gone.conversations += some.conversations;
                gone.runs += some.runs;
                if last || some == Expired::default() {
                    break;
                }
            }
        }
        if let Some(moment) = before(now, lifetime.run_days) {
            loop {
                let ids = self.store.scoped(scope).lifetimes().old_runs(moment, CHUNK).await?;
                let last = (ids.len() as u64) < CHUNK;
                let some = self.step(scope, moment, ids, Kind::Runs).await?;
                gone.runs += some.runs;
                if last || some == Expired::default() {
                    break;
                }
            }
        }
        Ok(gone)
    }

    async fn step(&self, scope: Scope, moment: DateTime<Utc>, ids: Vec<Uuid>, kind: Kind) -> Result<Expired> {
        if ids.is_empty() {
            return Ok(Expired::default());
        }
        self.store
            .scoped(scope)
            .write(move |tx| {
                Box::pin(async move {
                    let gone = match kind {
                        Kind::Conversations => tx.lifetimes().remove_conversations(ids, moment).await?,
                        Kind::Runs => tx.lifetimes().remove_runs(ids, moment).await?,
                    };
                    if gone != Expired::default() {
                        tx.audit().record(removed(scope, gone, moment)).await?;
                    }
                    Ok::<_, Error>(gone)
                })
            })
            .await
    }
}

#[derive(Clone, Copy)]
enum Kind {
    Conversations,
    Runs,
}

fn before(now: DateTime<Utc>, days: Option<i32>) -> Option<DateTime<Utc>> {
    days.map(|days| now - TimeDelta::days(days.into()))
}

fn checked(wanted: Lifetime) -> Result<()> {
    let days = [("/conversation_days", wanted.conversation_days), ("/run_days", wanted.run_days)];
    let beyond = days.into_iter().filter(|(_, days)| days.is_some_and(|days| !(1..=LONGEST).contains(&days)));
    let faults: Vec<FieldError> = beyond
        .map(|(pointer, _)| {
            let detail = format!("Name 1 to {LONGEST} days, or none to keep everything.");
            FieldError::new(pointer, "out_of_range", detail)
        })
        .collect();
    if faults.is_empty() { Ok(()) } else { Err(Error::Invalid { faults }) }
}

fn removed(scope: Scope, gone: Expired, before: DateTime<Utc>) -> NewAuditEvent {
    NewAuditEvent {
        event_type: "retention.removed".to_owned(),
        subject: "platform".to_owned(),
        user_id: None,
        action: "retention.remove".to_owned(),
        target: target(scope),
        allowed: true,
        rule_id: None,
        resource_type: None,
        resource_id: None,
        data_classification: None,
        address: None,
        denial_reason: None,
        run_id: None,
        data: json!({ "conversations": gone.conversations, "runs": gone.runs, "before": before }),
        context: json!({}),
        personal: Personal::new(),
    }
    .on("organization", scope.organization_id)
}

fn target(scope: Scope) -> String {
    format!("organization:{}", scope.organization_id)
}

fn facts(caller: &Caller) -> Facts {
    Facts::new(target(caller.scope), caller.scope)
}
