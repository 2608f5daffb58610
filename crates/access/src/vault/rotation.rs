//! Rotation of keys while everything stays readable: every tenant gets a new key under the current master key, every
//! secret moves under it, and the old keys are forgotten.
//!
//! Each step is one transaction after which all that was readable still is, and what is left to do is asked of the rows
//! alone. So it may be killed anywhere and taken up by any process, and two that work at once only share the work.

use std::{
    collections::{HashMap, HashSet, hash_map::Entry},
    sync::Arc,
    time::Duration,
};

use conductor_domain::{
    Caller, KeyCensus, KeyRotation, NewAuditEvent, OrganizationId, RotationStatus, Scope, Secret, SecretId,
    UserId, WrappedKey,
};
use conductor_secrets::Sealed;
use conductor_storage::{Error as StorageError, Unscoped, UnscopedTx};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::{Vault, place};
use crate::{Access, Error, Result};

/// Secrets in one transaction.
const BATCH: u64 = 128;
/// How often a process looks for a rotation that another one began.
const SWEEP: Duration = Duration::from_secs(10);
const AGAIN: Duration = Duration::from_secs(2);

/// What there is, and how far the last rotation came.
#[derive(Clone, Debug)]
pub struct RotationState {
    /// The master key that wraps now.
    pub master_key_id: String,
    /// What it is: `local` or `aws_kms`.
    pub master_key_kind: &'static str,
    /// Under the current master key; while a rotation runs, by keys that it drew.
    pub census: KeyCensus,
    /// The last rotation.
    pub rotation: Option<KeyRotation>,
}

/// What one step did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Something; there is more.
    Worked,
    /// Nothing: retired keys have to be kept for so long.
    Waiting(Duration),
    /// The rotation ended.
    Finished,
}

/// Works on one rotation.
#[derive(Debug)]
pub struct Rotator<'v> {
    vault: &'v Vault,
    rotation: KeyRotation,
    /// The last secret that was looked at.
    after: Option<SecretId>,
    /// Secrets that do not open; they stay under the key that they are under.
    failed: HashSet<SecretId>,
}

impl Vault {
    /// Begins a rotation under the current master key, or gives the one that runs.
    ///
    /// # Errors
    /// When storage fails.
    pub async fn begin_rotation(&self, by: Option<&Caller>) -> Result<KeyRotation> {
        let master = self.keys.current_id();
        let user = by.and_then(Caller::user_id);
        let (entry, scope) = match by {
            Some(caller) => (started_by(caller), caller.scope),
            None => (entry("secrets.rotation_started"), Scope::PLATFORM),
        };
        let begun = self
            .store
            .unscoped(Unscoped::KeyRotation)
            .write(move |tx| {
                Box::pin(async move {
                    if let Some(running) = tx.key_rotations().read().running().await? {
                        if running.master_key_id == master {
                            return Ok(running);
                        }
                        tx.key_rotations().end(running.id, RotationStatus::Superseded, 0).await?;
                    }
                    let rotation = tx.key_rotations().begin(&master, user).await?;
                    let entry = named(entry, &rotation);
                    tx.scoped(scope).audit().record(entry).await?;
                    Ok(rotation)
                })
            })
            .await;
        let rotation = match begun {
            // Another process was faster.
            Err(StorageError::NameTaken { .. }) => {
                let rows = self.store.unscoped(Unscoped::KeyRotation);
                rows.key_rotations().running().await?.ok_or(StorageError::Stale)?
            }
            begun => begun?,
        };
        self.begun.notify_one();
        Ok(rotation)
    }

    /// What there is and how far the last rotation came.
    ///
    /// # Errors
    /// When storage fails.
    pub async fn rotation(&self) -> Result<RotationState> {
        let rows = self.store.unscoped(Unscoped::KeyRotation).key_rotations();
        let rotation = rows.latest().await?;
        let (master, since) = match &rotation {
            Some(last) if last.status == RotationStatus::Running => {
                (last.master_key_id.clone(), last.started_at)
            }
            _ => (self.keys.current_id(), chrono::DateTime::UNIX_EPOCH),
        };
        Ok(RotationState {
            master_key_id: self.keys.current_id(),
            master_key_kind: self.keys.current_kind(),
            census: rows.census(&master, since).await?,
            rotation,
        })
    }

