//! Asks `rbac` about rows, and writes down what was refused.

use std::sync::{Arc, PoisonError, RwLock};

use conductor_domain::{Caller, Classification, Decision, Effect, NewAuditEvent};
use conductor_rbac::{Action, Denial, PolicyIndex, Request, Resource, denial};
use conductor_storage::Store;
use serde_json::Value;

use crate::{Error, Facts, Limits, LimitsOptions, Result, Vault};

/// The live decision point of one process.
#[derive(Debug)]
pub struct Access {
    pub(crate) store: Store,
    index: RwLock<Arc<PolicyIndex>>,
    limits: Limits,
    vault: Vault,
}

impl Access {
    /// Compiles roles and policies and is ready to decide.
    ///
    /// # Errors
    /// When the rows cannot be compiled.
    pub async fn start(store: Store, vault: Vault, limits: LimitsOptions) -> Result<Arc<Self>> {
        let index = PolicyIndex::built_in().await.map_err(Error::Undecidable)?;
        let limits = Limits::new(limits, Arc::clone(store.clock()));
        Ok(Arc::new(Self { store, index: RwLock::new(Arc::new(index)), limits, vault }))
    }

    /// The answer, with its reasons.
    #[must_use]
    pub fn decide(
        &self,
        caller: &Caller,
        action: Action,
        facts: &Facts,
        arguments: Option<&Value>,
    ) -> Decision {
        self.index().decide(&question(caller, action, facts, arguments))
    }

    /// Goes on, or says why not; a refusal is an entry of the audit log.
    ///
    /// # Errors
    /// `Hidden` or `Denied`.
    pub async fn require(&self, caller: &Caller, action: Action, facts: &Facts) -> Result<()> {
        // The reasons are sentences; they are written for refusals alone.
        if self.index().effect(&question(caller, action, facts, None)) != Effect::Deny {
            return self.looked(caller, action, facts).await;
        }
        let decision = self.decide(caller, action, facts, None);
        let Some(denied) = denial(&decision) else { return Ok(()) };
        self.record(caller, entry(caller, "access.denied", action, facts).decided(&decision)).await?;
        Err(refusal(action, denied, &decision))
    }

    /// Takes down a refusal that a service decided by a rule of its own, such as "owners name owners".
    ///
    /// # Errors
    /// When it cannot be taken down.
    pub async fn refused(
        &self,
        caller: &Caller,
        action: Action,
        facts: &Facts,
        rule: &str,
        reason: &str,
    ) -> Result<()> {
        let mut denied = entry(caller, "access.denied", action, facts);
        denied.allowed = false;
        denied.rule_id = Some(rule.to_owned());
        denied.denial_reason = Some(reason.to_owned());
        self.record(caller, denied).await
    }

    /// Looking at something sensitive is an entry too; nobody sees it whose look cannot be taken down.
    async fn looked(&self, caller: &Caller, action: Action, facts: &Facts) -> Result<()> {
        let sensitive = action.kind().is_content() && facts.classification >= Classification::Confidential;
        if action.changes() || !sensitive {
            return Ok(());
        }
        self.record(caller, entry(caller, "data.accessed", action, facts)).await
    }

    /// Whether the caller's roles have this permission at all, as for a menu.
    #[must_use]
    pub fn permits(&self, caller: &Caller, action: Action) -> bool {
        self.index().permits(&caller.roles, action)
    }

    /// Every permission of the caller's roles.
    #[must_use]
    pub fn permissions(&self, caller: &Caller) -> Vec<String> {
        self.index().permissions(&caller.roles)
    }

    /// The limits.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The vault.
    #[must_use]
    pub fn vault(&self) -> &Vault {
        &self.vault
    }

    async fn record(&self, caller: &Caller, entry: NewAuditEvent) -> Result<()> {
        self.store
            .scoped(caller.scope)
            .write(move |tx| Box::pin(async move { tx.audit().record(entry).await }))
            .await
            .map_err(|error: conductor_storage::Error| error.into())
    }

    fn index(&self) -> Arc<PolicyIndex> {
        Arc::clone(&self.index.read().unwrap_or_else(PoisonError::into_inner))
    }
}

/// An entry about a row, as far as its facts name it.
fn entry(caller: &Caller, event: &str, action: Action, facts: &Facts) -> NewAuditEvent {
    let mut entry = NewAuditEvent::by(caller, event, action.as_str(), facts.target.clone());
    if let Some((kind, id)) = facts.target.split_once(':') {
        entry.resource_type = Some(kind.to_owned());
        entry.resource_id = id.parse().ok();
    }
    if action.kind().is_content() {
        entry.data_classification = Some(facts.classification);
    }
    entry
}

fn question<'a>(
    caller: &'a Caller,
    action: Action,
    facts: &'a Facts,
    arguments: Option<&'a Value>,
) -> Request<'a> {
    let mut resource = Resource::new(facts.target.as_str());
    resource.visibility = facts.visibility;
    resource.classification = facts.classification;
    resource.official = facts.official;
    resource.read_only = facts.read_only;
    resource.asks = facts.asks;
    let mut request = Request::new(caller, action, resource);
    request.owner = facts.owner.is_some() && facts.owner == caller.user_id();
    request.same_organization = facts.scope.organization_id == caller.scope.organization_id;
    request.same_environment = facts.scope == caller.scope;
    request.agents = &facts.agents;
    request.arguments = arguments;
    request
}

fn refusal(action: Action, denied: Denial, decision: &Decision) -> Error {
    let code = match denied {
        Denial::Hidden => return Error::Hidden { what: action.kind().as_str() },
        Denial::Credential | Denial::Role => "role_missing",
        Denial::Clearance => "clearance_too_low",
        Denial::Access | Denial::Policy => "policy_denied",
    };
    let reason = decision.trace.last().map_or_else(String::new, |step| step.says.clone());
    Error::Denied { code, rule: decision.rule.clone(), reason }
}
