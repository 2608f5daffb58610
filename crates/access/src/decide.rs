//! Asks `rbac` about rows, and writes down what was refused.

use std::sync::{Arc, PoisonError, RwLock};

use conductor_domain::{Caller, Decision, Effect, NewAuditEvent, Principal};
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
            return Ok(());
        }
        let decision = self.decide(caller, action, facts, None);
        let Some(denied) = denial(&decision) else { return Ok(()) };
        let entry = NewAuditEvent::by(caller, "access.denied", action.as_str(), facts.target.clone())
            .decided(&decision);
        self.record(caller, entry).await?;
        Err(refusal(action, denied, &decision))
    }

    /// Goes on where the scopes of the caller's credential include an action at all, as for a list of rows; a refusal
    /// is an entry of the audit log. A session has no scopes and passes.
    ///
    /// # Errors
    /// `Denied`.
    pub async fn require_scope(&self, caller: &Caller, action: Action) -> Result<()> {
        if in_scopes(caller, action) {
            return Ok(());
        }
        let reason = format!("the credential's scopes leave out {action}");
        let mut entry =
            NewAuditEvent::by(caller, "access.denied", action.as_str(), format!("{}:*", action.kind()));
        entry.allowed = false;
        entry.rule_id = Some("credential/scope".to_owned());
        entry.denial_reason = Some(reason.clone());
        self.record(caller, entry).await?;
        Err(Error::Denied { code: "scope_missing", rule: "credential/scope".to_owned(), reason })
    }

    /// Whether the caller's roles have this permission at all, within the scopes of its credential.
    #[must_use]
    pub fn permits(&self, caller: &Caller, action: Action) -> bool {
        self.index().permits(&caller.roles, action) && in_scopes(caller, action)
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

fn in_scopes(caller: &Caller, action: Action) -> bool {
    caller.token_scopes.as_ref().is_none_or(|scopes| scopes.iter().any(|scope| action.is_covered_by(scope)))
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
    request.owner = (facts.owner.is_some() && facts.owner == caller.user_id())
        || (facts.actor.is_some() && facts.actor == caller.machine());
    request.same_organization = facts.scope.organization_id == caller.scope.organization_id;
    request.same_environment = facts.scope == caller.scope;
    request.agents = match (&caller.principal, facts.agents.as_slice()) {
        // An agent that calls by its own token acts, also where no other one does.
        (Principal::Agent { agent_id }, []) => std::slice::from_ref(agent_id),
        (_, agents) => agents,
    };
    request.arguments = arguments;
    request
}

fn refusal(action: Action, denied: Denial, decision: &Decision) -> Error {
    let code = match denied {
        Denial::Hidden => return Error::Hidden { what: action.kind().as_str() },
        Denial::Credential => "scope_missing",
        Denial::Role => "role_missing",
        Denial::Clearance => "clearance_too_low",
        Denial::Access | Denial::Policy => "policy_denied",
    };
    let reason = decision.trace.last().map_or_else(String::new, |step| step.says.clone());
    Error::Denied { code, rule: decision.rule.clone(), reason }
}