    /// The rotation that runs, to be worked on; `None` where none does, or one under a master key that is not this
    /// process's.
    ///
    /// # Errors
    /// When storage fails.
    pub async fn rotator(&self) -> Result<Option<Rotator<'_>>> {
        let running = self.store.unscoped(Unscoped::KeyRotation).key_rotations().running().await?;
        Ok(running
            .filter(|rotation| rotation.master_key_id == self.keys.current_id())
            .map(|rotation| Rotator { vault: self, rotation, after: None, failed: HashSet::new() }))
    }
}

impl Access {
    /// Works on rotations until it is told to stop: on those begun here at once, on those that another process left or
    /// began soon.
    pub async fn rotate_keys(self: Arc<Self>, stop: CancellationToken) {
        loop {
            let pause = match self.vault().rotate(&stop).await {
                Ok(()) => SWEEP,
                Err(error) => {
                    tracing::error!(
                        error = &error as &dyn std::error::Error,
                        "the rotation of keys is tried again"
                    );
                    AGAIN
                }
            };
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.vault().begun.notified() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
    }
}

impl Vault {
    /// Works on the rotation that runs until it ends.
    async fn rotate(&self, stop: &CancellationToken) -> Result<()> {
        let Some(mut rotator) = self.rotator().await? else { return Ok(()) };
        while !stop.is_cancelled() {
            match rotator.step().await? {
                Step::Worked => {}
                Step::Finished => return Ok(()),
                Step::Waiting(pause) => {
                    tokio::select! {
                        () = stop.cancelled() => return Ok(()),
                        () = tokio::time::sleep(pause) => {}
                    }
                }
            }
        }
        Ok(())
    }
}

impl Rotator<'_> {
    /// The rotation.
    #[must_use]
    pub const fn rotation(&self) -> &KeyRotation {
        &self.rotation
    }

    /// Does one transaction's worth.
    ///
    /// # Errors
    /// When storage fails or the master key is out of reach; everything stays readable, and the next step goes on.
    pub async fn step(&mut self) -> Result<Step> {
        let done = self.try_step().await;
        match done {
            // Another process works on it too and was faster: look again.
            Err(Error::Storage(StorageError::Stale | StorageError::NameTaken { .. })) => Ok(Step::Worked),
            done => done,
        }
    }

    async fn try_step(&mut self) -> Result<Step> {
        let rows = self.vault.store.unscoped(Unscoped::KeyRotation).key_rotations();
        if rows.running().await?.is_none_or(|running| running.id != self.rotation.id) {
            return Ok(Step::Finished);
        }
        let (master, since) = (&self.rotation.master_key_id, self.rotation.started_at);
        if let Some((tenant, current)) = rows.next_tenant(master, since).await? {
            self.replace_key(tenant, current).await?;
            return Ok(Step::Worked);
        }
        let batch = rows.stale_secrets(self.after, BATCH).await?;
        if let Some(last) = batch.last() {
            let last = last.id;
            self.move_secrets(batch).await?;
            self.after = Some(last);
            return Ok(Step::Worked);
        }
        self.forget_keys().await
    }

