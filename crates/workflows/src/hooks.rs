//! Starts workflows when somebody else calls: signed requests to the address of a workflow, as Standard Webhooks
//! describes them.
//!
//! The signature is the only credential, and it is asked before anything else is told: an unknown hook, a wrong signature
//! and a stale moment are one answer. A message is one run, however often it is delivered, and however many servers take
//! it: it is remembered in the transaction that writes the run.

mod signature;

use std::{
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use conductor_access::{Access, Action, Facts, Limit, Resealed, network};
use conductor_domain::{
    Caller, ErrorKind, HookDelivery, Kind, NewAuditEvent, Redacted, RunId, RunTrigger, WorkflowHook,
    WorkflowHookId, WorkflowId, sha256_hex,
};
use conductor_storage::{Store, Unscoped};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value, json};

pub use signature::Signed;

use crate::{
    Error, Execution, Executions, Result,
    owner::{begin, detail},
};

/// How far the moment of a delivery may lie from ours, where nobody says otherwise.
const TOLERANCE: Duration = Duration::from_secs(5 * 60);
/// How long a message is remembered: senders try again for hours under the same id.
pub(crate) const REMEMBERED: TimeDelta = TimeDelta::hours(24);
/// How long the secret before the newest one still signs.
const OVERLAP: TimeDelta = TimeDelta::hours(24);

/// The hooks of every tenant.
#[derive(Clone, Debug)]
pub struct Hooks {
    store: Store,
    access: Arc<Access>,
    executions: Executions,
    tolerance: TimeDelta,
    /// What is computed with where there is no secret, so that its absence takes as long.
    decoy: Redacted<[u8; signature::BYTES]>,
}

/// A delivery that was signed right.
#[derive(Clone, Debug)]
pub struct Delivery {
    hook: WorkflowHook,
    message: String,
    body_hash: String,
    sent_at: DateTime<Utc>,
    address: Option<IpAddr>,
}

impl Hooks {
    /// The service over these rows, starting runs through `executions`.
    #[must_use]
    pub fn new(store: Store, access: Arc<Access>, executions: Executions) -> Self {
        Self { store, access, executions, tolerance: delta(TOLERANCE), decoy: Redacted::new(rand::random()) }
    }

    /// The same with another distance between the moment of a delivery and ours.
    #[must_use]
    pub fn tolerating(self, tolerance: Duration) -> Self {
        Self { tolerance: delta(tolerance), ..self }
    }

