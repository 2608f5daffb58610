//! Rules and bindings one by one: each a change of the policy that it belongs to.

use conductor_domain::{
    Caller, Page, PageRequest, Policy, PolicyBinding, PolicyBindingId, PolicyId, PolicyRule, PolicyRuleId,
};

use crate::{
    Error, Policies, Result,
    policies::{BindingDraft, PolicyEdit, RuleDraft},
};

impl Policies {
    /// Rules with the policies they belong to, of one policy or of all.
    ///
    /// # Errors
    /// When the caller may not see them, or the cursor is not one of this list.
    pub async fn rules(
        &self,
        caller: &Caller,
        policy: Option<PolicyId>,
        page: PageRequest,
    ) -> Result<Page<(PolicyId, PolicyRule)>> {
        let all = self.all(caller).await?.into_iter().filter(|one| policy.is_none_or(|id| one.id == id));
        let rules =
            all.flat_map(|policy| policy.rules.into_iter().map(move |rule| (policy.id, rule))).collect();
        cut(rules, page, |(_, rule)| rule.id.to_string())
    }

    /// A rule with its policy.
    ///
    /// # Errors
    /// `Hidden`.
    pub async fn rule(&self, caller: &Caller, id: PolicyRuleId) -> Result<(Policy, PolicyRule)> {
        for policy in self.all(caller).await? {
            if let Some(rule) = policy.rules.iter().find(|rule| rule.id == id).cloned() {
                return Ok((policy, rule));
            }
        }
        Err(Error::Hidden { what: "policy rule" })
    }

    /// Adds a rule to a policy.
    ///
    /// # Errors
    /// As `update`.
    pub async fn add_rule(&self, caller: &Caller, policy: PolicyId, draft: RuleDraft) -> Result<PolicyRule> {
        let policy = self.find(caller, policy).await?;
        let mut rules: Vec<RuleDraft> = policy.rules.iter().cloned().map(Into::into).collect();
        rules.push(draft);
        let changed = self.update(caller, policy.id, of_rules(&policy, rules)).await?;
        let known = |rule: &PolicyRule| policy.rules.iter().any(|before| before.id == rule.id);
        changed.rules.into_iter().find(|rule| !known(rule)).ok_or(Error::Stale)
    }

    /// Changes a rule.
    ///
    /// # Errors
    /// As `update`.
    pub async fn change_rule(
        &self,
        caller: &Caller,
        id: PolicyRuleId,
        change: impl FnOnce(&mut RuleDraft) + Send,
    ) -> Result<(PolicyId, PolicyRule)> {
        let (policy, rule) = self.rule(caller, id).await?;
        let mut draft = RuleDraft::from(rule);
        change(&mut draft);
        let rules = policy.rules.iter().cloned().map(RuleDraft::from);
        let rules = rules.map(|rule| if rule.id == Some(id) { draft.clone() } else { rule }).collect();
        let changed = self.update(caller, policy.id, of_rules(&policy, rules)).await?;
        let rule = changed.rules.into_iter().find(|rule| rule.id == id).ok_or(Error::Stale)?;
        Ok((policy.id, rule))
    }

    /// Removes a rule.
    ///
    /// # Errors
    /// As `update`.
    pub async fn remove_rule(&self, caller: &Caller, id: PolicyRuleId) -> Result<()> {
        let (policy, _) = self.rule(caller, id).await?;
        let rules = policy.rules.iter().filter(|rule| rule.id != id).cloned().map(Into::into).collect();
        self.update(caller, policy.id, of_rules(&policy, rules)).await.map(|_| ())
    }

    /// Bindings with the policies they belong to, of one policy or of all.
    ///
    /// # Errors
    /// When the caller may not see them, or the cursor is not one of this list.
    pub async fn bindings(
        &self,
        caller: &Caller,
        policy: Option<PolicyId>,
        page: PageRequest,
    ) -> Result<Page<(PolicyId, PolicyBinding)>> {
        let all = self.all(caller).await?.into_iter().filter(|one| policy.is_none_or(|id| one.id == id));
        let bindings = all
            .flat_map(|policy| policy.bindings.into_iter().map(move |binding| (policy.id, binding)))
            .collect();
        cut(bindings, page, |(_, binding)| binding.id.to_string())
    }

