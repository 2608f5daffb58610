//! Sending the audit log on, to a SIEM or whatever else keeps it: sealed entries of one organisation, in the order of
//! its chain, each at least once. How far it came is a row, so it goes on wherever a process stopped, and one process at
//! a time sends.

use std::{sync::Arc, time::Duration};

use base64::{Engine, prelude::BASE64_STANDARD};
use chrono::TimeDelta;
use conductor_access::{Access, Action, Facts, audit::Line};
use conductor_domain::{
    AuditForward, Caller, EnvironmentId, ForwardCredential, NewAuditEvent, OrganizationId, Redacted, Scope,
};
use conductor_egress::Guarded;
use conductor_storage::{Store, Unscoped};
use hmac::{Hmac, KeyInit, Mac};
use http::{Method, header};
use secrecy::ExposeSecret;
use serde_json::json;
use sha2::Sha256;

use crate::{Error, Result};

/// How often every process looks for what has to be sent.
const TICK: Duration = Duration::from_secs(2);
/// Entries in one request.
const BATCH: u64 = 200;
/// Requests for one organisation before the next one has its turn.
const BATCHES: usize = 50;
/// How long one request may take.
const PATIENCE: Duration = Duration::from_secs(20);
/// For how long a sender is the one who sends; longer than a request takes.
const LEASE: TimeDelta = TimeDelta::seconds(60);
/// When to try again after a failure; each further one doubles it.
const AGAIN: TimeDelta = TimeDelta::seconds(5);
/// No failure waits longer.
const LONGEST_WAIT: TimeDelta = TimeDelta::minutes(10);
/// Letters of an address, and of a secret, at most.
const LONGEST: usize = 2_000;

/// Where the log is to be sent, as an administrator enters it.
#[derive(Clone, Debug)]
pub struct ForwardDraft {
    /// The address.
    pub endpoint: String,
    /// How requests are proven.
    pub credential: ForwardCredential,
    /// The secret; the stored one where `None`.
    pub secret: Option<Redacted<String>>,
    /// Whether anything is sent.
    pub enabled: bool,
    /// Whether a new one begins with the oldest entry that there is, and not with the next one.
    pub from_beginning: bool,
}

/// How the sending stands.
#[derive(Clone, Debug)]
pub struct ForwardState {
    /// What is set.
    pub forward: AuditForward,
    /// Sealed entries that wait to be sent.
    pub waiting: i64,
}

/// Sending audit logs on.
#[derive(Clone, Debug)]
pub struct Forwards {
    store: Store,
    access: Arc<Access>,
    egress: Guarded,
    /// What this process is called in leases.
    owner: String,
}

impl Forwards {
    /// Over these rows and this decision point, through this client.
    #[must_use]
    pub fn new(store: Store, access: Arc<Access>, egress: Guarded) -> Self {
        let owner = store.clock().uuid_v7().to_string();
        Self { store, access, egress, owner }
    }

    /// How it stands; `None` where nothing is set.
    ///
    /// # Errors
    /// When the caller may not read the log.
    pub async fn find(&self, caller: &Caller) -> Result<Option<ForwardState>> {
        self.access.require(caller, Action::AuditRead, &of_log(caller)).await?;
        let rows = self.store.scoped(caller.scope);
        let Some(forward) = rows.audit_forward().find().await? else { return Ok(None) };
        let head = self.store.scoped(caller.scope).audit_forward().head().await?;
        Ok(Some(ForwardState { waiting: (head - forward.sent_seq).max(0), forward }))
    }

    /// Sets where it is sent.
    ///
    /// # Errors
    /// `Invalid`; when the caller may not read the log and change the organisation.
    pub async fn set(&self, caller: &Caller, draft: ForwardDraft) -> Result<ForwardState> {
        self.may_change(caller).await?;
        let rows = self.store.scoped(caller.scope).audit_forward();
        let (before, head) =
            (rows.find().await?, self.store.scoped(caller.scope).audit_forward().head().await?);
        let endpoint = self.checked(&draft, before.as_ref())?;
        let reference = format!("audit_forward:{}", caller.scope.organization_id);
        let secret = match &draft.secret {
            None => None,
            Some(secret) => {
                let vault = self.access.vault();
                let (text, by) = (secret.expose().trim(), caller.user_id());
                Some(vault.seal(caller.scope, &reference, "audit_forward", text, by).await?)
            }
        };
        let mut audit = entry(caller, "audit.forward_updated");
        audit.data =
            json!({ "endpoint": endpoint, "credential": draft.credential, "enabled": draft.enabled });
        let after = if draft.from_beginning { 0 } else { head };
        let known = before.is_some();
        let forward = self
            .store
            .scoped(caller.scope)
            .write(move |tx| {
                Box::pin(async move {
                    if let Some(secret) = secret {
                        if known {
                            tx.secrets().delete(&reference).await?;
                        }
                        tx.secrets().create(secret).await?;
                    }
                    let forwards = tx.audit_forward();
                    let set =
                        forwards.put(endpoint, draft.credential, reference, draft.enabled, after).await?;
                    tx.audit().record(audit).await?;
                    Ok::<_, Error>(set)
                })
            })
            .await?;
        Ok(ForwardState { waiting: (head - forward.sent_seq).max(0), forward })
    }

