//! Decisions of a run that is tried under a draft: the draft stands in its policy's place, and nothing is allowed that
//! the policies in force do not allow.

use std::{
    cmp::Ordering,
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

use conductor_domain::{
    Caller, Decision, Effect, Obligation, OrganizationId, Policy, TraceStep, canonical_json, sha256_hex,
};
use conductor_rbac::{ASKS, Action, PolicyIndex};
use conductor_storage::Unscoped;
use serde_json::{Value, json};

use crate::{Access, Facts, Result};

/// How many compiled drafts are kept: a run asks its own before every call.
const KEPT: usize = 16;

/// Drafts as they were compiled, the newest last.
#[derive(Debug, Default)]
pub(crate) struct Drafts(Mutex<VecDeque<(Key, Arc<PolicyIndex>)>>);

/// The organisation, the version of its rules, and what the draft says.
type Key = (OrganizationId, Option<i64>, String);

impl Drafts {
    fn find(&self, key: &Key) -> Option<Arc<PolicyIndex>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter().find(|(known, _)| known == key).map(|(_, index)| Arc::clone(index))
    }

    fn keep(&self, key: Key, index: Arc<PolicyIndex>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        while kept.len() >= KEPT {
            kept.pop_front();
        }
        kept.push_back((key, index));
    }
}

/// Policies with a draft in the place of the one that it is a draft of, or beside them.
#[must_use]
pub fn with_draft(mut policies: Vec<Policy>, draft: Policy) -> Vec<Policy> {
    policies.retain(|policy| policy.id != draft.id && !(draft.is_baseline && policy.name == draft.name));
    policies.push(draft);
    policies
}

impl Access {
    /// The answer to a question that is put to the rules as they are and as they would be with a draft: whichever is
    /// stricter, with what must be done by both.
    ///
    /// # Errors
    /// When the rules cannot be read; then nothing is allowed.
    pub async fn decide_under(
        &self,
        draft: &Policy,
        caller: &Caller,
        action: Action,
        facts: &Facts,
        arguments: Option<&Value>,
    ) -> Result<Decision> {
        let in_force = self.decide(caller, action, facts, arguments).await?;
        let organization = caller.scope.organization_id;
        let version = self.rules.latest(organization).await?.rules_version();
        let key = (organization, version, sha256_hex(canonical_json(&json!(draft))));
        let index = if let Some(known) = self.drafts.find(&key) {
            known
        } else {
            let rows = self.store.unscoped(Unscoped::DecisionPoint);
            let stored = rows.policies().of(organization).await.map_err(crate::Error::Unreadable)?;
            let index = Arc::new(self.draft(organization, &with_draft(stored, draft.clone())).await?);
            self.drafts.keep(key, Arc::clone(&index));
            index
        };
        let judge = self.judge_now(caller).await?.against(index);
        Ok(both(in_force, judge.decide(caller, action, facts, arguments), &draft.name))
    }
}

/// The stricter of two answers, with what must be done by both.
fn both(in_force: Decision, draft: Decision, name: &str) -> Decision {
    let (before, tried) = (in_force.effect, draft.effect);
    let (mut strict, other) = match tried.strictness().cmp(&before.strictness()) {
        Ordering::Greater => (draft, in_force),
        Ordering::Less => (in_force, draft),
        // A tool's own question may have been answered for good; that of a policy never is.
        Ordering::Equal if in_force.rule == ASKS => (draft, in_force),
        Ordering::Equal => (in_force, draft),
    };
    for obligation in other.obligations {
        // Who answers is said by whoever asks.
        let names = matches!(obligation, Obligation::ApproveBy { .. });
        if (!names || other.effect == Effect::Approve) && !strict.obligations.contains(&obligation) {
            strict.obligations.push(obligation);
        }
    }
    if before != tried {
        let why = strict.trace.last().map_or_else(String::new, |step| format!(": {}", step.says));
        let says = match tried.strictness() > before.strictness() {
            true => {
                format!("the draft of {name:?} says {tried} where the policies in force say {before}{why}")
            }
            false => format!("the policies in force say {before} whatever the draft of {name:?} says{why}"),
        };
        strict.trace.push(TraceStep { source: "draft".to_owned(), says });
    }
    strict
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decision(effect: Effect, rule: &str, obligations: Vec<Obligation>) -> Decision {
        Decision { effect, rule: rule.to_owned(), obligations, trace: Vec::new() }
    }

    fn by(roles: &[&str]) -> Obligation {
        Obligation::ApproveBy { roles: roles.iter().map(|role| (*role).to_owned()).collect() }
    }

    #[test]
    fn the_stricter_one_speaks_whichever_it_is() {
        let all = [Effect::Allow, Effect::Approve, Effect::Deny];
        for in_force in all {
            for draft in all {
                let said = both(decision(in_force, "a", vec![]), decision(draft, "b", vec![]), "Draft");
                assert_eq!(said.effect.strictness(), in_force.strictness().max(draft.strictness()));
                assert_eq!(said.trace.is_empty(), in_force == draft, "{in_force} and {draft}");
            }
        }
    }

    #[test]
    fn what_both_ask_for_is_done() {
        let quiet = decision(Effect::Allow, "a", vec![Obligation::NoBodies]);
        let asks = decision(Effect::Approve, "b", vec![by(&["organization:admin"])]);
        let said = both(quiet, asks.clone(), "Draft");
        assert_eq!(said.obligations, [by(&["organization:admin"]), Obligation::NoBodies]);
        // A draft that lets a call pass takes no question away, and names nobody else for it.
        let loose = decision(Effect::Allow, "c", vec![by(&["organization:guest"])]);
        assert_eq!(both(asks.clone(), loose, "Draft").obligations, asks.obligations);
    }

    #[test]
    fn a_question_of_a_policy_is_not_answered_for_good() {
        let (tool, policy) =
            (decision(Effect::Approve, ASKS, vec![]), decision(Effect::Approve, "p", vec![]));
        assert_eq!(both(tool.clone(), policy.clone(), "Draft").rule, "p");
        assert_eq!(both(policy, tool, "Draft").rule, "p");
    }
}
