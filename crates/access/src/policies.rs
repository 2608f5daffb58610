//! Policies as the decision point reads them: checked before they are stored, explained, and the ones that every
//! organisation starts with.

use std::sync::Arc;

use chrono::DateTime;
use conductor_domain::{
    BindingScope, Caller, Decision, Effect, FieldError, Grant, OrganizationId, Policy, PolicyBinding,
    PolicyBindingId, PolicyId, PolicyMode, PolicyRule, PolicyRuleId, RecordedDecision,
};
use conductor_rbac::{Action, PolicyIndex, built_in_policies};
use conductor_storage::Unscoped;
use serde_json::Value;

use crate::{
    Access, Facts, Judge, Result,
    record::Asked,
    rules::{Compiled, build, policy_rows, roles},
};

/// What is wrong with a policy, each fault with its place under `/rules`.
#[must_use]
pub fn check_policy(policy: &Policy) -> Vec<FieldError> {
    // Bindings belong to every rule: their faults are found once, on a rule of their own.
    let places = policy_rows(policy).enumerate().filter_map(|(at, mut row)| {
        row.bindings.clear();
        let why = row.check().err()?;
        Some(FieldError::new(format!("/rules/{at}"), "policy_invalid", sentence(&why)))
    });
    let mut faults: Vec<FieldError> = places.collect();
    for (at, binding) in policy.bindings.iter().enumerate() {
        let mut one = Policy { bindings: vec![binding.clone()], ..policy.clone() };
        one.rules = vec![PolicyRule {
            id: PolicyRuleId::NIL,
            action: "*".to_owned(),
            target: "*".to_owned(),
            effect: Effect::Deny,
            conditions: Value::Null,
            obligations: Vec::new(),
            created_at: binding.created_at,
        }];
        if let Some(Err(why)) = policy_rows(&one).next().map(|row| row.check()) {
            faults.push(FieldError::new(format!("/bindings/{at}"), "policy_invalid", sentence(&why)));
        }
    }
    faults
}

fn sentence(error: &conductor_rbac::Error) -> String {
    let conductor_rbac::Error::UnreadablePolicy { why, .. } = error else { return error.to_string() };
    let mut letters = why.chars();
    letters.next().map_or_else(String::new, |first| format!("{}{}.", first.to_uppercase(), letters.as_str()))
}

/// The policies that every organisation starts with, as it may read them. They are the same everywhere; an
/// organisation can only switch one off.
#[must_use]
pub fn baseline(organization: OrganizationId) -> Vec<Policy> {
    let rows = built_in_policies();
    rows.into_iter()
        .zip(1_u128..)
        .map(|(row, number)| {
            // Any fixed numbers do: nobody else makes ids with a zero time.
            let id = 0x7000_8000_0000_0000_0000_u128 | (number << 8);
            let at = DateTime::UNIX_EPOCH;
            Policy {
                id: PolicyId::from_uuid(uuid::Uuid::from_u128(id)),
                organization_id: organization,
                environment_id: None,
                description: Some(describe(&row.id).to_owned()),
                name: row.id,
                version: 1,
                mode: PolicyMode::Enforced,
                is_active: true,
                is_baseline: true,
                rules: vec![PolicyRule {
                    id: PolicyRuleId::from_uuid(uuid::Uuid::from_u128(id | 1)),
                    action: row.action,
                    target: row.target,
                    effect: row.effect.parse().unwrap_or(Effect::Deny),
                    conditions: row.conditions,
                    obligations: row.obligations,
                    created_at: at,
                }],
                bindings: vec![PolicyBinding {
                    id: PolicyBindingId::from_uuid(uuid::Uuid::from_u128(id | 2)),
                    scope_type: BindingScope::Org,
                    scope_id: "*".to_owned(),
                    priority: 0,
                    created_at: at,
                }],
                created_at: at,
                updated_at: at,
            }
        })
        .collect()
}

