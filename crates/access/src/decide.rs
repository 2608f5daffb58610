//! Asks `rbac` about rows, and writes down what was refused.

mod begin;

use std::{borrow::Cow, sync::Arc};

use chrono::{DateTime, Utc};
use conductor_domain::{
    Caller, Classification, Decision, Effect, Grant, NewAuditEvent, Obligation, Principal,
};
use conductor_rbac::{Action, Denial, Levels, PolicyIndex, Request, Resource, denial};
use conductor_storage::Store;
use serde_json::Value;

use crate::{
    Budgets, Days, Error, Facts, Limits, LimitsOptions, Prices, Result, Vault,
    draft::Drafts,
    facts::words_of_people,
    rules::{Compiled, Rules},
};

/// The live decision point of one process.
#[derive(Debug)]
pub struct Access {
    pub(crate) store: Store,
    pub(crate) rules: Rules,
    pub(crate) drafts: Drafts,
    limits: Limits,
    days: Days,
    budgets: Budgets,
    prices: Prices,
    vault: Vault,
}

/// What decides for one caller at this moment, for many rows at once.
#[derive(Clone, Debug)]
pub struct Judge {
    compiled: Arc<Compiled>,
    /// Rules to be tried instead.
    draft: Option<Arc<PolicyIndex>>,
    now: DateTime<Utc>,
}

impl Access {
    /// Compiles the built-in roles and policies, to be sure that they can be read, and is ready to decide.
    ///
    /// # Errors
    /// When they cannot be compiled.
    pub async fn start(store: Store, vault: Vault, limits: LimitsOptions) -> Result<Arc<Self>> {
        PolicyIndex::built_in().await.map_err(Error::Undecidable)?;
        let limits = Limits::new(limits, Arc::clone(store.clock()));
        let (budgets, prices) = (Budgets::new(store.clone()), Prices::new(store.clone()));
        let days = Days::new(store.clone());
        let (rules, drafts) = (Rules::new(store.clone()), Drafts::default());
        Ok(Arc::new(Self { store, rules, drafts, limits, days, budgets, prices, vault }))
    }

    /// The answer, with its reasons. A call of a tool is decided by the rules as they are now, anything else by rules
    /// that are at most a second old.
    ///
    /// # Errors
    /// When the rules cannot be read; then nothing is allowed.
    pub async fn decide(
        &self,
        caller: &Caller,
        action: Action,
        facts: &Facts,
        arguments: Option<&Value>,
    ) -> Result<Decision> {
        let judge = match action {
            Action::ToolInvoke => self.judge_now(caller).await?,
            _ => self.judge(caller).await?,
        };
        let decision = judge.decide(caller, action, facts, arguments);
        self.watch(&judge, caller, action, facts, arguments, &decision).await?;
        Ok(decision)
    }

    /// Takes down what the policies that only watch would have said, where that is something else.
    async fn watch(
        &self,
        judge: &Judge,
        caller: &Caller,
        action: Action,
        facts: &Facts,
        arguments: Option<&Value>,
        decision: &Decision,
    ) -> Result<()> {
        match judge.shadow(caller, action, facts, arguments) {
            Some(shadow) if shadow.effect != decision.effect => {
                let entry = NewAuditEvent::by(caller, "policy.shadow", action.as_str(), facts.target.clone());
                self.record(caller, judge.asked(entry.decided(&shadow), caller, facts)).await
            }
            _ => Ok(()),
        }
    }

    /// Goes on, or says why not; a refusal is an entry of the audit log.
    ///
    /// # Errors
    /// `Hidden` or `Denied`; `Unreadable` where nothing can be decided.
    pub async fn require(&self, caller: &Caller, action: Action, facts: &Facts) -> Result<()> {
        let judge = self.judge(caller).await?;
        self.pass(&judge, caller, action, facts, None).await
    }

    /// The same as `require`, with what must be done on the way.
    ///
    /// # Errors
    /// As `require`.
    pub async fn admit(&self, caller: &Caller, action: Action, facts: &Facts) -> Result<Vec<Obligation>> {
        let judge = self.judge(caller).await?;
        self.pass(&judge, caller, action, facts, None).await?;
        Ok(judge.decide(caller, action, facts, None).obligations)
    }

    /// Lets a tool call begin that is not denied; a question to a person comes on its way. The same as `require`, with
    /// the arguments that rules may ask about.
    ///
    /// # Errors
    /// As `require`.
    pub async fn require_call(&self, caller: &Caller, facts: &Facts, arguments: &Value) -> Result<()> {
        let judge = self.judge_now(caller).await?;
        self.pass(&judge, caller, Action::ToolInvoke, facts, Some(arguments)).await
    }

