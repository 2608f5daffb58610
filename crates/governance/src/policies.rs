//! Policies: written whole, checked before they are stored, and never so that their author is locked out.

use std::sync::Arc;

use conductor_access::{Access, Action, Facts, baseline, check_policy, with_draft};
use conductor_domain::{
    BindingScope, Caller, Effect, EnvironmentId, FieldError, NewAuditEvent, Obligation, Page, PageRequest,
    Policy, PolicyBinding, PolicyBindingId, PolicyId, PolicyMode, PolicyRule, PolicyRuleId,
};
use conductor_storage::Store;
use serde_json::{Value, json};

use crate::{Error, Result, parts::cut};

/// Rules and bindings that one policy may have; past this, write another.
const PARTS: usize = 500;

/// A rule as it is written; `id` keeps the one that is changed.
#[derive(Clone, Debug)]
pub struct RuleDraft {
    /// The rule that this one replaces.
    pub id: Option<PolicyRuleId>,
    /// `tool.invoke`, `agent.*` or `*`.
    pub action: String,
    /// `tool:pdf/read`, `tool:pdf/*` or `*`.
    pub target: String,
    /// What it says.
    pub effect: Effect,
    /// An object of which every key must hold.
    pub conditions: Value,
    /// What must be done when it lets a request pass.
    pub obligations: Vec<Obligation>,
}

/// A binding as it is written.
#[derive(Clone, Debug)]
pub struct BindingDraft {
    /// The binding that this one replaces.
    pub id: Option<PolicyBindingId>,
    /// The type of place.
    pub scope_type: BindingScope,
    /// Its id or name; `*` for every one of its type.
    pub scope_id: String,
    /// Among rules that allow or ask, the highest speaks.
    pub priority: i32,
}

/// A change of a policy; what is `None` stays.
#[derive(Clone, Debug, Default)]
pub struct PolicyEdit {
    /// The name.
    pub name: Option<String>,
    /// What it is for.
    pub description: Option<Option<String>>,
    /// The one environment it holds in.
    pub environment_id: Option<Option<EnvironmentId>>,
    /// Whether its word counts.
    pub mode: Option<PolicyMode>,
    /// Whether it is asked at all.
    pub is_active: Option<bool>,
    /// All of its rules.
    pub rules: Option<Vec<RuleDraft>>,
    /// All of its bindings.
    pub bindings: Option<Vec<BindingDraft>>,
    /// The version that was read, where the change must not undo another one.
    pub version: Option<i32>,
}

/// Policies of the organisation that a caller acts in.
#[derive(Clone, Debug)]
pub struct Policies {
    pub(crate) store: Store,
    pub(crate) access: Arc<Access>,
}

impl Policies {
    /// Over these rows and this decision point.
    #[must_use]
    pub fn new(store: Store, access: Arc<Access>) -> Self {
        Self { store, access }
    }

    /// The organisation's policies, the newest first; the ones that every organisation starts with close the list.
    ///
    /// # Errors
    /// When the caller may not see them, or the cursor is not one of this list.
    pub async fn page(&self, caller: &Caller, page: PageRequest) -> Result<Page<Policy>> {
        cut(self.all(caller).await?, page, |policy| policy.id.to_string())
    }

    /// Every policy, in the order of the list.
    ///
    /// # Errors
    /// When the caller may not see them.
    pub async fn all(&self, caller: &Caller) -> Result<Vec<Policy>> {
        self.require(caller, Action::PolicyRead, None).await?;
        let stored = self.store.visible_to(caller).policies().all().await?;
        let mut all: Vec<Policy> =
            stored.iter().filter(|policy| !policy.is_baseline).rev().cloned().collect();
        all.extend(
            baseline(caller.scope.organization_id).into_iter().map(|policy| switched(policy, &stored)),
        );
        Ok(all)
    }

    /// A policy.
    ///
    /// # Errors
    /// `Hidden`.
    pub async fn find(&self, caller: &Caller, id: PolicyId) -> Result<Policy> {
        let found = self.all(caller).await?.into_iter().find(|policy| policy.id == id);
        found.ok_or(Error::Hidden { what: "policy" })
    }

