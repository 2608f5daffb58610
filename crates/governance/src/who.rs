//! Who may do something with a row, and what a grant would change, before anybody gives it.
//!
//! People are read in pages of two statements each and asked about without IO, so that an organisation of ten thousand is
//! answered in tens of statements. Whoever may grant on a row asks; those who are no administrators of grants are shown
//! who has access, and not who has none and why: that would tell people's clearance.

pub(crate) mod preview;

use chrono::{DateTime, Utc};
use conductor_access::{Action, Facts, Judge, member};
use conductor_domain::{
    AccessLevel, AgentFilter, Caller, Classification, Decision, Effect, Grant, GrantId, GrantSubject, Page,
    PageRequest, Principal, ResourceRef, Scope, SubjectKind, TraceStep, UserId,
};

use crate::{
    Error, Grants, Result,
    grants::facts,
    shared::{self, Shared, checked_level, share_action},
};

/// People that are read at once where not every one of them ends up in the answer.
const AT_ONCE: u64 = 500;

/// A grant to be tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GrantTrial {
    /// To whom.
    pub subject: GrantSubject,
    /// How much.
    pub level: AccessLevel,
}

/// Of whom a list says what they may do.
#[derive(Clone, Debug)]
pub struct WhoFilter {
    /// People, roles, agents or service accounts; a whole organisation is everybody in the list of people.
    pub kind: SubjectKind,
    /// Words in the name or the address.
    pub q: Option<String>,
    /// Only those who may, or only those who may not.
    pub allowed: Option<bool>,
    /// As if this were given.
    pub grant: Option<GrantTrial>,
}

/// What somebody may do, and why.
#[derive(Clone, Debug, PartialEq)]
pub struct Standing {
    /// Who.
    pub subject: GrantSubject,
    /// What they are called; roles as `organization:member`.
    pub name: String,
    /// A person's address.
    pub email: Option<String>,
    /// What would be decided.
    pub effect: Effect,
    /// What is decided now, where a grant is tried.
    pub before: Option<Effect>,
    /// The rule that decides.
    pub rule: String,
    /// Why, as a sentence.
    pub reason: String,
}

/// Somebody who may be asked about, as the callers that they come in as.
struct Candidate {
    position: String,
    subject: GrantSubject,
    name: String,
    email: Option<String>,
    callers: Vec<Caller>,
}

/// One question about a row, put to the rules as they are and as they would be.
struct Asking {
    /// Where the row lies: people are asked about as if they were there.
    scope: Scope,
    facts: Facts,
    action: Action,
    now: Judge,
    then: Option<Judge>,
}

impl Grants {
    /// A page of what people, roles or machines may do with a row.
    ///
    /// # Errors
    /// `Hidden`, `Invalid`, or a refusal.
    pub async fn who(
        &self,
        caller: &Caller,
        resource: ResourceRef,
        action: Action,
        filter: WhoFilter,
        page: PageRequest,
    ) -> Result<Page<Standing>> {
        let row = self.granted_on(caller, resource, filter.grant.is_some()).await?;
        let mut filter = filter;
        if filter.allowed != Some(true) && !self.sees_all(caller).await? {
            if filter.allowed == Some(false) {
                self.access.require(caller, Action::GrantRead, &facts(caller)).await?;
            }
            filter.allowed = Some(true);
        }
        let mut asking = self.asking(caller, row, action, filter.grant).await?;
        if filter.kind == SubjectKind::Role {
            // A role has no clearance that could be too low, and so its question leaves the label out.
            asking.facts = asking.facts.labelled(Classification::Public);
        }
        // Without a filter every row that is read is shown.
        let at_once = if filter.allowed.is_some() { AT_ONCE } else { page.limit + 1 };
        let (wanted, mut after) = (usize::try_from(page.limit).unwrap_or(usize::MAX), page.after);
        let mut found: Vec<(String, Standing)> = Vec::new();
        loop {
            let part = PageRequest { limit: at_once, after };
            let part = self.candidates(caller, asking.scope, &filter, part).await?;
            for candidate in part.items {
                let may = asking.effect(&candidate) != Effect::Deny;
                if found.len() <= wanted && filter.allowed.is_none_or(|allowed| allowed == may) {
                    found.push((candidate.position.clone(), asking.standing(candidate)));
                }
            }
            after = part.next;
            if after.is_none() || found.len() > wanted {
                break;
            }
        }
        let cut = Page::cut(found, page.limit, |(position, _)| position.clone());
        Ok(cut.map(|(_, standing)| standing))
    }

