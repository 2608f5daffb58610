//! Questions to the decision point: about a row that is stored or one that is not there yet, for whomever of the
//! organisation, with a policy or a grant to be tried.

use std::sync::Arc;

use conductor_access::{Action, Facts};
use conductor_domain::{
    AccessLevel, AgentId, Caller, Classification, Decision, PolicyId, Principal, ResourceRef, Scope,
    ServiceAccountId, UserId,
};
use serde_json::Value;

use crate::{
    Error, Grants, Policies, Result,
    policies::PolicyEdit,
    shared::{self, Shared},
    who::{GrantTrial, no_token},
};

/// Whose request a question is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A member of the organisation, in a session of theirs.
    User(UserId),
    /// An agent that calls by a token of its own.
    Agent(AgentId),
    /// A service account.
    ServiceAccount(ServiceAccountId),
}

/// A question to the decision point.
#[derive(Clone, Debug)]
pub struct Question {
    /// Whose request it would be; the caller's own where `None`.
    pub subject: Option<Subject>,
    /// The agent that would act.
    pub agent_id: Option<AgentId>,
    /// What would be asked for.
    pub action: Action,
    /// A stored row that it would be asked about: its facts are read, and those below are not used.
    pub resource: Option<ResourceRef>,
    /// What it would be asked about, with all that is known of it.
    pub facts: Facts,
    /// A label to be tried in the place of the stored row's own.
    pub label: Option<Classification>,
    /// A grant to be tried on the stored row.
    pub grant: Option<GrantTrial>,
    /// The arguments of a tool call.
    pub arguments: Option<Value>,
    /// A policy to be tried, in place of one that is stored or beside them.
    pub draft: Option<(Option<PolicyId>, PolicyEdit)>,
}

impl Policies {
    /// What would be decided, and why. Nothing is done and nothing recorded.
    ///
    /// # Errors
    /// `Hidden` where the person is no member of the organisation.
    pub async fn evaluate(&self, caller: &Caller, question: Question) -> Result<Decision> {
        self.require(caller, Action::PolicyRead, None).await?;
        let (mut facts, mut grants) = (question.facts, Vec::new());
        if let Some(resource) = question.resource {
            let row = self.stored(caller, resource).await?;
            if let Some(grant) = question.grant {
                let rows = Grants::new(self.store.clone(), Arc::clone(&self.access));
                grants = rows.as_if(caller, &row, grant).await?;
            }
            facts = row.facts;
            facts.classification = question.label.unwrap_or(facts.classification);
        }
        let scope = Scope { environment_id: facts.scope.environment_id, ..caller.scope };
        let subjects = self.subjects(caller, question.subject.as_ref(), scope).await?;
        facts.agents.extend(question.agent_id);
        let policies = match question.draft {
            Some((id, edit)) => Some(self.with_draft(caller, id, edit).await?),
            None => None,
        };
        let judge = self.access.trial(caller, policies.as_deref(), &grants).await?;
        let arguments = question.arguments.as_ref();
        let decisions = subjects
            .iter()
            .map(|subject| judge.decide(subject, question.action, &facts, arguments))
            .min_by_key(|decision| decision.effect.strictness());
        Ok(decisions.unwrap_or_else(no_token))
    }

    /// A stored row of the organisation that the caller may read itself: what it may not read, it may not have explained.
    async fn stored(&self, caller: &Caller, resource: ResourceRef) -> Result<Shared> {
        let row = shared::find(&self.store, caller, resource).await?;
        let hidden = Error::Hidden { what: resource.kind.as_str() };
        if row.scope.organization_id != caller.scope.organization_id {
            return Err(hidden);
        }
        let Some(read) = shared::level_action(resource.kind, AccessLevel::Read) else { return Err(hidden) };
        let judge = self.access.judge(caller).await?;
        if judge.allows(caller, read, &row.facts) { Ok(row) } else { Err(hidden) }
    }

    /// The callers behind a subject: one for a person, one for each token that works of a machine.
    async fn subjects(
        &self,
        caller: &Caller,
        subject: Option<&Subject>,
        scope: Scope,
    ) -> Result<Vec<Caller>> {
        let view = self.store.visible_to(caller);
        let machine = match subject {
            None => return Ok(vec![caller.clone()]),
            Some(Subject::User(user)) if Some(*user) == caller.user_id() => return Ok(vec![caller.clone()]),
            Some(Subject::User(user)) => {
                let found = self.access.caller_of(*user, scope).await?;
                return Ok(vec![found.ok_or(Error::Hidden { what: "user" })?]);
            }
            Some(Subject::Agent(id)) => {
                let agent = view.agents().find(*id).await?;
                agent
                    .filter(|agent| agent.scope.organization_id == caller.scope.organization_id)
                    .ok_or(Error::Hidden { what: "agent" })?;
                Principal::Agent { agent_id: *id }
            }
            Some(Subject::ServiceAccount(id)) => {
                view.service_accounts().find(*id).await?.ok_or(Error::Hidden { what: "service account" })?;
                Principal::ServiceAccount { service_account_id: *id }
            }
        };
        Ok(self.access.callers_of_machine(caller, &machine, scope).await?)
    }
}