    /// Makes a policy.
    ///
    /// # Errors
    /// `Invalid`, `Taken` or `LockedOut`.
    pub async fn create(&self, caller: &Caller, edit: PolicyEdit) -> Result<Policy> {
        self.require(caller, Action::PolicyCreate, None).await?;
        let mut policy = self.blank(caller);
        self.apply(caller, &mut policy, edit).await?;
        self.put(caller, policy, "policy.created", Action::PolicyCreate).await
    }

    /// Changes a policy. Of one that every organisation starts with, only whether it is active.
    ///
    /// # Errors
    /// `Hidden`, `Invalid`, `Taken`, `Stale`, `BuiltIn` or `LockedOut`.
    pub async fn update(&self, caller: &Caller, id: PolicyId, edit: PolicyEdit) -> Result<Policy> {
        self.require(caller, Action::PolicyUpdate, Some(id)).await?;
        let mut policy = self.find(caller, id).await?;
        if policy.is_baseline {
            return self.switch(caller, policy, edit).await;
        }
        if edit.version.is_some_and(|version| version != policy.version) {
            return Err(Error::Stale);
        }
        self.apply(caller, &mut policy, edit).await?;
        self.put(caller, policy, "policy.updated", Action::PolicyUpdate).await
    }

    /// Deletes a policy; what it denied is allowed again, and what it allowed no more.
    ///
    /// # Errors
    /// `Hidden`, `BuiltIn` or `LockedOut`.
    pub async fn delete(&self, caller: &Caller, id: PolicyId) -> Result<()> {
        self.require(caller, Action::PolicyDelete, Some(id)).await?;
        let policy = self.find(caller, id).await?;
        if policy.is_baseline {
            return Err(Error::BuiltIn);
        }
        self.keeps_author(caller, Policy { is_active: false, ..policy.clone() }).await?;
        let entry = entry(caller, "policy.deleted", Action::PolicyDelete, &policy);
        self.store
            .scoped(caller.scope)
            .write(move |tx| {
                Box::pin(async move {
                    tx.policies().delete(id).await?;
                    tx.audit().record(entry).await?;
                    Ok::<_, Error>(())
                })
            })
            .await?;
        self.access.rules_changed(caller.scope.organization_id);
        Ok(())
    }

    /// The organisation's stored policies with a draft among them; a draft counts whatever its mode.
    pub(crate) async fn with_draft(
        &self,
        caller: &Caller,
        id: Option<PolicyId>,
        edit: PolicyEdit,
    ) -> Result<Vec<Policy>> {
        let draft = self.drafted(caller, id, edit).await?;
        Ok(with_draft(self.store.visible_to(caller).policies().all().await?, draft))
    }

    /// A draft of a stored policy, or of a new one, as a run can be tried under it: it counts whatever its mode is and
    /// whether it is switched on or not.
    ///
    /// # Errors
    /// `Hidden`, or `Invalid` where the draft cannot be.
    pub async fn draft(&self, caller: &Caller, id: Option<PolicyId>, edit: PolicyEdit) -> Result<Policy> {
        self.require(caller, Action::PolicyRead, id).await?;
        let edit = PolicyEdit { is_active: edit.is_active.or(Some(true)), ..edit };
        self.drafted(caller, id, edit).await
    }

    async fn drafted(&self, caller: &Caller, id: Option<PolicyId>, edit: PolicyEdit) -> Result<Policy> {
        let mut draft = match id {
            Some(id) => self.find(caller, id).await?,
            None => self.blank(caller),
        };
        if !draft.is_baseline {
            // A draft may be tried before it has a name.
            let name = edit.name.filter(|name| !name.trim().is_empty());
            let name = name.or_else(|| draft.name.is_empty().then(|| "draft".to_owned()));
            let edit = PolicyEdit { name, mode: Some(PolicyMode::Enforced), version: None, ..edit };
            self.apply(caller, &mut draft, edit).await?;
        } else if let Some(is_active) = edit.is_active {
            draft.is_active = is_active;
        }
        Ok(draft)
    }