    /// The grants of a row as they would be with this one, as far as they would change: one that the subject has on it
    /// gives way.
    pub(crate) async fn as_if(&self, caller: &Caller, row: &Shared, trial: GrantTrial) -> Result<Vec<Grant>> {
        checked_level(row.resource.kind, trial.level)?;
        self.subject(caller, row, trial.subject).await?;
        let clock = self.store.clock();
        let before = self.store.visible_to(caller).grants().on(row.resource).await?;
        let before = before.into_iter().filter(|grant| grant.subject == trial.subject);
        let mut grants: Vec<Grant> = before.map(|grant| Grant { is_active: false, ..grant }).collect();
        let now: DateTime<Utc> = clock.now();
        grants.push(Grant {
            id: GrantId::generate(&**clock),
            scope: row.scope,
            subject: trial.subject,
            resource: row.resource,
            level: trial.level,
            granted_by: caller.user_id(),
            under: None,
            granted_at: now,
            expires_at: None,
            is_active: true,
        });
        Ok(grants)
    }

    /// A row of the caller's organisation that it may grant on, or that is its own and not above its clearance. A grant is
    /// tried by those alone who could give it: what it would change says something of the people it is for.
    async fn granted_on(&self, caller: &Caller, resource: ResourceRef, tries: bool) -> Result<Shared> {
        let row = shared::find(&self.store, caller, resource).await?;
        if row.scope.organization_id != caller.scope.organization_id {
            return Err(Error::Hidden { what: resource.kind.as_str() });
        }
        let owns = !tries && row.facts.owner.is_some() && row.facts.owner == caller.user_id();
        let read = shared::level_action(resource.kind, AccessLevel::Read).filter(|_| owns);
        let action = read.unwrap_or(share_action(resource.kind));
        self.access.require(caller, action, &row.facts).await?;
        Ok(row)
    }

    /// Whether the caller is told of those who have no access, too.
    async fn sees_all(&self, caller: &Caller) -> Result<bool> {
        Ok(self.access.judge(caller).await?.allows(caller, Action::GrantRead, &facts(caller)))
    }

    async fn asking(
        &self,
        caller: &Caller,
        row: Shared,
        action: Action,
        trial: Option<GrantTrial>,
    ) -> Result<Asking> {
        let now = self.access.judge(caller).await?;
        let then = match trial {
            Some(trial) => {
                let grants = self.as_if(caller, &row, trial).await?;
                Some(self.access.trial(caller, None, &grants).await?)
            }
            None => None,
        };
        Ok(Asking { scope: row.scope, facts: row.facts, action, now, then })
    }