    /// Sends nothing any more, and forgets the secret.
    ///
    /// # Errors
    /// `Hidden` where nothing is set; as `set`.
    pub async fn remove(&self, caller: &Caller) -> Result<()> {
        self.may_change(caller).await?;
        let audit = entry(caller, "audit.forward_deleted");
        let rows = self.store.scoped(caller.scope);
        rows.write(move |tx| {
            Box::pin(async move {
                let gone = tx.audit_forward().delete().await;
                let reference = gone.map_err(|error| match error {
                    conductor_storage::Error::NotFound => Error::Hidden { what: "address of the audit log" },
                    error => Error::Storage(error),
                })?;
                tx.secrets().delete(&reference).await?;
                tx.audit().record(audit).await?;
                Ok(())
            })
        })
        .await
    }

    /// Sends what waits, for every organisation whose turn it is.
    ///
    /// # Errors
    /// When storage fails. What fails outside is noted in its row.
    pub async fn pass(&self) -> Result<()> {
        let now = self.store.clock().now();
        for organization_id in self.store.unscoped(Unscoped::AuditChain).audit_forwards().due(now).await? {
            self.send_all(organization_id).await?;
        }
        Ok(())
    }

    /// Sends until it is aborted.
    pub async fn watch(self) {
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            if let Err(error) = self.pass().await {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(error, "an audit log could not be sent on");
            }
        }
    }

    async fn send_all(&self, organization_id: OrganizationId) -> Result<()> {
        let scope = Scope { organization_id, environment_id: EnvironmentId::NIL };
        let rows = self.store.scoped(scope).audit_forward();
        // Most of the time there is nothing, and a look writes nothing.
        let Some(forward) = rows.find().await? else { return Ok(()) };
        if self.store.scoped(scope).audit_forward().head().await? <= forward.sent_seq {
            return Ok(());
        }
        for _ in 0..BATCHES {
            if !self.send_some(scope).await? {
                break;
            }
        }
        let owner = self.owner.clone();
        self.noted(scope, move |tx| Box::pin(async move { tx.audit_forward().release(&owner).await })).await
    }

    /// Sends one request; whether there may be more to send.
    async fn send_some(&self, scope: Scope) -> Result<bool> {
        let (owner, until) = (self.owner.clone(), self.store.clock().now() + LEASE);
        let claimed: Option<AuditForward> = self
            .store
            .scoped(scope)
            .write(move |tx| Box::pin(async move { tx.audit_forward().claim(&owner, until).await }))
            .await
            .map_err(|error: conductor_storage::Error| Error::from(error))?;
        let Some(forward) = claimed else { return Ok(false) };
        let entries = self.store.scoped(scope).audit_forward().sealed_after(forward.sent_seq, BATCH).await?;
        let whole = entries.len() as u64 == BATCH;
        let places =
            entries.first().and_then(|entry| entry.seq).zip(entries.last().and_then(|entry| entry.seq));
        let Some((first, last)) = places else { return Ok(false) };
        let body: String = entries.into_iter().map(|entry| Line::from(entry).into_text()).collect();
        match self.send(scope, &forward, format!("{}-{first}-{last}", scope.organization_id), body).await {
            Ok(()) => {
                let owner = self.owner.clone();
                let noted: bool = self
                    .store
                    .scoped(scope)
                    .write(move |tx| Box::pin(async move { tx.audit_forward().sent(&owner, last).await }))
                    .await
                    .map_err(|error: conductor_storage::Error| Error::from(error))?;
                Ok(noted && whole)
            }
            Err(why) => {
                tracing::warn!(organization.id = %scope.organization_id, why, "an audit log could not be sent on");
                let failures = forward.failures.saturating_add(1);
                let next_at = self.store.clock().now() + wait(failures);
                let owner = self.owner.clone();
                self.noted(scope, move |tx| {
                    Box::pin(async move { tx.audit_forward().failed(&owner, why, failures, next_at).await })
                })
                .await?;
                Ok(false)
            }
        }
    }

    /// Why it failed is told in words of ours: what the other side says stays there.
    async fn send(
        &self,
        scope: Scope,
        forward: &AuditForward,
        id: String,
        body: String,
    ) -> Result<(), String> {
        let secret = self.access.vault().open(scope, &forward.secret_ref).await;
        let secret = secret.map_err(|_| "the secret cannot be opened".to_owned())?;
        let request = self.egress.request(Method::POST, &forward.endpoint);
        let request = request.map_err(|error| error.to_string())?.timeout(PATIENCE);
        let request = request.header(header::CONTENT_TYPE, "application/x-ndjson").header("webhook-id", &id);
        let request = match forward.credential {
            ForwardCredential::Bearer => {
                request.header(header::AUTHORIZATION, format!("Bearer {}", secret.expose_secret()))
            }
            ForwardCredential::Hmac => {
                let at = self.store.clock().now().timestamp().to_string();
                let signature = signed(secret.expose_secret(), &id, &at, &body);
                request.header("webhook-timestamp", at).header("webhook-signature", signature)
            }
        };
        let answer = request.body(body).send().await.map_err(|error| {
            let refused = conductor_egress::Error::behind(&error).map(|refused| refused.to_string());
            refused.unwrap_or_else(|| "it does not answer".to_owned())
        })?;
        match answer.status() {
            status if status.is_success() => Ok(()),
            status => Err(format!("it answers {}", status.as_u16())),
        }
    }

    async fn noted<F>(&self, scope: Scope, work: F) -> Result<()>
    where
        F: for<'t> FnOnce(
                conductor_storage::ScopedTx<'t>,
            )
                -> futures::future::BoxFuture<'t, Result<(), conductor_storage::Error>>
            + Send
            + 'static,
    {
        self.store.scoped(scope).write(work).await.map_err(Error::from)
    }

    async fn may_change(&self, caller: &Caller) -> Result<()> {
        self.access.require(caller, Action::AuditRead, &of_log(caller)).await?;
        let organization = format!("organization:{}", caller.scope.organization_id);
        let facts = Facts::new(organization, caller.scope);
        Ok(self.access.require(caller, Action::OrganizationUpdate, &facts).await?)
    }

    fn checked(&self, draft: &ForwardDraft, before: Option<&AuditForward>) -> Result<String> {
        let endpoint = draft.endpoint.trim().to_owned();
        let secret = draft.secret.as_ref().map(|secret| secret.expose().trim().to_owned());
        let mut faults = Vec::new();
        let mut fault = |pointer: &str, code: &'static str, detail: String| {
            faults.push(conductor_domain::FieldError::new(pointer, code, detail));
        };
        match self.egress.check(&endpoint) {
            Err(error) => fault("/endpoint", "invalid_url", format!("This address cannot be used: {error}.")),
            Ok(url) => {
                let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
                let here = host == "localhost"
                    || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
                if (url.scheme() != "https" && !here) || endpoint.len() > LONGEST {
                    fault(
                        "/endpoint",
                        "invalid_url",
                        "Enter an address that starts with https://.".to_owned(),
                    );
                }
            }
        }
        let usable = |text: &String| {
            (16..=LONGEST).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
        };
        match (&secret, before) {
            (Some(secret), _) if !usable(secret) => {
                let detail = "Use 16 letters, digits and signs at least, without spaces.";
                fault("/secret", "invalid", detail.to_owned());
            }
            (None, None) => fault("/secret", "required", "Enter the secret.".to_owned()),
            (None, Some(before)) if before.endpoint != endpoint => {
                // A stored secret goes to the address that it was entered for and to no other.
                fault(
                    "/secret",
                    "required",
                    "Enter the secret again: it was for another address.".to_owned(),
                );
            }
            _ => {}
        }
        if faults.is_empty() { Ok(endpoint) } else { Err(Error::Invalid { faults }) }
    }
}

/// `webhook-signature` of Standard Webhooks.
fn signed(secret: &str, id: &str, at: &str, body: &str) -> String {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return String::new() };
    for part in [id, ".", at, ".", body] {
        mac.update(part.as_bytes());
    }
    format!("v1,{}", BASE64_STANDARD.encode(mac.finalize().into_bytes()))
}

fn wait(failures: i32) -> TimeDelta {
    let doubled = AGAIN * 2_i32.saturating_pow(failures.clamp(1, 16).unsigned_abs() - 1);
    doubled.min(LONGEST_WAIT)
}

fn entry(caller: &Caller, what: &str) -> NewAuditEvent {
    let target = format!("audit:{}", caller.scope.organization_id);
    NewAuditEvent::by(caller, what, what, target).on("organization", caller.scope.organization_id)
}

fn of_log(caller: &Caller) -> Facts {
    Facts::new(format!("audit:{}", caller.scope.organization_id), caller.scope)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_wait_longer_up_to_a_limit() {
        assert_eq!(wait(1), TimeDelta::seconds(5));
        assert_eq!(wait(3), TimeDelta::seconds(20));
        assert_eq!(wait(i32::MAX), LONGEST_WAIT);
    }
}
