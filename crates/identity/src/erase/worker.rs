//! Removing what an erased person left. Each step is one transaction and asked of the rows, so it may be killed anywhere
//! and taken up by any process, and two that work at once only share the work.
//!
//! The order: runs end and are emptied; conversations, files and whatever else was the person's go; every chain of the
//! audit log that says something of the person is told so, and once that is sealed withholds it; bytes that no row names
//! go; at last the database's files are made to forget.

use std::time::Duration;

use conductor_blobs::{Blobs, Removal};
use conductor_domain::{
    EnvironmentId, Erasure, NewAuditEvent, OrganizationId, PSEUDONYMISED, Personal, Scope, UserId,
};
use conductor_storage::Unscoped;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::{Error, Identity, Result};

/// How often a process looks for an erasure that another one left.
const SWEEP: Duration = Duration::from_secs(10);
/// How long it waits for runs to end and entries to be sealed.
const SOON: Duration = Duration::from_millis(300);
/// Entries of the audit log in one transaction.
const BATCH: u64 = 200;
/// Files that are looked at together.
const FILES: u64 = 100;
/// Whoever uploads bytes writes the row that names them within this time.
const YOUNG: Duration = Duration::from_secs(10);

/// How far one try came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    Finished,
    Waiting,
}

impl Identity {
    /// Works on erasures until it is told to stop: on those asked for here at once, on those that another process left
    /// soon.
    pub async fn erase_people(self, blobs: Blobs, stop: CancellationToken) {
        loop {
            let pause = match self.work(&blobs, &stop).await {
                Ok(Progress::Finished) => SWEEP,
                Ok(Progress::Waiting) => SOON,
                Err(error) => {
                    tracing::error!(error = &error as &dyn std::error::Error, "an erasure is tried again");
                    SOON * 10
                }
            };
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.inner.erasing.notified() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    async fn work(&self, blobs: &Blobs, stop: &CancellationToken) -> Result<Progress> {
        let running = self.inner.store.unscoped(Unscoped::Erasure).erasures().running().await?;
        let mut progress = Progress::Finished;
        for erasure in running {
            if stop.is_cancelled() {
                break;
            }
            if self.remove_remains(&erasure, blobs, stop).await? == Progress::Waiting {
                progress = Progress::Waiting;
            }
        }
        Ok(progress)
    }

    async fn remove_remains(
        &self,
        erasure: &Erasure,
        blobs: &Blobs,
        stop: &CancellationToken,
    ) -> Result<Progress> {
        let user = erasure.user_id;
        let rows = self.inner.store.unscoped(Unscoped::Erasure);
        if rows.erasures().has_open_runs(user).await? {
            return Ok(Progress::Waiting);
        }
        if erasure.gathered_at.is_none() {
            let noted = erasure.clone();
            rows.write(move |tx| Box::pin(async move { tx.erasures().gather(&noted).await }))
                .await
                .map_err(|error: conductor_storage::Error| Error::from(error))?;
        }
        loop {
            if stop.is_cancelled() {
                return Ok(Progress::Waiting);
            }
            let noted = erasure.clone();
            let removed = rows
                .write(move |tx| {
                    Box::pin(async move {
                        match tx.erasures().empty_runs(&noted).await? {
                            0 => tx.erasures().remove_some(&noted).await,
                            some => Ok(some),
                        }
                    })
                })
                .await
                .map_err(|error: conductor_storage::Error| Error::from(error))?;
            if removed == 0 {
                break;
            }
        }
        if erasure.told_at.is_none() {
            self.tell_chains(erasure).await?;
        }
        if rows.erasures().is_told_unsealed(user).await? {
            return Ok(Progress::Waiting);
        }
        self.withhold(user, stop).await?;
        if stop.is_cancelled() || !self.remove_blobs(blobs).await? || !self.inner.store.scrub().await? {
            return Ok(Progress::Waiting);
        }
        let id = erasure.id;
        rows.write(move |tx| Box::pin(async move { tx.erasures().finish(id).await }))
            .await
            .map_err(|error: conductor_storage::Error| Error::from(error))?;
        tracing::info!(erasure.id = %id, "a person was erased");
        Ok(Progress::Finished)
    }

    /// One entry in every chain that says something of the person: what it says may be missing from now on.
    async fn tell_chains(&self, erasure: &Erasure) -> Result<()> {
        let (id, user) = (erasure.id, erasure.user_id);
        let rows = self.inner.store.unscoped(Unscoped::Erasure);
        let chains = rows.erasures().mentioning(user).await?;
        rows.write(move |tx| {
            Box::pin(async move {
                if tx.erasures().told(id).await? {
                    for organization_id in chains {
                        tx.scoped(within(organization_id)).audit().record(pseudonymised(user)).await?;
                    }
                }
                Ok::<_, conductor_storage::Error>(())
            })
        })
        .await?;
        Ok(())
    }

    async fn withhold(&self, user: UserId, stop: &CancellationToken) -> Result<()> {
        let rows = self.inner.store.unscoped(Unscoped::Erasure);
        let mut after = UserId::NIL.as_uuid();
        while !stop.is_cancelled() {
            let entries = rows.erasures().saying(user, after, BATCH).await?;
            let Some(last) = entries.last() else { return Ok(()) };
            after = *last;
            rows.write(move |tx| Box::pin(async move { tx.erasures().withhold(user, &entries).await }))
                .await
                .map_err(|error: conductor_storage::Error| Error::from(error))?;
        }
        Ok(())
    }

    /// Removes bytes that no row names. Whether none is left to look at.
    async fn remove_blobs(&self, blobs: &Blobs) -> Result<bool> {
        let rows = self.inner.store.unscoped(Unscoped::Erasure);
        let left = rows.erasures().blobs(FILES).await?;
        let mut all = (left.len() as u64) < FILES;
        for (digest, named) in left {
            let gone = match digest.parse() {
                Ok(digest) if !named => {
                    let removed = blobs.remove_old(&digest, YOUNG).await;
                    removed.map_err(|source| Error::crypto("removing a file")(source))? == Removal::Gone
                }
                // Bytes that somebody else uploaded too are theirs; a name that is none names nothing.
                _ => true,
            };
            all &= gone;
            if gone {
                rows.write(move |tx| Box::pin(async move { tx.erasures().forget_blob(&digest).await }))
                    .await
                    .map_err(|error: conductor_storage::Error| Error::from(error))?;
            }
        }
        Ok(all)
    }
}

fn within(organization_id: OrganizationId) -> Scope {
    Scope { organization_id, environment_id: EnvironmentId::NIL }
}

fn pseudonymised(user: UserId) -> NewAuditEvent {
    NewAuditEvent {
        event_type: PSEUDONYMISED.to_owned(),
        subject: "platform".to_owned(),
        user_id: None,
        action: "user.erase".to_owned(),
        target: format!("user:{user}"),
        allowed: true,
        rule_id: None,
        resource_type: None,
        resource_id: None,
        data_classification: None,
        address: None,
        denial_reason: None,
        run_id: None,
        data: json!({}),
        context: json!({}),
        personal: Personal::new(),
    }
    .on("user", user)
}