    /// Some of those who may be asked about, in an order that does not change.
    async fn candidates(
        &self,
        caller: &Caller,
        scope: Scope,
        filter: &WhoFilter,
        page: PageRequest,
    ) -> Result<Page<Candidate>> {
        let view = self.store.visible_to(caller);
        let named = |name: &str| {
            filter.q.as_deref().is_none_or(|words| name.to_lowercase().contains(&words.trim().to_lowercase()))
        };
        match filter.kind {
            SubjectKind::User => {
                let people = view.memberships().accounts(filter.q.as_deref(), page).await?;
                Ok(people.map(|(membership, user)| Candidate {
                    position: membership.id.to_string(),
                    subject: GrantSubject { kind: SubjectKind::User, id: user.id.as_uuid() },
                    callers: vec![member(&user, membership.role, scope)],
                    name: if user.name.is_empty() { user.email.clone() } else { user.name },
                    email: Some(user.email),
                }))
            }
            SubjectKind::Role => {
                let roles = view.roles().page(page).await?;
                let items = roles.items.into_iter().map(|role| Candidate {
                    position: role.id.to_string(),
                    subject: GrantSubject { kind: SubjectKind::Role, id: role.id.as_uuid() },
                    name: format!("{}:{}", role.scope, role.name),
                    email: None,
                    callers: vec![somebody(caller, scope, format!("{}:{}", role.scope, role.name))],
                });
                Ok(Page { items: items.filter(|role| named(&role.name)).collect(), next: roles.next })
            }
            SubjectKind::Agent => {
                let wanted = AgentFilter { q: filter.q.clone(), ..AgentFilter::default() };
                let agents = view.agents().page(wanted, machines(page)).await?;
                let mut items = Vec::new();
                let own = |scope: Scope| scope.organization_id == caller.scope.organization_id;
                let agents_here: Vec<_> = agents.items.into_iter().filter(|agent| own(agent.scope)).collect();
                for agent in agents_here {
                    let principal = Principal::Agent { agent_id: agent.id };
                    items.push(Candidate {
                        position: agent.id.to_string(),
                        subject: GrantSubject { kind: SubjectKind::Agent, id: agent.id.as_uuid() },
                        name: agent.spec.name,
                        email: None,
                        callers: self.access.callers_of_machine(caller, &principal, scope).await?,
                    });
                }
                Ok(Page { items, next: agents.next })
            }
            SubjectKind::ServiceAccount => {
                let accounts = view.service_accounts().page(machines(page)).await?;
                let mut items = Vec::new();
                let accounts_named: Vec<_> =
                    accounts.items.into_iter().filter(|account| named(&account.name)).collect();
                for account in accounts_named {
                    let principal = Principal::ServiceAccount { service_account_id: account.id };
                    items.push(Candidate {
                        position: account.id.to_string(),
                        subject: GrantSubject { kind: SubjectKind::ServiceAccount, id: account.id.as_uuid() },
                        name: account.name,
                        email: None,
                        callers: self.access.callers_of_machine(caller, &principal, scope).await?,
                    });
                }
                Ok(Page { items, next: accounts.next })
            }
            SubjectKind::Organization => {
                let detail = "Everybody of the organisation is the list of people: leave this out.";
                Err(Error::field("?subject_type", "not_listed", detail))
            }
        }
    }
}

impl Asking {
    fn judge(&self) -> &Judge {
        self.then.as_ref().unwrap_or(&self.now)
    }

    fn effect(&self, candidate: &Candidate) -> Effect {
        self.under(self.judge(), candidate)
    }

    /// What the least strict of its credentials lets it do.
    fn under(&self, judge: &Judge, candidate: &Candidate) -> Effect {
        let effects =
            candidate.callers.iter().map(|caller| judge.effect(caller, self.action, &self.facts, None));
        effects.min_by_key(|effect| effect.strictness()).unwrap_or(Effect::Deny)
    }

    fn standing(&self, candidate: Candidate) -> Standing {
        let before = self.then.as_ref().map(|_| self.under(&self.now, &candidate));
        let callers = candidate.callers.iter();
        let decisions = callers.map(|caller| self.judge().decide(caller, self.action, &self.facts, None));
        let decision = decisions.min_by_key(|decision| decision.effect.strictness()).unwrap_or_else(no_token);
        Standing {
            subject: candidate.subject,
            name: candidate.name,
            email: candidate.email,
            effect: decision.effect,
            before,
            reason: said(&decision),
            rule: decision.rule,
        }
    }
}

/// What is said of a machine that cannot come in.
pub(crate) fn no_token() -> Decision {
    let says = "it has no token that works".to_owned();
    Decision {
        effect: Effect::Deny,
        rule: "credential/none".to_owned(),
        obligations: Vec::new(),
        trace: vec![TraceStep { source: "credential".to_owned(), says }],
    }
}

/// The sentence that settled it; where the last one only says that nothing is against it, the one that says why.
fn said(decision: &Decision) -> String {
    let wanted = if decision.effect == Effect::Deny { None } else { Some("access") };
    let by = decision.trace.iter().find(|step| Some(step.source.as_str()) == wanted);
    by.or(decision.trace.last()).map_or_else(String::new, |step| step.says.clone())
}

/// Machines are few in a page: each is asked about with its tokens.
fn machines(page: PageRequest) -> PageRequest {
    PageRequest { limit: page.limit.min(101), ..page }
}

/// Somebody who holds one role and was granted nothing by name.
fn somebody(caller: &Caller, scope: Scope, role: String) -> Caller {
    Caller {
        principal: Principal::User { user_id: UserId::NIL },
        scope,
        organizations: vec![scope.organization_id],
        roles: vec![role],
        token_scopes: None,
        session_id: None,
        token_id: None,
        address: None,
        attributes: serde_json::json!({}),
        clearance: caller.clearance,
    }
}