    /// A binding with its policy.
    ///
    /// # Errors
    /// `Hidden`.
    pub async fn binding(&self, caller: &Caller, id: PolicyBindingId) -> Result<(Policy, PolicyBinding)> {
        for policy in self.all(caller).await? {
            if let Some(binding) = policy.bindings.iter().find(|binding| binding.id == id).cloned() {
                return Ok((policy, binding));
            }
        }
        Err(Error::Hidden { what: "policy binding" })
    }

    /// Binds a policy to another place.
    ///
    /// # Errors
    /// As `update`.
    pub async fn add_binding(
        &self,
        caller: &Caller,
        policy: PolicyId,
        draft: BindingDraft,
    ) -> Result<PolicyBinding> {
        let policy = self.find(caller, policy).await?;
        let mut bindings: Vec<BindingDraft> = policy.bindings.iter().cloned().map(Into::into).collect();
        bindings.push(draft);
        let changed = self.update(caller, policy.id, of_bindings(&policy, bindings)).await?;
        let known = |binding: &PolicyBinding| policy.bindings.iter().any(|before| before.id == binding.id);
        changed.bindings.into_iter().find(|binding| !known(binding)).ok_or(Error::Stale)
    }

    /// Changes a binding.
    ///
    /// # Errors
    /// As `update`.
    pub async fn change_binding(
        &self,
        caller: &Caller,
        id: PolicyBindingId,
        change: impl FnOnce(&mut BindingDraft) + Send,
    ) -> Result<(PolicyId, PolicyBinding)> {
        let (policy, binding) = self.binding(caller, id).await?;
        let mut draft = BindingDraft::from(binding);
        change(&mut draft);
        let bindings = policy.bindings.iter().cloned().map(BindingDraft::from);
        let bindings = bindings.map(|one| if one.id == Some(id) { draft.clone() } else { one }).collect();
        let changed = self.update(caller, policy.id, of_bindings(&policy, bindings)).await?;
        let binding = changed.bindings.into_iter().find(|binding| binding.id == id).ok_or(Error::Stale)?;
        Ok((policy.id, binding))
    }

    /// Removes a binding.
    ///
    /// # Errors
    /// As `update`.
    pub async fn remove_binding(&self, caller: &Caller, id: PolicyBindingId) -> Result<()> {
        let (policy, _) = self.binding(caller, id).await?;
        let bindings =
            policy.bindings.iter().filter(|binding| binding.id != id).cloned().map(Into::into).collect();
        self.update(caller, policy.id, of_bindings(&policy, bindings)).await.map(|_| ())
    }
}

/// The version guards against a change that came between reading and writing.
fn of_rules(policy: &Policy, rules: Vec<RuleDraft>) -> PolicyEdit {
    PolicyEdit { rules: Some(rules), version: Some(policy.version), ..PolicyEdit::default() }
}

fn of_bindings(policy: &Policy, bindings: Vec<BindingDraft>) -> PolicyEdit {
    PolicyEdit { bindings: Some(bindings), version: Some(policy.version), ..PolicyEdit::default() }
}

impl From<PolicyRule> for RuleDraft {
    fn from(rule: PolicyRule) -> Self {
        let PolicyRule { id, action, target, effect, conditions, obligations, .. } = rule;
        Self { id: Some(id), action, target, effect, conditions, obligations }
    }
}

impl From<PolicyBinding> for BindingDraft {
    fn from(binding: PolicyBinding) -> Self {
        let PolicyBinding { id, scope_type, scope_id, priority, .. } = binding;
        Self { id: Some(id), scope_type, scope_id, priority }
    }
}

/// A page of a list that is in memory as a whole.
pub(crate) fn cut<T>(mut all: Vec<T>, page: PageRequest, name: impl Fn(&T) -> String) -> Result<Page<T>> {
    if let Some(after) = &page.after {
        let at = all.iter().position(|item| name(item) == *after);
        let at = at.ok_or(Error::Storage(conductor_storage::Error::BadCursor))?;
        all.drain(..=at);
    }
    all.truncate(usize::try_from(page.limit).unwrap_or(usize::MAX).saturating_add(1));
    Ok(Page::cut(all, page.limit, name))
}