    /// Whether the organisation has this environment.
    async fn environment(&self, caller: &Caller, id: EnvironmentId) -> Result<()> {
        let found = self.store.visible_to(caller).environments().find(id).await?;
        let missing =
            || Error::field("/environment_id", "not_found", "This organisation has no such environment.");
        found.map(|_| ()).ok_or_else(missing)
    }

    /// A policy without rules, of the caller's organisation and bound to all of it.
    fn blank(&self, caller: &Caller) -> Policy {
        let now = self.store.clock().now();
        Policy {
            id: PolicyId::generate(&**self.store.clock()),
            organization_id: caller.scope.organization_id,
            environment_id: None,
            name: String::new(),
            description: None,
            version: 1,
            mode: PolicyMode::Enforced,
            is_active: true,
            is_baseline: false,
            rules: Vec::new(),
            bindings: vec![PolicyBinding {
                id: PolicyBindingId::generate(&**self.store.clock()),
                scope_type: BindingScope::Org,
                scope_id: "*".to_owned(),
                priority: 0,
                created_at: now,
            }],
            created_at: now,
            updated_at: now,
        }
    }

    async fn apply(&self, caller: &Caller, policy: &mut Policy, edit: PolicyEdit) -> Result<()> {
        let clock = &**self.store.clock();
        let now = clock.now();
        if let Some(name) = edit.name {
            policy.name = name.trim().to_owned();
        }
        if let Some(description) = edit.description {
            policy.description =
                description.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        }
        if let Some(environment) = edit.environment_id {
            if let Some(id) = environment {
                self.environment(caller, id).await?;
            }
            policy.environment_id = environment;
        }
        policy.mode = edit.mode.unwrap_or(policy.mode);
        policy.is_active = edit.is_active.unwrap_or(policy.is_active);
        if let Some(rules) = edit.rules {
            let before = std::mem::take(&mut policy.rules);
            let kept = |id: Option<PolicyRuleId>| before.iter().find(|rule| Some(rule.id) == id);
            policy.rules = rules
                .into_iter()
                .map(|draft| PolicyRule {
                    id: kept(draft.id).map_or_else(|| PolicyRuleId::generate(clock), |rule| rule.id),
                    created_at: kept(draft.id).map_or(now, |rule| rule.created_at),
                    action: draft.action.trim().to_owned(),
                    target: draft.target.trim().to_owned(),
                    effect: draft.effect,
                    conditions: draft.conditions,
                    obligations: draft.obligations,
                })
                .collect();
        }
        if let Some(bindings) = edit.bindings {
            let before = std::mem::take(&mut policy.bindings);
            let kept = |id: Option<PolicyBindingId>| before.iter().find(|binding| Some(binding.id) == id);
            policy.bindings = bindings
                .into_iter()
                .map(|draft| PolicyBinding {
                    id: kept(draft.id).map_or_else(|| PolicyBindingId::generate(clock), |binding| binding.id),
                    created_at: kept(draft.id).map_or(now, |binding| binding.created_at),
                    scope_type: draft.scope_type,
                    scope_id: draft.scope_id.trim().to_owned(),
                    priority: draft.priority,
                })
                .collect();
        }
        let faults = check(policy);
        if faults.is_empty() { Ok(()) } else { Err(Error::Invalid { faults }) }
    }

    /// Stores a policy that has been checked.
    async fn put(&self, caller: &Caller, policy: Policy, event: &str, action: Action) -> Result<Policy> {
        self.keeps_author(caller, policy.clone()).await?;
        let entry = entry(caller, event, action, &policy);
        let stored = self
            .store
            .scoped(caller.scope)
            .write(move |tx| {
                Box::pin(async move {
                    let stored = tx.policies().put(policy).await.map_err(taken)?;
                    tx.audit().record(entry).await?;
                    Ok::<_, Error>(stored)
                })
            })
            .await?;
        self.access.rules_changed(caller.scope.organization_id);
        Ok(stored)
    }

