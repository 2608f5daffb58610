//! What a grant would change, counted before it is given: everybody it is for, asked with it and without it.

use conductor_domain::{
    Caller, Effect, GrantSubject, Page, PageRequest, Principal, ResourceRef, RoleId, Scope, SubjectKind,
};

use super::{AT_ONCE, Asking, Candidate, GrantTrial, Standing, WhoFilter};
use crate::{
    Error, Grants, Result,
    shared::{self, Shared, checked_level},
};

/// Names that a preview holds of each sort.
const NAMES: usize = 100;

/// What a grant would change.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Preview {
    /// People and machines that it is given to.
    pub reached: u64,
    /// Those who could do this before.
    pub already: u64,
    /// Those who could do this from then on.
    pub gains: u64,
    /// Those who still could not: a clearance, a role or a rule is in the way.
    pub denied: u64,
    /// The first of those who gain.
    pub gaining: Vec<Standing>,
    /// The first of those who do not, for administrators of grants.
    pub staying: Vec<Standing>,
}

impl Grants {
    /// What giving this would change: who would gain what its level stands for, and who would not.
    ///
    /// # Errors
    /// `Hidden`, `Invalid`, or a refusal.
    pub async fn preview(
        &self,
        caller: &Caller,
        resource: ResourceRef,
        grant: GrantTrial,
    ) -> Result<Preview> {
        let row = self.granted_on(caller, resource, true).await?;
        let action = checked_level(resource.kind, grant.level)?;
        let sees_all = self.sees_all(caller).await?;
        let reached = self.reached(caller, &row, grant.subject).await?;
        let asking = self.asking(caller, row, action, Some(grant)).await?;
        let mut preview = Preview::default();
        let kind = match grant.subject.kind {
            SubjectKind::Agent | SubjectKind::ServiceAccount => grant.subject.kind,
            SubjectKind::User | SubjectKind::Role | SubjectKind::Organization => SubjectKind::User,
        };
        let filter = WhoFilter { kind, q: None, allowed: None, grant: None };
        let mut after = None;
        loop {
            let part = match kind {
                SubjectKind::User => {
                    let part = PageRequest { limit: AT_ONCE, after };
                    self.candidates(caller, asking.scope, &filter, part).await?
                }
                _ => self.machine(caller, asking.scope, grant.subject).await?,
            };
            for candidate in part.items.into_iter().filter(|candidate| reached.holds(candidate)) {
                preview.count(&asking, candidate, sees_all);
            }
            after = part.next;
            if after.is_none() {
                return Ok(preview);
            }
        }
    }

    /// One machine, as a page.
    async fn machine(&self, caller: &Caller, scope: Scope, subject: GrantSubject) -> Result<Page<Candidate>> {
        let principal = match subject.kind {
            SubjectKind::Agent => Principal::Agent { agent_id: subject.id.into() },
            _ => Principal::ServiceAccount { service_account_id: subject.id.into() },
        };
        let names = shared::Names::read(&self.store, caller, &[], &[subject], &[]).await?;
        let callers = self.access.callers_of_machine(caller, &principal, scope).await?;
        let name = names.subject(subject).unwrap_or_default();
        let items = vec![Candidate { position: String::new(), subject, name, email: None, callers }];
        Ok(Page { items, next: None })
    }

    /// Whom a grant to this subject is for.
    async fn reached(&self, caller: &Caller, row: &Shared, subject: GrantSubject) -> Result<Reached> {
        self.subject(caller, row, subject).await?;
        Ok(match subject.kind {
            SubjectKind::Organization => Reached::Everybody,
            SubjectKind::Role => {
                let roles = self.store.visible_to(caller).roles();
                let role = roles.find_many(&[RoleId::from_uuid(subject.id)]).await?.pop();
                let role = role.ok_or(Error::Hidden { what: "role" })?;
                Reached::Role(format!("{}:{}", role.scope, role.name))
            }
            SubjectKind::User | SubjectKind::Agent | SubjectKind::ServiceAccount => Reached::One(subject),
        })
    }
}

/// Whom a grant is for.
enum Reached {
    Everybody,
    Role(String),
    One(GrantSubject),
}

impl Reached {
    fn holds(&self, candidate: &Candidate) -> bool {
        match self {
            Self::Everybody => true,
            Self::Role(role) => candidate.callers.iter().any(|caller| caller.has_role(role)),
            Self::One(subject) => candidate.subject == *subject,
        }
    }
}

impl Preview {
    fn count(&mut self, asking: &Asking, candidate: Candidate, sees_all: bool) {
        self.reached += 1;
        let before = asking.under(&asking.now, &candidate) != Effect::Deny;
        let after = asking.effect(&candidate) != Effect::Deny;
        match (before, after) {
            (true, true) => self.already += 1,
            (false, true) => {
                self.gains += 1;
                if self.gaining.len() < NAMES {
                    self.gaining.push(asking.standing(candidate));
                }
            }
            (_, false) => {
                self.denied += 1;
                if sees_all && self.staying.len() < NAMES {
                    self.staying.push(asking.standing(candidate));
                }
            }
        }
    }
}