    /// Whether a request is what the hook's secret signed, just now.
    ///
    /// # Errors
    /// `Unsigned`, whatever it is that does not fit; `Access` where too many came from this address.
    pub async fn check(
        &self,
        id: Option<WorkflowHookId>,
        signed: &Signed<'_>,
        address: Option<IpAddr>,
    ) -> Result<Delivery> {
        let place = id.map_or(0, |id| id.as_uuid().as_bytes()[15]);
        let from = network(address.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)));
        self.access.limits().take(Limit::Hook(place, from))?;
        let now = self.store.clock().now();
        let hook = match id {
            Some(id) => self.store.unscoped(Unscoped::Starts).hooks().find(id).await?,
            None => None,
        };
        let keys = match &hook {
            Some(hook) => self.keys(hook, now).await?,
            None => Vec::new(),
        };
        // Where there is no key there is as much to do, and nobody to have signed it.
        let decoy = [self.decoy.expose().to_vec()];
        let fits = signed.is_by(if keys.is_empty() { &decoy } else { &keys });
        let sent_at = signed.sent_at().filter(|sent| (now - sent).abs() <= self.tolerance);
        match (hook, sent_at) {
            (Some(hook), Some(sent_at)) if fits => Ok(Delivery {
                hook,
                message: signed.id.to_owned(),
                body_hash: sha256_hex(signed.body),
                sent_at,
                address,
            }),
            _ => Err(Error::Unsigned),
        }
    }

    /// Starts the run that a delivery asks for, or finds the one that it started before. The fields of `event` that are
    /// inputs of the workflow are given to it; an input of the name `event` gets all of it.
    ///
    /// # Errors
    /// `Reused` where the message came before with another body; else what a start refuses, which the hook then tells.
    pub async fn deliver(&self, delivery: Delivery, event: Map<String, Value>) -> Result<RunId> {
        let Delivery { hook, message, body_hash, sent_at, address } = delivery;
        let execution =
            Execution { event: Some(event), trigger: Some(RunTrigger::Webhook), ..Execution::default() };
        let ready = self.executions.ready_as_owner(hook.workflow_id, execution, address).await;
        let ready = match ready {
            // What may be over in a moment is nothing to be told: the sender tries again.
            Err(error) if error.kind() == ErrorKind::Unavailable => return Err(error),
            Err(error) => Err(of_body(error)),
            Ok(mut ready) => {
                ready.entry.data = json!({ "hook_id": hook.id, "message_id": message });
                Ok(ready)
            }
        };
        let expires_at = (self.store.clock().now() + REMEMBERED).max(sent_at + self.tolerance);
        self.store
            .scoped(hook.scope)
            .write(move |tx| {
                Box::pin(async move {
                    // Of two deliveries at once, one sees the run of the other.
                    tx.workflows().hold(hook.workflow_id).await?;
                    let present = tx.hooks().of_workflow(hook.workflow_id).await?;
                    if present.is_none_or(|present| present.id != hook.id) {
                        return Ok(Err(Error::Unsigned));
                    }
                    if let Some(earlier) = tx.hooks().delivered(hook.id, &message).await? {
                        let same = earlier.body_hash == body_hash;
                        return Ok(if same { Ok(earlier.run_id) } else { Err(Error::Reused) });
                    }
                    Ok(match begin(ready, tx).await? {
                        Ok(run) => {
                            let run_id = run.id;
                            let delivered = HookDelivery { message, body_hash, run_id, expires_at };
                            tx.hooks().deliver(hook.id, delivered).await?;
                            tx.hooks().tell(hook.id, Ok(run_id)).await?;
                            Ok(run_id)
                        }
                        Err(error) => {
                            tracing::info!(%error, workflow.id = %hook.workflow_id, "a delivery started no run");
                            tx.hooks().tell(hook.id, Err((error.code(), &detail(&error)))).await?;
                            Err(error)
                        }
                    })
                })
            })
            .await
            .and_then(|came: Result<RunId>| came)
    }

    /// Makes the secret of a workflow's hook, the first or another one. It is told this once. The one before signs for
    /// another day; the one before that does not.
    ///
    /// # Errors
    /// `Hidden`, also where the workflow has no hook; `NotOwner` where it is not the caller's own: whoever has the secret
    /// starts it as the owner.
    pub async fn rotate(&self, caller: &Caller, id: WorkflowId) -> Result<Redacted<String>> {
        let workflow = self.executions.workflows.row(caller, id, Action::WorkflowUpdate).await?;
        if workflow.owner_user_id.is_none() || workflow.owner_user_id != caller.user_id() {
            let reason = "whoever has the secret starts the workflow as its owner";
            let facts = Facts::from(&workflow);
            let action = Action::WorkflowUpdate;
            self.access.refused(caller, action, &facts, "workflows/secret-of-the-owner", reason).await?;
            return Err(Error::NotOwner);
        }
        let hook = self.store.visible_to(caller).hooks().of(id).await?;
        let hook = hook.ok_or(Error::Hidden { what: "webhook" })?;
        let (scope, reference) = (workflow.scope, hook.secret_ref.as_str());
        let secret = signature::draw();
        let vault = self.access.vault();
        enum Sealed {
            First(conductor_domain::NewSecret),
            Next(Resealed),
        }
        let sealed = if hook.secret_at.is_some() {
            let before = vault.open(scope, reference).await?;
            let before = before.expose_secret().split(' ').next().unwrap_or_default();
            let both = Redacted::new(format!("{} {before}", secret.expose()));
            Sealed::Next(vault.reseal(scope, reference, both.expose()).await?)
        } else {
            Sealed::First(vault.seal(scope, reference, "webhook", secret.expose(), caller.user_id()).await?)
        };
        let mut entry = NewAuditEvent::by(
            caller,
            "workflow.hook_rotated",
            Action::WorkflowUpdate.as_str(),
            format!("workflow:{id}"),
        )
        .on("workflow", id)
        .labelled(workflow.spec.data_classification);
        entry.data = json!({ "hook_id": hook.id });
        self.store
            .scoped(scope)
            .write(move |tx| {
                Box::pin(async move {
                    tx.workflows().hold(id).await?;
                    let present = tx.hooks().of_workflow(id).await?;
                    if present.is_none_or(|present| present.id != hook.id) {
                        return Err(Error::Hidden { what: "webhook" });
                    }
                    match sealed {
                        Sealed::First(new) => drop(tx.secrets().create(new).await?),
                        Sealed::Next(Resealed { version, ciphertext, key_id }) => {
                            drop(tx.secrets().replace(&hook.secret_ref, version, ciphertext, key_id).await?);
                        }
                    }
                    tx.hooks().sealed(hook.id).await?;
                    Ok(tx.audit().record(entry).await?)
                })
            })
            .await?;
        Ok(secret)
    }

    /// The keys that may sign now, the newest first; none where there is no secret, or none that opens.
    async fn keys(&self, hook: &WorkflowHook, now: DateTime<Utc>) -> Result<Vec<Vec<u8>>> {
        let Some(secret_at) = hook.secret_at else { return Ok(Vec::new()) };
        let secrets = match self.access.vault().open(hook.scope, &hook.secret_ref).await {
            Ok(secrets) => secrets,
            // Gone with its tenant, or this moment: that it was there is nobody's to know.
            Err(conductor_access::Error::Secret { .. }) => SecretString::default(),
            Err(error) => return Err(error.into()),
        };
        let valid = if now < secret_at + OVERLAP { 2 } else { 1 };
        Ok(secrets.expose_secret().split(' ').take(valid).filter_map(signature::key).collect())
    }
}

/// A delivery has its fields where the API has its inputs.
fn of_body(error: Error) -> Error {
    let Error::Invalid { mut faults } = error else { return error };
    for fault in &mut faults {
        if let Some(field) = fault.pointer.strip_prefix("/inputs") {
            fault.pointer = field.to_owned();
        }
    }
    Error::Invalid { faults }
}

fn delta(duration: Duration) -> TimeDelta {
    TimeDelta::from_std(duration).unwrap_or(TimeDelta::MAX)
}