    async fn pass(
        &self,
        judge: &Judge,
        caller: &Caller,
        action: Action,
        facts: &Facts,
        arguments: Option<&Value>,
    ) -> Result<()> {
        // The reasons are sentences; they are written for refusals alone.
        if judge.effect(caller, action, facts, arguments) != Effect::Deny {
            return self.looked(caller, action, facts).await;
        }
        let decision = judge.decide(caller, action, facts, arguments);
        let Some(denied) = denial(&decision) else { return Ok(()) };
        // A call that is refused before it has a run is decided here, and nowhere else.
        if action == Action::ToolInvoke {
            self.watch(judge, caller, action, facts, arguments, &decision).await?;
        }
        let entry = entry(caller, "access.denied", action, facts).decided(&decision);
        self.record(caller, judge.asked(entry, caller, facts)).await?;
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

    /// What decides for the caller, at most a second old.
    ///
    /// # Errors
    /// When the rules cannot be read.
    pub async fn judge(&self, caller: &Caller) -> Result<Judge> {
        let compiled = self.rules.of(caller.scope.organization_id).await?;
        Ok(Judge { compiled, draft: None, now: self.store.clock().now() })
    }

    pub(crate) async fn judge_now(&self, caller: &Caller) -> Result<Judge> {
        let compiled = self.rules.latest(caller.scope.organization_id).await?;
        Ok(Judge { compiled, draft: None, now: self.store.clock().now() })
    }

    /// The limits.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The budgets.
    #[must_use]
    pub fn budgets(&self) -> &Budgets {
        &self.budgets
    }

    /// What models cost.
    #[must_use]
    pub fn prices(&self) -> &Prices {
        &self.prices
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
}

impl Judge {
    /// The answer, with its reasons.
    #[must_use]
    pub fn decide(
        &self,
        caller: &Caller,
        action: Action,
        facts: &Facts,
        arguments: Option<&Value>,
    ) -> Decision {
        self.index().decide(&self.question(caller, action, facts, arguments))
    }

    /// Whether the caller may do this: `decide` without its sentences.
    #[must_use]
    pub fn allows(&self, caller: &Caller, action: Action, facts: &Facts) -> bool {
        self.effect(caller, action, facts, None) == Effect::Allow
    }

    /// Whether the caller may do this without what was granted to it: as owner, by a role, by visibility.
    #[must_use]
    pub fn allows_ungranted(&self, caller: &Caller, action: Action, facts: &Facts) -> bool {
        let question = Request { grant: Levels::NONE, ..self.question(caller, action, facts, None) };
        self.index().effect(&question) == Effect::Allow
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

    /// The same caller and moment, before other rules.
    pub(crate) fn against(self, draft: impl Into<Arc<PolicyIndex>>) -> Self {
        Self { draft: Some(draft.into()), ..self }
    }

    /// The same caller and moment, as if these grants were as they are here.
    pub(crate) fn given(self, grants: &[Grant]) -> Self {
        if grants.is_empty() {
            return self;
        }
        Self { compiled: Arc::new(self.compiled.with_grants(grants)), ..self }
    }

    /// What live grants give the caller on a row.
    #[must_use]
    pub fn levels(&self, caller: &Caller, facts: &Facts) -> Levels {
        if facts.scope.organization_id != caller.scope.organization_id {
            return Levels::NONE;
        }
        let targets = std::iter::once(facts.target.as_str()).chain(facts.within.iter().map(String::as_str));
        self.compiled.grants.levels(&caller.principal.subject(), &caller.roles, targets, self.now)
    }

    fn index(&self) -> &PolicyIndex {
        self.draft.as_deref().unwrap_or(&self.compiled.rules.index)
    }

    /// The answer alone: the same as `decide(…).effect`, without its sentences.
    #[must_use]
    pub fn effect(
        &self,
        caller: &Caller,
        action: Action,
        facts: &Facts,
        arguments: Option<&Value>,
    ) -> Effect {
        self.index().effect(&self.question(caller, action, facts, arguments))
    }

    /// What would be decided if the policies that only watch counted too.
    fn shadow(
        &self,
        caller: &Caller,
        action: Action,
        facts: &Facts,
        arguments: Option<&Value>,
    ) -> Option<Decision> {
        let shadow = self.compiled.rules.shadow.as_ref()?;
        Some(shadow.decide(&self.question(caller, action, facts, arguments)))
    }

    fn question<'a>(
        &self,
        caller: &'a Caller,
        action: Action,
        facts: &'a Facts,
        arguments: Option<&'a Value>,
    ) -> Request<'a> {
        let mut request = question(caller, action, facts, arguments);
        request.environment_type = self.compiled.environment_type(caller.scope);
        request.now = Some(self.now);
        request.grant = self.levels(caller, facts);
        request.resource.labels = self.labels(facts);
        request
    }

    /// The words on a row: those that it has itself, and the tags that it has been given. What is said of an agent holds
    /// for all that it does.
    pub(crate) fn labels<'a>(&self, facts: &'a Facts) -> Cow<'a, [String]> {
        let acting = facts.agents.iter().map(|agent| format!("agent:{agent}"));
        let known = &self.compiled.rules.tags;
        let given = acting.chain([facts.target.clone()]).filter_map(|name| known.get(&name)).flatten();
        let given = words_of_people(given);
        match given.is_empty() {
            true => facts.labels.as_slice().into(),
            false => facts.labels.iter().cloned().chain(given).collect(),
        }
    }
}

fn in_scopes(caller: &Caller, action: Action) -> bool {
    caller.token_scopes.as_ref().is_none_or(|scopes| scopes.iter().any(|scope| action.is_covered_by(scope)))
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
    resource.outbound = facts.outbound;
    resource.requires = &facts.requires;
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
    request.context_labels = &facts.context;
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