    async fn replace_key(&self, tenant: OrganizationId, current: Option<WrappedKey>) -> Result<()> {
        let (drawn, row) = self.vault.draw(tenant).await?;
        let rows = self.vault.store.unscoped(Unscoped::KeyRotation);
        let environment = rows.environments().of(&[tenant]).await?.first().map(|found| found.id);
        let scope = environment
            .map_or(Scope::PLATFORM, |environment_id| Scope { organization_id: tenant, environment_id });
        let mut entry = named(entry("secrets.key_replaced"), &self.rotation);
        entry.target = format!("tenant_key:{}", row.key_id);
        entry.data = json!({ "replaces": current.as_ref().map(|current| current.key_id.as_str()) });
        let keyed = Scope { organization_id: tenant, ..scope };
        rows.write(move |tx| {
            Box::pin(async move {
                let old = current.as_ref().map(|current| current.key_id.as_str());
                tx.scoped(keyed).tenant_keys().replace(old, row).await?;
                tx.scoped(scope).audit().record(entry).await
            })
        })
        .await
        .map_err(|error: StorageError| Error::from(error))?;
        self.vault.remember(drawn);
        Ok(())
    }

    /// Moves what opens; what does not is left and counted.
    async fn move_secrets(&mut self, batch: Vec<Secret>) -> Result<()> {
        let mut current: HashMap<OrganizationId, WrappedKey> = HashMap::new();
        let mut moved = Vec::with_capacity(batch.len());
        for secret in batch {
            let organization = secret.scope.organization_id;
            let key = match current.entry(organization) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(unknown) => {
                    let key = self.vault.store.scoped(secret.scope).tenant_keys().active().await?;
                    unknown.insert(key.ok_or(StorageError::Stale)?)
                }
            };
            match self.adopt(&secret, key).await {
                Ok(bytes) => moved.push((secret, bytes, key.key_id.clone())),
                Err(Error::Secret { .. } | Error::Keys(conductor_secrets::Error::UnknownKey { .. })) => {
                    tracing::error!(secret.id = %secret.id, "a secret cannot be opened and is not moved");
                    self.failed.insert(secret.id);
                }
                Err(error) => return Err(error),
            }
        }
        if moved.is_empty() {
            return Ok(());
        }
        let rows = self.vault.store.unscoped(Unscoped::KeyRotation);
        rows.write(move |tx| Box::pin(write_moved(tx, moved)))
            .await
            .map_err(|error: StorageError| error.into())
    }

    async fn adopt(&self, secret: &Secret, key: &WrappedKey) -> Result<Vec<u8>> {
        let shut = || super::unreadable(&secret.reference);
        let organization = secret.scope.organization_id;
        let place = place(organization, secret.id, secret.version).ok_or_else(shut)?;
        let sealed = Sealed::from_bytes(secret.ciphertext.clone()).map_err(|_| shut())?;
        let to = self.vault.unwrapped(key).await?;
        if sealed.is_direct() {
            let moved = self.vault.keys.adopt_direct(&place, &sealed, &to);
            return moved.map(Sealed::into_bytes).map_err(|_| shut());
        }
        let from = self.vault.store.scoped(secret.scope).tenant_keys().find(&sealed.key_id()).await?;
        let from = self.vault.unwrapped(&from.ok_or_else(shut)?).await?;
        to.adopt(&place, &sealed, &from).map(Sealed::into_bytes).map_err(|_| shut())
    }

    /// Forgets the keys that were left, once nobody can be about to write something sealed under them.
    async fn forget_keys(&mut self) -> Result<Step> {
        let store = &self.vault.store;
        let retired = store.unscoped(Unscoped::KeyRotation).key_rotations().retired().await?;
        let ripe = store.clock().now() - self.vault.grace;
        let mut kept = Vec::new();
        for key in retired {
            if let Some(at) = key.retired_at.filter(|at| *at > ripe) {
                let pause = (at - ripe).to_std().unwrap_or_default();
                return Ok(Step::Waiting(pause.max(Duration::from_millis(10))));
            }
            let (name, scope) = (key.key_id.clone(), of(key.organization_id));
            let rows = store.scoped(scope);
            let gone = rows
                .write(move |tx| Box::pin(async move { tx.tenant_keys().forget(&name).await }))
                .await
                .map_err(|error: StorageError| Error::from(error))?;
            if !gone {
                kept.push(key);
            }
        }
        if !kept.is_empty() && self.written_since().await? {
            // Written under an old key after its turn had passed.
            self.after = None;
            return Ok(Step::Worked);
        }
        for key in kept {
            self.keep(&key).await?;
        }
        self.finish().await?;
        Ok(Step::Finished)
    }

    async fn written_since(&self) -> Result<bool> {
        let rows = self.vault.store.unscoped(Unscoped::KeyRotation).key_rotations();
        let mut after = None;
        loop {
            let batch = rows.stale_secrets(after, BATCH).await?;
            let Some(last) = batch.last() else { return Ok(false) };
            after = Some(last.id);
            if batch.iter().any(|secret| !self.failed.contains(&secret.id)) {
                return Ok(true);
            }
        }
    }

    /// Lets the old master key go even where something under a tenant's old key does not open.
    async fn keep(&self, key: &WrappedKey) -> Result<()> {
        if key.master_key_id == self.rotation.master_key_id {
            return Ok(());
        }
        let Ok(unwrapped) = self.vault.unwrapped(key).await else { return Ok(()) };
        let wrapped = self.vault.keys.wrap(&unwrapped).await.map_err(Error::Keys)?;
        let (key, master) = (key.clone(), self.rotation.master_key_id.clone());
        let rows = self.vault.store.scoped(of(key.organization_id));
        rows.write(move |tx| Box::pin(async move { tx.tenant_keys().rewrap(&key, wrapped, &master).await }))
            .await
            .map_err(|error: StorageError| error.into())
    }

    async fn finish(&self) -> Result<()> {
        let failed = i64::try_from(self.failed.len()).unwrap_or(i64::MAX);
        let (id, mut entry) = (self.rotation.id, named(entry("secrets.rotation_finished"), &self.rotation));
        entry.data = json!({ "failed": failed });
        let rows = self.vault.store.unscoped(Unscoped::KeyRotation);
        rows.write(move |tx| {
            Box::pin(async move {
                if tx.key_rotations().end(id, RotationStatus::Finished, failed).await? {
                    tx.scoped(Scope::PLATFORM).audit().record(entry).await?;
                }
                Ok(())
            })
        })
        .await
        .map_err(|error: StorageError| Error::from(error))?;
        tracing::info!(rotation.id = %id, failed, "every tenant has a new key");
        Ok(())
    }
}