fn describe(name: &str) -> &'static str {
    match name {
        "baseline/tools-follow-visibility" => {
            "Whoever sees a tool may call it. Without this, every call is denied."
        }
        "baseline/tools-follow-visibility/guests" => "Guests call tools that only read.",
        "baseline/viewers-look-only" => "Viewers change nothing.",
        "baseline/guests-build-nothing" => "Guests build no agents and connectors.",
        _ => "",
    }
}

impl Access {
    /// Lets the next decision in an organisation read its rules anew. Call it once their change is committed; other
    /// servers find it by the version.
    pub fn rules_changed(&self, organization: OrganizationId) {
        self.rules.forget(organization);
    }

    /// Lets every decision in an organisation count its grants as they are now. Call it once their change is committed;
    /// other servers find it by the version.
    pub async fn grants_changed(&self, organization: OrganizationId) {
        self.rules.refresh(organization).await;
    }

    /// What would be decided, for this caller or as if it had other roles, if the organisation's policies were these;
    /// as they are stored where `None`. Nothing is recorded.
    ///
    /// # Errors
    /// When the rules cannot be read.
    pub async fn explain(
        &self,
        caller: &Caller,
        action: Action,
        facts: &Facts,
        arguments: Option<&Value>,
        policies: Option<&[Policy]>,
    ) -> Result<Decision> {
        let judge = self.trial(caller, policies, &[]).await?;
        Ok(judge.decide(caller, action, facts, arguments))
    }

    /// What would decide in the caller's organisation if its policies were these and these grants were as they are
    /// here, given or taken back; its own where there are none. Nothing is stored.
    ///
    /// # Errors
    /// When the rules cannot be read.
    pub async fn trial(
        &self,
        caller: &Caller,
        policies: Option<&[Policy]>,
        grants: &[Grant],
    ) -> Result<Judge> {
        let judge = self.judge(caller).await?.given(grants);
        let Some(policies) = policies else { return Ok(judge) };
        Ok(judge.against(self.draft(caller.scope.organization_id, policies).await?))
    }

    /// The organisation's rules as they are, beside what they would be with these policies.
    ///
    /// # Errors
    /// When the rules cannot be read.
    pub async fn compare(&self, caller: &Caller, policies: &[Policy]) -> Result<Comparison> {
        let organization = caller.scope.organization_id;
        let (now, draft) = (self.rules.of(organization).await?, self.draft(organization, policies).await?);
        Ok(Comparison { now, draft })
    }

    pub(crate) async fn draft(
        &self,
        organization: OrganizationId,
        policies: &[Policy],
    ) -> Result<PolicyIndex> {
        let rows = self.store.unscoped(Unscoped::DecisionPoint);
        let roles = roles(&rows.roles().of(organization).await?);
        build(&roles, policies, false).await
    }
}

/// Rules as they are, beside rules as they might be.
#[derive(Debug)]
pub struct Comparison {
    now: Arc<Compiled>,
    draft: PolicyIndex,
}

/// A question that other rules would answer otherwise.
#[derive(Clone, Debug, PartialEq)]
pub struct Flip {
    /// What the rules say now.
    pub before: Effect,
    /// What they would say.
    pub after: Decision,
}

impl Comparison {
    /// Puts a recorded question to both. `None` where it was not recorded whole; otherwise the flip, where it is one.
    #[must_use]
    pub fn ask(&self, recorded: &RecordedDecision) -> Option<Option<Flip>> {
        let action = Action::from_word(&recorded.action)?;
        let asked = Asked::recorded(recorded)?;
        let mut request = asked.request(action, recorded.arguments.as_ref());
        request.now = Some(recorded.at);
        request.environment_type = self.now.environment_type(request.scope);
        let before = self.now.rules.index.effect(&request);
        if before == self.draft.effect(&request) {
            return Some(None);
        }
        Some(Some(Flip { before, after: self.draft.decide(&request) }))
    }
}