    /// Switches a policy that every organisation starts with on or off, which is all that is stored of it.
    async fn switch(&self, caller: &Caller, policy: Policy, edit: PolicyEdit) -> Result<Policy> {
        let PolicyEdit {
            is_active: Some(is_active),
            name,
            description,
            environment_id,
            mode,
            rules,
            bindings,
            ..
        } = edit
        else {
            return Err(Error::BuiltIn);
        };
        let same = name.is_none_or(|name| name == policy.name)
            && description.is_none_or(|text| text == policy.description)
            && environment_id.flatten().is_none()
            && mode.is_none_or(|mode| mode == policy.mode);
        if !same || rules.is_some() || bindings.is_some() {
            return Err(Error::BuiltIn);
        }
        let stored = self.store.visible_to(caller).policies().all().await?;
        let known = stored.iter().find(|row| row.is_baseline && row.name == policy.name);
        let id = known.map_or_else(|| PolicyId::generate(&**self.store.clock()), |row| row.id);
        let shown = Policy { is_active, ..policy };
        let row = Policy { id, rules: Vec::new(), bindings: Vec::new(), ..shown.clone() };
        let row = self.put(caller, row, "policy.updated", Action::PolicyUpdate).await?;
        Ok(Policy { version: row.version, updated_at: row.updated_at, ..shown })
    }

    /// A change after which its author could not change policies any more is not made.
    async fn keeps_author(&self, caller: &Caller, changed: Policy) -> Result<()> {
        let mut all = self.store.visible_to(caller).policies().all().await?;
        all.retain(|policy| policy.id != changed.id);
        all.push(changed);
        let facts = facts(caller, None);
        let after = self.access.explain(caller, Action::PolicyUpdate, &facts, None, Some(&all)).await?;
        if after.is_allowed() { Ok(()) } else { Err(Error::LockedOut) }
    }

    pub(crate) async fn require(&self, caller: &Caller, action: Action, id: Option<PolicyId>) -> Result<()> {
        Ok(self.access.require(caller, action, &facts(caller, id)).await?)
    }
}

fn facts(caller: &Caller, id: Option<PolicyId>) -> Facts {
    let target = id.map_or_else(|| "policy:new".to_owned(), |id| format!("policy:{id}"));
    Facts::new(target, caller.scope)
}

/// A baseline policy as the organisation has switched it.
fn switched(policy: Policy, stored: &[Policy]) -> Policy {
    match stored.iter().find(|row| row.is_baseline && row.name == policy.name) {
        Some(row) => {
            Policy { is_active: row.is_active, version: row.version, updated_at: row.updated_at, ..policy }
        }
        None => policy,
    }
}

fn check(policy: &Policy) -> Vec<FieldError> {
    let mut faults = Vec::new();
    let letters = policy.name.chars().count();
    if letters == 0 {
        faults.push(FieldError::new("/name", "required", "This is needed."));
    } else if letters > 100 || policy.name.chars().any(char::is_control) {
        faults.push(FieldError::new("/name", "too_long", "Use at most 100 characters on one line."));
    } else if policy.name.starts_with("baseline/") {
        faults.push(FieldError::new(
            "/name",
            "reserved",
            "Names that start with baseline/ are Conductor's own.",
        ));
    }
    if policy.description.as_ref().is_some_and(|text| text.chars().count() > 2_000) {
        faults.push(FieldError::new("/description", "too_long", "Use at most 2000 characters."));
    }
    for (pointer, parts) in [("/rules", policy.rules.len()), ("/bindings", policy.bindings.len())] {
        if parts > PARTS {
            let detail = format!("Use at most {PARTS}; write another policy for the rest.");
            faults.push(FieldError::new(pointer, "too_many", detail));
        }
    }
    faults.extend(check_policy(policy));
    faults
}

fn taken(error: conductor_storage::Error) -> Error {
    match error {
        conductor_storage::Error::NameTaken { .. } => Error::Taken { what: "policy name" },
        other => other.into(),
    }
}

fn entry(caller: &Caller, event: &str, action: Action, policy: &Policy) -> NewAuditEvent {
    let mut entry = NewAuditEvent::by(caller, event, action.as_str(), format!("policy:{}", policy.id))
        .on("policy", policy.id);
    entry.data = json!({
        "name": policy.name,
        "is_active": policy.is_active,
        "mode": policy.mode,
        "environment_id": policy.environment_id,
        "rules": policy.rules,
        "bindings": policy.bindings,
    });
    entry
}