async fn write_moved(tx: UnscopedTx<'_>, moved: Vec<(Secret, Vec<u8>, String)>) -> Result<(), StorageError> {
    let keys: HashSet<(OrganizationId, &str)> =
        moved.iter().map(|(secret, _, key_id)| (secret.scope.organization_id, key_id.as_str())).collect();
    for (organization, key_id) in keys {
        tx.scoped(of(organization)).tenant_keys().hold(key_id).await?;
    }
    for (secret, bytes, key_id) in moved {
        // A row that somebody gave a new value meanwhile is under the new key by that.
        tx.scoped(secret.scope).secrets().rewrap(&secret, bytes, &key_id).await?;
    }
    Ok(())
}

/// Keys belong to organisations; the environment takes no part.
fn of(organization_id: OrganizationId) -> Scope {
    Scope { organization_id, ..Scope::PLATFORM }
}

fn started_by(caller: &Caller) -> NewAuditEvent {
    NewAuditEvent::by(caller, "secrets.rotation_started", "secret_key.rotate", String::new())
}

/// An entry about what the platform does by itself.
fn entry(event_type: &str) -> NewAuditEvent {
    NewAuditEvent {
        event_type: event_type.to_owned(),
        subject: "platform".to_owned(),
        user_id: None::<UserId>,
        action: "secret_key.rotate".to_owned(),
        target: String::new(),
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
        personal: conductor_domain::Personal::new(),
    }
}

fn named(mut entry: NewAuditEvent, rotation: &KeyRotation) -> NewAuditEvent {
    entry.target = format!("key_rotation:{}", rotation.id);
    entry.on("key_rotation", rotation.id)
}
